"""Models of churn as plain data: numbers that anybody can read, and no code.

A model is what its JSON says and nothing else: to score users is to look numbers up and add
them. So a stored model can be checked, compared and loaded without trusting its file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.analyses.churn_features import Table
from ga4_analytics.questions.churn import Model

Floats = NDArray[np.float64]
FORMAT = 1
"""Of a stored model."""


@dataclass(frozen=True)
class Category:
    """A category and its values that have a column each.

    Attributes:
        feature: Its name.
        values: The values, the commonest of the training rows first; every other value, and
            none, is none of these.
    """

    feature: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Encoder:
    """How features become columns of numbers; learnt from training rows alone.

    Attributes:
        numbers: Features that are numbers, a column each.
        categories: Categories, a column of 0 and 1 for each value.
    """

    numbers: tuple[str, ...]
    categories: tuple[Category, ...]

    def matrix(self, table: Table) -> Floats:
        """The columns of some users, shape (users, columns)."""
        columns = [table.numbers[name].astype(np.float64) for name in self.numbers]
        for category in self.categories:
            texts = table.texts[category.feature]
            for value in category.values:
                there = pc.fill_null(pc.equal(texts, value), False)
                columns.append(np.asarray(there, dtype=np.float64))
        return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))

    @property
    def owners(self) -> tuple[str, ...]:
        """The feature of each column."""
        return (*self.numbers, *(each.feature for each in self.categories for _ in each.values))


@dataclass(frozen=True)
class RecencyRule:
    """The chance by days since the last active day, which always grows.

    Attributes:
        column: The column with those days.
        chances: The chance after 1, 2, ... days.
    """

    column: int
    chances: tuple[float, ...]


@dataclass(frozen=True)
class Logistic:
    """Logistic regression.

    Attributes:
        logs: Whether each column is taken as log(1 + |x|) with its sign.
        means: What is taken off each column.
        scales: What it is then divided by.
        weights: Its weight in the log odds.
        intercept: The log odds where all columns are at their means.
    """

    logs: tuple[bool, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float


@dataclass(frozen=True)
class Tree:
    """A tree of decisions; lists have an entry a node, the first is the root.

    Attributes:
        columns: The column that a node asks of; -1 in leaves.
        bounds: What it is held against.
        lefts: Where rows below the bound go.
        rights: Where all others go.
        values: What a leaf adds to the log odds.
    """

    columns: tuple[int, ...]
    bounds: tuple[float, ...]
    lefts: tuple[int, ...]
    rights: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Trees:
    """Boosted trees: their leaves are added up in order.

    Attributes:
        below: Whether a row goes left 'at_most' the bound or 'under' it.
        bits: Width of the floating-point numbers that are compared and added, as the library
            that grew the trees does.
        base: The log odds before the first tree.
        trees: The trees.
    """

    below: Literal["at_most", "under"]
    bits: Literal[32, 64]
    base: float
    trees: tuple[Tree, ...]


Content = RecencyRule | Logistic | Trees


@dataclass(frozen=True)
class Fitted:
    """A model with all that it needs to score users.

    Attributes:
        format: Of this document.
        model: Which.
        encoder: How features become columns.
        content: What it learnt.
    """

    format: int
    model: Model
    encoder: Encoder
    content: RecencyRule | Logistic | Trees

    def chances(self, table: Table) -> Floats:
        """The chance of each user to churn, in [0, 1]."""
        return chances(self.content, self.encoder.matrix(table))


def chances(content: Content, matrix: Floats) -> Floats:
    """The chance of each row to churn.

    Args:
        content: What a model learnt.
        matrix: Columns of its encoder, shape (rows, columns).
    """
    if isinstance(content, RecencyRule):
        days = np.clip(matrix[:, content.column].astype(np.int64), 1, len(content.chances))
        return np.array(content.chances)[days - 1]
    if isinstance(content, Logistic):
        ready = prepared(matrix, content.logs, content.means, content.scales)
        total = np.full(len(matrix), content.intercept)
        # Added one by one: a product of matrices adds in an order of the machine's.
        for column, weight in enumerate(content.weights):
            total = total + weight * ready[:, column]
        return sigmoid(total)
    return sigmoid(margins(content, matrix))


def prepared(
    matrix: Floats, logs: Sequence[bool], means: Sequence[float], scales: Sequence[float]
) -> Floats:
    """Columns as logistic regression takes them."""
    curved = np.sign(matrix) * np.log1p(np.abs(matrix))
    taken = np.where(np.array(logs, bool), curved, matrix)
    return np.asarray((taken - np.array(means)) / np.array(scales), dtype=np.float64)


def margins(content: Trees, matrix: Floats) -> Floats:
    """The log odds that trees give."""
    rows = matrix.astype(f"f{content.bits // 8}")
    total = np.full(len(rows), content.base, rows.dtype)
    for tree in content.trees:
        total = total + _added(tree, rows, content.below)
    return total.astype(np.float64)


class Parts:
    """Chances of rows of which a few columns change: only trees that ask of those are walked.

    Args:
        content: What a model learnt.
        matrix: The rows before any change.
    """

    def __init__(self, content: Content, matrix: Floats) -> None:
        self._content = content
        self._added = []
        if isinstance(content, Trees):
            rows = matrix.astype(f"f{content.bits // 8}")
            self._added = [_added(tree, rows, content.below) for tree in content.trees]

    def chances(self, matrix: Floats, changed: Sequence[int]) -> Floats:
        """The chance of each row to churn, as `chances` gives it.

        Args:
            matrix: The rows.
            changed: Columns that may differ from those of the first matrix.
        """
        if not isinstance(self._content, Trees):
            return chances(self._content, matrix)
        rows = matrix.astype(f"f{self._content.bits // 8}")
        total = np.full(len(rows), self._content.base, rows.dtype)
        for tree, before in zip(self._content.trees, self._added, strict=True):
            walk = not set(changed).isdisjoint(tree.columns)
            total = total + (_added(tree, rows, self._content.below) if walk else before)
        return sigmoid(total.astype(np.float64))


def _added(tree: Tree, rows: NDArray[Any], below: str) -> NDArray[Any]:
    """What a tree adds to the log odds of each row."""
    return np.array(tree.values, rows.dtype)[_leaves(tree, rows, below)]


def _leaves(tree: Tree, rows: NDArray[Any], below: str) -> NDArray[np.int64]:
    columns, bounds = np.array(tree.columns), np.array(tree.bounds, rows.dtype)
    lefts, rights = np.array(tree.lefts), np.array(tree.rights)
    node = np.zeros(len(rows), np.int64)
    at = np.arange(len(rows)) if columns[0] >= 0 else np.zeros(0, np.int64)
    while len(at):
        here = node[at]
        value, bound = rows[at, columns[here]], bounds[here]
        is_left = value <= bound if below == "at_most" else value < bound
        node[at] = np.where(is_left, lefts[here], rights[here])
        at = at[columns[node[at]] >= 0]
    return node


def sigmoid(odds: Floats) -> Floats:
    """Log odds as a chance.

    >>> sigmoid(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)
