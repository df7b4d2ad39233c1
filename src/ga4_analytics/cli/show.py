"""Commands that show: status, report."""

from __future__ import annotations

import click

from ga4_analytics.cli.options import Place, placed
from ga4_analytics.publish.findings import check_findings, write_findings
from ga4_analytics.publish.snapshot import check_current
from ga4_analytics.render.status import print_status


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
    print_status(found, place.screen.out)
    place.screen.document(found)


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
        check_current(snapshot, workspace.warehouse, workspace.settings)
        check_findings(snapshot, workspace.settings)
        place.screen.done("The report says what the data say.")
    else:
        path = write_findings(snapshot, workspace.settings)
        place.screen.done(f"Wrote {path}.")
    place.screen.document({"snapshot": snapshot.id, "checked": check})
