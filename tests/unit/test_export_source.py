"""Which rows belong to a chunk of an export, on tables made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ga4_analytics.exports.request import ExportRequest
from ga4_analytics.exports.source import Source
from ga4_analytics.warehouse.duckdb import DuckDBWarehouse

SQL = (
    "select event_id, session_start_us from {events} as events left join {sessions} as sessions "
    "on events.dataset = sessions.dataset and events.session_key = sessions.session_key"
)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    """Three days: a session goes on over midnight, one of its events has no time."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute("create schema analytics")
        engine.execute(
            "create table analytics.int_events as select 'ga4' as dataset, * from (values "
            "(date '2026-03-01', 'a', 100, 's'), (date '2026-03-02', 'b', null, 's'), "
            "(date '2026-03-03', 'c', 300, 't'), (date '2026-03-03', 'd', 400, null)"
            ") as told (event_date, event_id, event_timestamp, session_key)"
        )
        engine.execute("create view analytics.stg_ga4_events as from analytics.int_events")
        engine.execute(
            "create table analytics.int_sessions as select 'ga4' as dataset, * from (values "
            "('s', 100, 100), ('t', 50, 300)) as told (session_key, session_start_us, "
            "session_end_us)"
        )
        engine.execute(
            "create table analytics.stg_ga4_days as select dataset, event_date, "
            "count(*) as raw_events from analytics.int_events group by all"
        )
    warehouse = DuckDBWarehouse(path, tmp_path)
    yield Source(warehouse, "ga4", ExportRequest("segment"))
    warehouse.close()


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_every_event_finds_its_session_however_days_are_put_together(
    source: Source, limit: int
) -> None:
    found = {
        row["event_id"]: row["session_start_us"]
        for chunk in source.chunks(limit)
        for batch in source.events(chunk, SQL)
        for row in batch.to_pylist()
    }
    assert found == {"a": 100, "b": 100, "c": 50, "d": None}
