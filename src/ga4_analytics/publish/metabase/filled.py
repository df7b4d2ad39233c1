"""A card's SQL with values in place of its filters, as Metabase would run it.

For what stands outside Metabase: tests, previews and the notes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ga4_analytics.publish.metabase.definitions import DATE, FILTERS, TAG, Card, Scene

Value = str | tuple[str, str]
"""What a filter is set to; the date filter: first and last day, ISO."""

_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True)
class Filled:
    """A statement with ``?`` parameters.

    Attributes:
        sql: The statement.
        params: Its parameters in order.
    """

    sql: str
    params: tuple[str, ...]


def filled(card: Card, values: Mapping[str, Value]) -> Filled:
    """Put values in place of a card's filters.

    Args:
        card: The card.
        values: By the filters' slugs; one that is missing is not set.

    Raises:
        KeyError: A filter outside ``[[ ]]`` has no value.

    >>> card = Card("a", "A", "", "line", ("m",), "select 1 from analytics.m "
    ...     "where x = {{dataset}} [[and {{date}}]]", ("a",), date_column="day")
    >>> filled(card, {"dataset": "ga4"})
    Filled(sql='select 1 from analytics.m where x = ? ', params=('ga4',))
    >>> filled(card, {"dataset": "ga4", "date": ("2026-01-01", "2026-01-31")}).sql
    'select 1 from analytics.m where x = ? and "analytics"."m"."day" between \
cast(? as date) and cast(? as date)'
    """

    def chosen(match: re.Match[str]) -> str:
        return match[1] if all(tag in values for tag in TAG.findall(match[1])) else ""

    params: list[str] = []

    def put(match: re.Match[str]) -> str:
        value = values[match[1]]
        if match[1] != DATE.slug:
            params.append(str(value))
            return "?"
        params.extend(value)
        column = f'"analytics"."{card.marts[0]}"."{card.date_column}"'
        return f"{column} between cast(? as date) and cast(? as date)"

    return Filled(TAG.sub(put, _OPTIONAL.sub(chosen, card.sql)), tuple(params))


def defaults(scene: Scene) -> dict[str, Value]:
    """What the filters of a dashboard are set to when it is opened."""
    chosen: dict[str, Value] = {
        each.slug: scene.choices(each)[0] for each in FILTERS.values() if each.required
    }
    return chosen | {DATE.slug: (scene.first_day, scene.last_day)}
