"""Fixtures for everybody."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from postgres_server import HINT, PostgresServer, find_programs, running_server

# How fast cases are made and run says something of the machine, not of the program.
settings.register_profile("ga4", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ga4")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A Postgres server for the whole run (of each xdist worker)."""
    programs = find_programs()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HINT)
        pytest.skip(HINT)
    with running_server(programs) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh, empty database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def postgres_icu_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh database whose default collation is English by ICU."""
    with postgres_server.database("icu") as url:
        yield url
