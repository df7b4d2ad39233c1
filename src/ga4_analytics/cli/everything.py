"""The command that does the whole job."""

from __future__ import annotations

from dataclasses import asdict

import click

from ga4_analytics.cli.data import tell_build, tell_export, tell_load
from ga4_analytics.cli.options import Place, loading, placed
from ga4_analytics.cli.screen import Screen, ScreenProgress
from ga4_analytics.errors import StaleError
from ga4_analytics.ingest import LoadOptions
from ga4_analytics.publish.findings import write_findings
from ga4_analytics.publish.snapshot import check_current
from ga4_analytics.render.summary import print_summary
from ga4_analytics.render.verification import print_verification
from ga4_analytics.settings import FILE_NAME
from ga4_analytics.workspace import Workspace


@click.command()
@click.argument("paths", nargs=-1, required=True)
@loading
@placed
def run(place: Place, paths: tuple[str, ...], options: LoadOptions) -> None:
    """Load PATHS, build the models, write outputs and report: the whole job.

    Makes ga4.toml where there is none, and infers the property's time zone by comparing
    event_date with event_timestamp.

    \b
    Examples:
      ga4 run export.csv
      ga4 run 'export/*.json.gz' -w my-site
      ga4 run export/ --warehouse postgresql://analyst@localhost/ga4
    """
    screen = place.screen
    steps = Screen(screen.as_json)
    steps.document = lambda content: None  # type: ignore[method-assign]
    workspace = _opened(place)
    result = workspace.load(paths, options)
    if result.timezone and result.inferred_from:
        workspace.remember_zone(result.timezone)
    tell_load(steps, result)
    if result.load_id is None and _is_current(workspace):
        steps.done("The models are up to date.")
    else:
        tell_build(workspace, steps)
    tell_export(workspace, steps)
    snapshot = workspace.snapshot()
    page = write_findings(snapshot, workspace.settings)
    steps.done(f"Wrote {page}.")
    verification = snapshot.status["verification"]
    print_verification(verification, screen.out)
    print_summary(snapshot, result.dataset, screen.out, _next_steps(workspace, str(page)))
    screen.document({"load": asdict(result), "snapshot": snapshot.id, "report": str(page),
                     "verification": verification})  # fmt: skip


def _opened(place: Place) -> Workspace:
    if (place.folder / FILE_NAME).exists():
        return place.open()
    workspace = Workspace.create(place.folder, progress=ScreenProgress(place.screen), **place.flags)
    place.screen.done(f"Wrote {place.folder / FILE_NAME}.")
    return workspace


def _is_current(workspace: Workspace) -> bool:
    try:
        check_current(workspace.snapshot(), workspace.warehouse, workspace.settings)
    except StaleError:
        return False
    return True


def _next_steps(workspace: Workspace, page: str) -> list[tuple[str, str]]:
    return [
        (page, "read the findings"),
        (str(workspace.settings.outputs_dir), "take the outputs to another tool"),
        (str(workspace.settings.workspace / FILE_NAME), "set key events, funnels, identity"),
        ("ga4 run PATH", "load the next days; whole days are replaced"),
    ]
