"""Which cells of a retention table exist, and the table from its counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.buckets import (
    Buckets,
    buckets_of,
    loaded_span,
    midnight,
    unit_number,
    unit_start,
)
from ga4_analytics.analyses.scope import Scope
from ga4_analytics.analyses.told import tells
from ga4_analytics.index.calendar import day_number, day_of
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.retention import Cohort, Pooled, Retention, RetentionGroup
from ga4_analytics.stats.bounds import wilson_bounds

T = TypeVar("T")
Counts = NDArray[np.int64]
DAY_US = 86_400_000_000
DAYS = {"day": 1, "week": 7, "month": 30}
"""Days of a period of the rolling clock."""


@dataclass(frozen=True)
class Frame:
    """The cells of a question.

    Attributes:
        periods: As shown.
        brackets: Shape (periods, 2): first and last period of each.
        cohorts: First and last day of each, as far as they are in range.
        shift: Number of the first cohort's unit, counted from the first loaded day's.
        mature: Shape (cohorts, periods): which cells are complete.
        missing: Shape (cohorts, periods): days of the cell that are not loaded or cannot tell.
        pooled: uint8, the same shape: cells that are complete, and not a day missing.
        followed: Shape (cohorts, periods): days from the period's first to the last complete.
        until_day: Last day whose returns count.
        until_us: The first microsecond whose returns no longer count.
        days: The cohort of each day, for the parts.
    """

    periods: tuple[str, ...]
    brackets: Counts
    cohorts: tuple[tuple[date, date], ...]
    shift: int
    mature: NDArray[np.bool_]
    missing: Counts
    pooled: NDArray[np.uint8]
    followed: Counts
    until_day: int
    until_us: int
    days: Buckets


@dataclass(frozen=True)
class Cells:
    """Counts by group, cohort and period.

    Attributes:
        entries: Shape (groups, cohorts).
        counts: Shape (groups, cohorts, periods).
        amounts: The same shape; None: not asked.
        interval: Shape (2, periods): bootstrap bounds of all groups together; None: not asked.
    """

    entries: Counts
    counts: Counts
    amounts: Counts | None
    interval: NDArray[np.float64] | None

    def overall(self) -> Cells:
        """All groups together, without the first axis."""
        amounts = None if self.amounts is None else self.amounts.sum(axis=0)
        return Cells(self.entries.sum(axis=0), self.counts.sum(axis=0), amounts, self.interval)

    def of(self, group: int) -> Cells:
        """One group, without the first axis."""
        amounts = None if self.amounts is None else self.amounts[group]
        return Cells(self.entries[group], self.counts[group], amounts, None)


def frame_of(index: Index, question: Retention, scope: Scope, needed: Iterable[str]) -> Frame:
    """Work out which cells there are and which of them are mature.

    Args:
        index: The index.
        question: The question.
        scope: Its days.
        needed: What a day's files must have to be looked at.
    """
    unit, week = question.unit, question.week_starts
    low, _high = loaded_span(index)
    unit, week = question.unit, question.week_starts
    days = _cohort_days(index, scope, unit, week)
    brackets, periods = _periods(question)
    units = np.array([unit_number(day_number(b.first_day), unit, week) for b in days.shown])
    # A cohort lasts as long as the range lets it, loaded or not.
    bounds = np.array(
        [(max(unit_start(n, unit, week), scope.first_day),
          min(unit_start(n + 1, unit, week) - 1, scope.last_day)) for n in units.tolist()]
    )  # fmt: skip
    done = index.calendar.last_complete
    until = low - 1 if done is None else day_number(done)
    horizon = index.calendar.horizon_us or 0
    if question.clock == "rolling":
        spans = _rolling_spans(index, question, bounds, brackets)
        mature = (spans.until_us <= horizon) & (bounds[:, 1:] <= until)
        followed = (horizon - spans.from_us) // DAY_US
    else:
        spans = _calendar_spans(question, units, brackets)
        mature = spans.last <= until
        followed = until - spans.first + 1
    last = np.full_like(spans.last, until) if question.mode == "unbounded" else spans.last
    missing = _missing(index, set(needed), spans.first, np.minimum(last, until), until)
    return Frame(
        periods=periods,
        brackets=brackets,
        cohorts=tuple((day_of(a), day_of(b)) for a, b in bounds.tolist()),
        shift=int(units[0]) - unit_number(low, unit, week),
        mature=mature,
        missing=missing,
        pooled=(mature & (missing == 0)).astype(np.uint8),
        followed=followed,
        until_day=until,
        until_us=horizon,
        days=days,
    )


@dataclass(frozen=True)
class _Spans:
    """First and last day of each cell, and with the rolling clock its moments."""

    first: Counts
    last: Counts
    from_us: Counts
    until_us: Counts


def _cohort_days(index: Index, scope: Scope, unit: str, week: str) -> Buckets:
    """The cohorts of the range, as far as days are loaded."""
    low, high = loaded_span(index)
    first, last = max(scope.first_day, low), min(scope.last_day, high)
    if first > last:  # nothing of the range is loaded
        first = last = scope.first_day
    return buckets_of(index, first, last, unit, week)


def _periods(question: Retention) -> tuple[Counts, tuple[str, ...]]:
    if question.mode == "bracket":
        shown = tuple(str(a) if a == b else f"{a}-{b}" for a, b in question.brackets)
        return np.array(question.brackets, np.int64), shown
    numbers = range(question.periods + 1)
    plus = "+" if question.mode == "unbounded" else ""
    return np.array([(n, n) for n in numbers], np.int64), tuple(f"{n}{plus}" for n in numbers)


def _calendar_spans(question: Retention, units: Counts, brackets: Counts) -> _Spans:
    unit, week = question.unit, question.week_starts
    least, most = int(units[0]), int(units[-1]) + int(brackets.max()) + 1
    starts = np.array([unit_start(n, unit, week) for n in range(least, most + 1)], np.int64)
    place = units[:, None] - least
    first, last = starts[place + brackets[:, 0]], starts[place + brackets[:, 1] + 1] - 1
    return _Spans(first, last, first, last)


def _rolling_spans(index: Index, question: Retention, bounds: Counts, brackets: Counts) -> _Spans:
    """From the first start of a cohort's first day to the end of the last start's period."""
    length = DAYS[question.unit]
    zone, by_day = index.calendar.zone or "UTC", index.calendar.by_day
    ends = []
    for day in bounds[:, 1].tolist():
        facts = by_day.get(day_of(day))
        ends.append(facts.end_us if facts else midnight(zone, day + 1))
    end_us = np.array(ends, np.int64)[:, None]
    return _Spans(
        first=bounds[:, :1] + brackets[:, 0] * length,
        last=bounds[:, 1:] + (brackets[:, 1] + 1) * length,
        from_us=end_us + brackets[:, 0] * length * DAY_US,
        until_us=end_us + (brackets[:, 1] + 1) * length * DAY_US,
    )


def _missing(index: Index, needed: set[str], first: Counts, last: Counts, until: int) -> Counts:
    """How many of the days from first to last are not loaded or cannot tell."""
    low = loaded_span(index)[0]
    by_day = index.calendar.by_day
    lost = [0]
    for day in range(low, until + 1):
        facts = by_day.get(day_of(day))
        lost.append(facts is None or not tells(facts, needed))
    before = np.cumsum(np.array(lost, np.int64))
    top = len(before) - 1
    start, stop = np.clip(first - low, 0, top), np.clip(last + 1 - low, 0, top)
    between: Counts = np.maximum(before[stop] - before[start], 0)
    return between


def group_of(
    frame: Frame, cells: Cells, label: tuple[str | None, ...], unbounded: bool, micros: bool
) -> RetentionGroup:
    """The cohorts of a group, from its counts.

    Args:
        frame: Which cells there are.
        cells: Counts of the group.
        label: Its label.
        unbounded: Whether cells say how long they were followed.
        micros: Whether amounts are kept in millionths.
    """
    rate, low, high = wilson_bounds(cells.counts, cells.entries[:, None])
    rates, lows, highs = rate.tolist(), low.tolist(), high.tolist()
    counts, mature, missing = cells.counts.tolist(), frame.mature.tolist(), frame.missing.tolist()
    told, followed = frame.pooled.tolist(), frame.followed.tolist()
    cohorts = []
    for place in np.flatnonzero(cells.entries).tolist():
        users, shown = int(cells.entries[place]), mature[place]
        amount = None
        if cells.amounts is not None:
            amount = _kept(_unit(cells.amounts[place].tolist(), micros), told[place])
        cohorts.append(
            Cohort(
                *frame.cohorts[place],
                users,
                _kept(counts[place], shown),
                _kept(rates[place], shown),
                _kept(lows[place], shown),
                _kept(highs[place], shown),
                amount,
                _per(amount, [users] * len(shown)),
                _kept(followed[place], shown) if unbounded else None,
                _kept(missing[place], shown),
            )
        )
    return RetentionGroup(label, tuple(cohorts), _pooled(frame, cells, micros))


def _pooled(frame: Frame, cells: Cells, micros: bool) -> Pooled:
    """All cells of a period that are complete, with not a day missing, from their counts."""
    users = (cells.entries[:, None] * frame.pooled).sum(axis=0)
    returned = (cells.counts * frame.pooled).sum(axis=0)
    there = (users > 0).tolist()
    rate, low, high = (_kept(part.tolist(), there) for part in wilson_bounds(returned, users))
    amount = None
    if cells.amounts is not None:
        amount = _kept(_unit((cells.amounts * frame.pooled).sum(axis=0).tolist(), micros), there)
    boot: list[tuple[float | None, ...] | None] = [None, None]
    if cells.interval is not None:
        found = (~np.isnan(cells.interval[0])).tolist()
        boot = [_kept(part.tolist(), found) for part in cells.interval]
    return Pooled(
        tuple(users.tolist()), tuple(returned.tolist()), rate, low, high, boot[0], boot[1],
        amount, _per(amount, users.tolist()),
    )  # fmt: skip


def _kept(values: Sequence[T], shown: Sequence[bool | int]) -> tuple[T | None, ...]:
    if all(shown):
        return tuple(values)
    return tuple([value if keep else None for value, keep in zip(values, shown, strict=True)])


def _unit(values: Sequence[int], micros: bool) -> Sequence[int | float]:
    return [value / 1_000_000 for value in values] if micros else values


def _per(
    amount: Sequence[int | float | None] | None, users: Sequence[int]
) -> tuple[float | None, ...] | None:
    if amount is None:
        return None
    return tuple(a / n if a is not None and n else None for a, n in zip(amount, users, strict=True))
