#!/usr/bin/env python3
"""Time each step of the main job on a sample.

    .venv/bin/python benchmarks/pipeline.py --scale 1 --shape skinny
    .venv/bin/python benchmarks/pipeline.py --scale 1 --warehouse postgresql://...

Prints the wall time of each step, rows per second, the slowest models and the process's
largest memory. Run it on a machine that does nothing else.
"""

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ga4_analytics.publish.findings import write_findings
from ga4_analytics.sources.synthetic.spec import SHAPES, SampleSpec
from ga4_analytics.sources.synthetic.write import write_sample
from ga4_analytics.workspace import Workspace

Result = TypeVar("Result")


def timed(label: str, work: Callable[[], Result]) -> Result:
    """Run a step and print how long it took."""
    start = time.perf_counter()
    result = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{label:<28} {time.perf_counter() - start:8.1f} s   peak {peak:6.0f} MB", flush=True)
    return result


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--shape", choices=SHAPES, default="skinny")
    parser.add_argument("--warehouse", default="ga4.duckdb")
    parser.add_argument("--sample", type=Path, help="A folder with the sample, kept between runs.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = given.sample or folder / "sample"
        if not sample.exists():
            spec = SampleSpec(scale=given.scale)
            timed("demo-data", lambda: write_sample(spec, sample, given.shape))
        workspace = Workspace.create(folder / "ws", warehouse=given.warehouse)
        start = time.perf_counter()
        loaded = timed("load", lambda: workspace.load([sample]))
        built = timed("build and publish", workspace.build)
        print(f"{'file to published marts':<28} {time.perf_counter() - start:8.1f} s")
        timed("export", workspace.export)
        timed("report", lambda: write_findings(workspace.snapshot(), workspace.settings))
        timed("load again", lambda: workspace.load([sample]))
        print(f"{loaded.events:,} events, {built.models} models, {built.tests} tests")
        for model, seconds in list(built.seconds.items())[:12]:
            print(f"  {model:<30} {seconds:6.1f} s")
        workspace.close()
        shutil.rmtree(folder / "ws", ignore_errors=True)


if __name__ == "__main__":
    main()
