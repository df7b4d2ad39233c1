"""Rows near each user's own moment, counted by plain loops beside the compiled passes."""

from __future__ import annotations

import numpy as np
import pytest

from ga4_analytics.kernels.exposed import add_up, distinct, mark_inside

NULL = -(2**63)


@pytest.mark.parametrize("seed", range(40))
def test_compiled_passes_count_what_loops_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    users, first = 6, int(rng.integers(0, 3))
    sizes = rng.integers(0, 9, users)
    user_row = np.concatenate([[0], sizes.cumsum()]).astype(np.uint32)
    rows = int(user_row[-1])
    owner = np.repeat(np.arange(users), sizes)
    time, day = rng.integers(0, 12, rows), rng.integers(3, 6, rows)
    flags, bits = rng.integers(0, 4, rows).astype(np.uint8), rng.integers(0, 4, rows)
    values = np.where(rng.random(rows) < 0.2, NULL, rng.integers(-9, 9, rows))
    chosen, moment = rng.integers(0, 5, users) > 0, rng.integers(0, 12, users)
    origin = rng.integers(0, 2, users) * 3
    # A stretch begins with each user, and where the day is another.
    new = np.ones(rows, bool)
    new[1:] = (owner[1:] != owner[:-1]) | (day[1:] != day[:-1])
    run_row = np.flatnonzero(new)
    user_run = np.searchsorted(run_row, user_row).astype(np.uint32)
    base = int(user_row[first])
    out = np.full(rows - base, 7, np.uint8)
    mark_inside(
        user_row, user_run, run_row.astype(np.uint32), day[run_row].astype(np.uint16), time, flags,
        2, bits[base:].astype(np.uint64), np.uint64(1), chosen.astype(np.uint8), moment[first:],
        origin[first:], first, users, -2, 4, 1, 4, out,
    )  # fmt: skip
    wanted = [
        bool(chosen[u] and bits[i] & 1 and not flags[i] & 2 and -2 <= time[i] - moment[u] <= 4
             and 1 <= day[i] - origin[u] <= 4)
        for i, u in enumerate(owner)
    ]  # fmt: skip
    assert out.tolist() == wanted[base:]
    mine = [[i for i in range(rows) if wanted[i] and owner[i] == u] for u in range(first, users)]
    found = np.full(users - first, -1.0)
    add_up(user_row, first, users, out, np.zeros(0, np.int64), NULL, found)
    assert found.tolist() == [len(each) for each in mine]
    add_up(user_row, first, users, out, values[base:], NULL, found)
    assert found.tolist() == [sum(values[i] for i in each if values[i] != NULL) for each in mine]
    for least in (0, 4):
        distinct(user_row, user_run, run_row.astype(np.uint32), day[run_row].astype(np.uint16),
                 first, users, out, least, 6, found)  # fmt: skip
        assert found.tolist() == [len({day[i] for i in each if day[i] >= least}) for each in mine]
