"""What a load means for each of its days: complete, final, able to answer what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from ga4_analytics.errors import ShrinkingDayError
from ga4_analytics.ingest.staging import Tally
from ga4_analytics.sources.mapping import GA4_TOP_LEVEL
from ga4_analytics.sources.schema import EVENT_COLUMNS, Column
from ga4_analytics.sources.zones import DAY, day_start_us
from ga4_analytics.warehouse.tables import CAPABILITIES, DAYS

FINAL_AFTER_US = 3 * DAY
"""Google may change a daily table for three days."""
MAX_DROP = 0.2
"""Share of a day's rows that a load may drop without being told to."""

_ALWAYS_EXPORTED = GA4_TOP_LEVEL - {
    "collected_traffic_source",
    "is_active_user",
    "batch_event_index",
    "batch_page_id",
    "batch_ordering_id",
    "session_traffic_source_last_click",
    "publisher",
    "event_original_occurrence_timestamp",
}
"""Columns that every nested export has, filled or not."""
_NOT_INTRADAY = frozenset({"traffic_source", "user_ltv"})


Counts = Mapping[tuple[date, str], int]
"""Events by day and event name."""
_ON_MANY_EVENTS = {
    "event_timestamp",
    "ga_session_id",
    "session_engaged",
    "engagement_time_msec",
    "is_active_user",
}
"""Columns that a flat file does not carry for a day on which none of its lines fills them."""


@dataclass(frozen=True)
class DayFacts:
    """A row of ``raw.ga4_days`` in the making.

    Attributes:
        event_date: The day.
        table_kind: The kind of table that it is taken from.
        events: Events of the day.
        items: Items of the day.
        exported_at_us: When its rows were exported, microseconds UTC.
        flags: Capability to whether the day's files have it.
    """

    event_date: date
    table_kind: str
    events: int
    items: int
    exported_at_us: int
    flags: Mapping[str, bool]


def filled_sql() -> str:
    """SQL for the list of the columns with a value in a group of events, nulls among them."""
    columns = sorted({name for names in CAPABILITIES.values() for name in names} - {"items"})
    parts = (f"case when count({name}) > 0 then '{name}' end" for name in columns)
    return f"[{', '.join(parts)}]"


def capabilities(
    present: Collection[str],
    filled: Collection[str],
    table_kind: str,
    lost: Collection[str] = (),
) -> dict[str, bool]:
    """Which questions a day can answer, by capability.

    A flat file can where it has the column; one that many events fill, such as
    ga_session_id, must have a value on that day. A nested export always has the fields of
    Google's schema; parameters and newer fields count where an event of the day has a
    value, so that a day's flags do not depend on what else was loaded with it.

    Args:
        present: Columns that the files' headers or schemas have.
        filled: Canonical columns with a value on that day; ``items`` where it has any.
        table_kind: The kind of table; intraday ones lack some of Google's fields.
        lost: Canonical columns with damage that was accepted as unknown; a day that has no
            other value of them cannot tell.
    """
    able = set(filled)
    if "event_params" in present:
        always = _ALWAYS_EXPORTED - (_NOT_INTRADAY if table_kind == "intraday" else frozenset())
        able |= {
            column.name
            for column in EVENT_COLUMNS
            for path in column.paths
            if path.partition(".")[0] in always and column.name != "user_id"
        }
        able |= {"items", "event_params"}
    else:
        able |= set(present) - _ON_MANY_EVENTS
    able -= set(lost) - set(filled)
    return {flag: any(name in able for name in names) for flag, names in CAPABILITIES.items()}


def missing_columns(tally: Tally) -> dict[str, str]:
    """Canonical columns that the files could not fill, with the reason."""
    reasons: dict[str, str] = {}
    lost = tally.lost()
    for column in EVENT_COLUMNS:
        if not column.reading or column.name in tally.filled:
            continue
        nested = "event_params" in tally.present
        if column.name in lost:
            reasons[column.name] = (
                "The values are damaged and were accepted as unknown (see raw.damage)."
            )
        elif not nested and column.name not in tally.present:
            reasons[column.name] = "The files have no such column."
        elif column.paths and all(path.startswith("@") for path in column.paths):
            reasons[column.name] = "No event carries this parameter."
        else:
            reasons[column.name] = "The column is empty in every record."
    return reasons


def day_rows(
    days: Sequence[DayFacts],
    *,
    dataset: str,
    load_id: str,
    export_id: str,
    zone: str,
    complete_through: date | None,
) -> pa.Table:
    """The rows of ``raw.ga4_days``.

    A day of a daily table is complete. A day of another file is complete when a later day
    follows in the same export, or when it is not later than ``complete_through``.

    Args:
        days: All the days that are written.
        dataset: The property.
        load_id: This load.
        export_id: The load that began the export.
        zone: The property's zone.
        complete_through: The last day that the user knows to be complete.
    """
    last = max(day.event_date for day in days)
    rows = []
    for day in sorted(days, key=lambda each: each.event_date):
        end = day_start_us(zone, day.event_date + timedelta(days=1))
        complete = (
            day.table_kind == "daily"
            or (day.table_kind == "flat" and day.event_date < last)
            or (complete_through is not None and day.event_date <= complete_through)
        )
        rows.append(
            {
                "dataset": dataset,
                "event_date": day.event_date,
                "load_id": load_id,
                "export_id": export_id,
                "table_kind": day.table_kind,
                "events": day.events,
                "items": day.items,
                "is_complete": complete,
                "is_final": complete and day.exported_at_us >= end + FINAL_AFTER_US,
                "exported_at_us": day.exported_at_us,
                "day_start_us": day_start_us(zone, day.event_date),
                "day_end_us": end,
                **day.flags,
            }
        )
    return table_of(DAYS.columns, rows)


ARROW_KINDS: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


def table_of(columns: Sequence[Column], rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Rows as an Arrow table with a raw table's columns; missing values are null."""
    return pa.table(
        {
            column.name: pa.array(
                [row.get(column.name) for row in rows],
                ARROW_KINDS[column.kind],
            )
            for column in columns
        }
    )


def check_shrinking(before: Counts, after: Counts) -> None:
    """Refuse a load after which a day would have lost what it had.

    Args:
        before: What the warehouse holds of the days.
        after: What it would hold.

    Raises:
        ShrinkingDayError: A day loses more than 20 % of its rows, or an event name.
    """
    had, has = by_day(before), by_day(after)
    lost_names = sorted(key for key in before if key not in after)
    lost_rows = sorted(
        day for day, count in had.items() if has.get(day, 0) < count * (1 - MAX_DROP)
    )
    if lost_rows:
        day = lost_rows[0]
        raise _shrinking(
            f"{day}: {had[day]:,} events are loaded and the files hold {has.get(day, 0):,}",
            len(lost_rows),
        )
    if lost_names:
        day, name = lost_names[0]
        raise _shrinking(
            f"{day}: {before[day, name]:,} events {name!r} are loaded and the files hold none",
            len({day for day, _ in lost_names}),
        )


def by_day(counts: Counts) -> dict[date, int]:
    """Events by day.

    >>> by_day({(date(2026, 3, 1), "a"): 2, (date(2026, 3, 1), "b"): 3})
    {datetime.date(2026, 3, 1): 5}
    """
    days: dict[date, int] = {}
    for (day, _), count in counts.items():
        days[day] = days.get(day, 0) + count
    return days


def _shrinking(what: str, days: int) -> ShrinkingDayError:
    others = f" ({days - 1} more days likewise)" if days > 1 else ""
    return ShrinkingDayError(
        f"{what}{others}.",
        rule="A load replaces whole days, and may not drop more than 20 % of a day's rows or an "
        "event name that was there. Nothing was changed.",
        remedy="If the files are parts of one export, add them with --append; if the days really "
        "shrank, load again with --replace.",
    )
