"""How the stand-in of Metabase behaves, its users, and its databases.

Rules transcribed from the server's sources (route definitions of versions 58 to 64). Where
the real one is lenient, this one is strict: a request that it would swallow is refused here.
"""

from __future__ import annotations

import copy
import itertools
import secrets
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_BASE_TYPES = {"text": "type/Text", "date": "type/Date", "bigint": "type/BigInteger",
               "integer": "type/Integer", "boolean": "type/Boolean",
               "double precision": "type/Float"}  # fmt: skip


class RefusedError(Exception):
    """The server answers with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Ways:
    """How a server of a version behaves, and the warehouse behind it.

    Attributes:
        tag: Its version.
        keeps_entity_ids: False for one that drops the key, as older ones do.
        health_after: Health checks that fail first.
        ready_after: Reads of the properties that fail after health is green.
        sync_after: Looks at the metadata before the tables appear.
        forgets: Keys of filters that it does not know and leaves out.
        loses_mappings: True for one that forgets which filter goes to which card.
        warehouse: Columns and their types by table by schema.
        password: What the warehouse's role needs.
    """

    tag: str = "v0.64.1.5"
    keeps_entity_ids: bool = True
    health_after: int = 0
    ready_after: int = 0
    sync_after: int = 0
    forgets: frozenset[str] = frozenset()
    loses_mappings: bool = False
    warehouse: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    password: str = "reader-secret-5c1"

    @property
    def major(self) -> int:
        """Its major version."""
        return int(self.tag.split(".")[1])


@dataclass
class Memory:
    """Who may sign in, and the databases with what was read of them."""

    ways: Ways
    users: dict[str, Json] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    databases: dict[int, Json] = field(default_factory=dict)
    tables: dict[int, Json] = field(default_factory=dict)
    fields: dict[int, Json] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    _numbers: Any = field(default_factory=lambda: itertools.count(11))

    def number(self) -> int:
        """A number that nothing has yet."""
        return int(next(self._numbers))

    # Users

    def set_up(self, body: Json) -> Json:
        """Make the first administrator; refused once there is one."""
        if self.users:
            raise RefusedError(403, "The /api/setup route can only be used to create the first "
                          "user, however a user currently exists.")  # fmt: skip
        if body["token"] != self.token:
            raise RefusedError(400, "Token does not match the setup token.")
        if len(body["user"]["password"]) < 6:
            raise RefusedError(400, "password: password is too common.")
        self.users[body["user"]["email"]] = {"password": body["user"]["password"], "admin": True}
        return self.open_session()

    def log_in(self, body: Json) -> Json:
        """Give a session for a password."""
        user = self.users.get(body["username"])
        if user is None or user["password"] != body["password"]:
            raise RefusedError(401, "did not match stored password")
        return self.open_session()

    def open_session(self) -> Json:
        """Give a new session."""
        session = secrets.token_hex(16)
        self.sessions.add(session)
        return {"id": session}

    # Databases

    def add_database(self, body: Json) -> Json:
        """Connect a database; the connection is tried first."""
        self._connect(body["details"])
        number = self.number()
        self.databases[number] = {
            "id": number,
            "name": body["name"],
            "engine": body["engine"],
            "details": body["details"],
            "initial_sync_status": "incomplete",
            "looks_left": self.ways.sync_after,
        }
        return self.shown_database(number)

    def change_database(self, number: int, body: Json) -> Json:
        """Change a connection; tried first, and a password that is left out stays."""
        database = self._one(self.databases, number)
        details = database["details"] | (body.get("details") or {})
        if details != database["details"]:
            self._connect(details)
            database["details"] = details
        return self.shown_database(number)

    def _connect(self, details: Json) -> None:
        if details.get("password") != self.ways.password:
            raise RefusedError(400, 'FATAL: password authentication failed for user "'
                          + str(details.get("user")) + '"')  # fmt: skip

    def health_of(self, number: int) -> Json:
        """Try a connection."""
        try:
            self._connect(self._one(self.databases, number)["details"])
        except RefusedError as refused:
            return {"status": "error", "message": refused.message}
        return {"status": "ok"}

    def shown_database(self, number: int) -> Json:
        """A database as it is given back: never with its password."""
        database = copy.deepcopy(self._one(self.databases, number))
        database["details"]["password"] = "**MetabasePass**"
        database.pop("looks_left")
        return database

    def sync(self, number: int) -> Json:
        """Begin to look at the tables."""
        self._one(self.databases, number)["looks_left"] = self.ways.sync_after
        return {"status": "ok"}

    def metadata(self, number: int, hidden: bool) -> Json:
        """Tables and columns; they appear some looks after a sync began."""
        database = self._one(self.databases, number)
        if database["looks_left"] == 0:
            self._read_warehouse(database)
        database["looks_left"] -= 1
        tables = [each for each in self.tables.values() if each["db_id"] == number]
        shown = [each for each in tables if hidden or not each["visibility_type"]]
        return self.shown_database(number) | {
            "tables": [
                each | {"fields": [f for f in self.fields.values() if f["table_id"] == each["id"]]}
                for each in shown
            ]
        }

    def _read_warehouse(self, database: Json) -> None:
        # The first look begins by itself, later ones only when asked for.
        database["initial_sync_status"] = "complete"
        patterns = str(database["details"].get("schema-filters-patterns", "")).split(",")
        known = {(t["schema"], t["name"]): t for t in self.tables.values()
                 if t["db_id"] == database["id"]}  # fmt: skip
        for schema, tables in self.ways.warehouse.items():
            if schema not in {pattern.strip() for pattern in patterns}:
                continue
            for name, columns in tables.items():
                table = known.get((schema, name)) or self._new_table(database["id"], schema, name)
                self._new_fields(table["id"], columns)

    def _new_table(self, database: int, schema: str, name: str) -> Json:
        number = self.number()
        self.tables[number] = {"id": number, "db_id": database, "schema": schema, "name": name,
                               "active": True, "description": None,
                               "visibility_type": None}  # fmt: skip
        return self.tables[number]

    def _new_fields(self, table: int, columns: dict[str, str]) -> None:
        known = {each["name"] for each in self.fields.values() if each["table_id"] == table}
        for name, kind in columns.items():
            if name not in known:
                number = self.number()
                self.fields[number] = {
                    "id": number, "table_id": table, "name": name, "active": True,
                    "base_type": _BASE_TYPES.get(kind, "type/*"), "description": None,
                    "semantic_type": None, "visibility_type": "normal",
                }  # fmt: skip

    def change(self, things: dict[int, Json], number: int, body: Json) -> Json:
        """Change a table or column."""
        thing = self._one(things, number)
        thing.update(body)
        return thing

    def _one(self, things: dict[int, Json], number: int) -> Json:
        if number not in things:
            raise RefusedError(404, "Not found.")
        return things[number]
