"""Retention and funnels recounted from the index."""

from __future__ import annotations

from datetime import date
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.analyses import funnel, retention
from ga4_analytics.index.calendar import day_number
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import AnyOf, EventSelector
from ga4_analytics.questions.funnel import FunnelSpec
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.retention import Retention, RetentionGroup
from ga4_analytics.settings import FunnelSetting, Settings
from ga4_analytics.verify.compare import Recount, Rows
from ga4_analytics.verify.days import ALL, SLICES, ratio, sliced

JUDGED = ("cohort_users", "retained_users", "retention_rate", "is_complete")


def cohort_retention(index: Index, settings: Settings) -> Recount:
    """``cohort_retention``."""
    found = retention.answer(index, _question(settings, settings.retention_max_day))
    key = ("cohort_date", "day_number")
    return Recount("cohort_retention", key, _cells(index, found.overall).select([*key, *JUDGED]))


def retention_by_slice(index: Index, settings: Settings) -> Recount:
    """``retention_by_slice``."""
    parts = []
    for name, by in SLICES:
        question = _question(settings, settings.slice_retention_max_day, by)
        found = retention.answer(index, question)
        for group in found.groups if by else (found.overall,):
            device, country = sliced(dict(zip(by, group.group, strict=True)))
            parts.append(_cells(index, group, slice=name, device_category=device, country=country))
    key = ("cohort_date", "slice", "device_category", "country", "day_number")
    return Recount("retention_by_slice", key, pa.concat_tables(parts).select([*key, *JUDGED]))


def _question(settings: Settings, periods: int, by: tuple[str, ...] = ()) -> Retention:
    return Retention(
        query=Query(by=by, top=ALL),
        include_left_truncated=settings.include_left_truncated,
        periods=periods,
    )


def _cells(index: Index, group: RetentionGroup, **labels: str) -> pa.Table:
    """The cells of the mart: up to the last loaded day, null where they are not complete."""
    last = day_number(index.calendar.last or date.min)
    starts = np.array([day_number(cohort.start) for cohort in group.cohorts], np.int32)
    counts = [cohort.returned for cohort in group.cohorts]
    sizes = np.array([len(count) for count in counts], np.int64)
    place = np.repeat(np.arange(len(counts)), sizes)
    number = np.arange(len(place)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    there = starts[place] + number <= last
    users = np.array([cohort.users for cohort in group.cohorts], np.int64)[place]
    returned = pa.array(chain.from_iterable(counts), pa.int64())
    columns = {
        "cohort_date": pa.array(starts[place]).cast(pa.date32()),
        "day_number": number,
        "cohort_users": users,
        "retained_users": returned,
        "retention_rate": pc.divide(returned.cast(pa.float64()), users.astype(np.float64)),
        "is_complete": pc.is_valid(returned),
    }
    columns |= {
        name: pa.array([label]).take(np.zeros(len(place), np.int64))
        for name, label in labels.items()
    }
    return pa.table(columns).filter(there)


def funnel_steps(index: Index, settings: Settings) -> Recount:
    """``funnel_steps``."""
    rows: Rows = {}
    for setting in settings.funnels:
        rows |= _funnel(index, setting)
    return Recount.of_rows("funnel_steps", ("funnel", "entry_date", "step"), rows)


def _funnel(index: Index, setting: FunnelSetting) -> Rows:
    steps = tuple(_step(index, name) for name in setting.steps)
    found = funnel.answer(index, FunnelSpec(steps, window_seconds=setting.window_seconds))
    rows: Rows = {}
    for day in found.trend:
        for place, name in enumerate(setting.steps):
            before = day.users[place - 1] if place else None
            rows[(setting.name, day.entry_date, place + 1)] = {
                "step_name": name,
                "entered_users": day.entered,
                "users": day.users[place],
                "conversion_rate": ratio(day.users[place], day.entered),
                "previous_users": before,
                "step_rate": ratio(day.users[place], before) if place else None,
                "open_users": day.open,
                "dropped_users": day.dropped,
                "is_mature": day.is_mature,
            }
    return rows


def _step(index: Index, name: str) -> EventSelector:
    """The events of a name; nothing where the data has none."""
    return EventSelector((name,)) if index.names.code(name) else EventSelector(where=AnyOf(()))
