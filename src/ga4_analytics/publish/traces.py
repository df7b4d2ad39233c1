"""Where a text still stands: the proof that an erased person is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import duckdb

from ga4_analytics.sources.sql_text import quoted
from ga4_analytics.warehouse.base import Warehouse

SHORTEST = 6
"""Shorter texts are looked for as whole values only: as parts they are everywhere."""
_CHUNK = 8 << 20
_COLUMNS_SQL = """
    select c.table_schema, c.table_name, c.column_name
    from information_schema.columns c
    join information_schema.tables t
      on t.table_schema = c.table_schema and t.table_name = c.table_name
     and t.table_catalog = c.table_catalog
    where c.table_schema in ('raw', 'analytics', 'results') and t.table_type = 'BASE TABLE'
      and lower(c.data_type) in ('text', 'varchar', 'character varying')
    order by 1, 2, 3
"""


@dataclass(frozen=True)
class Traces:
    """What a search found.

    Attributes:
        tables: Tables that were searched, each in all its text columns.
        files: Files that were searched.
        found: Place (``schema.table``, or a file) to the rows, or pieces, that hold a text.
    """

    tables: int
    files: int
    found: dict[str, int]


def search(texts: Sequence[str], warehouse: Warehouse, folders: Sequence[Path]) -> Traces:
    """Look for texts in every table of the warehouse and every file of some folders.

    Args:
        texts: What must not be found.
        warehouse: Searched in every text column of schemas raw, analytics and results.
        folders: Files, and folders searched with their subfolders; Parquet files by value,
            others by bytes.
    """
    found: dict[str, int] = {}
    columns = warehouse.query(_COLUMNS_SQL).to_pylist()
    tables = 0
    for (schema, table), some in groupby(
        columns, key=lambda row: (row["table_schema"], row["table_name"])
    ):
        tables += 1
        names = [row["column_name"] for row in some]
        if count := _rows(warehouse, f"{quoted(schema)}.{quoted(table)}", names, texts):
            found[f"{schema}.{table}"] = count
    # A warehouse file is read whole, so it must be closed.
    warehouse.close()
    files = 0
    for path in _files(folders):
        files += 1
        if count := _pieces(path, texts):
            found[str(path)] = count
    return Traces(tables, files, found)


def _test(column: str, text: str) -> str:
    return f"{column} = ?" if len(text) < SHORTEST else f"strpos({column}, ?) > 0"


def _tests(columns: Sequence[str], texts: Sequence[str]) -> tuple[str, list[str]]:
    tests = [_test(quoted(column), text) for column in columns for text in texts]
    return " or ".join(tests) or "1 = 0", [text for _ in columns for text in texts]


def _rows(warehouse: Warehouse, relation: str, columns: Sequence[str], texts: Sequence[str]) -> int:
    test, params = _tests(columns, texts)
    found = warehouse.query(f"select count(*) as n from {relation} where {test}", params)
    return int(found.column("n")[0].as_py())


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_file():
            yield folder
        else:
            yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _pieces(path: Path, texts: Sequence[str]) -> int:
    if path.suffix == ".parquet":
        return _parquet_rows(path, texts)
    sought = [text.encode() for text in texts if len(text) >= SHORTEST]
    return sum(_occurs(path, text) for text in sought)


def _occurs(path: Path, text: bytes) -> bool:
    tail = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if text in tail + chunk:
                return True
            tail = chunk[-len(text) :]
    return False


def _parquet_rows(path: Path, texts: Sequence[str]) -> int:
    with duckdb.connect() as engine:
        relation = "read_parquet(?)"
        described = engine.execute(f"describe select * from {relation}", [str(path)]).fetchall()
        names = [row[0] for row in described if row[1] == "VARCHAR"]
        test, params = _tests(names, texts)
        found = engine.execute(
            f"select count(*) from {relation} where {test}", [str(path), *params]
        ).fetchone()
    return int(found[0]) if found else 0
