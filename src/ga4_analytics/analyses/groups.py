"""Breakdowns: which group each row belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.names import column
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.arrange import NAMES
from ga4_analytics.index.columns import NO_NUMBER, ColumnSpec
from ga4_analytics.index.layout import Codes, Segment
from ga4_analytics.index.reader import Index

Groups = NDArray[np.uint32]
Rows = slice | NDArray[np.int64]
Label = tuple[str | None, ...]
"""The value of each column of a breakdown; null is a group of its own."""

OTHER: Label = ("(other)",)
MOST_NUMBERS = 10_000


@dataclass(frozen=True)
class _Axis:
    """A column of a breakdown: its values by place, and how rows find their place.

    Attributes:
        spec: The column.
        labels: Its values.
        numbers: Its numbers, ascending, where it is a column of numbers.
    """

    spec: ColumnSpec
    labels: tuple[str | None, ...]
    numbers: NDArray[np.int64] | None

    def places(self, segment: Segment, at: Rows) -> NDArray[np.int64]:
        values = segment.name if self.spec.name == NAMES else segment.columns[self.spec.name]
        rows = values[at]
        if self.numbers is None:
            return rows.astype(np.int64)
        return np.searchsorted(self.numbers, rows)


@dataclass(frozen=True)
class Grouping:
    """A breakdown that is worked out for an index.

    Attributes:
        labels: The groups, by number.
        merge: New number of each group where small ones were put together; None: as they are.
    """

    labels: tuple[Label, ...]
    _axes: tuple[_Axis, ...]
    _combinations: NDArray[np.int64] | None
    merge: NDArray[np.uint32] | None = None

    def rows(self, segment: Segment, first: int, end: int) -> Groups:
        """The group of each of some rows.

        Args:
            segment: The segment.
            first: First row.
            end: The row after the last.

        Returns:
            Shape (end - first,).
        """
        return self.at(segment, slice(first, end))

    def at(self, segment: Segment, rows: Rows) -> Groups:
        """The group of each of some rows, wherever they are.

        Args:
            segment: The segment.
            rows: Numbers of rows, or a slice.
        """
        codes = self._codes(segment)
        if codes is not None:  # each code is a group: no key is made of it
            found = codes[rows]
            return found.astype(np.uint32) if self.merge is None else np.take(self.merge, found)
        key = _keys(self._axes, segment, rows)
        if self._combinations is not None:
            key = np.searchsorted(self._combinations, key)
        group = key.astype(np.uint32)
        return group if self.merge is None else self.merge[group]

    def codes(self, segment: Segment) -> Codes | None:
        """The group of each row of a segment where a column's codes say it as they are."""
        return self._codes(segment) if self.merge is None else None

    def _codes(self, segment: Segment) -> Codes | None:
        """The codes of the only column, where it holds texts."""
        if len(self._axes) != 1 or self._axes[0].numbers is not None:
            return None
        name = self._axes[0].spec.name
        return segment.name if name == NAMES else cast(Codes, segment.columns[name])

    def topped(self, sizes: Sequence[int] | NDArray[np.int64], top: int) -> Grouping:
        """Keep the largest groups and put the others together, behind them.

        Args:
            sizes: Size of each group; groups of size 0 are dropped unless all are.
            top: How many to keep.

        Returns:
            The groups kept, largest first and then by label, and *other* where there is one.
        """
        shown = [_shown(label) for label in self.labels]
        order = sorted(range(len(shown)), key=lambda group: (-int(sizes[group]), shown[group]))
        filled = [group for group in order if sizes[group] > 0]
        kept = filled[:top]
        labels = [self.labels[group] for group in kept]
        merge = np.full(len(self.labels), len(kept), np.uint32)
        merge[kept] = np.arange(len(kept))
        if len(filled) > len(kept):
            labels.append(OTHER * max(1, len(self._axes)))
        elif not kept:
            labels = [(None,) * max(1, len(self._axes))]
        # A group without members may go anywhere that exists.
        merge = np.minimum(merge, np.uint32(len(labels) - 1))
        return Grouping(tuple(labels), self._axes, self._combinations, merge)


def grouping(index: Index, by: Sequence[str]) -> Grouping:
    """Prepare a breakdown.

    Args:
        index: The index.
        by: Columns; none puts every row into one group.

    Raises:
        QuestionError: A column is not there, holds several values a row, or too many numbers.
    """
    axes = tuple(_axis(index, name, f"by[{place}]") for place, name in enumerate(by))
    if len(axes) == 1:
        return Grouping(tuple((label,) for label in axes[0].labels), axes, None)
    if not axes:
        return Grouping(((),), axes, None)
    pieces = [
        np.unique(_keys(axes, segment, slice(None))) for segment in (*index.segments, *index.nobody)
    ]
    combinations = np.unique(np.concatenate(pieces)) if pieces else np.zeros(0, np.int64)
    labels = tuple(_combined(axes, int(key)) for key in combinations)
    return Grouping(labels, axes, combinations)


def _axis(index: Index, name: str, field: str) -> _Axis:
    spec = column(index, name, field)
    if spec.kind == "text":
        return _Axis(spec, tuple(index.dictionaries[spec.name].texts()), None)
    segments = (*index.segments, *index.nobody)
    found = [np.unique(segment.columns[spec.name]) for segment in segments]
    numbers = np.unique(np.concatenate([np.zeros(0, np.int64), *found]))
    if spec.kind == "texts" or len(numbers) > MOST_NUMBERS:
        problem = (
            "holds several values an event"
            if spec.kind == "texts"
            else (f"has {len(numbers):,} different numbers")
        )
        raise QuestionError(
            f"{field}: {name} {problem}.",
            rule=f"A breakdown takes a column with one value an event, of at most {MOST_NUMBERS:,}"
            " different numbers.",
            remedy="Filter by it, or break down by another column.",
        )
    labels = tuple(None if n == NO_NUMBER else _number(int(n), spec) for n in numbers)
    return _Axis(spec, labels, numbers.astype(np.int64))


def _keys(axes: Sequence[_Axis], segment: Segment, rows: Rows) -> NDArray[np.int64]:
    key = np.zeros(len(segment.name[rows]), np.int64)
    for axis in axes:
        key = key * len(axis.labels) + axis.places(segment, rows)
    return key


def _combined(axes: Sequence[_Axis], key: int) -> Label:
    parts: list[str | None] = []
    for axis in reversed(axes):
        key, place = divmod(key, len(axis.labels))
        parts.append(axis.labels[place])
    return tuple(reversed(parts))


def _number(value: int, spec: ColumnSpec) -> str:
    if spec.kind == "integer":
        return str(value)
    amount = Decimal(value).scaleb(-6).normalize()
    return f"{amount:f}"


def _shown(label: Label) -> tuple[str, ...]:
    """Null sorts before every text."""
    return tuple("" if part is None else f"={part}" for part in label)
