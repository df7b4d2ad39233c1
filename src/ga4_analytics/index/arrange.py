"""Puts rows of ``analytics.index_events`` into the layout of a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.index.columns import NO_NUMBER, ColumnSpec
from ga4_analytics.index.dictionary import Dictionary, code_type, empty_dictionary, numbers
from ga4_analytics.index.layout import (
    MASKED_NAMES,
    U8,
    U32,
    Codes,
    DayFlag,
    RowFlag,
    Segment,
    SessionFlag,
)

N = TypeVar("N", bound=np.generic)

ORDER = (
    "user_key",
    "order_us",
    "batch_page_id",
    "batch_ordering_id",
    "batch_event_index",
    "event_id",
)
"""A user's events are ordered by these, nulls first, texts by their bytes."""

NAMES = "event_name"


@dataclass(frozen=True)
class Arranged:
    """A segment and the dictionaries that read it.

    Attributes:
        segment: The rows.
        dictionaries: By column name; the event names under ``event_name``.
    """

    segment: Segment
    dictionaries: Mapping[str, Dictionary]


def arrange(
    rows: pa.Table,
    specs: Sequence[ColumnSpec],
    dictionaries: Mapping[str, Dictionary] | None = None,
) -> Arranged:
    """Order rows and lay them out as a segment.

    Args:
        rows: The columns of ``analytics.index_events`` in any order of rows, and one column
            under each spec's name: text, 64-bit integers, or lists of texts.
        specs: The columns to keep.
        dictionaries: What codes are taken; new values come after them.

    Returns:
        A segment of all users, with rows without a user under one null key.
    """
    keys = [(name, "ascending", "at_start") for name in ORDER]
    ordered = rows.take(pc.sort_indices(rows, sort_keys=keys))
    ordered = ordered.combine_chunks()
    codes = dict(dictionaries or {})
    names, name = codes.get(NAMES, empty_dictionary()).extended(ordered[NAMES], by_count=True)
    codes[NAMES] = names
    columns: dict[str, NDArray[np.generic]] = {}
    offsets: dict[str, U32] = {}
    for spec in specs:
        if spec.kind in ("integer", "micros"):
            columns[spec.name] = numbers(ordered[spec.name], NO_NUMBER)
            continue
        texts: pa.Array | pa.ChunkedArray = ordered[spec.name]
        if spec.kind == "texts":
            offsets[spec.name], texts = _flat(texts)
        codes[spec.name], columns[spec.name] = codes.get(spec.name, empty_dictionary()).extended(
            texts
        )
    user_row = _starts(_changes(ordered["user_key"]))
    return Arranged(_laid_out(ordered, user_row, name, columns, offsets), codes)


def _laid_out(
    rows: pa.Table,
    user_row: U32,
    name: Codes,
    columns: Mapping[str, NDArray[np.generic]],
    offsets: Mapping[str, U32],
) -> Segment:
    """A segment of ordered rows."""
    user = np.repeat(np.arange(len(user_row) - 1), np.diff(user_row))
    first = np.zeros(rows.num_rows, bool)
    first[user_row[:-1]] = True
    day = np.asarray(pc.cast(rows["event_date"], pa.date32()).cast(pa.int32()), np.int64)
    session = numbers(rows["session_number"], 0)
    new_day = first | np.concatenate([[True], day[1:] != day[:-1]])[: len(day)]
    new_visit = first | np.concatenate([[True], session[1:] != session[:-1]])[: len(day)]
    tied = ~first & ~_changes(*(rows[column] for column in ORDER[1:-1]))
    flags = (
        tied * RowFlag.TIED
        + new_day * RowFlag.DAY
        + new_visit * RowFlag.VISIT
        + _true(pc.is_null(rows["event_timestamp"])) * RowFlag.TIMELESS
        + _true(rows["is_suspected_repeat"]) * RowFlag.REPEAT
    ).astype(np.uint8)
    user_day, days, day_flags = _user_days(user, len(user_row) - 1, day, _day_bits(rows))
    user_session, session_row, session_flags = _sessions(user, len(user_row) - 1, session, rows)
    run_row, visit_row = (np.flatnonzero(at).astype(np.uint32) for at in (new_day, new_visit))
    visit_session = session[visit_row]
    touches = numbers(rows["user_first_touch_timestamp"], 2**63 - 1)
    touch = _reduced(np.minimum, touches, user_row)
    return _frozen(
        Segment(
            keys=rows["user_key"].combine_chunks().cast(pa.string()).take(pa.array(user_row[:-1])),
            alive=np.ones(len(user_row) - 1, np.uint8),
            user_row=user_row,
            user_names=_reduced(np.bitwise_or, _name_bits(name), user_row),
            user_run=np.searchsorted(run_row, user_row).astype(np.uint32),
            user_day=user_day,
            user_session=user_session,
            user_visit=np.searchsorted(visit_row, user_row).astype(np.uint32),
            user_touch_us=np.where(touch == 2**63 - 1, NO_NUMBER, touch),
            time_us=numbers(rows["order_us"], 0),
            name=name,
            flags=flags,
            run_row=run_row,
            run_day=day[run_row].astype(np.uint16),
            day=days,
            day_flags=day_flags,
            session_row=session_row,
            session_flags=session_flags,
            visit_row=visit_row,
            visit_session=visit_session.astype(code_type(int(visit_session.max(initial=0)))),
            columns=columns,
            offsets=offsets,
        )
    )


def _changes(*columns: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Where a row differs from the one before it in any column; nulls equal each other."""
    changed = np.zeros(len(columns[0]), bool)
    changed[:1] = True
    for column in columns:
        whole = column.combine_chunks()
        if isinstance(whole, pa.ChunkedArray):
            whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], whole.type)
        before, after = whole[:-1], whole[1:]
        differs = pc.fill_null(pc.not_equal(before, after), False)
        one_null = pc.xor(pc.is_null(before), pc.is_null(after))
        changed[1:] |= np.asarray(pc.or_(differs, one_null))
    return changed


def _starts(changes: NDArray[np.bool_]) -> U32:
    """Offsets of the runs that begin at each change."""
    return np.append(np.flatnonzero(changes), len(changes)).astype(np.uint32)


def _true(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(column, False), dtype=bool)


def _reduced(function: np.ufunc, values: NDArray[N], offsets: U32) -> NDArray[N]:
    """One value a user. (No user is without rows, which reduceat could not do.)"""
    if len(offsets) == 1:
        return values[:0]
    reduced: NDArray[N] = function.reduceat(values, offsets[:-1].astype(np.int64))
    return reduced


def _name_bits(name: Codes) -> U32:
    """The bit of each row's name in `Segment.user_names`."""
    place = np.minimum(name.astype(np.int64) - 1, MASKED_NAMES)
    return np.left_shift(np.uint32(1), place.astype(np.uint32))


def _day_bits(rows: pa.Table) -> U8:
    """The `DayFlag` bits that each row gives its day."""
    visits = pc.is_in(rows[NAMES], pa.array(["first_visit", "first_open"]))
    engaged = pc.greater(rows["engagement_time_msec"], 0)
    proxy = _true(rows["is_session_engaged"]) | _true(visits) | _true(engaged)
    bits = (
        _true(rows["is_active_user"]) * DayFlag.MARKED_ACTIVE
        + proxy * DayFlag.PROXY_ACTIVE
        + _true(visits) * DayFlag.FIRST_VISIT
    )
    flags: U8 = bits.astype(np.uint8)
    return flags


def _user_days(
    user: NDArray[np.int64], users: int, day: NDArray[np.int64], bits: U8
) -> tuple[U32, NDArray[np.uint16], U8]:
    """Offsets of users into their distinct days, the days, and their flags."""
    # At the end of summer time at midnight a day comes back after the next one began.
    found, place = np.unique((user << 16) + day, return_inverse=True)
    flags = np.zeros(len(found), np.uint8)
    np.bitwise_or.at(flags, place, bits)
    offsets = np.searchsorted(found >> 16, np.arange(users + 1)).astype(np.uint32)
    return offsets, (found & 0xFFFF).astype(np.uint16), flags


def _sessions(
    user: NDArray[np.int64], users: int, session: NDArray[np.int64], rows: pa.Table
) -> tuple[U32, U32, U8]:
    """Offsets of users into their sessions, the sessions' first rows, and their flags."""
    counts = np.zeros(users, np.int64)
    np.maximum.at(counts, user, session)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    inside = np.flatnonzero(session > 0)[::-1]
    place = (offsets[user] + session - 1)[inside]
    first = np.zeros(int(offsets[-1]), np.uint32)
    first[place] = inside  # the last to be written is the first row
    flags = (
        _true(rows["is_session_engaged"])[first] * SessionFlag.ENGAGED
        + _true(rows["is_session_derived"])[first] * SessionFlag.DERIVED
    )
    return offsets.astype(np.uint32), first, flags.astype(np.uint8)


def _flat(lists: pa.ChunkedArray) -> tuple[U32, pa.Array]:
    """Offsets of rows into the values of a column of lists, and the values."""
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint32), pc.list_flatten(lists)


def _frozen(segment: Segment) -> Segment:
    """The segment with arrays that cannot be written, as those read from files."""
    for value in (*vars(segment).values(), *segment.columns.values(), *segment.offsets.values()):
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return segment
