"""Prepares what comes next while one thing is used, and gives all of it in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def ahead(
    work: Callable[[Given], Made],
    given: Iterable[Given],
    *,
    threads: int | None = None,
    most: int | None = None,
) -> Iterator[Made]:
    """Do work in threads, and give what it makes in the order of what was given.

    While the caller has one thing, others are being made, so many that memory does not grow
    with what is given.

    Args:
        work: Lets go of the interpreter's lock most of the time; several threads call it.
        given: What is worked on; asked for more by the calling thread alone.
        threads: How many work; None: one a processor.
        most: How many things there may be, that of the caller among them; None: one more than
            threads, so that none of them waits for the caller.

    Raises:
        Exception: Whatever work raises, when its turn comes.

    >>> list(ahead(str, [3, 1, 2]))
    ['3', '1', '2']
    """
    threads = threads or os.cpu_count() or 1
    most = most or threads + 1
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for each in given:
                waiting.append(pool.submit(work, each))
                if len(waiting) == most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
