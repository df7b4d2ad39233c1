"""The command ``ga4 export``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from ga4_analytics.cli.data import relative, tell_export
from ga4_analytics.cli.options import Place, placed
from ga4_analytics.cli.screen import Screen, ScreenProgress
from ga4_analytics.errors import ExportError
from ga4_analytics.exports.request import FORMATS, ExportRequest
from ga4_analytics.questions.written import some_users
from ga4_analytics.workspace import Workspace

_DAY = click.DateTime(["%Y-%m-%d"])
_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_OF_FOLDERS = ("out", "no_users", "max_rows", "max_bytes", "min_id_length")


@click.command()
@click.argument("name", required=False, type=click.Choice(FORMATS), metavar="[FORMAT]")
@click.option("--from", "start", type=_DAY, metavar="DATE", help="First day; default: the first "
              "loaded one.")  # fmt: skip
@click.option("--to", "end", type=_DAY, metavar="DATE", help="Last day, included; default: the "
              "last loaded one.")  # fmt: skip
@click.option("--event", "events", multiple=True, metavar="EVENT", help="Only events of this name; "
              "several times for several.")  # fmt: skip
@click.option("--segment", metavar="NAME|JSON", help="Only events of the users of a saved segment, "
              "or of one in JSON.")  # fmt: skip
@click.option("--whole-users", is_flag=True, help="All events, of all days and names, of each user "
              "who has an event that is meant.")  # fmt: skip
@click.option("--no-users", is_flag=True, help="Write no files of users' properties.")
@click.option("--out", type=_FOLDER, metavar="FOLDER", help="Where the files go; default: "
              "outputs/FORMAT. An older export there is replaced as a whole.")  # fmt: skip
@click.option("--csv", "flat", type=_FILE, metavar="FILE", help="Amplitude, Heap: write "
              "one flat CSV file instead, like that of outputs.")  # fmt: skip
@click.option("--max-rows", type=click.IntRange(1), metavar="N", help="Most lines of a file; "
              "default: the most that one request takes.")  # fmt: skip
@click.option("--max-bytes", type=click.IntRange(1), metavar="N", help="Most bytes of a file; "
              "default: the most that one request takes.")  # fmt: skip
@click.option("--min-id-length", type=click.IntRange(1, 1024), metavar="N", help="Amplitude: "
              "fewest characters of an id; default: 5.")  # fmt: skip
@click.option("--check", "checked", type=_FOLDER, metavar="FOLDER", help="Write nothing; hold an "
              "export to its manifest, its schema and the vendor's limits.")  # fmt: skip
@placed
def export(
    place: Place, name: str | None, checked: Path | None, flat: Path | None, **given: Any
) -> None:
    """Write the outputs for other tools, or files that FORMAT's import takes.

    FORMAT is amplitude, heap, mixpanel, posthog or segment (docs/exports.md). Nothing is
    sent. Without FORMAT it writes the CSV files of the folder outputs, as `ga4 run` does. An
    export that was stopped goes on where it was when it is asked for again.

    \b
    Examples:
      ga4 export
      ga4 export amplitude
      ga4 export mixpanel --from 2020-12-01 --to 2020-12-31 --event purchase
      ga4 export heap --from 2020-12-01 --csv december.csv
      ga4 export posthog --segment buyers --whole-users --out for-posthog
      ga4 export amplitude --check outputs/amplitude
    """
    if checked is not None:
        _tell_check(place.screen, checked, name)
        return
    if name is None:
        if flat or any(given.values()):
            raise click.UsageError("These options need a FORMAT: ga4 export amplitude ...")
        tell_export(place.open(), place.screen)
        return
    if flat and any(given[option] for option in _OF_FOLDERS):
        raise click.UsageError(
            "--csv writes one file: --out, --no-users, --max and --min have no use."
        )
    out, workspace = given.pop("out"), place.open()
    request = _request(workspace, name, **given)
    if flat:
        _tell_csv(place.screen, workspace, request, flat)
    else:
        _tell_delivery(place.screen, workspace, request, out)


def _request(
    workspace: Workspace,
    name: str,
    *,
    start: datetime | None,
    end: datetime | None,
    segment: str | None,
    no_users: bool,
    events: tuple[str, ...],
    **given: Any,
) -> ExportRequest:
    return ExportRequest(
        name,
        _day(start),
        _day(end),
        tuple(dict.fromkeys(events)),
        some_users(segment, workspace.saved_segment, "segment"),
        with_users=not no_users,
        **given,
    )


def _tell_csv(screen: Screen, workspace: Workspace, request: ExportRequest, path: Path) -> None:
    written = workspace.export_csv(request, path)
    screen.done(f"Wrote {written.rows:,} events to {escape(str(relative(path.absolute())))}.")
    for reason, rows in written.left_out.items():
        screen.warn(f"{rows:,} not written: {reason}.")
    for what, rows in written.emptied.items():
        screen.line(f"  {rows:,} with something changed: {what}.")
    screen.document({"version": 1, "format": request.target, **asdict(written)})


def _tell_delivery(
    screen: Screen, workspace: Workspace, request: ExportRequest, out: Path | None
) -> None:
    folder = out or workspace.settings.outputs_dir / request.target
    manifest = workspace.export_to(request, folder)
    _tell_manifest(screen, manifest, relative(folder.absolute()))
    told = {key: value for key, value in manifest.items() if key != "files"}
    path = folder / "manifest.json"
    screen.document(told | {"folder": str(folder), "manifest": str(path)})


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _tell_manifest(screen: Screen, manifest: dict[str, Any], folder: Path) -> None:
    events, users = manifest["events"], manifest["users"]
    screen.done(
        f"Wrote {events['rows']:,} events in {events['files']:,} files to {escape(str(folder))}"
        + (f", and {users['rows']:,} users in {users['files']:,}." if users["rows"] else ".")
    )
    if events["rows"]:
        screen.line(f"  {events['first_time']} to {events['last_time']}, "
                    f"${events['revenue_usd_micros'] / 1e6:,.2f} net.")  # fmt: skip
    for reason, rows in manifest["rejected"].items():
        screen.warn(f"{rows:,} not written: {reason}.")
    for reason, rows in manifest["users_rejected"].items():
        screen.warn(f"{rows:,} users' properties not written: {reason}.")
    for what, rows in manifest["changed"].items():
        screen.line(f"  {rows:,} with something changed: {what}.")
    for warning in manifest["warnings"]:
        screen.warn(f"{warning['events']:,} events: {warning['rule']} {warning['option']}")


def _tell_check(screen: Screen, folder: Path, name: str | None) -> None:
    from ga4_analytics.exports.check import check

    with ScreenProgress(screen).phase("Checking", None, "lines") as advance:
        found = check(folder, name, advance)
    for problem in found.problems:
        screen.warn(escape(problem))
    screen.document({"version": 1, **vars(found)})
    if found.problems:
        raise ExportError(
            f"{folder} is not as it should be: {found.problems[0]}",
            rule="Every file is as its manifest, its schema and the vendor's limits say.",
            remedy=f"Write it again: ga4 export {found.format}.",
        )
    screen.done(f"{found.rows:,} lines in {found.files:,} files are as {found.format} takes them.")
