"""What sample is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from ga4_analytics.errors import SettingsError

Shape = Literal["skinny", "flat", "console", "ndjson", "parquet"]
SHAPES: tuple[Shape, ...] = ("skinny", "flat", "console", "ndjson", "parquet")
MAX_SCALE = 20.0
Progress = Callable[[int], None]
"""Told how many more events were written."""


@dataclass(frozen=True)
class SampleSpec:
    """The size, the days and the seed of a sample.

    Attributes:
        scale: Size as a fraction of Google's public sample (1.0 = 4.3 million events).
        seed: Another seed gives other people who do the same amount.
        start: The first day; the property's time zone is UTC.
        days: How many days.
    """

    scale: float = 0.1
    seed: int = 7
    start: date = date(2020, 11, 1)
    days: int = 92

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
