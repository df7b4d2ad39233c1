"""Events that one request sent with one timestamp, and the columns that tell their order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.draws import Ints, uniform, words
from ga4_analytics.sources.synthetic.plants.grafts import with_rows
from ga4_analytics.sources.synthetic.published import ALL_NAMES, CODE
from ga4_analytics.sources.synthetic.sample import BatchFields, Sample

NAME = "ties"
_SESSIONS, _JOINS = 0.3, 0.6
_TOLD = 50
"""How many sessions' orders the truth file holds."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Ties:
    """The truth about ties.

    Attributes:
        moved_events: Events whose timestamp became that of an earlier one.
        tied_events: Events that share session and timestamp with another one.
        orders: Sessions with ties, and the order of their events.
        name: The plant.
    """

    moved_events: int
    tied_events: int
    orders: list[dict[str, Any]]
    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """How many, and in which order the events of some sessions happened."""
        return {"moved_events": self.moved_events, "tied_events": self.tied_events,
                "sessions": self.orders}  # fmt: skip


@dataclass(frozen=True)
class _Requests:
    """Events of sessions ordered by session and happening, and how they were sent.

    Attributes:
        rows: Their positions in the sample.
        sends: Whether each opens a request.
        shows: Whether each opens a page.
        first: Whether each is no repeat of the one before.
    """

    rows: Ints
    sends: Mask
    shows: Mask
    first: Mask


def _requests(sample: Sample) -> _Requests:
    events, seed = sample.events, sample.spec.seed
    known = np.flatnonzero(events.session >= 0)
    rows = known[np.lexsort((events.key[known], events.ts[known], events.session[known]))]
    session, ts, key = events.session[rows].astype(np.int64), events.ts[rows], events.key[rows]
    begins = np.diff(session, prepend=-1) != 0
    later = np.diff(ts, prepend=0) != 0
    view = (events.code[rows] == CODE["page_view"]) & later
    able = ~sample.sessions.crosses[session]
    able &= uniform(seed, f"{NAME}/session", sample.session_numbers(session)) < _SESSIONS
    joins = able & ~view & (uniform(seed, f"{NAME}/join", key) < _JOINS)
    copy = events.is_duplicate[rows]
    return _Requests(rows, begins | (later & ~joins & ~copy), begins | (view & ~copy), ~copy)


def _latest(marks: Mask) -> Ints:
    """For each place the last marked place up to it.

    Example:
        >>> _latest(np.array([True, False, True])).tolist()
        [0, 0, 2]
    """
    found: Ints = np.maximum.accumulate(np.where(marks, np.arange(len(marks)), 0))
    return found


def _orders(sample: Sample, sent: _Requests, tied: Mask) -> list[dict[str, Any]]:
    """The first sessions with moved ties; exact repeats are told once."""
    session = sample.events.session[sent.rows]
    ids, told = sample.user_pseudo_ids(), []
    for each in np.unique(session[tied])[:_TOLD].tolist():
        rows = sent.rows[(session == each) & sent.first]
        told.append({
            "user_pseudo_id": ids[sample.sessions.user[each]],
            "ga_session_id": int(sample.session_id[each]),
            "event_names": [ALL_NAMES[code] for code in sample.events.code[rows].tolist()],
        })  # fmt: skip
    return told


def plant_ties(sample: Sample) -> tuple[Sample, Ties]:
    """Give events the time of their request, and lose their order but for the batch columns."""
    events, sent = sample.events, _requests(sample)
    ts = events.ts[sent.rows]
    opener, page = _latest(sent.sends), _latest(sent.shows)
    request, seen = np.cumsum(sent.sends), np.cumsum(sent.first)
    time, moved = ts[opener], ts[opener] != ts
    columns = [np.zeros(len(events), np.int64) for _ in range(3)]
    numbers: tuple[Any, ...] = (
        seen - seen[opener] + 1,
        (ts[page] + sample.spec.start_us) // 1000,
        request - request[page] + 1,
    )
    for column, values in zip(columns, numbers, strict=True):
        column[sent.rows] = values
    session = events.session[sent.rows].astype(np.int64)
    told = _orders(sample, sent, moved)
    when = events.ts.copy()
    when[sent.rows] = time
    changed = replace(sample, events=replace(events, ts=when), batch_fields=BatchFields(*columns))
    line = np.lexsort((words(sample.spec.seed, f"{NAME}/line", events.key), when))
    return with_rows(changed, line), Ties(int(moved.sum()), _tied(session, time), told)


def _tied(session: Ints, time: Ints) -> int:
    """How many events share session and time with a neighbour.

    Example:
        >>> _tied(np.array([1, 1, 1, 2]), np.array([5, 5, 6, 6]))
        2
    """
    same = (np.diff(session, prepend=-1) == 0) & (np.diff(time, prepend=0) == 0)
    group = np.cumsum(~same)
    return int((np.bincount(group)[group] > 1).sum())
