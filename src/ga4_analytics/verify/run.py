"""Recounts every mart that the index can answer and compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import pyarrow as pa

from ga4_analytics.index.reader import Index
from ga4_analytics.settings import Settings
from ga4_analytics.verify import cohorts, days, orders
from ga4_analytics.verify.compare import Checked, Recount, checked

Table = Callable[[str], pa.Table]
"""Gives a mart by name."""

RECOUNTS: tuple[Callable[[Index, Settings], Recount], ...] = (
    days.daily_active_users,
    orders.orders_of_days,
    days.daily_metrics_by_slice,
    days.event_distribution,
    days.page_performance,
    cohorts.cohort_retention,
    cohorts.retention_by_slice,
    cohorts.funnel_steps,
    orders.daily_orders,
)


@dataclass(frozen=True)
class Verification:
    """What came of comparing marts and index.

    Attributes:
        dataset: The property.
        checked: The comparisons; a mart may stand in several.
        seconds: How long it took.
    """

    dataset: str
    checked: tuple[Checked, ...]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether every value is equal."""
        return not any(found.different for found in self.checked)

    @property
    def cells(self) -> int:
        """How many values were compared."""
        return sum(found.cells for found in self.checked)


def verify(mart: Table, index: Index, settings: Settings) -> Verification:
    """Compare the marts of a dataset with its index.

    Both are made from the staged events, one by SQL and one by kernels. What they inherit from
    staging (who is a user, what is a session or an order) is the tests' oracle's to judge.

    Args:
        mart: Gives a mart by name.
        index: The index of the same data.
        settings: The settings that the marts were built with.
    """
    begun = perf_counter()
    if index.calendar.first is None:
        return Verification(index.dataset, (), perf_counter() - begun)
    found = []
    for recount in RECOUNTS:
        recounted = recount(index, settings)
        found.append(checked(recounted, mart(recounted.mart), index.dataset))
    return Verification(index.dataset, tuple(found), perf_counter() - begun)
