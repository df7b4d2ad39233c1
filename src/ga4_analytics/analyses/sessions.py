"""Sessions told by gaps in time alone, from the index."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from ga4_analytics.analyses.buckets import buckets_of
from ga4_analytics.analyses.masks import compiled
from ga4_analytics.analyses.parts import PART_ROWS, Part, on_each
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.scope import scope_of, words_of
from ga4_analytics.analyses.told import needs, tells, words_of_untold
from ga4_analytics.analyses.whos import Array, View, is_any, summed, user_parts
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import sessions as kernels
from ga4_analytics.kernels.lanes import padded
from ga4_analytics.questions.query import seconds
from ga4_analytics.questions.sessions import GapSessions, GapSessionsResult, SessionCount


def answer(index: Index, question: GapSessions, *, threads: int | None = None) -> GapSessionsResult:
    """Count sessions by gap, their lengths and events, by the day of their first event.

    Args:
        index: The index.
        question: What is asked.
        threads: How many parts are worked on at once; None: one a processor.

    Raises:
        QuestionError: The question names what is not there, or has a breakdown.
    """
    begun = perf_counter()
    scope, gap = scope_of(index, question.query), seconds(question.gap, "gap") * 1_000_000
    if question.query.by:
        raise QuestionError(
            "by: sessions by gap have no breakdown.",
            rule="A session by gap holds events of many kinds.",
            remedy="Filter by it, or ask trends for sessions.",
        )
    masks = compiled(index, (question.event,), question.query.where)
    buckets = buckets_of(
        index, scope.first_day, scope.last_day, question.granularity, question.week_starts
    )
    every = is_any(question.event, question.query.where)

    def work(part: Part) -> tuple[Array]:
        segment, counts = part.segment, np.zeros((len(buckets), 3), np.int64)
        rows = (segment.user_row, segment.user_run, segment.run_row, segment.run_day)
        users = (part.first_user, part.end_user, part.chosen)
        if every and segment.is_timed:
            times = padded(segment.time_us)
            kernels.by_gap(*rows, times, *users, gap, buckets.table, buckets.base, counts)
            return (counts,)
        bits = View(part, masks, None, buckets).bits
        kernels.by_gap_of_some(
            *rows, segment.time_us, segment.flags, *users, bits, np.uint64(1), gap,
            buckets.table, buckets.base, counts,
        )  # fmt: skip
        return (counts,)

    room = max(PART_ROWS, index.rows // 64) if every else PART_ROWS
    given = user_parts(index, chosen_users(index, question.query.users), room)
    (counts,) = summed(on_each(work, given, threads))
    needed = needs((question.event,), question.query.where) | {"user_pseudo_id", "event_timestamp"}
    known = [bool(days) and all(tells(facts, needed) for facts in days) for days in buckets.loaded]
    days = dict.fromkeys(facts for loaded in buckets.loaded for facts in loaded)
    return GapSessionsResult(
        spec=question,
        definition=(*words_of(index, question.query, scope), *_words(question),
                    *words_of_untold(days, needed)),
        finality=scope.finality,
        seconds=perf_counter() - begun,
        buckets=buckets.shown,
        counts=tuple(_count(row, keep) for row, keep in zip(counts, known, strict=True)),
        total=_count(counts.sum(axis=0), bool(days) and all(tells(f, needed) for f in days)),
    )  # fmt: skip


def _count(row: Array, known: bool) -> SessionCount:
    """The numbers of one bucket: sessions, lengths, events."""
    if not known:
        return SessionCount(None, None, None, None, None)
    sessions, length, events = (int(value) for value in row)
    mean = length / (sessions * 1_000_000) if sessions else None
    return SessionCount(sessions, events, length, mean, events / sessions if sessions else None)


def _words(question: GapSessions) -> tuple[str, ...]:
    return (
        f"A session is a user's run of {question.event.shown} with no gap longer than "
        f"{question.gap}, whatever session ids say; it belongs to the day of its first event.",
        "Its length is from its first to its last event, on whatever day that is. Events without "
        "a time of their own are left out.",
    )
