"""Orders: which purchases have an id, which repeat or contradict another, what they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.allocate import apportion, choose, rank_within
from ga4_analytics.sources.synthetic.catalogue import baskets
from ga4_analytics.sources.synthetic.draws import Floats, Ints, quantiles, uniform, words
from ga4_analytics.sources.synthetic.published import (
    EVENTS,
    REPEATED_ORDER_EVENTS,
    REPEATED_ORDER_IDS,
    Calendar,
)
from ga4_analytics.sources.synthetic.spec import SampleSpec

MICROS = 1_000_000
_ID_SPACE = 999_983
"""The largest prime of six digits: multiplying within it never gives an id twice."""
_NO_VALUE_SHARE = 0.494
_CONFLICTS_SAME_USER, _CONFLICTS_OTHER_USER = 7, 11
_LEAST_FOR_PLANTS = 20
_BACKGROUND = 0.05
_OUTAGE_SHARES = {86: 0.60, 87: 0.78, 88: 0.93, 89: 0.89, 90: 0.84, 91: 1.0}
_OUTAGE_SHARES.update(dict.fromkeys(range(10), 1.0))
"""Share of purchases without a valid id, by day of the published calendar (two outages)."""


@dataclass(frozen=True)
class Orders:
    """Purchase events, in the order of their session and time.

    Attributes:
        session: The session of each.
        number: The order's number; -1 without a valid id. Equal numbers share an id.
        invalid_as: How a missing id is written, by position in `INVALID_IDS`.
        basket: Position in `baskets()`.
        has_value: Whether the event carries revenue.
        repeats: Whether it repeats the purchase event before it.
        conflicts: Whether it carries another order's id with its own value.
    """

    session: Ints
    number: Ints
    invalid_as: Ints
    basket: Ints
    has_value: NDArray[np.bool_]
    repeats: NDArray[np.bool_]
    conflicts: NDArray[np.bool_]

    def transaction_ids(self) -> list[str | None]:
        """The id of each as the export has it; six digits, some with zeros in front."""
        return [
            f"{(number * 617_347 + 77_777) % _ID_SPACE:06d}" if number >= 0 else INVALID_IDS[way]
            for number, way in zip(self.number.tolist(), self.invalid_as.tolist(), strict=True)
        ]

    def revenue_micros(self) -> Ints:
        """Revenue of each in micro-units of US dollars; 0 where it carries none."""
        values = np.array([basket.value for basket in baskets()], np.int64) * MICROS
        return np.where(self.has_value, values[self.basket], 0)


INVALID_IDS: tuple[str | None, ...] = ("(not set)", "(not set)", None, "")


def _some(u: Floats, able: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Choose ``count`` of the able ones."""
    return choose(u, able * 1.0, np.zeros(len(u), np.int64), np.array([count]))


def _invalid(spec: SampleSpec, plan: Calendar, day: Ints) -> NDArray[np.bool_]:
    """Mark the purchases without a valid id: two outages, and a few on every day."""
    shares = np.array([_OUTAGE_SHARES.get(int(row), _BACKGROUND) for row in plan.rows])
    by_day = np.bincount(day, minlength=spec.days)
    expected = shares * by_day
    whole = np.minimum(apportion(expected, int(expected.sum() + 0.5)), by_day)
    u = uniform(spec.seed, "no order id", np.arange(len(day)))
    return choose(u, np.ones(len(day)), day, whole)


def plan_orders(spec: SampleSpec, plan: Calendar, session: Ints, day: Ints) -> Orders:
    """Give each purchase event an id and a basket.

    Args:
        spec: The sample's seed.
        plan: What is expected of its days.
        session: The session of each purchase event, ascending.
        day: The day of each.

    Returns:
        The orders; repeated, contradicting and missing ids in their published shares.
    """
    count = len(session)
    keys = np.arange(count)
    size = count / EVENTS["purchase"]
    least = 1 if count >= _LEAST_FOR_PLANTS else 0
    invalid = _invalid(spec, plan, day)
    again = (rank_within(session) > 0) & ~invalid
    again[1:] &= ~invalid[:-1]
    u = uniform(spec.seed, "repeat", keys)
    extra = REPEATED_ORDER_EVENTS - REPEATED_ORDER_IDS
    repeats = _some(u, again, max(least, int(extra * size + 0.5)))
    source = np.where(repeats, keys - 1, keys)
    while (source[source] != source).any():
        source = source[source]
    number = np.where(invalid, -1, keys)[source]
    own_conflict = _some(u, again & ~repeats, max(least, int(_CONFLICTS_SAME_USER * size + 0.5)))
    number[own_conflict] = number[np.flatnonzero(own_conflict) - 1]
    single = ~invalid & ~repeats & ~own_conflict & (np.bincount(source, minlength=count) == 1)
    single[:-1] &= ~own_conflict[1:]
    foreign = _some(u, single, max(least, int(_CONFLICTS_OTHER_USER * size + 0.5)))
    givers = np.flatnonzero(single & ~foreign)
    if len(givers):
        pick = words(spec.seed, "id giver", np.flatnonzero(foreign)) % np.uint64(len(givers))
        number[foreign] = number[givers[pick.astype(np.int64)]]
    basket = np.zeros(count, np.int64)
    for some, name in ((~invalid, "basket"), (invalid, "basket without id")):
        basket[some] = quantiles(spec.seed, name, int(some.sum())) * len(baskets())
    empty = quantiles(spec.seed, "no value", count)
    has_value = ~invalid | (empty >= _NO_VALUE_SHARE)
    way = (quantiles(spec.seed, "no id way", count) * len(INVALID_IDS)).astype(np.int64)
    return Orders(session, number, way, basket[source], has_value, repeats, own_conflict | foreign)
