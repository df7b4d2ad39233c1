"""From JSON objects of Google's schema to text columns by path and lists of text records.

Keys are found block by block, so a field that Google adds tomorrow is read today. Missing
keys, nulls, empty texts and empty lists mean the same. What becomes of an object depends
on nothing but itself: only the records that Google's schema has are opened, any other is
kept as canonical JSON, and an object whose record or list is something else is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from ga4_analytics.sources.batches import ITEM_FIELDS, LINE, PARAMETER, TEXT
from ga4_analytics.sources.canonical_json import teach
from ga4_analytics.sources.mapping import GA4_RECORDS, GA4_TOP_LEVEL
from ga4_analytics.sources.nested import SLOTS, maybe_json_sql, repeated_sql
from ga4_analytics.sources.sql_text import quoted, text_literal

LISTS: tuple[str, ...] = ("event_params", "user_properties", "items")
MISSHAPEN = {
    "not_a_list": "{column} is not a list of records as Google exports it.",
    "not_a_record": "{column} is not a record as Google exports it.",
    "unnamed_field": "A field of {column} has no name, NUL in its name, or the name of another "
    "field in capitals; rename it.",
}
"""Rule to what is told of an object that is not of the shape of an event."""

Tree = dict[str, Any]
"""What DuckDB's ``json_group_structure`` tells: key to a type, a tree, or a list of one."""


@dataclass(frozen=True)
class Flattened:
    """A block's objects.

    Attributes:
        table: ``_line``, text columns and lists; see `RawBatch`.
        misshapen: Line to column and rule of the objects that are not in it.
    """

    table: pa.Table
    misshapen: dict[int, tuple[str, str]]


class Flattener:
    """Flattens the JSON objects ``j`` of the table ``good``, block after block."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        """Make one that works on an engine."""
        self.engine = engine
        teach(engine)

    def flattened(self) -> Flattened:
        """Flatten the objects of ``good``, in their order."""
        tree = self._structure()
        misshapen: dict[int, tuple[str, str]] = {}
        while found := self._misshapen(tree):
            # What was in the way of telling the rest of the structure is out now.
            misshapen |= found
            self.engine.register("bad", pa.table({"bad": list(found)}))
            self.engine.execute(f"delete from good where {LINE} in (select bad from bad)")
            tree = self._structure()
        table = self.engine.execute(_select(tree)).to_arrow_table().combine_chunks()
        self.engine.execute("drop table good")
        return Flattened(table, misshapen)

    def _structure(self) -> Tree:
        found = self.engine.execute("select json_group_structure(j) from good").fetchall()[0][0]
        tree = json.loads(found) if found else {}
        return tree if isinstance(tree, dict) else {}

    def _misshapen(self, tree: Tree) -> dict[int, tuple[str, str]]:
        tests = [*_doubts(tree), *_unnamed(tree)]
        if not tests:
            return {}
        cases = " ".join(
            f"when {test} then {text_literal(column + '|' + rule)}" for column, rule, test in tests
        )
        found = self.engine.execute(
            f"select {LINE}, problem from (select {LINE}, case {cases} end as problem from good) "
            "where problem is not null"
        ).fetchall()
        return {line: tuple(problem.split("|")) for line, problem in found}


def _doubts(tree: Tree) -> Iterator[tuple[str, str, str]]:
    """Column, rule and SQL test of what cannot be told from a block's structure alone."""
    for path in sorted(GA4_RECORDS):
        if not isinstance(_at(tree, path), dict | None):
            where = text_literal(f"$.{path}")
            yield path, "not_a_record", f"json_type(j, {where}) not in ('OBJECT', 'NULL')"
    for name in LISTS:
        node = tree.get(name)
        if node is not None and not _is_records(node):
            yield name, "not_a_list", f"json_type(j, '$.{name}') not in ('ARRAY', 'NULL')"
            yield name, "not_a_list", _other("OBJECT", f"$.{name}[*]")
        inner = {} if name == "items" else _element(node).get("value")
        if not isinstance(inner, dict | None):
            yield name, "not_a_list", _other("OBJECT", f"$.{name}[*].value")
    params = _element(tree.get("items")).get("item_params")
    if params is not None and not _is_records(params):
        yield "items", "not_a_list", _other("ARRAY", "$.items[*].item_params")
        yield "items", "not_a_list", _other("OBJECT", "$.items[*].item_params[*]")
    if not isinstance(_element(params).get("value"), dict | None):
        yield "items", "not_a_list", _other("OBJECT", "$.items[*].item_params[*].value")


def _unnamed(tree: Tree) -> Iterator[tuple[str, str, str]]:
    """The same of fields whose names the engine cannot tell from nothing or from another's."""
    yield from _odd_names("the line", tree, "json_keys(j)")
    for path in sorted(GA4_RECORDS):
        yield from _odd_names(path, _at(tree, path), f"json_keys(j, '$.{path}')")
    for name in LISTS:
        element = _element(tree.get(name))
        inner = _element(element.get("item_params")) if name == "items" else element
        below = "item_params[*].value" if name == "items" else "value"
        yield from _odd_names(name, element, f"flatten(json_keys(j, '$.{name}[*]'))")
        where = f"flatten(json_keys(j, '$.{name}[*].{below}'))"
        yield from _odd_names(name, inner.get("value"), where)


def _odd_names(column: str, node: Any, keys: str) -> Iterator[tuple[str, str, str]]:
    """A test for the odd names of a node; names in small letters are those that stay."""
    known: set[str] = set()
    odd: list[str] = []
    nul = False
    for key in sorted(
        node if isinstance(node, dict) else (), key=lambda key: (key.lower() != key, key)
    ):
        nul |= "\0" in key
        if not key or key.lower() in known:
            odd.append(key)
        known.add(key.lower())
    if odd or nul:
        names = ", ".join(text_literal(key) for key in odd if "\0" not in key) or "''"
        test = f"lambda k: k in ({names}) or contains(k, chr(0))"
        yield column, "unnamed_field", f"len(list_filter({keys}, {test})) > 0"


def _other(kind: str, path: str) -> str:
    """SQL for whether anything at a path with wildcards is of another kind."""
    allowed = f"lambda t: t not in ('{kind}', 'NULL')"
    return f"len(list_filter(json_type(j, '{path}'), {allowed})) > 0"


def _at(tree: Tree, path: str) -> Any:
    """The node at a dotted path; None where there is none, or nothing but null."""
    node: Any = tree
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    return None if node == "NULL" else node


def _is_records(node: Any) -> bool:
    return node == "NULL" or (
        isinstance(node, list) and (node == ["NULL"] or isinstance(node[0], dict))
    )


def _element(node: Any) -> Tree:
    """The tree of a list's records."""
    return node[0] if isinstance(node, list) and isinstance(node[0], dict) else {}


def _select(tree: Tree) -> str:
    """SQL that flattens ``good``."""
    shape: Tree = {}
    selects: list[str] = [LINE]
    for name, node in sorted(tree.items()):
        field = f"x.{quoted(name)}"
        if name in LISTS:
            kind = _list_kind(name, _element(node))
            shape[name] = _json_shape(kind)
            selects.append(f"{repeated_sql(name, kind, field)} as {quoted(name)}")
        elif name in GA4_RECORDS:
            below = _record_shape(name, node if isinstance(node, dict) else {})
            if below:
                shape[name] = below
                selects += _leaf_selects(name, field, below, node)
        else:
            shape[name] = "VARCHAR"
            target = name if name in GA4_TOP_LEVEL else PARAMETER + name
            selects.append(f"{_leaf(field, node)} as {quoted(target)}")
    if not shape:
        return f"select {LINE} from good"
    parsed = f"select {LINE}, from_json(j, {text_literal(json.dumps(shape))}) as x from good"
    return f"select {', '.join(selects)} from ({parsed})"


def _record_shape(path: str, tree: Tree) -> Tree:
    """The keys of a record that are read, without records that never have any."""
    shape: Tree = {}
    for key, node in tree.items():
        inner = f"{path}.{key}"
        if inner in GA4_RECORDS:
            below = _record_shape(inner, node if isinstance(node, dict) else {})
            if below:
                shape[key] = below
        else:
            shape[key] = "VARCHAR"
    return shape


def _leaf_selects(path: str, sql: str, shape: Tree, tree: Tree) -> list[str]:
    selects: list[str] = []
    for key, below in shape.items():
        field, name = f"{sql}.{quoted(key)}", f"{path}.{key}"
        if isinstance(below, dict):
            selects += _leaf_selects(name, field, below, tree[key])
        else:
            selects.append(f"{_leaf(field, tree[key])} as {quoted(name)}")
    return selects


def _leaf(field: str, node: Any) -> str:
    """SQL for a scalar's text, or the canonical JSON of what nests where it need not."""
    text = f"nullif({field}, '')"
    if node == "JSON" or not isinstance(node, str):
        return maybe_json_sql(field)
    return text


def _list_kind(name: str, element: Tree) -> pa.ListType:
    """The Arrow type of a repeated field, with the fields that are new to us."""
    if name == "items":
        fields = dict.fromkeys(ITEM_FIELDS, TEXT) | _kinds(element)
        fields["item_params"] = _list_kind("event_params", _element(element.get("item_params")))
        return pa.list_(pa.struct(list(fields.items())))
    slots = (*SLOTS, "set_timestamp_micros") if name == "user_properties" else SLOTS
    found = element.get("value")
    value = dict.fromkeys(slots, TEXT) | _kinds(found if isinstance(found, dict) else {})
    return pa.list_(pa.struct([("key", TEXT), ("value", pa.struct(list(value.items())))]))


def _kinds(tree: Tree) -> dict[str, pa.DataType]:
    """Text for each key, or JSON where it nests."""
    plain = {key: isinstance(node, str) and node != "JSON" for key, node in tree.items()}
    return {key: TEXT if plain[key] else pa.json_() for key in tree}


def _json_shape(kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return [_json_shape(kind.value_type)]
    if pa.types.is_struct(kind):
        return {field.name: _json_shape(field.type) for field in kind}
    return "VARCHAR"
