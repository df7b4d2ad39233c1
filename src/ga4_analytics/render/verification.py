"""The table of ``ga4 verify``: which marts were recounted, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ga4_analytics.render import text


def print_verification(found: Sequence[dict[str, Any]], console: Console) -> None:
    """Print what came of comparing marts and indexes.

    Args:
        found: One a dataset, as ``ga4 verify --json`` gives them.
        console: Where to print.
    """
    for each in found:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column("mart")
        for name in ("columns", "rows", "values", "different"):
            table.add_column(name, justify="right")
        for mart in each["marts"]:
            wrong = mart["different"]
            table.add_row(
                mart["mart"],
                text.count(len(mart["columns"])),
                text.count(mart["rows"]),
                text.count(mart["cells"]),
                Text(text.count(wrong), style="bold red" if wrong else "green"),
            )
        console.print(table)
        console.print(_verdict(each), highlight=False)
        for mart in each["marts"]:
            for example in mart["examples"]:
                console.print(f"  {mart['mart']}: {example}", highlight=False, markup=False)


def _verdict(found: dict[str, Any]) -> Text:
    cells = text.count(found["cells"])
    if found["agrees"]:
        said = f"Marts and index of {found['dataset']} agree in all {cells} values"
        return Text(f"{said} ({found['seconds']:.1f} s).", style="green")
    wrong = sum(mart["different"] for mart in found["marts"])
    return Text(
        f"Marts and index of {found['dataset']} disagree in {text.count(wrong)} of {cells} values.",
        style="bold red",
    )
