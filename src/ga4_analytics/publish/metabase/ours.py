"""The one collection of ours, and what we made in it. Nothing else is ever written to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ga4_analytics.errors import MetabaseError
from ga4_analytics.publish.metabase.client import Json, Metabase
from ga4_analytics.publish.metabase.identity import (
    COLLECTION_SLUG,
    described,
    entity_id,
    marker,
    slug_of,
)
from ga4_analytics.publish.metabase.work import Work

_ABOUT = "Dashboards over the GA4 warehouse: engagement, retention, acquisition, revenue, quality."


@dataclass(frozen=True)
class Ours:
    """What the server has of ours.

    Attributes:
        cards: Cards by slug, whole.
        dashboards: Dashboards by slug, whole.
        left: Kind, number and name of what we made and no longer define, not archived.
    """

    cards: Mapping[str, Json] = field(default_factory=dict)
    dashboards: Mapping[str, Json] = field(default_factory=dict)
    left: tuple[tuple[str, int, str], ...] = ()


def ensure_collection(work: Work, name: str) -> int | None:
    """Make our collection, or put back its name and place where somebody changed them.

    Args:
        work: The run.
        name: Its name.

    Returns:
        Its number; None where a plan would make it.

    Raises:
        MetabaseError: One of that name is there which we did not make.
    """
    wanted = {"name": name, "description": described(_ABOUT, COLLECTION_SLUG, name)}
    found = _find_collection(work.server, name)
    if found is None:
        if not work.note("collection", "create", name):
            return None
        return int(work.server.post("/api/collection", wanted)["id"])
    number = int(found["id"])
    facts = {"archived": False} | found
    body: Json = wanted | {"archived": False}
    changed = {key: value for key, value in body.items() if facts.get(key) != value}
    if changed:
        action = "restore" if "archived" in changed else "update"
        if work.note("collection", action, name, tuple(changed)):
            work.server.put(f"/api/collection/{number}", changed)
    return number


def find_ours(
    server: Metabase,
    collection: tuple[int, str],
    cards: Collection[str],
    dashboards: Collection[str],
) -> Ours:
    """Read what we made, wherever it was put; what is archived only where it is wanted.

    A card is known by its entity id, wherever it was moved, and where an older server gave it
    another one, by the marker in its description; a dashboard by its marker. Of two with one
    marker, as when somebody copied ours, the older is ours.

    Args:
        server: The server.
        collection: Number and name of our collection.
        cards: The slugs that are defined.
        dashboards: The slugs that are defined.
    """
    defined = {"card": cards, "dashboard": dashboards}
    found: dict[tuple[str, str], int] = {}
    left: list[tuple[str, int, str]] = []
    for item, slug in _marked(server.items(collection[0]), collection[1], cards):
        if slug in defined[item["model"]]:
            found.setdefault((item["model"], slug), item["id"])
        else:
            left.append((item["model"], item["id"], item["name"]))
    for slug in cards:
        if ("card", slug) not in found:
            # A server that takes numbers only refuses such an id, with 400.
            moved = server.find(f"/api/card/{entity_id(slug, collection[1])}", (400, 404))
            if moved is not None:
                found["card", slug] = moved["id"]
    if len(found) < len(cards) + len(dashboards):
        for item, slug in _marked(_archived(server, collection[0]), collection[1], cards):
            if slug in defined[item["model"]]:
                found.setdefault((item["model"], slug), item["id"])
    return Ours(
        {slug: server.get(f"/api/card/{number}") for slug, number in _of("card", found)},
        {slug: server.get(f"/api/dashboard/{number}") for slug, number in _of("dashboard", found)},
        tuple(sorted(left, key=lambda each: (each[0] != "dashboard", each[1]))),
    )


def _of(model: str, found: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, int]]:
    return ((slug, number) for (kind, slug), number in found.items() if kind == model)


def _marked(
    items: Iterable[Json], collection: str, cards: Collection[str]
) -> Iterator[tuple[Json, str]]:
    """Items of ours with their slugs: by entity id first, then the older first."""
    by_entity = {entity_id(slug, collection): slug for slug in cards}
    known: list[tuple[bool, int, Json, str]] = []
    for item in items:
        by_id = by_entity.get(item.get("entity_id") or "") if item["model"] == "card" else None
        slug = by_id or slug_of(item.get("description"), collection)
        if slug is not None:
            known.append((by_id is None, item["id"], item, slug))
    for _, _, item, slug in sorted(known, key=lambda each: each[:2]):
        yield item, slug


def _archived(server: Metabase, collection: int) -> Iterator[Json]:
    """What was archived with our collection, and what lies in the trash by itself."""
    yield from server.items(collection, archived=True)
    trash = server.find("/api/collection/trash")
    if trash is not None:
        yield from server.items(trash["id"], archived=True)


def _find_collection(server: Metabase, name: str) -> Json | None:
    there: list[Json] = server.get("/api/collection")
    thrown: list[Json] = server.get("/api/collection", archived="true")
    for each in there + thrown:
        if slug_of(each.get("description"), name) == COLLECTION_SLUG:
            return each
    if any(each["name"] == name and not each.get("archived") for each in there):
        raise MetabaseError(
            f"Metabase has a collection {name!r} that ga4 did not make.",
            rule="Only what ga4 made is changed; it says so in its description.",
            remedy="Choose another name with --collection, or, to hand it over, put "
            f"{marker(COLLECTION_SLUG, name)} at the end of its description.",
        )
    return None
