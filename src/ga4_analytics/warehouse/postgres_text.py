"""Text between Arrow and Postgres: parameters, and COPY's CSV in both directions.

In this CSV a null is an empty field and an empty text is ``""``, on both sides.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.csv

from ga4_analytics.errors import WarehouseError

Buffer = bytes | bytearray | memoryview

_BLOCK_BYTES = 4 << 20
_NUMERIC_DIGITS = 38
_PLACEHOLDER = re.compile(
    r"""
      (?<!\w)[eE]'(?:[^'\\]|\\.|'')*'   # text with backslashes
    | '(?:[^']|'')*'                    # text
    | "(?:[^"]|"")*"                    # identifier
    | --[^\n]*                          # comments
    | /\*.*?\*/
    | (?P<dollars>\$\w*\$).*?(?P=dollars)  # dollar-quoted text
    | (?P<mark>\?)
    """,
    re.VERBOSE | re.DOTALL,
)

# Type names as Postgres' catalog says them; numeric is said apart, for its scale.
_TYPES: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "date": pa.date32(),
    "text": pa.string(),
    "varchar": pa.string(),
    "bpchar": pa.string(),
    "name": pa.string(),
    "json": pa.string(),
    "jsonb": pa.string(),
}


def split_placeholders(sql: str) -> list[str]:
    """Split a statement at its ``?`` marks, leaving those in texts and comments alone.

    Args:
        sql: One statement.

    Returns:
        One piece more than there are marks.

    >>> split_placeholders("select '?' where a = ? and b = ? -- why?")
    ["select '?' where a = ", ' and b = ', ' -- why?']
    """
    pieces, start = [], 0
    for match in _PLACEHOLDER.finditer(sql):
        if match["mark"]:
            pieces.append(sql[start : match.start()])
            start = match.end()
    return [*pieces, sql[start:]]


def arrow_type(name: str, scale: int | None) -> pa.DataType:
    """Give the Arrow type for a Postgres type.

    Args:
        name: As ``pg_type`` says it.
        scale: Digits after the point of a numeric; none where it has no scale.

    Returns:
        The type; a numeric without scale, such as a sum of bigints, holds whole numbers.

    Raises:
        WarehouseError: There is none; the select must cast.

    >>> arrow_type("numeric", None)
    Decimal128Type(decimal128(38, 0))
    """
    if name == "numeric":
        return pa.decimal128(_NUMERIC_DIGITS, scale or 0)
    if name not in _TYPES:
        raise WarehouseError(
            f"A query gives a column of Postgres type {name}.",
            rule=f"Columns are {', '.join(sorted(_TYPES))} or numeric.",
            remedy="Cast it in the select.",
        )
    return _TYPES[name]


def filled_columns(batch: pa.RecordBatch) -> list[str]:
    """Name the columns that hold anything but nulls.

    A file fills a part of the canonical columns; leaving the others out of COPY spares
    the server from parsing an empty field for each row.

    >>> filled_columns(pa.record_batch({"a": [1, None], "b": pa.nulls(2)}))
    ['a']
    """
    return [
        name
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
        if column.null_count < batch.num_rows
    ]


def to_csv(batch: pa.RecordBatch) -> memoryview:
    """Write a batch as COPY reads it.

    >>> bytes(to_csv(pa.record_batch({"a": ["x", None, ""], "b": [1, 2, None]})))
    b'"x",1\\n,2\\n"",\\n'
    """
    sink = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=False, batch_size=4096)
    pyarrow.csv.write_csv(batch, sink, options)
    return memoryview(sink.getvalue())


def blocks(rows: Iterable[Buffer], size: int = _BLOCK_BYTES) -> Iterator[bytes]:
    """Join what COPY sends, one piece a row, to blocks of whole rows.

    >>> list(blocks([b"a,b", b"c,d", b"e"], size=4))
    [b'a,bc,d', b'e']
    """
    block = io.BytesIO()
    for row in rows:
        if block.write(row) and block.tell() > size:
            yield block.getvalue()
            block = io.BytesIO()
    if block.tell():
        yield block.getvalue()


def from_csv(block: bytes, types: Sequence[pa.DataType]) -> list[pa.Array]:
    """Read whole rows as COPY writes them.

    Args:
        block: Some rows.
        types: The type of each column.

    Returns:
        One array for each column.

    >>> from_csv(b'"",1\\n,\\n', [pa.string(), pa.int64()])[0].to_pylist()
    ['', None]
    """
    names = [str(number) for number in range(len(types))]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(block),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=len(block) + 1),
        # A row of one null is an empty line.
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict(zip(names, types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return [column.combine_chunks() for column in table.columns]
