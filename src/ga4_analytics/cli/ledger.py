"""Commands on the ledger: loads, rejects, undo, forget."""

from __future__ import annotations

from dataclasses import asdict

import click

from ga4_analytics.cli.options import Place, placed
from ga4_analytics.errors import LoadError
from ga4_analytics.render.ledger import print_loads, print_person, print_rejects


@click.command()
@click.argument("load_id", required=False)
@placed
def loads(place: Place, load_id: str | None) -> None:
    """List every load, or show one: files, rejects, and how far each day moved.

    \b
    Examples:
      ga4 loads
      ga4 loads 20260301T0412
      ga4 loads --json
    """
    found = place.open().loads(load_id)
    print_loads(found, place.screen.out)
    place.screen.document(found)


@click.command()
@click.argument("load_id", required=False)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True,
              help="How many records to show.")  # fmt: skip
@placed
def rejects(place: Place, load_id: str | None, limit: int) -> None:
    """Show the records that could not be read: file, line, column, rule, raw text.

    \b
    Examples:
      ga4 rejects
      ga4 rejects 20260301T0412 --limit 10
    """
    found = place.open().rejects(load_id, limit)
    print_rejects(found, place.screen.out)
    place.screen.document(found)


@click.command()
@click.argument("load_id")
@placed
def undo(place: Place, load_id: str) -> None:
    """Take a load back: its days become what they were before it.

    The latest load of a day comes first; the last `undo_loads` loads can be taken back.

    \b
    Example:
      ga4 undo 20260301T0412
    """
    done = place.open().undo(load_id)
    days = f"{len(done.days)} days ({done.days[0]} to {done.days[-1]})"
    place.screen.done(
        f"Took back {done.load_id}: {days} hold {done.events_after:,} events again, not "
        f"{done.events_before:,}. Run `ga4 build` to have the models follow."
    )
    place.screen.document(asdict(done))


@click.command()
@click.argument("user")
@click.option("--dry-run", is_flag=True, help="Only say what there is of the person.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@placed
def forget(place: Place, user: str, dry_run: bool, yes: bool) -> None:
    """Remove one person, by user_pseudo_id or user_id, from everything here, and prove it.

    Their events leave raw, what loads replaced, and the rejects; models, snapshot, outputs
    and report are made again; the warehouse's storage is rewritten; then every table and
    file is searched for their ids. Later loads leave their events out. Your own export
    files and backups are not touched.

    \b
    Examples:
      ga4 forget 82023966.6010891291 --dry-run
      ga4 forget customer-4711 --yes
    """
    workspace = place.open()
    person = workspace.person(user)
    print_person(asdict(person), place.screen.out)
    if dry_run:
        place.screen.document({"person": asdict(person)})
        return
    if not yes:
        click.confirm("Remove all this for good?", abort=True, err=True)
    person, traces = workspace.forget(user)
    place.screen.document({"person": asdict(person), "traces": asdict(traces)})
    if traces.found:
        places = ", ".join(f"{name} ({count:,})" for name, count in traces.found.items())
        raise LoadError(
            f"The person's events are removed, but their ids still stand in: {places}.",
            rule="After an erasure no table and no file of the workspace may hold the ids.",
            remedy="Events of others may name the person in a parameter; remove them at the source "
            "and load those days again.",
        )
    place.screen.done(
        f"Removed {person.events:,} events. Searched {traces.tables} tables and {traces.files} "
        "files: no trace is left."
    )
