"""Cuts ordered lines into files that are one request each, and keeps account of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports.packed import I64, Lines


@dataclass(frozen=True)
class Keys:
    """What orders the lines of a chunk, and what is summed over them.

    Attributes:
        day: Days as numbers.
        time: Microseconds.
        name: The id that settles what is tied.
        revenue: Micro-dollars, 0 where there are none.
    """

    day: pa.Array
    time: pa.Array
    name: pa.Array
    revenue: I64

    @classmethod
    def joined(cls, pieces: list[Keys]) -> Keys:
        """The keys of several batches, one behind the other."""
        if not pieces:
            day, time, name = (
                pa.array([], kind) for kind in (pa.date32(), pa.int64(), pa.string())
            )
            return cls(day, time, name, np.zeros(0, np.int64))
        return cls(
            pa.concat_arrays([piece.day for piece in pieces]),
            pa.concat_arrays([piece.time for piece in pieces]),
            pa.concat_arrays([piece.name for piece in pieces]),
            np.concatenate([piece.revenue for piece in pieces]),
        )

    def order(self) -> I64:
        """The places of the lines by day, time and name; without a time is last."""
        table = pa.table({"day": self.day, "time": self.time, "name": self.name})
        keys = [(name, "ascending") for name in table.schema.names]
        return np.asarray(pc.sort_indices(table, sort_keys=keys)).astype(np.int64)


@dataclass(frozen=True)
class FileEntry:
    """A file that was written.

    Attributes:
        file: Its name.
        kind: ``events`` or ``users``.
        rows: Its lines.
        bytes: Its size.
        sha256: Checksum of its bytes.
        first_us: Time of its earliest line, microseconds UTC.
        last_us: Time of its latest line.
        revenue_usd_micros: Sum over its lines.
    """

    file: str
    kind: str
    rows: int
    bytes: int
    sha256: str
    first_us: int
    last_us: int
    revenue_usd_micros: int


@dataclass
class Account:
    """What was written and what was not; it can be kept and taken up again.

    Attributes:
        files: The files.
        rejected: Events that were not written, by reason.
        users_rejected: Users whose properties were not written, by reason.
        changed: Rows that were written with something left out or changed, by what.
        aged: Events by number of the vendor's rule about age that they meet.
    """

    files: list[FileEntry] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    users_rejected: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    aged: dict[str, int] = field(default_factory=dict)

    def count(self, counts: dict[str, int], what: str, rows: int) -> None:
        """Add rows to a count."""
        if rows:
            counts[what] = counts.get(what, 0) + rows

    def add(self, other: Account) -> None:
        """Add the counts of events of another one, which has written nothing yet."""
        for name in ("rejected", "changed", "aged"):
            for what, rows in getattr(other, name).items():
                self.count(getattr(self, name), what, rows)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "files": [vars(entry) for entry in self.files],
            "rejected": self.rejected,
            "users_rejected": self.users_rejected,
            "changed": self.changed,
            "aged": self.aged,
        }

    @classmethod
    def of(cls, content: dict[str, Any]) -> Account:
        """From JSON."""
        files = [FileEntry(**entry) for entry in content["files"]]
        names = ("rejected", "users_rejected", "changed", "aged")
        return cls(files, *(content[name] for name in names))


def cut(sizes: I64, rows: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut lines into runs of at most so many, and at most so many bytes.

    Args:
        sizes: Bytes of each line; none is above ``most``.
        rows: Most lines of a run.
        most: Most bytes of a run.

    Yields:
        First line and the line after the last.

    >>> list(cut(np.array([4, 4, 4, 9, 1]), 2, 10))
    [(0, 2), (2, 3), (3, 5)]
    """
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        fits = int(np.searchsorted(ends, before + most, side="right"))
        end = max(min(fits, start + rows), start + 1)
        yield start, end
        start = end


def write_parts(
    folder: Path,
    kind: str,
    lines: Lines,
    keys: Keys,
    order: I64,
    limits: tuple[int, int],
    account: Account,
) -> None:
    """Write lines to files that are numbered on from those there are.

    Args:
        folder: Where they go.
        kind: ``events`` or ``users``: how their names begin.
        lines: The lines.
        keys: Their times and sums.
        order: The lines that are written, in order.
        limits: Most lines and most bytes of a file.
        account: Gets an entry for each file.

    Raises:
        OSError: A file cannot be written.
    """
    sizes = (lines.ends - lines.begins)[order]
    times = np.asarray(keys.time.take(pa.array(order)))
    revenue = keys.revenue[order]
    number = sum(entry.kind == kind for entry in account.files)
    for start, end in cut(sizes, *limits):
        number += 1
        content = lines.joined(order[start:end]).data
        name = f"{kind}-{number:06}.ndjson"
        (folder / name).write_bytes(content)
        account.files.append(
            FileEntry(
                file=name,
                kind=kind,
                rows=end - start,
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                first_us=int(times[start:end].min()),
                last_us=int(times[start:end].max()),
                revenue_usd_micros=int(revenue[start:end].sum()),
            )
        )
