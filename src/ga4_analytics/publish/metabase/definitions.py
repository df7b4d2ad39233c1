"""What a dashboard is made of: cards, their SQL, their places and their filters.

A card selects from marts. It may add up counts that add up over days or cohorts and divide one
sum by another; it never counts, and it never adds up distinct users.

Its SQL names filters in Metabase's own way: ``{{dataset}}`` is a value, ``[[and {{date}}]]`` a
condition that Metabase writes on `Card.date_column`, and what stands in ``[[ ]]`` is left out
where the filter in it is not set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GRID_WIDTH = 24
NOTHING = "(none)"
"""The one value of a required filter for which the data have none: its cards stay empty."""
TAG = re.compile(r"\{\{\s*(\w+)\s*\}\}")
"""A filter in a card's SQL."""


@dataclass(frozen=True)
class Filter:
    """A filter of a dashboard.

    Attributes:
        slug: Its name in SQL and in links.
        label: Its name on the page.
        required: Whether it always has a value.
    """

    slug: str
    label: str
    required: bool = False


DATASET = Filter("dataset", "Property", required=True)
DATE = Filter("date", "Date")
DEVICE = Filter("device", "Device")
COUNTRY = Filter("country", "Country")
FUNNEL = Filter("funnel", "Funnel", required=True)
SCOPE = Filter("scope", "Channel of", required=True)
FILTERS: Mapping[str, Filter] = {
    each.slug: each for each in (DATASET, DATE, DEVICE, COUNTRY, FUNNEL, SCOPE)
}

OF_SLICE = (
    "device_category = coalesce([[{{device}},]] '(all)')\n"
    "  and country = coalesce([[{{country}},]] '(all)')"
)
"""The rows of a ``_by_slice`` mart that the device and country filters choose."""


@dataclass(frozen=True)
class Card:
    """One question on a dashboard.

    Attributes:
        slug: Unique among all cards; never changed, for links and updates hang on it.
        name: Its title.
        about: How to read it, one or two sentences.
        display: Metabase's name of the chart.
        marts: The tables of ``analytics`` that it selects from; the first has `date_column`.
        sql: The select; see the module.
        columns: The names of its columns, in order.
        settings: Metabase's ``visualization_settings``.
        date_column: The column that the date filter restricts; None where it has none.
    """

    slug: str
    name: str
    about: str
    display: str
    marts: tuple[str, ...]
    sql: str
    columns: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    date_column: str | None = None

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The filters that its SQL names, in the order of `FILTERS`."""
        named = set(TAG.findall(self.sql))
        return tuple(each for slug, each in FILTERS.items() if slug in named)


@dataclass(frozen=True)
class Place:
    """Where something lies on a dashboard, in cells of a grid of 24 columns.

    Attributes:
        row: First row, from 0.
        col: First column, from 0.
        width: Columns.
        height: Rows.
    """

    row: int
    col: int
    width: int
    height: int

    def overlaps(self, other: Place) -> bool:
        """Whether two places share a cell.

        >>> Place(0, 0, 12, 6).overlaps(Place(0, 12, 12, 6))
        False
        >>> Place(0, 0, 12, 6).overlaps(Place(5, 11, 12, 6))
        True
        """
        return (
            self.row < other.row + other.height
            and other.row < self.row + self.height
            and self.col < other.col + other.width
            and other.col < self.col + self.width
        )


@dataclass(frozen=True)
class Dashboard:
    """A page of cards.

    Attributes:
        slug: Unique; never changed.
        name: Its title.
        about: What it answers.
        cards: Each card and its place.
        headings: Titles of groups of cards and their places.
    """

    slug: str
    name: str
    about: str
    cards: tuple[tuple[Card, Place], ...]
    headings: tuple[tuple[str, Place], ...] = ()

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The filters that any of its cards takes, in the order of `FILTERS`."""
        named = {each for card, _ in self.cards for each in card.filters}
        return tuple(each for each in FILTERS.values() if each in named)


@dataclass(frozen=True)
class Scene:
    """What of the data the dashboards must know: their filters' values and defaults.

    Attributes:
        datasets: The properties, the one with the latest day first.
        first_day: First loaded day of any, ISO.
        last_day: Last loaded day of any, ISO.
        devices: Device categories, the commonest first.
        countries: Countries in alphabetic order.
        funnels: Names of funnels in the order of the settings.
        scopes: Channel scopes that the data has, the most telling first.
    """

    datasets: tuple[str, ...]
    first_day: str
    last_day: str
    devices: tuple[str, ...]
    countries: tuple[str, ...]
    funnels: tuple[str, ...]
    scopes: tuple[str, ...]

    def values(self, each: Filter) -> tuple[str, ...]:
        """The values that a filter offers; none for the date.

        The default of a required filter is the first.
        """
        return {
            "dataset": self.datasets,
            "device": self.devices,
            "country": self.countries,
            "funnel": self.funnels,
            "scope": self.scopes,
        }.get(each.slug, ())

    def choices(self, each: Filter) -> tuple[str, ...]:
        """What a filter can be set to; never empty where it is required."""
        return self.values(each) or ((NOTHING,) if each.required else ())
