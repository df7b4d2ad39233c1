"""Who is in an experiment: first exposures, and units that are left out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.analyses.groups import Grouping
from ga4_analytics.analyses.masks import Masks, compiled
from ga4_analytics.analyses.names import column
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.analyses.scope import Scope
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.arrange import NAMES
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.layout import I64, U8, U32, RowFlag, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.experiment import Excluded, ExperimentSpec
from ga4_analytics.questions.experiment_parts import (
    Exposure,
    ListedUnits,
    SimulatedSplit,
    VariantShare,
)

Marks = NDArray[np.bool_]
NULL, OTHER, TWO = -1, -2, -3
"""In place of a variant: none, one that the question does not name, several in a list."""
FEW = 16
"""Rows of which there are fewer than one in so many are looked up one by one."""
BEFORE, INSIDE, TIMELESS = 0, 1, 2
"""Where an exposure stands: before the range, in it, or in it without a time of its own."""


@dataclass(frozen=True)
class Units:
    """The units of an experiment, in the order of the index.

    Attributes:
        variants: The variants, the control first.
        owner: Number of each unit's user, counted over all segments.
        variant: Its variant, a position in ``variants``.
        time_us: Its first exposure.
        day: The day of that, counted from 1970-01-01.
        group: Its group in the breakdown at that event.
        excluded: Who is left out.
        before: How many were exposed before the range too.
        users: How many users the index has.
    """

    variants: tuple[str, ...]
    owner: I64
    variant: I64
    time_us: I64
    day: I64
    group: I64
    excluded: Excluded
    before: int
    users: int

    def counts(self) -> tuple[int, ...]:
        """Units of each variant."""
        found = np.bincount(self.variant, minlength=len(self.variants))
        return tuple(int(n) for n in found)


@dataclass(frozen=True)
class _Exposures:
    """Exposures, one entry each: a user's next one stands there only where it differs.

    Attributes:
        owner: The user's number, ascending.
        code: Of the variant's name; for lists and simulations the variant itself.
        place: `BEFORE`, `INSIDE` or `TIMELESS`.
        row: Its row in its segment.
        day: Its day.
    """

    owner: I64
    code: I64
    place: I64
    row: I64
    day: I64

    def where(self, chosen: Marks) -> _Exposures:
        return _Exposures(
            self.owner[chosen], self.code[chosen], self.place[chosen], self.row[chosen],
            self.day[chosen],
        )  # fmt: skip


def units_of(
    index: Index,
    spec: ExperimentSpec,
    scope: Scope,
    chosen: Sequence[U8],
    groups: Grouping,
    threads: int | None = None,
) -> Units:
    """Find each unit's variant and first exposure.

    Args:
        index: The index.
        spec: The question.
        scope: Its days.
        chosen: 1 for each user who counts, for each of ``index.segments``.
        groups: The breakdown.
        threads: How many parts at once; None: one a processor.

    Raises:
        QuestionError: Something is named that is not there.
    """
    found = _exposures(index, spec, scope, chosen, threads)
    names, table = _variants(index, spec, found)
    variant = found.code if table is None else table[found.code]
    inside = found.place == INSIDE
    valid = inside & (variant >= 0)
    rows = np.flatnonzero(valid)
    first = _starts(found.owner[rows])
    least = np.minimum.reduceat(variant[rows], first) if len(first) else first
    most = np.maximum.reduceat(variant[rows], first) if len(first) else first
    at = rows[first[least == most]]
    owner = found.owner[at]
    time, group = _at_exposure(index, owner, found.row[at], groups)
    users = int(first_owners(index)[-1])
    early = _marked(users, found.owner[(found.place == BEFORE) & (variant >= 0)])
    return Units(
        variants=names,
        owner=owner,
        variant=variant[at],
        time_us=time,
        day=found.day[at],
        group=group,
        excluded=_excluded(found, variant, users, len(first) - len(at)),
        before=int(early[owner].sum()),
        users=users,
    )


def _starts(values: I64) -> I64:
    """Where a value differs from the one before it."""
    return np.flatnonzero(np.diff(values, prepend=-1)) if len(values) else np.zeros(0, np.int64)


def _marked(users: int, owners: I64) -> Marks:
    """For each user, whether it is among some."""
    marks = np.zeros(users, bool)
    marks[owners] = True
    return marks


def first_owners(index: Index) -> I64:
    """Number of the first user of each segment, and of all users."""
    return np.cumsum([0, *(segment.users for segment in index.segments)]).astype(np.int64)


def users_of_rows(part: Part, rows: I64) -> I64:
    """The users of some rows of a part, all counted from its first.

    Args:
        part: The part.
        rows: Ascending.
    """
    offsets = part.segment.user_row[part.first_user : part.end_user + 1]
    return _places(offsets, part.first_row, part.end_row, rows)


def days_of_rows(part: Part, rows: I64) -> I64:
    """The days of some rows of a part, as in `users_of_rows`."""
    given = part.segment
    first, end = (int(given.user_run[user]) for user in (part.first_user, part.end_user))
    edges = given.run_row[first:end]
    return given.run_day[first:end][_places(edges, part.first_row, part.end_row, rows)].astype(
        np.int64
    )


def _places(starts: U32, first: int, end: int, rows: I64) -> I64:
    """In which stretch each row lies, counted from the first row; some may start at the end."""
    if len(rows) * FEW < end - first:
        # Numbers of another type would have all starts copied.
        wanted = (rows + first).astype(starts.dtype)
        return np.searchsorted(starts, wanted, side="right") - 1
    edges = np.append(starts.astype(np.int64), end)
    return np.repeat(np.arange(len(starts)), edges[1:] - edges[:-1])[rows]


def _exposures(
    index: Index,
    spec: ExperimentSpec,
    scope: Scope,
    chosen: Sequence[U8],
    threads: int | None,
) -> _Exposures:
    masks = compiled(index, (spec.assignment.event,), spec.query.where)
    coded = _coder(index, spec)
    starts = dict(zip(map(id, index.segments), first_owners(index).tolist(), strict=False))

    def work(part: Part) -> _Exposures:
        return _in_part(part, starts[id(part.segment)], scope, masks, coded)

    found = on_each(work, parts(index.segments, list(chosen)), threads)
    empty = np.zeros(0, np.int64)
    columns = ("owner", "code", "place", "row", "day")
    return _Exposures(
        *(np.concatenate([empty, *(getattr(each, name) for each in found)]) for name in columns)
    )


def _in_part(part: Part, start: int, scope: Scope, masks: Masks, coded: _Coder) -> _Exposures:
    given = part.segment
    rows = np.flatnonzero(masks.rows(given, part.first_row, part.end_row))
    user = users_of_rows(part, rows) + part.first_user
    day = days_of_rows(part, rows)
    kept = (part.chosen[user] != 0) & (day <= scope.last_day)
    rows, user, day = rows[kept] + part.first_row, user[kept], day[kept]
    place = np.where(day < scope.first_day, BEFORE, INSIDE)
    timeless = (given.flags[rows] & RowFlag.TIMELESS) != 0
    place[timeless & (place == INSIDE)] = TIMELESS
    each, code = coded.codes(given, rows, user)
    found = _Exposures(user[each] + start, code, place[each], rows[each], day[each])
    keys = (found.owner, found.code, found.place)
    new = np.ones(len(code), bool)
    new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return found.where(new)


@dataclass(frozen=True)
class _Coder:
    """Says which variant an exposure names.

    Attributes:
        spec: The column that names it; None: users have their variants.
        of_user: For each segment, by its identity, the variant of each user.
    """

    spec: ColumnSpec | None
    of_user: dict[int, I64]

    def codes(self, segment: Segment, rows: I64, user: I64) -> tuple[I64, I64]:
        """For each name on some rows, the place of its row among them, and its code."""
        places = np.arange(len(rows))
        if self.spec is None:
            return places, self.of_user[id(segment)][user]
        if self.spec.kind == "text":
            values = segment.name if self.spec.name == NAMES else segment.columns[self.spec.name]
            return places, values[rows].astype(np.int64)
        offsets, codes = segment.offsets[self.spec.name], segment.columns[self.spec.name]
        starts, ends = offsets[rows].astype(np.int64), offsets[rows + 1].astype(np.int64)
        counts = np.maximum(ends - starts, 1)
        each = np.repeat(places, counts)
        at = starts[each] + np.arange(len(each)) - np.repeat(np.cumsum(counts) - counts, counts)
        named = at < ends[each]
        found = np.zeros(len(each), np.int64)
        found[named] = codes[at[named]]
        return each, found


def _coder(index: Index, spec: ExperimentSpec) -> _Coder:
    given = spec.assignment
    if isinstance(given, Exposure):
        found = column(index, given.variant, "assignment.variant")
        if found.kind not in ("text", "texts"):
            raise QuestionError(
                f"assignment.variant: {found.name} is not a column of text.",
                rule="Variants are named by text.",
                remedy='Declare the column with kind = "text" under [[columns]] in ga4.toml.',
            )
        return _Coder(found, {})
    of_user = _listed if isinstance(given, ListedUnits) else _simulated
    return _Coder(None, {id(part): of_user(part, spec) for part in index.segments})


def _listed(segment: Segment, spec: ExperimentSpec) -> I64:
    """The variant of each user of a segment by the list."""
    assert isinstance(spec.assignment, ListedUnits)
    names = [share.name for share in shares_of(spec)]
    found = np.full(segment.users, NULL, np.int64)
    for members in spec.assignment.members:
        place = names.index(members.variant) if members.variant in names else OTHER
        wanted = pa.array(sorted(set(members.units)), pa.string())
        there = np.asarray(pc.fill_null(pc.is_in(segment.keys, wanted), False), dtype=bool)
        found[there] = np.where(found[there] == NULL, place, TWO)
    return found


def _simulated(segment: Segment, spec: ExperimentSpec) -> I64:
    """The variant of each user of a segment by the salted hash."""
    assert isinstance(spec.assignment, SimulatedSplit)
    salt = spec.assignment.salt.encode() + b":"
    sha = hashlib.sha256
    digests = b"".join(
        sha(salt + (key or "").encode()).digest()[:8] for key in segment.keys.to_pylist()
    )
    place = np.frombuffer(digests, ">u8").astype(np.float64) / 2.0**64
    weights = np.array([share.weight for share in shares_of(spec)])
    edges = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(edges, place, side="right"), len(edges) - 1)


def shares_of(spec: ExperimentSpec) -> tuple[VariantShare, ...]:
    """The variants that a question names, the control first; none: those that are seen."""
    given = spec.variants
    if not given and isinstance(spec.assignment, ListedUnits):
        names = dict.fromkeys(members.variant for members in spec.assignment.members)
        given = tuple(VariantShare(name) for name in sorted(names))
    if not given and isinstance(spec.assignment, SimulatedSplit):
        given = (VariantShare("control"), VariantShare("treatment"))
    control = control_of(spec, [share.name for share in given])
    return tuple(sorted(given, key=lambda share: share.name != control))


def control_of(spec: ExperimentSpec, names: Sequence[str]) -> str:
    """The control among some variants.

    >>> control_of(ExperimentSpec(), ["b", "Control"]), control_of(ExperimentSpec(), ["b", "c"])
    ('Control', 'b')
    """
    usual = [name for name in names if name.casefold() == "control"]
    return spec.control or next(iter([*usual, *names]), "")


def _variants(
    index: Index, spec: ExperimentSpec, found: _Exposures
) -> tuple[tuple[str, ...], I64 | None]:
    """The variants, the control first; and the variant of each code of the column."""
    shares = shares_of(spec)
    names = [share.name for share in shares]
    if not isinstance(spec.assignment, Exposure):
        return tuple(names), None
    dictionary = index.dictionaries[spec.assignment.variant]
    table = np.full(len(dictionary) + 1, OTHER, np.int64)
    table[0] = NULL
    if not names:
        counts = np.bincount(found.code[found.place == INSIDE], minlength=len(table))
        seen = np.flatnonzero(counts[1:]) + 1
        names = sorted(str(dictionary.text(int(code))) for code in seen)
        control = control_of(spec, names)
        names = [control, *(name for name in names if name != control)] if control else names
    for place, name in enumerate(names):
        code = dictionary.code(name)
        if code:
            table[code] = place
    return tuple(names), table


def _at_exposure(index: Index, owner: I64, row: I64, groups: Grouping) -> tuple[I64, I64]:
    """Time and group of each unit at its exposure."""
    time, group = np.empty(len(owner), np.int64), np.empty(len(owner), np.int64)
    edges = np.searchsorted(owner, first_owners(index))
    for place, segment in enumerate(index.segments):
        own = slice(int(edges[place]), int(edges[place + 1]))
        time[own] = segment.time_us[row[own]]
        group[own] = groups.at(segment, row[own])
    return time, group


def _excluded(found: _Exposures, variant: I64, users: int, mixed: int) -> Excluded:
    """Count who is left out, each once."""
    inside = found.place == INSIDE
    known = _marked(users, found.owner[inside & (variant >= 0)])
    counts = []
    for kind in (inside & (variant == TWO), inside & (variant == OTHER), inside & (variant == NULL),
                 found.place == TIMELESS):  # fmt: skip
        these = _marked(users, found.owner[kind]) & ~known
        counts.append(int(these.sum()))
        known |= these
    twice, other, null, late = counts
    return Excluded(mixed + twice, null, other, late)
