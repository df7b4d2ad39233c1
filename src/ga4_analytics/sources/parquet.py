"""Parquet: BigQuery's nested export, or a flat table of events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.errors import DamagedFileError, SourceError, UnknownShapeError
from ga4_analytics.sources.batches import LINE, PARAMETER, RawBatch
from ga4_analytics.sources.flat_csv import flat_columns
from ga4_analytics.sources.flattening import LISTS
from ga4_analytics.sources.lines import Seen
from ga4_analytics.sources.mapping import GA4_RECORDS, GA4_TOP_LEVEL, ColumnOptions, plan_columns
from ga4_analytics.sources.nested import repeated_sql
from ga4_analytics.sources.pending import Engines, Pending
from ga4_analytics.sources.sql_text import quoted

ROWS = 16_384


def read_parquet(path: Path, options: ColumnOptions, seen: Seen) -> Iterator[Pending]:
    """Read a Parquet file, nested or flat.

    Args:
        path: The file.
        options: The user's ``--map`` and ``--set``, for a flat table.
        seen: Told the position in the file on disk, estimated by rows.

    Raises:
        DamagedFileError: The file cannot be read to its end.
    """
    size = path.stat().st_size
    line = 1
    try:
        with pq.ParquetFile(path) as file:
            nested = is_nested(file.schema_arrow)
            _check_names(file.schema_arrow, path)
            _check_repeated(file.schema_arrow, path)
            total = max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(batch_size=ROWS):
                if batch.num_rows:
                    batch.validate(full=True)
                    table = pa.Table.from_batches([_whole(batch)])
                    yield partial(_batch, table, line, nested, options, path)
                    line += batch.num_rows
                    seen(size * (line - 1) // total)
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedFileError(
            f"{path} is a damaged Parquet file: {error}.",
            rule="A Parquet file must be whole.",
            remedy="Copy or export it again.",
        ) from error


def _whole(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch that is no part of a longer one.

    Where a column is a dictionary a batch is a slice of its row groups, and of a slice the
    engine reads records within records from the wrong rows.
    """
    if all(column.offset == 0 for column in batch.columns):
        return batch
    return batch.take(pa.array(np.arange(batch.num_rows)))


def is_nested(schema: pa.Schema) -> bool:
    """Whether any field is a record or a list, as in BigQuery's export."""
    return any(pa.types.is_nested(field.type) for field in schema)


def _check_names(fields: Iterable[pa.Field], path: Path, above: str = "") -> None:
    """Refuse two fields of one name; the engine that reads them does not tell case apart."""
    seen: set[str] = set()
    for field in fields:
        name = field.name.casefold()
        if name in seen or not name or "\0" in name:
            shown = f"{above}{field.name!r}"
            what = f"the field {shown} is there twice" if name in seen else f"{shown} is no name"
            raise SourceError(
                f"{path}: {what}.",
                rule="Fields are read by name, so each needs a name of its own in any case.",
                remedy="Rename one of them, or leave it out of the export.",
            )
        seen.add(name)
        kind = field.type.value_type if pa.types.is_list(field.type) else field.type
        if pa.types.is_struct(kind):
            _check_names(kind, path, f"{above}{field.name}.")


def _check_repeated(schema: pa.Schema, path: Path) -> None:
    """Refuse repeated fields that are not Google's."""
    for name in ("event_params", "user_properties", "items"):
        at = schema.get_field_index(name)
        if at >= 0:
            _check_list(name, schema.field(at).type, path)


def _check_list(name: str, kind: pa.DataType, path: Path) -> None:
    """Refuse a type that is not that of a repeated field; one without values may be of any."""
    if pa.types.is_null(kind):
        return
    wanted = ("item_id",) if name == "items" else ("key", "value")
    element = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else None
    fields = {}
    if element is not None and pa.types.is_struct(element):
        fields = {field.name: field.type for field in element}
    if not set(wanted) <= fields.keys() or not pa.types.is_struct(fields.get("value", element)):
        raise UnknownShapeError(
            f"{path}: the column {name} is of type {kind}.",
            rule=f"It must be a list of records with {' and '.join(wanted)}, as BigQuery "
            "exports it.",
            remedy="Export the table as it is: bq extract --destination_format=PARQUET.",
        )
    if name == "items" and "item_params" in fields:
        _check_list("items.item_params", fields["item_params"], path)


def _batch(
    table: pa.Table, first: int, nested: bool, options: ColumnOptions, path: Path, engines: Engines
) -> RawBatch:
    lines = pa.array(np.arange(first, first + table.num_rows, dtype=np.int64))
    engine = engines.plain()
    try:
        engine.register("batch", table)
        if nested:
            columns = _nested_columns(engine, table.schema)
        else:
            plan = plan_columns(tuple(table.schema.names), options, path)
            texts = ", ".join(_as_text(field) for field in table.schema)
            flat = engine.sql(f"select {texts} from batch").to_arrow_table()
            columns = flat_columns(flat, plan, options)
    except duckdb.NotImplementedException as error:
        raise UnknownShapeError(
            f"{path} has a column of a type that is not read: {error}.",
            rule="Columns are of the types that BigQuery exports.",
            remedy="Cast the column to text or leave it out, and export again.",
        ) from error
    finally:
        engine.unregister("batch")
    return RawBatch(pa.table({LINE: lines, **columns}), _raw_text(table))


def _raw_text(table: pa.Table):  # type: ignore[no-untyped-def]
    return lambda row: str(table.slice(row, 1).to_pylist()[0])


def _as_text(field: pa.Field) -> str:
    name = quoted(field.name)
    return f"{_text_of(name, field.type)} as {name}"


def _text_of(sql: str, kind: pa.DataType) -> str:
    """SQL that turns a scalar into the text that the normaliser reads."""
    if pa.types.is_timestamp(kind):
        return f"epoch_us({sql})::varchar"
    if pa.types.is_date(kind):
        return f"strftime({sql}, '%Y-%m-%d')"
    if pa.types.is_nested(kind):
        return f"canonical_or_none(to_json({sql})::varchar)"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return f"try(decode({sql}::blob))"
    return f"nullif({sql}::varchar, '')"


def _nested_columns(engine: duckdb.DuckDBPyConnection, schema: pa.Schema) -> dict[str, pa.Array]:
    selects: list[str] = []
    for field in schema:
        repeated = repeated_sql(field.name, field.type, quoted(field.name))
        if repeated:
            selects.append(f"{repeated} as {quoted(field.name)}")
        elif field.name in LISTS and pa.types.is_null(field.type):
            continue
        elif field.name in GA4_TOP_LEVEL:
            selects += _leaves(field.name, quoted(field.name), field.type)
        else:
            selects.append(
                f"{_text_of(quoted(field.name), field.type)} as {quoted(PARAMETER + field.name)}"
            )
    table = engine.sql(f"select {', '.join(selects)} from batch").to_arrow_table()
    return {name: table.column(name).combine_chunks() for name in table.schema.names}


def _leaves(path: str, sql: str, kind: pa.DataType) -> list[str]:
    """The scalar fields below a record, by dotted path; a new record stays one JSON text."""
    if pa.types.is_struct(kind) and path in GA4_RECORDS:
        return [
            leaf
            for field in kind
            for leaf in _leaves(f"{path}.{field.name}", f"{sql}.{quoted(field.name)}", field.type)
        ]
    return [f"{_text_of(sql, kind)} as {quoted(path)}"]
