"""Retention and funnels recounted from the index."""

from __future__ import annotations

from datetime import date, timedelta

from ga4_analytics.analyses import funnel, retention
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import EventSelector
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
    """``funnel_steps``, of funnels whose events are all in the data."""
    rows: Rows = {}
    for setting in settings.funnels:
        rows |= _funnel(index, setting)
    return Recount("funnel_steps", ("funnel", "entry_date", "step"), rows, {})


def _funnel(index: Index, setting: FunnelSetting) -> Rows:
    names = [name for name in setting.steps if index.names.code(name)]
    if not names or names[0] != setting.steps[0]:
        return {}
    # Nobody goes past a step that is nowhere in the data.
    reachable = [name for name, found in zip(setting.steps, names, strict=False) if name == found]
    spec = FunnelSpec(
        tuple(EventSelector((name,)) for name in reachable),
        window_seconds=setting.window_seconds,
    )
    rows: Rows = {}
    for day in funnel.answer(index, spec).trend:
        users = [*day.users, *[0] * (len(setting.steps) - len(reachable))]
        # Whoever is at the end of the reachable steps has not converted yet.
        if len(reachable) < len(setting.steps):
            return {}
        for step, name in enumerate(setting.steps):
            rows[(setting.name, day.entry_date, step + 1)] = {
                "step_name": name,
                "entered_users": day.entered,
                "users": users[step],
                "conversion_rate": ratio(users[step], day.entered),
                "previous_users": users[step - 1] if step else None,
                "step_rate": ratio(users[step], users[step - 1]) if step else None,
                "open_users": day.open,
                "dropped_users": day.dropped,
                "is_mature": day.is_mature,
            }
    return rows
