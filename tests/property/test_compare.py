"""Marts held against recounts: every fault is found, as a plain comparison of rows finds it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ga4_analytics.verify.compare import Recount, Rows, checked

KEYS = st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 3))
VALUES = st.fixed_dictionaries(
    {
        "users": st.one_of(st.none(), st.integers(0, 2)),
        "rate": st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0])),
        "step": st.sampled_from(["x", "y", None]),
        "told": st.booleans(),
    }
)
ROWS = st.dictionaries(KEYS, VALUES, max_size=8)
SCHEMA = pa.schema(
    [("dataset", pa.string()), ("name", pa.string()), ("day", pa.int32()), ("users", pa.int64()),
     ("rate", pa.float64()), ("step", pa.string()), ("told", pa.bool_())]
)  # fmt: skip


def mart_of(rows: Rows) -> pa.Table:
    """A mart of two datasets, one of which has these rows."""
    mine = [{"dataset": "ga4", "name": k[0], "day": k[1], **row} for k, row in rows.items()]
    other = {"dataset": "other", "name": "a", "day": 0, "users": 9, "rate": 9.0, "told": True}
    return pa.Table.from_pylist([other, *mine], SCHEMA)


def differences(said: Rows, found: Rows) -> int:
    """How many values and rows differ, row by row."""
    wrong = len(said.keys() ^ found.keys())
    for key in said.keys() & found.keys():
        wrong += sum(said[key][column] != value for column, value in found[key].items())
    return wrong


@given(said=ROWS, found=ROWS)
def test_differences_are_those_of_the_rows(said: Rows, found: Rows) -> None:
    result = checked(Recount.of_rows("mart", ("name", "day"), found), mart_of(said), "ga4")
    assert result.rows == len(said.keys() | found.keys())
    assert result.cells == 4 * len(said.keys() & found.keys())
    assert result.different == differences(said, found)
    assert bool(result.examples) == bool(result.different)


@given(rows=ROWS)
def test_a_mart_agrees_with_itself_in_any_order(rows: Rows) -> None:
    turned = dict(reversed(rows.items()))
    result = checked(Recount.of_rows("mart", ("name", "day"), turned), mart_of(rows), "ga4")
    assert (result.different, result.examples) == (0, ())


def one(**changes: Any) -> Rows:
    """One row."""
    return {("a", 1): {"users": 1, "rate": 0.5, "step": "1", "told": True} | changes}


def said_of(mart: pa.Table, found: Rows) -> tuple[str, ...]:
    """What is told of a comparison."""
    return checked(Recount.of_rows("mart", ("name", "day"), found), mart, "ga4").examples


def test_each_fault_is_told_in_words() -> None:
    mart = mart_of(one())
    assert said_of(mart, one(users=None)) == ("a, 1: users is 1, by the index None",)
    assert said_of(mart, one(rate=0.5000000000000001)) == (
        "a, 1: rate is 0.5, by the index 0.5000000000000001",
    )
    assert said_of(mart, {}) == ("a, 1: the index has no such row",)
    assert said_of(mart_of({}), one()) == ("a, 1: the mart has no such row",)


def test_a_row_that_comes_twice_is_a_fault() -> None:
    twice = pa.concat_tables([mart_of(one()), mart_of(one())])
    assert said_of(twice, one()) == ("a, 1: the mart has this row more than once",)


def test_texts_are_not_numbers_and_parts_are_not_cut_off() -> None:
    mart = mart_of(one())
    assert said_of(mart, one(step=1)) == ("a, 1: step is 1, by the index 1",)
    assert said_of(mart, one(users=1.5)) == ("a, 1: users is 1, by the index 1.5",)
    assert said_of(mart, one(users=1.0)) == ()
