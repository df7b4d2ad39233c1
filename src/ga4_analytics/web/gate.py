"""Questions take turns: so many at once, so many waiting, so long each; answers are kept."""

from __future__ import annotations

import asyncio
import os
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ga4_analytics.web.options import Limits
from ga4_analytics.web.problems import ProblemError

T = TypeVar("T")
BESIDE = 2
"""Threads for what is read and not computed: it never waits behind questions."""
_LOOK_SECONDS = 1.0


class Gate:
    """Lets questions through in the order in which they came, a few at once.

    Args:
        limits: How many, and how long.
        is_compiling: Whether kernels are compiled just now: nobody's patience counts meanwhile.
        processors: What the questions that run share.
    """

    def __init__(
        self,
        limits: Limits,
        is_compiling: Callable[[], bool] = lambda: False,
        processors: int = os.cpu_count() or 1,
    ) -> None:
        self._limits = limits
        self._is_compiling = is_compiling
        self._processors = processors
        self._pool = ThreadPoolExecutor(limits.at_once, "ask")
        self._beside = ThreadPoolExecutor(BESIDE, "beside")
        self._turns = asyncio.Semaphore(limits.at_once)
        self._waiting = 0
        self._running = 0

    @property
    def is_busy(self) -> bool:
        """Whether a question is being answered."""
        return self._running > 0

    async def run(self, work: Callable[[int], T]) -> T:
        """Do something when its turn has come; then it is done to the end, wanted or not.

        Args:
            work: Does it in a thread; it is told how many threads it may use itself.

        Raises:
            ProblemError: Too many wait already, or the turn takes too long.
        """
        await self._turn()
        self._running += 1
        # Where others wait, each has its share: two that run on all processors take longer.
        threads = max(1, self._processors // (self._running + self._waiting))
        future = asyncio.get_running_loop().run_in_executor(self._pool, work, threads)
        future.add_done_callback(self._finished)
        while not future.done():
            # A thread cannot be stopped: who asks again finds its answer.
            with suppress(asyncio.CancelledError):
                await asyncio.wait({future})
        return future.result()

    async def run_beside(self, work: Callable[[int], T]) -> T:
        """Do something that takes no turn: a short look at what is there."""
        return await asyncio.get_running_loop().run_in_executor(self._beside, work, 1)

    async def answer(
        self, asked: Coroutine[Any, Any, T], gone: Coroutine[Any, Any, None] | None = None
    ) -> T | None:
        """Wait for an answer as long as one may.

        Args:
            asked: Gives the answer; cancelled where nobody waits any longer.
            gone: Ends when whoever asked has gone away.

        Returns:
            The answer; None: nobody is there to read it.

        Raises:
            ProblemError: It takes too long.
        """
        coming = asyncio.ensure_future(asked)
        others = [asyncio.ensure_future(gone)] if gone else []
        try:
            if await self._within(self._limits.answer_seconds, coming, *others):
                return coming.result() if coming.done() else None
        finally:
            for each in (coming, *others):
                each.cancel()
        raise ProblemError(
            503,
            f"The answer took longer than {self._limits.answer_seconds:g} seconds.",
            rule="It is still worked on, and kept for who asks again.",
            remedy="Try again in half a minute, or ask for fewer days, steps or groups.",
            retry_seconds=30,
        )

    async def _turn(self) -> None:
        if not self._turns.locked() and not self._waiting:
            await self._turns.acquire()
            return
        if self._waiting >= self._limits.waiting:
            raise ProblemError(
                429,
                f"{self._waiting} questions are waiting already.",
                rule=f"{self._limits.waiting} may wait.",
                remedy="Try again in a few seconds.",
                retry_seconds=5,
            )
        self._waiting += 1
        turn = asyncio.ensure_future(self._turns.acquire())
        try:
            if await self._within(self._limits.patience_seconds, turn):
                return
        except asyncio.CancelledError:
            if not turn.cancel():
                self._turns.release()
            raise
        finally:
            self._waiting -= 1
        turn.cancel()
        raise ProblemError(
            503,
            f"The question waited {self._limits.patience_seconds:g} seconds for its turn.",
            rule=f"{self._limits.at_once} questions are answered at once.",
            remedy="Try again in a few seconds.",
            retry_seconds=5,
        )

    async def _within(self, seconds: float, *any_of: asyncio.Future[Any]) -> bool:
        """Whether one of several comes in time."""
        while seconds > 0 and not any(each.done() for each in any_of):
            step = min(seconds, _LOOK_SECONDS)
            await asyncio.wait(any_of, timeout=step, return_when=asyncio.FIRST_COMPLETED)
            if not self._is_compiling():
                seconds -= step
        return any(each.done() for each in any_of)

    def _finished(self, future: asyncio.Future[T]) -> None:
        self._running -= 1
        self._turns.release()
        if not future.cancelled():
            future.exception()  # looked at, so that a late failure is no warning


class Kept:
    """Answers that were given lately, up to a number of bytes, and those that are being made.

    Args:
        most: How many bytes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._found: OrderedDict[Hashable, bytes] = OrderedDict()
        self._coming: dict[Hashable, asyncio.Task[bytes]] = {}
        self._asking: Counter[Hashable] = Counter()

    def find(self, key: Hashable) -> bytes | None:
        """A kept answer, or None."""
        if key in self._found:
            self._found.move_to_end(key)
        return self._found.get(key)

    async def get(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        """An answer: the kept one, the one that is just being made, or a new one.

        Whoever is cancelled takes the answer from nobody; the last one takes the question back.

        Args:
            key: What it is the answer to; the data's name is part of it.
            make: Makes it.
        """
        while (found := self.find(key)) is None:
            coming = self._coming.get(key)
            if coming is None or coming.cancelled():
                coming = self._coming[key] = asyncio.create_task(make())
                coming.add_done_callback(partial(self._came, key))
            self._asking[key] += 1
            try:
                return await asyncio.shield(coming)
            except asyncio.CancelledError:
                me = asyncio.current_task()
                if not coming.cancelled() or (me and me.cancelling()):
                    raise
                # All before had gone, so it was taken back: it is asked anew.
            finally:
                self._asking[key] -= 1
                if not self._asking[key]:
                    del self._asking[key]
                    coming.cancel()
        return found

    def _came(self, key: Hashable, done: asyncio.Task[bytes]) -> None:
        if self._coming.get(key) is done:
            del self._coming[key]
        if done.cancelled() or done.exception() is not None:
            return
        answer = done.result()
        if len(answer) > self._most // 4:
            return
        self._found[key] = answer
        self._size += len(answer)
        while self._size > self._most:
            _, gone = self._found.popitem(last=False)
            self._size -= len(gone)
