"""What people make on the stand-in of Metabase: collections, cards and dashboards.

Rules transcribed from the server's sources (route definitions of versions 58 to 64). Where
the real one is lenient, this one is strict: a request that it would swallow is refused here.
"""

from __future__ import annotations

import copy
import json
import re
import secrets
import uuid
from dataclasses import dataclass, field

from metabase_memory import Json, Memory, RefusedError

TRASH = 3
GRID = 24
_TAG = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass
class State(Memory):
    """Everything on the server."""

    collections: dict[int, Json] = field(default_factory=dict)
    cards: dict[int, Json] = field(default_factory=dict)
    dashboards: dict[int, Json] = field(default_factory=dict)

    def content(self) -> Json:
        """A copy of all that provisioning may or may not touch, without the sessions."""
        parts = ("users", "databases", "tables", "fields", "collections", "cards", "dashboards")
        content = {name: copy.deepcopy(getattr(self, name)) for name in parts}
        for database in content["databases"].values():
            del database["looks_left"]
        return content

    # Collections

    def add_collection(self, body: Json) -> Json:
        """Make a collection."""
        number = self.number()
        self.collections[number] = {"id": number, "name": body["name"], "archived": False,
                                    "description": body.get("description"),
                                    "location": "/"}  # fmt: skip
        return self.collections[number]

    def change_collection(self, number: int, body: Json) -> Json:
        """Change a collection; what is in it is archived and restored with it."""
        collection = self._one(self.collections, number)
        if "archived" in body and body["archived"] != collection["archived"]:
            for each in (*self.cards.values(), *self.dashboards.values()):
                if each["collection_id"] == number and not each["archived_directly"]:
                    each["archived"] = body["archived"]
        collection.update(body)
        return collection

    def items(self, number: int, models: list[str], archived: bool) -> list[Json]:
        """Cards and dashboards of a collection; the trash has what was thrown there itself."""
        rows: list[Json] = []
        for model, things in (("card", self.cards), ("dashboard", self.dashboards)):
            for each in things.values() if model in models else ():
                direct = each["archived_directly"]
                here = direct if number == TRASH else (
                    each["collection_id"] == number and not direct)  # fmt: skip
                if here and each["archived"] == archived:
                    keys = ("id", "name", "description", "entity_id", "archived")
                    rows.append({key: each[key] for key in keys} | {"model": model})
        return sorted(rows, key=lambda row: str(row["name"]).lower())

    # Cards

    def add_card(self, body: Json) -> Json:
        """Make a card."""
        self._check_place(body)
        self._check_query(body["dataset_query"])
        number = self.number()
        wanted = body.get("entity_id") if self.ways.keeps_entity_ids else None
        if wanted and any(each["entity_id"] == wanted for each in self.cards.values()):
            raise RefusedError(400, "A card with this entity id is there already.")
        self.cards[number] = {
            "description": None, "parameters": [], "type": "question", **body,
            "id": number, "entity_id": wanted or secrets.token_hex(11)[:21],
            "archived": False, "archived_directly": False,
        }  # fmt: skip
        return self.shown_card(number)

    def change_card(self, number: int, body: Json) -> Json:
        """Change a card."""
        card = self._one(self.cards, number)
        if body.get("dataset_query"):
            self._check_query(body["dataset_query"])
        self._check_place(body)
        self._throw(card, body)
        card.update(body)
        return self.shown_card(number)

    def find_card(self, name: str) -> Json:
        """A card by number or entity id."""
        for each in self.cards.values():
            if name in (str(each["id"]), each["entity_id"]):
                return self.shown_card(each["id"])
        raise RefusedError(404, "Not found.")

    def shown_card(self, number: int) -> Json:
        """A card as this version gives it back."""
        card = copy.deepcopy(self._one(self.cards, number))
        if card["archived_directly"]:
            card["collection_id"] = TRASH
        card["dataset_query"] = newer_query(card["dataset_query"], self.ways.major >= 63)
        card["parameters"] = self._known(card["parameters"])[::-1]
        columns = card["visualization_settings"].get("column_settings", {})
        for key in list(columns):
            columns[json.dumps(json.loads(key), separators=(",", ":"))] = columns.pop(key)
        return card | {"creator_id": 1, "result_metadata": None, "query_type": "native",
                       "database_id": card["dataset_query"]["database"],
                       "table_id": None}  # fmt: skip

    def _check_place(self, body: Json) -> None:
        number = body.get("collection_id")
        if number is not None and number not in self.collections:
            raise RefusedError(404, "Not found.")

    def _check_query(self, query: Json) -> None:
        """Refuse SQL whose tags are not exactly those that are said, and unknown columns."""
        if query.get("type") != "native" or query.get("database") not in self.databases:
            raise RefusedError(400, "dataset_query: no native query of a database that is here.")
        native = query["native"]
        tags = native.get("template-tags", {})
        if set(_TAG.findall(native["query"])) != set(tags):
            raise RefusedError(400, "dataset_query: the tags are not those in the SQL.")
        for name, tag in tags.items():
            if tag["name"] != name or not tag["id"] or not tag["display-name"]:
                raise RefusedError(400, f"dataset_query: the tag {name} is not whole.")
            if tag["type"] == "dimension":
                self._check_dimension(tag)
            elif tag["type"] != "text" or (tag.get("required") and not tag.get("default")):
                raise RefusedError(400, f"dataset_query: the tag {name} has no type or default.")

    def _check_dimension(self, tag: Json) -> None:
        kind, number, options = tag["dimension"]
        if kind != "field" or number not in self.fields or options is not None:
            raise RefusedError(400, f"dataset_query: {tag['name']} is no column that is here.")
        if "widget-type" not in tag:
            raise RefusedError(400, f"dataset_query: {tag['name']} has no widget-type.")

    # Dashboards

    def add_dashboard(self, body: Json) -> Json:
        """Make a dashboard, which has no cards yet."""
        self._check_place(body)
        number = self.number()
        self.dashboards[number] = {
            "description": None, "parameters": [], "width": "fixed", "tabs": [], **body,
            "id": number, "entity_id": secrets.token_hex(11)[:21], "dashcards": [],
            "archived": False, "archived_directly": False,
        }  # fmt: skip
        return self.shown_dashboard(number)

    def change_dashboard(self, number: int, body: Json) -> Json:
        """Change a dashboard; dashcards that are left out are deleted."""
        dashboard = self._one(self.dashboards, number)
        self._check_place(body)
        changed = dict(body)
        if body.get("dashcards") is not None:
            there = {each["id"]: each["entity_id"] for each in dashboard["dashcards"]}
            changed["dashcards"] = [self._dashcard(each, there) for each in body["dashcards"]]
        self._throw(dashboard, changed)
        dashboard.update(changed)
        return self.shown_dashboard(number)

    def _dashcard(self, sent: Json, there: dict[int, str]) -> Json:
        if sent["id"] > 0 and sent["id"] not in there:
            raise RefusedError(404, "Not found: a dashcard of another dashboard.")
        if sent.get("card_id") is not None:
            self._one(self.cards, sent["card_id"])
        if sent["col"] + sent["size_x"] > GRID:
            raise RefusedError(400, "A dashcard passes the grid's last column.")
        if self.ways.loses_mappings:
            sent = sent | {"parameter_mappings": []}
        number = sent["id"] if sent["id"] > 0 else self.number()
        return {"series": [], "dashboard_tab_id": None, "action_id": None,
                "inline_parameters": [], **sent, "id": number,
                "entity_id": there.get(number) or secrets.token_hex(11)[:21]}  # fmt: skip

    def shown_dashboard(self, number: int) -> Json:
        """A dashboard as it is given back, with what each dashcard's card is."""
        dashboard = copy.deepcopy(self._one(self.dashboards, number))
        if dashboard["archived_directly"]:
            dashboard["collection_id"] = TRASH
        dashboard["parameters"] = self._known(dashboard["parameters"])
        for each in dashboard["dashcards"]:
            each["dashboard_id"] = number
            if each.get("card_id") is not None:
                each["card"] = self.shown_card(each["card_id"])
        return dashboard | {"creator_id": 1, "auto_apply_filters": True, "cache_ttl": None,
                            "enable_embedding": False, "public_uuid": None}  # fmt: skip

    def _known(self, parameters: list[Json]) -> list[Json]:
        """Filters without the keys that this version does not know."""
        known = [
            {key: value for key, value in each.items() if key not in self.ways.forgets}
            for each in parameters
        ]
        for each in known:
            config = each.get("values_source_config") or {}
            if not config.get("values"):
                config.pop("values", None)
        return known

    def wired(self, number: int) -> set[tuple[str, int]]:
        """Slug of filter and number of card of each filter that works.

        As on the real server, a mapping that does not name its dashcard's card, or a tag of
        that card, does nothing and says nothing.
        """
        dashboard = self._one(self.dashboards, number)
        slugs = {each["id"]: each["slug"] for each in dashboard["parameters"]}
        found: set[tuple[str, int]] = set()
        for dashcard in dashboard["dashcards"]:
            for mapping in dashcard.get("parameter_mappings") or ():
                card = mapping.get("card_id")
                if card is None or card != dashcard["card_id"]:
                    continue
                tags = self.cards[card]["dataset_query"]["native"]["template-tags"]
                kind, (_, name) = mapping["target"]
                tag = tags.get(name)
                means = {"dimension": "dimension", "text": "variable"}
                if tag and means[tag["type"]] == kind and mapping["parameter_id"] in slugs:
                    found.add((slugs[mapping["parameter_id"]], card))
        return found

    def _throw(self, thing: Json, body: Json) -> None:
        """What is archived by itself lies in the trash."""
        if "archived" in body:
            thing["archived_directly"] = body["archived"]


def newer_query(query: Json, as_list: bool) -> Json:
    """A native query in the form of MBQL 5; its tags as a list from version 63 on."""
    tags: dict[str, Json] = {}
    for name, tag in query["native"].get("template-tags", {}).items():
        tags[name] = dict(tag)
        if "dimension" in tag:
            tags[name]["dimension"] = ["field", {"lib/uuid": str(uuid.uuid4())},
                                       tag["dimension"][1]]  # fmt: skip
    stage = {
        "lib/type": "mbql.stage/native",
        "native": query["native"]["query"],
        "template-tags": list(tags.values()) if as_list else tags,
    }
    return {"lib/type": "mbql/query", "database": query["database"], "stages": [stage]}
