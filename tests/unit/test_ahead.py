"""What is prepared ahead comes in order, and never more of it than was said."""

from __future__ import annotations

import threading
import weakref
from itertools import pairwise

import pytest

from ga4_analytics.ahead import ahead
from ga4_analytics.exports.source import AT_ONCE


class Made:
    """Stands for lines that take memory."""

    def __init__(self, number: int) -> None:
        self.number = number


def test_it_comes_in_order_whoever_is_done_first() -> None:
    second_is_done = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert second_is_done.wait(10)
        if number == 1:
            second_is_done.set()
        return number

    assert list(ahead(work, range(20), threads=AT_ONCE, most=AT_ONCE)) == list(range(20))


def test_no_more_is_in_memory_than_was_said() -> None:
    lock, alive, most = threading.Lock(), weakref.WeakSet[Made](), [0]

    def work(number: int) -> Made:
        made = Made(number)
        with lock:
            alive.add(made)
            most[0] = max(most[0], len(alive))
        return made

    seen = []
    for made in ahead(work, range(50), threads=AT_ONCE, most=AT_ONCE):
        seen.append(made.number)
        del made
    assert all(before < after for before, after in pairwise(seen)) and len(seen) == 50
    assert most[0] == AT_ONCE == 2


def test_an_error_comes_when_its_turn_does_and_ends_it() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise OSError("no space")
        return number

    seen = []
    with pytest.raises(OSError, match="no space"):
        for number in ahead(work, range(100), threads=AT_ONCE, most=AT_ONCE):
            seen.append(number)
    assert seen == [0, 1, 2]
    assert max(begun) < 3 + AT_ONCE


def test_who_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    given = ahead(lambda number: number, range(100))
    assert next(given) == 0
    given.close()
    assert threading.active_count() == before
