"""Prepares what comes next while one thing is written, and gives all of it in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

AT_ONCE = 2
"""Chunks in memory: two are laid out at once, or one while another is written."""


def ahead(work: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
    """Do work in threads, and give what it makes in the order of what was given.

    While the caller has one thing and waits for none, one more is being made: there are never
    more than `AT_ONCE`, so that memory does not grow with what is given.

    Args:
        work: Lets go of the interpreter's lock while it reads, lays out or orders; it is called
            by several threads at once.
        given: What is worked on; asked for more by the calling thread alone.

    Raises:
        Exception: Whatever work raises, when its turn comes.

    >>> list(ahead(str, [3, 1, 2]))
    ['3', '1', '2']
    """
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for each in given:
                waiting.append(pool.submit(work, each))
                if len(waiting) == AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
