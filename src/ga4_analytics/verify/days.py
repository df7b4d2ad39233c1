"""Days recounted from the index: users, sessions, events and money, whole and in slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ga4_analytics.analyses import trends
from ga4_analytics.analyses.told import needs, tells
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import Condition, EventSelector, Filter
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.trends import Measure, Series, Trends
from ga4_analytics.settings import Settings
from ga4_analytics.verify.compare import Recount, Rows

ALL = 10**9
VIEWS = ("page_view", "screen_view")
Slice = tuple[str, tuple[str, ...]]
SLICES: tuple[Slice, ...] = (
    ("all", ()),
    ("device", ("device_category",)),
    ("country", ("country",)),
    ("device_country", ("device_category", "country")),
)
"""The slices of the ``_by_slice`` marts, and the columns that they break down by."""


@dataclass(frozen=True)
class Wanted:
    """A column of a mart, and the series that gives it.

    Attributes:
        column: The mart's column.
        measure: What is counted.
        names: Of which events; none: of any.
        of: The column that is summed.
    """

    column: str
    measure: Measure
    names: tuple[str, ...] = ()
    of: str | None = None


COUNTS = (
    Wanted("events", "events"),
    Wanted("total_users", "users"),
    Wanted("active_users", "active_users"),
    Wanted("new_users", "new_users"),
    Wanted("page_views", "events", VIEWS),
    Wanted("purchases", "events", ("purchase",)),
    Wanted("engagement_msec", "sum", of="engagement_msec"),
)
WHOLE = (
    Wanted("sessions", "sessions"),
    Wanted("engaged_sessions", "engaged_sessions"),
    Wanted("raw_revenue_usd", "sum", ("purchase",), "revenue_usd"),
    Wanted("rolling_7d_users", "rolling_7d_users"),
    Wanted("rolling_28d_users", "rolling_28d_users"),
)


def active_users(index: Index) -> Rows:
    """The rows of ``daily_active_users``, but for their orders."""
    rows = counted(index, (), (*COUNTS, *WHOLE))
    for (day,), row in rows.items():
        facts = index.calendar.by_day[day]
        row["returning_users"] = minus(row["total_users"], row["new_users"])
        row["engagement_rate"] = ratio(row["engaged_sessions"], row["sessions"])
        row["engagement_seconds"] = ratio(row["engagement_msec"], 1000)
        row["raw_revenue_usd_micros"] = micros(row["raw_revenue_usd"])
        row["stickiness"] = ratio(row["active_users"], row["rolling_28d_users"])
        row |= {"is_complete": facts.is_complete, "is_final": facts.is_final}
    return rows


def daily_metrics_by_slice(index: Index, settings: Settings) -> Recount:
    """The events and users of ``daily_metrics_by_slice``."""
    rows: Rows = {}
    for name, by in SLICES:
        for key, row in counted(index, by, COUNTS).items():
            if not row["events"]:
                continue
            values = dict(zip(by, key[1:], strict=True))
            row["returning_users"] = minus(row["total_users"], row["new_users"])
            rows[(key[0], name, *sliced(values))] = row
    key_columns = ("event_date", "slice", "device_category", "country")
    return Recount.of_rows("daily_metrics_by_slice", key_columns, rows)


def event_distribution(index: Index, settings: Settings) -> Recount:
    """``event_distribution``."""
    counts = (Wanted("events", "events"), Wanted("users", "users"))
    rows = counted(index, ("event_name",), counts)
    days: dict[date, int] = {}
    for (day, _), row in rows.items():
        days[day] = days.get(day, 0) + row["events"]
    for (day, _), row in rows.items():
        row["day_events"] = days[day]
        row["event_share"] = ratio(row["events"], days[day])
    kept = {key: row for key, row in rows.items() if row["events"]}
    return Recount.of_rows("event_distribution", ("event_date", "event_name"), kept)


def page_performance(index: Index, settings: Settings) -> Recount:
    """``page_performance``: events of pages, and views that carry no page."""
    rows = counted(
        index,
        ("page_path",),
        _of_pages((), settings.key_events),
        Condition("page_path", "is_set"),
    )
    viewed = tuple(name for name in VIEWS if name in settings.key_events)
    without = counted(
        index, (), _of_pages(VIEWS, viewed or ("",)), Condition("page_path", "is_not_set")
    )
    rows |= {(day, "(not set)"): row for (day,), row in without.items() if row["events"]}
    told = {day for day, facts in index.calendar.by_day.items() if "page" in facts.can}
    kept = {key: row for key, row in rows.items() if key[0] in told and row["events"]}
    return Recount.of_rows("page_performance", ("event_date", "page_path"), kept)


def _of_pages(names: tuple[str, ...], key_events: tuple[str, ...]) -> tuple[Wanted, ...]:
    """What ``page_performance`` counts, of some events; none: of any."""
    return (
        Wanted("events", "events", names),
        Wanted("page_views", "events", VIEWS),
        Wanted("users", "users", names),
        Wanted("key_events", "events", key_events),
        Wanted("engagement_msec", "sum", names, "engagement_msec"),
    )


def counted(
    index: Index, by: tuple[str, ...], wanted: Sequence[Wanted], where: Filter | None = None
) -> Rows:
    """Series a day and group, by day and the group's values."""
    there = [each for each in wanted if _selector(index, each) is not None]
    nowhere = [each for each in wanted if _selector(index, each) is None]
    if not there:  # none of these events is anywhere in the data
        return {}
    series = tuple(
        Series(_selector(index, each) or EventSelector(), each.measure, each.of, label=each.column)
        for each in there
    )
    query = Query(by=by, top=ALL, where=where)
    found = trends.answer(index, Trends(series, query))
    loaded = index.calendar.by_day
    days = [bucket.first_day for bucket in found.buckets]
    rows: Rows = {}
    for line in found.lines:
        for day, value in zip(days, line.values, strict=True):
            if day in loaded:
                rows.setdefault((day, *line.group), {})[line.label] = value
    for (day, *_), row in rows.items():
        for each in nowhere:
            # An event that is nowhere in the data happened never, where files can tell.
            known = tells(loaded[day], needs((), None, each.of))
            row[each.column] = 0 if known else None
    return rows


def _selector(index: Index, wanted: Wanted) -> EventSelector | None:
    """The events of a column; None where the data has none of them."""
    if not wanted.names:
        return EventSelector()
    names = tuple(name for name in wanted.names if index.names.code(name))
    return EventSelector(names) if names else None


def sliced(values: dict[str, str | None]) -> tuple[str, str]:
    """Device category and country as the marts of slices name them.

    >>> sliced({"country": None})
    ('(all)', '(unknown)')
    """
    found = [
        "(all)" if name not in values else "(unknown)" if values[name] is None else values[name]
        for name in ("device_category", "country")
    ]
    return found[0] or "", found[1] or ""


def ratio(part: Any, whole: Any) -> float | None:
    """A share, or None where there is nothing to divide by.

    >>> ratio(1, 4), ratio(1, 0), ratio(None, 3)
    (0.25, None, None)
    """
    return None if part is None or not whole else part / whole


def minus(whole: int | None, part: int | None) -> int | None:
    """What is left, or None where either is unknown."""
    return None if whole is None or part is None else whole - part


def micros(amount: float | None) -> int | None:
    """An amount as micro-units.

    >>> micros(9.99), micros(None)
    (9990000, None)
    """
    return None if amount is None else round(amount * 1_000_000)
