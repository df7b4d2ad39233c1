"""What every answer has: its question, its definition in words, its finality."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ga4_analytics.questions.codec import encode
from ga4_analytics.stats.proportions import Proportion

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


@dataclass(frozen=True)
class Finality:
    """How far the days behind an answer are done.

    Attributes:
        start: First day of the question.
        end: Last day of the question.
        last_complete: The last day of the data of which nothing is still to come.
        last_final: The last day that Google no longer changes, all days before it included.
        is_complete: Whether every loaded day of the question is complete.
        is_final: Whether every loaded day of the question is final; under stitched identity
            never, because a login can still change past days.
        missing_days: Days of the question that are not loaded.
    """

    start: date
    end: date
    last_complete: date | None
    last_final: date | None
    is_complete: bool
    is_final: bool
    missing_days: int


@dataclass(frozen=True)
class Answered:
    """What a question gives, be it asked of data or of counts alone.

    Attributes:
        spec: The question.
        definition: What was counted, in sentences.
    """

    spec: Any
    definition: tuple[str, ...]

    def records(self) -> list[dict[str, Any]]:
        """The answer as flat rows, one a number or group of numbers."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The answer as what JSON holds; the contract of ``--json``."""
        content: dict[str, Any] = encode(self)
        return content

    def to_arrow(self) -> pa.Table:
        """The rows of `records` as an Arrow table."""
        return pa.Table.from_pylist(self.records())

    def to_pandas(self) -> pd.DataFrame:
        """The rows of `records` as a pandas frame."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """The rows of `records` as a Polars frame."""
        import polars  # only where it is asked for: it takes long to import

        frame: pl.DataFrame = polars.DataFrame(self.to_arrow())
        return frame


@dataclass(frozen=True)
class Result(Answered):
    """An answer from data.

    Attributes:
        finality: How far its days are done.
        seconds: How long it took, from the question to this.
    """

    finality: Finality
    seconds: float


def share(found: Proportion | None) -> dict[str, float | None]:
    """A proportion's value and interval as columns of `Result.records`.

    >>> share(None)
    {'value': None, 'low': None, 'high': None}
    """
    if found is None:
        return {"value": None, "low": None, "high": None}
    return {"value": found.value, "low": found.low, "high": found.high}
