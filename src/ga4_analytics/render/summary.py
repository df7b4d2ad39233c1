"""The summary in the terminal at the end of ``ga4 run``.

A panel with colour where a person looks at it; the same lines without frame and colour in
a pipe, and without colour where ``NO_COLOR`` is set.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ga4_analytics.render import text
from ga4_analytics.render.facts import (
    FunnelTotals,
    Headline,
    Published,
    dataset_facts,
    funnel_totals,
    headline,
    pooled_retention,
    rows_of,
)

WIDTH = 80
RETENTION_DAYS = (1, 7, 14, 30)

_ACCENT = "cyan"
_LABEL = "bright_black"
_BAR_WIDTH = 26
_NAME_WIDTH = 18


def print_summary(
    published: Published,
    dataset: str,
    console: Console,
    next_steps: Sequence[tuple[str, str]] = (),
) -> None:
    """Print what was loaded and what it shows.

    Args:
        published: A snapshot.
        dataset: The property to show.
        console: Where to print; its terminal and colours decide on the frame.
        next_steps: Command or file, and what it is good for.
    """
    found = headline(published, dataset)
    if found is None:
        console.print(f"Nothing is loaded for the dataset {dataset} yet.")
        return
    parts: list[RenderableType] = [_numbers(found), _money_line(found)]
    parts += _trend(published, dataset)
    for funnel in _funnels(published, dataset):
        parts += ["", *_funnel_lines(funnel, _window(published, funnel.funnel))]
    parts += _retention(published, dataset)
    parts += _notes(published, dataset, found)
    body = Group(*parts)
    title = f"{dataset} · {_dates(found)}"
    if console.is_terminal:
        frame = Panel(
            body,
            title=Text(title, style="bold"),
            title_align="left",
            box=box.ROUNDED,
            border_style=_LABEL,
            padding=(1, 2),
            width=min(WIDTH, console.width),
        )
        console.print(frame, highlight=False)
    else:
        console.print(title, body, sep="\n", highlight=False)
    _print_next(console, next_steps)


def _dates(found: Headline) -> str:
    days = f"{found.days} day{'s' if found.days != 1 else ''}"
    return f"{found.first_day} to {found.last_day} · {days}"


def _numbers(found: Headline) -> Table:
    """Six numbers in a row, each over its name."""
    cells = (
        (text.count(found.events), "events"),
        (text.count(found.users), "users"),
        (text.count(found.sessions), "sessions"),
        (text.percent(found.engaged), "engaged"),
        (text.count(found.orders), "orders"),
        (text.dollars(found.revenue, cents=False), "revenue"),
    )
    table = Table.grid(expand=False, padding=(0, 3, 0, 0))
    for _ in cells:
        table.add_column(justify="left", no_wrap=True)
    table.add_row(*(Text(value, style=f"bold {_ACCENT}") for value, _ in cells))
    table.add_row(*(Text(name, style=_LABEL) for _, name in cells))
    return table


def _money_line(found: Headline) -> RenderableType:
    if found.revenue is None or found.raw_revenue is None or found.revenue == found.raw_revenue:
        return Text("")
    return Text(
        f"Repeated purchase events removed; summed over all {text.count(found.purchases)} "
        f"purchase events it is {text.dollars(found.raw_revenue, cents=False)}.",
        style=_LABEL,
    )


def _trend(published: Published, dataset: str) -> list[RenderableType]:
    days = rows_of(published, "daily_active_users", dataset)
    complete = [row for row in days if row["is_complete"]] or days
    values = [row["active_users"] for row in complete]
    known = [value for value in values if value is not None]
    if not known:
        return ["", Text("Active users: the data cannot tell (see ga4 report).", style=_LABEL)]
    line = Text.assemble(
        ("Active users a day  ", "bold"),
        (text.sparkline(values, 46), _ACCENT),
    )
    about = Text(
        f"{'':20}lowest {text.count(min(known))} · highest {text.count(max(known))} · "
        f"last {text.count(known[-1])}",
        style=_LABEL,
    )
    return ["", line, about]


def _funnels(published: Published, dataset: str) -> list[FunnelTotals]:
    rows = rows_of(published, "funnel_steps", dataset)
    names = [funnel["name"] for funnel in published.status["settings"]["funnels"]]
    found = [funnel_totals(rows, name) for name in names]
    # The last one is the one that people come for; the report shows all of them.
    return [funnel for funnel in found if funnel is not None and funnel.entered][-1:]


def _window(published: Published, name: str) -> str:
    settings = published.status["settings"]["funnels"]
    return text.span(next(f["window_seconds"] for f in settings if f["name"] == name))


def _funnel_lines(funnel: FunnelTotals, window: str) -> list[RenderableType]:
    head = Text.assemble(
        (f"Funnel {funnel.funnel}", "bold"),
        (f"  within {window}, a user once per entry day", _LABEL),
    )
    lines: list[RenderableType] = [head]
    for step in funnel.steps:
        value = step.conversion.value if step.conversion else 0.0
        name = step.name if len(step.name) <= _NAME_WIDTH else step.name[: _NAME_WIDTH - 1] + "…"
        lines.append(
            Text.assemble(
                f"  {name:<{_NAME_WIDTH}}",
                (f"{text.bar(value, _BAR_WIDTH):<{_BAR_WIDTH}}", _ACCENT),
                f"{text.percent(step.conversion):>9}",
                (f"{text.count(step.users):>13}", _LABEL),
            )
        )
    return lines


def _retention(published: Published, dataset: str) -> list[RenderableType]:
    pooled = pooled_retention(rows_of(published, "cohort_retention", dataset))
    shown = [(day, pooled[day]) for day in RETENTION_DAYS if day in pooled]
    if not shown:
        return []
    line = Text.assemble(("Retention           ", "bold"))
    for position, (day, found) in enumerate(shown):
        line.append("  " if position else "")
        line.append(f"day {day} ", style=_LABEL)
        line.append(text.percent(found))
    return ["", line]


def _notes(published: Published, dataset: str, found: Headline) -> list[RenderableType]:
    """What a reader must know before using the numbers."""
    facts = dataset_facts(published, dataset)
    notes = []
    rejected = sum(facts.get("rejects", {}).values())
    if rejected:
        notes.append(f"{text.count(rejected)} records could not be read: see raw.rejects.")
    if facts.get("accepted_damage"):
        notes.append("Damaged values were accepted: ga4 status says what was lost.")
    unfinished = found.days - found.complete_days
    if unfinished:
        which = "day is" if unfinished == 1 else "days are"
        notes.append(f"{unfinished} {which} not complete and left out of the trend above.")
    missing = facts.get("missing_columns", [])
    if missing:
        notes.append(f"{len(missing)} columns are not in the files: ga4 status says which.")
    return ["", *(Text(f"! {note}", style="yellow") for note in notes)] if notes else []


def _print_next(console: Console, next_steps: Sequence[tuple[str, str]]) -> None:
    if not next_steps:
        return
    wide = max(len(command) for command, _ in next_steps)
    console.print(Text("\nNext", style="bold"))
    for command, purpose in next_steps:
        console.print(
            Text.assemble((f"  {command:<{wide}}", _ACCENT), (f"   {purpose}", _LABEL)),
            soft_wrap=True,
        )
