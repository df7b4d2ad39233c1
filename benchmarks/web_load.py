"""Many at once: no error, how long they wait, and how much memory the server takes.

Run by hand: ``python benchmarks/web_load.py WORKSPACE [CLIENTS [SECONDS [PAUSE]]]``. It runs
`ga4 serve` as a process of its own, and waits until it has compiled; every client asks one question
after the other, with a pause of so many seconds on average. Half of the questions are new ones,
half are those that others asked. With ``--build`` a ``ga4 build`` goes on meanwhile, and the
clients ask until it has ended and beyond.

Without a pause all clients soon wait for new answers: nobody can then wait less than the clients
divided by the new answers that the processors make in a second.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
LOOK_SECONDS = 20
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


@dataclass
class Seen:
    """What the clients saw.

    Attributes:
        times: Seconds until an answer to a question that others asked, and to a new one.
        said: How often each status.
        snapshots: The data of the answers.
    """

    times: dict[str, list[float]] = field(default_factory=lambda: {"kept": [], "new": []})
    said: Counter[int] = field(default_factory=Counter)
    snapshots: set[str] = field(default_factory=set)


async def client(
    address: str, number: int, goes_on: Callable[[], bool], pause: float, seen: Seen
) -> None:
    """Ask until it is enough."""
    draw = random.Random(number)
    await asyncio.sleep(draw.random() * pause)
    async with httpx.AsyncClient(timeout=120, verify=False) as http:
        while goes_on():
            asked = draw.choice(QUESTIONS)
            kind = "new" if "?" in asked and draw.random() < 0.5 else "kept"
            if kind == "new":
                asked += f"&where=source!=x{draw.random()}"
            begun = time.monotonic()
            got = await http.get(f"{address}api/v1/{asked}")
            seen.times[kind].append(time.monotonic() - begun)
            seen.said[got.status_code] += 1
            seen.snapshots.add(got.headers.get("x-ga4-snapshot", "none"))
            await asyncio.sleep(2 * draw.random() * pause)


async def everybody(
    address: str, clients: int, goes_on: Callable[[], bool], pause: float, server: int
) -> Seen:
    """All clients side by side; meanwhile tells the memory of the server."""
    seen = Seen()
    asking = asyncio.gather(*(client(address, n, goes_on, pause, seen) for n in range(clients)))
    while not asking.done():
        print(f"memory {resident_mb(server):.0f} MB", flush=True)
        await asyncio.wait({asking}, timeout=LOOK_SECONDS)
    await asking
    return seen


def lasting(seconds: float, build: subprocess.Popen[bytes] | None) -> Callable[[], bool]:
    """Whether so many seconds are not over, counted from the end of a build."""
    until = [time.monotonic() + seconds]

    def goes_on() -> bool:
        if build is not None and build.poll() is None:
            until[0] = time.monotonic() + seconds
        return time.monotonic() < until[0]

    return goes_on


def compiled(address: str) -> None:
    """Wait until everything is compiled, and ask every question once."""
    while not httpx.get(f"{address}api/v1/warming", timeout=60).json()["warming"]["is_done"]:
        time.sleep(0.5)
    for question in QUESTIONS:
        httpx.get(f"{address}api/v1/{question}", timeout=600)


def resident_mb(process: int) -> float:
    """Memory of a process in MB, without the files that are mapped into it."""
    text = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"RssAnon:\s+(\d+)", text)
    assert found is not None
    return int(found[1]) / 1024


def processor_seconds(process: int) -> float:
    """What a process has used of the processors."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def show(seen: Seen, seconds: float, used: float) -> None:
    """Tell what was seen."""
    both = [*seen.times["kept"], *seen.times["new"]]
    print(f"{len(both)} answers, by status {dict(seen.said)}, of {len(seen.snapshots)} snapshots")
    for name, times in {"all": both, **seen.times}.items():
        part = statistics.quantiles(times, n=100)
        print(f"{name}: {len(times)}, median {part[49] * 1000:.0f} ms, "
              f"99th percentile {part[98] * 1000:.0f} ms")  # fmt: skip
    new = len(seen.times["new"])
    print(f"the server used {used / seconds:.2f} processors, {used / new * 1000:.0f} ms a new one")


def main() -> None:
    """Measure."""
    folder, *rest = [each for each in sys.argv[1:] if each != "--build"]
    clients, seconds = (int(rest[0]) if rest else 50), (float(rest[1]) if rest[1:] else 60.0)
    pause = float(rest[2]) if rest[2:] else 0.0
    line = [sys.executable, "-m", "ga4_analytics"]
    server = subprocess.Popen(
        [*line, "serve", "--port", "0", "-w", folder],
        stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[1]
        compiled(address)
        print(f"{clients} clients, {seconds:g} s, a pause of {pause:g} s")
        before, begun = processor_seconds(server.pid), time.monotonic()
        build = subprocess.Popen([*line, "build", "-w", folder]) if "--build" in sys.argv else None
        goes_on = lasting(seconds, build)
        seen = asyncio.run(everybody(address, clients, goes_on, pause, server.pid))
        show(seen, time.monotonic() - begun, processor_seconds(server.pid) - before)
        print(f"memory {resident_mb(server.pid):.0f} MB")
        if build is not None:
            print(f"build ended with {build.wait()}")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
