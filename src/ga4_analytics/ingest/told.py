"""What a user asks of a load, and what a load tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ga4_analytics.ingest.damage import Damage
from ga4_analytics.ingest.left_out import LeftOut
from ga4_analytics.ingest.numbering import Repeats
from ga4_analytics.sources.mapping import NO_OPTIONS, ColumnOptions


@dataclass(frozen=True)
class LoadOptions:
    """What the user asked of one load.

    Attributes:
        columns: What was said of the files' columns.
        append: Add to the days instead of replacing them.
        replace: Replace even days that would shrink.
        complete_through: The last day known to be complete.
        exported_at_us: When the files were exported; None takes each file's own time.
        skip_unreadable: Leave out files that cannot be read, and record them as rejects.
        accept_damaged: Accept values that lost information; the loss is recorded.
    """

    columns: ColumnOptions = NO_OPTIONS
    append: bool = False
    replace: bool = False
    complete_through: date | None = None
    exported_at_us: int | None = None
    skip_unreadable: bool = False
    accept_damaged: bool = False


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    Attributes:
        load_id: Its name in the ledger; None when nothing changed.
        dataset: The property.
        timezone: The zone used, set or inferred; None when no event has a timestamp.
        inferred_from: How many zones fit when it was inferred, else 0.
        files: Files read.
        shapes: Their shapes.
        days: First and last day written, None when nothing changed.
        day_count: How many days were written.
        lines: Records read.
        events: Events that the days now hold.
        items: Items that they hold.
        rejected: Rejected records by rule.
        repeats: Repeated events.
        missing: Canonical columns that are null, with the reason.
        left_out: Events that were read and not loaded, by reason.
        damage: What was damaged, accepted or rejected.
    """

    load_id: str | None
    dataset: str
    timezone: str | None
    inferred_from: int
    files: int
    shapes: tuple[str, ...]
    days: tuple[date, date] | None
    day_count: int
    lines: int
    events: int
    items: int
    rejected: dict[str, int]
    repeats: Repeats
    missing: dict[str, str]
    left_out: LeftOut = field(default_factory=LeftOut)
    damage: tuple[Damage, ...] = ()
