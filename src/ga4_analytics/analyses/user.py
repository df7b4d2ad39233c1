"""The timeline of one user, found by key."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from ga4_analytics.analyses.masks import compiled
from ga4_analytics.analyses.scope import scope_of, words_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import day_of
from ga4_analytics.index.columns import NO_NUMBER, ColumnSpec
from ga4_analytics.index.layout import I64, RowFlag, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.user import TimelineEvent, UserQuestion, UserResult


def answer(index: Index, question: UserQuestion, *, threads: int | None = None) -> UserResult:
    """Tell what a user did.

    Args:
        index: The index.
        question: The question.
        threads: Not used: one user is one part.

    Raises:
        QuestionError: No live user has the key, or the page is out of bounds.
    """
    begun = time.perf_counter()
    scope = scope_of(index, question.query)
    _check(question)
    segment, user = find(index, question.key)
    first, end = int(segment.user_row[user]), int(segment.user_row[user + 1])
    days = _by_row(segment.run_row, segment.run_day, segment.user_run, user, first, end)
    numbers = _by_row(
        segment.visit_row, segment.visit_session, segment.user_visit, user, first, end
    )
    masks = compiled(index, (EventSelector(),), question.query.where)
    meant = (masks.rows(segment, first, end) != 0) & (days >= scope.first_day)
    places = np.flatnonzero(meant & (days <= scope.last_day))
    page = places[question.skip : question.skip + question.limit]
    zone = ZoneInfo(index.calendar.zone) if index.calendar.zone else None
    last = question.skip + question.limit
    own = segment.day[int(segment.user_day[user]) : int(segment.user_day[user + 1])]
    return UserResult(
        spec=question,
        definition=(
            *words_of(index, question.query, scope),
            "Events in order of time, batch fields and event id; where nothing but the id tells "
            "the order towards a neighbour they are marked as tied.",
        ),
        finality=scope.finality,
        seconds=time.perf_counter() - begun,
        key=question.key,
        events=len(places),
        sessions=int(np.count_nonzero(np.unique(numbers[places]))),
        first_day=day_of(int(own[0])),
        last_day=day_of(int(own[-1])),
        timeline=tuple(
            _event(index, segment, first, end, int(at), int(days[at]), int(numbers[at]), zone)
            for at in page
        ),
        next_skip=last if last < len(places) else None,
    )


def _check(question: UserQuestion) -> None:
    if question.skip < 0 or not 1 <= question.limit <= 10_000:
        raise QuestionError(
            f"limit: {question.limit} events after skip: {question.skip} are no page.",
            rule="A page has 1 to 10,000 events, and skips 0 or more.",
            remedy="Change limit or skip.",
        )


def find(index: Index, key: str) -> tuple[Segment, int]:
    """The segment and number of a live user.

    Raises:
        QuestionError: There is none.
    """
    for segment in index.segments:
        user = _search(segment.keys, key.encode())
        if user is not None and segment.alive[user]:
            return segment, user
    raise QuestionError(
        f"key: no user {key!r} is in the data.",
        rule={
            "device": "A user is known by the user_pseudo_id of the device.",
            "stitched": "A user is known by the latest user_id of a device, else by the device.",
        }.get(index.identity, "A user is known by the user key."),
        remedy="Copy the key as text: as a number it loses digits.",
    )


def _search(keys: pa.Array, wanted: bytes) -> int | None:
    """The place of a key in byte order, by halves."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if str(keys[middle].as_py()).encode() < wanted:
            low = middle + 1
        else:
            high = middle
    found = low < len(keys) and str(keys[low].as_py()).encode() == wanted
    return low if found else None


def _by_row(begins: Any, values: Any, offsets: Any, user: int, first: int, end: int) -> I64:
    """The value of each of a user's rows from runs of rows."""
    runs = slice(int(offsets[user]), int(offsets[user + 1]))
    starts = np.append(begins[runs].astype(np.int64), end)
    return np.repeat(values[runs].astype(np.int64), np.diff(starts))


def _event(
    index: Index, segment: Segment, first: int, end: int, at: int, day: int, session: int,
    zone: ZoneInfo | None,
) -> TimelineEvent:  # fmt: skip
    row = first + at
    flags = int(segment.flags[row])
    tied = bool(flags & RowFlag.TIED)
    tied |= row + 1 < end and bool(int(segment.flags[row + 1]) & RowFlag.TIED)
    time_us = None if flags & RowFlag.TIMELESS else int(segment.time_us[row])
    moment = None
    if time_us is not None:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    local = moment.astimezone(zone).isoformat() if moment and zone else None
    return TimelineEvent(
        number=at + 1,
        time_us=time_us,
        utc=moment.isoformat() if moment else None,
        local=local,
        day=day_of(day),
        session=session or None,
        event=str(index.names.text(int(segment.name[row]))),
        tied=tied,
        columns={spec.name: _cell(index, segment, spec, row) for spec in index.specs},
    )


def _cell(index: Index, segment: Segment, spec: ColumnSpec, row: int) -> Any:
    values = segment.columns[spec.name]
    if spec.kind == "texts":
        offsets = segment.offsets[spec.name]
        codes = values[int(offsets[row]) : int(offsets[row + 1])]
        return [index.dictionaries[spec.name].text(int(code)) for code in codes]
    value = int(values[row])
    if spec.kind == "text":
        return index.dictionaries[spec.name].text(value)
    if value == NO_NUMBER:
        return None
    return value if spec.kind == "integer" else value / 1_000_000
