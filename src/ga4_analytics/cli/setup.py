"""Commands that set things up: init, docs."""

from __future__ import annotations

from pathlib import Path

import click

from ga4_analytics.cli.options import Place, placed
from ga4_analytics.errors import StaleError
from ga4_analytics.publish.dictionary import data_dictionary
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
@click.option("--check", is_flag=True, help="Only say whether the page is up to date.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("docs/data_dictionary.md"),
    show_default=True,
    help="The page.",
)
def docs(check: bool, output: Path) -> None:
    """Write the data dictionary: every model, its grain, its columns, from the dbt project.

    \b
    Example:
      ga4 docs --output data_dictionary.md
    """
    text = data_dictionary()
    if check and (not output.is_file() or output.read_text(encoding="utf-8") != text):
        raise StaleError(
            f"{output} does not say what the models say.",
            rule="The data dictionary is generated from the dbt project.",
            remedy=f"Run `ga4 docs --output {output}`.",
        )
    if not check:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_text(output, text)
    click.echo(f"{output} is up to date.")
