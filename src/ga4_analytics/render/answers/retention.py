"""Retention as a heat map in text, stickiness as bars."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from ga4_analytics.questions.retention import RetentionGroup, RetentionResult
from ga4_analytics.questions.stickiness import StickinessGroup, StickinessResult
from ga4_analytics.render import text
from ga4_analytics.render.answers.parts import (
    ACCENT,
    DIM,
    GAP,
    Cell,
    bounds,
    days_of,
    fitting,
    group_name,
    heading,
    number,
    table,
)

_CELL = 5
_MOST_COHORTS = 24
_SHADES = ("#eaf1f8", "#c3d8ea", "#8fb4d6", "#5b8fbf", "#1f5f99")
_WANTED = (0, 1, 7, 14, 30, 3, 2, 21, 28, 60, 4, 5, 6, 90, 10)
"""Periods in the order in which they deserve a column, where not all fit."""


def retention(result: RetentionResult, width: int) -> list[RenderableType]:
    """All cohorts pooled with intervals, then cohort by cohort."""
    spec = result.spec
    about = (
        f"{spec.start.shown}, then {spec.returns.shown}", f"{spec.entry}, {spec.mode}",
        f"by {spec.unit}", days_of(result.finality),
    )  # fmt: skip
    groups = result.groups or (result.overall,)
    parts: list[RenderableType] = [heading("Retention", about), "", _pooled(result, groups, width)]
    if result.overall.cohorts:
        parts += ["", *_triangle(result, width)]
    return parts


def _pooled(
    result: RetentionResult, groups: Sequence[RetentionGroup], width: int
) -> RenderableType:
    """A row a group and period where there is one group, else a column a period."""
    if len(groups) == 1:
        return _curve(result, groups[0], width)
    most = fitting(18, [7] * len(result.periods), width)
    places = _places(result.periods, most)
    heads = [", ".join(result.spec.query.by), *(result.periods[place] for place in places)]
    rows: list[list[Cell]] = [
        [group_name(group.group), *(text.percent(group.pooled.rate[place]) for place in places)]
        for group in (*groups, result.overall)
    ]
    return table(heads, rows, width=width)


def _curve(result: RetentionResult, group: RetentionGroup, width: int) -> RenderableType:
    pooled = group.pooled
    places = _places(result.periods, 12)
    heads = [result.spec.unit, "", "returned", "of users", "share", "95 %"]
    boot = pooled.boot_low is not None and pooled.boot_high is not None
    heads += ["bootstrap"] if boot else []
    heads += [f"{result.spec.value} a user"] if pooled.amount_per_user is not None else []
    rows: list[list[Cell]] = []
    for place in places:
        row: list[Cell] = [
            result.periods[place],
            Text(text.bar(pooled.rate[place] or 0.0, 20), style=ACCENT),
            text.count(pooled.returned[place]),
            text.count(pooled.users[place]),
            text.percent(pooled.rate[place]),
            bounds(pooled.low[place], pooled.high[place]),
        ]
        if pooled.boot_low is not None and pooled.boot_high is not None:
            row.append(bounds(pooled.boot_low[place], pooled.boot_high[place]))
        if pooled.amount_per_user is not None:
            row.append(number(pooled.amount_per_user[place]))
        rows.append(row)
    return table(heads, rows, left=2, width=width)


def _triangle(result: RetentionResult, width: int) -> list[RenderableType]:
    """The latest cohorts, with a shade behind each share."""
    cohorts = result.overall.cohorts[-_MOST_COHORTS:]
    most = fitting(20, [_CELL] * len(result.periods), width)
    places = _places(result.periods, most)
    known = [cohort.rate[n] for cohort in cohorts for n in places if result.periods[n] != "0"]
    top = max((rate for rate in known if rate is not None), default=0.0) or 1.0
    rows: list[list[Cell]] = []
    for cohort in cohorts:
        row: list[Cell] = [str(cohort.start), text.count(cohort.users)]
        for place in places:
            row.append(_shaded(cohort.rate[place], top))
        rows.append(row)
    heads = ["cohort", "users", *(result.periods[place] for place in places)]
    notes = ["Per cent of the cohort; – is not complete yet."]
    if len(cohorts) < len(result.overall.cohorts):
        notes.append(f"The last {len(cohorts)} of {len(result.overall.cohorts)} cohorts.")
    if len(places) < len(result.periods):
        notes.append(f"{len(places)} of {len(result.periods)} periods.")
    return [table(heads, rows, width=width), Text(" ".join(notes), style=DIM)]


def _shaded(rate: float | None, top: float) -> Text:
    if rate is None:
        return Text(text.NOTHING, style=DIM)
    shade = min(len(_SHADES) - 1, int(rate / top * len(_SHADES)))
    ink = "white" if shade >= 3 else "black"
    shown = f"{rate * 100:.1f}" if rate < 1 else "100"
    return Text(shown.rjust(_CELL), style=f"{ink} on {_SHADES[shade]}")


def _places(periods: Sequence[str], most: int) -> list[int]:
    """Which periods get a column.

    >>> _places(["0", "1", "2", "3", "7"], 3)
    [0, 1, 4]
    """
    if len(periods) <= most:
        return list(range(len(periods)))
    wanted = [str(number) for number in _WANTED]
    numbers = [period.rstrip("+") for period in periods]
    ranked = sorted(
        range(len(periods)),
        key=lambda place: (
            wanted.index(numbers[place]) if numbers[place] in wanted else len(wanted), place
        ),
    )  # fmt: skip
    return sorted(ranked[:most])


def far(group: StickinessGroup) -> int:
    """How many of its rows say something: up to the first N that nobody reached."""
    reached = [stick.days for stick in group.sticks if stick.at_least]
    return min(len(group.sticks), max(reached, default=0) + 1)


def stickiness(result: StickinessResult, width: int) -> list[RenderableType]:
    """A row a number of days; with a breakdown a row a group."""
    spec = result.spec
    about = (spec.event.shown, f"by {spec.unit}", days_of(result.finality))
    head: list[RenderableType] = [heading("Stickiness", about), ""]
    if len(result.groups) == 1 and not result.groups[0].group:
        group = result.groups[0]
        rows: list[list[Cell]] = [
            [
                f"{stick.days} {spec.unit}{'s' * (stick.days != 1)}",
                Text(text.bar(stick.share.value if stick.share else 0.0, 22), style=ACCENT),
                text.count(stick.exactly),
                text.count(stick.at_least),
                text.percent(stick.share),
                bounds(stick.share.low, stick.share.high) if stick.share else text.NOTHING,
            ]
            for stick in group.sticks[: far(group)]
        ]
        heads = ["on", "", "exactly", "at least", "of users", "95 %"]
        return [*head, table(heads, rows, left=2, width=width)]
    most = max((far(group) for group in result.groups), default=0)
    sizes = [7] * most
    count = fitting(18 + 9 + GAP, sizes, width)
    heads = [", ".join(spec.query.by), "users", *(f"{n}+" for n in range(1, count + 1))]
    rows = [
        [
            group_name(group.group),
            text.count(group.users),
            *(text.percent(stick.share) for stick in group.sticks[:count]),
            *[text.NOTHING] * (count - len(group.sticks)),
        ]
        for group in result.groups
    ]
    note = Text(f"Share of users on so many {spec.unit}s or more.", style=DIM)
    return [*head, table(heads, rows, width=width), note]


SHOWN = {"RetentionResult": retention, "StickinessResult": stickiness}
