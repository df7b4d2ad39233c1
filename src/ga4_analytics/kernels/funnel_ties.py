"""Events of one moment: how many steps they can serve, each event one, and which."""

from __future__ import annotations

import numpy as np

from ga4_analytics.kernels.lean import inner

ONE = np.uint64(1)
TAKEN = 99
NOBODY = np.int64(-1)


@inner
def advance(steps, lo, hi, skip, level, last, limit, owner):  # type: ignore[no-untyped-def]
    """How far an attempt comes with the events of one moment, in the best order of them.

    Args:
        steps: uint64, one an event: bit k is set where it can serve step k, from 0.
        lo: First event of the moment.
        hi: The event after its last.
        skip: An event that serves already; -1: none.
        level: How many steps are done.
        last: How many there are.
        limit: How many steps may be done at most in this moment.
        owner: int64 scratch of shape (4, events + 65); row 0 says afterwards which step each
            event serves, where events compete.

    Returns:
        How many steps are done then.
    """
    if level >= last or limit <= 0:
        return level
    if hi - lo == 1:
        if lo != skip and (steps[lo] >> np.uint64(level)) & ONE:
            return level + 1
        return level
    union = np.uint64(0)
    single = True
    for i in range(lo, hi):
        if i != skip:
            bits = steps[i] >> np.uint64(level)
            union |= bits
            if bits and bits & (bits - ONE):
                single = False
    if single or limit == 1:
        done = level
        while done < last and done - level < limit and union & ONE:
            union >>= ONE
            done += 1
        return done
    return _matched(steps, lo, hi, skip, level, min(last, level + limit), owner)


@inner
def _matched(steps, lo, hi, skip, level, last, owner):  # type: ignore[no-untyped-def]
    """The same where events can serve several steps: augmenting paths, step by step."""
    for i in range(lo, hi):
        owner[0, i] = TAKEN if i == skip else -1
    for step in range(level, last):
        if not augment(steps, lo, hi, step, owner):
            return step
    return last


@inner
def augment(steps, lo, hi, step, owner):  # type: ignore[no-untyped-def]
    """Give one more step an event, moving others where that helps.

    Args:
        steps: uint64, one an event.
        lo: First event.
        hi: The event after the last.
        step: The step, from 0.
        owner: int64 (4, events + 65); row 0 holds the step of each event, -1 where it is
            free or `TAKEN` where it must not move, and is changed where there is a way.

    Returns:
        Whether there was a way.
    """
    for i in range(lo, hi):
        owner[1, i] = 0 if owner[0, i] == TAKEN else -1
    queue = owner[3]
    queue[0] = step
    head, tail = 0, 1
    while head < tail:
        wanted = queue[head]
        head += 1
        for i in range(lo, hi):
            if owner[1, i] >= 0 or not (steps[i] >> np.uint64(wanted)) & ONE:
                continue
            owner[1, i] = wanted
            if owner[0, i] >= 0:
                queue[tail] = owner[0, i]
                tail += 1
                continue
            # A free event: hand it over, and what its taker had to that one's wanter.
            while True:
                taker = owner[1, i]
                before = -1
                for j in range(lo, hi):
                    if j != i and owner[0, j] == taker:
                        before = j
                owner[0, i] = taker
                if before < 0 or taker == step:
                    break
                i = before
            return True
    return False


@inner
def assign(steps, lo, hi, skip, level, done, owner, out):  # type: ignore[no-untyped-def]
    """Choose the events of one moment that serve some steps, the first stored ones first.

    Args:
        steps: uint64, one an event.
        lo: First event of the moment.
        hi: The event after its last.
        skip: An event that serves already; -1: none.
        level: How many steps were done before.
        done: How many are done after; `advance` said that it can be.
        owner: int64 scratch of shape (4, events + 65).
        out: int64, one a step: the events chosen for steps ``level`` to ``done - 1``.
    """
    for i in range(lo, hi):
        owner[2, i] = 1 if i == skip else 0
    for step in range(level, done):
        for i in range(lo, hi):
            if owner[2, i] or not (steps[i] >> np.uint64(step)) & ONE:
                continue
            owner[2, i] = 1
            if _rest_fits(steps, lo, hi, step + 1, done, owner):
                out[step] = i
                break
            owner[2, i] = 0


@inner
def _rest_fits(steps, lo, hi, level, done, owner):  # type: ignore[no-untyped-def]
    """Whether the events that are left can serve the steps that are left."""
    for i in range(lo, hi):
        owner[0, i] = TAKEN if owner[2, i] else -1
    for step in range(level, done):  # noqa: SIM110 (Numba has no generators)
        if not augment(steps, lo, hi, step, owner):
            return False
    return True
