"""Erasure of one person: their events leave raw, the rejects and what loads replaced.

The ids themselves are kept nowhere; their SHA-256 stays, so that no later load of an older
export brings the person back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ga4_analytics.errors import LoadError
from ga4_analytics.ingest.days import Counts, table_of
from ga4_analytics.ingest.ledger import moved, own_entry
from ga4_analytics.settings import Settings
from ga4_analytics.warehouse.base import Statement, Warehouse
from ga4_analytics.warehouse.tables import CHURN_SCORES, COPIES, FORGOTTEN

_JSON = ("event_params", "user_properties", "other_fields")
_EVENTS = ("ga4_events", COPIES["ga4_events"].name)
_ITEMS = ("ga4_items", COPIES["ga4_items"].name)
_DAYS = ("ga4_days", COPIES["ga4_days"].name)


@dataclass(frozen=True)
class Person:
    """Whose events go.

    Attributes:
        user: The id that was given.
        devices: Devices (``user_pseudo_id``) that only this person used: all their events go.
        user_ids: Signed-in users (``user_id``) whose events go, on whatever device.
        shared_devices: Devices that others signed in on too: there only the person's own go.
        events: Events of raw that go.
        copies: Events that loads replaced and that go.
        rejects: Rejected records that name the person.
        mentions: Events of others whose parameters or properties hold the id.
    """

    user: str
    devices: tuple[str, ...]
    user_ids: tuple[str, ...]
    shared_devices: tuple[str, ...]
    events: int
    copies: int
    rejects: int
    mentions: int

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that must not be found anywhere afterwards."""
        return tuple(sorted({self.user, *self.devices, *self.user_ids}))


def find_person(user: str, warehouse: Warehouse, dataset: str) -> Person:
    """Say who is meant by an id and what there is of them.

    A device's id means that device. A signed-in user's id means that user's events, and all
    events of the devices on which nobody else signed in.

    Args:
        user: A ``user_pseudo_id`` or a ``user_id``.
        warehouse: A prepared warehouse.
        dataset: The property.

    Raises:
        LoadError: The id is empty.
    """
    if not user.strip():
        raise LoadError("The id is empty.", rule="One id names one person.")
    found = warehouse.query(
        f"select user_pseudo_id, user_id from ({_both('user_pseudo_id, user_id')}) as e "
        "where user_pseudo_id in (select user_pseudo_id from "
        f"({_both('user_pseudo_id, user_id')}) as u where user_id = ?) "
        "or user_pseudo_id = ? or user_id = ? group by 1, 2",
        [dataset, dataset, dataset, dataset, user, user, user],
    ).to_pylist()
    signed_in = {row["user_pseudo_id"] for row in found if row["user_id"] == user} - {None}
    others = {row["user_pseudo_id"] for row in found if row["user_id"] not in (None, user)}
    devices = {user} if any(row["user_pseudo_id"] == user for row in found) else set()
    devices |= signed_in - others
    user_ids = {user} if any(row["user_id"] == user for row in found) else set()
    where, params = _theirs(sorted(devices), sorted(user_ids))
    counts = [
        _count(warehouse, f"raw.{name} where dataset = ? and ({where})", [dataset, *params])
        for name in _EVENTS
    ]
    ids = sorted({user, *devices, *user_ids})
    named, texts = _naming(ids)
    rejects = f"raw.rejects where dataset = ? and ({named})"
    return Person(
        user=user,
        devices=tuple(sorted(devices)),
        user_ids=tuple(sorted(user_ids)),
        shared_devices=tuple(sorted(signed_in & others)),
        events=counts[0],
        copies=counts[1],
        rejects=_count(warehouse, rejects, [dataset, *texts]),
        mentions=_mentions(warehouse, dataset, ids, where, params),
    )


def forget(
    person: Person,
    warehouse: Warehouse,
    settings: Settings,
    now_us: int,
    entry_id: str,
) -> None:
    """Remove a person from ``raw``, all or nothing.

    Args:
        person: Whose events go.
        warehouse: A prepared warehouse.
        settings: Whose ``dataset`` is meant.
        now_us: The time, microseconds UTC.
        entry_id: Name of the erasure in the ledger.

    Raises:
        WarehouseError: The warehouse refused; nothing was removed.
    """
    dataset = settings.dataset
    where, params = _theirs(person.devices, person.user_ids)
    before = _counts(warehouse, dataset, "")
    after = _counts(warehouse, dataset, f"and not coalesce({where}, false)", params)
    kept = sum(after.values())
    entry = own_entry(entry_id, dataset, "forget", now_us, kept, forgotten=person.events)
    touched = {day for (day, name), count in before.items() if after.get((day, name), 0) != count}
    log = moved(
        entry_id,
        dataset,
        {key: count for key, count in before.items() if key[0] in touched},
        {key: count for key, count in after.items() if key[0] in touched},
    )
    tombs = [
        {
            "dataset": dataset,
            "column_name": column,
            "id_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "forgotten_at_us": now_us,
        }
        for column, texts in (
            ("user_pseudo_id", {*person.devices, person.user}),
            ("user_id", {*person.user_ids, person.user}),
        )
        for text in sorted(texts)
    ]
    warehouse.change(
        [
            *_removals(person, dataset),
            *_scores(person, dataset, warehouse),
            *_recounts(dataset),
            *_tombs_again(tombs),
        ],
        {
            "loads": entry,
            "forgotten": table_of(FORGOTTEN.columns, tombs),
            **log,
        },
    )


def _removals(person: Person, dataset: str) -> list[Statement]:
    where, params = _theirs(person.devices, person.user_ids)
    statements = []
    for events, items in zip(_EVENTS, _ITEMS, strict=True):
        statements += [
            Statement(
                f"delete from raw.{items} where dataset = ? and event_id in "
                f"(select event_id from raw.{events} where dataset = ? and ({where}))",
                (dataset, dataset, *params),
            ),
            Statement(
                f"delete from raw.{events} where dataset = ? and ({where})", (dataset, *params)
            ),
        ]
    named, texts = _naming(person.ids)
    shown = " or ".join(f"{_position('example')} > 0" for _ in person.ids)
    return [
        *statements,
        Statement(f"delete from raw.rejects where dataset = ? and ({named})", (dataset, *texts)),
        Statement(
            f"update raw.damage set example = null where dataset = ? and ({shown})",
            (dataset, *person.ids),
        ),
    ]


def _scores(person: Person, dataset: str, warehouse: Warehouse) -> list[Statement]:
    """Statements that remove what was foretold of a person."""
    if not warehouse.relation_exists(CHURN_SCORES.schema, CHURN_SCORES.name):
        return []
    # A shared device was scored on what this person did there as well.
    keys = (*person.ids, *person.shared_devices)
    marks = ", ".join("?" * len(keys))
    sql = f"delete from results.churn_scores where dataset = ? and user_key in ({marks})"
    return [Statement(sql, (dataset, *keys))]


def _recounts(dataset: str) -> list[Statement]:
    """Statements that make the days say how much they hold now."""
    statements = []
    for days, events, items, also in (
        (_DAYS[0], _EVENTS[0], _ITEMS[0], ""),
        (_DAYS[1], _EVENTS[1], _ITEMS[1], " and e.replaced_by = d.replaced_by"),
    ):
        counts = ", ".join(
            f"{column} = (select count(*) from raw.{table} as e where e.dataset = d.dataset "
            f"and e.event_date = d.event_date{also})"
            for column, table in (("events", events), ("items", items))
        )
        statements.append(
            Statement(f"update raw.{days} as d set {counts} where d.dataset = ?", (dataset,))
        )
    return statements


def _tombs_again(tombs: Sequence[dict[str, object]]) -> list[Statement]:
    """Statements that make room for stones that stand already."""
    return [
        Statement(
            "delete from raw.forgotten where dataset = ? and column_name = ? and id_sha256 = ?",
            (tomb["dataset"], tomb["column_name"], tomb["id_sha256"]),
        )
        for tomb in tombs
    ]


def _both(columns: str) -> str:
    """Select of columns of the events that are there and that were replaced."""
    return " union all ".join(f"select {columns} from raw.{name} where dataset = ?"
                              for name in _EVENTS)  # fmt: skip


def _theirs(devices: Sequence[str], user_ids: Sequence[str]) -> tuple[str, list[str]]:
    """SQL that is true for a person's events, and its parameters."""
    tests, params = [], []
    for column, ids in (("user_pseudo_id", devices), ("user_id", user_ids)):
        if ids:
            tests.append(f"{column} in ({', '.join('?' * len(ids))})")
            params += list(ids)
    return " or ".join(tests) or "1 = 0", params


def _naming(ids: Sequence[str]) -> tuple[str, list[str]]:
    """SQL that is true for a rejected record that names one of the ids."""
    fields = ("raw_text", "reason")
    tests = [f"{_position(field)} > 0" for field in fields for _ in ids]
    return " or ".join(tests) or "1 = 0", [text for _ in fields for text in ids]


def _position(field: str) -> str:
    return f"strpos({field}, ?)"


def _mentions(
    warehouse: Warehouse, dataset: str, ids: Sequence[str], where: str, params: Sequence[str]
) -> int:
    tests = [f"strpos({column}, ?) > 0" for column in _JSON for _ in ids]
    texts = [json.dumps(text, ensure_ascii=False) for _ in _JSON for text in ids]
    sql = (
        f"raw.ga4_events where dataset = ? and ({' or '.join(tests)}) "
        f"and not coalesce({where}, false)"
    )
    return _count(warehouse, sql, [dataset, *texts, *params])


def _count(warehouse: Warehouse, source: str, params: Sequence[str]) -> int:
    found = warehouse.query(f"select count(*) as n from {source}", list(params))
    return int(found.column("n")[0].as_py())


def _counts(warehouse: Warehouse, dataset: str, test: str, params: Sequence[str] = ()) -> Counts:
    rows = warehouse.query(
        "select event_date, event_name, count(*) as events from raw.ga4_events "
        f"where dataset = ? {test} group by 1, 2",
        [dataset, *params],
    ).to_pylist()
    return {(row["event_date"], row["event_name"]): int(row["events"]) for row in rows}
