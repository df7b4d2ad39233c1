"""The commands of ``ga4 segments``: keep segments of users, and compare them."""

from __future__ import annotations

import json
from typing import Any

import click

from ga4_analytics.cli.asking import Ask, asking, published
from ga4_analytics.publish.saved_segments import (
    delete_segment,
    read_segment,
    save_segment,
    saved_segments,
)
from ga4_analytics.questions import build_more
from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.segments import segment_in_words
from ga4_analytics.questions.users_text import users_from


@click.group()
def segments() -> None:
    """Segments of users: save them under names, count them, compare them.

    \b
    Examples:
      ga4 segments save buyers --did purchase
      ga4 segments save lapsed --did 'purchase>=2' --never refund --last-days 30
      ga4 segments compare buyers lapsed
      ga4 funnel view_item purchase --segment buyers
    """


@segments.command()
@click.argument("name")
@click.argument("users", required=False, metavar="[JSON]")
@click.option("--did", multiple=True, metavar="EVENT[>=N]",
              help="Who did it, or did it N times or more (also <=N, =N).")  # fmt: skip
@click.option("--never", multiple=True, metavar="EVENT", help="Who never did it.")
@click.option("--sequence", metavar="EVENT,EVENT,...", help="Who did these in order.")
@click.option("--within", default="", metavar="SPAN", help="... from the first to the last.")
@click.option("--new", is_flag=True, help="Who was new.")
@click.option("--any", "any_of", is_flag=True, help="One condition is enough; else all.")
@click.option("--from", "start", metavar="DATE", help="First day that counts.")
@click.option("--to", "end", metavar="DATE", help="Last day that counts.")
@click.option("--last-days", type=int, metavar="N", help="Count the last N days alone.")
@click.option("--replace", is_flag=True, help="An older one of that name may go.")
@published
def save(ask: Ask, name: str, users: str | None, replace: bool, **given: Any) -> None:
    """Save a segment under NAME, from options or from JSON (docs/questions.md).

    \b
    Examples:
      ga4 segments save buyers --did purchase
      ga4 segments save regulars --did 'session_start>=5' --last-days 28
      ga4 segments save hesitant --sequence view_item,add_to_cart --within 1h --never purchase
      ga4 segments save new '{"type": "was_new"}'
    """
    segment = users_from(users, **given)
    path = save_segment(ask.published.settings.workspace, name, segment, replace=replace)
    ask.screen.done(f"Wrote {path}: users who {segment_in_words(segment)}.")
    ask.screen.document({"version": 1, "name": name, "users": encode(segment)})


@segments.command("list")
@published
def list_(ask: Ask) -> None:
    """List the saved segments.

    \b
    Example:
      ga4 segments list
    """
    folder = ask.published.settings.workspace
    found = {name: read_segment(folder, name) for name in saved_segments(folder)}
    for name, segment in found.items():
        ask.screen.line(f"{name}: users who {segment_in_words(segment)}")
    if not found:
        ask.screen.line("No segment is saved yet: ga4 segments save --help.")
    listed = [{"name": name, "users": encode(segment)} for name, segment in found.items()]
    ask.screen.document({"version": 1, "segments": listed})


@segments.command()
@click.argument("name")
@published
def show(ask: Ask, name: str) -> None:
    """Say who is in a saved segment, in words and as JSON.

    \b
    Example:
      ga4 segments show buyers
    """
    segment = ask.published.saved_segment(name)
    ask.screen.line(f"Users who {segment_in_words(segment)}.")
    ask.screen.line(json.dumps(encode(segment), indent=2, ensure_ascii=False))
    ask.screen.document({"version": 1, "name": name, "users": encode(segment)})


@segments.command()
@click.argument("name")
@published
def delete(ask: Ask, name: str) -> None:
    """Delete a saved segment.

    \b
    Example:
      ga4 segments delete buyers
    """
    delete_segment(ask.published.settings.workspace, name)
    ask.screen.done(f"Deleted {name}.")
    ask.screen.document({"version": 1, "deleted": name})


def _compare(ask: Ask, names: tuple[str, ...]) -> None:
    def made() -> Any:
        return build_more.segments(*names, **ask.query, saved=ask.published.saved_segment)

    ask.about("segments", made)


@segments.command()
@click.argument("names", nargs=-1)
@asking
def compare(ask: Ask, names: tuple[str, ...]) -> None:
    """Saved segments side by side: users, events, sessions, orders, revenue, overlap.

    \b
    Examples:
      ga4 segments compare buyers regulars
      ga4 segments compare buyers --from 2020-12-01 --json
    """
    _compare(ask, names)


@segments.command()
@click.argument("first")
@click.argument("second")
@click.argument("more", nargs=-1)
@asking
def overlap(ask: Ask, first: str, second: str, more: tuple[str, ...]) -> None:
    """How many users two or more saved segments have in common.

    \b
    Example:
      ga4 segments overlap buyers regulars --plot overlap.png
    """
    _compare(ask, (first, second, *more))
