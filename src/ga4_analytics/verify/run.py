"""Recounts every mart that the index can answer and compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import pyarrow as pa

from ga4_analytics.errors import BuildError
from ga4_analytics.index.reader import Index
from ga4_analytics.progress import Advance
from ga4_analytics.settings import Settings
from ga4_analytics.verify import cohorts, days, orders
from ga4_analytics.verify.compare import Checked, Recount, checked

Table = Callable[[str], pa.Table]
"""Gives a mart by name."""

RECOUNTS: tuple[Callable[[Index, Settings], Recount | tuple[Recount, ...]], ...] = (
    orders.of_days,
    days.daily_metrics_by_slice,
    days.event_distribution,
    days.page_performance,
    cohorts.cohort_retention,
    cohorts.retention_by_slice,
    cohorts.funnel_steps,
)


@dataclass(frozen=True)
class Verification:
    """What came of comparing marts and index.

    Attributes:
        dataset: The property.
        checked: The comparisons, one a mart.
        seconds: How long it took.
    """

    dataset: str
    checked: tuple[Checked, ...]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether every value is equal."""
        return not any(found.different for found in self.checked)

    def require(self) -> None:
        """Refuse marts and an index that disagree.

        Raises:
            BuildError: A value differs; the message shows the first ones.
        """
        wrong = [found for found in self.checked if found.different]
        if not wrong:
            return
        shown = "; ".join(f"{found.mart}: {found.examples[0]}" for found in wrong)
        raise BuildError(
            f"Marts and index of {self.dataset} disagree in "
            f"{sum(found.different for found in wrong):,} values. {shown}",
            rule="Both are made from the same events and must agree to the last unit; what was "
            "published stays.",
            remedy="Run `ga4 build` again; if it stays so, this is a fault of the program.",
        )

    def to_dict(self) -> dict[str, Any]:
        """What ``--json`` and a snapshot's status say."""
        return {
            "dataset": self.dataset,
            "agrees": self.agrees,
            "cells": self.cells,
            "seconds": round(self.seconds, 3),
            "marts": [asdict(found) for found in self.checked],
        }

    @property
    def cells(self) -> int:
        """How many values were compared."""
        return sum(found.cells for found in self.checked)


def verify(
    mart: Table, index: Index, settings: Settings, advance: Advance = lambda marts: None
) -> Verification:
    """Compare the marts of a dataset with its index.

    Both are made from the staged events, one by SQL and one by kernels. What they inherit from
    staging (who is a user, what is a session or an order) is the tests' oracle's to judge.

    Args:
        mart: Gives a mart by name.
        index: The index of the same data.
        settings: The settings that the marts were built with.
        advance: Told of each comparison.
    """
    begun = perf_counter()
    if index.calendar.first is None:
        return Verification(index.dataset, (), perf_counter() - begun)
    found = []
    for recount in RECOUNTS:
        recounted = recount(index, settings)
        for each in recounted if isinstance(recounted, tuple) else (recounted,):
            found.append(checked(each, mart(each.mart), index.dataset))
            advance(1)
    return Verification(index.dataset, tuple(found), perf_counter() - begun)
