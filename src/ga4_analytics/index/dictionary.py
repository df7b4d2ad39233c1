"""Texts as numbers: each value of a column has a code that never changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.index.layout import I64, Codes


@dataclass(frozen=True)
class Dictionary:
    """The values of a column in the order of their codes.

    Attributes:
        values: Distinct texts without nulls; the value of code c stands at c - 1, and
            code 0 is null.
    """

    values: pa.Array

    def __len__(self) -> int:
        return len(self.values)

    def code(self, text: str | None) -> int | None:
        """The code of a value, or None where the column never had it.

        >>> Dictionary(pa.array(["US", "DE"])).code("DE")
        2
        """
        if text is None:
            return 0
        found = pc.index(self.values, text_scalar(text).cast(self.values.type)).as_py()
        return None if found < 0 else int(found) + 1

    def text(self, code: int) -> str | None:
        """The value of a code."""
        return None if code == 0 else str(self.values[code - 1].as_py())

    def texts(self) -> list[str | None]:
        """All values by code, null first."""
        return [None, *self.values.to_pylist()]

    def extended(
        self, column: pa.Array | pa.ChunkedArray, *, by_count: bool = False
    ) -> tuple[Dictionary, Codes]:
        """Give every value of a column a code; new values come after the old ones.

        Args:
            column: Texts.
            by_count: Whether new values stand in order of how often they come, the
                commonest first; else in byte order. Either way the order of rows does not
                matter.

        Returns:
            The dictionary with the new values, and a code for each row in the narrowest
            type that holds every code.

        >>> longer, codes = Dictionary(pa.array(["b"])).extended(pa.array(["c", None, "a", "b"]))
        >>> longer.values.to_pylist(), codes.tolist()
        (['b', 'a', 'c'], [3, 0, 2, 1])
        """
        encoded = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if isinstance(encoded, pa.ChunkedArray):
            encoded = pa.concat_arrays([pa.array([], encoded.type), *encoded.chunks])
        encoded = encoded.cast(pa.string())
        found = encoded.dictionary_encode()
        places = pc.index_in(found.dictionary, self.values)
        fresh = found.dictionary.filter(pc.is_null(places))
        if by_count and len(fresh):
            counted = pc.value_counts(encoded)
            counts = dict(zip(*(part.to_pylist() for part in counted.flatten()), strict=True))
            ordered = sorted(fresh.to_pylist(), key=lambda text: (-counts[text], text.encode()))
            fresh = pa.array(ordered, pa.string())
        else:
            fresh = fresh.take(pc.array_sort_indices(fresh))
        longer = Dictionary(pa.concat_arrays([self.values.cast(pa.string()), fresh]))
        of_found = pc.index_in(found.dictionary, longer.values)
        table = np.zeros(len(of_found) + 1, code_type(len(longer)))
        table[:-1] = np.asarray(of_found.cast(pa.int64())) + 1
        # A null index takes the table's last entry, 0.
        rows = np.asarray(found.indices.fill_null(len(of_found)), dtype=np.int64)
        return longer, table[rows]


def text_scalar(text: str) -> pa.Scalar:
    """A text as Arrow has it.

    ``pa.scalar`` looks whether it is a pandas object and imports pandas for it, which would
    double the time to a new process' first answer.

    >>> text_scalar("US").as_py()
    'US'
    """
    data = text.encode()
    offsets = np.array([0, len(data)], dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), 1, buffers)[0]


def code_type(highest: int) -> type[np.unsignedinteger]:
    """The narrowest type for codes up to a number.

    >>> code_type(255).__name__, code_type(256).__name__, code_type(70_000).__name__
    ('uint8', 'uint16', 'uint32')
    """
    return np.uint8 if highest < 1 << 8 else np.uint16 if highest < 1 << 16 else np.uint32


def empty_dictionary() -> Dictionary:
    """A dictionary without values."""
    return Dictionary(pa.nulls(0, pa.string()))


def numbers(column: pa.Array | pa.ChunkedArray, null: int) -> I64:
    """A column of whole numbers as an array, with a number for null.

    >>> numbers(pa.array([1, None]), -9).tolist()
    [1, -9]
    """
    filled = pc.fill_null(column.cast(pa.int64()), null)
    values: NDArray[np.int64] = np.asarray(filled, dtype=np.int64)
    return values
