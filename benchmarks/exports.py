#!/usr/bin/env python3
"""Time each export of a workspace, beside reading its rows and beside DuckDB's own JSON writer.

    .venv/bin/python benchmarks/exports.py --workspace FOLDER

The workspace is built already, on the embedded warehouse. Each format is written into a folder of
its own in a process of its own, so that peaks of memory are its own; CPU seconds are those of the
process. The peer, ``COPY ... (FORMAT json)``, writes the same columns in no order, without a
vendor's form, limits, checksums or files cut to requests.
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

from ga4_analytics.exports.request import FORMATS, ExportRequest
from ga4_analytics.exports.source import EVENTS_SQL
from ga4_analytics.workspace import Workspace

READ, PEER = "read alone", "DuckDB COPY json"


def main() -> None:
    """Run what is asked, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True, help="A workspace that is built.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.workspace, given.one)))
        return
    print("| what | events | MB | seconds | CPU seconds | events a second | peak MB |")
    print("|-|-|-|-|-|-|-|")
    for name in (READ, PEER, *FORMATS):
        runs = [in_a_process(given.workspace, name) for _ in range(given.runs)]
        best = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        rate = best["events"] / best["wall"]
        print(f"| {name} | {best['events']:,.0f} | {best['bytes'] / 1e6:,.0f} | {best['wall']:.2f} "
              f"| {best['cpu']:.2f} | {rate:,.0f} | {best['peak']:,.0f} |", flush=True)  # fmt: skip


def in_a_process(workspace: Path, name: str) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--workspace", str(workspace), "--one", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(folder: Path, name: str) -> dict[str, float]:
    """Seconds, CPU seconds, megabytes at the peak, events and bytes of one export."""
    workspace = Workspace.open(folder)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        begun, used = time.perf_counter(), time.process_time()
        events, size = written(workspace, name, Path(place))
        wall, cpu = time.perf_counter() - begun, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "peak": peak, "events": events, "bytes": size}


def written(workspace: Workspace, name: str, place: Path) -> tuple[int, int]:
    """Write, or read alone; events and bytes."""
    sql = EVENTS_SQL.replace("{events}", "analytics.int_events")
    if name == READ:
        batches: Any = workspace.warehouse.stream(sql)
        return sum(batch.num_rows for batch in batches), 0
    if name == PEER:
        import duckdb

        path = place / "peer.json"
        where = workspace.warehouse.describe()
        workspace.close()
        with duckdb.connect(where, read_only=True) as peer:
            peer.execute("set preserve_insertion_order = false")
            peer.execute(f"copy ({sql}) to '{path}' (format json)")
            count = peer.execute("select count(*) from analytics.int_events").fetchall()
        return int(count[0][0]), path.stat().st_size
    told = workspace.export_to(ExportRequest(name, with_users=False), place / name)
    return told["events"]["rows"], told["events"]["bytes"]


if __name__ == "__main__":
    main()
