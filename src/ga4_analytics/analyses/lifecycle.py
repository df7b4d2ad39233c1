"""New, returning, resurrecting and dormant users, from the index."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from ga4_analytics.analyses.buckets import Buckets, buckets_of, unit_number, unit_start, unit_table
from ga4_analytics.analyses.groups import Grouping
from ga4_analytics.analyses.masks import compiled
from ga4_analytics.analyses.parts import Part, on_each
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.ranked import top_groups
from ga4_analytics.analyses.scope import Scope, scope_of, words_of
from ga4_analytics.analyses.told import needs, tells, words_of_untold
from ga4_analytics.analyses.whos import Array, View, is_any, summed, user_parts
from ga4_analytics.index.calendar import DayFacts, day_number, day_of
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import activity
from ga4_analytics.questions.lifecycle import Counts, Lifecycle, LifecycleGroup, LifecycleResult


def answer(index: Index, question: Lifecycle, *, threads: int | None = None) -> LifecycleResult:
    """Work out what each day, week or month is to its users.

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
    buckets = _whole_buckets(index, question, scope)
    groups = top_groups(index, question.query, masks, 1, given, [buckets, _all(index)], threads)
    count = 1 if groups is None else len(groups.labels)
    table, first = unit_table(index, question.unit, question.week_starts)
    first_us = index.calendar.days[0].start_us

    def work(part: Part) -> tuple[Array]:
        view = View(part, masks, groups, buckets)
        whos = view.whos(0, is_any(question.event, question.query.where))
        counts = np.zeros((count, 4, int(table[-1]) + 2), np.int64)
        activity.lifecycle(
            whos.offsets, whos.days, whos.first, whos.end, whos.chosen, whos.group, whos.user,
            view.origins(first_us), view.origin_base(whos), table, view.base, counts,
        )  # fmt: skip
        return (counts,)

    (counts,) = summed(on_each(work, given, threads))
    known = _Known(index, question, buckets, first)
    return LifecycleResult(
        spec=question,
        definition=(*words_of(index, question.query, scope), *_words(index, question)),
        finality=scope.finality,
        seconds=perf_counter() - begun,
        buckets=buckets.shown,
        groups=tuple(known.group(counts[n], label) for n, label in _labels(groups)),
    )


def _labels(groups: Grouping | None) -> list[tuple[int, tuple[str | None, ...]]]:
    return list(enumerate(((),) if groups is None else groups.labels))


def _whole_buckets(index: Index, question: Lifecycle, scope: Scope) -> Buckets:
    """The buckets that touch the range, whole."""
    unit, week = question.unit, question.week_starts
    first = unit_start(unit_number(scope.first_day, unit, week), unit, week)
    last = unit_start(unit_number(scope.last_day, unit, week) + 1, unit, week) - 1
    return buckets_of(index, first, last, unit, week)


def _all(index: Index) -> Buckets:
    """All loaded days, so that a group of any day has a place."""
    days = len(unit_table(index, "day", "monday")[0])
    whole = buckets_of(index, 0, 0, "day")
    return replace(whole, table=np.zeros(days, np.int32))


@dataclass(frozen=True)
class _Known:
    """Which numbers of which buckets are known."""

    index: Index
    question: Lifecycle
    buckets: Buckets
    first: int

    def group(self, counts: Array, label: tuple[str | None, ...]) -> LifecycleGroup:
        """The numbers of a group."""
        new, dormant = self._taken(counts[0], False), self._taken(counts[3], True)
        resurrecting = self._taken(counts[2], True)
        pulse = tuple(
            (n + r) / d if n is not None and r is not None and d else None
            for n, r, d in zip(new, resurrecting, dormant, strict=True)
        )
        return LifecycleGroup(
            label,
            new,
            self._taken(counts[1], True),
            resurrecting,
            tuple(None if d is None else -d for d in dormant),
            pulse,
        )

    def _taken(self, counts: Array, with_before: bool) -> Counts:
        """The counts of the buckets, null where they, or those before, are not complete."""
        unit, week = self.question.unit, self.question.week_starts
        found: list[int | None] = []
        for bucket in self.buckets.shown:
            number = unit_number(day_number(bucket.first_day), unit, week)
            known = self._complete(number) and (not with_before or self._complete(number - 1))
            found.append(int(counts[number - self.first]) if known else None)
        return tuple(found)

    def _complete(self, number: int) -> bool:
        """Whether each day of a bucket is loaded, complete, and can tell."""
        unit, week = self.question.unit, self.question.week_starts
        first, end = (unit_start(n, unit, week) for n in (number, number + 1))
        by_day = self.index.calendar.by_day
        days = [by_day.get(day_of(day)) for day in range(first, end)]
        return all(facts is not None and self._tells(facts) for facts in days)

    def _tells(self, facts: DayFacts) -> bool:
        return facts.is_complete and tells(facts, _needed(self.question))


def _needed(question: Lifecycle) -> set[str]:
    return needs((question.event,), question.query.where) | {"user_pseudo_id"}


def _words(index: Index, question: Lifecycle) -> tuple[str, ...]:
    """What the kinds mean."""
    unit = question.unit
    words = [
        f"New: the user's first {question.event.shown} in the data is in the {unit}. Who was first "
        "touched before the first loaded day is never new, but returning or resurrecting.",
        f"Returning: also in the {unit} before. Resurrecting: all others of the {unit}. Dormant: "
        f"in the {unit} before and not in this one, as a negative number.",
        "Pulse: (new + resurrecting) / dormant.",
        f"A {unit} is judged whole, also by its days outside the range, and null where it is not "
        f"complete; what needs the {unit} before is null where that is not.",
    ]
    if question.query.by:
        words.append(
            "Each group is looked at by itself: new is the user's first such event with that value."
        )
    return (*words, *words_of_untold(index.calendar.days, _needed(question)))
