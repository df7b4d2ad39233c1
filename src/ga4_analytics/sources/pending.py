"""Parts of files that wait to be read, and the threads that read them, in order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import duckdb

from ga4_analytics.sources.batches import RawBatch
from ga4_analytics.sources.canonical_json import teach
from ga4_analytics.sources.flattening import Flattener

Given = TypeVar("Given")
Made = TypeVar("Made")


class Engines:
    """An engine for each thread, kept from one part to the next."""

    def __init__(self) -> None:
        self._own = threading.local()

    def plain(self) -> duckdb.DuckDBPyConnection:
        """The thread's engine; it knows `canonical_or_none`."""
        if not hasattr(self._own, "plain"):
            self._own.plain = duckdb.connect(config={"threads": 1})
            teach(self._own.plain)
        engine: duckdb.DuckDBPyConnection = self._own.plain
        return engine

    def flattener(self) -> Flattener:
        """The thread's flattener."""
        if not hasattr(self._own, "flattener"):
            self._own.flattener = Flattener(duckdb.connect(config={"threads": 1}))
        flattener: Flattener = self._own.flattener
        return flattener


Pending = Callable[[Engines], RawBatch]
"""A part of a file that is cut out and not yet read."""


def ahead(work: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[tuple[Given, Made]]:
    """Do work on all cores and give the results in the order of what was given.

    An exception of the work is raised where its result would stand. Only a few results wait
    at a time.

    >>> list(ahead(lambda n: n * n, [3, 1, 2]))
    [(3, 9), (1, 1), (2, 4)]
    """
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        running: deque[tuple[Given, Future[Made]]] = deque()
        try:
            for each in given:
                running.append((each, pool.submit(work, each)))
                if len(running) > cores:
                    first, future = running.popleft()
                    yield first, future.result()
            while running:
                first, future = running.popleft()
                yield first, future.result()
        finally:
            for _, future in running:
                future.cancel()
