"""The commands of ``ga4 churn``: train a model, score users with it, read its card."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ga4_analytics.analyses.ask import spec_from
from ga4_analytics.cli.asking import CSV, PLOT, tell
from ga4_analytics.cli.options import Place, placed
from ga4_analytics.errors import QuestionError

_DAYS = (
    ("window-days", "window_days", 28, "Days before a cutoff that a model looks at."),
    ("gap-days", "gap_days", 3, "Days after it that count neither way: late rows come in them."),
    ("horizon-days", "horizon_days", 14, "Days after the gap; a churner is active on none."),
    ("step-days", "step_days", 7, "Days from one cutoff to the next."),
    ("test-cutoffs", "test_cutoffs", 2, "How many of the last cutoffs judge the models."),
    ("least-active-days", "least_active_days", 2, "Active days that make a user one of them."),
    ("resamples", "resamples", 400, "How often users are drawn again for an interval."),
    ("seed", "seed", 7, "Where chance comes from."),
)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


def _numbers(command: Any) -> Any:
    for flag, name, default, words in reversed(_DAYS):
        command = click.option(
            f"--{flag}", name, type=int, default=default, show_default=True, help=words
        )(command)
    return command


@click.group()
def churn() -> None:
    """Churn: train a model on who came back, score users, read the model's card.

    \b
    Examples:
      ga4 churn train
      ga4 churn score
      ga4 churn card
    """


@churn.command()
@_numbers
@click.option("--active", default="", metavar="EVENT,...", help="Events that make a user active; "
              "default: any event.")  # fmt: skip
@click.option("--target", type=click.Choice(["rarer", "churn", "return"]), default="rarer",
              show_default=True, help="What is looked for.")  # fmt: skip
@click.option("--models", default="", metavar="MODEL,...", help="logistic, "
              "hist_gradient_boosting, xgboost; default: all that are installed.")  # fmt: skip
@click.option("--leave-out", default="", metavar="FEATURE,...", help="Features not to use.")
@click.option("--spec", type=_FILE, metavar="FILE", help="The whole question as JSON, in place "
              "of the options above.")  # fmt: skip
@CSV
@PLOT
@placed
def train(
    place: Place, spec: Path | None, csv: Path | None, plot: Path | None, **options: Any
) -> None:
    """Train models on early cutoffs, judge them on later ones, keep the best; or refuse.

    A model is kept where it ranks users better than the days since they were last seen; else
    that rule is. Writes the model's card into reports/churn.

    \b
    Examples:
      ga4 churn train
      ga4 churn train --horizon-days 28 --least-active-days 3
      ga4 churn train --active purchase --models logistic --json
    """
    question = spec_from(_read(spec), "churn") if spec else None
    answer = place.open().churn_train(question, **({} if spec else options))
    tell(answer, place.screen, plot, csv)


@churn.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The first day "
              "of which nothing is known; default: after the last complete one.")  # fmt: skip
@CSV
@PLOT
@placed
def score(place: Place, as_of: datetime | None, csv: Path | None, plot: Path | None) -> None:
    """Write every user's chance to churn into results.churn_scores, all or nothing.

    The features are worked out in SQL as well and must be the same. Scores of other days stay.

    \b
    Examples:
      ga4 churn score
      ga4 churn score --as-of 2021-01-15
    """
    answer = place.open().churn_score(as_of.date() if as_of else None)
    tell(answer, place.screen, plot, csv)


@churn.command()
@CSV
@PLOT
@placed
def card(place: Place, csv: Path | None, plot: Path | None) -> None:
    """Show how well the kept model does, and write its card again (docs/churn.md).

    \b
    Examples:
      ga4 churn card
      ga4 churn card --plot churn.png
    """
    answer, path = place.open().churn_card()
    tell(answer, place.screen, plot, csv)
    if str(csv) != "-":
        place.screen.done(f"Wrote {path}.")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        content = error
    if isinstance(content, dict):
        return content
    raise QuestionError(
        f"spec: {path} is not a JSON object: {content}.",
        rule="It holds one JSON object, the `spec` of an answer's --json.",
        remedy="See docs/json.md.",
    )
