"""What a load would make of files, told before anything is loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ga4_analytics.ingest.files import InputFile, expand, inspect
from ga4_analytics.sources.batches import GIVEN, PARAMETER
from ga4_analytics.sources.console_lists import REPEATED, may_repeat
from ga4_analytics.sources.csv_rows import delimiter_of, read_header
from ga4_analytics.sources.decimals import decimals
from ga4_analytics.sources.json_cells import nested_header, nested_plan
from ga4_analytics.sources.lines import head
from ga4_analytics.sources.mapping import (
    GA4_RECORDS,
    GA4_TOP_LEVEL,
    ColumnOptions,
    Mapped,
    map_columns,
)
from ga4_analytics.sources.parquet import is_nested
from ga4_analytics.sources.schema import EVENT_COLUMNS
from ga4_analytics.sources.streams import text_form
from ga4_analytics.warehouse.tables import CAPABILITIES

SAMPLED_OBJECTS = 1000


@dataclass(frozen=True)
class ExplainedColumn:
    """One column of a file.

    Attributes:
        header: Its name or path in the file.
        goes_to: The canonical column, ``items.FIELD``, or where it is kept.
        rule: The rule that says so.
    """

    header: str
    goes_to: str
    rule: str


@dataclass(frozen=True)
class Explained:
    """What a file is, and what becomes of it.

    Attributes:
        name: The file.
        shape: Its shape.
        table_kind: The kind of table that its name tells.
        compression: What it is compressed with, ``none`` or inside a ``zip``.
        encoding: Of its text; None for Parquet.
        delimiter: Between its cells; None where it has none.
        decimal: The mark of its numbers; None where it has no cells.
        columns: Its columns.
        null_columns: Canonical columns that it cannot fill.
        cannot_answer: What the days can tell nothing about.
    """

    name: str
    shape: str
    table_kind: str
    compression: str
    encoding: str | None
    delimiter: str | None
    decimal: str | None
    columns: tuple[ExplainedColumn, ...]
    null_columns: tuple[str, ...]
    cannot_answer: tuple[str, ...]


def explain(paths: Sequence[str], options: ColumnOptions, unpacked: Path) -> list[Explained]:
    """Say what a load would make of files.

    Args:
        paths: Files, folders and patterns.
        options: What the user said of their columns.
        unpacked: Where the members of archives go, see `archives.unpacking`.

    Raises:
        SourceError: One or more files are nothing that we read.
    """
    found = inspect(expand(paths), options, unpacked)
    return [_explained(file, options) for file in found.files]


def _explained(file: InputFile, options: ColumnOptions) -> Explained:
    path, shape = file.detected.path, file.detected.shape
    plan = _plan(file, options)
    nested = any(each.header.partition(".")[0] == "event_params" for each in plan)
    filled = _filled(plan, options, nested)
    binary = shape == "Parquet"
    cells = shape.endswith("CSV")
    form = text_form(path)
    inside = file.name != str(path)
    mark = form.encoding + (" with byte order mark" if form.marked else "")
    targets = {at: each.target for at, each in enumerate(plan)}
    return Explained(
        name=file.name,
        shape=shape,
        table_kind=file.detected.table_kind,
        compression="zip" if inside and form.compression == "none" else form.compression,
        encoding=None if binary else mark,
        delimiter=delimiter_of(path) if cells else None,
        decimal=decimals(path, targets, len(plan), options.decimal).mark if cells else None,
        columns=tuple(ExplainedColumn(each.header, _told(each), each.rule) for each in plan),
        null_columns=tuple(
            column.name for column in EVENT_COLUMNS if column.reading and column.name not in filled
        ),
        cannot_answer=tuple(
            flag.removeprefix("has_").replace("_", " ")
            for flag, names in CAPABILITIES.items()
            if not filled & set(names)
        ),
    )


def _plan(file: InputFile, options: ColumnOptions) -> list[Mapped]:
    """Where each column of a file goes, in the file's order."""
    path, shape = file.detected.path, file.detected.shape
    if shape == "NDJSON":
        return [_by_path(name) for name in _json_paths(path)]
    if shape == "Parquet":
        schema = pq.read_schema(path)
        if is_nested(schema):
            return [_by_path(name) for name in _parquet_paths(schema)]
        return map_columns(tuple(schema.names), options, path)
    header = read_header(path)
    if shape == "console CSV":
        return [_by_path(name) for name in header]
    found = nested_header(path)
    if found is None:
        return map_columns(header, options, path)
    plan = nested_plan(found, options, path)
    return [
        _by_path(name) if position in found.nested else _scalar(plan[position])
        for position, name in enumerate(header)
    ]


def _scalar(mapped: Mapped) -> Mapped:
    return _by_path(mapped.header) if mapped.target in {mapped.header} else mapped


def _by_path(path: str) -> Mapped:
    """Where a field of Google's schema goes."""
    top = path.partition(".")[0]
    if top in REPEATED:
        return Mapped(path, path, "Google's path")
    for column in EVENT_COLUMNS:
        if path in column.paths:
            return Mapped(path, GIVEN + column.name, "Google's path")
    if path in GA4_RECORDS:
        return Mapped(path, path, "Google's path")
    if top in GA4_TOP_LEVEL:
        return Mapped(path, path, "kept in other_fields")
    return Mapped(path, PARAMETER + (top if may_repeat(path) else path), "kept as parameter")


def _told(mapped: Mapped) -> str:
    """A target in words.

    >>> _told(Mapped("tier", "@tier", "kept as parameter"))
    'event_params'
    """
    if mapped.rule == "kept in other_fields":
        return "other_fields"
    if mapped.target.startswith(PARAMETER):
        return "event_params"
    if mapped.target.startswith("item:"):
        return "items." + mapped.target.removeprefix("item:")
    return mapped.target.removeprefix(GIVEN)


def _filled(plan: Sequence[Mapped], options: ColumnOptions, nested: bool) -> set[str]:
    """The canonical columns that a file can fill; parameters are known only when it is read."""
    targets = {each.target for each in plan}
    opened = {target.partition(".")[0] for target in targets}
    filled = set(options.constants) | {each.removeprefix(GIVEN) for each in targets}
    for column in EVENT_COLUMNS:
        for path in column.paths:
            whole = path.partition(".")[0] in targets & GA4_RECORDS
            if path in targets or whole or (nested and path.startswith(PARAMETER)):
                filled.add(column.name)
    if nested or any(target.startswith(PARAMETER) for target in targets):
        filled.add("event_params")
    if "items" in opened or any(target.startswith("item:") for target in targets):
        filled.add("items")
    return filled


def _json_paths(path: Path) -> list[str]:
    """The fields of the first objects of NDJSON, in order of name."""
    found: set[str] = set()
    for line in head(path).splitlines()[:SAMPLED_OBJECTS]:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found |= _paths(value, "")
    return sorted(found)


def _paths(record: dict[str, Any], prefix: str) -> set[str]:
    """Dotted paths of a record's fields; only the records of Google's schema are opened.

    >>> sorted(_paths({"geo": {"city": "x"}, "new": {"a": 1}}, ""))
    ['geo.city', 'new']
    """
    found: set[str] = set()
    for key, value in record.items():
        path = prefix + key
        opened = isinstance(value, dict) and path in GA4_RECORDS
        found |= _paths(value, path + ".") if opened else {path}
    return found


def _parquet_paths(schema: Any) -> list[str]:
    found: list[str] = []

    def add(prefix: str, fields: Any) -> None:
        for field in fields:
            path = prefix + field.name
            if path in GA4_RECORDS and field.type.num_fields:
                add(path + ".", field.type)
            else:
                found.append(path)

    add("", schema)
    return found
