"""What provisioning Metabase changed, as lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

FIELDS_SHOWN = 4
"""Changed parts that are named of one thing."""


def print_provisioned(done: Mapping[str, Any], console: Console) -> None:
    """Print the changes of a run or a plan, what is left over, and where the dashboards are.

    Args:
        done: A `Provisioned` as a mapping.
        console: Where to print.
    """
    changes: Sequence[Mapping[str, Any]] = done["changes"]
    if changes:
        console.print(_table(changes), highlight=False)
    console.print(_summary(done, len(changes)), highlight=False)
    if done["left"]:
        console.print(
            Text(
                f"Made earlier and no longer defined: {', '.join(done['left'])}. "
                "--prune archives it."
            )
        )
    for name, url in done["dashboards"]:
        console.print(Text(f"  {name}  {url}"))


def _table(changes: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for name in ("what", "action", "name", "changed"):
        table.add_column(name, overflow="fold")
    for each in changes:
        fields: Sequence[str] = each["fields"]
        more = len(fields) - FIELDS_SHOWN
        shown = ", ".join(fields[:FIELDS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        table.add_row(each["kind"], each["action"], Text(each["name"]), Text(shown))
    return table


def _summary(done: Mapping[str, Any], count: int) -> Text:
    where = f"Metabase {done['version']} at {done['url']}"
    if not count:
        return Text(f"Nothing to change: {where} has everything already.")
    things = f"{count:,} change{'s' * (count != 1)}"
    if done["applied"]:
        return Text(f"Made {things} in {where}.")
    return Text(f"Would make {things} in {where}. Nothing was written.")
