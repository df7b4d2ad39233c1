"""Batches in groups of a useful size, normalised by as many threads as there are cores.

Making a plan costs the same for ten rows as for a hundred thousand, so the batches of
small files are joined; a large file's batches are groups of their own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.ahead import ahead
from ga4_analytics.ingest.files import InputFile
from ga4_analytics.sources.batches import RawBatch, Reject
from ga4_analytics.sources.normalise import Normalised, Normaliser
from ga4_analytics.sources.pending import Renewed
from ga4_analytics.sources.readings import Judging
from ga4_analytics.sources.stage_columns import ROW
from ga4_analytics.sources.zones import Transition

GROUP_ROWS = 100_000
GROUP_BYTES = 12 << 20
"""Batches are joined until a group has as many rows, or bytes."""


@dataclass(frozen=True)
class Part:
    """A batch of a file; its records have the row ids from ``first_row`` on."""

    file: InputFile
    batch: RawBatch
    first_row: int


@dataclass(frozen=True)
class Group:
    """Consecutive parts of one shape."""

    parts: tuple[Part, ...]

    @property
    def first_row(self) -> int:
        """Row id of the first record."""
        return self.parts[0].first_row

    def joined(self) -> RawBatch:
        """The parts as one batch; a column that a part lacks is null there."""
        if len(self.parts) == 1:
            return self.parts[0].batch
        table = pa.concat_tables(
            [part.batch.table for part in self.parts], promote_options="default"
        )
        return RawBatch(table.combine_chunks(), self._raw_text)

    def _raw_text(self, row: int) -> str:
        part = self._part_of(row + self.first_row)
        return part.batch.raw_text(row + self.first_row - part.first_row)

    def _part_of(self, row_id: int) -> Part:
        firsts = [part.first_row for part in self.parts]
        return self.parts[bisect_right(firsts, row_id) - 1]

    def days(self, events: pa.Table) -> Iterator[tuple[Part, set[date]]]:
        """The days of each part's events."""
        for part in self.parts:
            stop = part.first_row + part.batch.table.num_rows
            rows = events.column(ROW)
            mine = pc.and_(pc.greater_equal(rows, part.first_row), pc.less(rows, stop))
            found = pc.unique(events.column("event_date").filter(mine))
            yield part, set(found.to_pylist())

    def rejects(self, found: Sequence[tuple[int, Reject]]) -> Iterator[tuple[Part, list[Reject]]]:
        """The rejects of each part."""
        for _, some in groupby(found, key=lambda each: self._part_of(each[0]).first_row):
            each = list(some)
            yield self._part_of(each[0][0]), [reject for _, reject in each]


def grouped(parts: Iterable[Part]) -> Iterator[Group]:
    """Join parts of one shape until they are worth a plan.

    Parts with a column of one name in two cases are not joined: the engine would take one
    for the other.
    """
    waiting: list[Part] = []
    rows = size = 0
    names: dict[str, str] = {}
    for part in parts:
        own = {name.lower(): name for name in part.batch.table.schema.names}
        if waiting and (
            rows >= GROUP_ROWS
            or size >= GROUP_BYTES
            or part.file.detected.shape != waiting[0].file.detected.shape
            or any(names.get(small, name) != name for small, name in own.items())
        ):
            yield Group(tuple(waiting))
            waiting, rows, size, names = [], 0, 0, {}
        names |= own
        waiting.append(part)
        rows += part.batch.table.num_rows
        size += part.batch.table.nbytes
    if waiting:
        yield Group(tuple(waiting))


def normalised(
    groups: Iterable[Group], changes: Sequence[Transition], judging: Judging
) -> Iterator[tuple[Group, Normalised]]:
    """Normalise groups on all cores and give them in their order.

    Args:
        groups: The groups; only a few are held at a time.
        changes: The property's zone; may be empty.
        judging: The clock, and whether damage is accepted.
    """
    normalisers = Renewed(lambda: Normaliser(changes, judging), lambda each: each.close())

    def work(group: Group) -> tuple[Group, Normalised]:
        return group, normalisers.get().normalise(group.joined(), group.first_row)

    return ahead(work, groups)
