"""What is loaded, as lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ga4_analytics.render import text

HOUR_US = 3_600_000_000


def print_status(status: Mapping[str, Any], console: Console) -> None:
    """Print where the data is and what each dataset holds.

    Args:
        status: What `collect_status` gives.
        console: Where to print.
    """
    console.print(f"[dim]warehouse[/dim]  {status['warehouse']}", highlight=False)
    if not status["datasets"]:
        console.print("Nothing is loaded yet. Run `ga4 run PATH`.", highlight=False)
    for facts in status["datasets"]:
        console.print()
        console.print(Text(facts["dataset"], style="bold"))
        console.print(_table(facts, status["asked_at_us"]), highlight=False)


def _table(facts: Mapping[str, Any], now_us: int) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, value in _rows(facts, now_us):
        table.add_row(f"  {label}", Text(value))
    return table


def _rows(facts: Mapping[str, Any], now_us: int) -> list[tuple[str, str]]:
    gaps = f", {facts['gap_days']} days missing in between" if facts["gap_days"] else ""
    rows = [
        ("days", f"{facts['days']} ({facts['first_day']} to {facts['last_day']}{gaps})"),
        ("complete", _share(facts, "complete_days", "last_complete_day")),
        ("final", _share(facts, "final_days", "last_final_day")),
        ("events", text.count(facts["events"])),
        ("items", text.count(facts["items"])),
        ("exported", _moment(facts["exported_at_us"], now_us)),
        ("last load", f"{_moment(facts['last_load_at_us'], now_us)}, {facts['loads']} in all"),
        ("rejects", _rejects(facts["rejects"])),
    ]
    for number, found in enumerate(facts["accepted_damage"]):
        rows.append(("accepted" if number == 0 else "", damage_line(found)))
    for number, (reason, columns) in enumerate(_missing(facts["missing_columns"])):
        rows.append(("cannot tell" if number == 0 else "", f"{', '.join(columns)}: {reason}"))
    return rows


def _share(facts: Mapping[str, Any], count: str, last: str) -> str:
    if not facts[count]:
        return f"none of {facts['days']} days"
    return f"{facts[count]} of {facts['days']} days, the last {facts[last]}"


def _moment(time_us: int | None, now_us: int) -> str:
    if time_us is None:
        return text.NOTHING
    hours = max(now_us - time_us, 0) // HOUR_US
    ago = f"{hours // 24} days ago" if hours >= 48 else f"{hours} hours ago"
    moment = datetime.fromtimestamp(time_us / 1e6, UTC)
    return f"{moment:%Y-%m-%d %H:%M} UTC ({ago})"


def _rejects(rules: Mapping[str, int]) -> str:
    if not rules:
        return "none"
    found = ", ".join(f"{text.count(records)} {rule}" for rule, records in sorted(rules.items()))
    return f"{text.count(sum(rules.values()))} ({found}); they are in raw.rejects"


def damage_line(found: Mapping[str, Any]) -> str:
    """Accepted damage in words.

    Args:
        found: ``column``, ``rule``, ``file``, ``records``, ``first_line``, ``example`` and
            ``reason``.

    >>> damage_line({"column": "country", "rule": "numbers_for_text", "records": 1,
    ...              "file": "a.csv", "first_line": 2, "example": "42", "reason": "Numbers."})
    "country in a.csv: 1 record, the first on line 2 ('42'). Numbers (numbers_for_text)."
    """
    records = f"{text.count(found['records'])} record{'s' * (found['records'] != 1)}"
    line = f", the first on line {found['first_line']}" if found["first_line"] else ""
    example = f" ({found['example']!r})" if found["example"] is not None else ""
    return (
        f"{found['column'] or 'lines'} in {found['file']}: {records}{line}{example}. "
        f"{found['reason'].removesuffix('.')} ({found['rule']})."
    )


def _missing(columns: list[dict[str, str]]) -> list[tuple[str, list[str]]]:
    """Missing columns by reason."""
    ordered = sorted(columns, key=lambda each: (each["reason"], each["column"]))
    return [
        (reason, [each["column"] for each in some])
        for reason, some in groupby(ordered, key=lambda each: each["reason"])
    ]
