"""How long work tells that it goes on; the command line draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]
"""Told how many more units are done."""


class Progress(Protocol):
    """Somewhere to show progress."""

    def phase(self, label: str, total: int | None, unit: str) -> AbstractContextManager[Advance]:
        """Begin a phase.

        Args:
            label: What is done, as a person would say it.
            total: How many units it takes, or None where nobody knows.
            unit: 'bytes', 'rows', 'models' or 'files'.
        """
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def phase(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Begin a phase that nobody sees."""
        yield lambda done: None
