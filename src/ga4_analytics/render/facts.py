"""Sums over days of what may be added: counts, never rates and never distinct users.

The marts own every number; here their rows become the few totals that the summary and
the report both show. A total is None where no day has the number, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.stats.proportions import Proportion, wilson

Row = Mapping[str, Any]


class Published(Protocol):
    """A published snapshot, as far as showing it goes."""

    @property
    def status(self) -> dict[str, Any]:
        """The content of ``status.json``."""
        ...

    def table(self, name: str) -> pa.Table:
        """One mart."""
        ...


@dataclass(frozen=True)
class Headline:
    """A dataset's totals; money in micro-units of US dollars.

    Attributes:
        first_day: The first loaded day.
        last_day: The last loaded day.
        days: Loaded days.
        complete_days: Those of which all events are there.
        final_days: Those that will not change any more.
        events: Events kept.
        users: Distinct users of the whole range.
        sessions: Sessions, each on the day of its first event.
        engaged: Engaged sessions of these.
        page_views: Page and screen views.
        orders: Orders, repeated purchase events removed.
        purchases: Purchase events.
        revenue: Gross revenue of the orders.
        raw_revenue: Revenue summed over purchase events.
    """

    first_day: date
    last_day: date
    days: int
    complete_days: int
    final_days: int
    events: int | None
    users: int | None
    sessions: int | None
    engaged: Proportion | None
    page_views: int | None
    orders: int | None
    purchases: int | None
    revenue: int | None
    raw_revenue: int | None


@dataclass(frozen=True)
class FunnelStep:
    """One step of a funnel over many entry days.

    Attributes:
        step: Its number, from 1.
        name: The event.
        users: Entries that reached it; a user counts once per entry day.
        conversion: Share of all entries.
        from_previous: Share of those that reached the step before; None for the first.
    """

    step: int
    name: str
    users: int
    conversion: Proportion | None
    from_previous: Proportion | None


@dataclass(frozen=True)
class FunnelTotals:
    """A funnel over its mature entry days.

    Attributes:
        funnel: Its name.
        steps: Its steps in order.
        entered: Entries on mature days.
        dropped: Of these, without conversion.
        young_entered: Entries on later days, which may still convert; not in ``steps``.
        young_open: Of these, not converted and with their window open.
        young_converted: Of these, converted already.
    """

    funnel: str
    steps: tuple[FunnelStep, ...]
    entered: int
    dropped: int
    young_entered: int
    young_open: int
    young_converted: int


def rows_of(published: Published, mart: str, dataset: str) -> list[dict[str, Any]]:
    """One dataset's rows of a mart, in the mart's order."""
    table = published.table(mart)
    found: list[dict[str, Any]] = table.filter(pc.equal(table["dataset"], dataset)).to_pylist()
    return found


def dataset_facts(published: Published, dataset: str) -> dict[str, Any]:
    """What the status says of a dataset; empty where it is not there."""
    return next((d for d in published.status["datasets"] if d["dataset"] == dataset), {})


def total(rows: Iterable[Row], column: str) -> int | None:
    """Add a count up over rows; rows without it are left out.

    >>> total([{"n": 2}, {"n": None}, {"n": 3}], "n")
    5
    >>> total([{"n": None}], "n") is None
    True
    """
    values = [row[column] for row in rows if row[column] is not None]
    return sum(values) if values else None


def ranked(
    published: Published, mart: str, dataset: str, keys: Sequence[str], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Add a mart's counts up by name over all days, the largest first.

    Args:
        published: A snapshot.
        mart: The mart.
        dataset: The property.
        keys: The columns that name a row.
        columns: The counts to add; the first one ranks.

    Returns:
        One row per name; a count that no day has is None.
    """
    table = published.table(mart)
    own = table.filter(pc.equal(table["dataset"], dataset))
    sums = own.group_by(list(keys)).aggregate([(column, "sum") for column in columns])
    rows = [
        {key: row[key] for key in keys} | {name: row[f"{name}_sum"] for name in columns}
        for row in sums.to_pylist()
    ]
    return sorted(rows, key=lambda row: (-(row[columns[0]] or 0), *(str(row[k]) for k in keys)))


def share(part: int | None, whole: int | None) -> Proportion | None:
    """A proportion of two totals, None where one is missing or the whole is 0.

    >>> share(1, 4).value
    0.25
    >>> share(None, 4) is None
    True
    """
    return None if part is None or whole is None else wilson(part, whole)


def headline(published: Published, dataset: str) -> Headline | None:
    """A dataset's totals, or None where it has no day."""
    days = rows_of(published, "daily_active_users", dataset)
    if not days:
        return None
    sessions = total(days, "sessions")
    return Headline(
        first_day=days[0]["event_date"],
        last_day=days[-1]["event_date"],
        days=len(days),
        complete_days=sum(bool(row["is_complete"]) for row in days),
        final_days=sum(bool(row["is_final"]) for row in days),
        events=total(days, "events"),
        users=dataset_facts(published, dataset).get("users"),
        sessions=sessions,
        engaged=share(total(days, "engaged_sessions"), sessions),
        page_views=total(days, "page_views"),
        orders=total(days, "orders"),
        purchases=total(days, "purchases"),
        revenue=total(days, "revenue_usd_micros"),
        raw_revenue=total(days, "raw_revenue_usd_micros"),
    )


def pooled_retention(rows: Sequence[Row]) -> dict[int, Proportion]:
    """Pool the counts of the complete cells by day number.

    Args:
        rows: Rows of ``cohort_retention``.

    Returns:
        Day number to the share of users who came back on it; days without a complete
        cell are absent.

    >>> cell = {"day_number": 1, "cohort_users": 10, "is_complete": True}
    >>> rows = [cell | {"retained_users": 1}, cell | {"retained_users": 2}]
    >>> pooled_retention(rows)[1].value
    0.15
    """
    counts: dict[int, tuple[int, int]] = {}
    for row in rows:
        if row["retained_users"] is not None:
            retained, users = counts.get(row["day_number"], (0, 0))
            counts[row["day_number"]] = (
                retained + row["retained_users"],
                users + row["cohort_users"],
            )
    pooled = {day: wilson(*counts[day]) for day in sorted(counts)}
    return {day: found for day, found in pooled.items() if found is not None}


def funnel_totals(rows: Sequence[Row], funnel: str) -> FunnelTotals | None:
    """Add a funnel up over its mature entry days.

    Args:
        rows: Rows of ``funnel_steps``.
        funnel: Its name.

    Returns:
        The totals, or None where nobody entered it.
    """
    own = [row for row in rows if row["funnel"] == funnel]
    last = max((row["step"] for row in own), default=0)
    ends = [row for row in own if row["step"] == last]
    young = [row for row in ends if not row["is_mature"]]
    mature = [row for row in ends if row["is_mature"]]
    if not own:
        return None
    entered = total(mature, "entered_users") or 0
    steps: list[FunnelStep] = []
    for number in range(1, last + 1):
        at_step = [row for row in own if row["step"] == number]
        users = total([row for row in at_step if row["is_mature"]], "users") or 0
        before = steps[-1].users if steps else None
        name = at_step[0]["step_name"]
        steps.append(FunnelStep(number, name, users, share(users, entered), share(users, before)))
    return FunnelTotals(
        funnel,
        tuple(steps),
        entered,
        total(mature, "dropped_users") or 0,
        total(young, "entered_users") or 0,
        total(young, "open_users") or 0,
        total(young, "users") or 0,
    )
