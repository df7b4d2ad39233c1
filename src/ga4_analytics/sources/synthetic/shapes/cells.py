"""Columns of the export as cells of a CSV."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
from pyarrow import compute as pc

from ga4_analytics.sources.synthetic.layout import schema


def cells(column: pa.Array, path: Sequence[str] = ()) -> list[Any]:
    """Give the values of a field, as Python's.

    Args:
        column: The column that the field is in; may be a dictionary.
        path: Names from the column down to the field.

    Returns:
        As many values as rows; None where the field or what it is in is null.

    Example:
        >>> cells(pa.array([{"a": {"b": 1}}, None]), ("a", "b"))
        [1, None]
        >>> cells(pa.array(["x", "y", "x"]).dictionary_encode())
        ['x', 'y', 'x']
    """
    if pa.types.is_dictionary(column.type):
        known = [*cells(column.dictionary, path), None]
        codes = column.indices.fill_null(len(known) - 1).to_pylist()
        return [known[code] for code in codes]
    if path:
        return cells(pc.struct_field(column, path[0]), path[1:])
    values: list[Any] = column.to_pylist()
    return values


def elements(column: pa.Array, paths: Sequence[Sequence[str]]) -> list[list[tuple[Any, ...]]]:
    """Give the cells of a list's elements.

    Args:
        column: A list of structs; may be a dictionary.
        paths: Which fields of an element.

    Returns:
        By row the list's elements, each a tuple with a cell for each field; a null list has none.

    Example:
        >>> elements(pa.array([[{"k": 1}, {"k": 2}], None]), [("k",)])
        [[(1,), (2,)], []]
    """
    if pa.types.is_dictionary(column.type):
        known: list[list[tuple[Any, ...]]] = [*elements(column.dictionary, paths), []]
        return [known[code] for code in column.indices.fill_null(len(known) - 1).to_pylist()]
    rows = list(zip(*(cells(column.values, path) for path in paths), strict=True))
    ends = column.offsets.to_pylist()
    return [rows[begin:end] for begin, end in pairwise(ends)]


def rows_of(table: pa.Table, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Give some dotted fields of a table, a tuple a row.

    Example:
        >>> rows_of(pa.table({"geo": [{"country": "Peru"}], "n": [1]}), ("n", "geo.country"))
        [(1, 'Peru')]
    """
    paths = [name.split(".") for name in names]
    columns = (cells(table[head].combine_chunks(), rest) for head, *rest in paths)
    return list(zip(*columns, strict=True))


def is_repeated(name: str) -> bool:
    """Whether a dotted field is in a list.

    Example:
        >>> is_repeated("items.item_id"), is_repeated("geo.city")
        (True, False)
    """
    return bool(pa.types.is_list(schema(True).field(name.partition(".")[0]).type))
