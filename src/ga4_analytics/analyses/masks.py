"""Turns selectors into bits a row: filters are worked out once a value, not once a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.conditions import Ranges, check, codes_that_meet, ranges_that_meet
from ga4_analytics.analyses.names import column, event_code
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.arrange import NAMES
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.layout import I64, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import bitmaps
from ga4_analytics.kernels.lanes import padded
from ga4_analytics.kernels.masks import keep, keep_any, keep_range, mark
from ga4_analytics.questions.filters import AllOf, AnyOf, Condition, EventSelector, Filter, NotOf

Bits = NDArray[np.uint64]
MOST = 64
ALL_BITS = np.uint64(2**64 - 1)
_FEW = 4
"""Up to so many codes it is faster to compare many rows at once with each."""


@dataclass(frozen=True)
class _Tree:
    """A filter that no single column decides: worked out row by row, for some bits."""

    filter: AnyOf | NotOf
    bits: np.uint64
    parts: tuple[Masks, ...]


@dataclass(frozen=True)
class Masks:
    """Says of each row which selectors it meets.

    Attributes:
        names: uint64 bits by code of the event name.
        tables: uint64 bits by code, for columns of one text a row.
        lists: Bits in question and bits by code, for columns of several texts a row.
        ranges: Column, ranges and the bits in question.
    """

    names: Bits
    tables: dict[str, Bits] = field(default_factory=dict)
    lists: list[tuple[str, np.uint64, Bits]] = field(default_factory=list)
    ranges: list[tuple[str, Ranges, np.uint64]] = field(default_factory=list)
    _trees: list[_Tree] = field(default_factory=list)
    _codes: dict[int, tuple[Bits, I64] | None] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Whether the event name alone decides."""
        return not (self.tables or self.lists or self.ranges or self._trees)

    @property
    def single(self) -> bool:
        """Whether no row can meet several selectors: no name stands in two of them."""
        return not (self.names & (self.names - np.uint64(1))).any()

    def classes(self, count: int) -> list[int] | None:
        """Which of the first selectors the same rows meet: as many have one number.

        Args:
            count: How many selectors.

        Returns:
            A number a selector; None where two may share some rows and not all.
        """
        signs = [self._sign(np.uint64(1 << place)) for place in range(count)]
        found = [signs.index(sign) for sign in signs]
        named = [int(np.count_nonzero(self.names & np.uint64(1 << place))) for place in set(found)]
        joined = sum(1 << place for place in set(found))
        apart = np.count_nonzero(self.names & np.uint64(joined))
        return found if sum(named) == apart else None

    def _sign(self, bit: np.uint64) -> tuple[object, ...]:
        """All that decides over a selector."""
        tables = {name: (table & bit).astype(bool) for name, table in self.tables.items()}
        return (
            ((self.names & bit) != 0).tobytes(),
            [(name, met.tobytes()) for name, met in tables.items() if not met.all()],
            [(name, ranges) for name, ranges, bits in self.ranges if bits & bit],
            [(name, (table & bit).astype(bool).tobytes())
             for name, bits, table in self.lists if bits & bit],
            [tree.filter for tree in self._trees if tree.bits & bit],
        )  # fmt: skip

    def rows(self, segment: Segment, first: int, end: int) -> Bits:
        """The bits of some rows.

        Args:
            segment: The segment.
            first: First row.
            end: The row after the last.

        Returns:
            Shape (end - first,): bit s is set where the row meets selector s.
        """
        out = np.empty(end - first, np.uint64)
        mark(segment.name[first:end], self.names, out)
        for name, table in self.tables.items():
            keep(segment.columns[name][first:end], table, out)
        for name, ranges, bits in self.ranges:
            _keep_ranges(segment.columns[name][first:end], ranges, bits, out)
        for name, bits, table in self.lists:
            offsets = segment.offsets[name][first : end + 1]
            keep_any(offsets, segment.columns[name], table, bits, out)
        for tree in self._trees:
            met = [part.rows(segment, first, end) != 0 for part in tree.parts]
            meets = ~met[0] if isinstance(tree.filter, NotOf) else np.logical_or.reduce(met)
            out &= np.where(meets, ALL_BITS, ~tree.bits)
        return out

    def words(self, segment: Segment, first: int, end: int, place: int) -> Bits:
        """Which of some rows meet a selector, as `kernels.bitmaps` has it.

        Args:
            segment: The segment.
            first: First row.
            end: The row after the last.
            place: The selector's place.
        """
        bit, at = np.uint64(1 << place), first // 64
        out = _words(segment.name, (self.names & bit) != 0, first, end)
        for name, table in self.tables.items():
            met = (table & bit) != 0
            if met.all():
                continue
            if _are_many(out):
                out &= _words(segment.columns[name], met, first, end)
            else:
                bitmaps.keep_listed(segment.columns[name], table, bit, at, out)
        for name, ranges, bits in self.ranges:
            if bits & bit:
                lows, highs = np.array(ranges, np.int64).reshape(-1, 2).T
                bitmaps.keep_within(segment.columns[name], lows, highs, at, out)
        for name, bits, table in self.lists:
            if bits & bit:
                offsets, codes = segment.offsets[name], segment.columns[name]
                bitmaps.keep_any(offsets, codes, table, bit, at, out)
        for tree in self._trees:
            if tree.bits & bit:
                met = [part.words(segment, first, end, 0) for part in tree.parts]
                out &= ~met[0] if isinstance(tree.filter, NotOf) else np.bitwise_or.reduce(met)
        return out

    def maps(self, segment: Segment, first: int, end: int, count: int) -> Bits:
        """The `words` of each of the first selectors, shape (count, words)."""
        listed = self._listed(count)
        if listed is None:
            return np.stack([self.words(segment, first, end, place) for place in range(count)])
        out = np.empty((count, len(no_words(first, end))), np.uint64)
        bitmaps.map_codes(padded(segment.name), *listed, first // 64, out)
        return out

    def _listed(self, count: int) -> tuple[Bits, I64] | None:
        """The codes of the names of each of the first selectors, and where those of each begin.

        None where names alone do not decide, or one has many.
        """
        if count not in self._codes:
            bits = [np.uint64(1 << place) for place in range(count)]
            codes = [np.flatnonzero(self.names & bit) for bit in bits]
            few = self.plain and all(len(each) <= _FEW for each in codes)
            begin = np.cumsum([0, *map(len, codes)])
            self._codes[count] = (np.concatenate(codes).astype(np.uint64), begin) if few else None
        return self._codes[count]


def no_words(first: int, end: int) -> Bits:
    """The words of some rows, and the one behind them, without a bit.

    >>> len(no_words(63, 65)), len(no_words(64, 65)), len(no_words(0, 0))
    (3, 2, 1)
    """
    return np.zeros(-(-end // 64) - first // 64 + 1, np.uint64)


def words_of(met: NDArray[np.bool_], first: int) -> Bits:
    """The words of rows from ``first`` on, with the bits of those that meet.

    >>> [hex(word) for word in words_of(np.array([True, False, True]), 63)]
    ['0x8000000000000000', '0x2', '0x0']
    """
    out = np.zeros((len(no_words(first, first + len(met))), 64), bool)
    out.ravel()[first % 64 :][: len(met)] = met
    return np.packbits(out, axis=1, bitorder="little").view("<u8").ravel()


def _words(codes: NDArray[np.generic], met: NDArray[np.bool_], first: int, end: int) -> Bits:
    """The rows whose code is met."""
    listed = np.flatnonzero(met)
    out, at = no_words(first, end), first // 64
    if 2 * len(listed) > len(met):
        out[:-1] = ~_words(codes, ~met, first, end)[:-1]
        # No bits are of no row: `bitmaps` looks at the rows of those there are.
        beyond = 64 * (at + len(out) - 1) - len(codes)
        if beyond > 0 and len(out) > 1:
            out[-2] &= ALL_BITS >> np.uint64(beyond)
    elif len(listed) <= _FEW:
        begin = np.array([0, len(listed)])
        bitmaps.map_codes(padded(codes), listed.astype(np.uint64), begin, at, out[None, :-1])
    else:
        bitmaps.add_listed(codes, met.view(np.uint8), at, out[:-1])
    return out


def _are_many(words: Bits) -> bool:
    """Whether so many bits are set that all rows are sooner looked at than those."""
    return int(np.bitwise_count(words).sum()) > 16 * len(words)


def _keep_ranges(values: NDArray[np.generic], ranges: Ranges, bits: np.uint64, out: Bits) -> None:
    if len(ranges) == 1:
        keep_range(values, *ranges[0], bits, out)
        return
    meets = np.zeros(len(out), bool)
    for low, high in ranges:
        meets |= (values >= low) & (values <= high)  # type: ignore[operator]
    out &= np.where(meets, ALL_BITS, ~bits)


def compiled(
    index: Index, selectors: Sequence[EventSelector], where: Filter | None = None
) -> Masks:
    """Prepare selectors for an index.

    Args:
        index: The index.
        selectors: Up to 64; selector s has bit s.
        where: What must be true besides, for every selector.

    Raises:
        QuestionError: There are too many, or a name, column, operator or value is wrong.
    """
    if len(selectors) > MOST:
        raise QuestionError(
            f"The question has {len(selectors)} events.",
            rule=f"It can have {MOST}.",
            remedy="Ask for fewer at once.",
        )
    names = np.zeros(len(index.names) + 1, np.uint64)
    masks = Masks(names)
    for place, selector in enumerate(selectors):
        bit = np.uint64(1 << place)
        codes = [event_code(index, name, f"event {place + 1}") for name in selector.names]
        names[codes or slice(1, None)] |= bit
        if selector.where is not None:
            _add(masks, index, selector.where, bit, f"event {place + 1}.where")
    every = np.uint64((1 << len(selectors)) - 1)
    if where is not None:
        _add(masks, index, where, every, "where")
    return masks


def _add(masks: Masks, index: Index, given: Filter, bits: np.uint64, place: str) -> None:
    """Let a filter decide over some bits."""
    if isinstance(given, AllOf):
        for number, part in enumerate(given.parts):
            _add(masks, index, part, bits, f"{place}[{number}]")
        return
    if isinstance(given, AnyOf) and not given.parts:
        masks.names[:] &= ~bits
        return
    spec = _only_column(index, given, place)
    if spec is not None and spec.kind == "text":
        _add_table(masks, index, given, spec, bits, place)
    elif isinstance(given, Condition):
        _add_condition(masks, index, given, bits, place)
    else:
        parts = given.parts if isinstance(given, AnyOf) else (given.part,)
        whole = tuple(compiled(index, (EventSelector(where=part),)) for part in parts)
        masks._trees.append(_Tree(given, bits, whole))


def _only_column(index: Index, given: Filter, place: str) -> ColumnSpec | None:
    """The one column that a filter is about, or None where there are several or none."""
    if isinstance(given, Condition):
        spec = column(index, given.column, place)
        check(given, spec, place)
        return spec
    parts = (given.part,) if isinstance(given, NotOf) else given.parts
    found = [_only_column(index, part, place) for part in parts]
    return found[0] if len(set(found)) == 1 else None


def _add_table(
    masks: Masks, index: Index, given: Filter, spec: ColumnSpec, bits: np.uint64, place: str
) -> None:
    meets = _meets(index, given, spec, place)
    table = np.where(meets, ALL_BITS, ~bits).astype(np.uint64)
    if spec.name == NAMES:
        masks.names[:] &= table
    elif spec.name in masks.tables:
        masks.tables[spec.name] &= table
    else:
        masks.tables[spec.name] = table


def _meets(index: Index, given: Filter, spec: ColumnSpec, place: str) -> NDArray[np.bool_]:
    """Which codes of its one column meet a filter."""
    if isinstance(given, Condition):
        return codes_that_meet(given, index.dictionaries[spec.name], place)
    if isinstance(given, NotOf):
        return ~_meets(index, given.part, spec, place)
    tables = [_meets(index, part, spec, place) for part in given.parts]
    joined = np.logical_and if isinstance(given, AllOf) else np.logical_or
    return np.asarray(joined.reduce(tables), dtype=bool)


def _add_condition(
    masks: Masks, index: Index, given: Condition, bits: np.uint64, place: str
) -> None:
    """A condition on numbers, or on a column of several texts a row."""
    spec = column(index, given.column, place)
    if spec.kind == "texts":
        positive = given.operator in ("is", "contains", "matches", "is_set")
        if not positive:
            # "is not US" is true where none of the values is US: the plain opposite.
            _add_opposite(masks, index, given, bits)
            return
        table = codes_that_meet(given, index.dictionaries[spec.name], place)
        masks.lists.append((spec.name, bits, np.where(table, bits, 0).astype(np.uint64)))
    else:
        masks.ranges.append((spec.name, ranges_that_meet(given, spec, place), bits))


def _add_opposite(masks: Masks, index: Index, given: Condition, bits: np.uint64) -> None:
    operator = {"is_not_set": "is_set", "is_not": "is"}.get(given.operator)
    operator = operator or given.operator.removeprefix("not_")
    plain = Condition(given.column, operator, given.values)  # type: ignore[arg-type]
    whole = compiled(index, (EventSelector(where=plain),))
    masks._trees.append(_Tree(NotOf(plain), bits, (whole,)))
