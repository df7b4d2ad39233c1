"""An index as questions see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ga4_analytics.index.calendar import Calendar
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.dictionary import Dictionary
from ga4_analytics.index.layout import Segment
from ga4_analytics.index.rows import NAMES


@dataclass(frozen=True)
class Index:
    """The events of one dataset, ready for questions.

    Attributes:
        dataset: The property.
        identity: 'device' or 'stitched': what a user key is.
        snapshot: Name of the data that it holds.
        calendar: The property's days.
        specs: Its columns.
        dictionaries: Values of the columns of texts, by name, and the event names.
        segments: The users; each lives in exactly one of them.
        nobody: Rows without a user: they count as events and revenue, never as users.
    """

    dataset: str
    identity: str
    snapshot: str
    calendar: Calendar
    specs: tuple[ColumnSpec, ...]
    dictionaries: Mapping[str, Dictionary]
    segments: tuple[Segment, ...]
    nobody: tuple[Segment, ...]

    @property
    def names(self) -> Dictionary:
        """The event names."""
        return self.dictionaries[NAMES]

    @property
    def rows(self) -> int:
        """How many rows it has, those of dead users too."""
        return sum(segment.rows for segment in (*self.segments, *self.nobody))

    def spec(self, name: str) -> ColumnSpec | None:
        """The column of a name."""
        return next((spec for spec in self.specs if spec.name == name), None)
