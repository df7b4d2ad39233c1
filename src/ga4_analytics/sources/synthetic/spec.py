"""What sample is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import available_timezones

import numpy as np

from ga4_analytics.errors import SettingsError
from ga4_analytics.sources.synthetic.draws import Ints
from ga4_analytics.sources.zones import day_start_us, transitions

Shape = Literal["skinny", "flat", "console", "ndjson", "parquet"]
SHAPES: tuple[Shape, ...] = ("skinny", "flat", "console", "ndjson", "parquet")
PLANTS: tuple[str, ...] = (
    "experiment", "churn", "duplicates", "consentless", "orders", "midnight", "dst", "outage",
    "ties", "late", "intraday",
)  # fmt: skip
"""What can be put into a sample on purpose, in the order in which it is."""
_BEYOND: dict[Shape, tuple[str, ...]] = {
    "skinny": ("experiment", "ties", "intraday"),
    "flat": ("intraday",),
    "console": ("intraday",),
}
"""What a shape lacks the columns or the tables for."""
MAX_SCALE = 20.0
LEAST_DAYS = 7
Progress = Callable[[int], None]
"""Told how many more events were written."""


@dataclass(frozen=True)
class SampleSpec:
    """The size, the days and the seed of a sample.

    Attributes:
        scale: Size as a fraction of Google's public sample (1.0 = 4.3 million events).
        seed: Another seed gives other people who do the same amount.
        start: The first day.
        days: How many days.
        zone: The property's time zone, by its IANA name.
        plants: What is put in on purpose, some of `PLANTS`.
    """

    scale: float = 0.1
    seed: int = 7
    start: date = date(2020, 11, 1)
    days: int = 92
    zone: str = "UTC"
    plants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.scale <= MAX_SCALE:
            raise SettingsError(
                f"The sample's scale is {self.scale}.",
                rule=f"It must be above 0 and at most {MAX_SCALE:g}.",
                remedy="1.0 makes 4.3 million events; try 0.1.",
            )
        if not 1 <= self.days <= 1000:
            raise SettingsError(
                f"The sample's number of days is {self.days}.",
                rule="It must be from 1 to 1000.",
                remedy="Try 92.",
            )
        _check_zone(self.zone)
        _check_plants(self)

    def day(self, index: int) -> date:
        """The calendar date of a day of the sample, counted from 0.

        Example:
            >>> SampleSpec().day(91)
            datetime.date(2021, 1, 31)
        """
        return self.start + timedelta(days=index)

    @property
    def start_us(self) -> int:
        """The first day's first instant, microseconds since 1970-01-01 UTC.

        Example:
            >>> SampleSpec().start_us
            1604188800000000
        """
        return (self.start - date(1970, 1, 1)).days * 86_400_000_000

    def midnights(self) -> Ints:
        """Where each day begins and the last one ends, microseconds since `start_us`.

        Example:
            >>> hours = SampleSpec(days=2, zone="America/New_York").midnights() / 3.6e9
            >>> hours.tolist()
            [4.0, 29.0, 53.0]
        """
        days = [day_start_us(self.zone, self.day(index)) for index in range(self.days + 1)]
        return np.array(days, np.int64) - self.start_us

    def clock_changes(self) -> list[tuple[int, int, int]]:
        """The changes of the zone's offset inside the days, a whole day from either end.

        Returns:
            Microseconds UTC, and the offset in minutes before and after it.

        Example:
            >>> spec = SampleSpec(start=date(2021, 3, 1), days=40, zone="Europe/Berlin")
            >>> spec.clock_changes()
            [(1616893200000000, 60, 120)]
        """
        found = transitions(self.zone, self.day(0), self.day(self.days))
        first, last = day_start_us(self.zone, self.day(1)), self.day(self.days - 1)
        end = day_start_us(self.zone, last)
        return [
            (after.start_us, before.offset_min, after.offset_min)
            for before, after in pairwise(found)
            if first <= after.start_us < end
        ]


def carried(shape: Shape) -> tuple[str, ...]:
    """What can be planted so that a shape shows it.

    Example:
        >>> "intraday" in carried("ndjson"), "intraday" in carried("flat")
        (True, False)
    """
    return tuple(name for name in PLANTS if name not in _BEYOND.get(shape, ()))


def parse_plants(text: str, shape: Shape) -> tuple[str, ...]:
    """Read a list of names.

    Args:
        text: Names with commas between, or ``all`` for whatever the shape can carry.
        shape: The shape to be written.

    Example:
        >>> parse_plants("outage, churn", "skinny")
        ('churn', 'outage')
    """
    names = {name.strip() for name in text.split(",") if name.strip()}
    if names == {"all"}:
        return carried(shape)
    unknown = sorted(names - set(PLANTS))
    if unknown:
        raise _unknown(unknown[0])
    check_carried(tuple(names), shape)
    return tuple(name for name in PLANTS if name in names)


def check_carried(plants: tuple[str, ...], shape: Shape) -> None:
    """Refuse what a shape cannot show.

    Raises:
        SettingsError: The shape lacks its columns or tables.
    """
    lost = [name for name in plants if name in _BEYOND.get(shape, ())]
    if lost:
        raise SettingsError(
            f"The shape {shape} cannot carry the plant {lost[0]!r}.",
            rule="It needs columns or tables that only some shapes have.",
            remedy=f"Take one of {', '.join(carried(shape))}, or another --shape.",
        )


def _unknown(name: str) -> SettingsError:
    return SettingsError(
        f"Nothing is known to plant under the name {name!r}.",
        rule=f"The plants are {', '.join(PLANTS)}; 'all' is all that the shape can carry.",
        remedy="Check its spelling.",
    )


def _check_zone(zone: str) -> None:
    if zone not in available_timezones():
        raise SettingsError(
            f"The sample's time zone is {zone!r}.",
            rule="It must be an IANA name.",
            remedy="Try Europe/Berlin or America/New_York.",
        )


def _check_plants(spec: SampleSpec) -> None:
    if unknown := sorted(set(spec.plants) - set(PLANTS)):
        raise _unknown(unknown[0])
    if spec.plants and spec.days < LEAST_DAYS:
        raise SettingsError(
            f"The sample has {spec.days} days, too few to plant something in.",
            rule=f"It takes at least {LEAST_DAYS} days.",
            remedy="Ask for more days, or plant nothing.",
        )
    ways = {after > before for _, before, after in spec.clock_changes()}
    if "dst" in spec.plants and len(ways) < 2:
        raise SettingsError(
            f"The clocks of {spec.zone} do not change both ways between {spec.day(0)} and "
            f"{spec.day(spec.days - 1)}.",
            rule="The plant 'dst' needs a spring and an autumn change among the days.",
            remedy="Try --zone America/New_York --from 2020-10-25 --days 147.",
        )
