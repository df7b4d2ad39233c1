"""The commands of ``ga4 experiment``: on the data, and on counts alone."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ga4_analytics.analyses import calculators
from ga4_analytics.asking import Published
from ga4_analytics.cli.asking import (
    CSV,
    JSON,
    PLOT,
    Ask,
    Command,
    asking,
    published,
    tell,
    with_options,
)
from ga4_analytics.cli.screen import Screen
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.calculators import Compare, Plan, Split
from ga4_analytics.render.answer import JSON_VERSION, Answer
from ga4_analytics.render.answers.parts import Cell, table
from ga4_analytics.settings import find_workspace


def calculating(command: Command) -> Command:
    """Add ``--json``, ``--plot`` and ``--csv``; the command gives a result, which is shown."""

    def wrapped(as_json: bool, plot: Path | None, csv: Path | None, **rest: Any) -> None:
        tell(Answer(command(**rest)), Screen(as_json), plot, csv)

    return with_options(command, wrapped, (JSON, CSV, PLOT))


PAST = ("exposure", "start", "end", "where", "window", "splits", "seed")
"""Options of past data."""


def past_data(command: Command) -> Command:
    """Add the options of past data."""
    options = (
        click.option("--seed", type=int, help="With --metric: seed of the random splits."),
        click.option("--splits", type=int, help="With --metric: how many there are; default 200."),
        click.option("--window", metavar="SPAN", help="With --metric: how long each unit is "
                     "followed."),
        click.option("--where", metavar="CONDITION", help="With --metric: only events that meet "
                     "it."),
        click.option("--to", "end", metavar="DATE", help="With --metric: last day."),
        click.option("--from", "start", metavar="DATE", help="With --metric: first day."),
        click.option("--exposure", metavar="EVENT", help="With --metric: what will expose."),
    )  # fmt: skip
    for option in options:
        command = option(command)
    return command


@click.group()
def experiment() -> None:
    """Experiments: analyze them on the data; compare variants, check a split, plan the size.

    \b
    Examples:
      ga4 experiment list
      ga4 experiment analyze express_checkout
      ga4 experiment compare 120/1000 150/1000
      ga4 experiment srm 5103 4897
      ga4 experiment plan --baseline 0.05 --lift 0.1 --power 0.8
    """


@experiment.command()
@click.argument("name", required=False)
@click.option("--metric", "primary", multiple=True, metavar="METRIC",
              help="What decides: a declared metric, an event, mean:AMOUNT, ratio:AMOUNT / "
              "AMOUNT, retention:7-13, funnel:EVENT,EVENT.")  # fmt: skip
@click.option("--secondary", multiple=True, metavar="METRIC", help="A further metric.")
@click.option("--guardrail", "guardrails", multiple=True, metavar="METRIC[@MARGIN]",
              help="One that must not get worse by the margin, as page_view@0.02.")  # fmt: skip
@click.option("--exposure", metavar="EVENT", help="The event that exposes.")
@click.option("--variant", metavar="COLUMN", help="The column that names the variant.")
@click.option("--units", "file", metavar="FILE", help="A CSV of units and variants instead.")
@click.option("--simulate", metavar="SALT", help="A simulated split by a salted hash instead.")
@click.option("--control", metavar="VARIANT", help="The control.")
@click.option("--split", metavar="VARIANT=WEIGHT,...",
              help="The variants and the shares meant; default: those seen, equal.")  # fmt: skip
@click.option("--window", metavar="SPAN", help="How long after its exposure each unit is "
              "followed, as 14d; default: to the last day's end.")  # fmt: skip
@click.option("--confidence", type=float, help="Coverage of the intervals; default 0.95.")
@click.option("--method", type=click.Choice(["fixed", "always_valid", "obrien_fleming", "pocock"]),
              help="One look at the end (default), any number, or planned looks.")  # fmt: skip
@click.option("--planned-units", type=int, help="Units in all that were planned.")
@click.option("--look", type=int, help="Which of the planned looks this is.")
@click.option("--looks", type=int, help="How many looks were planned.")
@asking
def analyze(ask: Ask, name: str | None, **options: Any) -> None:
    """Say what the experiment NAME of ga4.toml shows, or one that the options describe.

    \b
    Examples:
      ga4 experiment analyze express_checkout
      ga4 experiment analyze express_checkout --by device_category --plot forest.png
      ga4 experiment analyze --exposure experiment_viewed --variant variant_id --metric purchase
      ga4 experiment analyze --simulate word --metric purchase --secondary mean:revenue
    """
    given = options | {key: value for key, value in ask.query.items() if key != "top"}

    def made() -> Any:
        return ask.published.experiment_spec(name, **given, top=ask.query["top"])

    ask.about("experiment", made)


@experiment.command("list")
@published
def list_all(ask: Ask) -> None:
    """List the experiments and metrics that ga4.toml declares.

    \b
    Examples:
      ga4 experiment list
      ga4 experiment list --json
    """
    found = ask.published.settings
    if not found.experiments:
        ask.screen.line("No experiment is declared; docs/experiments.md says how.")
    rows: list[list[Cell]] = [
        [each.name, ", ".join(each.primary), f"{each.start or '…'} to {each.end or '…'}"]
        for each in found.experiments
    ]
    if rows:
        ask.show(table(["experiment", "primary", "days"], rows, left=3))
    content = {"version": JSON_VERSION, "experiments": [asdict(each) for each in found.experiments]}
    ask.screen.document(content | {"metrics": [asdict(each) for each in found.metrics]})


@experiment.command()
@click.argument("counts", nargs=-1, required=True, metavar="CONVERTED/UNITS...")
@click.option("--names", help="Names of the variants, the control's first, with commas.")
@click.option("--split", "weights", help="What the split was meant to be, as 50,50.")
@click.option("--confidence", type=float, default=0.95, show_default=True,
              help="Coverage of the intervals.")  # fmt: skip
@click.option("--planned-units", type=int, default=10_000, show_default=True,
              help="For how many units the interval of every look is narrowest.")  # fmt: skip
@click.option("--prior", default="1,1", show_default=True, help="Parameters of the beta prior.")
@calculating
def compare(
    counts: tuple[str, ...], names: str | None, weights: str | None, prior: str, **given: Any
) -> Any:
    """Compare the conversion of variants; the first is the control.

    \b
    Examples:
      ga4 experiment compare 120/1000 150/1000
      ga4 experiment compare 80/1500 80/1200 50/1000 --names old,blue,green --json
    """
    pairs = tuple(_pair(text) for text in counts)
    arms = calculators.named_arms(pairs, tuple(names.split(",")) if names else ())
    first, second = _numbers("prior", prior, 2)
    spec = Compare(arms, weights=_weights(weights), prior=(first, second), **given)
    return calculators.compare(spec)


@experiment.command()
@click.argument("units", nargs=-1, required=True, type=int)
@click.option("--split", "weights", help="What the split was meant to be, as 50,50.")
@calculating
def srm(units: tuple[int, ...], weights: str | None) -> Any:
    """Check a split for sample-ratio mismatch.

    \b
    Examples:
      ga4 experiment srm 5103 4897
      ga4 experiment srm 9012 988 --split 90,10
    """
    return calculators.split(Split(units, _weights(weights)))


@experiment.command()
@click.option("--baseline", type=float,
              help="The control's rate, or its mean with --sd; no data is looked at.")  # fmt: skip
@click.option("--metric", metavar="METRIC", help="Take it from past data instead: a metric as in "
              "`ga4 experiment analyze`.")  # fmt: skip
@click.option("--lift", type=float, help="The smallest relative change worth finding.")
@click.option("--units", type=int, help="Units of the control; asks for the lift.")
@click.option("--sd", type=float, help="Standard deviation of a unit: a mean, not a rate.")
@click.option("--power", type=float, default=0.8, show_default=True, help="Chance to find it.")
@click.option("--confidence", type=float, default=0.95, show_default=True,
              help="One minus the two-sided level.")  # fmt: skip
@click.option("--variants", type=int, default=2, show_default=True,
              help="How many, the control among them.")  # fmt: skip
@click.option("--treatment-share", type=float, default=1.0, show_default=True,
              help="Units of a treatment for each of the control.")  # fmt: skip
@click.option("--units-per-day", type=float, help="New units a day; gives the days.")
@past_data
@click.option("--workspace", "-w", type=click.Path(path_type=Path, file_okay=False),
              help="With --metric: the folder with ga4.toml.")  # fmt: skip
@click.option("--dataset", help="With --metric: name of the property.")
@calculating
def plan(metric: str | None, workspace: Path | None, dataset: str | None, **given: Any) -> Any:
    """Say how many units find a lift, or which lift some units find.

    With --metric the baseline, its spread and the users a day come from past data, and the
    test is tried on random splits of it in which nothing differs (A/A).

    \b
    Examples:
      ga4 experiment plan --baseline 0.05 --lift 0.1 --power 0.8
      ga4 experiment plan --baseline 0.05 --units 20000
      ga4 experiment plan --baseline 31.5 --sd 80 --lift 0.05 --units-per-day 4000
      ga4 experiment plan --metric purchase --exposure session_start --lift 0.1
    """
    past = {name: given.pop(name) for name in PAST}
    if metric is None:
        told = [name for name, value in past.items() if value is not None]
        if given["baseline"] is None or told:
            raise click.UsageError("Give --baseline, or --metric for past data.")
        return calculators.plan(Plan(**given))
    known = [name for name in ("baseline", "sd", "units_per_day") if given.pop(name) is not None]
    if known:
        raise click.UsageError(f"--metric measures {known[0].replace('_', ' ')}; leave it out.")
    asked = Published.open(workspace or find_workspace(Path.cwd()), dataset=dataset)
    past = {name: value for name, value in past.items() if value is not None}
    return asked.experiment_plan(metric, **given, **past).result


def _pair(text: str) -> tuple[int, int]:
    parts = text.split("/")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        raise QuestionError(
            f"counts: {text!r} is not converted/units.",
            rule="Each variant is two whole numbers with a slash between them.",
            remedy="Write 120/1000 150/1000.",
        )
    return int(parts[0]), int(parts[1])


def _weights(text: str | None) -> tuple[float, ...]:
    return tuple(_numbers("split", text)) if text else ()


def _numbers(field: str, text: str, count: int | None = None) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or (count is not None and len(found) != count):
        raise QuestionError(
            f"{field}: {text!r} is not {count or 'some'} numbers with commas.",
            remedy=f"Write --{field} 1,1.",
        )
    return found
