"""Commands that move data: demo-data, load, build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from ga4_analytics.cli.options import Place, loading, placed
from ga4_analytics.cli.screen import Screen, ScreenProgress
from ga4_analytics.ingest import LoadOptions, LoadResult
from ga4_analytics.ingest.explain import Explained
from ga4_analytics.render.status import damage_line
from ga4_analytics.sources.synthetic.spec import (
    PLANTS,
    SHAPES,
    SampleSpec,
    Shape,
    parse_plants,
)
from ga4_analytics.workspace import Workspace


@click.command("demo-data")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--shape",
    type=click.Choice(SHAPES),
    default="parquet",
    show_default=True,
    help="Which export to write.",
)
@click.option(
    "--scale",
    type=click.FloatRange(0.0001, 10),
    default=0.1,
    show_default=True,
    help="1 is Google's public sample: 4.3 million events of 270,000 users.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    help="The same seed gives the same bytes.",
)
@click.option(
    "--plant",
    "plants",
    default="",
    metavar="NAME[,NAME...]",
    help=f"Put in on purpose, with its truth: {', '.join(PLANTS)}; or all.",
)
@click.option("--zone", metavar="ZONE", help="The property's time zone; default: UTC.")
@click.option(
    "--from",
    "start",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The first day; default: 2020-11-01.",
)
@click.option("--days", type=click.IntRange(1, 1000), help="How many days; default: 92.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def demo_data(
    folder: Path,
    shape: Shape,
    scale: float,
    seed: int,
    plants: str,
    zone: str | None,
    start: datetime | None,
    days: int | None,
    as_json: bool,
) -> None:
    """Write a sample of GA4 events, and the truth about it, into FOLDER.

    The plant dst takes 147 days of America/New_York from 2020-10-25, so that both changes of
    the clocks are inside, unless --zone, --from or --days say otherwise.

    \b
    Examples:
      ga4 demo-data sample
      ga4 demo-data sample --shape skinny --scale 1
      ga4 demo-data sample --plant experiment,outage
      ga4 demo-data sample --shape ndjson --plant all
      ga4 demo-data sample --plant dst --zone Europe/Berlin --from 2026-03-01 --days 245
    """
    from ga4_analytics.sources.synthetic import generate, write_shape, write_truth

    screen = Screen(as_json)
    given = {"zone": zone, "start": start.date() if start else None, "days": days}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    planted = parse_plants(plants, shape)
    if "dst" in planted and not chosen:
        chosen = {"zone": "America/New_York", "start": date(2020, 10, 25), "days": 147}
    spec = SampleSpec(scale=scale, seed=seed, plants=planted, **chosen)
    with ScreenProgress(screen).phase("Making a sample", None, "events") as advance:
        sample = generate(spec)
        files = write_shape(sample, folder, shape, advance)
        truth = write_truth(sample, folder)
    screen.done(f"Wrote {len(files)} files to {folder}; the truth about them is in {truth.name}.")
    screen.document({"files": [str(file) for file in files], "truth": str(truth)})


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--explain",
    "only_explain",
    is_flag=True,
    help="Say what the files are and where each column goes; load nothing.",
)
@loading
@placed
def load(place: Place, paths: tuple[str, ...], options: LoadOptions, only_explain: bool) -> None:
    """Load files, folders or patterns into schema raw, whole days at a time.

    The same file twice changes nothing. A day that would lose more than 20 % of its rows,
    or an event name, is left as it was unless --replace says so.

    \b
    Examples:
      ga4 load export.csv
      ga4 load 'export/events_*.json.gz'
      ga4 load part-2.csv --append
      ga4 load items.csv --set event_name=purchase
      ga4 load export.zip --explain
      ga4 load events.csv --timestamps-in Europe/Berlin --decimal comma
      ga4 load events.csv --map user_pseudo_id=visitor --complete-through 2026-03-31
      ga4 load from-a-spreadsheet.csv --accept-damaged
    """
    workspace = place.open()
    if only_explain:
        found = workspace.explain(paths, options.columns)
        tell_explained(place.screen, found)
        place.screen.document([asdict(file) for file in found])
        return
    result = workspace.load(paths, options)
    if result.timezone and result.inferred_from:
        workspace.remember_zone(result.timezone)
    tell_load(place.screen, result)
    place.screen.document(asdict(result))


@click.command()
@click.option("--unit-tests", is_flag=True, help="Run the dbt project's own unit tests as well.")
@placed
def build(place: Place, unit_tests: bool) -> None:
    """Build and test the models in schema analytics and publish them.

    \b
    Example:
      ga4 build
    """
    tell_build(place.open(), place.screen, unit_tests)


def tell_explained(screen: Screen, files: Sequence[Explained]) -> None:
    """Print what a load would make of files."""
    for file in files:
        how = [file.shape, f"{file.table_kind} table" if file.table_kind != "flat" else ""]
        how += [file.encoding or "", f"compression {file.compression}"]
        if file.delimiter:
            how.append(f"delimiter {file.delimiter!r}, decimal {file.decimal}")
        screen.line(escape(f"{file.name}: {', '.join(part for part in how if part)}."))
        for column in file.columns:
            screen.line(escape(f"  {column.header} -> {column.goes_to}  ({column.rule})"))
        if file.null_columns:
            screen.line(f"  Will be null: {', '.join(file.null_columns)}.")
        if file.cannot_answer:
            screen.line(f"  Cannot answer anything about: {', '.join(file.cannot_answer)}.")


def tell_load(screen: Screen, result: LoadResult) -> None:
    """Print what a load did."""
    left = result.left_out
    if result.load_id is None or result.days is None:
        if left.superseded + left.forgotten:
            screen.done("Nothing changed: every event was left out.")
        else:
            screen.done("These files are loaded already; nothing changed.")
        _tell_left_out(screen, result)
        return
    first, last = result.days
    screen.done(
        f"Loaded {result.events:,} events of {result.day_count} days ({first} to {last}) "
        f"from {result.files} file{'s' * (result.files != 1)} ({', '.join(result.shapes)})."
    )
    if result.inferred_from:
        others = result.inferred_from - 1
        also = f"; {others} other zones fit as well" if others else ""
        screen.line(f"  Time zone {result.timezone}, from the dates and timestamps{also}.")
    if result.rejected:
        rules = ", ".join(f"{count:,} {rule}" for rule, count in result.rejected.items())
        screen.warn(f"{sum(result.rejected.values()):,} records rejected ({rules}); they are in "
                    "raw.rejects.")  # fmt: skip
    for found in result.damage:
        if found.accepted:
            screen.warn(f"Accepted damage: {escape(damage_line(asdict(found)))}")
    _tell_left_out(screen, result)
    if result.repeats.duplicates:
        screen.line(f"  {result.repeats.duplicates:,} duplicates will be left out.")
    if result.repeats.suspects:
        screen.line(f"  {result.repeats.suspects:,} events look like another and are kept: the "
                    "files lack the columns that tell.")  # fmt: skip


def _tell_left_out(screen: Screen, result: LoadResult) -> None:
    if count := result.left_out.superseded:
        screen.line(f"  {count:,} events of intraday or fresh tables left out: a better table "
                    "holds their day.")  # fmt: skip
    if count := result.left_out.forgotten:
        screen.line(f"  {count:,} events of forgotten people left out.")


def tell_build(workspace: Workspace, screen: Screen, unit_tests: bool = False) -> None:
    """Build, and print what was built."""
    result = workspace.build(unit_tests=unit_tests)
    screen.done(f"Built {result.models} models; {result.tests} tests passed.")
    for name, message in result.warnings.items():
        screen.warn(f"{name}: {message}")
    screen.document(asdict(result))


def tell_export(workspace: Workspace, screen: Screen) -> None:
    """Export, and print what was written."""
    results = workspace.export()
    for result in results:
        screen.done(f"Wrote {result.rows:,} rows to {relative(result.path)}.")
    screen.document([asdict(result) for result in results])


def relative(path: Path) -> Path:
    """A path as seen from here, where it is below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
