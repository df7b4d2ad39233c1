"""Parts of files that wait to be read, and what threads read them with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt

from ga4_analytics.sources.batches import RawBatch
from ga4_analytics.sources.canonical_json import teach
from ga4_analytics.sources.flattening import Flattener

Made = TypeVar("Made")


MOST_KEPT = 256 << 20
"""Bytes of the largest array that a thread keeps; most of the large ones are never written to."""
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


class Scratch:
    """A thread's memory for what is only needed while a part is read.

    Memory that was just taken from the system costs as much to write to for the first time
    as the work that is done in it.
    """

    def __init__(self) -> None:
        """Take none yet."""
        self._kept: dict[str, npt.NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray[Any]:
        """An array with anything in it; whoever asks for that name again gets the same memory.

        Args:
            name: What it is for.
            shape: Its shape.
            kind: Its type, the same for every array of that name.
        """
        kept = self._kept.get(name)
        if kept is None or len(kept) < shape[0]:
            kept = np.empty(shape, kind)
            if kept.nbytes <= MOST_KEPT:
                self._kept[name] = kept
        return kept[: shape[0]]


class Engines:
    """What threads read parts of files with."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._plain = Renewed(_taught, lambda engine: engine.close())
        self._flattener = Renewed(
            lambda: Flattener(_connected()), lambda flattener: flattener.engine.close()
        )

    def plain(self) -> duckdb.DuckDBPyConnection:
        """The thread's engine; it knows `canonical_or_none`."""
        return self._plain.get()

    def scratch(self) -> Scratch:
        """The thread's memory."""
        if not hasattr(self._own, "scratch"):
            self._own.scratch = Scratch()
        scratch: Scratch = self._own.scratch
        return scratch

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
