"""Purchases told again under their id, and purchases without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.catalogue import baskets
from ga4_analytics.sources.synthetic.commerce import INVALID_IDS, Orders
from ga4_analytics.sources.synthetic.draws import Ints, below, uniform
from ga4_analytics.sources.synthetic.plants.grafts import events_of, first_key, with_orders
from ga4_analytics.sources.synthetic.published import CODE
from ga4_analytics.sources.synthetic.sample import Events, Sample
from ga4_analytics.sources.synthetic.truth import days_of, tell_orders

NAME = "orders"
_AGAIN, _WITHOUT_ID = 0.15, 0.10
_SPELLINGS = {"(not set)": 0, "null": 2, "empty": 3}
"""Ways to have no id, positions in `INVALID_IDS`."""


@dataclass(frozen=True)
class PlantedOrders:
    """The truth about orders.

    Attributes:
        repeats: Purchase events that were added under the id of the one before.
        without_id: Purchase events that were added without an id.
        name: The plant.
    """

    repeats: int
    without_id: int
    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Raw purchases, orders by the rule, and how missing ids are spelled."""
        events, orders = sample.events, sample.orders
        rows = np.flatnonzero((events.order >= 0) & ~events.is_duplicate)
        order = events.order[rows]
        day = days_of(sample, events.ts[rows])
        loose = orders.number[order] < 0
        texts = [INVALID_IDS[way] for way in orders.invalid_as[order[loose]].tolist()]
        user = sample.sessions.user[orders.session[order]]
        own = np.where(loose, -1 - order, orders.number[order])
        _, first = np.unique(np.stack([user, own]), axis=1, return_index=True)
        rule, money = tell_orders(sample), orders.revenue_micros()[order]
        return {
            "added_repeats": self.repeats,
            "added_without_id": self.without_id,
            "purchase_events": rule.purchase_events,
            "orders": rule.orders,
            "orders_with_id": rule.orders_with_id,
            "repeated_events": rule.repeated_events,
            "without_id": {name: texts.count(INVALID_IDS[way]) for name, way in _SPELLINGS.items()},
            "raw_revenue_micros": rule.raw_revenue_micros,
            "order_revenue_micros": rule.order_revenue_micros,
            "purchase_events_by_day": _by_day(sample, day),
            "orders_by_day": _by_day(sample, day[first]),
            "order_revenue_micros_by_day": _by_day(sample, day[first], money[first]),
        }


def _by_day(sample: Sample, day: Ints, amounts: Ints | None = None) -> dict[str, int]:
    totals = np.zeros(sample.spec.days, np.int64)
    np.add.at(totals, day, 1 if amounts is None else amounts)
    return {str(sample.spec.day(i)): int(n) for i, n in enumerate(totals)}


def _picked(base: Sample, rows: Ints, stream: str, share: float) -> Ints:
    """Some purchases, at least one; at most five minutes are to follow on their day."""
    u = uniform(base.spec.seed, f"{NAME}/{stream}", base.events.key[rows])
    able = days_of(base, base.events.ts[rows] + 300_000_000) == days_of(base, base.events.ts[rows])
    rows, u = rows[able], u[able]
    chosen: NDArray[np.bool_] = u < share
    chosen[np.argsort(u)[:1]] = True
    return rows[chosen]


def plant_orders(base: Sample, grown: Sample) -> tuple[Sample, Events, PlantedOrders]:
    """Tell one purchase in seven again, and follow one in ten by another one without id."""
    events, seed, own = base.events, base.spec.seed, base.orders
    bought = np.flatnonzero((events.order >= 0) & ~events.is_duplicate)
    again = _picked(base, bought[own.number[events.order[bought]] >= 0], "again", _AGAIN)
    loose = _picked(base, bought, "without id", _WITHOUT_ID)
    rows = np.concatenate([again, loose])
    key, source = events.key[rows], events.order[rows]
    is_again = np.arange(len(rows)) < len(again)
    ways = np.array(list(_SPELLINGS.values()))
    added = Orders(
        session=own.session[source],
        number=np.where(is_again, own.number[source], -1),
        invalid_as=ways[below(seed, f"{NAME}/way", key, len(ways))],
        basket=np.where(
            is_again, own.basket[source], below(seed, f"{NAME}/basket", key, len(baskets()))
        ),
        has_value=np.where(is_again, own.has_value[source], True),
        repeats=is_again,
        conflicts=np.zeros(len(rows), np.bool_),
    )
    seconds = 2 + below(seed, f"{NAME}/wait", key, 28) + np.where(is_again, 0, 60)
    told = events_of(
        ts=events.ts[rows] + seconds * 1_000_000 + 1,
        code=np.full(len(rows), CODE["purchase"]),
        session=events.session[rows],
        page=events.page[rows],
        order=len(own.session) + np.arange(len(rows)),
        gap_ms=seconds * 1_000,
        key=first_key(NAME) + np.arange(len(rows)),
    )
    return with_orders(grown, added), told, PlantedOrders(len(again), len(loose))
