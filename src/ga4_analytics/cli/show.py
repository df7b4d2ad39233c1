"""Commands that show: status, report."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from ga4_analytics.cli.options import Place, placed
from ga4_analytics.publish.findings import check_findings, write_findings


@click.command()
@placed
def status(place: Place) -> None:
    """Say what is loaded: datasets, days, rows, rejects, complete and final days.

    \b
    Examples:
      ga4 status
      ga4 status --json
    """
    found = place.open().status()
    if not found["datasets"]:
        place.screen.line("Nothing is loaded yet. Run `ga4 run PATH`.")
    for facts in found["datasets"]:
        place.screen.out.print(_facts(facts))
    place.screen.document(found)


def _facts(facts: dict[str, Any]) -> Table:
    table = Table(title=facts["dataset"], title_justify="left", show_header=False, box=None)
    table.add_column(style="dim")
    table.add_column()
    for name, value in facts.items():
        if name != "dataset" and not isinstance(value, (list, dict)):
            table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int)
                          and not isinstance(value, bool) else str(value))  # fmt: skip
    return table


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the report is up to date.")
@placed
def report(place: Place, check: bool) -> None:
    """Write reports/findings.md with its figures from the published snapshot.

    \b
    Examples:
      ga4 report
      ga4 report --check
    """
    workspace = place.open()
    snapshot = workspace.snapshot()
    if check:
        check_findings(snapshot, workspace.settings)
        place.screen.done("The report says what the data say.")
    else:
        path = write_findings(snapshot, workspace.settings)
        place.screen.done(f"Wrote {path}.")
    place.screen.document({"snapshot": snapshot.id, "checked": check})
