"""Segments side by side, and a user's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from ga4_analytics.questions.comparison import SegmentsResult
from ga4_analytics.questions.user import UserResult
from ga4_analytics.render import text
from ga4_analytics.render.answers.parts import ACCENT, DIM, Cell, days_of, heading, short, table

_MOST_COMBINATIONS = 12
_QUIET = ("engagement_msec", "landing_page", "language", "browser", "operating_system", "platform")


def segments(result: SegmentsResult, width: int) -> list[RenderableType]:
    """A row a segment, a row a pair, and who is in which exactly."""
    out: list[RenderableType] = [heading("Segments", (days_of(result.finality),)), ""]
    heads = ["segment", "members", "users", "of all", "events", "sessions", "orders", "gross"]
    rows: list[list[Cell]] = [
        [
            each.name or "(all users)",
            text.count(each.members),
            text.count(each.users),
            text.percent(each.share),
            text.count(each.events),
            text.count(each.sessions),
            text.count(each.orders),
            text.dollars(each.gross_usd_micros, cents=False),
        ]
        for each in (*result.segments, result.everybody)
    ]
    out.append(table(heads, rows, width=width))
    if result.overlaps:
        out += ["", _overlaps(result, width)]
    if len(result.segments) > 1:
        out += ["", *_combinations(result, width)]
    return out


def _overlaps(result: SegmentsResult, width: int) -> RenderableType:
    rows: list[list[Cell]] = [
        [
            f"{pair.first} & {pair.second}",
            text.count(pair.users),
            text.percent(pair.of_first),
            text.percent(pair.of_second),
            text.percent(pair.of_either),
        ]
        for pair in result.overlaps
    ]
    return table(["both", "users", "of first", "of second", "of either"], rows, width=width)


def _combinations(result: SegmentsResult, width: int) -> list[RenderableType]:
    found = result.combinations[:_MOST_COMBINATIONS]
    most = max((each.users for each in found), default=0)
    rows: list[list[Cell]] = [
        [
            " & ".join(each.segments) or "(no segment)",
            Text(text.bar(each.users / most if most else 0.0, 20), style=ACCENT),
            text.count(each.users),
        ]
        for each in found
    ]
    return [table(["in exactly", "", "users"], rows, left=2, width=width)]


def user(result: UserResult, width: int) -> list[RenderableType]:
    """A line an event, under its day and session."""
    about = (
        f"{text.count(result.events)} events", f"{text.count(result.sessions)} sessions",
        f"first seen {result.first_day}, last {result.last_day}",
    )  # fmt: skip
    out: list[RenderableType] = [heading(f"User {result.key}", about)]
    before: tuple[Any, ...] | None = None
    for event in result.timeline:
        if (event.day, event.session) != before:
            before = (event.day, event.session)
            session = f"session {event.session}" if event.session else "no session"
            out += ["", Text(f"{event.day}  {session}", style="bold")]
        moment = (event.local or event.utc or "")[11:19] or text.NOTHING
        head = f"  {moment:<8}{'~' if event.tied else ' '} {short(event.event, 24):<24}  "
        out.append(Text.assemble(head, (short(_values(event.columns), width - len(head)), DIM)))
    notes = ["~ nothing tells the order"] if any(event.tied for event in result.timeline) else []
    if result.next_skip is not None:
        notes.append(f"more with --skip {result.next_skip}")
    return [*out, Text("; ".join(notes), style=DIM)] if notes else out


def _values(columns: Mapping[str, Any]) -> str:
    """What is worth a glance, without the names of the columns that speak for themselves."""
    shown = []
    for name, value in columns.items():
        if value in (None, "", ()) or name in _QUIET:
            continue
        if isinstance(value, (list, tuple)):
            value = ", ".join(map(str, value))
        shown.append(f"{name} {value:,.2f}" if isinstance(value, float) else str(value))
    return " · ".join(shown)


SHOWN = {"SegmentsResult": segments, "UserResult": user}
