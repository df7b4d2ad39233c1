"""Cards and dashboards as the server takes them.

Queries are sent in the older native form, which versions 58 to 64 read; what comes back may
be in the newer one (`compare`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ga4_analytics.publish.metabase.client import Json
from ga4_analytics.publish.metabase.database import Tables
from ga4_analytics.publish.metabase.definitions import DATE, Card, Dashboard, Filter, Place, Scene
from ga4_analytics.publish.metabase.identity import described, entity_id, inner_id

DATE_WIDGET = "date/all-options"
TEXT_WIDGET = "string/="
UNKNOWN = 0
"""The number of what a plan would make first."""


def card_body(
    card: Card, scene: Scene, database: int, tables: Tables, collection: tuple[int, str]
) -> Json:
    """A card as ``POST /api/card`` takes it.

    Args:
        card: Its definition.
        scene: Values and defaults of its filters.
        database: The warehouse's number.
        tables: What the server knows; has the column of the date filter.
        collection: Number and name of the collection that it lies in.
    """
    tags = {each.slug: _tag(card, each, scene, tables) for each in card.filters}
    return {
        "name": card.name,
        "description": described(card.about, card.slug, collection[1]),
        "type": "question",
        "display": card.display,
        "visualization_settings": _settings(card.settings),
        "dataset_query": {
            "type": "native",
            "database": database,
            "native": {"query": card.sql, "template-tags": tags},
        },
        "parameters": [
            _parameter(each, scene, inner_id(card.slug, each.slug))
            | {"target": _target(each), "default": _required_default(each, scene)}
            for each in card.filters
        ],
        "collection_id": collection[0],
        "entity_id": entity_id(card.slug, collection[1]),
    }


def dashboard_body(
    dashboard: Dashboard,
    scene: Scene,
    numbers: Mapping[str, int],
    existing: Iterable[Json],
    collection: tuple[int, str],
) -> Json:
    """A dashboard as ``PUT /api/dashboard/:id`` takes it.

    Args:
        dashboard: Its definition.
        scene: Values and defaults of its filters.
        numbers: The number of each card, by slug.
        existing: The dashcards that the server has; their numbers are used again, so that
            links to them survive.
        collection: Number and name of the collection that it lies in.
    """
    return {
        "name": dashboard.name,
        "description": described(dashboard.about, dashboard.slug, collection[1]),
        "collection_id": collection[0],
        "archived": False,
        "width": "full",
        "parameters": [_of_dashboard(dashboard, each, scene) for each in dashboard.filters],
        "tabs": [],
        "dashcards": _numbered(_dashcards(dashboard, numbers), existing),
    }


def _dashcards(dashboard: Dashboard, numbers: Mapping[str, int]) -> list[Json]:
    cards = [
        _place(place)
        | {
            "card_id": numbers[card.slug],
            "parameter_mappings": [
                {
                    "parameter_id": inner_id(dashboard.slug, each.slug),
                    "card_id": numbers[card.slug],
                    "target": _target(each),
                }
                for each in card.filters
            ],
            "visualization_settings": {},
        }
        for card, place in dashboard.cards
    ]
    headings = [
        _place(place)
        | {
            "card_id": None,
            "parameter_mappings": [],
            "visualization_settings": _heading(text),
        }
        for text, place in dashboard.headings
    ]
    return cards + headings


def dashcard_key(dashcard: Json) -> tuple[str, Any]:
    """What a dashcard shows: a card by its number, or a heading by its text."""
    if dashcard.get("card_id") is not None:
        return ("card", dashcard["card_id"])
    return ("text", (dashcard.get("visualization_settings") or {}).get("text"))


def _numbered(dashcards: list[Json], existing: Iterable[Json]) -> list[Json]:
    """Give each dashcard the number of the one that shows the same, or a new, negative one."""
    free: dict[tuple[str, Any], list[int]] = {}
    for each in sorted(existing, key=lambda found: int(found["id"])):
        free.setdefault(dashcard_key(each), []).append(each["id"])
    numbered: list[Json] = []
    for position, each in enumerate(dashcards, 1):
        known = free.get(dashcard_key(each))
        numbered.append({"id": known.pop(0) if known else -position} | each)
    return numbered


def _tag(card: Card, each: Filter, scene: Scene, tables: Tables) -> Json:
    tag: Json = {
        "id": inner_id(card.slug, each.slug),
        "name": each.slug,
        "display-name": each.label,
        "required": each.required,
    }
    if each is not DATE:
        default = {"default": scene.choices(each)[0]} if each.required else {}
        return tag | {"type": "text"} | default
    table = tables.get(card.marts[0])
    column = table.fields.get(card.date_column or "") if table else None
    return tag | {
        "type": "dimension",
        "dimension": ["field", column["id"] if column else UNKNOWN, None],
        "widget-type": DATE_WIDGET,
    }


def _parameter(each: Filter, scene: Scene, number: str) -> Json:
    """What a card's and a dashboard's filter have in common."""
    parameter: Json = {"id": number, "name": each.label, "slug": each.slug}
    if each is DATE:
        return parameter | {"type": DATE_WIDGET, "sectionId": "date"}
    parameter |= {
        "type": TEXT_WIDGET,
        "sectionId": "string",
        "isMultiSelect": False,
        "required": each.required,
    }
    choices = list(scene.choices(each))
    if not choices:
        return parameter  # the server drops an empty list
    return parameter | {
        "values_query_type": "list",
        "values_source_type": "static-list",
        "values_source_config": {"values": choices},
    }


def _of_dashboard(dashboard: Dashboard, each: Filter, scene: Scene) -> Json:
    days = f"{scene.first_day}~{scene.last_day}"
    default = days if each is DATE else _required_default(each, scene)
    return _parameter(each, scene, inner_id(dashboard.slug, each.slug)) | {"default": default}


def _required_default(each: Filter, scene: Scene) -> list[str] | None:
    return [scene.choices(each)[0]] if each.required else None


def _target(each: Filter) -> list[Any]:
    """What of a card a filter sets: the condition on a column, or a value."""
    return ["dimension" if each is DATE else "variable", ["template-tag", each.slug]]


def _settings(settings: Mapping[str, Any]) -> Json:
    """Settings with the keys of columns written as the server writes them.

    >>> _settings({"column_settings": {'["name", "rate"]': {"decimals": 1}}})
    {'column_settings': {'["name","rate"]': {'decimals': 1}}}
    """
    columns = settings.get("column_settings")
    if not columns:
        return dict(settings)
    compact = {
        json.dumps(json.loads(key), ensure_ascii=False, separators=(",", ":")): value
        for key, value in columns.items()
    }
    return {**settings, "column_settings": compact}


def _place(place: Place) -> Json:
    return {
        "row": place.row,
        "col": place.col,
        "size_x": place.width,
        "size_y": place.height,
    }


def _heading(text: str) -> Json:
    """A title on the page; the server knows it as a card that is not saved."""
    return {
        "text": text,
        "virtual_card": {
            "name": None,
            "display": "heading",
            "visualization_settings": {},
            "dataset_query": {},
            "archived": False,
        },
    }
