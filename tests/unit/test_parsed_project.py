"""What dbt parsed is kept, and only used where it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ga4_analytics.transform.parsed import KEPT, keep_parsed, place_of, read_parsed

DUCKDB = {"type": "duckdb", "path": "/one/ga4.duckdb", "schema": "analytics"}
POSTGRES = {"type": "postgres", "dbname": "ga4", "schema": "analytics", "host": "a"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("output", "variables", "is_same"),
    [
        (DUCKDB, {"a": 1}, True),
        (DUCKDB | {"path": "/two/ga4.duckdb"}, {"a": 1}, True),
        (DUCKDB | {"path": "/one/other.duckdb"}, {"a": 1}, False),
        (DUCKDB | {"schema": "mine"}, {"a": 1}, False),
        (DUCKDB, {"a": 2}, False),
        (POSTGRES, {"a": 1}, False),
    ],
)
def test_the_place_is_named_by_what_parsing_reads(
    output: dict[str, Any], variables: dict[str, Any], is_same: bool
) -> None:
    assert (place_of(output, variables) == place_of(DUCKDB, {"a": 1})) is is_same


def test_the_servers_address_does_not_matter() -> None:
    assert place_of(POSTGRES | {"host": "b"}, {}) == place_of(POSTGRES, {})


def test_a_damaged_file_is_dropped() -> None:
    place = place_of(DUCKDB, {})
    assert place is not None and read_parsed(place) is None
    place.write_bytes(b"not a manifest")
    assert read_parsed(place) is None and not place.exists()


def test_the_oldest_go(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"x")
    for number in range(KEPT + 3):
        keep_parsed(made, place_of(DUCKDB, {"n": number}))
    place = place_of(DUCKDB, {"n": KEPT + 2})
    assert place is not None and place.read_bytes() == b"x"
    assert len(list(place.parent.glob("*.msgpack"))) == KEPT


def test_a_home_that_cannot_be_written_costs_nothing_but_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert place_of(DUCKDB, {}) is None
    assert read_parsed(None) is None
    keep_parsed(tmp_path / "file", None)
