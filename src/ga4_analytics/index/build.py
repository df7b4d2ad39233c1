"""Builds the index of a dataset from its warehouse: whole, or only what changed.

Memory: a build holds some pieces of `CHUNK_ROWS` while it reads, and then, for each of
its threads, one part: about `PART_ROWS` rows, or those of the longest user if they are
more, at some 350 bytes a row; and the dictionaries.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from ga4_analytics.errors import BuildError
from ga4_analytics.index.arrange import lay_out
from ga4_analytics.index.coder import Coders
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.dictionaries import read_dictionaries, write_dictionaries, write_table
from ga4_analytics.index.dictionary import Dictionary, empty_dictionary
from ga4_analytics.index.extract import Wanted, read_rows
from ga4_analytics.index.facts import DatasetFacts, collect_facts
from ga4_analytics.index.layout import FORMAT, Codes
from ga4_analytics.index.manifest import (
    ColumnEntry,
    DictionaryEntry,
    Manifest,
    SegmentEntry,
    folder_of,
)
from ga4_analytics.index.refresh import LOST_SHARE, Change, find_change, kept_segments
from ga4_analytics.index.rows import NAMES
from ga4_analytics.index.segment_file import write_segment
from ga4_analytics.index.spool import Spool, read_spooled
from ga4_analytics.warehouse.base import Warehouse

PART_ROWS = 3_000_000
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Plan:
    """What an index shall be.

    Attributes:
        dataset: The property.
        specs: Its columns.
        identity: 'device' or 'stitched'.
        zone: The property's zone as set, or None.
        context: Digest of all else that its rows are a function of.
        state_dir: Where the program keeps what it alone needs.
        part_rows: Rows wanted in a segment.
        threads: How many parts are worked on at once; None: one a processor.
        worn: Share of rows dead or in small segments above which all is built anew.
    """

    dataset: str
    specs: tuple[ColumnSpec, ...]
    identity: str
    zone: str | None
    context: str
    state_dir: Path
    part_rows: int = PART_ROWS
    threads: int | None = None
    worn: float = LOST_SHARE

    @property
    def root(self) -> Path:
        """Where the index's files are."""
        return folder_of(self.state_dir, self.dataset)


@dataclass(frozen=True)
class Built:
    """An index whose files are written.

    Attributes:
        manifest: What it consists of.
        how: 'full', 'refresh', or 'same' where no row changed.
        rows: How many rows were read.
    """

    manifest: Manifest
    how: str
    rows: int


def build_index(
    warehouse: Warehouse,
    plan: Plan,
    before: Manifest | None = None,
    advance: Advance = lambda rows: None,
) -> Built:
    """Write the files of an index; nothing that is published changes.

    Args:
        warehouse: With built models.
        plan: What it shall be.
        before: An index of which as much as possible is used again; None: nothing is.
        advance: Told of rows done.

    Raises:
        SettingsError: A column's source is not there.
        BuildError: The disk is full or cannot be written.
    """
    facts = collect_facts(warehouse, plan.dataset, plan.identity, plan.zone)
    with _room(plan.root):
        change = find_change(warehouse, plan.root, before, facts, _entry(plan, facts), plan.worn)
        if change is None or before is None:
            return _full(warehouse, plan, facts, advance)
        return _refreshed(warehouse, plan, facts, before, change, advance)


def _full(warehouse: Warehouse, plan: Plan, facts: DatasetFacts, advance: Advance) -> Built:
    coded = [spec.name for spec in plan.specs if spec.kind in ("text", "texts")]
    known = {name: empty_dictionary() for name in (NAMES, *coded)}
    made = _segments(warehouse, plan, Wanted(), facts.events, known, advance)
    manifest = _manifest(plan, facts, made.users, made.nobody, made.dictionaries, ())
    return Built(manifest, "full", made.rows)


def _refreshed(
    warehouse: Warehouse,
    plan: Plan,
    facts: DatasetFacts,
    before: Manifest,
    change: Change,
    advance: Advance,
) -> Built:
    known = read_dictionaries(plan.root, before.dictionaries)
    wanted = Wanted(change.users.to_pylist(), change.nobody_days)
    made = _segments(warehouse, plan, wanted, change.rows, known, advance)
    segments = (*kept_segments(plan.root, before, change), *made.users)
    nobody = (*(before.nobody[place] for place in change.nobody_kept), *made.nobody)
    manifest = _manifest(plan, facts, segments, nobody, made.dictionaries, before.dictionaries)
    return Built(manifest, "refresh" if made.rows or change.days else "same", made.rows)


@dataclass(frozen=True)
class _Made:
    users: tuple[SegmentEntry, ...]
    nobody: tuple[SegmentEntry, ...]
    dictionaries: dict[str, Dictionary]
    rows: int


def _segments(
    warehouse: Warehouse,
    plan: Plan,
    wanted: Wanted,
    expected: int,
    known: dict[str, Dictionary],
    advance: Advance,
) -> _Made:
    """Read rows, and write them as segments."""
    threads = plan.threads or os.cpu_count() or 1
    coders = Coders(known, by_count=NAMES)
    parts = max(1, -(-expected // plan.part_rows))
    total = 0
    with _spool_folder(plan) as folder:
        spool = Spool(folder, parts, plan.specs, coders, threads)
        pieces = read_rows(warehouse, plan.dataset, plan.specs, wanted)
        for rows in spool.fill(pieces):
            total += rows
            advance(rows // 2)
        dictionaries, tables = coders.finish()
        chunks = _day_chunks(spool.nobody(), plan.part_rows)
        work: list[tuple[list[Path], tuple[str, ...]]] = [([path], ()) for path in spool.parts()]
        work += [([path for _, path in chunk], tuple(d for d, _ in chunk)) for chunk in chunks]
        with ThreadPoolExecutor(threads) as pool:
            entries = list(pool.map(lambda job: _one(plan, job[0], job[1], tables, advance), work))
    return _Made(
        users=tuple(entry for entry in entries if not entry.days),
        nobody=tuple(entry for entry in entries if entry.days),
        dictionaries=dictionaries,
        rows=total,
    )


def _one(
    plan: Plan,
    paths: Sequence[Path],
    days: tuple[str, ...],
    tables: dict[str, Codes],
    advance: Advance,
) -> SegmentEntry:
    rows = read_spooled(paths)
    for path in paths:
        path.unlink()
    segment = lay_out(rows, tables)
    count = len(rows)
    del rows
    facts = write_segment(segment, plan.root)
    advance(count - count // 2)
    return SegmentEntry(facts, segment.rows, segment.users, days=days)


def _day_chunks(days: dict[str, Path], most: int) -> Iterator[list[tuple[str, Path]]]:
    """Nobody's rows by month, or less where a month has many."""
    chunk: list[tuple[str, Path]] = []
    size = 0
    for day, path in days.items():
        weight = path.stat().st_size
        # A spooled row has more bytes than this.
        if chunk and (chunk[0][0][:7] != day[:7] or size + weight > most * 30):
            yield chunk
            chunk, size = [], 0
        chunk.append((day, path))
        size += weight
    if chunk:
        yield chunk


def _manifest(
    plan: Plan,
    facts: DatasetFacts,
    segments: Sequence[SegmentEntry],
    nobody: Sequence[SegmentEntry],
    dictionaries: dict[str, Dictionary],
    blocks: Sequence[DictionaryEntry],
) -> Manifest:
    people = write_table(plan.root, facts.people, "people") if facts.people is not None else None
    head = _entry(plan, facts)
    return Manifest(
        **{name: getattr(head, name) for name in head.__dataclass_fields__}
        | {
            "segments": tuple(segments),
            "nobody": tuple(sorted(nobody, key=lambda entry: entry.days)),
            "dictionaries": write_dictionaries(plan.root, dictionaries, blocks),
            "people": people,
        }
    )


def _entry(plan: Plan, facts: DatasetFacts) -> Manifest:
    """A manifest without files: what an index must agree with to be used again."""
    return Manifest(
        format=FORMAT,
        dataset=plan.dataset,
        identity=plan.identity,
        zone=facts.zone,
        context=plan.context,
        streams=facts.streams,
        days=facts.days,
        columns=tuple(ColumnEntry(**asdict(spec)) for spec in plan.specs),
        segments=(),
        nobody=(),
        dictionaries=(),
        people=None,
    )


@contextmanager
def _spool_folder(plan: Plan) -> Iterator[Path]:
    folder = plan.state_dir / "tmp" / f"spool-{plan.root.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _room(root: Path) -> Iterator[None]:
    """Turn what the disk says into an error of ours."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
        raise BuildError(
            f"The index could not be written to {root}: {error}.",
            rule="An index is published whole; the one before is as it was.",
            remedy="Free some room on the disk and run `ga4 build` again."
            if full
            else "Make the folder writable and run `ga4 build` again.",
        ) from error
