"""On how many days people come, from the index."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from ga4_analytics.analyses.buckets import buckets_of
from ga4_analytics.analyses.masks import compiled
from ga4_analytics.analyses.parts import Part, on_each
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.ranked import top_groups
from ga4_analytics.analyses.scope import scope_of, words_of
from ga4_analytics.analyses.told import needs, tells, words_of_untold
from ga4_analytics.analyses.whos import Array, View, is_any, summed, user_parts
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import activity
from ga4_analytics.questions.stickiness import (
    Stick,
    Stickiness,
    StickinessGroup,
    StickinessResult,
)
from ga4_analytics.stats.proportions import wilson


def answer(index: Index, question: Stickiness, *, threads: int | None = None) -> StickinessResult:
    """Work out on how many days, weeks or months users come.

    Args:
        index: The index.
        question: What is asked.
        threads: How many parts are worked on at once; None: one a processor.

    Raises:
        QuestionError: The question names what is not there.
    """
    begun = perf_counter()
    scope = scope_of(index, question.query)
    masks = compiled(index, (question.event,), question.query.where)
    given = user_parts(index, chosen_users(index, question.query.users))
    buckets = buckets_of(
        index, scope.first_day, scope.last_day, question.unit, question.week_starts
    )
    groups = top_groups(index, question.query, masks, 1, given, [buckets], threads)
    labels = ((),) if groups is None else groups.labels

    def work(part: Part) -> tuple[Array]:
        view = View(part, masks, groups, buckets)
        whos = view.whos(0, is_any(question.event, question.query.where))
        counts = np.zeros((len(labels), len(buckets) + 1), np.int64)
        activity.active_buckets(
            whos.offsets, whos.days, whos.first, whos.end, whos.chosen, whos.group,
            buckets.table, view.base, counts,
        )  # fmt: skip
        return (counts,)

    (counts,) = summed(on_each(work, given, threads))
    needed = needs((question.event,), question.query.where) | {"user_pseudo_id"}
    told = sum(any(tells(d, needed) for d in days) for days in buckets.loaded)
    return StickinessResult(
        spec=question,
        definition=(*words_of(index, question.query, scope), *_words(question), *words_of_untold(
            dict.fromkeys(facts for days in buckets.loaded for facts in days), needed)),
        finality=scope.finality,
        seconds=perf_counter() - begun,
        groups=tuple(_group(label, row, told) for label, row in zip(labels, counts, strict=True)),
    )  # fmt: skip


def _group(label: tuple[str | None, ...], counts: Array, most: int) -> StickinessGroup:
    """The numbers of a group, from its users by number of days."""
    exactly = counts[1 : most + 1]
    at_least = np.cumsum(exactly[::-1])[::-1]
    users = int(exactly.sum())
    sticks = tuple(
        Stick(n + 1, int(exactly[n]), int(at_least[n]), wilson(int(at_least[n]), users))
        for n in range(most)
    )
    return StickinessGroup(label, users, sticks)


def _words(question: Stickiness) -> tuple[str, ...]:
    words = [
        f"Users by the number of distinct {question.unit}s of the range with "
        f"{question.event.shown}; {question.unit}s that are not loaded cannot count.",
        "The share of N is of users with N or more among all with any; its interval is "
        "Wilson's, 95 %.",
    ]
    if question.query.by:
        words.append("Each group counts its own events; a user may be in several groups.")
    return tuple(words)
