"""How an index lies in memory: flat arrays, ordered by user and then time.

A user lives whole in one segment, so every count of users is a sum over segments, and
over any cut of a segment between users.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

FORMAT = 2

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
Codes = NDArray[np.unsignedinteger]
"""Codes of a dictionary, uint8, uint16 or uint32 as it needs; 0 is null."""
I64 = NDArray[np.int64]

MASKED_NAMES = 31
"""Names with a bit of their own in `Segment.user_names`; all others share the last bit."""
NO_EARLIEST, NO_LATEST = 2**62, -(2**62)
"""Times of a day without rows."""


class RowFlag(IntFlag):
    """What is true of a row."""

    TIED = 1
    """Time and batch fields leave its order after the row before open."""
    DAY = 2
    """Its day is not that of the user's row before."""
    VISIT = 4
    """Its session is not that of the user's row before."""
    TIMELESS = 8
    """It has no time of its own; ``time_us`` is the start of its day."""
    REPEAT = 16
    """It agrees with another event in all that its file tells."""


class DayFlag(IntFlag):
    """What is true of a user's day."""

    MARKED_ACTIVE = 1
    """An event of it is exported with ``is_active_user``."""
    PROXY_ACTIVE = 2
    """It has an engaged session, a first visit or a positive engagement time."""
    FIRST_VISIT = 4
    """It has a ``first_visit`` or ``first_open``."""


class SessionFlag(IntFlag):
    """What is true of a session."""

    ENGAGED = 1
    DERIVED = 2
    """It was found by gaps in time, not by a session id."""


class Columns(Mapping[str, NDArray[np.generic]]):
    """Columns of which some have the same number in every row: they take no room until asked for.

    Args:
        stored: The others.
        constant: The names of those.
        number: What they have.
        rows: How many rows there are.

    >>> columns = Columns({"country": np.array([1, 2])}, ["refund"], -9, 2)
    >>> list(columns), columns["refund"].tolist()
    (['country', 'refund'], [-9, -9])
    """

    def __init__(
        self,
        stored: Mapping[str, NDArray[np.generic]],
        constant: Collection[str],
        number: int,
        rows: int,
    ) -> None:
        self._made = dict(stored)
        self._constant = frozenset(constant)
        self._names = (*stored, *constant)
        self._number = number
        self._rows = rows

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        if name not in self._made and name in self._constant:
            values = np.full(self._rows, self._number, np.int64)
            values.setflags(write=False)
            # Of two threads that make it at once, both take the one that came first.
            self._made.setdefault(name, values)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Segment:
    """Users, each with all of their rows. Arrays are read-only.

    Offsets have one entry more than there are users: user ``u`` owns ``offset[u]`` up to,
    not including, ``offset[u + 1]``.

    Attributes:
        keys: The user keys in byte order. Rows of nobody stand under one null.
        alive: 0 where a newer segment has the user; such a user counts nowhere.
        user_row: Offsets into rows.
        user_names: Bit c - 1 of a user is set where a row has name code c, up to
            `MASKED_NAMES`; the highest bit stands for all other names.
        user_run: Offsets into day runs.
        user_day: Offsets into user-days.
        user_session: Offsets into sessions.
        user_visit: Offsets into visits.
        user_touch_us: First touch as Google tells it, microseconds UTC, or `NO_NUMBER`.
        time_us: When, microseconds UTC, ascending within a user.
        name: Code of the event name.
        flags: `RowFlag` bits.
        run_row: First row of each run of rows of one day.
        run_day: Its day, counted from 1970-01-01.
        day: The distinct days of a user, ascending, counted from 1970-01-01.
        day_flags: `DayFlag` bits of each of them.
        session_row: First row of each session; session n of a user is the n-th here.
        session_flags: `SessionFlag` bits.
        visit_row: First row of each run of rows of one session.
        visit_session: Number of its session, from 1; 0 where the rows have none.
        columns: Codes or numbers, one a row, by column name. A column of texts has its
            codes here and the first one of each row in ``offsets``. Of a segment read from
            its file a column of numbers that are all null is made when it is first asked for.
        offsets: Offsets of rows into columns of texts, one entry more than rows.
    """

    keys: pa.Array
    alive: U8
    user_row: U32
    user_names: U32
    user_run: U32
    user_day: U32
    user_session: U32
    user_visit: U32
    user_touch_us: I64
    time_us: I64
    name: Codes
    flags: U8
    run_row: U32
    run_day: NDArray[np.uint16]
    day: NDArray[np.uint16]
    day_flags: U8
    session_row: U32
    session_flags: U8
    visit_row: U32
    visit_session: Codes
    columns: Mapping[str, NDArray[np.generic]]
    offsets: Mapping[str, U32]

    @cached_property
    def day_times(self) -> tuple[int, I64]:
        """A day, and for it and each day after it the earliest and the latest time of its rows.

        The times have shape (days, 2); a day without rows has none that is early or late.
        """
        from ga4_analytics.kernels.order import day_times

        first = int(self.run_day.min()) if len(self.run_day) else 0
        last = int(self.run_day.max()) if len(self.run_day) else -1
        found = np.empty((last - first + 1, 2), np.int64)
        found[:, 0], found[:, 1] = NO_EARLIEST, NO_LATEST
        day_times(self.user_row, self.user_run, self.run_row, self.run_day, self.time_us, first,
                  found)  # fmt: skip
        return first, found

    @cached_property
    def ties(self) -> NDArray[np.uint64]:
        """A bit a row, the first row's lowest: those that are tied with the row before.

        And two words without any, so that what follows a row can be read with it.
        """
        from ga4_analytics.kernels.bitmaps import add_marked
        from ga4_analytics.kernels.lanes import padded

        found = np.zeros(self.rows // 64 + 3, np.uint64)
        add_marked(padded(self.flags), np.uint8(RowFlag.TIED), found[:-2])
        return found

    @cached_property
    def is_timed(self) -> bool:
        """Whether each row has a time of its own."""
        return not (self.flags & np.uint8(RowFlag.TIMELESS)).any()

    @property
    def users(self) -> int:
        """How many users it has."""
        return len(self.user_row) - 1

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.time_us)
