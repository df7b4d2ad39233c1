"""Questions take turns: so many at once, so many waiting, so long each; answers are kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ga4_analytics.web.options import Limits
from ga4_analytics.web.problems import ProblemError

T = TypeVar("T")


class Gate:
    """Lets questions through, a few at once.

    Args:
        limits: How many, and how long.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.at_once, "ask")
        self._turns = asyncio.Semaphore(limits.at_once)
        self._waiting = 0
        self._running = 0

    @property
    def is_busy(self) -> bool:
        """Whether a question is being answered."""
        return self._running > 0

    async def run(self, work: Callable[[], T]) -> T:
        """Do something when its turn has come.

        Raises:
            ProblemError: Too many wait already, or the turn or the answer takes too long.
        """
        await self._turn()
        self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        # The thread cannot be stopped: its turn ends when it does, not when we stop waiting.
        future.add_done_callback(self._finished)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._limits.answer_seconds)
        except TimeoutError:
            raise ProblemError(
                503,
                f"The answer took longer than {self._limits.answer_seconds:g} seconds.",
                rule="A question may not keep the others waiting.",
                remedy="Ask for fewer days, steps or groups.",
                retry_seconds=30,
            ) from None

    async def _turn(self) -> None:
        if not self._turns.locked():
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
        try:
            await asyncio.wait_for(self._turns.acquire(), self._limits.patience_seconds)
        except TimeoutError:
            raise ProblemError(
                503,
                f"The question waited {self._limits.patience_seconds:g} seconds for its turn.",
                rule=f"{self._limits.at_once} questions are answered at once.",
                remedy="Try again in a few seconds.",
                retry_seconds=5,
            ) from None
        finally:
            self._waiting -= 1

    def _finished(self, future: asyncio.Future[T]) -> None:
        self._running -= 1
        self._turns.release()
        if not future.cancelled():
            future.exception()  # looked at, so that a late failure is no warning


class Kept:
    """Answers that were given lately, up to a number of bytes.

    Args:
        most: How many bytes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._found: OrderedDict[Hashable, bytes] = OrderedDict()
        self._coming: dict[Hashable, asyncio.Task[bytes]] = {}

    async def get(self, key: Hashable, make: Callable[[], asyncio.Task[bytes]]) -> bytes:
        """An answer: the kept one, the one that is just being made, or a new one.

        Args:
            key: What it is the answer to; the data's name is part of it.
            make: Begins to make it.
        """
        if key in self._found:
            self._found.move_to_end(key)
            return self._found[key]
        if key not in self._coming:
            self._coming[key] = make()
            self._coming[key].add_done_callback(lambda done: self._came(key, done))
        # One who goes away does not take the answer from the others.
        return await asyncio.shield(self._coming[key])

    def _came(self, key: Hashable, done: asyncio.Task[bytes]) -> None:
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
