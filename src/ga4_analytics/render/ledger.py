"""The ledger, rejects and erasures as lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from ga4_analytics.render import text

SHOWN = 20
"""Days, and event names, that are shown of one load."""


def print_loads(ledger: Mapping[str, Any], console: Console) -> None:
    """Print the loads of a dataset, or everything about one.

    Args:
        ledger: What `collect_loads` gives.
        console: Where to print.
    """
    if not ledger["loads"]:
        console.print("Nothing is loaded yet. Run `ga4 run PATH`.", highlight=False)
        return
    table = _table("load", "when", "what", "lines", "rejected", "events", "repeats", "shape")
    for load in ledger["loads"]:
        table.add_row(
            load["load_id"],
            _moment(load["finished_at_us"]),
            _what(load),
            text.count(load["lines"]),
            text.count(load["rejected"]),
            text.count(load["events"]),
            text.count((load["duplicates"] or 0) + (load["suspects"] or 0)),
            load["shape"] or text.NOTHING,
            style="dim" if load["undone_at_us"] else "",
        )
    console.print(table, highlight=False)
    if "files" in ledger:
        _print_parts(ledger, console)


def _print_parts(ledger: Mapping[str, Any], console: Console) -> None:
    for file in ledger["files"]:
        console.print(
            f"  {file['path']}  {text.count(file['bytes'])} bytes, sha256 {file['sha256'][:16]}…",
            highlight=False,
            markup=False,
        )
    for reject in ledger["rejects"]:
        console.print(
            f"  {text.count(reject['records'])} rejected: {reject['rule']}, first on line "
            f"{reject['first_line']}",
            highlight=False,
        )
    _print_moves("day", ledger["days"], ("event_date",), console)
    _print_moves("day and event", ledger["moved"], ("event_date", "event_name"), console)


def _print_moves(
    title: str, rows: Sequence[Mapping[str, Any]], names: tuple[str, ...], console: Console
) -> None:
    if not rows:
        return
    table = _table(title, "before", "now", "moved")
    for row in rows[:SHOWN]:
        moved = row["events_after"] - row["events_before"]
        table.add_row(
            Text(" ".join(str(row[name]) for name in names)),
            text.count(row["events_before"]),
            text.count(row["events_after"]),
            f"{moved:+,}" if moved else "0",
        )
    console.print(table, highlight=False)
    if len(rows) > SHOWN:
        console.print(f"  and {text.count(len(rows) - SHOWN)} more (--json has all)")


def print_rejects(found: Mapping[str, Any], console: Console) -> None:
    """Print rejected records with file, line, column, rule and reason.

    Args:
        found: What `collect_rejects` gives.
        console: Where to print.
    """
    if not found["rules"]:
        console.print("No record was rejected.", highlight=False)
        return
    for reject in found["rejects"]:
        column = f", column {reject['column_name']}" if reject["column_name"] else ""
        console.print(
            Text.assemble(
                (f"{reject['file']}, line {reject['line']}{column}: ", "bold"),
                (reject["rule"], "yellow"),
            )
        )
        console.print(f"  {reject['reason']}", highlight=False, markup=False)
        console.print(f"  {_short(reject['raw_text'])}", style="dim", highlight=False, markup=False)
    total = sum(found["rules"].values())
    rules = ", ".join(f"{text.count(n)} {rule}" for rule, n in found["rules"].items())
    console.print(
        f"{text.count(len(found['rejects']))} of {text.count(total)} shown: {rules}.",
        highlight=False,
    )


def print_person(person: Mapping[str, Any], console: Console) -> None:
    """Print what an erasure removes.

    Args:
        person: A `Person` as a mapping.
        console: Where to print.
    """
    rows = [
        ("events", text.count(person["events"])),
        ("replaced events", text.count(person["copies"])),
        ("rejected records", text.count(person["rejects"])),
        ("devices", ", ".join(person["devices"]) or "none"),
        ("signed in as", ", ".join(person["user_ids"]) or "nobody"),
    ]
    if person["shared_devices"]:
        rows.append(
            ("shared devices", ", ".join(person["shared_devices"]) + " (others' events stay)")
        )
    if person["mentions"]:
        rows.append(("mentioned in", f"{text.count(person['mentions'])} events of others"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, value in rows:
        table.add_row(f"  {label}", Text(value))
    console.print(table, highlight=False)


def _table(*names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for name in names:
        number = name in {"lines", "rejected", "events", "repeats", "before", "now", "moved"}
        justify: JustifyMethod = "right" if number else "left"
        table.add_column(name, justify=justify, no_wrap=name == "load", overflow="fold")
    return table


def _what(load: Mapping[str, Any]) -> str:
    what = str(load["mode"])
    if load["undoes"]:
        what += f" of {load['undoes']}"
    if load["undone_at_us"]:
        what += ", undone"
    if load["superseded"]:
        what += f", {text.count(load['superseded'])} superseded"
    return what


def _moment(time_us: int) -> str:
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%Y-%m-%d %H:%M}"


def _short(raw: str) -> str:
    line = " ⏎ ".join(raw.splitlines())
    return line if len(line) <= 160 else line[:159] + "…"
