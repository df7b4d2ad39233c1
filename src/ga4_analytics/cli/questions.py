"""Commands that ask: funnel, retention, trends, lifecycle, stickiness, sessions."""

from __future__ import annotations

from typing import Any

import click

from ga4_analytics.cli.asking import Ask, asking
from ga4_analytics.questions import build
from ga4_analytics.render.answer import JSON_VERSION

_UNITS = click.Choice(["day", "week", "month"])
_WEEKS = click.option(
    "--week-starts",
    type=click.Choice(["monday", "sunday"]),
    default="monday",
    show_default=True,
    help="Which day a week starts with.",
)
_UNIT = click.option(
    "--unit", type=_UNITS, default="day", show_default=True, help="Length of a period."
)


@click.command()
@click.argument("steps", nargs=-1, metavar="STEP...")
@click.option("--window", default="7d", show_default=True, metavar="SPAN",
              help="Longest time from the entry to any step: 30m, 24h, 7d, or none.")  # fmt: skip
@click.option("--step-window", metavar="SPAN", help="Longest time from one step to the next.")
@click.option("--least", metavar="SPAN", default=0, help="Shortest time from one step to the next.")
@click.option("--order", type=click.Choice(["ordered", "strict", "any"]), default="ordered",
              show_default=True, help="Whether other events may come between (ordered), none may "
              "(strict), or the steps come in any order.")  # fmt: skip
@click.option("--per", "counting", type=click.Choice(["user", "session", "attempt"]),
              default="user", show_default=True, help="What is counted.")  # fmt: skip
@click.option("--exclude", multiple=True, metavar="EVENT[@N-M]",
              help="An event that ends an attempt, between steps N and M.")  # fmt: skip
@click.option("--optional", multiple=True, type=int, metavar="N",
              help="A step that later ones do not need.")  # fmt: skip
@click.option("--attribution", default="first", show_default=True, metavar="WHICH",
              help="Whose property tells the group: first, last, all, or step:N.")  # fmt: skip
@click.option("--rules", default="ours", show_default=True, metavar="NAME[,NAME...]",
              help="Whose definitions: ours, amplitude, mixpanel, posthog, ga4, growthbook, "
              "clickhouse, openpanel, mitzu, umami; several side by side; all.")  # fmt: skip
@click.option("--users-of", metavar="N[:dropped|:open]",
              help="List the users of bar N instead, or those who came no further.")  # fmt: skip
@asking
def funnel(
    ask: Ask, steps: tuple[str, ...], rules: str, users_of: str | None, **options: Any
) -> None:
    """How many go from STEP to STEP, how fast, and where they stop.

    A step is an event, several with | between, and conditions in brackets.

    \b
    Examples:
      ga4 funnel session_start page_view view_item --window 7d --by device_category
      ga4 funnel view_item 'purchase[revenue_usd>=50]' --from 2020-11-01 --to 2021-01-31
      ga4 funnel view_item 'add_to_cart|begin_checkout' purchase --per session --plot funnel.png
      ga4 funnel view_item purchase --exclude remove_from_cart@1-2 --window 24h
      ga4 funnel session_start view_item purchase --rules ours,amplitude,ga4
      ga4 funnel view_item purchase --users-of 1:dropped --json
    """

    names = build.rules_of(rules)
    options |= ask.query

    def made() -> Any:
        return build.funnel(*steps, **options, rules=names[0], saved=ask.published.saved_segment)

    if users_of is not None:
        _list_users(ask, ask.spec_of("funnel", made), users_of)
    elif len(names) > 1:
        ask.tell(ask.published.compare_rules(ask.spec_of("funnel", made), rules=names))
    else:
        ask.about("funnel", made)


def _list_users(ask: Ask, spec: Any, wanted: str) -> None:
    step, _, kind = wanted.partition(":")
    if not step.isdecimal() or kind not in ("", "dropped", "open"):
        raise click.UsageError("--users-of takes a step's number, as 3, 3:dropped or 3:open.")
    keys = ask.published.funnel_users(spec, int(step), kind or "reached")
    for key in keys:
        ask.screen.line(key)
    ask.screen.document({"version": JSON_VERSION, "users": keys})


@click.command()
@click.argument("start_event", default="*")
@click.argument("return_event", default="*")
@click.option("--entry", type=click.Choice(["first_ever", "first_in_range", "recurring"]),
              default="first_ever", show_default=True, help="Which start event brings a user into "
              "a cohort.")  # fmt: skip
@click.option("--include-left-truncated", is_flag=True,
              help="Keep users who were there before the data.")  # fmt: skip
@click.option("--mode", type=click.Choice(["bounded", "unbounded", "bracket"]), default="bounded",
              show_default=True, help="Back in period N exactly, in N or later, or in a bracket "
              "of periods.")  # fmt: skip
@click.option("--brackets", default="", metavar="A-B,...", help="The brackets, as 1-7,8-14.")
@click.option("--clock", type=click.Choice(["calendar", "rolling"]), default="calendar",
              show_default=True, help="Days of the calendar, or 24 hours each from the start "
              "event.")  # fmt: skip
@_UNIT
@click.option("--periods", type=int, default=30, show_default=True, help="The last period.")
@click.option("--value", metavar="COLUMN", help="A column to sum over return events.")
@click.option("--bootstrap", type=int, default=0, metavar="N", help="Resample users N times for "
              "the pooled curve's interval.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the resampling.")
@_WEEKS
@asking
def retention(ask: Ask, start_event: str, return_event: str, **options: Any) -> None:
    """Who comes back: users by their first START_EVENT, and their next RETURN_EVENT.

    Both are any event where they are not given.

    \b
    Examples:
      ga4 retention
      ga4 retention first_visit purchase --unit week --periods 12
      ga4 retention session_start --mode unbounded --by device_category
      ga4 retention purchase purchase --entry recurring --unit month --value revenue_usd
      ga4 retention --brackets 1-7,8-14,15-30 --plot retention.png
    """

    def made() -> Any:
        saved = ask.published.saved_segment
        return build.retention(start_event, return_event, **options, **ask.query, saved=saved)

    ask.about("retention", made)


@click.command()
@click.argument("series", nargs=-1)
@click.option("--measure", default="events", show_default=True,
              help="What is counted where a series does not say: events, users, sessions, "
              "active_users, new_users, rolling_7d_users, rolling_28d_users, sum, average, min, "
              "max, percentile, per_user, percentile_per_user.")  # fmt: skip
@click.option("--column", metavar="COLUMN", help="The column of numbers that it is taken of.")
@click.option("--percentile", type=float, default=50.0, show_default=True, help="Which one.")
@click.option("--granularity", type=click.Choice(["hour", "day", "week", "month"]), default="day",
              show_default=True, help="Length of a bucket.")  # fmt: skip
@click.option("--formula", "formulas", multiple=True, metavar="FORMULA",
              help="Made of the series A, B, C, ..., as 'B / A * 100'.")  # fmt: skip
@click.option("--compare", metavar="PERIOD",
              help="An earlier period beside it: period, '1 week', '28 days'.")  # fmt: skip
@_WEEKS
@asking
def trends(ask: Ask, series: tuple[str, ...], **options: Any) -> None:
    """Numbers over time, one line for each of SERIES; all events where there is none.

    A series is an event as in `ga4 funnel`, with a measure before it where it is not the
    number of events: 'users of purchase', 'sum(revenue_usd) of purchase',
    'p90(engagement_msec) of page_view', 'p50_per_user of page_view'.

    \b
    Examples:
      ga4 trends page_view purchase --granularity week
      ga4 trends 'users of purchase' --by device_category --compare period
      ga4 trends 'users of view_item' 'users of purchase' --formula 'B / A * 100'
      ga4 trends --measure rolling_7d_users --plot users.png
    """

    def made() -> Any:
        return build.trends(*series, **options, **ask.query, saved=ask.published.saved_segment)

    ask.about("trends", made)


@click.command()
@click.argument("event", default="*")
@_UNIT
@_WEEKS
@asking
def lifecycle(ask: Ask, event: str, **options: Any) -> None:
    """New, returning, resurrecting and dormant users of EVENT, period by period.

    \b
    Examples:
      ga4 lifecycle
      ga4 lifecycle purchase --unit month
      ga4 lifecycle page_view --unit week --by device_category --plot lifecycle.png
    """

    def made() -> Any:
        return build.lifecycle(event, **options, **ask.query, saved=ask.published.saved_segment)

    ask.about("lifecycle", made)


@click.command()
@click.argument("event", default="*")
@_UNIT
@_WEEKS
@asking
def stickiness(ask: Ask, event: str, **options: Any) -> None:
    """On how many days, weeks or months users did EVENT.

    \b
    Examples:
      ga4 stickiness
      ga4 stickiness purchase --unit week
      ga4 stickiness page_view --from 2020-11-01 --to 2020-11-30 --by country
    """

    def made() -> Any:
        return build.stickiness(event, **options, **ask.query, saved=ask.published.saved_segment)

    ask.about("stickiness", made)


@click.command()
@click.argument("event", default="*")
@click.option("--gap", default="30m", show_default=True, metavar="SPAN",
              help="Longest gap inside a session.")  # fmt: skip
@click.option("--granularity", type=_UNITS, default="day", show_default=True,
              help="Length of a bucket.")  # fmt: skip
@_WEEKS
@asking
def sessions(ask: Ask, event: str, **options: Any) -> None:
    """Sessions told by gaps in time alone, whatever session ids say.

    \b
    Examples:
      ga4 sessions
      ga4 sessions --gap 1h --granularity week
    """

    def made() -> Any:
        return build.sessions(event, **options, **ask.query, saved=ask.published.saved_segment)

    ask.about("sessions", made)
