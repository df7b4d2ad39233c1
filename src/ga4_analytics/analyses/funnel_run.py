"""Runs a funnel's plan over the parts of an index and adds up what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.funnel_plan import Plan
from ga4_analytics.analyses.masks import Bits, words_of
from ga4_analytics.analyses.parts import PART_ROWS, Part, on_each, parts
from ga4_analytics.index.layout import I64, U8, RowFlag, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels.funnel import scan_part
from ga4_analytics.kernels.funnel_days import MAY_BE_LONG, MAY_BE_OPEN, Days
from ga4_analytics.kernels.funnel_part import judge_part
from ga4_analytics.kernels.funnel_rows import Steps, map_moments
from ga4_analytics.kernels.tally import tally

NONE = np.zeros(0, np.uint64)
FAST_ROWS = 1 << 19
"""Rows of a part of which only a bit a row and step is kept."""


@dataclass(frozen=True)
class Outcome:
    """What the users of a part did.

    Attributes:
        part: The part.
        state: One a unit: its level, and 128 where it is open; 0 where it did not enter.
        weakest: The level that no order of tied events goes below.
        entry_row: The row of the segment with which its best attempt began.
        chain: Rows of the attempt's events, (units, steps), -1 where there is none; or no rows
            where they were not asked for.
        times: How long the first entries took, in microseconds.
        lost: How long others were watched, that could not be watched to their window's end.
        trend: Units by entry day and level.
        trend_open: Units by entry day that are open.
        used: How many events the attempts use.
        tied: How many of them are tied.
        states: Units by state, shape (256,).
        weakest_levels: Units by ``weakest``, shape (256,).
    """

    part: Part
    state: U8
    weakest: U8
    entry_row: I64
    chain: I64
    times: I64
    lost: I64
    trend: I64
    trend_open: I64
    used: int
    tied: int
    states: I64
    weakest_levels: I64

    @property
    def levels(self) -> U8:
        """How many steps each unit reached."""
        return self.state & np.uint8(127)

    @property
    def is_open(self) -> U8:
        """1 where a unit may still come further."""
        return self.state >> np.uint8(7)


Among = Callable[[Part], NDArray[np.bool_]]
"""For each row of a part whether it counts."""


def run(
    index: Index,
    plan: Plan,
    chosen: Sequence[U8],
    threads: int | None,
    *,
    wants_entry: bool = False,
    keep: bool = False,
    among: Among | None = None,
) -> list[Outcome]:
    """Judge every unit of an index.

    Args:
        index: The index.
        plan: The question.
        chosen: For each segment, 1 for each user who counts.
        threads: How many parts at once.
        wants_entry: Whether `Outcome.entry_row` is wanted.
        keep: Whether `Outcome.chain` is wanted.
        among: Which rows may serve steps; None: all.
    """
    plan = plan.with_numbers(keep=int(keep))
    if not plan.fast or keep:
        given = parts(index.segments, chosen, PART_ROWS)
        return on_each(lambda part: _in_general(plan, part, keep, among), given, threads)
    days = {id(segment): _days(plan, segment) for segment in index.segments}
    classes = np.array(plan.steps.classes(plan.number("last")) or (), np.int64)

    def answer(part: Part) -> Outcome:
        steps = _steps(plan, part, classes, among)
        return _fast(plan, part, steps, days[id(part.segment)], wants_entry)

    return on_each(answer, parts(index.segments, chosen, FAST_ROWS), threads)


class _Space:
    """The arrays that a kernel writes."""

    def __init__(self, plan: Plan, units: int, *, keep: bool, wants_entry: bool) -> None:
        days = plan.number("last_day") - plan.number("first_day") + 1
        steps = plan.number("last")
        self.state = np.zeros(units, np.uint8)
        self.weakest = np.zeros(units, np.uint8)
        # Nobody looks at what is not wanted: it is not even made ready.
        self.entry_row = np.full(units, -1, np.int64) if wants_entry else np.empty(units, np.int64)
        self.chain = np.full((units if keep else 0, steps), -1, np.int64)
        self.times = np.empty((2, units), np.int64)
        self.trend = np.zeros((days, steps + 1), np.int64)
        self.trend_open = np.zeros(days, np.int64)
        self.sizes = np.zeros(8, np.int64)

    def outcome(self, part: Part) -> Outcome:
        sizes = [int(size) for size in self.sizes]
        return Outcome(
            part, self.state, self.weakest, self.entry_row, self.chain,
            self.times[0, : sizes[0]], self.times[1, : sizes[1]],
            self.trend, self.trend_open, sizes[2], sizes[3],
            _tallied(self.state), _tallied(self.weakest),
        )  # fmt: skip


def _tallied(values: U8) -> I64:
    counts = np.zeros(256, np.int64)
    tally(values, counts)
    return counts


def _units(plan: Plan, part: Part, bits: Bits) -> int:
    """How many units a part can have."""
    if plan.number("counting") == 2:
        entering = bits if plan.number("order") == 2 else bits & np.uint64(1)
        return int(np.count_nonzero(entering))
    offsets = part.segment.user_session
    if plan.number("counting") == 1:
        return int(offsets[part.end_user]) - int(offsets[part.first_user])
    return part.end_user - part.first_user


def _fast(plan: Plan, part: Part, steps: Steps, days: Days, wants_entry: bool) -> Outcome:
    segment = part.segment
    space = _Space(plan, _units(plan, part, NONE), keep=False, wants_entry=wants_entry)
    left = np.zeros(segment.users, np.uint8)
    scan_part(
        part.first_user, part.end_user, part.chosen, plan.wanted, segment.user_row,
        segment.user_names, segment.user_run, segment.user_visit, segment.user_session,
        segment.run_row, segment.run_day, segment.visit_row, segment.visit_session,
        segment.time_us, steps, plan.numbers, days, wants_entry, space.state, space.weakest,
        space.entry_row, left, space.times, space.trend, space.trend_open, space.sizes,
    )  # fmt: skip
    if space.sizes[4]:
        _judge(plan, part, left, steps.bits, NONE, NONE, space)
    return space.outcome(part)


def _steps(plan: Plan, part: Part, classes: I64, among: Among | None) -> Steps:
    """Which rows of a part can serve which steps."""
    segment, first, end = part.segment, part.first_row, part.end_row
    maps = plan.steps.maps(segment, first, end, plan.number("last"))
    if among is not None:
        maps &= words_of(among(part), first)
    if not segment.is_timed:
        maps &= words_of(segment.flags[first:end] & np.uint8(RowFlag.TIMELESS) == 0, first)
    moments = np.empty_like(maps)
    map_moments(segment.ties, first // 64, maps, moments)
    return Steps(
        maps, moments, first // 64 * 64, segment.ties, segment.flags, plan.steps.single,
        classes, np.empty(len(maps), np.int64), np.empty(end - first, np.uint64), first,
    )  # fmt: skip


def _days(plan: Plan, segment: Segment) -> Days:
    """What is known of units by their days."""
    first, edges = segment.day_times
    days = np.arange(plan.number("first_day"), plan.number("last_day") + 1) - first
    there = (days >= 0) & (days < len(edges))
    earliest, latest = edges[days[there]].T
    doubts = np.zeros(len(days), np.uint8)
    seen = latest >= earliest
    is_long = seen & (latest - earliest > plan.number("window"))
    is_open = seen & (latest + plan.number("reach") >= plan.number("horizon"))
    doubts[there] = is_long * MAY_BE_LONG + is_open * MAY_BE_OPEN
    return Days(first, edges, doubts)


def _bits(plan: Plan, part: Part, among: Among | None) -> Bits:
    """The steps that each row of a part can serve."""
    bits = plan.steps.rows(part.segment, part.first_row, part.end_row)
    if among is not None:
        bits[~among(part)] = 0
    return bits


def _in_general(plan: Plan, part: Part, keep: bool, among: Among | None) -> Outcome:
    first, end = part.first_row, part.end_row
    bits = _bits(plan, part, among)
    banned = NONE if plan.banned is None else plan.banned.rows(part.segment, first, end)
    seen = NONE if plan.seen is None else plan.seen.rows(part.segment, first, end)
    space = _Space(plan, _units(plan, part, bits), keep=keep, wants_entry=True)
    units = _judge(plan, part, part.chosen, bits, banned, seen, space)
    if plan.number("counting") == 2:
        for name in ("state", "weakest", "entry_row", "chain"):
            setattr(space, name, getattr(space, name)[:units])
    return space.outcome(part)


def _judge(
    plan: Plan, part: Part, chosen: U8, bits: Bits, banned: Bits, seen: Bits, space: _Space
) -> int:
    segment = part.segment
    units: int = judge_part(
        part.first_user, part.end_user, chosen, plan.wanted, segment.user_row,
        segment.user_names, segment.user_run, segment.user_visit, segment.user_session,
        segment.run_row, segment.run_day, segment.visit_row, segment.visit_session,
        segment.time_us, segment.flags, bits, banned, seen, plan.numbers, plan.covers,
        space.state, space.weakest, space.entry_row, space.chain, space.times, space.trend,
        space.trend_open, space.sizes,
    )  # fmt: skip
    return units
