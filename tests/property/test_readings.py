"""How text becomes a value: short cuts give what the long way gives, and signs miss no fault."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ga4_analytics.sources.readings import MACROS, Judging, faults, value_sql
from ga4_analytics.sources.schema import EVENT_COLUMNS, Column

# The path of RFC 3986, appendix B, with a scheme that is one.
PATH = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)", re.DOTALL)
LOCATIONS = st.one_of(
    st.text(alphabet="htps:/?#a.é \n", max_size=30),
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["https://", "http://", "https:/", "https:", "HTTPS://", "//", "app:"]),
            st.text(alphabet="ab./?#:é@", max_size=25),
        ),
    ),
)
DIGITS = st.from_regex(r"[+-]?[0-9]{0,20}(\.[0-9]{0,12})?", fullmatch=True)
AMOUNTS = st.one_of(
    DIGITS,
    st.builds(
        "{}{}{}".format, st.sampled_from(["", " ", "\t"]), DIGITS, st.sampled_from(["", " "])
    ),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3})?[eE][+-]?[0-9]{1,2}", fullmatch=True),
    st.sampled_from(["999999.9999995", "-1000000", "999999.9999994", "nan", "inf", "1_0"]),
)
TEXTS = st.one_of(
    AMOUNTS, LOCATIONS, st.text(max_size=12),
    st.sampled_from([
        "20260301", "2026-03-01", "20261301", "19990101", "99990101", "1.6E+15", "1.6e15",
        "1709251200000000", "1709251200", "1000000000000000", "9999999999999999", "true", "0.0",
        "2026-03-01T10:00:00", "2026-03-01 10:00:00 UTC", "+1", "1,5E+10", "-5", "x" * 201,
        "é" * 150,
    ]),
)  # fmt: skip
READ = [column for column in EVENT_COLUMNS if column.reading]


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    """An engine that knows the macros, and the long way to an amount."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(MACROS)
    connection.execute(
        "create macro long_money(x) as "
        "try_cast(try_cast(trim(x) as decimal(30, 6)) * 1000000 as bigint)"
    )
    return connection


def asked(engine: duckdb.DuckDBPyConnection, sql: str, texts: list[str]) -> list[Any]:
    """The values of an expression over ``x``."""
    table = "from (select unnest(?::varchar[]) as x)"
    return [row[0] for row in engine.execute(f"select {sql} {table}", [texts]).fetchall()]


@given(st.lists(LOCATIONS, min_size=1, max_size=40))
def test_paths(engine: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    wanted = [match[1] or "/" for text in texts if (match := PATH.match(text))]
    assert asked(engine, "path_of(x)", texts) == wanted


@given(st.lists(AMOUNTS, min_size=1, max_size=40))
def test_amounts(engine: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    found = asked(engine, "money(x)", texts)
    assert found == asked(engine, "long_money(x)", texts)
    for text, value in zip(texts, found, strict=True):
        if re.fullmatch(r"[+-]?[0-9]{1,11}(\.[0-9]{1,12})?", text):
            exact = Decimal(text).quantize(Decimal("0.000001"), ROUND_HALF_UP)
            assert value == int(exact * 1_000_000), text


@pytest.mark.parametrize("column", READ, ids=lambda column: column.name)
def test_where_there_is_a_fault_there_is_its_sign(
    engine: duckdb.DuckDBPyConnection, column: Column
) -> None:
    table = f"(select t, {value_sql(column, 't')} as {column.name} from (select x as t))"
    found = faults(column, "t", Judging(1_772_323_200_000_000))

    @given(st.lists(TEXTS, min_size=1, max_size=40))
    def holds(texts: list[str]) -> None:
        for fault in found:
            missed = f"({fault.test}) is true and ({fault.sign}) is not true"
            assert not any(asked(engine, f"(select {missed} from {table})", texts))

    holds()
