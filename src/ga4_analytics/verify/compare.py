"""Holds a mart against what the index says, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Key = tuple[Any, ...]
Rows = dict[Key, dict[str, Any]]
"""Values by column, for each row by the values of its key."""

SHOWN = 5


@dataclass(frozen=True)
class Recount:
    """What the index says of a mart.

    Attributes:
        mart: Its name.
        key: The columns that tell its rows apart, without the dataset.
        rows: Value by column of every row; columns that are not there are not judged.
        only: Values that a row must have to be judged, by column; none: every row is.
    """

    mart: str
    key: tuple[str, ...]
    rows: Rows
    only: Mapping[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are judged, those of the key first."""
        found = dict.fromkeys(self.key)
        for row in self.rows.values():
            found |= dict.fromkeys(row)
        return tuple(found)


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
    said = _rows(mart, dataset, found)
    wrong: list[str] = []
    cells = 0
    for key in sorted({*said, *found.rows}, key=repr):
        name = ", ".join(str(part) for part in key)
        if key not in said:
            wrong.append(f"{name}: the mart has no such row")
            continue
        if key not in found.rows:
            wrong.append(f"{name}: the index has no such row")
            continue
        cells += len(found.rows[key])
        for column, value in found.rows[key].items():
            if said[key][column] != value:
                wrong.append(f"{name}: {column} is {said[key][column]}, by the index {value}")
    rows = len({*said, *found.rows})
    return Checked(found.mart, found.columns, rows, cells, len(wrong), tuple(wrong[:SHOWN]))


def _rows(mart: pa.Table, dataset: str, found: Recount) -> Rows:
    columns = list(dict.fromkeys([*found.columns, *found.only]))
    mine = mart.filter(pc.equal(mart["dataset"], dataset)).select(columns)
    return {
        tuple(row[column] for column in found.key): row
        for row in mine.to_pylist()
        if all(row[column] == value for column, value in found.only.items())
    }
