"""What several tests of this folder look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from export_events import NOW_US, write_events

from ga4_analytics.exports.request import FORMATS, ExportRequest
from ga4_analytics.workspace import Workspace


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("hostile events")
    workspace = Workspace.open(folder, timezone="UTC", clock=lambda: NOW_US)
    workspace.load([write_events(folder / "events.json")])
    workspace.build()
    yield workspace
    workspace.close()


@pytest.fixture(scope="session")
def folders(hostile: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An export of everything in each format."""
    place = tmp_path_factory.mktemp("exports")
    for name in FORMATS:
        hostile.export_to(ExportRequest(name), place / name)
    return {name: place / name for name in FORMATS}
