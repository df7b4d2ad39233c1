"""Cards and dashboards: desired against actual, each change written and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ga4_analytics.errors import MetabaseError
from ga4_analytics.publish.metabase.bodies import UNKNOWN, card_body, dashboard_body
from ga4_analytics.publish.metabase.client import Json
from ga4_analytics.publish.metabase.compare import (
    card_differences,
    dashboard_differences,
    dashcard_holds,
    parameters_hold,
)
from ga4_analytics.publish.metabase.database import Tables
from ga4_analytics.publish.metabase.definitions import Card, Dashboard, Scene
from ga4_analytics.publish.metabase.ours import Ours
from ga4_analytics.publish.metabase.work import Work


@dataclass(frozen=True)
class Ground:
    """What cards stand on.

    Attributes:
        scene: Values and defaults of filters.
        database: The warehouse's number; `UNKNOWN` where a plan would make it.
        tables: What the server knows of it.
        collection: Number and name of our collection.
    """

    scene: Scene
    database: int
    tables: Tables
    collection: tuple[int, str]


def cards_of(dashboards: Sequence[Dashboard]) -> dict[str, Card]:
    """Every card by slug, once."""
    return {card.slug: card for each in dashboards for card, _ in each.cards}


def write_cards(
    work: Work, cards: Mapping[str, Card], ground: Ground, ours: Ours
) -> dict[str, int]:
    """Make and mend cards; gives their numbers by slug."""
    numbers: dict[str, int] = {}
    with work.progress.phase("Writing cards", len(cards), "cards") as advance:
        for slug, card in cards.items():
            body = card_body(card, ground.scene, ground.database, ground.tables, ground.collection)
            numbers[slug] = _write_card(work, body, ours.cards.get(slug))
            advance(1)
    return numbers


def _write_card(work: Work, body: Json, found: Json | None) -> int:
    if found is None:
        if not work.note("card", "create", body["name"]):
            return UNKNOWN
        return int(work.server.post("/api/card", body)["id"])
    number = int(found["id"])
    changed = card_differences(body, found)
    if changed and work.note("card", _action(changed), body["name"], changed):
        content = body | {"archived": False}
        work.server.put(f"/api/card/{number}", {key: content[key] for key in changed})
    return number


def write_dashboards(
    work: Work,
    dashboards: Sequence[Dashboard],
    ground: Ground,
    ours: Ours,
    numbers: Mapping[str, int],
) -> dict[str, int]:
    """Make and mend dashboards; gives the numbers of those that are there, by slug.

    Raises:
        MetabaseError: The server kept something otherwise than it was sent.
    """
    written: dict[str, int] = {}
    with work.progress.phase("Writing dashboards", len(dashboards), "dashboards") as advance:
        for each in dashboards:
            number = _write_dashboard(work, each, ground, ours.dashboards.get(each.slug), numbers)
            if number is not None:
                written[each.slug] = number
            advance(1)
    return written


def _write_dashboard(
    work: Work,
    dashboard: Dashboard,
    ground: Ground,
    found: Json | None,
    numbers: Mapping[str, int],
) -> int | None:
    if found is None:
        if not work.note("dashboard", "create", dashboard.name):
            return None
        # It can be made only without its cards; its description marks it as ours at once.
        first = dashboard_body(dashboard, ground.scene, numbers, (), ground.collection)
        head = {key: first[key] for key in ("name", "description", "collection_id", "parameters")}
        found = work.server.post("/api/dashboard", head)
        number = int(found["id"])
        _send(work, number, first)
        return number
    number = int(found["id"])
    existing = found.get("dashcards") or []
    body = dashboard_body(dashboard, ground.scene, numbers, existing, ground.collection)
    changed = dashboard_differences(body, found)
    if changed and work.note("dashboard", _action(changed), dashboard.name, changed):
        _send(work, number, body)
    return number


def _send(work: Work, number: int, body: Json) -> None:
    """Write a whole dashboard and see that the server kept it."""
    work.server.put(f"/api/dashboard/{number}", body)
    found = work.server.get(f"/api/dashboard/{number}")
    lost = [key for key in ("name", "description") if body[key] != found.get(key)]
    if not parameters_hold(body["parameters"], found.get("parameters") or []):
        lost.append("the filters")
    lost += _lost_dashcards(body["dashcards"], found.get("dashcards") or [])
    if lost:
        raise MetabaseError(
            f"Metabase did not keep {', '.join(lost)} of dashboard {body['name']!r} as sent.",
            rule="A dashboard is read again after it is written, and must have what was sent.",
            remedy="Run `ga4 metabase` again. Where it says the same, this version of Metabase "
            "reads dashboards in another way: please report it with the version.",
        )


def _lost_dashcards(wanted: Sequence[Json], found: Sequence[Json]) -> list[str]:
    """Which dashcards are not there as sent; new ones have numbers of the server's."""
    free = list(found)
    lost: list[str] = []
    for each in wanted:
        same = next((one for one in free if dashcard_holds(each | {"id": one["id"]}, one)), None)
        if same is None:
            lost.append(f"the card at row {each['row']}, column {each['col']}")
        else:
            free.remove(same)
    return lost + [f"{len(free)} cards that were to go"] * bool(free)


def archive_left(work: Work, ours: Ours) -> None:
    """Archive what we made and no longer define; it can be taken out of the trash."""
    for kind, number, name in ours.left:
        if work.note(kind, "archive", name):
            work.server.put(f"/api/{kind}/{number}", {"archived": True})


def _action(changed: Sequence[str]) -> str:
    return "restore" if "archived" in changed else "update"
