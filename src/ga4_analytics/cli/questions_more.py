"""Commands that ask: paths, revenue, user."""

from __future__ import annotations

from typing import Any

import click

from ga4_analytics.cli.asking import Ask, asking
from ga4_analytics.questions import build_more


@click.command()
@click.argument("anchor", required=False)
@click.option("--ending", "to_anchor", is_flag=True,
              help="What came before ANCHOR, the nearest first.")  # fmt: skip
@click.option("--depth", type=int, default=5, show_default=True, help="Most steps of a path.")
@click.option("--per", type=click.Choice(["session", "user"]), default="session",
              show_default=True, help="What a path stays within.")  # fmt: skip
@click.option("--window", default="", metavar="SPAN",
              help="Longest time between the anchor and a step, as 30m.")  # fmt: skip
@click.option("--anchors", type=click.Choice(["every", "first", "last"]), default="every",
              show_default=True, help="Which anchors have a path.")  # fmt: skip
@click.option("--step", default="event_name", show_default=True, metavar="COLUMN",
              help="The column whose values are the steps, as page_path.")  # fmt: skip
@click.option("--hide", multiple=True, metavar="EVENT", help="An event that is no step.")
@click.option("--merge", is_flag=True, help="Leave out a step that equals the one before it.")
@click.option("--shown", type=int, default=20, show_default=True, help="Paths that are listed.")
@asking
def paths(
    ask: Ask, anchor: str | None, to_anchor: bool, hide: tuple[str, ...], **options: Any
) -> None:
    """What comes after ANCHOR, or before it: step by step, and whole paths.

    \b
    Examples:
      ga4 paths session_start --depth 4
      ga4 paths purchase --ending --per user --merge
      ga4 paths session_start --step page_path --hide scroll --plot paths.png
    """

    def made() -> Any:
        if anchor is None:
            raise click.UsageError("Name the event at which paths begin or end.")
        direction = "to" if to_anchor else "from"
        given = options | ask.query | {"direction": direction, "hide": hide}
        return build_more.paths(anchor, **given, saved=ask.published.saved_segment)

    ask.about("paths", made)


@click.command()
@click.option("--interval", type=click.Choice(["day", "week", "month"]), default="day",
              show_default=True, help="Length of a bucket.")  # fmt: skip
@click.option("--periods", type=int, metavar="N",
              help="Follow what each cohort of new users brought for N buckets more.")  # fmt: skip
@asking
def revenue(ask: Ask, **options: Any) -> None:
    """Orders counted once, refunds, average order, value of a user and of a cohort.

    \b
    Examples:
      ga4 revenue
      ga4 revenue --interval month --by country --top 5
      ga4 revenue --interval week --periods 8 --plot revenue.png
    """

    def made() -> Any:
        return build_more.revenue(**options, **ask.query, saved=ask.published.saved_segment)

    ask.about("revenue", made)


@click.command()
@click.argument("key", required=False)
@click.option("--skip", type=int, default=0, show_default=True, help="Events to skip.")
@click.option("--limit", type=int, default=100, show_default=True, help="Events at most.")
@asking
def user(ask: Ask, key: str | None, **options: Any) -> None:
    """Everything that one user did, session by session.

    KEY is what `ga4 funnel ... --users-of` lists.

    \b
    Examples:
      ga4 user 82023966.6010891291
      ga4 user 82023966.6010891291 --from 2020-11-01 --limit 20
    """

    def made() -> Any:
        if key is None:
            raise click.UsageError("Name the user.")
        return build_more.user(key, **options, **ask.query, saved=ask.published.saved_segment)

    ask.about("user", made)
