"""The command that serves the page."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ga4_analytics.cli.screen import Screen
from ga4_analytics.settings import find_workspace, load_settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True,
              help="The address to bind; beyond this machine GA4_TOKEN must be set.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True,
              help="The port; 0: any free one.")  # fmt: skip
@click.option("--open", "open_browser", is_flag=True, help="Show it in the browser.")
@click.option("--dataset", help="The property that is shown first.")
@click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with ga4.toml; default: the nearest one from here upwards.",
)
def serve(
    host: str, port: int, open_browser: bool, dataset: str | None, workspace: Path | None
) -> None:
    """Open the web page and the API on what was published.

    Whoever opens it needs the token of the environment variable GA4_TOKEN, where it is set.
    `ga4 load` and `ga4 build` may run meanwhile: the page shows the new data when they end.

    \b
    Examples:
      ga4 serve
      ga4 serve --port 9000 --open
    """
    from ga4_analytics.web.options import ServeOptions
    from ga4_analytics.web.serve import serve as run

    settings = load_settings((workspace or find_workspace(Path.cwd())).resolve(), {})
    options = ServeOptions(host, port, os.environ.get("GA4_TOKEN", ""), dataset)
    screen = Screen()
    run(
        settings,
        options,
        started=lambda address: screen.line(f"Open {address} (stop with Ctrl+C)."),
        open_browser=open_browser,
    )
