"""The SQL that turns one batch of text records into canonical columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from ga4_analytics.sources.batches import PARAMETER
from ga4_analytics.sources.identity import (
    NAMESPACE,
    array_key_sql,
    hashed_sql,
    object_key_sql,
)
from ga4_analytics.sources.param_lists import pairs_sql
from ga4_analytics.sources.readings import Fault, Judging, faults, value_sql
from ga4_analytics.sources.rules import RULES
from ga4_analytics.sources.schema import EVENT_COLUMNS, ITEM_COLUMNS, Column
from ga4_analytics.sources.sql_text import json_text, quoted, text_literal
from ga4_analytics.sources.stage_columns import (
    KEY,
    KEYED,
    LATER,
    ROW,
    fillable,
    other_fields,
    places,
    unknown_columns,
)
from ga4_analytics.sources.zones import Transition, offset_sql

_OBJECTS = frozenset({"event_params", "user_properties", "other_fields"})
NULL_TEXT = "null::varchar"

Scheme = Literal["ga4", "columns"]
"""How an event's key is made; see ``identity``."""


@dataclass(frozen=True)
class BatchPlan:
    """SQL over the relation ``batch``.

    Attributes:
        ready: Gives ``columns`` (of `KEY` what is hashed, see `uuids`), ``problem`` (the first
            rule that is broken, as ``column|rule|text``, else null), where damage is accepted
            ``damage`` (a list of column, rule and text) and, where there are any, ``raw_items``.
        items: Gives the columns `STAGE_ITEMS` from the relation ``ready``; None where no
            record can hold items.
        columns: Those of `STAGE_EVENTS` that this batch can fill, in their order.
    """

    ready: str
    items: str | None
    columns: tuple[str, ...]


def plan_batch(
    names: tuple[str, ...],
    transitions: Sequence[Transition],
    judging: Judging,
    plain: frozenset[str] = frozenset(),
    read: frozenset[str] = frozenset(),
    *,
    timed: bool = False,
) -> BatchPlan:
    """Plan for a batch with these columns.

    Args:
        names: The batch's column names, see `RawBatch`.
        transitions: The property's zone, to date events without a date; may be empty.
        judging: The clock, and whether damage is accepted.
        plain: Columns of the batch of which no text needs escaping in JSON.
        read: Lists that are JSON objects already, with a column of `KEYED` for each key.
        timed: Whether every record has a text for its timestamp.
    """
    texts = {
        column.name: text
        for column in EVENT_COLUMNS
        if column.reading and (text := _text(column, names, read))
    }
    scheme = _scheme("event_params" in names, timed and not judging.accept)
    values = _values(texts)
    steps = {
        "lists": f"select *, {_lists(names, plain, read)} from batch",
        "keyed_lists": "select *, list_transform(params, lambda e: e.k) as param_keys from lists",
        "texts": f"select {_text_columns(texts, names, plain, read)} from keyed_lists",
        "typed": f"select *, {_columns(values)} from texts",
        "dated": f"select * replace ({_dated(texts, transitions)}) from typed",
        "cleared": f"select {_cleared(texts, names, judging)} from dated",
        "judged": f"select *, {_scheme_sql(scheme)} as id_scheme, "
        f"{_problem(texts, names, judging)} as problem from cleared",
        "named": f"select *, {hashed_sql(NAMESPACE, _key(texts, names, plain, scheme))} as hashed "
        "from judged",
    }
    chain = ", ".join(f"{name} as ({sql})" for name, sql in steps.items())
    columns = fillable(texts, names)
    selected = ", ".join(f"hashed as {KEY}" if name == KEY else name for name in columns)
    damage = ", damage" if judging.accept else ""
    items = ", raw_items" if "items" in names else ""
    ready = f"with {chain} select {selected}, problem{damage}{items} from named"
    return BatchPlan(ready, _items() if items else None, columns)


def _columns(values: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in values.items())


def _text(column: Column, names: tuple[str, ...], read: frozenset[str]) -> str | None:
    """SQL for a column's text, from the first place that has one; None where none can."""
    found = []
    for place in places(column, names, read):
        if place in names or place.startswith(KEYED):
            found.append(quoted(place))
        else:
            key = text_literal(place.removeprefix(PARAMETER))
            found.append(f"params[list_position(param_keys, {key})].t")
    return f"coalesce({', '.join(found)})" if found else None


def _lists(names: tuple[str, ...], plain: frozenset[str], read: frozenset[str]) -> str:
    """The parameters, properties and fields as sorted lists of key, JSON and text."""
    params = _pairs("event_params", names, read)
    unknown = _loose(unknown_columns(names) if "event_params" in names else {})
    properties = _pairs("user_properties", names, read)
    items = "items" if "items" in names else "null"
    other = _direct({name: name for name in other_fields(names)}, plain)
    return (
        f"{params} as params, {unknown} as unknown, {properties} as properties, "
        f"{other} as other, {items} as raw_items"
    )


def _pairs(name: str, names: tuple[str, ...], read: frozenset[str]) -> str:
    if name not in names or name in read:
        return "[]::struct(k varchar, j varchar, t varchar)[]"
    return pairs_sql(name, dated=name == "user_properties")


def _loose(columns: Mapping[str, str]) -> str:
    """A list of the columns that have a value, sorted by key."""
    pairs = ", ".join(
        f"{{'k': {text_literal(key)}, 'j': to_json({quoted(name)})::varchar, 't': {quoted(name)}}}"
        for key, name in sorted(columns.items())
    )
    empty = "[]::struct(k varchar, j varchar, t varchar)[]"
    return f"list_filter([{pairs}], lambda e: e.t is not null)" if pairs else empty


def _direct(columns: Mapping[str, str], plain: frozenset[str]) -> str:
    """SQL for the JSON object of the columns that have a value; null where none has.

    It says the same as `object_json` of `_loose`, without making a list for each record.
    """
    members = ", ".join(
        f"{text_literal(json_text(key) + ':' + mark)} || {quoted(name)} || '{mark}'"
        if (mark := '"' if name in plain else "")
        else f"{text_literal(json_text(key) + ':')} || to_json({quoted(name)})::varchar"
        for key, name in sorted(columns.items())
    )
    return f"nullif('{{' || concat_ws(',', {members}) || '}}', '{{}}')" if columns else NULL_TEXT


def _text_columns(
    texts: Mapping[str, str], names: tuple[str, ...], plain: frozenset[str], read: frozenset[str]
) -> str:
    selected = [f"{sql} as {quoted('t_' + name)}" for name, sql in texts.items()]
    params, properties = (
        name if name in read else _object(pairs, name in names)
        for name, pairs in (("event_params", "params"), ("user_properties", "properties"))
    )
    if "event_params" not in names:
        every = _direct(unknown_columns(names), plain)
    elif unknown_columns(names):
        every = "object_json(list_sort(list_concat(params, unknown)))"
    else:
        every = params
    return ", ".join(
        [
            ROW,
            *selected,
            f"{params} as params_json",
            f"{every} as event_params",
            f"{properties} as user_properties",
            "other as other_fields",
            *(["raw_items"] if "items" in names else []),
        ]
    )


def _object(pairs: str, there: bool) -> str:
    """SQL for a JSON object; plain null where no column can fill it."""
    return f"object_json({pairs})" if there else NULL_TEXT


def _values(texts: Mapping[str, str]) -> dict[str, str]:
    """SQL for each canonical column, over the texts."""
    values: dict[str, str] = {}
    for column in EVENT_COLUMNS:
        if column.name in LATER or column.name in _OBJECTS or column.name == "id_scheme":
            continue
        text = quoted("t_" + column.name) if column.name in texts else None
        values[column.name] = value_sql(column, text) if text else f"null::{_type(column)}"
    if "page_location" in texts:
        values["page_path"] = "path_of(t_page_location)"
    return values


def _dated(texts: Mapping[str, str], transitions: Sequence[Transition]) -> str:
    """SQL for the event's date, taken from its timestamp where the zone is known."""
    if not transitions or "event_timestamp" not in texts:
        return "event_date as event_date"
    stamp = "event_timestamp"
    local = f"{stamp} + {offset_sql(stamp, transitions)} * 60000000::bigint"
    derived = f"(epoch_ms(0) + to_days((({local}) // 86400000000)::integer))::date"
    without = "t_event_date is null" if "event_date" in texts else "true"
    return f"case when {without} then {derived} else event_date end as event_date"


def _scheme(nested: bool, timed: bool) -> Scheme | None:
    """The scheme of every event's key, where all are timed or untimed ones are rejects; or None."""
    if not nested:
        return "columns"
    return "ga4" if timed else None


def _scheme_sql(scheme: Scheme | None) -> str:
    """SQL for the scheme of an event's key."""
    if scheme is None:
        return "case when event_timestamp is not null then 'ga4' else 'columns' end"
    return text_literal(scheme)


def _type(column: Column) -> str:
    return "varchar" if column.kind == "text" else column.kind


def _faults(
    texts: Mapping[str, str], judging: Judging, *, accepted: bool
) -> Iterator[tuple[Column, Fault]]:
    """What refuses or rejects a record, or else what is accepted, column by column."""
    for column in EVENT_COLUMNS:
        if column.name in texts:
            for fault in faults(column, quoted("t_" + column.name), judging):
                if (judging.accept and RULES[fault.rule].acceptable) == accepted:
                    yield column, fault


def _problem(texts: Mapping[str, str], names: tuple[str, ...], judging: Judging) -> str:
    """SQL for the first rule that a record breaks, over texts and values; null where none."""
    signs = ["event_name is null", "event_date is null"]
    cases = ["when event_name is null then 'event_name|missing_event_name|'"]
    for column, fault in _faults(texts, judging, accepted=False):
        text = quoted("t_" + column.name)
        cases.append(f"when {fault.test} then '{column.name}|{fault.rule}|' || {text}")
        signs.append(fault.sign)
    cases.append("when event_date is null then 'event_date|missing_event_date|'")
    if "items" in names and not judging.accept:
        cases.append(f"when {_bad_item()} then 'items|item_not_a_number|'")
        signs.append(_bad_item())
    suspicious = " or ".join(f"({sign})" for sign in dict.fromkeys(signs))
    return f"case when {suspicious} then case {' '.join(cases)} end end"


def _cleared(texts: Mapping[str, str], names: tuple[str, ...], judging: Judging) -> str:
    """SQL for the columns without the damage that is accepted, and for that damage."""
    if not judging.accept:
        return "*"
    found: list[str] = []
    nulled: list[str] = []
    for column, some in groupby(_faults(texts, judging, accepted=True), key=lambda each: each[0]):
        cases = [(fault.test, fault.rule) for _, fault in some]
        told = " ".join(
            f"when {test} then {_finding(column.name, rule, quoted('t_' + column.name))}"
            for test, rule in cases
        )
        found.append(f"case {told} end")
        tests = [f"({test})" for test, rule in cases if RULES[rule].outcome(column) == "null"]
        if tests:
            wrong = " or ".join(tests)
            nulled.append(f"case when {wrong} then null else {column.name} end as {column.name}")
    if "items" in names:
        found.append(f"case when {_bad_item()} then {_finding('items', 'item_not_a_number')} end")
    damage = f"list_filter([{', '.join(found)}], lambda e: e is not null) as damage"
    return f"* replace ({', '.join(nulled)}), {damage}" if nulled else f"*, {damage}"


def _finding(column: str, rule: str, text: str = "null::varchar") -> str:
    return f"{{'column_name': '{column}', 'rule': '{rule}', 'value': {text}}}"


def _bad_item() -> str:
    tests = " or ".join(
        f"(i.{column.paths[0]} is not null and {value_sql(column, f'i.{column.paths[0]}')} is null)"
        for column in ITEM_COLUMNS
        if column.reading in {"integer", "money"}
    )
    return f"len(raw_items) > 0 and len(list_filter(raw_items, lambda i: {tests})) > 0"


def _key(
    texts: Mapping[str, str],
    names: tuple[str, ...],
    plain: frozenset[str],
    scheme: Scheme | None,
) -> str:
    """SQL for the event's key, over the typed columns."""
    readable = {column.name: column.name for column in EVENT_COLUMNS if column.name in texts}
    readable["event_date"] = "event_date"
    if "event_params" in names or any(name.startswith(PARAMETER) for name in names):
        readable["event_params"] = "event_params"
    # A text is taken from one column of the batch as it is, or from several places.
    raw = {quoted(name) for name in plain}
    ugly = frozenset(
        column.name
        for column in EVENT_COLUMNS
        if column.kind == "text"
        and texts.get(column.name, "") not in {f"coalesce({n})" for n in raw}
    )
    loose = object_key_sql(readable, ugly)
    if scheme == "columns":
        return loose
    exact = array_key_sql(
        {**{c.name: c.name for c in EVENT_COLUMNS}, "event_params": "params_json"}, ugly
    )
    if scheme == "ga4":
        return exact
    return f"case when id_scheme = 'ga4' then {exact} else {loose} end"


def _items() -> str:
    fields = ", ".join(
        f"{value_sql(column, f'i.{column.paths[0]}')} as {column.name}"
        for column in ITEM_COLUMNS
        if column.paths
    )
    params = (
        "object_json(list_sort(list_transform(list_filter(coalesce(i.item_params, []), "
        "lambda e: e.key is not null), "
        "lambda e: {'k': e.key, 'j': param_json(e), 't': param_text(e)})))"
    )
    return (
        f"select {ROW}, {KEY}, event_date, item_index, {fields}, {params} as item_params from ("
        f"select {ROW}, {KEY}, event_date, unnest(raw_items) as i, "
        "(generate_subscripts(raw_items, 1) - 1)::integer as item_index "
        "from ready where problem is null and len(raw_items) > 0)"
    )
