"""Features of churn: the index, SQL on both warehouses and plain Python say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from churn_logs import DAYS, NAMES, crowd, day, hostile
from hypothesis import given, settings
from hypothesis import strategies as st
from index_tables import facts_of, fill
from logs import Event, index_of
from oracles.churn import churned, population

from ga4_analytics.analyses.churn_features import Table, data_hash, tables
from ga4_analytics.analyses.churn_plan import features_of
from ga4_analytics.index.calendar import day_number
from ga4_analytics.questions.churn import ChurnQuestion
from ga4_analytics.verify.churn_sql import as_table, features_in_sql
from ga4_analytics.warehouse import Warehouse, open_warehouse

ZONES = ("UTC", "America/New_York")
QUESTIONS = (
    ChurnQuestion(least_active_days=1, counted=("purchase", "scroll", "never")),
    ChurnQuestion(active=("page_view", "purchase"), window_days=14, gap_days=0, horizon_days=5),
)


def shown(table: Table) -> dict[str, dict[str, Any]]:
    """A table as the oracle has it."""
    texts = {name: values.to_pylist() for name, values in table.texts.items()}
    return {
        key: {name: int(values[n]) for name, values in table.numbers.items()}
        | {name: values[n] for name, values in texts.items()}
        for n, key in enumerate(table.keys.to_pylist())
    }


def ask(log: Sequence[Event], zone: str, question: ChurnQuestion, cutoffs: Sequence[date],
        split: int = 1) -> list[Table]:  # fmt: skip
    index = index_of(log, zone, split=split)
    numbers = [day_number(each) for each in cutoffs]
    return tables(index, question, features_of(question), numbers)


@settings(max_examples=150)
@given(hostile(), st.sampled_from(ZONES), st.sampled_from(QUESTIONS), st.integers(1, 3))
def test_the_index_says_what_plain_python_says(
    log: list[Event], zone: str, question: ChurnQuestion, split: int
) -> None:
    cutoffs = [day(28), day(31), day(36)]
    for cutoff, table in zip(cutoffs, ask(log, zone, question, cutoffs, split), strict=True):
        expected = population(
            log, zone, cutoff, active=question.active, counted=question.counted,
            window=question.window_days, least=question.least_active_days,
        )  # fmt: skip
        assert shown(table) == expected
        assert table.keys.to_pylist() == sorted(expected, key=str.encode)
        assert table.churned is not None
        assert dict(zip(table.keys.to_pylist(), table.churned.tolist(), strict=True)) == {
            user: churned(log, zone, user, cutoff, active=question.active,
                          gap=question.gap_days, horizon=question.horizon_days)
            for user in expected
        }  # fmt: skip


@settings(max_examples=150)
@given(hostile(), st.sampled_from(ZONES), st.sampled_from(QUESTIONS), st.integers(20, 40))
def test_nothing_of_the_cutoffs_day_or_later_is_known(
    log: list[Event], zone: str, question: ChurnQuestion, number: int
) -> None:
    """Leakage 1, 4, 9: all rows of the future are deleted, and no feature moves."""
    cutoff = day(number)
    past = [event for event in log if event.day(zone) < cutoff]
    (whole,) = ask(log, zone, question, [cutoff])
    (before,) = ask(past, zone, question, [cutoff])
    features = features_of(question)
    assert as_table(whole, features).equals(as_table(before, features))


@given(hostile(), st.integers(0, 9))
def test_features_are_behaviour_and_no_calendar(log: list[Event], shift: int) -> None:
    """Leakage 2: the same deeds whole weeks later give the same features."""
    moved = [
        Event(e.user, e.name, e.time + shift * 7 * 86_400_000_000, e.batch, e.session, e.columns)
        for e in log
    ]
    question = QUESTIONS[0]
    (one,) = ask(log, "UTC", question, [day(30)])
    (other,) = ask(moved, "UTC", question, [day(30) + timedelta(weeks=shift)])
    assert shown(one) == shown(other)


def test_the_hash_of_the_rows_does_not_know_how_the_index_is_cut() -> None:
    log = crowd(40)
    question = QUESTIONS[0]
    hashes = {data_hash(ask(log, "UTC", question, [day(40), day(47)], split)) for split in (1, 4)}
    assert len(hashes) == 1
    changed = [*log[:-1], Event("user 0000", "page_view", log[0].time + 1)]
    assert data_hash(ask(changed, "UTC", question, [day(40), day(47)])) not in hashes


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    where = "ga4.duckdb"
    if request.param == "postgres":
        # English rules of order, so that text is never compared by them.
        where = request.getfixturevalue("postgres_icu_url")
    found = open_warehouse(where, tmp_path)
    found.prepare()
    yield found
    found.close()


def hostile_logs() -> list[list[Event]]:
    """A few logs drawn once, the same at every run."""
    found: list[list[Event]] = []

    @settings(max_examples=6, database=None, derandomize=True)
    @given(hostile(most=120))
    def draw(log: list[Event]) -> None:
        found.append(log)

    draw()
    return [*found, crowd(30)]


def test_sql_says_what_the_index_says(warehouse: Warehouse) -> None:
    compared = 0
    for log in hostile_logs():
        for zone in ZONES:
            fill(warehouse, facts_of(log), zone)
            for question in QUESTIONS:
                features = features_of(question)
                for table in ask(log, zone, question, [day(28), day(33), day(DAYS)], 2):
                    sql = features_in_sql(warehouse, "ga4", question, features, table.cutoff)
                    assert sql.equals(as_table(table, features))
                    compared += len(table)
    assert compared > 50


def test_the_names_of_hostile_events_are_texts(warehouse: Warehouse) -> None:
    """A name with quotes, a question mark and accents is counted and never run."""
    name = 'it\'s "odd"?; drop table x --é'
    log = [Event("u", name, 1_604_188_800_000_000 + n * 86_400_000_000) for n in range(5)]
    question = ChurnQuestion(counted=(name, *NAMES), active=(name,))
    fill(warehouse, facts_of(log))
    (table,) = ask(log, "UTC", question, [day(10)])
    features = features_of(question)
    sql = features_in_sql(warehouse, "ga4", question, features, table.cutoff)
    assert sql.equals(as_table(table, features))
    assert shown(table)["u"][f"events_of_{name}"] == 5
