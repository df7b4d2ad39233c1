#!/usr/bin/env python3
"""Time each export of a workspace, beside DuckDB's own writers of JSON and of CSV.

    .venv/bin/python benchmarks/exports.py --workspace FOLDER

The workspace is built already, on the embedded warehouse. Each thing is written into a folder of
its own in a process of its own, so that peaks of memory are its own, and all take turns, so that
other work on the machine meets all alike. CPU seconds are those of the process, all threads.

The peers, ``COPY ... (FORMAT json)`` and ``(FORMAT csv)``, write the same columns in no order,
without a vendor's form, limits, checksums or files cut to requests. ``times`` is wall and CPU
time over those of the peer, from the medians.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ga4_analytics.exports.amplitude_heap import amplitude_heap_sql
from ga4_analytics.exports.product import export_product, product_sql
from ga4_analytics.exports.request import FORMATS, ExportRequest
from ga4_analytics.exports.source import EVENTS_SQL
from ga4_analytics.workspace import Workspace

FLAT, PRODUCT = "amplitude --csv", "events_product_analytics.csv"
_KEPT = f"""
select * exclude (refusal, is_user_id_refused, is_device_id_refused, event_date, user_key)
from ({amplitude_heap_sql()}) where refusal is null
"""
PEERS: dict[str, tuple[str, str]] = {
    "DuckDB COPY json": (EVENTS_SQL, "json"),
    f"DuckDB COPY csv: {FLAT}": (_KEPT, "csv, header"),
    f"DuckDB COPY csv: {PRODUCT}": (product_sql(), "csv, header"),
}
"""Peers by name: the select, and how it is written."""
JSON_PEER, FLAT_PEER, PRODUCT_PEER = PEERS
PEER_OF = dict.fromkeys(FORMATS, JSON_PEER) | {FLAT: FLAT_PEER, PRODUCT: PRODUCT_PEER}
"""What is measured, and beside which peer."""
Measured = dict[str, float]


def main() -> None:
    """Run what is asked, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True, help="A workspace that is built.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PEER_OF, default=list(PEER_OF))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.workspace, given.one)))
        return
    names = [*dict.fromkeys(PEER_OF[name] for name in given.only), *given.only]
    rounds = [
        {name: in_a_process(given.workspace, name) for name in names} for _ in range(given.runs)
    ]
    print("| what | events | MB | seconds | CPU seconds | times, wall | times, CPU | peak MB |")
    print("|-|-:|-:|-:|-:|-:|-:|-:|")
    medians = {name: middle([each[name] for each in rounds]) for name in names}
    for name, own in medians.items():
        peer = medians[PEER_OF.get(name, name)]
        print(f"| {name} | {own['events']:,.0f} | {own['bytes'] / 1e6:,.0f} | {own['wall']:.1f} "
              f"| {own['cpu']:.1f} | {own['wall'] / peer['wall']:.1f} "
              f"| {own['cpu'] / peer['cpu']:.1f} | {own['peak']:,.0f} |")  # fmt: skip


def middle(runs: list[Measured]) -> Measured:
    """The medians of some runs."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def in_a_process(workspace: Path, name: str) -> Measured:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--workspace", str(workspace), "--one", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(folder: Path, name: str) -> Measured:
    """Seconds, CPU seconds, megabytes at the peak, events and bytes of one export."""
    workspace = Workspace.open(folder)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        begun, used = time.perf_counter(), time.process_time()
        events, size = written(workspace, name, Path(place))
        wall, cpu = time.perf_counter() - begun, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "peak": peak, "events": events, "bytes": size}


def written(workspace: Workspace, name: str, place: Path) -> tuple[int, int]:
    """Write; give events and bytes."""
    if name in PEERS:
        return copied(workspace, *PEERS[name], place / "peer")
    if name == FLAT:
        flat = workspace.export_csv(ExportRequest("amplitude"), place / "flat.csv")
        return flat.rows, flat.bytes
    if name == PRODUCT:
        product = export_product(workspace.warehouse, place)
        return product.rows, product.bytes
    told: dict[str, Any] = workspace.export_to(ExportRequest(name, with_users=False), place / name)
    return told["events"]["rows"], told["events"]["bytes"]


def copied(workspace: Workspace, sql: str, how: str, path: Path) -> tuple[int, int]:
    """Let DuckDB write; give events and bytes."""
    import duckdb

    where = workspace.warehouse.describe()
    workspace.close()
    whole = sql.replace("{events}", "analytics.int_events")
    whole = whole.replace("{sessions}", "analytics.int_sessions")
    with duckdb.connect(where, read_only=True) as peer:
        peer.execute("set preserve_insertion_order = false")
        done = peer.execute(f"copy ({whole}) to '{path}' (format {how})").fetchall()
    return int(done[0][0]), path.stat().st_size


if __name__ == "__main__":
    main()
