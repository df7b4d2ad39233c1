"""Which time zone the dates of a load were made with."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from ga4_analytics.errors import SettingsError
from ga4_analytics.sources.zones import (
    DaySpan,
    fitting_zones,
    misdated,
    offset_sql,
    transitions,
)

TOLERATED = 0.01
"""Share of events that may fall on another day, as late hits do, before a zone is wrong."""


@dataclass(frozen=True)
class ChosenZone:
    """The property's zone.

    Attributes:
        name: The zone; None when no event has a timestamp to tell it by.
        candidates: How many zones fit when it was inferred; 0 when it was set.
    """

    name: str | None
    candidates: int


def choose_zone(engine: duckdb.DuckDBPyConnection, setting: str | None, file: str) -> ChosenZone:
    """Check the zone that is set, or infer it from dates and timestamps.

    Args:
        engine: A DuckDB with the view ``staged_events``.
        setting: The zone that is set, or None.
        file: A file's name, for messages.

    Raises:
        SettingsError: More than 1 % of the events fall on another day in the zone that is set,
            or no zone fits.
    """
    spans = _spans(engine, 0.0)
    if not spans:
        return ChosenZone(setting, 0)
    if setting is not None:
        if misdated(setting, spans):
            _check_share(engine, setting, spans, file)
        return ChosenZone(setting, 0)
    fitting = fitting_zones(spans) or fitting_zones(_spans(engine, TOLERATED / 2))
    if not fitting:
        raise SettingsError(
            f"No time zone makes the dates of {file} from its timestamps.",
            rule="event_date is the day of event_timestamp in the property's zone.",
            remedy="Check both columns; if they are right, set timezone in ga4.toml.",
        )
    return ChosenZone(fitting[0], len(fitting))


def _spans(engine: duckdb.DuckDBPyConnection, trim: float) -> list[DaySpan]:
    """The first and last event of each day, without the outermost share of ``trim``."""
    edges = (
        f"quantile_disc(event_timestamp, [{trim}, {1 - trim}])"
        if trim
        else "[min(event_timestamp), max(event_timestamp)]"
    )
    rows = engine.execute(
        f"""select event_date, edges[1], edges[2], events from (
            select event_date, {edges} as edges, count(*) as events
            from staged_events where event_timestamp is not null group by 1
        ) order by event_date"""
    ).fetchall()
    return [DaySpan(*row) for row in rows]


def _check_share(
    engine: duckdb.DuckDBPyConnection, zone: str, spans: list[DaySpan], file: str
) -> None:
    changes = transitions(zone, spans[0].event_date, spans[-1].event_date)
    offset = offset_sql("event_timestamp", changes)
    local = f"(event_timestamp + ({offset})::bigint * 60000000) // 86400000000"
    row = engine.execute(
        f"""select count(*), count(*) filter ({local} <> event_date - date '1970-01-01')
        from staged_events where event_timestamp is not null"""
    ).fetchone()
    total, wrong = row if row else (0, 0)
    if wrong <= total * TOLERATED:
        return
    example = misdated(zone, spans)[0]
    fitting = fitting_zones(spans)[:5]
    fits = f"These zones fit: {', '.join(fitting)}." if fitting else "No zone fits all of them."
    raise SettingsError(
        f"timezone = {zone!r} disagrees with {file}: {wrong:,} of {total:,} events fall on another "
        f"day than their event_date, for example on {example.event_date}.",
        rule="event_date is the day of event_timestamp in the property's zone.",
        remedy=f'{fits} Set timezone in ga4.toml, or "auto".',
    )
