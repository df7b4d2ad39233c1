"""Bits of rows, the days they make and who comes back on them, against plain Python."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ga4_analytics.analyses import masks as masks_module
from ga4_analytics.analyses.masks import Masks, no_words, words_of
from ga4_analytics.kernels import bitmaps, matched, retention
from ga4_analytics.questions.filters import AnyOf, NotOf


@dataclass(frozen=True)
class Rows:
    """What a segment has, as far as codes and days go."""

    name: Any
    columns: dict[str, Any]
    user_row: Any
    user_run: Any
    run_row: Any
    run_day: Any
    offsets: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.name)

    def part(self, first: int, end: int) -> tuple[int, int]:
        return int(self.user_row[first]), int(self.user_row[end])


@st.composite
def segments(draw: st.DrawFn) -> Rows:
    """Users with runs of 1 to 200 rows, on days that ascend; few or many of 300 codes."""
    lengths = draw(st.lists(st.lists(st.integers(1, 200), min_size=1, max_size=4), min_size=1,
                            max_size=12))  # fmt: skip
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    runs = [length for user in lengths for length in user]
    rows, codes = sum(runs), draw(st.sampled_from((2, 6, 40, 256)))
    wide = draw(st.booleans())
    days = [np.sort(rng.choice(9, len(user), replace=False)) + 10 for user in lengths]
    ends = np.cumsum([0, *runs])
    user_run = np.cumsum([0, *map(len, lengths)])
    kind = np.uint16 if wide else np.uint8
    items = np.cumsum([0, *rng.integers(0, 3, rows)]).astype(np.uint32)
    columns = {
        "country": rng.integers(0, codes, rows).astype(kind),
        "number": rng.integers(-9, 300, rows),
        "item": rng.integers(0, codes, int(items[-1])).astype(kind),
    }
    return Rows(
        rng.integers(0, codes, rows).astype(kind), columns, ends[user_run].astype(np.uint32),
        user_run.astype(np.uint32), ends[:-1].astype(np.uint32),
        np.concatenate(days).astype(np.uint16), {"item": items},
    )  # fmt: skip


def chosen_of(segment: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return (rng.random(len(segment.user_row) - 1) < rng.choice((0.0, 0.5, 1.0))).astype(np.uint8)


def days_of(segment: Any, words: Any, chosen: Any, first: int, end: int) -> tuple[Any, Any]:
    runs = int(segment.user_run[end]) - int(segment.user_run[first])
    offsets, days = np.empty(end - first + 1, np.uint32), np.empty(runs, np.uint16)
    bitmaps.days_met(
        segment.user_row, segment.user_run, segment.run_row, segment.run_day, chosen, first, end,
        words, np.empty(runs + 1, np.uint32), offsets, days,
    )  # fmt: skip
    return offsets, days


@given(segments(), st.data())
def test_a_row_has_its_bit_where_name_and_column_meet(segment, data) -> None:
    users = len(segment.user_row) - 1
    first = data.draw(st.integers(0, users - 1))
    begin, end = segment.part(first, data.draw(st.integers(first + 1, users)))
    listed = st.sets(st.integers(0, 255), max_size=7)
    some = st.one_of(listed, listed.map(lambda codes: set(range(256)) - codes), st.just({1}))
    names, countries, items = data.draw(some), data.draw(some), data.draw(some)
    low, high, other = data.draw(st.tuples(*[st.integers(-5, 300)] * 3))
    place = data.draw(st.integers(0, 62))
    bit = np.uint64(1 << place)

    def table(codes: set[int]) -> Any:
        # A neighbour's bits are no answer to the question.
        return np.array([(bit if code in codes else 0) | bit << np.uint64(1)
                         for code in range(256)], np.uint64)  # fmt: skip

    def has_item(row: int) -> bool:
        begun, ended = segment.offsets["item"][row : row + 2]
        return bool(items & set(segment.columns["item"][begun:ended].tolist()))

    masks = Masks(table(names), {"country": table(countries)})
    kinds = data.draw(st.sets(st.sampled_from(("range", "list", "or", "not"))))
    among = Masks(np.full(256, np.uint64(1)), ranges=[("number", ((low, high),), np.uint64(1))])
    if "range" in kinds:
        masks.ranges.append(("number", ((low, high), (other, other + 9)), bit))
    if "list" in kinds:
        masks.lists.append(("item", bit, np.where(table(items) & bit, bit, 0).astype(np.uint64)))
    if "or" in kinds:
        both = (among, Masks(np.where(np.arange(256) == 1, 1, 0).astype(np.uint64)))
        masks._trees.append(masks_module._Tree(AnyOf(()), bit, both))
    if "not" in kinds:
        masks._trees.append(masks_module._Tree(NotOf(AnyOf(())), bit, (among,)))
    words = masks.words(segment, begin, end, place)
    told = [int(words[r // 64 - begin // 64]) >> r % 64 & 1 for r in range(begin, end)]
    number = segment.columns["number"]
    meets = [
        int(
            segment.name[r] in names
            and segment.columns["country"][r] in countries
            and ("range" not in kinds or low <= number[r] <= high or 0 <= number[r] - other <= 9)
            and ("list" not in kinds or has_item(r))
            and ("or" not in kinds or low <= number[r] <= high or segment.name[r] == 1)
            and ("not" not in kinds or not low <= number[r] <= high)
        )
        for r in range(begin, end)
    ]
    assert told == meets
    assert int(words[-1]) == 0
    bits = masks.rows(segment, begin, end)
    assert ((bits >> np.uint64(place)) & np.uint64(1)).tolist() == meets


@given(segments(), st.integers(0, 99), st.integers(0, 999), st.data())
def test_a_user_has_the_days_of_the_rows_that_meet(segment, parts_in_100, seed, data) -> None:
    users = len(segment.user_row) - 1
    first = data.draw(st.integers(0, users - 1))
    last = data.draw(st.integers(first + 1, users))
    begin, end = segment.part(first, last)
    chosen, rng = chosen_of(segment, seed), np.random.default_rng(seed)
    meets = rng.random(segment.rows) * 100 < parts_in_100**2 / 100
    words = words_of(meets[begin:end], begin)
    # Rows of others may have their bits.
    words[0] |= np.uint64((1 << begin % 64) - 1)
    offsets, days = days_of(segment, words, chosen, first, last)
    for user in range(first, last):
        runs = range(int(segment.user_run[user]), int(segment.user_run[user + 1]))
        ends = [*segment.run_row.tolist(), segment.rows]
        wanted = [int(segment.run_day[r]) for r in runs if meets[ends[r] : ends[r + 1]].any()]
        mine = days[offsets[user - first] : offsets[user - first + 1]]
        assert mine.tolist() == (wanted if chosen[user] else [])
    slow = np.empty_like(offsets), np.empty_like(days)
    matched.matched_days(
        segment.user_row, segment.user_run, segment.run_row, segment.run_day,
        np.ones(users, np.uint32), np.uint32(1), chosen, first, last,
        meets[begin:end].astype(np.uint64), np.uint64(1), np.zeros(0, np.uint32),
        np.zeros(0, np.int64), -1, *slow, np.zeros(0, np.int64),
    )  # fmt: skip
    assert slow[0].tolist() == offsets.tolist()
    assert slow[1][: slow[0][-1]].tolist() == days[: offsets[-1]].tolist()


@st.composite
def visits(draw: st.DrawFn) -> tuple[Any, Any]:
    """Offsets of users, and their distinct days from 10 to 25."""
    days = st.sets(st.integers(10, 25), max_size=6).map(sorted)
    found = draw(st.lists(days, min_size=8, max_size=8))
    offsets = np.cumsum([0, *map(len, found)]).astype(np.uint32)
    return offsets, np.array([day for days in found for day in days], np.uint16)


@given(visits(), visits(), st.integers(0, 999), st.sampled_from((0, 1)), st.integers(10, 25),
       st.integers(0, 9), st.integers(9, 27), st.integers(0, 5))  # fmt: skip
def test_days_are_counted_as_calendar_units_are(
    starts, returns, seed, entry, low, length, until, more
) -> None:
    high, rng = min(low + length, 25), np.random.default_rng(seed)
    chosen = (rng.random(8) < 0.8).astype(np.uint8)
    origin = rng.integers(-1, 3, 8).astype(np.int32) if seed % 2 else np.zeros(0, np.int32)
    cohorts, periods = high - low + 1, more + 1
    entries, counts = np.zeros(cohorts, np.int64), np.zeros((cohorts, periods), np.int64)
    retention.by_days(
        8, *starts, 0, *returns, 0, chosen, origin, entry, low, low, high, until, entries, counts
    )
    wanted, came = Counter[int](), Counter[tuple[int, int]]()
    for user in range(8):
        began, back = (
            days[offsets[user] : offsets[user + 1]].tolist() for offsets, days in (starts, returns)
        )
        inside = [day for day in began if low <= day <= high]
        if entry == 0:
            inside = [day for day in began[:1] if low <= day <= high]
        if not inside or not chosen[user] or (len(origin) and origin[user] < 0):
            continue
        wanted[inside[0] - low] += 1
        for day in back:
            if inside[0] <= day <= until and day - inside[0] < periods:
                came[inside[0] - low, day - inside[0]] += 1
    assert dict(wanted) == {k: n for k, n in enumerate(entries.tolist()) if n}
    assert dict(came) == {k: int(counts[k]) for k in zip(*map(np.ndarray.tolist, counts.nonzero()),
                                                         strict=True)}  # fmt: skip


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 128, 129, 200])
def test_one_row_is_found_wherever_it_stands_in_a_run(rows) -> None:
    for shift in (0, 1, 31, 63):
        for place in {0, 1, 62, 63, 64, 65, 127, 128, rows - 1}:
            if place >= rows:
                continue
            segment = Rows(
                np.zeros(shift + rows + 70, np.uint8), {},
                np.array([0, shift, shift + rows, shift + rows + 70][shift == 0 :], np.uint32),
                np.arange(4 - (shift == 0), dtype=np.uint32),
                np.array([0, shift, shift + rows][shift == 0 :], np.uint32),
                np.arange(10, 13 - (shift == 0), dtype=np.uint16),
            )  # fmt: skip
            words = no_words(0, segment.rows)
            words[(shift + place) // 64] |= np.uint64(1 << (shift + place) % 64)
            users = len(segment.user_row) - 1
            offsets, _ = days_of(segment, words, np.ones(users, np.uint8), 0, users)
            assert np.diff(offsets).tolist() == [*[0] * (users - 2), 1, 0]


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 127, 130])
@pytest.mark.parametrize("listed", [1, 5])
def test_every_row_to_the_last_has_its_bit(rows, listed) -> None:
    none = np.zeros(0, np.uint32)
    segment = Rows(np.arange(rows).astype(np.uint8) % listed, {}, none, none, none, none)
    table = np.zeros(100, np.uint64)
    table[:listed] = 1
    for first in {0, 1, rows // 2, rows - 1} & {*range(rows)}:
        words = Masks(table).words(segment, first, rows, 0)
        for row in range(first, rows):
            assert int(words[row // 64 - first // 64]) >> row % 64 & 1
