"""Event parameters as one Arrow column: marks and values by parameter, ordered by event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.draws import Ints

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Param:
    """One parameter of one type over many events.

    Attributes:
        key: Its name.
        there: Which events carry it.
        values: Its value by event; numbers, or texts as a dictionary array.
    """

    key: str
    there: Marks
    values: NDArray[np.integer] | NDArray[np.floating] | pa.DictionaryArray


def texts(
    values: Sequence[str | None], positions: NDArray[np.integer] | Marks
) -> pa.DictionaryArray:
    """Look texts up.

    Args:
        values: The texts.
        positions: Positions in them; -1 gives null.

    Example:
        >>> texts(["a", "b"], np.array([1, -1])).to_pylist()
        ['b', None]
    """
    return coded(pa.array(values, pa.string()), positions)


def coded(values: pa.Array, positions: NDArray[np.integer] | Marks) -> pa.DictionaryArray:
    """Look values of any type up: they are described once, however many events share them.

    Args:
        values: The values.
        positions: Positions in them; -1 gives null.

    Example:
        >>> coded(pa.array([[1], [2, 3]]), np.array([1, -1])).to_pylist()
        [[2, 3], None]
    """
    codes = positions.astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), values)


def constant(text: str, count: int) -> pa.DictionaryArray:
    """Repeat a text.

    Example:
        >>> constant("a", 2).to_pylist()
        ['a', 'a']
    """
    return texts([text], np.zeros(count, np.int32))


class _Slots:
    """The values of all parameters of some events, each in the slot of its type."""

    def __init__(self, count: int) -> None:
        self._text = np.full(count, -1, np.int32)
        self._whole, self._is_whole = np.zeros(count, np.int64), np.zeros(count, np.bool_)
        self._real, self._is_real = np.zeros(count), np.zeros(count, np.bool_)
        self._texts: list[pa.Array] = [pa.array([], pa.string())]
        self._known = 0

    def fill(self, places: Ints, values: NDArray[np.generic] | pa.DictionaryArray,
             rows: Ints) -> None:  # fmt: skip
        if isinstance(values, pa.DictionaryArray):
            codes = values.indices.fill_null(0).to_numpy(zero_copy_only=False)
            self._text[places] = codes[rows] + self._known
            self._texts.append(values.dictionary)
            self._known += len(values.dictionary)
        elif np.issubdtype(values.dtype, np.integer):
            self._whole[places], self._is_whole[places] = values[rows], True
        else:
            self._real[places], self._is_real[places] = values[rows], True

    def struct(self) -> pa.StructArray:
        slots = {
            "string_value": coded(pa.concat_arrays(self._texts), self._text),
            "int_value": pa.array(self._whole, mask=~self._is_whole),
            "float_value": pa.nulls(len(self._text), pa.float64()),
            "double_value": pa.array(self._real, mask=~self._is_real),
        }
        return pa.StructArray.from_arrays(list(slots.values()), list(slots))


def params_column(params: Sequence[Param], turn: Ints) -> pa.ListArray:
    """Gather the parameters of each event, in another order by event: the export keeps none.

    Args:
        params: The parameters; an event has them in this order before the turn.
        turn: By how many places each event's parameters are turned.

    Returns:
        A list of ``key`` and ``value`` by event, as ``event_params`` has them.

    Example:
        >>> both = np.array([True, True])
        >>> some = [Param("a", both, np.array([1, 2])), Param("b", both, np.array([.5, .5]))]
        >>> [[each["key"] for each in event]
        ...  for event in params_column(some, np.array([0, 1])).to_pylist()]
        [['a', 'b'], ['b', 'a']]
    """
    count = np.zeros(len(turn), np.int64)
    found: list[tuple[Ints, Ints]] = []
    for param in params:
        rows = np.flatnonzero(param.there)
        found.append((rows, count[rows]))
        count[rows] += 1
    ends = np.cumsum(count)
    begins, turned = ends - count, turn % np.maximum(count, 1)
    total = int(count.sum())
    slots, keys = _Slots(total), np.zeros(total, np.int32)
    for code, (param, (rows, ordinal)) in enumerate(zip(params, found, strict=True)):
        places = begins[rows] + (ordinal - turned[rows]) % count[rows]
        keys[places] = code
        slots.fill(places, param.values, rows)
    elements = pa.StructArray.from_arrays(
        [texts([param.key for param in params], keys), slots.struct()], ["key", "value"]
    )
    return pa.ListArray.from_arrays(pa.array(np.append(0, ends), pa.int32()), elements)
