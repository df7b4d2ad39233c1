"""How fast memory can be read here, and how many bytes each question has to read at least."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
from numba import njit

from ga4_analytics.index.reader import Index
from versus.questions import Funnel, Gaps, Paths, Question, Returns


@njit(nogil=True, cache=True)
def _total(values: np.ndarray, out: np.ndarray, place: int) -> None:
    total = np.int64(0)
    for value in values:
        total += value
    out[place] = total


def bandwidth(threads: int = 2, megabytes: int = 800, runs: int = 7) -> float:
    """Bytes a second that some threads read of an array beyond any cache; the best run."""
    values = np.ones(megabytes * 125_000, np.int64)
    parts, out = np.array_split(values, threads), np.zeros(threads, np.int64)
    _total(parts[0][:10], out, 0)
    best = 0.0
    for _ in range(runs):
        started = time.perf_counter()
        jobs = [threading.Thread(target=_total, args=(part, out, place))
                for place, part in enumerate(parts)]  # fmt: skip
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        best = max(best, values.nbytes / (time.perf_counter() - started))
    return best


class Touched:
    """The fewest bytes of the index that an answer can be found from, reading each once.

    The count is of columns read in full where most of their cache lines are needed, and of
    single values where few are.

    Args:
        index: The index.
    """

    def __init__(self, index: Index) -> None:
        segments = index.segments
        self._rows = sum(each.rows for each in segments)
        self._users = sum(each.users for each in segments)
        self._days = sum(len(each.day) for each in segments)
        self._visits = sum(len(each.visit_row) for each in segments)
        self._runs = sum(len(each.run_row) for each in segments)
        counts = sum(np.bincount(each.name, minlength=len(index.names) + 1) for each in segments)
        texts = index.names.texts()
        self._named = {str(text): int(n) for text, n in zip(texts, counts, strict=True)}

    def bytes(self, question: Question) -> int:
        """Of the first variant of a question."""
        asked = question.variants[0]
        users = self._users * 8  # row offsets and names of each user
        if isinstance(asked, Funnel):
            named = sum(self._named[name] for name in {step.name for step in asked.steps})
            filters = sum(self._named[step.name] * 2 for step in asked.steps if step.where)
            return self._rows + named * 8 + filters + users
        if isinstance(asked, Paths):
            return self._rows * 2 + self._visits * 6 + users
        if isinstance(asked, Gaps):
            return self._rows * 8 + users
        if isinstance(asked, Returns):
            return self._rows * 2 + self._runs * 6 + users
        if question.name == "daily":
            return self._rows * 2 + self._runs * 6 + users
        return self._days * 3 + self._users * 4


def shares(index: Index, questions: tuple[Question, ...]) -> dict[str, int]:
    """Bytes by question."""
    count: Callable[[Question], int] = Touched(index).bytes
    return {question.name: count(question) for question in questions}
