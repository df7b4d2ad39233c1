"""Cuts segments between users and runs kernels on the parts, a few at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ga4_analytics.index.layout import U8, U32, Segment

T = TypeVar("T")
Given = TypeVar("Given")

PART_ROWS = 1 << 18
"""Rows of a part: what is worked out for each row of it stays in the processor's cache."""


@dataclass(frozen=True)
class Part:
    """Some neighbouring users of a segment.

    Attributes:
        segment: The segment.
        chosen: 1 for each of the segment's users who counts.
        first_user: The first user.
        end_user: The user after the last one.
    """

    segment: Segment
    chosen: U8
    first_user: int
    end_user: int

    @property
    def first_row(self) -> int:
        """The first row."""
        return int(self.segment.user_row[self.first_user])

    @property
    def end_row(self) -> int:
        """The row after the last one."""
        return int(self.segment.user_row[self.end_user])


def cut(offsets: U32, rows: int = PART_ROWS) -> Iterator[tuple[int, int]]:
    """Cut users into runs of about so many rows; a user is never cut.

    Args:
        offsets: Offsets of users into rows.
        rows: Rows wanted in a part. A user with more has a part alone or nearly so.

    Yields:
        First user and the user after the last.

    >>> list(cut(np.array([0, 2, 4, 9, 10], dtype=np.uint32), 4))
    [(0, 2), (2, 3), (3, 4)]
    """
    users = len(offsets) - 1
    user = 0
    while user < users:
        # A number of another type would have all offsets copied, part after part.
        limit = offsets.dtype.type(min(int(offsets[user]) + rows, int(offsets[-1])))
        end = int(np.searchsorted(offsets, limit, side="right")) - 1
        end = min(max(end, user + 1), users)
        yield user, end
        user = end


def parts(segments: Sequence[Segment], chosen: Sequence[U8], rows: int = PART_ROWS) -> list[Part]:
    """All users of some segments in parts.

    Args:
        segments: The segments.
        chosen: For each, 1 for each user who counts.
        rows: Rows wanted in a part.
    """
    return [
        Part(segment, who, first, end)
        for segment, who in zip(segments, chosen, strict=True)
        for first, end in cut(segment.user_row, rows)
    ]


def on_each(
    work: Callable[[Given], T], given: Sequence[Given], threads: int | None = None
) -> list[T]:
    """Run work on each part, several at once, and give what came out in the parts' order.

    Args:
        work: Lets go of the interpreter's lock while it runs a kernel.
        given: The parts, or what was made of each.
        threads: How many at once; None: one a processor.
    """
    count = min(threads or os.cpu_count() or 1, len(given))
    if count <= 1:
        return [work(part) for part in given]
    found: dict[int, T] = {}
    left = iter(range(len(given)))  # each number goes to one thread: `next` holds the lock

    def some() -> None:
        for place in left:
            found[place] = work(given[place])

    # The caller works too: to start a thread and to wait for it takes as long as a small part.
    with ThreadPoolExecutor(count - 1) as pool:
        others = [pool.submit(some) for _ in range(count - 1)]
        some()
        for other in others:
            other.result()
    return [found[place] for place in range(len(given))]
