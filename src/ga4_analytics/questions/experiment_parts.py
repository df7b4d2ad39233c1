"""What an experiment is made of: who is in which variant, and what is measured of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ga4_analytics.questions.filters import EventSelector

ANY_EVENT = EventSelector()
Kind = Literal["conversion", "mean", "ratio", "retention", "funnel"]
PROPORTIONS: tuple[Kind, ...] = ("conversion", "retention", "funnel")
"""Kinds that are yes or no for each unit."""


@dataclass(frozen=True)
class Exposure:
    """Units are in the variant that their exposure events name.

    Attributes:
        event: What exposes; by default any event that has a variant.
        variant: The column of the index that names it: text, or several texts an event.
    """

    event: EventSelector = ANY_EVENT
    variant: str = "experiment_variant"


@dataclass(frozen=True)
class Members:
    """The units of a variant.

    Attributes:
        variant: Its name.
        units: Their user keys.
    """

    variant: str
    units: tuple[str, ...]


@dataclass(frozen=True)
class ListedUnits:
    """Units are in the variant that a list names; they are exposed by their first event.

    Attributes:
        members: The units of each variant.
        event: What exposes; by default any event.
    """

    members: tuple[Members, ...]
    event: EventSelector = ANY_EVENT


@dataclass(frozen=True)
class SimulatedSplit:
    """Units are split by a salted hash, to see what chance alone does: nothing was tested.

    A unit's place in [0, 1) is the first 8 bytes, as a big-endian number over 2**64, of the
    SHA-256 of ``SALT:USER_KEY`` in UTF-8; variants take [0, 1) in their order by weight.

    Attributes:
        salt: Another one makes another split.
        event: What exposes; by default any event.
    """

    salt: str
    event: EventSelector = ANY_EVENT


Assignment = Exposure | ListedUnits | SimulatedSplit


@dataclass(frozen=True)
class VariantShare:
    """A variant and the share of units that it was meant to get.

    Attributes:
        name: The variant.
        weight: Its share, up to a factor that all have in common.
    """

    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Amount:
    """What is added up for each unit.

    Attributes:
        measure: 'events': events; 'sum': a column over them; 'sessions': distinct sessions
            that have one; 'days': distinct days with one; 'orders': orders by rule; 'revenue':
            their gross revenue in US dollars, each order once.
        event: Which events; orders and revenue have their own.
        column: The column of numbers of 'sum'.
    """

    measure: Literal["events", "sum", "sessions", "days", "orders", "revenue"] = "events"
    event: EventSelector = ANY_EVENT
    column: str | None = None

    @property
    def shown(self) -> str:
        """How it is shown.

        >>> Amount("sum", EventSelector(("purchase",)), "revenue_usd").shown
        'sum(revenue_usd) of purchase'
        >>> Amount("sessions").shown, Amount("events", EventSelector(("scroll",))).shown
        ('sessions', 'events of scroll')
        """
        what = f"sum({self.column})" if self.measure == "sum" else self.measure
        if self.measure in ("orders", "revenue") or self.event == ANY_EVENT:
            return what
        return f"{what} of {self.event.shown}"


@dataclass(frozen=True)
class Metric:
    """What is measured of each unit from its exposure on.

    Attributes:
        name: How it is called.
        kind: 'conversion': whether the unit did the event; 'mean': an amount per unit;
            'ratio': an amount over another; 'retention': whether the unit did the event some
            days after its exposure; 'funnel': whether it did steps in order.
        event: The event of a conversion or retention.
        of: The amount of a mean, and what stands above in a ratio.
        per: What stands below in a ratio.
        steps: The steps of a funnel.
        days: First and last day after the exposure's day that count as a return.
        window: How long after its exposure each unit is followed, as ``7d``; empty: as the
            experiment says.
        winsorise: Share of units whose amount stays as it is, in (0, 1]; larger amounts are
            set to the largest of them.
        covariate_days: Days before the exposure of which the covariate is taken; 0: none.
        covariate: What was known before; None: the same amount.
        higher_is_better: Whether more of it is good.
    """

    name: str
    kind: Kind = "conversion"
    event: EventSelector = ANY_EVENT
    of: Amount | None = None
    per: Amount | None = None
    steps: tuple[EventSelector, ...] = ()
    days: tuple[int, int] | None = None
    window: str = ""
    winsorise: float = 1.0
    covariate_days: int = 0
    covariate: Amount | None = None
    higher_is_better: bool = True

    @property
    def is_proportion(self) -> bool:
        """Whether it is yes or no for each unit."""
        return self.kind in PROPORTIONS

    @property
    def shown(self) -> str:
        """What it measures, in words.

        >>> Metric("r", "ratio", of=Amount("revenue"), per=Amount("orders")).shown
        'revenue over orders'
        >>> Metric("back", "retention", days=(7, 13)).shown
        'any event on days 7 to 13 after the exposure'
        """
        if self.kind == "conversion":
            return f"{self.event.shown} or not"
        if self.kind == "retention" and self.days is not None:
            first, last = self.days
            when = f"day {first}" if first == last else f"days {first} to {last}"
            return f"{self.event.shown} on {when} after the exposure"
        if self.kind == "funnel":
            return " then ".join(step.shown for step in self.steps)
        above = self.of.shown if self.of is not None else "nothing"
        if self.kind == "ratio" and self.per is not None:
            return f"{above} over {self.per.shown}"
        return f"{above} per unit"


@dataclass(frozen=True)
class Guardrail:
    """A metric that must not get worse by more than a margin.

    Attributes:
        metric: The metric; it says which way is worse.
        margin: Relative change for the worse that is just not acceptable, in [0, 1).
    """

    metric: Metric
    margin: float = 0.0
