"""What changed since an index was built, and what of it can stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.errors import StaleError
from ga4_analytics.index.calendar import day_number
from ga4_analytics.index.dictionaries import read_table
from ga4_analytics.index.facts import DatasetFacts
from ga4_analytics.index.layout import Segment
from ga4_analytics.index.manifest import Manifest, SegmentEntry
from ga4_analytics.index.open import open_segment
from ga4_analytics.index.segment_file import write_named
from ga4_analytics.warehouse.base import Warehouse

LOST_SHARE = 0.25
"""With more of the rows dead or in small segments than this, all is built anew."""
SMALL_SHARE = 0.1
"""A segment is small below this share of the largest one."""
_SAME = ("format", "dataset", "identity", "zone", "context", "streams", "columns")
_USERS_SQL = """
    select distinct user_key from analytics.index_events
    where dataset = ? and user_key is not null
      and event_date in (select unnest(cast(? as date[])))
"""


@dataclass(frozen=True)
class Change:
    """What a refresh has to do.

    Attributes:
        days: Days that changed, ISO, in order.
        users: Users whose rows are read again.
        rows: About how many rows that are.
        dead: By segment: the places of users who die, those dead before too.
        nobody_days: Days whose rows of nobody are read again.
        nobody_kept: Which of nobody's segments stay.
    """

    days: tuple[str, ...]
    users: pa.Array
    rows: int
    dead: tuple[NDArray[np.uint32], ...]
    nobody_days: tuple[str, ...]
    nobody_kept: tuple[int, ...]


def find_change(
    warehouse: Warehouse,
    root: Path,
    before: Manifest | None,
    facts: DatasetFacts,
    now: Manifest,
    worn: float = LOST_SHARE,
) -> Change | None:
    """Say what changed since an index was built.

    A user is touched who had a row in a changed day (the index tells), who has one now (the
    warehouse tells), or who has or had a device that changed hands.

    Args:
        warehouse: With built models.
        root: The index's folder.
        before: The index.
        facts: What is known of the dataset now.
        now: What the new index must be.
        worn: With more of the rows dead or in small segments than this share, all is built anew.

    Returns:
        The change; None where building anew is due or cheaper.
    """
    if before is None or any(getattr(before, name) != getattr(now, name) for name in _SAME):
        return None
    try:
        segments = [open_segment(root, entry) for entry in before.segments]
        people = read_table(root, before.people) if before.people is not None else None
    except StaleError:
        return None
    days = _changed_days(before, now)
    touched = [_seen(segments, days), _moved(people, facts.people)]
    if days:
        found = list(warehouse.stream(_USERS_SQL, (before.dataset, days)))
        touched.append(
            pa.chunked_array([b.column(0).cast(pa.string()) for b in found], pa.string())
        )
    users = pc.unique(pa.chunked_array([c for part in touched for c in part.chunks], pa.string()))
    dead = tuple(_places(segment, users) for segment in segments)
    rows = _new_rows(before, segments, dead, days, facts, worn)
    if rows is None:
        return None
    changed = set(days)
    kept = tuple(n for n, entry in enumerate(before.nobody) if not changed & set(entry.days))
    again = {day for n, entry in enumerate(before.nobody) if n not in kept for day in entry.days}
    return Change(tuple(days), users, rows, dead, tuple(sorted(again | changed)), kept)


def kept_segments(root: Path, before: Manifest, change: Change) -> Iterator[SegmentEntry]:
    """The segments that stay, with who is dead in them now; those all dead go."""
    for entry, dead in zip(before.segments, change.dead, strict=True):
        if len(dead) == entry.users:
            continue
        if len(dead) == entry.dead_users:
            yield entry
            continue
        segment = open_segment(root, entry)
        facts = write_named(root, "dead", "u32", [dead.astype("<u4")])
        rows = np.diff(segment.user_row.astype(np.int64))[dead].sum()
        yield replace(entry, dead=facts, dead_users=len(dead), dead_rows=int(rows))


def _changed_days(before: Manifest, now: Manifest) -> list[str]:
    old = {entry.day: entry.mark for entry in before.days}
    new = {entry.day: entry.mark for entry in now.days}
    return sorted(day for day in old.keys() | new.keys() if old.get(day) != new.get(day))


def _seen(segments: list[Segment], days: list[str]) -> pa.ChunkedArray:
    """Users who had a row in one of some days."""
    numbers = np.array([day_number(date.fromisoformat(day)) for day in days], np.uint16)
    found = []
    for segment in segments:
        hit = np.isin(segment.day, numbers)
        counts = np.concatenate([[0], np.cumsum(hit)])
        there = counts[segment.user_day[1:]] > counts[segment.user_day[:-1]]
        found.append(segment.keys.filter(pa.array(there & (segment.alive == 1))))
    return pa.chunked_array(found, pa.string())


def _moved(before: pa.Table | None, now: pa.Table | None) -> pa.ChunkedArray:
    """Keys that a device had or has whose person is not the one it had."""
    if before is None or now is None:
        return pa.chunked_array([], pa.string())
    joined = before.rename_columns(["device", "old"]).join(
        now.rename_columns(["device", "new"]), "device", join_type="full outer"
    )
    same = pc.fill_null(pc.equal(joined["old"], joined["new"]), False)
    moved = joined.filter(pc.invert(same))
    keys = [pc.coalesce(moved[side], moved["device"]) for side in ("old", "new")]
    return pa.chunked_array([chunk for key in keys for chunk in key.chunks], pa.string())


def _places(segment: Segment, users: pa.Array) -> NDArray[np.uint32]:
    touched = np.asarray(pc.is_in(segment.keys, value_set=users), dtype=bool)
    return np.flatnonzero(touched | (segment.alive == 0)).astype(np.uint32)


def _new_rows(
    before: Manifest,
    segments: list[Segment],
    dead: tuple[NDArray[np.uint32], ...],
    days: list[str],
    facts: DatasetFacts,
    most: float,
) -> int | None:
    """About how many rows a refresh reads; None where the index would be too worn after it."""
    sizes = [np.diff(segment.user_row.astype(np.int64)) for segment in segments]
    lost = [int(size[places].sum()) for size, places in zip(sizes, dead, strict=True)]
    was_lost = sum(entry.dead_rows for entry in before.segments)
    share = len(days) / max(len(facts.days), 1)
    read = sum(lost) - was_lost + int(facts.events * share)
    largest = max((segment.rows for segment in segments), default=0)
    small = sum(
        segment.rows - gone
        for segment, gone in zip(segments, lost, strict=True)
        if segment.rows < largest * SMALL_SHARE
    )
    worn = sum(lost) + small + read
    total = max(before.rows, 1)
    return read if worn <= most * total else None
