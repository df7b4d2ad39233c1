"""The index of a staged warehouse, built once and kept."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from ga4_analytics.errors import StaleError
from ga4_analytics.index.build import Plan, build_index
from ga4_analytics.index.columns import DEFAULT_COLUMNS
from ga4_analytics.index.manifest import manifest_text, read_manifest
from ga4_analytics.index.open import open_index
from ga4_analytics.index.reader import Index
from versus.staged import open_staged


def plan_of(folder: Path, state: str = "state") -> Plan:
    """What the index shall be."""
    return Plan("ga4", DEFAULT_COLUMNS, "device", "UTC", "benchmark", folder / state)


def make_index(folder: Path) -> Path:
    """Build the index where it is not there or of another format; gives its manifest's file."""
    path = folder / "manifest.json"
    if path.exists():
        # A file of an earlier format does not open.
        with contextlib.suppress(StaleError):
            open_built(folder)
            return path
    started = time.perf_counter()
    warehouse = open_staged(folder)
    built = build_index(warehouse, plan_of(folder))
    warehouse.close()
    path.write_text(manifest_text(built.manifest), encoding="utf-8")
    print(f"index: {time.perf_counter() - started:.0f} s", flush=True)
    return path


def open_built(folder: Path) -> Index:
    """Open it."""
    manifest = read_manifest(folder / "manifest.json")
    return open_index(manifest, plan_of(folder).root, "benchmark")
