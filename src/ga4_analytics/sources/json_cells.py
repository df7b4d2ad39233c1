"""CSV whose cells hold nested fields: JSON (``TO_JSON_STRING``) or Python (``to_csv``).

The nested cells of a line become one JSON object, which is flattened as a line of NDJSON
is, so that the same event is the same event. Scalar columns stand beside them under
Google's names, dotted or not, or under people's names as in a flat CSV.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.errors import SourceError
from ga4_analytics.sources.batches import GIVEN, LINE, PARAMETER, TEXT, RawBatch, Reject
from ga4_analytics.sources.canonical_json import MAX_DEPTH, canonical_or_none, too_deep
from ga4_analytics.sources.csv_rows import CsvRows, csv_rows, delimiter_of, read_header
from ga4_analytics.sources.decimals import Decimals, decimals
from ga4_analytics.sources.flattening import LISTS, MISSHAPEN, Flattener
from ga4_analytics.sources.lines import Seen, head
from ga4_analytics.sources.mapping import (
    GA4_RECORDS,
    GA4_TOP_LEVEL,
    ColumnOptions,
    Mapped,
    map_columns,
)
from ga4_analytics.sources.pending import Engines, Pending
from ga4_analytics.sources.repr_cells import CellError, json_of_repr
from ga4_analytics.sources.sql_text import quoted, text_literal
from ga4_analytics.sources.times import with_zone

CellKind = Literal["JSON", "Python"]
SAMPLED_ROWS = 200
_NESTED = ("{", "[", "array(")


@dataclass(frozen=True)
class NestedHeader:
    """What the columns of such a file are.

    Attributes:
        names: The header.
        nested: Positions of Google's columns with nested cells.
        unknown: Names of the columns that we do not know.
        kind: What those cells are written in.
    """

    names: tuple[str, ...]
    nested: tuple[int, ...]
    unknown: frozenset[str]
    kind: CellKind


def nested_header(path: Path) -> NestedHeader | None:
    """Tell which columns of a CSV hold nested cells; None where none does."""
    names = read_header(path)
    lines = io.StringIO(head(path).decode("utf-8", "replace"), newline="")
    reader = csv.reader(lines, delimiter=delimiter_of(path))
    next(reader, None)
    rows = [row for _, row in zip(range(SAMPLED_ROWS), reader, strict=False)]
    nested: list[int] = []
    unknown: list[str] = []
    python = False
    for position, name in enumerate(names):
        cells = [row[position].strip() for row in rows if position < len(row)]
        marked = [cell for cell in cells if cell.startswith(_NESTED)]
        if name in LISTS or (name in GA4_RECORDS and marked):
            nested.append(position)
            python = python or any(_is_python(cell) for cell in marked)
        elif name not in GA4_TOP_LEVEL:
            unknown.append(name)
    if not nested:
        return None
    return NestedHeader(names, tuple(nested), frozenset(unknown), "Python" if python else "JSON")


def _is_python(cell: str) -> bool:
    """Whether a nested cell is written by Python.

    >>> [_is_python(cell) for cell in ("[{'key': 1}]", '[{"key": 1}]', "array([", "[]")]
    [True, False, True, False]
    """
    inner = cell.lstrip("[{ \n\t")
    return inner.startswith(("'", "array("))


def read_json_cells(path: Path, options: ColumnOptions, seen: Seen) -> Iterator[Pending]:
    """Read a CSV with nested cells.

    Args:
        path: The file.
        options: What the user said of its columns.
        seen: Told the position in the file on disk.

    Raises:
        SourceError: Two columns mean the same.
    """
    found = nested_header(path)
    if found is None:
        return
    plan = nested_plan(found, options, path)
    names = {position: each.target for position, each in plan.items()}
    numbers = decimals(path, names, len(found.names), options.decimal)
    for rows in csv_rows(path, len(found.names), seen):
        yield partial(_pending, rows, found, plan, numbers, options)


def _pending(
    rows: CsvRows,
    found: NestedHeader,
    plan: dict[int, Mapped],
    numbers: Decimals,
    options: ColumnOptions,
    engines: Engines,
) -> RawBatch:
    return _batch(engines.flattener(), rows, found, plan, numbers, options)


def nested_plan(found: NestedHeader, options: ColumnOptions, path: Path) -> dict[int, Mapped]:
    """Where the scalar columns go: under Google's own names as they stand, else as flat ones."""
    scalars = [p for p in range(len(found.names)) if p not in found.nested]
    plan = {
        position: Mapped(found.names[position], found.names[position], "Google's path")
        for position in scalars
        if found.names[position].partition(".")[0] in GA4_TOP_LEVEL
        and found.names[position] not in options.maps.values()
    }
    roots = {found.names[position] for position in found.nested}
    for each in plan.values():
        if "." in each.header and each.header.partition(".")[0] in roots:
            raise SourceError(
                f"{path}: the column {each.header!r} stands in the column "
                f"{each.header.partition('.')[0]!r} as well.",
                rule="A field is read from one column.",
                remedy="Leave one of them out of the query.",
            )
    others = [position for position in scalars if position not in plan]
    people = map_columns(tuple(found.names[position] for position in others), options, path)
    return plan | dict(zip(others, people, strict=True))


def _batch(
    flattener: Flattener,
    rows: CsvRows,
    found: NestedHeader,
    plan: dict[int, Mapped],
    numbers: Decimals,
    options: ColumnOptions,
) -> RawBatch:
    cells = {found.names[p]: rows.table.column(p).combine_chunks() for p in found.nested}
    rejects = list(rows.rejects)
    if found.kind == "Python":
        cells, unread = _from_python(cells)
    else:
        unread = _too_deep(cells)
    rejects += [_reject(rows, row, *problem) for row, problem in unread.items()]
    good = np.ones(len(rows.lines), np.bool_)
    good[list(unread)] = False
    table, bad = _flattened(flattener, cells, good)
    rejects += [_reject(rows, row, *problem) for row, problem in bad.items()]
    kept = table.column(LINE).to_numpy()
    columns = _scalars(numbers.applied(rows.table).take(pa.array(kept)), found, plan, options)
    nested = {name: table.column(name) for name in table.schema.names if name != LINE}
    lines = pa.array(rows.lines[kept])
    rejects.sort(key=lambda reject: reject.line)
    return RawBatch(
        pa.table({LINE: lines, **columns, **nested}),
        lambda row: rows.raw_text(int(kept[row])),
        tuple(rejects),
    )


def _canonical(column: pa.Array, kind: CellKind) -> pa.Array:
    """The nested cells of a column that we do not know as canonical JSON, others as they are."""
    texts: list[str | None] = []
    for cell in column.to_pylist():
        try:
            nested = cell is not None and cell.strip().startswith(_NESTED)
            json_text = json_of_repr(cell) if nested and kind == "Python" else cell
            if nested and json_text and not too_deep(json_text):
                texts.append(canonical_or_none(json_text))
            else:
                texts.append(cell)
        except ValueError:
            texts.append(cell)
    return pa.array(texts, TEXT)


def _scalars(
    table: pa.Table, found: NestedHeader, plan: dict[int, Mapped], options: ColumnOptions
) -> dict[str, pa.Array]:
    columns = {
        each.target: table.column(position).combine_chunks() for position, each in plan.items()
    }
    for name in columns:
        if name.startswith(PARAMETER) and name.removeprefix(PARAMETER) in found.unknown:
            columns[name] = _canonical(columns[name], found.kind)
    for name, value in options.constants.items():
        columns[GIVEN + name] = pa.repeat(pa.scalar(value, TEXT), table.num_rows)
    for name in (GIVEN + "event_timestamp", "event_timestamp"):
        if name in columns:
            columns[name] = with_zone(columns[name], options)
    return columns


def _flattened(
    flattener: Flattener, cells: dict[str, pa.Array], good: np.ndarray
) -> tuple[pa.Table, dict[int, tuple[str, str]]]:
    """Flatten nested cells; line numbers in the table are rows of the block.

    Returns:
        The table, and row to column and rule of those that are not what they must be.
    """
    numbers = pa.array(np.flatnonzero(good))
    given = {name: column.take(numbers) for name, column in cells.items()}
    engine = flattener.engine
    engine.register("given", pa.table({LINE: numbers, **given}))
    tests: list[str] = []
    members: list[str] = []
    for name in cells:
        field, label = quoted(name), text_literal(name)
        tests.append(f"when {field} is not null and not json_valid({field}) then {label}")
        key = text_literal(f'"{name}":')
        members.append(f"case when {field} is not null then {key} || {field} end")
    engine.execute(
        f"create or replace temp table sorted_out as select *, case {' '.join(tests)} end "
        "as problem from given"
    )
    engine.execute(
        f"create or replace temp table good as select {LINE}, "
        f"('{{' || concat_ws(',', {', '.join(members)}) || '}}')::json as j "
        "from sorted_out where problem is null"
    )
    problems = engine.execute(
        f"select {LINE}, problem from sorted_out where problem is not null"
    ).fetchall()
    done = flattener.flattened()
    return done.table, {row: (name, "invalid_json") for row, name in problems} | done.misshapen


def _too_deep(cells: dict[str, pa.Array]) -> dict[int, tuple[str, str]]:
    """Row to column and rule of JSON cells that nest deeper than an export does."""
    found: dict[int, tuple[str, str]] = {}
    for name, column in cells.items():
        opened = pc.add(pc.count_substring(column, "["), pc.count_substring(column, "{"))
        doubtful = pc.indices_nonzero(pc.fill_null(pc.greater(opened, MAX_DEPTH), False))
        for row in doubtful.to_pylist():
            if too_deep(column[row].as_py()):
                found.setdefault(row, (name, "cell_too_large"))
    return found


def _from_python(
    cells: dict[str, pa.Array],
) -> tuple[dict[str, pa.Array], dict[int, tuple[str, str]]]:
    """Turn Python's cells into JSON; few distinct cells stand for many in most columns."""
    known: dict[str, str | None] = {}
    unread: dict[int, tuple[str, str]] = {}
    turned: dict[str, pa.Array] = {}
    for name, column in cells.items():
        texts: list[str | None] = []
        for row, cell in enumerate(column.to_pylist()):
            if cell is not None and cell not in known:
                try:
                    known[cell] = json_of_repr(cell)
                except CellError as error:
                    unread.setdefault(row, (name, error.rule))
                    texts.append(None)
                    continue
            texts.append(known[cell] if cell is not None else None)
        turned[name] = pa.array(texts, TEXT)
    return turned, unread


_REASONS = {
    "invalid_json": "The cell is not valid JSON; it may be cut off. Export it again.",
    "invalid_python": "The cell is neither a literal of Python nor JSON; export as NDJSON or "
    "Parquet, or write the column with json.dumps.",
    "elided_cell": "The cell was shortened with '...' when it was printed, so values are lost; "
    "export as NDJSON or Parquet, or write the column with json.dumps.",
    "cell_too_large": "The cell is larger or nested deeper than a cell of an export can be; "
    "export as NDJSON or Parquet.",
}


def _reject(rows: CsvRows, row: int, name: str, rule: str) -> Reject:
    reason = MISSHAPEN[rule].format(column=name) if rule in MISSHAPEN else _REASONS[rule]
    return Reject(int(rows.lines[row]), name, rule, reason, rows.raw_text(row))
