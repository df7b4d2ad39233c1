"""Holds a mart against what the index says, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Key = tuple[Any, ...]
Rows = dict[Key, dict[str, Any]]
"""Values by column, for each row by the values of its key."""
Places = NDArray[np.int64]

SHOWN = 5


@dataclass(frozen=True)
class Recount:
    """What the index says of a mart.

    Attributes:
        mart: Its name.
        key: The columns that tell its rows apart, without the dataset.
        values: Those columns, and the ones that are judged; others of the mart are not.
    """

    mart: str
    key: tuple[str, ...]
    values: pa.Table

    @classmethod
    def of_rows(cls, mart: str, key: tuple[str, ...], rows: Rows) -> Recount:
        """A recount of rows that all have the same columns.

        >>> rows = {("a", 1): {"users": 3}, ("b", 1): {"users": None}}
        >>> Recount.of_rows("users", ("name", "day"), rows).values.to_pydict()
        {'name': ['a', 'b'], 'day': [1, 1], 'users': [3, None]}
        """
        columns = {name: [values[n] for values in rows] for n, name in enumerate(key)}
        judged = next(iter(rows.values()), {})
        columns |= {name: [row[name] for row in rows.values()] for name in judged}
        return cls(mart, key, pa.table(columns))


@dataclass(frozen=True)
class Checked:
    """A mart held against the index.

    Attributes:
        mart: Its name.
        columns: The columns that were compared.
        rows: How many rows were compared.
        cells: How many values were compared.
        different: How many of them differ, rows that one side lacks included.
        examples: The first few differences, in words.
    """

    mart: str
    columns: tuple[str, ...]
    rows: int
    cells: int
    different: int
    examples: tuple[str, ...]


def checked(found: Recount, mart: pa.Table, dataset: str) -> Checked:
    """Compare every cell; equal means equal to the last unit.

    Args:
        found: What the index says.
        mart: The mart, all datasets.
        dataset: The property to compare.
    """
    columns, counted = tuple(found.values.column_names), found.values
    said = mart.filter(pc.equal(mart["dataset"], dataset)).select(columns)
    in_mart, in_index = _numbered(said, counted, found.key)
    rows = max(in_mart.max(initial=-1), in_index.max(initial=-1)) + 1
    here, there = _first_places(in_mart, rows), _first_places(in_index, rows)
    faults = [
        _Fault(said, here[(here >= 0) & (there < 0)], "the index has no such row"),
        _Fault(counted, there[(there >= 0) & (here < 0)], "the mart has no such row"),
        _Fault(said, _repeated(in_mart, here), "the mart has this row more than once"),
        _Fault(counted, _repeated(in_index, there), "the index has this row more than once"),
    ]
    both = (here >= 0) & (there >= 0)
    said, counted = said.take(here[both]), counted.take(there[both])
    judged = columns[len(found.key) :]
    for column in judged:
        differ = np.flatnonzero(_differ(said[column], counted[column]))
        faults.append(_Fault(said, differ, column, counted))
    examples = [text for fault in faults for text in fault.told(found.key)]
    return Checked(
        mart=found.mart,
        columns=columns,
        rows=int(rows),
        cells=len(said) * len(judged),
        different=sum(len(fault.places) for fault in faults),
        examples=tuple(examples[:SHOWN]),
    )


@dataclass(frozen=True)
class _Fault:
    """Rows of a mart or a recount of which the same thing is wrong.

    Attributes:
        table: Where they stand.
        places: Which they are.
        what: What is wrong, or the column that differs.
        other: Where a column differs: the recount, row by row.
    """

    table: pa.Table
    places: Places
    what: str
    other: pa.Table | None = None

    def told(self, key: Sequence[str]) -> Iterator[str]:
        """The first few in words."""
        for place in self.places[:SHOWN].tolist():
            name = ", ".join(str(self.table[part][place].as_py()) for part in key)
            if self.other is None:
                yield f"{name}: {self.what}"
                continue
            said, found = (t[self.what][place].as_py() for t in (self.table, self.other))
            yield f"{name}: {self.what} is {said}, by the index {found}"


def _numbered(said: pa.Table, found: pa.Table, key: Sequence[str]) -> tuple[Places, Places]:
    """A number for each row of two tables: the same one where all of the key is equal.

    >>> one, other = pa.table({"a": [1, 1, None], "b": ["x", "y", "x"]}), pa.table(
    ...     {"a": [None, 1], "b": ["x", "y"]})
    >>> [numbers.tolist() for numbers in _numbered(one, other, ("a", "b"))]
    [[0, 1, 2], [2, 1]]
    """
    numbers = np.zeros(len(said) + len(found), np.int64)
    for name in key:
        kind = said.schema.field(name).type
        chunks = [*said[name].chunks, *found[name].cast(kind).chunks]
        codes = _codes(pa.concat_arrays([pa.array([], kind), *chunks]))
        numbers = _codes(pa.array(numbers * (codes.max(initial=0) + 1) + codes))
    return numbers[: len(said)], numbers[len(said) :]


def _codes(values: pa.Array) -> Places:
    """Numbers from 0 for distinct values, null being one of them."""
    return np.asarray(values.dictionary_encode("encode").indices, dtype=np.int64)


def _first_places(numbers: Places, size: int) -> Places:
    """The first place of each of ``size`` numbers, -1 where it is nowhere.

    >>> _first_places(np.array([3, 1, 3]), 4).tolist()
    [-1, 1, -1, 0]
    """
    places = np.full(size, -1, np.int64)
    places[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return places


def _repeated(numbers: Places, first: Places) -> Places:
    """Places of numbers that stand earlier as well."""
    return np.flatnonzero(first[numbers] != np.arange(len(numbers)))


def _differ(said: pa.ChunkedArray, found: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Where values differ; null equals null and nothing else.

    >>> said, found = [1.5, None, 2.0, None], [1, None, 2, 0]
    >>> _differ(pa.chunked_array([said]), pa.chunked_array([found])).tolist()
    [True, False, False, True]
    """
    if found.type != said.type:
        try:
            found = _as(found, said.type)
        except pa.ArrowInvalid:
            pairs = zip(said.to_pylist(), found.to_pylist(), strict=True)
            return np.array([a != b for a, b in pairs], dtype=bool)
    same = pc.or_(
        pc.fill_null(pc.equal(said, found), False),
        pc.and_(pc.is_null(said), pc.is_null(found)),
    )
    return ~np.asarray(same, dtype=bool)


def _as(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Numbers as numbers of another type.

    Raises:
        pa.ArrowInvalid: They are no numbers, or would change.
    """
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    is_number = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    if not pa.types.is_null(values.type) and not (number and is_number):
        raise pa.ArrowInvalid(f"{values.type} is not {kind}")
    return values.cast(kind)
