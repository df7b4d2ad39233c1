"""Commands that set things up: init, docs."""

from __future__ import annotations

from pathlib import Path

import click

from ga4_analytics.cli.options import Place, placed
from ga4_analytics.errors import StaleError
from ga4_analytics.publish.dictionary import data_dictionary
from ga4_analytics.publish.metabase.notes import dashboard_notes
from ga4_analytics.settings import FILE_NAME
from ga4_analytics.storage.atomic import write_text
from ga4_analytics.workspace import Workspace


@click.command()
@placed
def init(place: Place) -> None:
    """Write a commented ga4.toml with every setting and its default.

    \b
    Examples:
      ga4 init
      ga4 init -w my-site --timezone Europe/Berlin
      ga4 init -w team --warehouse postgresql://analyst@localhost/ga4
    """
    Workspace.create(place.folder, **place.flags)
    place.screen.done(f"Wrote {place.folder / FILE_NAME}.")
    place.screen.document({"settings": str(place.folder / FILE_NAME)})


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the pages are up to date.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where the pages' folders are.  [default: here]",
)
def docs(check: bool, folder: Path) -> None:
    """Write the generated pages: the data dictionary and the notes on the dashboards.

    The one says every model, its grain and its columns, from the dbt project; the other every
    Metabase card, how to read it and its SQL, from its definition.

    \b
    Examples:
      ga4 docs
      ga4 docs --check
    """
    pages = {
        folder / "docs" / "data_dictionary.md": data_dictionary(),
        folder / "dashboards" / "metabase_dashboard_notes.md": dashboard_notes(),
    }
    for path, text in pages.items():
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            raise StaleError(
                f"{path} does not say what the project says.",
                rule="The page is generated from the dbt project and the card definitions.",
                remedy="Run `ga4 docs`.",
            )
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text)
        click.echo(f"{path} is up to date.")
