"""A funnel's breakdown: which group each unit belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.funnel_plan import Plan, required, side_plans
from ga4_analytics.analyses.funnel_run import Outcome, run
from ga4_analytics.analyses.groups import Grouping, Groups, Label, grouping
from ga4_analytics.analyses.parts import Part, on_each
from ga4_analytics.index.layout import U8
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels.tally import codes_at, tally_groups, tally_sizes
from ga4_analytics.questions.funnel import FunnelSpec

Numbers = NDArray[np.int64]
SHARES = 4
"""In how many shares groups are counted at once."""


@dataclass(frozen=True)
class Tally:
    """Units by what they reached.

    Attributes:
        states: By `Outcome.state`, shape (256,).
        weakest: By `Outcome.weakest`, shape (256,).
    """

    states: Numbers
    weakest: Numbers


def tally_of(outcomes: Sequence[Outcome]) -> Tally:
    """The units of some outcomes."""
    none = np.zeros(256, np.int64)
    return Tally(
        sum((each.states for each in outcomes), none),
        sum((each.weakest_levels for each in outcomes), none),
    )


@dataclass(frozen=True)
class Grouped:
    """Units by group.

    Attributes:
        labels: The groups.
        outcomes: For each group the outcomes that hold its units.
        tallies: For each group its units; those that did not enter may stand in any group.
        sides: For each group its optional steps' outcomes, where they are its own.
        numbers: For each outcome the group of each unit, before small ones were put together;
            empty where each group has outcomes of its own.
        merge: The place among ``labels`` of each such group.
    """

    labels: tuple[Label, ...]
    outcomes: tuple[Sequence[Outcome], ...]
    tallies: tuple[Tally, ...]
    sides: tuple[dict[int, Sequence[Outcome]], ...]
    numbers: Sequence[Groups] = ()
    merge: Groups | None = None

    def members(self, group: int) -> list[NDArray[np.bool_]]:
        """For each outcome, True where a unit belongs to a group."""
        if self.merge is None:
            return [each.levels > 0 for each in self.outcomes[group]]
        return [self.merge[each] == group for each in self.numbers]


def grouped(
    index: Index,
    question: FunnelSpec,
    plan: Plan,
    chosen: Sequence[U8],
    outcomes: Sequence[Outcome],
    threads: int | None,
) -> Grouped:
    """Put a funnel's units into groups.

    Args:
        index: The index.
        question: The question; it has a breakdown.
        plan: Its plan.
        chosen: For each segment, 1 for each user who counts.
        outcomes: What its units did, with entries, and with chains where `needs_chain` says so.
        threads: How many parts at once.
    """
    groups = grouping(index, question.query.by)
    if question.attribution == "all":
        return _by_all(index, question, plan, chosen, groups, threads)
    numbers = on_each(lambda outcome: _group_of(question, groups, outcome), outcomes, threads)
    if question.attribution == "first" and not needs_chain(question):
        _fill(index, plan, chosen, groups, outcomes, numbers, threads)
    sizes = np.zeros(len(groups.labels), np.int64)
    for each, outcome in zip(numbers, outcomes, strict=True):
        tally_sizes(each, outcome.state, sizes)
    topped = groups.topped(sizes, question.query.top)
    assert topped.merge is not None
    count = len(topped.labels)
    return Grouped(
        topped.labels,
        (outcomes,) * count,
        _tallies(outcomes, numbers, topped.merge, count, threads),
        ({},) * count,
        numbers,
        topped.merge,
    )


def _tallies(
    outcomes: Sequence[Outcome],
    numbers: Sequence[Groups],
    merge: Groups,
    count: int,
    threads: int | None,
) -> tuple[Tally, ...]:
    """The units of each of some groups."""

    def tally(given: Sequence[tuple[Outcome, Groups]]) -> NDArray[np.int64]:
        counts = np.zeros((2, count, 256), np.int64)
        for outcome, each in given:
            tally_groups(each, merge, outcome.state, counts[0])
            tally_groups(each, merge, outcome.weakest, counts[1])
        return counts

    pairs = list(zip(outcomes, numbers, strict=True))
    # A table for each processor and not for each part: there can be many groups.
    shares = [pairs[place::SHARES] for place in range(SHARES)]
    states, weakest = sum(on_each(tally, shares, threads), np.zeros((2, count, 256), np.int64))
    return tuple(Tally(*pair) for pair in zip(states, weakest, strict=True))


def needs_chain(question: FunnelSpec) -> bool:
    """Whether a breakdown needs the events of every attempt.

    A breakdown by the first event looks at the others only where the entry has no value; but
    attempts cannot be told apart in a second run.
    """
    if not question.query.by or question.rules not in ("ours", "amplitude", "posthog", "ga4"):
        return False
    late = question.attribution in ("last", "step")
    return late or (question.attribution == "first" and question.counting == "attempt")


def _group_of(question: FunnelSpec, groups: Grouping, outcome: Outcome) -> Groups:
    """The group of each unit; those that did not enter have any."""
    rows = outcome.entry_row
    if question.attribution == "step":
        assert question.attribution_step is not None
        rows = outcome.chain[:, required(question).index(question.attribution_step)]
    found = _at(groups, outcome.part, rows)
    if not needs_chain(question) or question.attribution == "step":
        return found
    return _first_known(question, groups, outcome, found)


def _at(groups: Grouping, part: Part, rows: Numbers) -> Groups:
    """The groups of rows; where there is no row, the group of nothing."""
    found = np.full(len(rows), nothing(groups), np.uint32)
    codes = groups.codes(part.segment)
    if codes is not None:
        codes_at(codes, rows, found)
        return found
    there = np.flatnonzero(rows >= 0)
    if len(there):
        found[there] = groups.at(part.segment, rows[there])
    return found


def nothing(groups: Grouping) -> int:
    """The group without a value; past the last one, to be told apart, where there is none."""
    null = tuple(None for _ in groups.labels[0]) if groups.labels else ()
    return groups.labels.index(null) if null in groups.labels else 0


def _first_known(question: FunnelSpec, groups: Grouping, outcome: Outcome, found: Groups) -> Groups:
    """The group of the first (or last) event of each attempt that has a value."""
    null = nothing(groups)
    result = np.full(len(found), null, np.uint32)
    steps = range(outcome.chain.shape[1])
    for step in steps if question.attribution == "first" else reversed(steps):
        open_ones = np.flatnonzero((result == null) & (outcome.chain[:, step] >= 0))
        result[open_ones] = _at(groups, outcome.part, outcome.chain[open_ones, step])
    return result


def _fill(
    index: Index,
    plan: Plan,
    chosen: Sequence[U8],
    groups: Grouping,
    outcomes: Sequence[Outcome],
    numbers: list[Groups],
    threads: int | None,
) -> None:
    """Look for the value of units whose entry has none among their later events."""
    null = nothing(groups)
    if plan.number("rule") or groups.labels[null] != (None,) * len(groups.labels[null]):
        return
    asked = [np.flatnonzero((each == null) & (outcome.levels > 1))
             for each, outcome in zip(numbers, outcomes, strict=True)]  # fmt: skip
    if not any(len(each) for each in asked):
        return
    segments = list(index.segments)
    wanted = [np.zeros_like(who) for who in chosen]
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for number, (outcome, units) in enumerate(zip(outcomes, asked, strict=True)):
        segment = next(n for n, each in enumerate(segments) if each is outcome.part.segment)
        users = users_of_rows(outcome.part, outcome.entry_row[units])
        wanted[segment][users] = 1
        for unit in units:
            places[segment, int(outcome.entry_row[unit])] = (number, int(unit))
    for outcome in run(index, plan, wanted, threads, keep=True):
        segment = next(n for n, each in enumerate(segments) if each is outcome.part.segment)
        units = np.flatnonzero(outcome.levels > 1)
        for step in range(outcome.chain.shape[1] - 1, 0, -1):
            rows = outcome.chain[units, step]
            for unit, group in zip(units, _at(groups, outcome.part, rows), strict=True):
                place = places.get((segment, int(outcome.entry_row[unit])))
                if place is not None and group != null:
                    numbers[place[0]][place[1]] = group


def users_of_rows(part: Part, rows: Numbers) -> Numbers:
    """The users of rows, as numbers in their segment."""
    return np.searchsorted(part.segment.user_row, rows, side="right") - 1


def _by_all(
    index: Index,
    question: FunnelSpec,
    plan: Plan,
    chosen: Sequence[U8],
    groups: Grouping,
    threads: int | None,
) -> Grouped:
    """A funnel for each group, made of its events alone."""
    sizes = np.zeros(len(groups.labels), np.int64)
    entering = replace(plan.with_numbers(counting=2), fast=False)
    for outcome in run(index, entering, chosen, threads):
        users = users_of_rows(outcome.part, outcome.entry_row)
        places = _at(groups, outcome.part, outcome.entry_row)
        pairs = np.unique(users * len(groups.labels) + places)
        sizes += np.bincount(pairs % len(groups.labels), minlength=len(groups.labels))
    topped = groups.topped(sizes, question.query.top)
    beside = side_plans(index, question)
    found: list[Sequence[Outcome]] = []
    sides: list[dict[int, Sequence[Outcome]]] = []
    for group in range(len(topped.labels)):
        among = partial(_only, topped, group)
        found.append(run(index, plan, chosen, threads, wants_entry=True, among=among))
        sides.append(
            {step: run(index, side, chosen, threads, among=among) for step, side in beside.items()}
        )
    tallies = tuple(tally_of(outcomes) for outcomes in found)
    return Grouped(topped.labels, tuple(found), tallies, tuple(sides))


def _only(groups: Grouping, group: int, part: Part) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = groups.rows(part.segment, part.first_row, part.end_row) == group
    return found
