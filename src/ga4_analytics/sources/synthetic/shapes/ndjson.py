"""NDJSON as `bq extract` writes it: 64-bit integers as strings, nulls absent, a file a day."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import compute as pc

from ga4_analytics.sources.synthetic.columns import Describer
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.spec import Progress

_LEVEL = 1
"""The fastest: at higher levels compressing would take as long as all the rest."""


def _spelled(value: Any) -> str | None:
    if value is None:
        return None
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _wrapped(before: str, texts: pa.Array, after: str) -> pa.Array:
    return pc.binary_join_element_wise(before, texts, after, "")


def json_objects(fields: dict[str, pa.Array]) -> pa.Array:
    """Put columns together to one JSON object a row; null fields are left out.

    Example:
        >>> columns = {"a": pa.array([1, None]), "b": pa.array(["x<y", None])}
        >>> json_objects(columns).to_pylist()
        ['{"a":"1","b":"x\\\\u003cy"}', '{}']
    """
    members = [_wrapped(f'"{name}":', json_values(each), ",") for name, each in fields.items()]
    # Not joined by commas with nulls skipped: Arrow then drops rows that have nothing but nulls.
    joined = pc.binary_join_element_wise(
        *members, "", null_handling="replace", null_replacement=""
    )
    return _wrapped("{", pc.ascii_rtrim(joined, ","), "}")


def json_values(column: pa.Array) -> pa.Array:
    """Write a column's values as JSON texts.

    Args:
        column: Numbers, texts, structs, lists or dictionaries of these.

    Returns:
        Texts as many as values; null where the value is null, but a null list is an empty one.

    Example:
        >>> json_values(pa.array([[{"n": 2.0}], [], None])).to_pylist()
        ['[{"n":2.0}]', '[]', '[]']
    """
    kind = column.type
    if pa.types.is_list(kind):
        elements = pa.ListArray.from_arrays(column.offsets, json_values(column.values))
        return _wrapped("[", pc.binary_join(elements, ",").fill_null(""), "]")
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_dictionary(kind):
        texts = json_values(column.dictionary).take(column.indices)
        return texts.fill_null("[]") if pa.types.is_list(kind.value_type) else texts
    if pa.types.is_struct(kind):
        fields = {kind.field(i).name: column.field(i) for i in range(kind.num_fields)}
        return pc.if_else(column.is_valid(), json_objects(fields), None)
    if pa.types.is_integer(kind):
        return _wrapped('"', column.cast(pa.string()), '"')
    distinct = column.dictionary_encode()
    texts = pa.array([_spelled(value) for value in distinct.dictionary.to_pylist()], pa.string())
    return texts.take(distinct.indices)


def json_lines(table: pa.Table) -> memoryview:
    """Write a table's rows as lines, UTF-8.

    Example:
        >>> bytes(json_lines(pa.table({"a": [1, 2]})))
        b'{"a":"1"}\\n{"a":"2"}\\n'
    """
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    lines = _wrapped("", json_objects(columns), "\n")
    _, offsets, data = lines.buffers()
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[lines.offset] : ends[lines.offset + len(lines)]]


def write_ndjson(sample: Sample, folder: Path, progress: Progress) -> list[Path]:
    """Write one gzipped NDJSON file a day, named as `bq extract` names its shards.

    Args:
        sample: The sample.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The files, by day.
    """
    describer, paths = Describer(sample), []
    for day in range(sample.spec.days):
        path = folder / f"events_{sample.spec.day(day):%Y%m%d}-000000000000.json.gz"
        with (
            path.open("wb") as file,
            gzip.GzipFile("", "wb", _LEVEL, fileobj=file, mtime=0) as zipped,
        ):
            for table in describer.day(day):
                zipped.write(json_lines(table))
                progress(len(table))
        paths.append(path)
    return paths
