"""Lists of parameters as JSON objects and texts by key, computed over whole columns at once.

What comes out is what the macros of ``readings`` say, many times faster. They themselves
are asked for numbers that are not written as JSON writes them, and for rows in which a key
stands twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ga4_analytics.kernels import params as kernel
from ga4_analytics.sources.batches import TEXT

_SLOTS = ("string_value", "int_value", "double_value", "float_value")
_LONGEST_ESCAPE = 6

TextParts = tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Pairs:
    """What a column of lists of parameters says.

    Attributes:
        objects: JSON objects with sorted keys, one a row; null where there are none.
        texts: Key to the text of its value, one a row.
    """

    objects: pa.Array
    texts: dict[str, pa.Array]


def pairs_sql(name: str, *, dated: bool) -> str:
    """SQL for a list of parameters as a sorted list of key, JSON and text.

    Args:
        name: The column of lists.
        dated: Whether a parameter says when it was set.
    """
    json = "param_json(e)"
    if dated:
        json = (
            "case when e.set_timestamp_micros is null then param_json(e) else "
            "'{\"set_timestamp_micros\":' || to_json(e.set_timestamp_micros) || ',\"value\":' || "
            "param_json(e) || '}' end"
        )
    return (
        f"list_sort(list_transform(list_filter(coalesce({name}, []), lambda e: e.key is not null),"
        f" lambda e: {{'k': e.key, 'j': {json}, 't': param_text(e)}}))"
    )


def pairs(engine: duckdb.DuckDBPyConnection, lists: pa.Array, wanted: Sequence[str]) -> Pairs:
    """Read a column of lists of parameters.

    Args:
        engine: One that knows the macros.
        lists: Lists of records ``key``, the slots and, of properties, ``set_timestamp_micros``.
        wanted: Keys whose text is wanted.
    """
    records = lists.values
    fields = dict(zip((field.name for field in records.type), records.flatten(), strict=True))
    offsets = np.asarray(lists.offsets).astype(np.int64)
    if lists.null_count and np.diff(offsets)[np.asarray(lists.is_null())].any():
        return pairs(engine, lists.fill_null([]), wanted)
    keys = text_parts(fields["key"])
    strings, integers, doubles, floats = (text_parts(fields[name]) for name in _SLOTS)
    dates = text_parts(fields.get("set_timestamp_micros", pa.nulls(len(records), TEXT)))
    found, hard = np.empty(len(records), np.uint8), np.empty(len(records), np.bool_)
    size = kernel.slots(keys[2], strings, integers, doubles, floats, found, hard)
    starts, data = np.empty(len(records) + 1, np.int32), np.empty(size, np.uint8)
    kernel.values(found, strings, integers, doubles, floats, starts, data)
    texts: TextParts = starts, data, (found != kernel.NO_KEY) & (found != kernel.NO_VALUE)
    number, numbers = _numbers(engine, fields, hard)
    objects, twice = _objects(offsets, keys, found, texts, number, numbers, dates)
    chosen = _chosen(offsets, keys, found, texts, wanted)
    if twice.any():
        objects, chosen = _mended(engine, lists, twice, objects, chosen)
    return Pairs(objects, chosen)


def text_parts(texts: pa.Array) -> TextParts:
    """The starts, the bytes and the presence of an array's texts.

    >>> starts, data, there = text_parts(pa.array(["no", "ab", None, "c"])[1:])
    >>> [bytes(data[a:b]) for a, b in zip(starts, starts[1:])], there.tolist()
    ([b'ab', b'', b'c'], [True, False, True])
    """
    there, starts, data = texts.cast(TEXT).buffers()
    count = len(texts)
    begin = texts.offset
    found = np.ones(count, np.bool_)
    if there is not None:
        bits = np.unpackbits(np.frombuffer(there, np.uint8), bitorder="little")
        found = bits[begin : begin + count].astype(np.bool_)
    where = np.zeros(1, np.int32) if starts is None else np.frombuffer(starts, np.int32)
    bytes_ = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    parts = where[begin : begin + count + 1], bytes_, found
    for part in parts:
        part.flags.writeable = False  # kernels are compiled anew for arrays of another kind
    return parts


def text_array(starts: npt.NDArray[np.int32], data: npt.NDArray[np.uint8],
               there: npt.NDArray[np.bool_]) -> pa.Array:  # fmt: skip
    """An array of texts from its parts; the reverse of `text_parts`."""
    bits = np.packbits(there, bitorder="little")
    buffers = [pa.py_buffer(bits), pa.py_buffer(starts), pa.py_buffer(data)]
    return pa.Array.from_buffers(TEXT, len(there), buffers)


def _numbers(
    engine: duckdb.DuckDBPyConnection, fields: dict[str, pa.Array], hard: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int32], TextParts]:
    """Which parameters have a number of which the macros must say the JSON, and that JSON."""
    number = np.full(len(hard), -1, np.int32)
    at = np.flatnonzero(hard)
    number[at] = np.arange(len(at))
    if not len(at):
        return number, text_parts(pa.array([], TEXT))
    record = pa.StructArray.from_arrays(
        [fields[name].take(pa.array(at)) for name in _SLOTS], list(_SLOTS)
    )
    engine.register("hard", pa.table({"e": record}))
    said = engine.execute("select param_json(e) as j from hard").to_arrow_table()
    engine.unregister("hard")
    return number, text_parts(said.column("j").combine_chunks())


def _objects(
    offsets: npt.NDArray[np.int64],
    keys: TextParts,
    found: npt.NDArray[np.uint8],
    texts: TextParts,
    number: npt.NDArray[np.int32],
    numbers: TextParts,
    dates: TextParts,
) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """The objects, and the rows of which a key stands twice, so that they have none."""
    rows = len(offsets) - 1
    # Memory that is not written to is not taken.
    most = sum(int(each[0][-1] - each[0][0]) for each in (keys, texts, dates))
    size = _LONGEST_ESCAPE * most + int(numbers[0][-1]) + 48 * len(found) + 2 * rows
    starts, out, there = (
        np.empty(rows + 1, np.int32), np.empty(size, np.uint8), np.empty(rows, np.uint8),
    )  # fmt: skip
    kernel.objects(offsets, keys, found, texts, number, numbers, dates, starts, out, there)
    return text_array(starts, out[: starts[-1]], there == 1), there == 2


def _chosen(
    offsets: npt.NDArray[np.int64],
    keys: TextParts,
    found: npt.NDArray[np.uint8],
    texts: TextParts,
    wanted: Sequence[str],
) -> dict[str, pa.Array]:
    place = np.empty((len(wanted), len(offsets) - 1), np.int32)
    kernel.places(offsets, keys, found, text_parts(pa.array(wanted, TEXT)), place)
    every = text_array(*texts)
    return {
        key: every.take(pa.array(place[line], mask=place[line] < 0))
        for line, key in enumerate(wanted)
    }


def _mended(
    engine: duckdb.DuckDBPyConnection,
    lists: pa.Array,
    twice: npt.NDArray[np.bool_],
    objects: pa.Array,
    chosen: dict[str, pa.Array],
) -> tuple[pa.Array, dict[str, pa.Array]]:
    """The same with the rows in which a key stands twice as the macros say them."""
    dated = lists.type.value_type.get_field_index("set_timestamp_micros") >= 0
    rows = np.flatnonzero(twice)
    engine.register("twice", pa.table({"l": lists.take(pa.array(rows))}))
    texts = "".join(f", p[list_position(k, ${at + 1})].t as t{at}" for at in range(len(chosen)))
    said = engine.execute(
        f"select object_json(p) as o{texts} from (select p, list_transform(p, lambda e: e.k) as k "
        f"from (select {pairs_sql('l', dated=dated)} as p from twice))",
        list(chosen),
    ).to_arrow_table()
    engine.unregister("twice")
    place = np.arange(len(lists))
    place[rows] = len(lists) + np.arange(len(rows))
    at = pa.array(place)

    def mended(column: pa.Array, name: str) -> pa.Array:
        return pa.concat_arrays([column, *said.column(name).chunks]).take(at)

    return mended(objects, "o"), {
        key: mended(column, f"t{line}") for line, (key, column) in enumerate(chosen.items())
    }


def is_pairs(kind: Any) -> bool:
    """Whether a type is a list of parameters as text."""
    if not pa.types.is_list(kind) or not pa.types.is_struct(kind.value_type):
        return False
    fields = {field.name: field.type for field in kind.value_type}
    return {"key", *_SLOTS} <= fields.keys() and all(each == TEXT for each in fields.values())
