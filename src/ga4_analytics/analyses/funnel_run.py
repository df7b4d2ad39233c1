"""Runs a funnel's plan over the parts of an index and adds up what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ga4_analytics.analyses.funnel_plan import Plan
from ga4_analytics.analyses.masks import Bits
from ga4_analytics.analyses.parts import PART_ROWS, Part, on_each, parts
from ga4_analytics.index.layout import I64, U8, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels.funnel import MAY_BE_LONG, MAY_BE_OPEN, mark_users, scan_part
from ga4_analytics.kernels.funnel_part import judge_part
from ga4_analytics.kernels.tally import tally

NONE = np.zeros(0, np.uint64)
PLAIN_ROWS = 1 << 19
"""Rows of a part of the plain path, which keeps nothing for each row."""


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


Among = Callable[[Part], Bits]
"""For each row of a part all bits where it counts, else none."""


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
    by_name = plan.steps.plain and among is None
    plan = plan.with_numbers(keep=int(keep))
    given = parts(index.segments, chosen, PLAIN_ROWS if plan.fast and by_name else PART_ROWS)
    if plan.fast and not keep:
        return on_each(lambda part: _fast(plan, part, wants_entry, among), given, threads)
    return on_each(lambda part: _in_general(plan, part, keep, among), given, threads)


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


def _fast(plan: Plan, part: Part, wants_entry: bool, among: Among | None) -> Outcome:
    segment = part.segment
    by_name = plan.steps.plain and among is None
    bits = None if by_name else _bits(plan, part, among)
    space = _Space(plan, _units(plan, part, NONE), keep=False, wants_entry=wants_entry)
    left = np.zeros(segment.users, np.uint8)
    scan_part(
        part.first_user, part.end_user, part.chosen, plan.wanted, segment.user_row,
        segment.user_names, segment.user_run, segment.user_visit, segment.user_session,
        segment.run_row, segment.run_day, segment.visit_row, segment.visit_session,
        segment.time_us, segment.flags, segment.name, plan.steps.names, bits, plan.steps.single,
        plan.numbers, _doubts(plan, segment), wants_entry, space.state, space.weakest,
        space.entry_row, left, space.times, space.trend, space.trend_open, space.sizes,
    )  # fmt: skip
    if space.sizes[4]:
        if bits is None:
            bits = np.empty(part.end_row - part.first_row, np.uint64)
            mark_users(part.first_user, part.end_user, left, segment.user_row, segment.name,
                       plan.steps.names, bits)  # fmt: skip
        _judge(plan, part, left, bits, NONE, NONE, space)
    return space.outcome(part)


def _doubts(plan: Plan, segment: Segment) -> U8:
    """What is not known of the units of each day without their times; see `scan_part`."""
    base, times = segment.day_times
    days = np.arange(plan.number("first_day"), plan.number("last_day") + 1) - base
    there = (days >= 0) & (days < len(times))
    earliest, latest = times[days[there]].T
    doubts = np.zeros(len(days), np.uint8)
    seen = latest >= earliest
    is_long = seen & (latest - earliest > plan.number("window"))
    is_open = seen & (latest + plan.number("reach") >= plan.number("horizon"))
    doubts[there] = is_long * MAY_BE_LONG + is_open * MAY_BE_OPEN
    return doubts


def _bits(plan: Plan, part: Part, among: Among | None) -> Bits:
    """The steps that each row of a part can serve."""
    bits = plan.steps.rows(part.segment, part.first_row, part.end_row)
    if among is not None:
        bits &= among(part)
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
