"""NDJSON as `bq extract` writes it: 64-bit integers as strings, nulls absent, a file a day."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import compute as pc

from ga4_analytics.sources.synthetic.columns import Describer
from ga4_analytics.sources.synthetic.sample import Delivery
from ga4_analytics.sources.synthetic.spec import Progress

_LEVEL = 1
"""The fastest: at higher levels compressing would take as long as all the rest."""


def _spelled(value: Any, before: str, after: str) -> str | None:
    if value is None:
        return None
    text = json.dumps(value, ensure_ascii=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return before + text + after


def _joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _object(column: pa.StructArray, before: str, after: str) -> pa.Array:
    names = [column.type.field(i).name for i in range(column.type.num_fields)]
    members = [json_values(column.field(name), f'"{name}":', ",") for name in names]
    # Not joined by commas with nulls skipped: Arrow then drops rows that have nothing but nulls.
    inside = pc.binary_join_element_wise(*members, "", null_handling="replace", null_replacement="")
    texts = _joined(before + "{", pc.ascii_rtrim(inside, ","), "}" + after)
    return pc.if_else(column.is_valid(), texts, None) if column.null_count else texts


def _list(column: pa.ListArray, before: str, after: str) -> pa.Array:
    elements = pa.ListArray.from_arrays(column.offsets, json_values(column.values))
    inside = pc.binary_join(elements, ",")
    return _joined(before + "[", inside.fill_null(""), "]" + after)


def json_values(column: pa.Array, before: str = "", after: str = "") -> pa.Array:
    """Write a column's values as JSON texts.

    Args:
        column: Numbers, texts, structs, lists or dictionaries of these.
        before: Goes in front of each text.
        after: Goes behind each text.

    Returns:
        Texts as many as values; null where the value is null, but a null list is an empty one.
        Null fields are left out.

    Example:
        >>> json_values(pa.array([[{"n": 2.0}, {"n": None}], [], None])).to_pylist()
        ['[{"n":2.0},{}]', '[]', '[]']
        >>> json_values(pa.array([{"a": 1, "b": "x<y"}]), "", ";").to_pylist()
        ['{"a":"1","b":"x\\\\u003cy"};']
    """
    kind = column.type
    if pa.types.is_list(kind):
        return _list(column, before, after)
    if pa.types.is_dictionary(kind):
        texts = json_values(column.dictionary, before, after).take(column.indices)
        is_list = pa.types.is_list(kind.value_type)
        return texts.fill_null(f"{before}[]{after}") if is_list else texts
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_struct(kind):
        return _object(column, before, after)
    if pa.types.is_integer(kind):
        return _joined(f'{before}"', column.cast(pa.string()), f'"{after}')
    distinct = column.dictionary_encode()
    spelled = [_spelled(value, before, after) for value in distinct.dictionary.to_pylist()]
    return pa.array(spelled, pa.string()).take(distinct.indices)


def json_lines(table: pa.Table) -> memoryview:
    """Write a table's rows as lines, UTF-8.

    Example:
        >>> bytes(json_lines(pa.table({"a": [1, 2]})))
        b'{"a":"1"}\\n{"a":"2"}\\n'
    """
    columns = [table[name].combine_chunks() for name in table.column_names]
    rows = pa.StructArray.from_arrays(columns, table.column_names)
    lines = json_values(rows, after="\n")
    _, offsets, data = lines.buffers()
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[lines.offset] : ends[lines.offset + len(lines)]]


def write_ndjson(delivery: Delivery, folder: Path, progress: Progress) -> list[Path]:
    """Write one gzipped NDJSON file a day, named as `bq extract` names its shards.

    Args:
        delivery: The days to write.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The files, by day.
    """
    describer, paths = Describer(delivery), []
    for day in delivery.days:
        table_name = f"{delivery.table}_{delivery.sample.spec.day(day):%Y%m%d}"
        path = folder / f"{table_name}-000000000000.json.gz"
        with (
            path.open("wb") as file,
            gzip.GzipFile("", "wb", _LEVEL, fileobj=file, mtime=0) as zipped,
        ):
            for table in describer.day(day):
                zipped.write(json_lines(table))
                progress(len(table))
        paths.append(path)
    return paths
