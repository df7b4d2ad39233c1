"""Counts the paths of a worked-out question over an index's parts, by the kernel that fits."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.masks import Bits, Masks
from ga4_analytics.analyses.parts import PART_ROWS, Part, on_each, parts
from ga4_analytics.analyses.scope import Scope
from ga4_analytics.index.arrange import NAMES
from ga4_analytics.index.layout import I64, MASKED_NAMES, U8, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels.path_table import merged, merged_rows, new_table
from ga4_analytics.kernels.paths import plain_paths
from ga4_analytics.kernels.paths_flat import DEEPEST, flat_paths, note_timeless, repacked
from ga4_analytics.kernels.paths_general import general_paths
from ga4_analytics.questions.paths import PathsQuestion

Table = NDArray[np.uint64]
Rows = NDArray[np.uint32]


@dataclass(frozen=True)
class Plan:
    """A question that is worked out for an index.

    Attributes:
        question: The question.
        scope: Its days.
        masks: Bit 0: may be a step; bit 1: a path begins there.
        texts: Steps by code.
        rank: Place of each step's code in byte order.
        name_rank: Place of each name's code in byte order.
        bits: Bits of a packed step; 0 where paths do not fit.
        window_us: Longest time.
    """

    question: PathsQuestion
    scope: Scope
    masks: Masks
    texts: tuple[str | None, ...]
    rank: I64
    name_rank: I64
    bits: int
    window_us: int

    @property
    def backwards(self) -> bool:
        return self.question.direction == "to"

    @property
    def plain(self) -> bool:
        """Whether event names alone decide, within sessions, about every anchor."""
        asked = self.question
        return (
            self.masks.plain
            and asked.step == NAMES
            and asked.per == "session"
            and asked.anchors == "every"
            and not asked.window
            and not asked.merge
            and self.bits > 0
        )


@dataclass(frozen=True)
class Found:
    """Paths as a table and their total numbers.

    Attributes:
        table: Keys and counts.
        rows: The codes, where paths are not packed.
        used: How many places are taken.
        totals: Paths, users, events, events in an open order.
    """

    table: Table
    rows: Rows
    used: int
    totals: I64


def counted(index: Index, plan: Plan, chosen: tuple[U8, ...], threads: int | None) -> Found:
    """Count the paths of a question.

    Args:
        index: The index.
        plan: The question.
        chosen: For each segment, 1 for each user who counts.
        threads: How many parts at once; None: one a processor.
    """
    found = _plain(index, plan, chosen, threads) if plan.plain else None
    return found or _general(index, plan, chosen, threads)


def _plain(index: Index, plan: Plan, chosen: tuple[U8, ...], threads: int | None) -> Found | None:
    """Count by the fast kernels; users whose sessions are interrupted are counted besides."""
    count = threads or os.cpu_count() or 1
    rows = max(PART_ROWS, sum(segment.rows for segment in index.segments) // (2 * count) + 1)
    odd = {id(segment): np.zeros(segment.users, np.uint8) for segment in index.segments}
    flat = _Flat(plan) if _Flat.fits(index, plan) else None

    def work(part: Part) -> Found | None:
        whom = part.chosen if flat is None else flat.count(part, odd[id(part.segment)])
        return None if whom is None else _by_user(part, plan, whom, odd[id(part.segment)])

    made = on_each(work, parts(index.segments, chosen, rows), threads)
    found = [each for each in made if each is not None] + (flat.found() if flat else [])
    left = tuple(odd[id(segment)] for segment in index.segments)
    if any(each.any() for each in left):
        found.append(_general(index, plan, left, threads))
    return reduce(_joined, found) if found else None


class _Flat:
    """Counts users with nothing particular about them, in tables that parts hand on.

    Args:
        plan: A question whose names fit: see `fits`.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._place = plan.name_rank.astype(np.uint8)  # null, which is no step, is first
        kinds = plan.masks.names
        self._anchors = np.zeros(256, np.uint8)
        self._anchors[self._place] = (kinds >> np.uint64(1)) & np.uint64(1)
        self._any = _name_bits(kinds & np.uint64(2))
        self._sure = self._any & ~_name_bits(~kinds & np.uint64(2))
        self._tables: list[tuple[Table, int]] = []
        self._totals: list[I64] = []

    @staticmethod
    def fits(index: Index, plan: Plan) -> bool:
        """Whether steps are bytes, a path is eight of them at most, and every name is a step."""
        return (
            plan.question.depth <= DEEPEST
            and len(plan.texts) <= 256
            and all(segment.name.dtype == np.uint8 for segment in index.segments)
            and bool((plan.masks.names[1:] & np.uint64(1)).all())
        )

    def count(self, part: Part, odd: U8) -> U8 | None:
        """Count users of a part; gives those who are left, 1 for each, if there are any.

        Args:
            part: The part.
            odd: Set to 1 for each user who is to be counted in general.
        """
        given, plan, left = part.segment, self._plan, np.zeros(part.segment.users, np.uint8)
        totals = np.zeros(5, np.int64)
        try:
            table, used = self._tables.pop()  # no other thread gets the same one
        except IndexError:
            table, used = new_table(1 << 14), 0
        self._tables.append(
            flat_paths(
                given.user_row, given.user_run, given.user_visit, given.user_session,
                given.user_names, given.run_day, given.visit_row, part.chosen, given.name,
                given.flags, self._place, self._anchors, self._sure, self._any, part.first_user,
                part.end_user, plan.scope.first_day, plan.scope.last_day, plan.question.depth,
                plan.backwards, table, used, left, odd, totals,
            )
        )  # fmt: skip
        self._totals.append(totals[:4])
        return left if totals[4] else None

    def found(self) -> list[Found]:
        """What is counted."""
        plan, none = self._plan, np.zeros(4, np.int64)
        steps = (plan.question.depth, np.uint64(plan.bits), plan.backwards)
        made = [repacked(*each, self._place, *steps) for each in self._tables]
        tables = [Found(table, _no_rows(plan), used, none) for table, used in made]
        return [*tables, replace(_nothing(plan), totals=sum(self._totals, none))]


def _name_bits(names: Bits) -> np.uint32:
    """The bits of `Segment.user_names` of the names whose bits are not 0."""
    places = np.minimum(np.flatnonzero(names[1:]), MASKED_NAMES).astype(np.uint32)
    return np.uint32(
        np.bitwise_or.reduce(np.left_shift(np.uint32(1), places), initial=np.uint32(0))
    )


def _by_user(part: Part, plan: Plan, chosen: U8, odd: U8) -> Found:
    """Count the paths of some users of a part, one after the other."""
    given, totals = part.segment, np.zeros(4, np.int64)
    kinds = (plan.masks.names & np.uint64(3)).astype(np.uint8)
    if not given.is_timed:
        note_timeless(
            given.user_row, given.flags, chosen, part.first_user, part.end_user, odd
        )  # fmt: skip
    table, used = plain_paths(
        given.user_row, given.user_run, given.user_visit, given.user_session,
        given.user_names, given.run_row, given.run_day, given.visit_row, chosen,
        given.name, given.flags, kinds, plan.name_rank, _name_bits(plan.masks.names & np.uint64(2)),
        part.first_user, part.end_user, plan.scope.first_day, plan.scope.last_day,
        plan.question.depth, np.uint64(plan.bits), plan.backwards, odd, totals,
    )  # fmt: skip
    return Found(table, _no_rows(plan), used, totals)


def _general(index: Index, plan: Plan, chosen: tuple[U8, ...], threads: int | None) -> Found:
    """Count paths of any kind."""
    asked = plan.question
    which = {"every": 0, "first": 1, "last": 2}[asked.anchors]

    def work(part: Part) -> Found:
        given = part.segment
        totals = np.zeros(4, np.int64)
        if not part.chosen[part.first_user : part.end_user].any():
            return _nothing(plan)
        table, rows, used = general_paths(
            given.user_row, given.user_run, given.user_visit, given.user_session,
            given.run_row, given.run_day, given.visit_row, given.visit_session, part.chosen,
            given.name, _codes(given, asked.step), given.time_us, given.flags,
            plan.masks.rows(given, part.first_row, part.end_row), plan.name_rank, plan.rank,
            part.first_user, part.end_user, plan.scope.first_day, plan.scope.last_day,
            asked.depth, plan.bits, plan.backwards, asked.per == "session", plan.window_us,
            asked.merge, which, totals,
        )  # fmt: skip
        return Found(table, rows, used, totals)

    return reduce(_joined, on_each(work, parts(index.segments, chosen), threads), _nothing(plan))


def _codes(segment: Segment, step: str) -> NDArray[np.generic]:
    return segment.name if step == NAMES else segment.columns[step]


def _no_rows(plan: Plan) -> Rows:
    return np.zeros((0, plan.question.depth), np.uint32)


def _nothing(plan: Plan) -> Found:
    size = 16
    rows = _no_rows(plan) if plan.bits else np.zeros((size, plan.question.depth), np.uint32)
    return Found(new_table(size), rows, 0, np.zeros(4, np.int64))


def _joined(one: Found, other: Found) -> Found:
    totals = one.totals + other.totals
    if len(one.rows):
        table, rows, used = merged_rows(one.table, one.rows, one.used, other.table, other.rows)
        return Found(table, rows, used, totals)
    table, used = merged(one.table, one.used, other.table)
    return Found(table, one.rows, used, totals)
