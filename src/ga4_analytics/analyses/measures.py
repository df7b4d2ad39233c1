"""What a series counts in a part, and how the parts' counts become its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ga4_analytics.analyses.buckets import Buckets
from ga4_analytics.analyses.whos import Array, View, Whos, is_any, summed
from ga4_analytics.index.columns import NO_NUMBER, ColumnSpec
from ga4_analytics.index.layout import U8, SessionFlag
from ga4_analytics.kernels import activity, measures
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.trends import Number, Series

Tally = tuple[Array, ...]
GREATEST = 2**63 - 1
OF_EVENTS = ("events", "sum", "average", "min", "max", "percentile")
"""Measures that count the events of nobody as well."""
WIDTHS = {"rolling_7d_users": 7, "rolling_28d_users": 28}


@dataclass(frozen=True)
class Plan:
    """What the series of a question share.

    Attributes:
        series: The series; the n-th has bit n.
        columns: The column of each, or None.
        query: Which part of the data.
        buckets: The stretches of time.
        groups: How many groups there are.
        need: Flag of an active user by day.
        first_us: First microsecond of the first loaded day.
    """

    series: tuple[Series, ...]
    columns: tuple[ColumnSpec | None, ...]
    query: Query
    buckets: Buckets
    groups: int
    need: U8
    first_us: int

    @property
    def cells(self) -> int:
        """Buckets times groups."""
        return len(self.buckets) * self.groups

    def scaled(self, place: int, value: int | float) -> int | float:
        """A number of a series' column in the column's unit."""
        spec = self.columns[place]
        return value / 1_000_000 if spec is not None and spec.kind == "micros" else value


@dataclass(frozen=True)
class Numbers:
    """The numbers of a series: one list of buckets a group, and one total a group."""

    values: list[list[Number]]
    totals: list[Number]
    numerators: list[list[Number]] | None = None
    denominators: list[list[Number]] | None = None


def tally(view: View, plan: Plan, place: int) -> Tally:
    """What a series counts in a part; `joined` puts parts together."""
    return _TALLIES[plan.series[place].measure](view, plan, place)


def joined(plan: Plan, place: int, pieces: Sequence[Tally]) -> Tally:
    """What a series counts in all parts."""
    measure = plan.series[place].measure
    if "percentile" in measure:
        return tuple(
            part
            for at in (0, 3)
            for part in _compressed(
                *(np.concatenate([piece[at + n] for piece in pieces]) for n in range(3))
            )
        )
    whole = summed(pieces)
    if measure in ("sum", "average", "min", "max"):
        stacked = np.stack([piece[0] for piece in pieces])
        whole[0][3], whole[0][4] = stacked[:, 3].min(axis=0), stacked[:, 4].max(axis=0)
    return whole


def numbers(plan: Plan, place: int, whole: Tally) -> Numbers:
    """The numbers of a series."""
    return _NUMBERS[plan.series[place].measure](plan, place, whole)


def _events(view: View, plan: Plan, place: int) -> Tally:
    counts = np.zeros(plan.cells, np.int64)
    bit = np.uint64(1 << place)
    measures.count_rows(view.bucket, view.bits, bit, view.group, plan.groups, counts)
    return (counts.reshape(-1, plan.groups).T,)


def _found(view: View, plan: Plan, place: int) -> Whos:
    if plan.buckets.hours is not None:
        return view.in_groups(place, view.bucket, len(plan.buckets))
    return view.whos(place, is_any(plan.series[place].event, plan.query.where))


def _users(view: View, plan: Plan, place: int) -> Tally:
    whos = _found(view, plan, place)
    if plan.series[place].measure == "active_users":
        whos = view.flagged(whos, plan.need)
    table, base = plan.buckets.table, plan.buckets.base
    if plan.buckets.hours is not None:
        table, base = np.arange(len(plan.buckets), dtype=np.int32), 0
    counts = np.zeros((plan.groups, len(plan.buckets)), np.int64)
    totals = np.zeros(plan.groups, np.int64)
    if plan.buckets.hours is None and view.grouping is None and _everybody_daily(whos, plan):
        return _by_user_days(whos, plan)
    activity.users_by_bucket(
        whos.offsets, whos.days, whos.first, whos.end, whos.chosen, whos.group, table, base,
        counts, totals,
    )  # fmt: skip
    return counts, totals


def _everybody_daily(whos: Whos, plan: Plan) -> bool:
    """Whether every user-day of the data counts once: then users need not be told apart."""
    table = plan.buckets.table
    return (
        len(table) == len(plan.buckets)
        and bool((table == np.arange(len(table))).all())
        and bool(whos.chosen[whos.first : whos.end].all())
    )


def _by_user_days(whos: Whos, plan: Plan) -> Tally:
    offsets = whos.offsets[whos.first : whos.end + 1]
    counts = np.zeros((4, len(plan.buckets)), np.int64)
    activity.histogram(whos.days[offsets[0] : offsets[-1]], plan.buckets.base, counts)
    # The days of all users are those on which each was there: everybody has one.
    everybody = len(whos.flags) > 0
    users = len(offsets) - 1 if everybody else np.count_nonzero(offsets[1:] != offsets[:-1])
    return counts.sum(axis=0, keepdims=True), np.array([users], np.int64)


def _new_users(view: View, plan: Plan, place: int) -> Tally:
    whos = _found(view, plan, place)
    counts = np.zeros((plan.groups, len(plan.buckets)), np.int64)
    totals = np.zeros(plan.groups, np.int64)
    activity.new_by_bucket(
        whos.offsets, whos.days, whos.first, whos.end, whos.chosen, whos.group, whos.user,
        view.origins(plan.first_us), view.origin_base(whos), plan.buckets.table,
        plan.buckets.base, counts, totals,
    )  # fmt: skip
    return counts, totals


def _rolling(view: View, plan: Plan, place: int) -> Tally:
    width = WIDTHS[plan.series[place].measure]
    changes = np.zeros((plan.groups, view.days + width + 1), np.int64)
    whos = _found(view, plan, place)
    if not len(whos.flags):
        whos = view.flagged(whos, plan.need)
    activity.rolling(
        whos.offsets, whos.days, whos.first, whos.end, whos.chosen, whos.group, whos.flags,
        plan.need, view.base, width, changes,
    )  # fmt: skip
    return (changes,)


def _sessions(view: View, plan: Plan, place: int) -> Tally:
    part, segment = view.part, view.part.segment
    first, end = (int(segment.user_session[u]) for u in (part.first_user, part.end_user))
    counts = np.zeros(plan.cells, np.int64)
    seen = np.zeros(end - first, np.uint8)
    if plan.series[place].measure == "engaged_sessions":
        seen[(segment.session_flags[first:end] & SessionFlag.ENGAGED) == 0] = 1
    measures.count_sessions(
        segment.user_row, segment.user_visit, segment.visit_row, segment.visit_session,
        segment.user_session, segment.session_row, part.first_user, part.end_user, view.bucket,
        view.bits, np.uint64(1 << place), view.group, plan.groups, seen, counts,
    )  # fmt: skip
    return (counts.reshape(-1, plan.groups).T,)


def _values(view: View, plan: Plan, place: int) -> Array:
    spec = plan.columns[place]
    assert spec is not None
    return view.part.segment.columns[spec.name][view.part.first_row : view.part.end_row]


def _sums(view: View, plan: Plan, place: int) -> Tally:
    tallies = np.zeros((5, plan.cells), np.int64)
    tallies[3], tallies[4] = GREATEST, -GREATEST - 1
    measures.sum_rows(
        view.bucket, view.bits, np.uint64(1 << place), view.group, plan.groups,
        _values(view, plan, place), NO_NUMBER, tallies,
    )  # fmt: skip
    return (tallies.reshape(5, -1, plan.groups).transpose(0, 2, 1),)


def _per_user(view: View, plan: Plan, place: int) -> Tally:
    above = _events if plan.columns[place] is None else _sums
    return (*above(view, plan, place), *_users(view, plan, place))


def _percentile(view: View, plan: Plan, place: int) -> Tally:
    values = _values(view, plan, place)
    meets = (view.bucket >= 0) & ((view.bits & np.uint64(1 << place)) != 0) & (values != NO_NUMBER)
    rows = np.flatnonzero(meets)
    group = np.zeros(len(rows), np.int64) if view.group is None else view.group[rows]
    cells = group.astype(np.int64) * len(plan.buckets) + view.bucket[rows]
    return (*_counted(cells, values[rows]), *_counted(group, values[rows]))


def _percentile_per_user(view: View, plan: Plan, place: int) -> Tally:
    buckets = len(plan.buckets)
    whole = np.where(view.bucket < 0, np.int32(-1), np.int32(0))
    bucketed = _users_values(view, plan, place, view.bucket, buckets)
    return (*bucketed, *_users_values(view, plan, place, whole, 1))


def _users_values(view: View, plan: Plan, place: int, bucket: Array, buckets: int) -> Tally:
    """Distinct cells (group, then bucket) and users' values in them, and how many users."""
    part = view.part
    values = None if plan.columns[place] is None else _values(view, plan, place)
    cells, out = np.empty(view.rows, np.int64), np.empty(view.rows, np.int64)
    room = buckets * plan.groups
    count = measures.per_user(
        part.segment.user_row, part.first_user, part.end_user, bucket, view.bits,
        np.uint64(1 << place), view.group, plan.groups, values, NO_NUMBER,
        np.zeros(room, np.int64), np.empty(room, np.int64), cells, out,
    )  # fmt: skip
    found = cells[:count]
    return _counted(found % plan.groups * buckets + found // plan.groups, out[:count])


def _counted(cells: Array, values: Array) -> Tally:
    return _compressed(cells, values, np.ones(len(cells), np.int64))


def _compressed(cells: Array, values: Array, counts: Array) -> Tally:
    """Distinct pairs of cell and value in order, and the sum of their counts."""
    order = np.lexsort((values, cells))
    cells, values, counts = cells[order], values[order], counts[order]
    starts = np.ones(len(cells), bool)
    starts[1:] = (cells[1:] != cells[:-1]) | (values[1:] != values[:-1])
    at = np.flatnonzero(starts)
    total = np.add.reduceat(counts, at) if len(at) else counts[:0]
    return cells[at].astype(np.int64), values[at].astype(np.int64), total


def _counts(plan: Plan, place: int, whole: Tally) -> Numbers:
    counts = whole[0]
    totals = whole[1] if len(whole) > 1 else counts.sum(axis=1)
    return Numbers(counts.tolist(), totals.tolist())


def _rolled(plan: Plan, place: int, whole: Tally) -> Numbers:
    running = np.cumsum(whole[0], axis=1)
    inside = plan.buckets.table >= 0
    values: list[list[Number]] = [[None] * len(plan.buckets) for _ in range(plan.groups)]
    for group in range(plan.groups):
        for day in np.flatnonzero(inside):
            values[group][plan.buckets.table[day]] = int(running[group, day])
    return Numbers(values, [None] * plan.groups)


def _exact(tallies: Array) -> list[list[int]]:
    """Sums as whole numbers without bound, from their upper and lower halves."""
    return [
        [(high << 32) + low for high, low in zip(*pair, strict=True)]
        for pair in zip(tallies[1].tolist(), tallies[2].tolist(), strict=True)
    ]


def _summed(plan: Plan, place: int, whole: Tally) -> Numbers:
    measure, known = plan.series[place].measure, whole[0][0].tolist()
    sums = _exact(whole[0])
    if measure == "sum":
        values = [[plan.scaled(place, v) for v in line] for line in sums]
        return Numbers(values, [plan.scaled(place, sum(line)) for line in sums])  # type: ignore[arg-type]
    if measure == "average":
        return _ratios(
            [[plan.scaled(place, v) for v in line] for line in sums],
            known,
            [plan.scaled(place, sum(line)) for line in sums],
            [sum(line) for line in known],
        )
    pick: Callable[..., Any] = min if measure == "min" else max
    ends = whole[0][3 if measure == "min" else 4].tolist()
    kept = [
        [plan.scaled(place, v) if n else None for v, n in zip(line, ns, strict=True)]
        for line, ns in zip(ends, known, strict=True)
    ]
    totals = [pick([v for v in line if v is not None], default=None) for line in kept]
    return Numbers(kept, totals)


def _ratios(
    above: Sequence[Sequence[Number]],
    below: Sequence[Sequence[int]],
    total_above: Sequence[Number],
    total_below: Sequence[int],
) -> Numbers:
    def ratio(a: Number, b: int) -> Number:
        return a / b if b and a is not None else None

    values = [
        [ratio(*pair) for pair in zip(*lines, strict=True)]
        for lines in zip(above, below, strict=True)
    ]
    totals = [ratio(*pair) for pair in zip(total_above, total_below, strict=True)]
    return Numbers(values, totals, [list(v) for v in above], [list(v) for v in below])


def _averaged(plan: Plan, place: int, whole: Tally) -> Numbers:
    users, all_users = whole[-2].tolist(), whole[-1].tolist()
    if plan.columns[place] is None:
        above: list[list[Number]] = whole[0].tolist()
        totals: list[Number] = whole[0].sum(axis=1).tolist()
    else:
        sums = _exact(whole[0])
        above = [[plan.scaled(place, v) for v in line] for line in sums]
        totals = [plan.scaled(place, sum(line)) for line in sums]
    return _ratios(above, users, totals, all_users)


def _percentiles(plan: Plan, place: int, whole: Tally) -> Numbers:
    share, buckets = plan.series[place].percentile / 100, len(plan.buckets)
    flat = _quantiles(plan, place, whole[:3], plan.groups * buckets, share)
    values = [flat[group * buckets : (group + 1) * buckets] for group in range(plan.groups)]
    return Numbers(values, _quantiles(plan, place, whole[3:], plan.groups, share))


def _quantiles(plan: Plan, place: int, found: Tally, cells: int, share: float) -> list[Number]:
    """The percentile of each cell, between neighbours on a straight line."""
    out: list[Number] = [None] * cells
    cell, values, counts = found
    bounds = np.searchsorted(cell, np.arange(cells + 1))
    for number in range(cells):
        first, end = int(bounds[number]), int(bounds[number + 1])
        if first == end:
            continue
        until = np.cumsum(counts[first:end])
        at = (int(until[-1]) - 1) * share
        low = int(values[first + int(np.searchsorted(until, int(at), side="right"))])
        after = min(int(at) + 1, int(until[-1]) - 1)
        high = int(values[first + int(np.searchsorted(until, after, side="right"))])
        out[number] = plan.scaled(place, low + (high - low) * (at - int(at)))
    return out


_TALLIES: dict[str, Callable[[View, Plan, int], Tally]] = {
    "events": _events, "users": _users, "sessions": _sessions, "active_users": _users,
    "engaged_sessions": _sessions,
    "new_users": _new_users, "rolling_7d_users": _rolling, "rolling_28d_users": _rolling,
    "sum": _sums, "average": _sums, "min": _sums, "max": _sums, "percentile": _percentile,
    "per_user": _per_user, "percentile_per_user": _percentile_per_user,
}  # fmt: skip
_NUMBERS: dict[str, Callable[[Plan, int, Tally], Numbers]] = {
    "events": _counts, "users": _counts, "sessions": _counts, "active_users": _counts,
    "engaged_sessions": _counts,
    "new_users": _counts, "rolling_7d_users": _rolled, "rolling_28d_users": _rolled,
    "sum": _summed, "average": _summed, "min": _summed, "max": _summed,
    "percentile": _percentiles, "per_user": _averaged, "percentile_per_user": _percentiles,
}  # fmt: skip
