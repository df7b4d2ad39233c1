#!/usr/bin/env python3
"""Load each shape of an export, beside what the embedded engine needs merely to parse it.

    .venv/bin/python benchmarks/ingest.py --scale 1
    .venv/bin/python benchmarks/ingest.py --scale 10 --shape skinny --no-peer

The peer is DuckDB parsing the same file into text columns of a table in a file of its own: no
types, no checks, no event ids, no ledger. Both run in processes of their own, one after the
other, and the best of the runs counts; the ratio is ours divided by the peer's. Peak memory is
the process's. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHAPES = {"skinny": 2.5, "flat": 2.5, "parquet": 2.5, "ndjson": 3.0, "console": 4.0}
"""Shape to the ratio that is wanted."""


def main() -> None:
    """Parse, run each shape, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--shape", choices=SHAPES, action="append")
    parser.add_argument("--samples", type=Path, help="Folder of samples, kept between runs.")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--no-peer", action="store_true", help="Load only, for memory.")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.one[0], Path(given.one[1]))))
        return
    print(f"{'shape':<9} {'events':>11} {'MB':>6} {'load':>8} {'peer':>8} {'ratio':>6} "
          f"{'wanted':>6} {'peak MB':>8}")  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        for shape in given.shape or SHAPES:
            folder = (given.samples or Path(name)) / f"sample_{given.scale}_{shape}"
            if not folder.exists():
                make_sample(given.scale, folder, shape)
            size = sum(path.stat().st_size for path in data_files(folder)) / 1e6
            loads = [apart("load", folder) for _ in range(given.runs)]
            ours = min(load["seconds"] for load in loads)
            theirs = 0.0
            if not given.no_peer:
                theirs = min(apart(shape, folder)["seconds"] for _ in range(given.runs))
            ratio = f"{ours / theirs:6.2f}" if theirs else "     –"
            peak = max(load["peak"] for load in loads)
            print(f"{shape:<9} {loads[0]['rows']:>11,} {size:>6.0f} {ours:>7.1f}s {theirs:>7.1f}s "
                  f"{ratio} {SHAPES[shape]:>6} {peak:>8.0f}", flush=True)  # fmt: skip


def make_sample(scale: float, folder: Path, shape: str) -> None:
    """Write a sample in a process of its own, so that its memory is not ours."""
    command = [sys.executable, "-m", "ga4_analytics", "demo-data", str(folder)]
    subprocess.run([*command, "--shape", shape, "--scale", str(scale)], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip


def data_files(folder: Path) -> list[Path]:
    """The sample's files without the truth about it."""
    return sorted(path for path in folder.rglob("*.*") if not path.name.startswith("_"))


def apart(what: str, folder: Path) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, __file__, "--one", what, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def one(what: str, folder: Path) -> dict[str, float]:
    """Measure a load, or the peer's parsing of a shape."""
    with tempfile.TemporaryDirectory() as name:
        rows, seconds = ours(folder, Path(name)) if what == "load" else peer(
            what, folder, Path(name))  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "seconds": seconds, "peak": peak}


def ours(folder: Path, scratch: Path) -> tuple[int, float]:
    """Load a sample into a fresh embedded warehouse."""
    from ga4_analytics.workspace import Workspace

    workspace = Workspace.create(scratch / "ws")
    files = data_files(folder)
    start = time.perf_counter()
    result = workspace.load(files)
    workspace.close()
    return result.events, time.perf_counter() - start


def peer(shape: str, folder: Path, scratch: Path) -> tuple[int, float]:
    """Parse a sample into a table of text columns with DuckDB."""
    import duckdb

    files = [str(path) for path in data_files(folder)]
    if shape == "parquet":
        select = "select columns(*)::varchar from read_parquet($files, union_by_name = true)"
    elif shape == "ndjson":
        keys = duckdb.sql("select unnest(json_keys(json)) from read_ndjson_objects($files) "
                          "limit 1000", params={"files": files}).fetchall()  # fmt: skip
        shown = ", ".join(f"'{key}': 'VARCHAR'" for key in sorted({key for (key,) in keys}))
        select = f"select * from read_ndjson($files, columns = {{{shown}}})"
    else:
        select = "select * from read_csv($files, all_varchar = true)"
    start = time.perf_counter()
    with duckdb.connect(str(scratch / "peer.duckdb")) as engine:
        engine.execute(f"create table parsed as {select}", {"files": files})
        row = engine.execute("select count(*) from parsed").fetchone()
    return int(row[0]) if row else 0, time.perf_counter() - start


if __name__ == "__main__":
    main()
