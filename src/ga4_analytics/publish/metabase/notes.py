"""The page about the dashboards: what each card shows, how to read it, and its SQL."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards import DASHBOARDS
from ga4_analytics.publish.metabase.definitions import Card, Dashboard

_HEAD = """\
# The Metabase dashboards

Written by `ga4 docs` from the definitions in `src/ga4_analytics/publish/metabase/dashboards`:
change them there, not this page. `ga4 metabase` makes them on a Metabase server, `ga4 metabase
--preview FOLDER` draws them without one.

A card selects from the marts of schema `analytics`. It may add up counts that add up over days or
cohorts and divide one sum by another; it never counts, and distinct users are read from the slice
that the filters choose, never added up. `{{name}}` is a filter's value; what stands in `[[ ]]` is
left out while its filter is not set."""


def dashboard_notes() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for board in DASHBOARDS:
        parts += [_board(board), *(_card(card) for card, _ in board.cards)]
    return "\n\n".join(parts) + "\n"


def _board(board: Dashboard) -> str:
    filters = ", ".join(each.label for each in board.filters)
    return f"## {board.name}\n\n{board.about} Filters: {filters}."


def _card(card: Card) -> str:
    takes = ", ".join(each.label for each in card.filters)
    marts = ", ".join(f"`{mart}`" for mart in card.marts)
    return (
        f"### {card.name}\n\n{card.about}\n\n"
        f"Shown as {card.display}, from {marts}. Takes: {takes}.\n\n```sql\n{card.sql}\n```"
    )
