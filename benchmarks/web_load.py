"""Many at once: no error, how long they wait, and how much memory the server takes.

Run by hand: ``python benchmarks/web_load.py WORKSPACE [CLIENTS [SECONDS]]``. It runs `ga4 serve` as
a process of its own; every client asks one question after the other. Half of the questions are
new ones, half are those that others asked. With ``--build`` a ``ga4 build`` goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = (
    "funnel?step=view_item&step=add_to_cart&step=purchase",
    "funnel?step=session_start&step=view_item&by=device_category",
    "retention?start_event=first_visit&unit=week&periods=8",
    "trends?series=users+of+*&series=purchase",
    "trends?series=*&by=country&last=28d",
    "lifecycle?event=*&unit=week",
    "stickiness?event=page_view&last=28d",
    "overview",
)


async def client(
    address: str, number: int, until: float, times: list[float], said: Counter[int]
) -> None:
    """Ask until the time is over."""
    draw = random.Random(number)
    async with httpx.AsyncClient(timeout=120, verify=False) as http:
        while time.monotonic() < until:
            asked = draw.choice(QUESTIONS)
            if "?" in asked and draw.random() < 0.5:
                asked += f"&where=source!=x{draw.random()}"
            begun = time.monotonic()
            got = await http.get(f"{address}api/v1/{asked}")
            times.append(time.monotonic() - begun)
            said[got.status_code] += 1


async def everybody(address: str, clients: int, seconds: float) -> tuple[list[float], Counter[int]]:
    """All clients side by side."""
    times: list[float] = []
    said: Counter[int] = Counter()
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(address, n, until, times, said) for n in range(clients)))
    return times, said


def resident_mb(process: int) -> float:
    """Memory of a process in MB, without the files that are mapped into it."""
    text = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"RssAnon:\s+(\d+)", text)
    assert found is not None
    return int(found[1]) / 1024


def main() -> None:
    """Measure."""
    folder, *rest = [each for each in sys.argv[1:] if each != "--build"]
    clients, seconds = (int(rest[0]) if rest else 50), (float(rest[1]) if rest[1:] else 60.0)
    line = [sys.executable, "-m", "ga4_analytics"]
    server = subprocess.Popen(
        [*line, "serve", "--port", "0", "-w", folder],
        stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1]
        for question in QUESTIONS:
            httpx.get(f"{address}api/v1/{question}", timeout=600)
        asyncio.run(everybody(address, 4, 5))
        before = resident_mb(server.pid)
        build = subprocess.Popen([*line, "build", "-w", folder]) if "--build" in sys.argv else None
        times, said = asyncio.run(everybody(address, clients, seconds))
        if build is not None:
            print(f"build ended with {build.wait()}")
        part = statistics.quantiles(times, n=100)
        print(f"{clients} clients, {seconds:g} s: {len(times)} answers, by status {dict(said)}")
        print(f"median {part[49] * 1000:.0f} ms, 99th percentile {part[98] * 1000:.0f} ms")
        print(f"memory {before:.0f} MB before, {resident_mb(server.pid):.0f} MB after")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
