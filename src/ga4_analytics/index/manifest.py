"""What an index on disk consists of: one JSON in the snapshot that it belongs to.

The files that it names never change. An index is read with exactly this list, so that one
rename of the snapshot switches marts, status and index together.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from ga4_analytics.errors import QuestionError, StaleError
from ga4_analytics.index.calendar import Calendar, DayFacts
from ga4_analytics.index.columns import Kind
from ga4_analytics.index.layout import FORMAT
from ga4_analytics.index.segment_file import FileFacts
from ga4_analytics.questions.codec import decode, encode

FOLDER = "index"


@dataclass(frozen=True)
class DayEntry:
    """A loaded day; see `DayFacts`.

    Attributes:
        day: ISO date.
        mark: Names the content of the day.
    """

    day: str
    mark: str
    is_complete: bool
    is_final: bool
    start_us: int
    end_us: int
    active_rule: Literal["exported", "proxy"] | None
    can: tuple[str, ...]


@dataclass(frozen=True)
class ColumnEntry:
    """A column; see `ColumnSpec`."""

    name: str
    kind: Kind
    source: str
    words: str


@dataclass(frozen=True)
class SegmentEntry:
    """A segment and who is dead in it.

    Attributes:
        file: Its file.
        rows: Its rows, dead ones too.
        users: Its users, dead ones too.
        dead: File with the places of dead users (little-endian u32), or None.
        dead_users: How many there are.
        dead_rows: Their rows.
        days: Segments of nobody's rows: the days they hold, ISO; else empty.
    """

    file: FileFacts
    rows: int
    users: int
    dead: FileFacts | None = None
    dead_users: int = 0
    dead_rows: int = 0
    days: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """Some values of a dictionary, in the order of their codes.

    Attributes:
        file: A file of texts.
        first: Place of the first value in it.
        values: How many there are.
    """

    file: FileFacts
    first: int
    values: int


@dataclass(frozen=True)
class DictionaryEntry:
    """A dictionary: its blocks one after the other."""

    column: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Manifest:
    """An index.

    Attributes:
        format: Of its files.
        dataset: The property.
        identity: 'device' or 'stitched'.
        zone: The property's zone, or None.
        context: Digest of all else that its rows are a function of: settings, models, columns.
        streams: Whether the property has several streams, which tells sessions apart.
        days: The loaded days.
        columns: Its columns.
        segments: Segments of users.
        nobody: Segments of rows without a user.
        dictionaries: One a column of texts, and that of the event names.
        people: Which device was whose, where the identity is stitched.
    """

    format: int
    dataset: str
    identity: str
    zone: str | None
    context: str
    streams: bool
    days: tuple[DayEntry, ...]
    columns: tuple[ColumnEntry, ...]
    segments: tuple[SegmentEntry, ...]
    nobody: tuple[SegmentEntry, ...]
    dictionaries: tuple[DictionaryEntry, ...]
    people: FileFacts | None

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """Every file that it needs."""
        segments = (*self.segments, *self.nobody)
        return (
            *(entry.file for entry in segments),
            *(entry.dead for entry in segments if entry.dead is not None),
            *(block.file for entry in self.dictionaries for block in entry.blocks),
            *((self.people,) if self.people is not None else ()),
        )

    @property
    def rows(self) -> int:
        """Its rows without dead ones."""
        return sum(entry.rows - entry.dead_rows for entry in (*self.segments, *self.nobody))

    @property
    def users(self) -> int:
        """Its users without dead ones."""
        return sum(entry.users - entry.dead_users for entry in self.segments)

    @property
    def bytes(self) -> int:
        """What its files take on disk."""
        return sum({facts.file: facts.bytes for facts in self.files}.values())

    @property
    def calendar(self) -> Calendar:
        """The property's days."""
        return Calendar(self.zone, tuple(_facts(entry) for entry in self.days))


def folder_of(state_dir: Path, dataset: str) -> Path:
    """Where the files of a dataset's index are."""
    return state_dir / FOLDER / slug(dataset)


def slug(dataset: str) -> str:
    """A folder's name for a dataset.

    >>> slug("my shop/1"), slug("ga4") == slug("GA4")
    ('my-shop-1-b9743112', False)
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "-", dataset)[:40].strip("-")
    return f"{plain}-{hashlib.sha256(dataset.encode()).hexdigest()[:8]}"


def manifest_text(manifest: Manifest) -> str:
    """The manifest as JSON."""
    return json.dumps(encode(manifest), indent=1, ensure_ascii=False) + "\n"


def read_manifest(path: Path) -> Manifest:
    """Read the manifest of an index.

    Raises:
        StaleError: It is not there, cannot be read, or has a format that is not known.
    """
    remedy = "Build the index again with `ga4 build`."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content.get("format") if isinstance(content, dict) else None
        if found != FORMAT:
            raise StaleError(
                f"The index {path} has format {found!r}.",
                rule=f"This version reads format {FORMAT}.",
                remedy=remedy,
            )
        return decode(Manifest, content)
    except (OSError, ValueError, QuestionError) as error:
        raise StaleError(
            f"The index {path} cannot be read: {error}.",
            rule="An index is published whole.",
            remedy=remedy,
        ) from error


def _facts(entry: DayEntry) -> DayFacts:
    return DayFacts(
        day=date.fromisoformat(entry.day),
        is_complete=entry.is_complete,
        is_final=entry.is_final,
        start_us=entry.start_us,
        end_us=entry.end_us,
        active_rule=entry.active_rule,
        can=frozenset(entry.can),
    )
