"""Commands that say what can be asked, and that make the first question fast."""

from __future__ import annotations

import time
from dataclasses import asdict

import click
from rich.text import Text

from ga4_analytics.cli.asking import Ask, published
from ga4_analytics.render import text
from ga4_analytics.render.answers.parts import DIM, Cell, table


@click.command()
@click.option("--from", "start", metavar="DATE", help="First day; default: the first loaded one.")
@click.option("--to", "end", metavar="DATE", help="Last day; default: the last loaded one.")
@published
def events(ask: Ask, start: str | None, end: str | None) -> None:
    """List the events that questions can name, with how often they come.

    \b
    Examples:
      ga4 events
      ga4 events --from 2020-12-01 --json
    """
    from ga4_analytics.analyses.catalogue import events_of

    found = events_of(ask.published.index(), start, end)
    rows: list[list[Cell]] = [
        [each.name, text.count(each.events), text.count(each.users)] for each in found
    ]
    ask.show(table(["event", "events", "users"], rows))
    ask.screen.document({"version": 1, "events": [asdict(each) for each in found]})


@click.command()
@click.option("--top", type=int, default=5, show_default=True, help="How many common values.")
@published
def columns(ask: Ask, top: int) -> None:
    """List the columns that conditions and breakdowns can name, with their commonest values.

    \b
    Examples:
      ga4 columns
      ga4 columns --top 20 --json
    """
    from ga4_analytics.analyses.catalogue import columns_of

    found = columns_of(ask.published.index(), top)
    rows: list[list[Cell]] = [
        [each.name, each.kind, text.count(each.values), each.words] for each in found
    ]
    ask.show(table(["column", "kind", "values", "what it is"], rows, left=2))
    for each in found:
        if each.top:
            values = ", ".join(f"{value} ({count:,})" for value, count in each.top)
            ask.show(Text.assemble((f"{each.name}: ", ""), (values, DIM)))
    ask.screen.document({"version": 1, "columns": [asdict(each) for each in found]})


@click.command()
@published
def warm(ask: Ask) -> None:
    """Compile everything that answers questions; a new version needs it once.

    \b
    Example:
      ga4 warm
    """
    from ga4_analytics.analyses.warm import warm as compile_all

    started = time.perf_counter()
    count = compile_all(ask.published.index())
    took = time.perf_counter() - started
    ask.screen.done(f"Ready: {count} questions answered in {took:.1f} s.")
    ask.screen.document({"version": 1, "questions": count, "seconds": round(took, 3)})


@click.command()
@click.argument("topic", metavar="COMMAND")
def schema(topic: str) -> None:
    """Print the JSON Schema of what a command prints with --json.

    \b
    Examples:
      ga4 schema funnel
      ga4 schema retention > retention.schema.json
      ga4 schema export
    """
    import json

    from ga4_analytics.analyses.ask import KINDS
    from ga4_analytics.exports.check import schema as schema_of_export
    from ga4_analytics.render.json_schema import schema_of

    makers = dict.fromkeys(KINDS, schema_of) | {"export": schema_of_export}
    if topic not in makers:
        raise click.UsageError(f"There is no {topic!r}; choose one of {', '.join(makers)}.")
    click.echo(json.dumps(makers[topic](topic), indent=2))
