"""How far the compiling at the start is, for those who wait meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Progress:
    """Counts parts that are done, in a thread of their own.

    Args:
        clock: Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: float | None = None
        self._of = 0
        self._done = 0

    def begin(self, of: int) -> None:
        """Begin with so many parts."""
        self._of, self._done, self._begun = of, 0, self._clock()

    def step(self) -> None:
        """One more part is done."""
        self._done = min(self._done + 1, self._of)

    def end(self) -> None:
        """Nothing is left to do, or nothing more can be done."""
        self._begun = None

    @property
    def is_done(self) -> bool:
        """Whether nobody compiles."""
        return self._begun is None

    def shown(self) -> dict[str, Any]:
        """What is known of it.

        Returns:
            is_done: whether nobody compiles; done, of: parts; seconds: since it began;
            left_seconds: about how long it still takes if the other parts take as long as those
            that are done, None where that cannot be told.

        >>> moments = iter([0.0, 6.0])
        >>> progress = Progress(lambda: next(moments))
        >>> progress.begin(4); progress.step(); progress.step(); progress.shown()
        {'is_done': False, 'done': 2, 'of': 4, 'seconds': 6.0, 'left_seconds': 6.0}
        >>> progress.end(); progress.shown()["is_done"]
        True
        """
        begun = self._begun
        if begun is None:
            return {"is_done": True, "done": self._of, "of": self._of, "seconds": 0.0,
                    "left_seconds": None}  # fmt: skip
        took = self._clock() - begun
        left = took / self._done * (self._of - self._done) if self._done else None
        return {"is_done": False, "done": self._done, "of": self._of, "seconds": took,
                "left_seconds": left}  # fmt: skip
