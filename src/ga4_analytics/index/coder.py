"""Gives codes to texts that come in pieces, so that the order in which they come does not matter.

While pieces come, a value's code is provisional: new values are numbered as they are first
seen. When all are seen `Coder.finish` orders the new ones and gives a table from
provisional to final codes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ga4_analytics.index.dictionary import Dictionary, code_type, empty_dictionary
from ga4_analytics.index.layout import I64, Codes

I32 = NDArray[np.int32]


class Coder:
    """Codes of one column.

    Args:
        known: Values that have codes already; they keep them.
        by_count: Whether new values are ordered by how often they come, the commonest
            first; else by their bytes.

    >>> coder = Coder(Dictionary(pa.array(["b"])))
    >>> pieces = [coder.encode(pa.array(texts)) for texts in (["c", None], ["a", "b", "c"])]
    >>> longer, table = coder.finish()
    >>> longer.values.to_pylist(), [table[piece].tolist() for piece in pieces]
    (['b', 'a', 'c'], [[3, 0], [2, 1, 3]])
    """

    def __init__(self, known: Dictionary | None = None, *, by_count: bool = False) -> None:
        self._known = known or empty_dictionary()
        self._by_count = by_count
        self._lock = threading.Lock()
        self._codes: dict[str, int] | None = None
        self._counts: I64 = np.zeros(0, np.int64)

    def encode(self, column: pa.Array | pa.ChunkedArray) -> I32:
        """Provisional codes of some rows, 0 for null."""
        if column.null_count == len(column):
            return np.zeros(len(column), np.int32)
        found = _whole(column).dictionary_encode()
        texts = found.dictionary.to_pylist()
        table = np.zeros(len(texts) + 1, np.int32)
        rows = np.asarray(found.indices.fill_null(len(texts)), dtype=np.int32)
        with self._lock:
            codes = self._all()
            table[:-1] = [codes.setdefault(text, len(codes) + 1) for text in texts]
            if self._by_count:
                self._count(table, np.bincount(rows, minlength=len(texts) + 1))
        return table[rows]

    def finish(self) -> tuple[Dictionary, Codes]:
        """The dictionary with all values, and the final code of each provisional one."""
        if self._codes is None:
            size = len(self._known) + 1
            return self._known, np.arange(size).astype(code_type(size - 1))
        fresh = list(self._codes)[len(self._known) :]
        places = np.arange(len(fresh))
        if self._by_count:
            counts = np.zeros(len(self._codes) + 1, np.int64)
            counts[: len(self._counts)] = self._counts[: len(counts)]
            first = len(self._known) + 1
            places = np.array(
                sorted(places, key=lambda n: (-counts[first + n], fresh[n].encode())), np.int64
            )
        elif fresh:
            places = np.asarray(pa.compute.array_sort_indices(pa.array(fresh, pa.string())))
        total = len(self._codes)
        table = np.arange(total + 1).astype(code_type(total))
        table[len(self._known) + 1 + places] = np.arange(len(self._known) + 1, total + 1)
        added = pa.array(fresh, pa.string()).take(pa.array(places, pa.int64()))
        longer = pa.concat_arrays([self._known.values.cast(pa.string()), added])
        return Dictionary(longer), table

    def _all(self) -> dict[str, int]:
        if self._codes is None:
            values = self._known.values.to_pylist()
            self._codes = {text: place + 1 for place, text in enumerate(values)}
        return self._codes

    def _count(self, table: I32, counts: NDArray[Any]) -> None:
        size = len(self._all()) + 1
        if size > len(self._counts):
            self._counts = np.concatenate(
                [self._counts, np.zeros(2 * size - len(self._counts), np.int64)]
            )
        np.add.at(self._counts, table, counts)


class Coders:
    """The coders of an index's columns, by name."""

    def __init__(self, known: Mapping[str, Dictionary], by_count: str) -> None:
        self._known = known
        self._by_count = by_count
        self._coders: dict[str, Coder] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Coder:
        with self._lock:
            if name not in self._coders:
                self._coders[name] = Coder(self._known.get(name), by_count=name == self._by_count)
            return self._coders[name]

    def finish(self) -> tuple[dict[str, Dictionary], dict[str, Codes]]:
        """All dictionaries, those of columns that did not come too, and the tables by name."""
        done = {name: coder.finish() for name, coder in self._coders.items()}
        dictionaries = dict(self._known) | {name: longer for name, (longer, _) in done.items()}
        return dictionaries, {name: table for name, (_, table) in done.items()}


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays([pa.array([], column.type), *column.chunks])
    return column.cast(pa.string())
