"""Rows sixty-four at a time, the moments they make and what is found in them, against lists."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from ga4_analytics.kernels.bitmaps import add_marked, map_codes
from ga4_analytics.kernels.funnel_rows import (
    Steps,
    climb_rows,
    last_row,
    map_moments,
    next_row,
    spread,
)
from ga4_analytics.kernels.funnel_units import TIED
from ga4_analytics.kernels.lanes import apart, equal, marked, padded


@njit
def _equal(codes, at, code):  # type: ignore[no-untyped-def]
    return equal(codes, at, code)


@njit
def _marked(flags, at, mark):  # type: ignore[no-untyped-def]
    return marked(flags, at, mark)


@njit
def _apart(times, at, gap):  # type: ignore[no-untyped-def]
    return apart(times, at, gap)


@njit
def _next(step, at, end, steps):  # type: ignore[no-untyped-def]
    return next_row(step, at, end, steps)


@njit
def _last(step, at, end, steps):  # type: ignore[no-untyped-def]
    return last_row(step, at, end, steps)


@njit
def _climb(a, b, goal, steps):  # type: ignore[no-untyped-def]
    return climb_rows(a, b, goal, steps)


@njit
def _spread(a, b, steps):  # type: ignore[no-untyped-def]
    spread(a, b, steps)


def bits_of(word: int, count: int) -> list[int]:
    return [int(word) >> place & 1 for place in range(count)]


@given(st.integers(1, 200), st.sampled_from((np.uint8, np.uint16, np.uint32)),
       st.integers(0, 999), st.data())  # fmt: skip
def test_sixty_four_rows_are_compared_at_once(rows, kind, seed, data) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, rows).astype(kind)
    # A code that differs in its high bytes alone is another.
    values[rng.random(rows) < 0.1] = kind(1) << kind(8 * (values.itemsize - 1))
    flags = rng.integers(0, 32, rows).astype(np.uint8)
    at = data.draw(st.integers(0, rows - 1))
    code, mark = data.draw(st.integers(0, 4)), data.draw(st.sampled_from((1, 2, 4, 8, 16)))
    left = min(64, rows - at)
    found = int(_equal(padded(values), at, np.uint64(code)))
    if code == 0 and rows <= 64:
        found &= (1 << left) - 1  # a padded row has code 0, and no bitmap asks for it
    assert bits_of(found, 64) == [*(values[at : at + left] == code), *[0] * (64 - left)]
    found = int(_marked(padded(flags), at, np.uint8(mark)))
    assert bits_of(found, 64) == [*(flags[at : at + left] & mark != 0), *[0] * (64 - left)]


@given(st.integers(1, 200), st.integers(0, 999), st.integers(0, 5), st.data())
def test_gaps_of_time_are_found_sixty_four_at_once(rows, seed, gap, data) -> None:
    # Where the next user's times begin again, nothing is more than a gap later.
    times = np.random.default_rng(seed).integers(0, 10, rows) - 2**40
    at = data.draw(st.integers(0, rows - 1))
    later = [*(times[row] - times[row - 1] > gap if row else False for row in range(rows))]
    found = int(_apart(padded(times), at, gap))
    left = min(64, rows - at)
    if rows > 64:
        assert bits_of(found, 64) == [*later[at : at + left], *[0] * (64 - left)]
    else:
        assert bits_of(found, left) == later[at:]


@given(st.integers(1, 300), st.integers(0, 999), st.data())
def test_rows_with_listed_codes_have_their_bits(rows, seed, data) -> None:
    codes = np.random.default_rng(seed).integers(1, 7, rows).astype(np.uint8)
    lists = data.draw(st.lists(st.lists(st.integers(1, 6), max_size=3), min_size=1, max_size=4))
    first = data.draw(st.integers(0, rows - 1)) // 64
    out = np.ones((len(lists), -(-rows // 64) - first + 1), np.uint64)
    listed = np.array([code for each in lists for code in each], np.uint64)
    map_codes(padded(codes), listed, np.cumsum([0, *map(len, lists)]), first, out)
    for place, each in enumerate(lists):
        for w, word in enumerate(out[place]):
            begin = (first + w) * 64
            wanted = [int(begin + k < rows and codes[begin + k] in each) for k in range(64)]
            assert bits_of(word, 64) == wanted


class Log:
    """Rows in moments of some rows each, of which each can serve one step or none."""

    def __init__(self, moments: list[list[int]], steps: int) -> None:
        self.serves = [step for moment in moments for step in moment]
        rows = len(self.serves)
        flags = np.zeros(rows, np.uint8)
        self.ends = np.cumsum([0, *map(len, moments)])
        flags[[row for row in range(rows) if row not in set(self.ends.tolist())]] = TIED
        words = -(-rows // 64) + 1
        maps = np.zeros((steps, words), np.uint64)
        for row, step in enumerate(self.serves):
            if step >= 0:
                maps[step, row // 64] |= np.uint64(1 << row % 64)
        ties = np.zeros(words + 2, np.uint64)
        add_marked(padded(flags), np.uint8(TIED), ties)
        moments_ = np.empty_like(maps)
        map_moments(ties, 0, maps, moments_)
        self.rows = rows
        self.steps = Steps(
            maps, moments_, 0, ties, flags, True, np.arange(steps), np.empty(steps, np.int64),
            np.empty(rows, np.uint64), 0,
        )  # fmt: skip

    def last_rows(self, step: int) -> list[int]:
        """The last rows of the moments with a row that serves a step."""
        return [
            int(end) - 1
            for begin, end in pairwise(self.ends)
            if step in self.serves[int(begin) : int(end)]
        ]


MOMENTS = st.lists(
    st.one_of(
        st.lists(st.integers(-1, 2), min_size=1, max_size=3),
        st.integers(1, 150).map(lambda rows: [-1] * rows),
        st.tuples(st.integers(0, 70), st.integers(0, 2), st.integers(0, 70)).map(
            lambda each: [-1] * each[0] + [each[1]] + [-1] * each[2]
        ),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@given(MOMENTS)
def test_a_moment_stands_at_its_last_row(moments) -> None:
    log = Log(moments, 3)
    starts = set(log.ends.tolist())
    for row in range(log.rows):
        assert int(log.steps.ties[row // 64]) >> row % 64 & 1 == int(row not in starts)
    for step in range(3):
        words = log.steps.moments[step]
        found = [row for row in range(64 * len(words)) if int(words[row // 64]) >> row % 64 & 1]
        assert found == log.last_rows(step)
    _spread(0, log.rows, log.steps)
    assert log.steps.bits.tolist() == [1 << step if step >= 0 else 0 for step in log.serves]


@given(MOMENTS, st.data())
def test_the_next_and_the_last_row_of_a_step_are_found(moments, data) -> None:
    log = Log(moments, 3)
    at = data.draw(st.integers(0, log.rows - 1))
    end = data.draw(st.integers(at, log.rows))
    for step in range(3):
        serving = [row for row in range(at, end) if log.serves[row] == step]
        assert _next(step, at, end, log.steps) == (serving[0] if serving else end)
        if serving:
            assert _last(step, at, end, log.steps) == serving[-1]


def climbed(log: Log, order: Any) -> tuple[int, int]:
    """Steps done in an order of steps, taken as early as they come, and the last row used."""
    level, last, begin = 0, -1, 0
    for begin, end in pairwise(log.ends.tolist()):
        serving = sorted((log.serves[row] for row in range(begin, end)), reverse=order == "worst")
        for step in serving:
            if step == level:
                level, last = level + 1, end - 1
    return level, last


@given(MOMENTS)
def test_a_climb_is_that_of_the_moments_in_their_best_order_and_their_worst(moments) -> None:
    log = Log(moments, 3)
    calm, level, weak, _, _, at, latest = _climb(0, log.rows, 3, log.steps)
    best, worst = climbed(log, "best"), climbed(log, "worst")
    assert calm
    assert (level, weak) == (best[0], worst[0])
    if level:
        assert (at, latest) == (best[1], worst[1])
