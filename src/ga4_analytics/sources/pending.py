"""Parts of files that wait to be read, and what threads read them with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import duckdb

from ga4_analytics.sources.batches import RawBatch
from ga4_analytics.sources.canonical_json import teach
from ga4_analytics.sources.flattening import Flattener

Made = TypeVar("Made")


RENEWED_AFTER = 3
"""Parts that an engine reads before a fresh one takes its place: a DuckDB keeps some memory of
each statement, a gigabyte of it after a few hundred parts of JSON. A fresh one costs some 15 ms."""


class Renewed(Generic[Made]):
    """A tool for each thread, made anew after `RENEWED_AFTER` uses."""

    def __init__(self, make: Callable[[], Made], close: Callable[[Made], object]) -> None:
        """Make none yet.

        Args:
            make: Makes one.
            close: Lets go of one.
        """
        self._make = make
        self._close = close
        self._own = threading.local()

    def get(self) -> Made:
        """The thread's tool."""
        own = self._own
        if getattr(own, "left", 0) == 0:
            if hasattr(own, "tool"):
                self._close(own.tool)
            own.tool, own.left = self._make(), RENEWED_AFTER
        own.left -= 1
        tool: Made = own.tool
        return tool


class Engines:
    """What threads read parts of files with."""

    def __init__(self) -> None:
        self._plain = Renewed(_taught, lambda engine: engine.close())
        self._flattener = Renewed(
            lambda: Flattener(_connected()), lambda flattener: flattener.engine.close()
        )

    def plain(self) -> duckdb.DuckDBPyConnection:
        """The thread's engine; it knows `canonical_or_none`."""
        return self._plain.get()

    def flattener(self) -> Flattener:
        """The thread's flattener."""
        return self._flattener.get()


def _connected() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def _taught() -> duckdb.DuckDBPyConnection:
    engine = _connected()
    teach(engine)
    return engine


Pending = Callable[[Engines], RawBatch]
"""A part of a file that is cut out and not yet read."""
