"""A funnel as bars and a table."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from ga4_analytics.questions.funnel import FunnelComparison, FunnelResult, FunnelSpec, FunnelStep
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
    short,
    table,
)

_NAME = 22
_COUNTED = {"user": "users", "session": "sessions", "attempt": "attempts"}


def funnel(result: FunnelResult, width: int) -> list[RenderableType]:
    """The bars of a funnel, its groups, how long it takes, and its ties."""
    spec = result.spec
    about = (
        f"{_COUNTED[result.counting]}, {spec.order}",
        _window(spec),
        f"rules: {result.rules}",
        days_of(result.finality),
    )
    lines: list[RenderableType] = [heading("Funnel", about), ""]
    lines.append(_bars(result, width))
    if result.groups:
        lines += ["", _groups(result, width)]
    return [*lines, *_time(result), *_ties(result)]


def _window(spec: FunnelSpec) -> str:
    return (
        "no window" if spec.window_seconds is None else f"within {text.span(spec.window_seconds)}"
    )


def _bars(result: FunnelResult, width: int) -> RenderableType:
    steps = result.steps
    heads = ["step", "", _COUNTED[result.counting], "of all", "95 %", "of prev."]
    every: list[tuple[str, list[int | None]]] = [
        ("dropped", [step.dropped for step in steps]),
        ("open", [step.open for step in steps]),
    ]
    tails = [pair for pair in every if any(value is not None for value in pair[1])]
    heads += [name for name, _ in tails]
    rows: list[list[Cell]] = []
    for place, step in enumerate(steps):
        row: list[Cell] = [
            f"{step.step} {short(step.event, _NAME)}",
            "",
            text.count(step.users),
            text.percent(step.rate_from_start),
            bounds(step.low, step.high) if place else "",
            text.percent(step.rate_from_previous) if place else "",
            *(text.count(values[place]) for _, values in tails),
        ]
        rows.append(row)
    names: list[list[Cell]] = [list(heads), *rows]
    rest = [max(len(str(row[n])) for row in names) for n in range(len(heads)) if n != 1]
    room = min(24, width - sum(rest) - GAP * len(rest))
    for row, step in zip(rows, steps, strict=True):
        row[1] = Text(_bar(step, room), style=ACCENT)
    if room < 4:
        heads, rows = heads[:1] + heads[2:], [row[:1] + row[2:] for row in rows]
    return table(heads, rows, left=2 if room >= 4 else 1, width=width)


def _bar(step: FunnelStep, room: int) -> str:
    return text.bar(step.rate_from_start or 0.0, room) if room >= 4 else ""


def _groups(result: FunnelResult, width: int) -> RenderableType:
    """A row a group: who entered, and the share of them at each later step that fits."""
    last = len(result.steps)
    entered = max([7, *(len(text.count(group.steps[0].users)) for group in result.groups)])
    between = fitting(14 + entered + GAP + 9 + 14, [8] * (last - 2), width) if last > 2 else 0
    places = [*range(1, 1 + between), last - 1] if last > 1 else []
    heads = [", ".join(result.spec.query.by), "entered"]
    heads += [f"step {place + 1}" for place in places] + (["95 %"] if places else [])
    rows: list[list[Cell]] = []
    for group in result.groups:
        steps = group.steps
        row: list[Cell] = [group_name(group.group), text.count(steps[0].users)]
        row += [text.percent(steps[place].rate_from_start) for place in places]
        rows.append(row + ([bounds(steps[-1].low, steps[-1].high)] if places else []))
    return table(heads, rows, width=width)


def _time(result: FunnelResult) -> list[RenderableType]:
    found = result.time_to_convert
    if found is None:
        return []
    parts = [found.words]
    if found.median_among_converters is not None:
        parts.append(f"Median among converters alone: {span(found.median_among_converters)}.")
    return ["", Text(" ".join(parts))]


def span(seconds: float) -> str:
    """A length of time, roughly, in two units.

    >>> span(93_784.2), span(59.6), span(0.25), span(7200)
    ('1 d 2 h', '60 s', '0.25 s', '2 h')
    """
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    place = next(n for n, (_, size) in enumerate(units) if seconds >= size)
    (name, size), (small, part) = units[place], units[place + 1]
    whole, rest = divmod(int(seconds), size)
    return f"{whole} {name}" + (f" {rest // part} {small}" if rest // part else "")


def _ties(result: FunnelResult) -> list[RenderableType]:
    if not result.tied_share:
        return []
    worst = result.steps[-1].users_worst_order
    words = f"{text.percent(result.tied_share)} of the events used are tied with another one"
    if worst is not None and worst != result.steps[-1].users:
        words += f"; under the worst order {text.count(worst)} would reach the last step"
    return [Text(words + ".", style=DIM)]


def comparison(result: FunnelComparison, width: int) -> list[RenderableType]:
    """A row a set of rules: how many reach each step, and the share that converts."""
    first = result.results[0]
    last = len(first.steps)
    between = fitting(13 + 8 + 9 + 14, [9] * (last - 2), width) if last > 2 else 0
    places = [0, *range(1, 1 + between), last - 1] if last > 1 else [0]
    heads = ["rules", *(f"step {place + 1}" for place in places), "converted", "95 %"]
    rows: list[list[Cell]] = [
        [
            each.rules,
            *(text.count(each.steps[place].users) for place in places),
            text.percent(each.steps[-1].rate_from_start),
            bounds(each.steps[-1].low, each.steps[-1].high),
        ]
        for each in result.results
    ]
    steps = ", ".join(f"{step.step} {step.event}" for step in first.steps)
    about = (_window(first.spec), days_of(first.finality))
    out: list[RenderableType] = [heading("Funnel under several rules", about), Text(steps, DIM), ""]
    out += [table(heads, rows, width=width), ""]
    return out + [
        Text(f"{each.rules}: {' '.join(each.definition[2:])}", style=DIM) for each in result.results
    ]


SHOWN = {"FunnelResult": funnel, "FunnelComparison": comparison}
