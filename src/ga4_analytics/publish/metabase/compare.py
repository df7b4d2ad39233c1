"""What of a card or dashboard on the server is not as it should be.

The server adds keys of its own to what it was sent, and from version 57 gives queries back in
another form (from 63 with a list of template tags), so both sides are brought to one form.
"""

from __future__ import annotations

from typing import Any

from ga4_analytics.publish.metabase.client import Json

_TAG_FACTS = ("name", "display-name", "type", "default")
_PARAMETER_FACTS = ("id", "name", "slug", "type", "default")
_DASHCARD_FACTS = ("id", "card_id", "row", "col", "size_x", "size_y")


def card_differences(wanted: Json, found: Json) -> tuple[str, ...]:
    """The keys of a card's body that must be sent; an archived card must be restored.

    Args:
        wanted: As `card_body` gives it. The entity id is not looked at, for it cannot change.
        found: As the server gives it.
    """
    # Servers derive a card's filters from its tags, in an order of their own.
    order = {each["id"]: place for place, each in enumerate(wanted.get("parameters", ()))}
    listed = sorted(
        found.get("parameters") or (), key=lambda each: order.get(each["id"], len(order))
    )
    facts = found | {"parameters": listed}
    return tuple(
        key
        for key, value in (wanted | {"archived": False}).items()
        if key != "entity_id" and not _same(key, value, facts.get(key))
    )


def dashboard_differences(wanted: Json, found: Json) -> tuple[str, ...]:
    """The keys of a dashboard's body that must be sent."""
    return tuple(key for key, value in wanted.items() if not _same(key, value, found.get(key)))


def holds(wanted: Any, found: Any) -> bool:
    """Whether something has all that was wanted; further keys of mappings are ignored.

    What is wanted to be None may be left out.

    >>> holds({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2, "c": 3}], "d": 4})
    True
    >>> holds([1], [1, 2])
    False
    """
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            holds(value, found.get(key)) for key, value in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(holds(one, other) for one, other in zip(wanted, found, strict=True))
        )
    return bool(wanted == found)


def _same(key: str, wanted: Any, found: Any) -> bool:
    if key == "dataset_query":
        return query_facts(wanted) == query_facts(found)
    if key == "visualization_settings":
        return _same_settings(wanted, found)
    if key == "dashcards":
        return _same_dashcards(wanted, found or [])
    if key == "parameters":
        return parameters_hold(wanted, found or [])
    if key == "tabs":
        return not found
    return holds(wanted, found)


def parameters_hold(wanted: list[Json], found: list[Json]) -> bool:
    """Whether filters are those that were wanted, in their order.

    A server that does not know a key leaves it out; only what a person can take away must be
    there.
    """
    return len(wanted) == len(found) and all(
        all(one[key] == other.get(key) for key in _PARAMETER_FACTS)
        and all(holds(value, other[key]) for key, value in one.items() if key in other)
        for one, other in zip(wanted, found, strict=True)
    )


def _same_settings(wanted: Json, found: Json | None) -> bool:
    """Settings are ours alone: one more than was sent is a difference too."""
    there = {key for key, value in (found or {}).items() if value not in (None, {}, [])}
    return holds(wanted, found or {}) and there <= wanted.keys()


def _same_dashcards(wanted: list[Json], found: list[Json]) -> bool:
    by_number = {each["id"]: each for each in found}
    if by_number.keys() != {each["id"] for each in wanted}:
        return False
    return all(dashcard_holds(each, by_number[each["id"]]) for each in wanted)


def dashcard_holds(wanted: Json, found: Json) -> bool:
    """Whether a dashcard shows what was wanted, where it was, with its filters."""
    return (
        all(wanted[key] == found.get(key) for key in _DASHCARD_FACTS)
        and _mappings(wanted) == _mappings(found)
        and _same_settings(wanted["visualization_settings"], found.get("visualization_settings"))
    )


def _mappings(dashcard: Json) -> set[tuple[str, int | None, str, str]]:
    """Each mapping's filter, card, and the part of the query that it sets."""
    return {
        (each["parameter_id"], each.get("card_id"), each["target"][0], each["target"][1][1])
        for each in dashcard.get("parameter_mappings") or []
    }


def query_facts(query: Json | None) -> Json:
    """A native query in one form, whichever the server speaks.

    Args:
        query: In the older form, or in that of MBQL 5 with tags as a mapping or a list.

    Returns:
        Its database, SQL and tags by name; empty where it is no native query.

    >>> old = {"type": "native", "database": 1, "native": {"query": "select 1"}}
    >>> new = {"lib/type": "mbql/query", "database": 1,
    ...        "stages": [{"lib/type": "mbql.stage/native", "native": "select 1"}]}
    >>> query_facts(old) == query_facts(new)
    True
    """
    query = query or {}
    stages = query.get("stages")
    stage = stages[0] if stages and len(stages) == 1 else query.get("native")
    if not isinstance(stage, dict):
        return {}
    sql = stage.get("native") if stages else stage.get("query")
    tags = stage.get("template-tags") or {}
    listed = tags.values() if isinstance(tags, dict) else tags
    return {
        "database": query.get("database"),
        "sql": sql,
        "tags": {tag["name"]: _tag_facts(tag) for tag in listed},
    }


def _tag_facts(tag: Json) -> Json:
    facts = {key: tag.get(key) for key in _TAG_FACTS}
    facts["required"] = bool(tag.get("required"))
    if tag.get("type") == "dimension":
        numbers = [part for part in tag.get("dimension") or () if isinstance(part, int)]
        facts |= {"widget-type": tag.get("widget-type"), "field": numbers[:1]}
    return facts
