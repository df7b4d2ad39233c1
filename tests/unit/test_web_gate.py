"""Questions take turns; what is kept waits for nobody; one computation for all who ask the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ga4_analytics.web.gate import Gate, Kept
from ga4_analytics.web.options import Limits
from ga4_analytics.web.problems import ProblemError

Run = Callable[[Callable[[int], Any]], Coroutine[Any, Any, Any]]


def limits(**changes: Any) -> Limits:
    return Limits(**({"at_once": 1, "answer_seconds": 60, "patience_seconds": 60} | changes))


async def settled(turns: int = 20) -> None:
    """Let everybody go on as far as they come."""
    for _ in range(turns):
        await asyncio.sleep(0.001)


def test_turns_come_in_order_and_share_the_processors() -> None:
    """First come, first served; where others wait a question has fewer threads."""

    async def story() -> tuple[list[int], list[int]]:
        gate, go = Gate(limits(), processors=4), threading.Event()
        order: list[int] = []
        shares: list[int] = []

        def work(number: int, threads: int) -> None:
            go.wait(30)
            order.append(number)
            shares.append(threads)

        asked = []
        for number in range(4):
            asked.append(asyncio.create_task(gate.run(lambda threads, n=number: work(n, threads))))
            await settled(3)
        go.set()
        await asyncio.gather(*asked)
        return order, shares

    assert asyncio.run(story()) == ([0, 1, 2, 3], [4, 1, 2, 4])


def test_what_is_kept_or_light_passes_those_who_wait() -> None:
    """While all turns are taken, a kept answer and a short look come at once."""

    async def story() -> tuple[bytes, int]:
        gate, kept, go = Gate(limits()), Kept(1_000), threading.Event()
        await kept.get("known", lambda: gate.run(lambda threads: b"known"))
        busy = [asyncio.create_task(gate.run(lambda threads: go.wait(30))) for _ in range(3)]
        await settled()
        async with asyncio.timeout(20):
            found = await kept.get("known", lambda: gate.run(lambda threads: b"again"))
            light = await gate.run_beside(lambda threads: threads)
        go.set()
        await asyncio.gather(*busy)
        return found, light

    assert asyncio.run(story()) == (b"known", 1)


def test_one_computation_for_all_who_ask_the_same() -> None:
    """Ten ask at once, one computes; one who leaves takes the answer from nobody."""

    async def story() -> tuple[int, list[Any]]:
        gate, kept, go = Gate(limits()), Kept(1_000), threading.Event()
        times: list[int] = []

        def work(threads: int) -> bytes:
            times.append(1)
            go.wait(30)
            return b"answer"

        asked = [asyncio.create_task(kept.get("same", lambda: gate.run(work))) for _ in range(10)]
        await settled()
        asked[0].cancel()
        await settled()
        go.set()
        found = await asyncio.gather(*asked[1:])
        return len(times), found

    assert asyncio.run(story()) == (1, [b"answer"] * 9)


def test_a_question_nobody_waits_for_leaves_the_queue() -> None:
    """One that has begun is finished and kept; one in the queue is never computed."""

    async def story() -> tuple[list[str], bytes | None, bytes]:
        gate, kept, go = Gate(limits()), Kept(1_000), threading.Event()
        done: list[str] = []

        def work(name: str) -> bytes:
            go.wait(30)
            done.append(name)
            return name.encode()

        def ask(name: str) -> asyncio.Task[bytes]:
            make = lambda: gate.run(lambda threads: work(name))  # noqa: E731
            return asyncio.create_task(kept.get(name, make))

        begun, waits = ask("begun"), ask("waits")
        await settled()
        for each in (begun, waits):
            each.cancel()
        again = ask("waits")  # before the one that was taken back is gone
        await settled()
        again.cancel()
        await settled()
        go.set()
        last = await ask("last")
        return done, kept.find("begun"), last

    assert asyncio.run(story()) == (["begun", "last"], b"begun", b"last")


def test_who_asks_again_while_it_is_taken_back_is_answered() -> None:
    """A question that was taken back a moment ago is asked anew."""

    async def story() -> bytes:
        gate, kept, go = Gate(limits()), Kept(1_000), threading.Event()
        busy = asyncio.create_task(gate.run(lambda threads: go.wait(30)))
        await settled()
        make = lambda: gate.run(lambda threads: b"answer")  # noqa: E731
        first = asyncio.create_task(kept.get("key", make))
        await settled()
        first.cancel()
        await asyncio.sleep(0)  # it is cancelled, and its task is not gone yet
        again = asyncio.create_task(kept.get("key", make))
        await settled()
        go.set()
        await busy
        return await again

    assert asyncio.run(story()) == b"answer"


def test_who_goes_away_is_not_answered() -> None:
    """The wait ends with whoever asked; the turn goes to the next one."""

    async def story() -> tuple[Any, Any]:
        gate, go = Gate(limits()), threading.Event()
        busy = asyncio.create_task(gate.run(lambda threads: go.wait(30)))
        await settled()
        left = await gate.answer(gate.run(lambda threads: 1), asyncio.sleep(0.01))
        go.set()
        await busy
        return left, await gate.answer(gate.run(lambda threads: 2), asyncio.sleep(60))

    assert asyncio.run(story()) == (None, 2)


def test_beyond_the_limits_the_answer_is_clear() -> None:
    """Too many: 429. Too long in the queue or at work: 503, and it is kept for the next try."""

    async def told(asked: Coroutine[Any, Any, Any]) -> tuple[int, int | None]:
        with pytest.raises(ProblemError) as found:
            await asked
        return found.value.status, found.value.retry_seconds

    async def story() -> list[tuple[int, int | None]]:
        go = threading.Event()
        found = []
        for changes in ({"waiting": 0}, {"patience_seconds": 0.01}):
            gate = Gate(limits(**changes))
            busy = asyncio.create_task(gate.run(lambda threads: go.wait(30)))
            await settled()
            found.append(await told(gate.run(lambda threads: 1)))
            go.set()
            await busy
            go.clear()
        return found

    async def late() -> tuple[tuple[int, int | None], bytes]:
        gate, kept, go = Gate(limits(answer_seconds=0.01)), Kept(1_000), threading.Event()
        slow = lambda: gate.run(lambda threads: go.wait(30) and b"late")  # noqa: E731
        found = await told(gate.answer(kept.get("slow", slow)))
        again = asyncio.create_task(kept.get("slow", slow))
        await settled()
        go.set()
        return found, await again

    assert asyncio.run(story()) == [(429, 5), (503, 5)]
    assert asyncio.run(late()) == ((503, 30), b"late")


def test_while_kernels_are_compiled_no_time_counts() -> None:
    """Neither in the queue nor at work; when compiling ends, the limits are there again."""

    async def story() -> list[int]:
        compiling = [True]
        short = limits(patience_seconds=0.02, answer_seconds=0.02)
        gate, go = Gate(short, lambda: compiling[0]), threading.Event()
        busy = asyncio.create_task(gate.answer(gate.run(lambda threads: go.wait(30) and "first")))
        await settled()
        waits = asyncio.create_task(gate.answer(gate.run(lambda threads: "second")))
        await asyncio.sleep(0.3)
        assert not busy.done() and not waits.done()
        compiling[0] = False
        found = []
        for each in (busy, waits):
            with pytest.raises(ProblemError) as problem:
                await each
            found.append(problem.value.status)
        go.set()
        return found

    assert asyncio.run(story()) == [503, 503]


def test_few_bytes_are_kept() -> None:
    """What was not asked for longest goes first; what is too large is not kept at all."""

    async def story() -> list[bytes | None]:
        kept = Kept(100)

        async def made(size: int) -> bytes:
            return b"x" * size

        for name in "abcd":
            await kept.get(name, lambda: made(25))
        await kept.get("a", lambda: made(25))
        await kept.get("e", lambda: made(25))
        await kept.get("large", lambda: made(26))
        return [kept.find(name) for name in ("a", "b", "e", "large")]

    assert asyncio.run(story()) == [b"x" * 25, None, b"x" * 25, None]
