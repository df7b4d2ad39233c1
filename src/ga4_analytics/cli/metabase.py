"""The command that provisions Metabase."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from ga4_analytics.cli.options import Place, placed
from ga4_analytics.cli.screen import ScreenProgress
from ga4_analytics.publish.metabase.client import Metabase
from ga4_analytics.publish.metabase.dashboards import DASHBOARDS
from ga4_analytics.publish.metabase.definitions import Scene
from ga4_analytics.publish.metabase.identity import DEFAULT_COLLECTION
from ga4_analytics.publish.metabase.provision import Options, Wanted, provision
from ga4_analytics.publish.metabase.scene import read_scene
from ga4_analytics.publish.metabase.target import DATABASE_NAME, read_connection, read_login
from ga4_analytics.render.metabase import print_provisioned
from ga4_analytics.storage.locks import exclusive
from ga4_analytics.workspace import Workspace


@click.command()
@click.option(
    "--preview",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Draw the dashboards into PNG files; no Metabase is asked.",
)
@click.option("--plan", is_flag=True, help="Only say what would change; write nothing.")
@click.option(
    "--prune",
    is_flag=True,
    help="Archive cards and dashboards that ga4 made and no longer defines.",
)
@click.option(
    "--reconnect", is_flag=True, help="Send the database connection and its password again."
)
@click.option("--url", help="Address of Metabase; default: GA4_METABASE_URL, else this machine.")
@click.option(
    "--collection",
    default=DEFAULT_COLLECTION,
    show_default=True,
    help="Name of the collection that ga4 makes and keeps.",
)
@click.option(
    "--database",
    default=DATABASE_NAME,
    show_default=True,
    help="Name of the database connection in Metabase.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for its start, and for its look at the tables.",
)
@click.option(
    "--use-proxies", is_flag=True, help="Reach Metabase through the proxies of the environment."
)
@placed
def metabase(
    place: Place,
    preview: Path | None,
    plan: bool,
    prune: bool,
    reconnect: bool,
    url: str | None,
    collection: str,
    database: str,
    timeout: float,
    use_proxies: bool,
) -> None:
    """Give Metabase the database, the dashboards and what the columns mean.

    Makes what is missing, mends what differs, and touches nothing but its own collection
    and connection; a second run changes nothing. A new server gets its first administrator.

    \b
    From the environment:
      GA4_METABASE_URL                     where Metabase is (http://127.0.0.1:3000)
      GA4_METABASE_EMAIL, _PASSWORD        an administrator, or
      GA4_METABASE_API_KEY                 a key of the group Administrators
      GA4_METABASE_DB_USER, _DB_PASSWORD   the role that reads (metabase_reader, with
                                           GA4_GRANT_PASSWORD, as ga4 grant makes it)
      GA4_METABASE_DB_HOST, _DB_PORT, _DB_NAME, _DB_SSLMODE
                                           the warehouse as Metabase sees it, where
                                           that is not its URL here; or all in one
      GA4_METABASE_DB_URL                  postgresql://reader:password@postgres/ga4

    A password cannot be read back from Metabase. It is sent again when Metabase says that
    the connection fails, or with --reconnect.

    \b
    Examples:
      ga4 metabase --preview previews
      ga4 metabase --plan
      ga4 metabase
      ga4 metabase --prune --url https://metabase.example
    """
    workspace = place.open()
    funnels = [funnel.name for funnel in workspace.settings.funnels]
    scene = read_scene(workspace.snapshot(), funnels)
    if preview is not None:
        _draw(place, workspace, scene, preview)
        return
    connection = read_connection(os.environ, workspace.settings.warehouse)
    login = read_login(os.environ, url)
    wanted = Wanted(DASHBOARDS, scene, connection, collection, database)
    started = datetime.fromtimestamp(workspace.clock() / 1e6, UTC).isoformat(timespec="seconds")
    with (
        exclusive(workspace.settings.state_dir / "metabase.lock", "metabase", started),
        Metabase(login.url, use_proxies=use_proxies) as server,
    ):
        done = provision(
            server,
            login,
            wanted,
            Options(not plan, prune, reconnect, timeout),
            ScreenProgress(place.screen),
        )
    content = asdict(done)
    print_provisioned(content, place.screen.out)
    place.screen.document(content)


def _draw(place: Place, workspace: Workspace, scene: Scene, folder: Path) -> None:
    """Draw every dashboard from the warehouse's own answers."""
    from ga4_analytics.publish.metabase.previews import preview  # loads matplotlib
    from ga4_analytics.render.style import save_png

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{board.slug}.png" for board in DASHBOARDS]
    with ScreenProgress(place.screen).phase("Drawing", len(paths), "dashboards") as advance:
        for board, path in zip(DASHBOARDS, paths, strict=True):
            save_png(preview(board, scene, workspace.warehouse), path)
            advance(1)
    place.screen.done(f"Wrote {len(paths)} previews to {folder}.")
    place.screen.document({"previews": [str(path) for path in paths]})
