"""Retention and funnels recounted from the index."""

from __future__ import annotations

from datetime import date, timedelta

from ga4_analytics.analyses import funnel, retention
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import AnyOf, EventSelector
from ga4_analytics.questions.funnel import FunnelSpec
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.retention import Retention, RetentionGroup
from ga4_analytics.settings import FunnelSetting, Settings
from ga4_analytics.verify.compare import Recount, Rows
from ga4_analytics.verify.days import ALL, SLICES, ratio, sliced


def cohort_retention(index: Index, settings: Settings) -> Recount:
    """``cohort_retention``."""
    found = retention.answer(index, _question(settings, settings.retention_max_day))
    rows = _cells(index, found.overall)
    return Recount("cohort_retention", ("cohort_date", "day_number"), rows, {})


def retention_by_slice(index: Index, settings: Settings) -> Recount:
    """``retention_by_slice``."""
    rows: Rows = {}
    for name, by in SLICES:
        question = _question(settings, settings.slice_retention_max_day, by)
        found = retention.answer(index, question)
        for group in found.groups if by else (found.overall,):
            values = sliced(dict(zip(by, group.group, strict=True)))
            for (day, number), row in _cells(index, group).items():
                rows[(day, name, *values, number)] = row
    key = ("cohort_date", "slice", "device_category", "country", "day_number")
    return Recount("retention_by_slice", key, rows, {})


def _question(settings: Settings, periods: int, by: tuple[str, ...] = ()) -> Retention:
    return Retention(
        query=Query(by=by, top=ALL),
        include_left_truncated=settings.include_left_truncated,
        periods=periods,
    )


def _cells(index: Index, group: RetentionGroup) -> Rows:
    """The cells of the mart: up to the last loaded day, null where they are not complete."""
    last = index.calendar.last or date.min
    rows: Rows = {}
    for cohort in group.cohorts:
        for number, returned in enumerate(cohort.returned):
            if cohort.start + timedelta(days=number) <= last:
                rows[(cohort.start, number)] = {
                    "cohort_users": cohort.users,
                    "retained_users": returned,
                    "retention_rate": ratio(returned, cohort.users),
                    "is_complete": returned is not None,
                }
    return rows


def funnel_steps(index: Index, settings: Settings) -> Recount:
    """``funnel_steps``."""
    rows: Rows = {}
    for setting in settings.funnels:
        rows |= _funnel(index, setting)
    return Recount("funnel_steps", ("funnel", "entry_date", "step"), rows, {})


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
