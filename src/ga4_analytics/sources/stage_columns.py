"""The columns of staged records, and where a batch of texts has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ga4_analytics.sources.batches import GIVEN, PARAMETER
from ga4_analytics.sources.mapping import GA4_TOP_LEVEL
from ga4_analytics.sources.schema import EVENT_COLUMNS, ITEM_COLUMNS, Column

ROW = "row_id"
KEY = "event_key"
LATER = frozenset({"dataset", "event_id", "repeat_ordinal", "repeat_of", "utc_offset_min"})
"""Event columns that are known only when the whole load has been read."""

STAGE_EVENTS: tuple[str, ...] = (
    ROW,
    KEY,
    *(column.name for column in EVENT_COLUMNS if column.name not in LATER),
)
ALWAYS = frozenset({ROW, "event_date", "event_name", "id_scheme"})
"""Columns of `STAGE_EVENTS` that every batch gives, as it gives `KEY`."""
STAGE_ITEMS: tuple[str, ...] = (
    ROW,
    KEY,
    "event_date",
    "item_index",
    *(column.name for column in ITEM_COLUMNS[4:]),
)
KEYED = "event_params@"
"""Prefix of a column with the text of one parameter, where lists are read already."""
LISTS = ("event_params", "user_properties", "items")


def fillable(texts: Iterable[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """The staged columns that can have a value; columns of nulls cost as much as others.

    Args:
        texts: The canonical columns that have a text.
        names: The batch's column names.
    """
    able = {*ALWAYS, KEY, *texts}
    if "page_location" in texts:
        able.add("page_path")
    if "event_params" in names or any(name.startswith(PARAMETER) for name in names):
        able.add("event_params")
    if "user_properties" in names:
        able.add("user_properties")
    if other_fields(names):
        able.add("other_fields")
    return tuple(name for name in STAGE_EVENTS if name in able)


def wanted_parameters() -> tuple[str, ...]:
    """The keys of the parameters that have a column."""
    paths = [path for column in EVENT_COLUMNS if column.reading for path in column.paths]
    return tuple(path.removeprefix(PARAMETER) for path in paths if path.startswith(PARAMETER))


def places(column: Column, names: Collection[str], read: frozenset[str]) -> list[str]:
    """The columns of a batch that may hold a canonical column's text, the first one that does.

    A parameter of lists that are not read already is told by its key, with the mark.
    """
    found = [GIVEN + column.name] if GIVEN + column.name in names else []
    for path in column.paths:
        if path in names and path not in LISTS:
            found.append(path)
        elif path.startswith(PARAMETER) and "event_params" in read:
            found.append(KEYED + path.removeprefix(PARAMETER))
        elif path.startswith(PARAMETER) and "event_params" in names:
            found.append(path)
    return found


def unknown_columns(names: tuple[str, ...]) -> dict[str, str]:
    """Columns that we do not know, by their name without the mark."""
    return {name.removeprefix(PARAMETER): name for name in names if name.startswith(PARAMETER)}


def other_fields(names: Iterable[str]) -> list[str]:
    """Fields of Google's schema that no canonical column reads, by path, sorted."""
    read = {path for column in EVENT_COLUMNS for path in column.paths}
    return sorted(
        name
        for name in names
        if name.partition(".")[0] in GA4_TOP_LEVEL and name not in read and name not in LISTS
    )
