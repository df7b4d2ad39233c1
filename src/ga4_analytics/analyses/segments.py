"""Segments of users side by side: sizes, measures and overlap."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.groups import grouping
from ga4_analytics.analyses.masks import compiled
from ga4_analytics.analyses.orders import Money, money_of
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.scope import Scope, scope_of, words_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.columns import NO_NUMBER
from ga4_analytics.index.layout import I64, U8
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import segments as kernels
from ga4_analytics.questions.comparison import (
    Combination,
    Measured,
    Overlap,
    SegmentsQuestion,
    SegmentsResult,
)
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.segments import segment_in_words
from ga4_analytics.stats.proportions import Proportion, wilson

Chosen = NDArray[np.bool_]
MOST = 16


def answer(
    index: Index, question: SegmentsQuestion, *, threads: int | None = None
) -> SegmentsResult:
    """Measure segments.

    Args:
        index: The index.
        question: The question.
        threads: How many at once; None: one a processor.

    Raises:
        QuestionError: There are too many or too few segments, two have one name, or something
            is named that is not there.
    """
    begun = time.perf_counter()
    scope = scope_of(index, question.query)
    _check(question)
    chosen = chosen_users(index, question.query.users, threads=threads)
    everyone = _flat(chosen)
    inside = [
        everyone
        & _flat(chosen_users(index, each.users, threads=threads, field=f"segments[{place}].users"))
        for place, each in enumerate(question.segments)
    ]
    sums = _sums(index, question.query, scope, chosen, threads)
    money = money_of(
        index, question.query.where, chosen, grouping(index, ()), with_nobody=False, threads=threads
    )
    there = sums[:, 0] > 0
    total = int(np.count_nonzero(everyone & there))
    names = [each.name for each in question.segments]
    return SegmentsResult(
        spec=question,
        definition=_words(index, question, scope),
        finality=scope.finality,
        seconds=time.perf_counter() - begun,
        everybody=_measured(index, "", everyone, sums, money, scope, total),
        segments=tuple(
            _measured(index, name, own, sums, money, scope, total)
            for name, own in zip(names, inside, strict=True)
        ),
        overlaps=tuple(
            _overlap(names[a], names[b], inside[a] & there, inside[b] & there)
            for a, b in combinations(range(len(names)), 2)
        ),
        combinations=_combined(names, [own & there for own in inside], everyone & there),
    )


def _check(question: SegmentsQuestion) -> None:
    names = [each.name for each in question.segments]
    if not 1 <= len(names) <= MOST or len(set(names)) < len(names) or "" in names:
        raise QuestionError(
            f"segments: {', '.join(map(repr, names)) or 'none'} cannot be compared.",
            rule=f"1 to {MOST} segments are compared, each with a name of its own.",
            remedy="Add, drop or rename some.",
        )
    if question.query.by:
        raise QuestionError(
            f"by: segments are not broken down, not by {question.query.by[0]!r} either.",
            rule="A question for segments has no breakdown.",
            remedy="Make a segment of each value.",
        )


def _flat(chosen: tuple[U8, ...]) -> Chosen:
    """Users of all segments of the index in one array."""
    return np.concatenate([np.zeros(0, bool), *(each != 0 for each in chosen)])


def _sums(
    index: Index, query: Query, scope: Scope, chosen: tuple[U8, ...], threads: int | None
) -> I64:
    """Events, days and sessions of each user, shape (users, 3)."""
    masks = compiled(index, (EventSelector(),), query.where)

    def work(part: Part) -> I64:
        given = part.segment
        out = np.zeros((3, part.end_user - part.first_user), np.int64)
        marks = masks.rows(given, part.first_row, part.end_row)
        layout = (given.user_row, given.user_run, given.run_row, given.run_day)
        span = (part.first_user, part.end_user, scope.first_day, scope.last_day)
        kernels.count_rows(*layout, marks, *span, out[0])
        kernels.count_days(*layout, marks, *span, out[1])
        kernels.count_marked_sessions(
            *layout, given.user_visit, given.visit_row, given.visit_session,
            given.user_session, given.session_row, marks, *span, out[2],
        )  # fmt: skip
        return out.T

    pieces = on_each(work, parts(index.segments, chosen), threads)
    return np.concatenate([np.zeros((0, 3), np.int64), *pieces])


def _measured(
    index: Index, name: str, own: Chosen, sums: I64, money: Money, scope: Scope, total: int
) -> Measured:
    users = int(np.count_nonzero(own & (sums[:, 0] > 0)))
    events, days, sessions = (int(number) for number in sums[own].sum(axis=0))
    here = money.meets & (money.day >= scope.first_day) & (money.day <= scope.last_day)
    here &= own[money.owner]
    first = here & money.is_first
    loaded = [day for day in index.calendar.days if scope.start <= day.day <= scope.end]
    known = bool(loaded) and all("revenue" in facts.can for facts in loaded)
    return Measured(
        name=name,
        members=int(np.count_nonzero(own)),
        users=users,
        share=wilson(users, total),
        events=events,
        sessions=sessions,
        active_days=days,
        orders=int(np.count_nonzero(first)),
        gross_usd_micros=_sum(money.revenue[first]) if known else None,
        raw_usd_micros=_sum(money.revenue[here & money.is_purchase]) if known else None,
    )


def _sum(values: I64) -> int:
    return int(values[values != NO_NUMBER].sum())


def _overlap(first: str, second: str, one: Chosen, other: Chosen) -> Overlap:
    both = int(np.count_nonzero(one & other))

    def of(whole: Chosen) -> Proportion | None:
        return wilson(both, int(np.count_nonzero(whole)))

    return Overlap(first, second, both, of(one), of(other), of(one | other))


def _combined(names: list[str], inside: list[Chosen], there: Chosen) -> tuple[Combination, ...]:
    """What users are in exactly."""
    key = np.zeros(len(there), np.int64)
    for place, own in enumerate(inside):
        key |= own.astype(np.int64) << place
    found, counts = np.unique(key[there], return_counts=True)
    sets = [
        Combination(tuple(n for place, n in enumerate(names) if mark >> place & 1), int(count))
        for mark, count in zip(found.tolist(), counts.tolist(), strict=True)
    ]
    return tuple(sorted(sets, key=lambda each: (-each.users, len(each.segments), each.segments)))


def _words(index: Index, question: SegmentsQuestion, scope: Scope) -> tuple[str, ...]:
    return (
        *words_of(index, question.query, scope),
        *(f"{each.name}: {segment_in_words(each.users)}." for each in question.segments),
        "A segment looks at its own days; sizes and measures count its users with an event on "
        "the question's days. A session counts on the day of its first event.",
        "Revenue is that of orders by rule; an order is a user and a transaction id.",
    )
