"""Answers over time as lines and tables: trends, lifecycle, sessions."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from ga4_analytics.questions.lifecycle import LifecycleResult
from ga4_analytics.questions.sessions import GapSessionsResult
from ga4_analytics.questions.trends import Line, TrendsResult
from ga4_analytics.render import text
from ga4_analytics.render.answers.parts import (
    ACCENT,
    GAP,
    MOST_ROWS,
    Cell,
    Number,
    bucket_name,
    bucket_notes,
    days_of,
    fitting,
    group_name,
    heading,
    number,
    short,
    table,
)

_SPARK = 24
_MOST_LINES = 60


def trends(result: TrendsResult, width: int) -> list[RenderableType]:
    """A row a line with its shape, then a row a bucket where the lines fit side by side."""
    spec = result.spec
    about = [spec.series[0].shown] if len(spec.series) == 1 and not spec.formulas else []
    about += [f"by {spec.granularity}", days_of(result.finality)]
    out: list[RenderableType] = [heading("Trends", about), "", _lines(result, width)]
    lines = result.lines
    sizes = [max(6, *map(len, _cells(line))) if line.values else 6 for line in lines]
    if len(result.buckets) > 1 and fitting(17, sizes, width) >= len(lines):
        out += ["", *_buckets(result, width)]
    elif not all(bucket.is_complete for bucket in result.buckets):
        out.append(Text("The last value is that of the last complete one.", style="dim"))
    return out


def _cells(line: Line) -> list[str]:
    return [number(value) for value in line.values]


def _lines(result: TrendsResult, width: int) -> RenderableType:
    before = result.previous or (None,) * len(result.lines)
    changes = result.changes or (None,) * len(result.lines)
    heads = ["", "", "last", "total"] + (["before", "change"] if result.previous else [])
    rows: list[list[Cell]] = []
    names = line_names(result.lines)
    found = zip(names, result.lines, before, changes, strict=True)
    for name, line, earlier, change in list(found)[:_MOST_LINES]:
        complete = [
            value
            for value, bucket in zip(line.values, result.buckets, strict=True)
            if bucket.is_complete
        ]
        row: list[Cell] = [
            name,
            Text(spark(line.values), style=ACCENT),
            number(complete[-1]) if complete else text.NOTHING,
            number(line.total),
        ]
        if earlier is not None:
            row += [
                number(earlier.total),
                text.NOTHING if change is None else text.rounded(change, "+.1%"),
            ]
        rows.append(row)
    return table(heads, rows, left=2, width=width)


def line_name(line: Line) -> str:
    """A line's name: its series, and its group where there is one."""
    label = line.label if line.letter == line.label else f"{line.letter}  {line.label}"
    return f"{group_name(line.group)}  {label}" if line.group else label


def line_names(lines: Sequence[Line]) -> list[str]:
    """Names of lines side by side: groups alone where there is one series."""
    if len({line.letter for line in lines}) == 1:
        return [group_name(line.group) if line.group else line.label for line in lines]
    return [line_name(line) for line in lines]


def spark(values: Sequence[Number], width: int = _SPARK) -> str:
    """The shape of numbers; those below zero count as zero.

    >>> spark([0, 2.5, None, 5])
    '▁▅ █'
    """
    positive = [None if value is None else max(value, 0) for value in values]
    return text.sparkline(positive, width)  # type: ignore[arg-type]


def _buckets(result: TrendsResult, width: int) -> list[RenderableType]:
    buckets = result.buckets[-MOST_ROWS:]
    first = len(result.buckets) - len(buckets)
    room = max(6, (width - 17) // len(result.lines) - GAP)
    heads = [result.spec.granularity, *(short(_head(line), room) for line in result.lines)]
    rows: list[list[Cell]] = [
        [bucket_name(bucket), *(number(line.values[first + place]) for line in result.lines)]
        for place, bucket in enumerate(buckets)
    ]
    notes = bucket_notes(buckets, len(buckets), len(result.buckets))
    return [table(heads, rows, width=width), *notes]


def _head(line: Line) -> str:
    return group_name(line.group) if line.group else line.letter


def lifecycle(result: LifecycleResult, width: int) -> list[RenderableType]:
    """A table of buckets for each group."""
    spec = result.spec
    about = (spec.event.shown, f"by {spec.unit}", days_of(result.finality))
    out: list[RenderableType] = [heading("Lifecycle", about)]
    heads = [spec.unit, "new", "returning", "resurrecting", "dormant", "pulse"]
    most = MOST_ROWS if len(result.groups) < 3 else 7
    buckets = result.buckets[-most:]
    first = len(result.buckets) - len(buckets)
    for group in result.groups:
        out += ["", Text(group_name(group.group), style="bold")] if group.group else [""]
        rows: list[list[Cell]] = []
        for place, bucket in enumerate(buckets, first):
            counts = (group.new, group.returning, group.resurrecting, group.dormant)
            row: list[Cell] = [bucket_name(bucket)]
            row += [text.count(count[place]) for count in counts]
            rows.append([*row, number(group.pulse[place])])
        out.append(table(heads, rows, width=width))
    return [*out, *bucket_notes(buckets, len(buckets), len(result.buckets))]


def sessions(result: GapSessionsResult, width: int) -> list[RenderableType]:
    """A row a bucket, and all together."""
    spec = result.spec
    about = (
        f"told by gaps over {spec.gap}", spec.event.shown, f"by {spec.granularity}",
        days_of(result.finality),
    )  # fmt: skip
    buckets = result.buckets[-MOST_ROWS:]
    first = len(result.buckets) - len(buckets)
    named = [("all", result.total)]
    named += [
        (bucket_name(bucket), result.counts[place]) for place, bucket in enumerate(buckets, first)
    ]
    rows: list[list[Cell]] = [
        [
            name,
            text.count(count.sessions),
            text.count(count.events),
            number(count.events_per_session),
            number(count.mean_seconds, 1),
        ]
        for name, count in named
    ]
    heads = [spec.granularity, "sessions", "events", "events a session", "mean seconds"]
    notes = bucket_notes(buckets, len(buckets), len(result.buckets))
    return [heading("Sessions", about), "", table(heads, rows, width=width), *notes]


SHOWN = {"TrendsResult": trends, "LifecycleResult": lifecycle, "GapSessionsResult": sessions}
