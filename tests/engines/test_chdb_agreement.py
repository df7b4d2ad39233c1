"""An independent engine, ClickHouse in a process (chDB), counts what the index counts.

Where the two mean the same, every number is equal, from the whole way: generator, staged
relation, index, analysis against a MergeTree and SQL. Where they do not, the micro-logs at
the end say why and by how much.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from logs import MINUTE, START, Event, index_of
from versus.built import make_index
from versus.clickhouse import ClickHouse
from versus.ours import Ours, matrix, selector, users
from versus.questions import DAY, QUESTIONS, Cohorts, Funnel, Question, Step
from versus.staged import make_staged
from versus.stores import make_chdb, make_duck

from ga4_analytics.analyses import funnel, retention
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.funnel import FunnelSpec
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.retention import Retention

pytest.importorskip("chdb")
SCALE = 0.02


@dataclass(frozen=True)
class Engines:
    """The index and ClickHouse over the same 86,000 events."""

    ours: Ours
    clickhouse: ClickHouse


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Both, from one small sample."""
    folder: Path = tmp_path_factory.mktemp("chdb")
    make_staged(folder, 1, SCALE)
    make_index(folder)
    make_duck(folder)
    make_chdb(folder)
    clickhouse = ClickHouse(folder)
    yield Engines(Ours(folder), clickhouse)
    clickhouse.close()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_all_questions_of_the_benchmark(question: Question, engines: Engines) -> None:
    """Funnels plain, filtered, repeated and by group, paths, sessions, retention, daily users."""
    [ours] = engines.ours.forms(question.name).values()
    for variant in question.variants:
        mine = _plain(ours(variant))
        assert mine, variant
        for form, theirs in engines.clickhouse.forms(question.name).items():
            assert _plain(theirs(variant)) == mine, (form, variant)


@pytest.mark.parametrize("window", [1, 60, 1800, DAY, 7 * DAY, 30 * DAY, 100 * DAY])
@pytest.mark.parametrize(
    "names",
    [
        "session_start page_view view_item add_to_cart begin_checkout purchase",
        "page_view session_start first_visit",
        "user_engagement view_item scroll page_view",
        "purchase session_start page_view purchase",
        "view_item",
    ],
)
def test_windows(names: str, window: int, engines: Engines) -> None:
    """From one second to more than all the data; steps that tie, and against the stored order."""
    question = Funnel(tuple(Step(name) for name in names.split()), window)
    mine = engines.ours.funnel(question)
    if len(set(names.split())) == len(names.split()):
        assert engines.clickhouse.funnel(question) == mine
    assert engines.clickhouse.folded(question) == mine
    if len(set(names.split())) == len(names.split()):
        assert engines.clickhouse.by_device(question) == engines.ours.by_device(question)
    assert mine[0] > 0


def test_a_window_within_a_session(engines: Engines) -> None:
    """One row a session, and a window as well."""
    steps = tuple(Step(name) for name in ("session_start", "page_view", "view_item"))
    question = Funnel(steps, 120)
    mine = engines.ours.funnel(question, "session")
    assert engines.clickhouse.funnel(question, key="uid, session") == mine
    assert mine[0] > mine[1] > mine[2] > 0


def test_ties_are_there(engines: Engines) -> None:
    """The sample has tied events, else agreement over them would say nothing."""
    tied = sum(int((segment.flags & 1).sum()) for segment in engines.ours.index.segments)
    assert tied > 1000


def test_retention_of_a_country_by_week(engines: Engines) -> None:
    """Weeks from Monday, of users who first scrolled in the US."""
    spec = Retention(
        EventSelector(("scroll",), Condition("country", "is", ("United States",))),
        EventSelector(("view_item",)),
        entry="first_in_range", unit="week", periods=4,
    )  # fmt: skip
    result = retention.answer(engines.ours.index, spec)
    rows = engines.clickhouse.rows(
        "select c, n, uniqExact(uid) from (select uid, toMonday(min(event_date)) as c from "
        "g.events where event_name = 'scroll' and country = 'United States' group by uid) f join "
        "(select distinct uid, toMonday(event_date) as w from g.events where event_name = "
        "'view_item') r using uid array join [toInt32((w - c) / 7)] as n where n between 1 and 4 "
        "group by c, n"
    )
    theirs = {(cohort, n): count for cohort, n, count in rows}
    compared = 0
    for cohort in result.overall.cohorts:
        for n in range(1, 5):
            if cohort.returned[n] is not None:
                monday = cohort.start - timedelta(days=cohort.start.weekday())
                assert cohort.returned[n] == theirs.get((monday.isoformat(), n), 0), (cohort, n)
                compared += 1
    assert compared > 20


def test_cohorts_that_are_not_mature_are_left_out(engines: Engines) -> None:
    """SQL counts them as if nobody could still come; we give null. The rest is equal."""
    question = Cohorts(30)
    spec = Retention(periods=30, include_left_truncated=True)
    result = retention.answer(engines.ours.index, spec)
    null = sum(each is None for c in result.overall.cohorts for each in c.returned)
    assert null == sum(range(1, 31))
    assert _plain(engines.clickhouse.cohorts(question, "user_days")) == matrix(result)


def _plain(answer: Any) -> Any:
    return json.loads(json.dumps(answer))


HOUR = 3600


@pytest.mark.parametrize(
    ("log", "ours", "clickhouse"),
    [
        ("A0 A30 B45 C75", 3, 3),
        ("A0 A120 B130 C140", 3, 3),
        ("A0 B0 C0", 3, 3),
        ("C0 B0 A0", 3, 3),
        ("A0 B50 C100", 2, 2),
    ],
)
def test_micro_logs_agree(log: str, ours: int, clickhouse: int, engines: Engines) -> None:
    """The best attempt counts, the window is from its entry and inclusive, ties convert."""
    assert _ours(log, "A B C") == ours
    assert _clickhouse(engines, log, "A B C") == clickhouse


def test_events_after_the_range_complete_a_funnel(engines: Engines) -> None:
    """Ours looks past the last day of the range for the later steps; SQL's where does not.

    The range of semantics.md's log ends in the middle of a day; here it is the day's end.
    """
    log = "A0 B1440 C1450"
    day = date(2020, 11, 1)
    assert _ours(log, "A B C", Query(end=day), 2 * 24 * HOUR) == 3
    rows = f"(select * from {_values(log)} where ts < {1440 * 60_000_000})"
    assert _clickhouse(engines, log, "A B C", 2 * 24 * HOUR, rows) == 1


def test_one_row_fills_one_step(engines: Engines) -> None:
    """Ours uses an event once; windowFunnel's default lets one row fill several equal steps."""
    assert _ours("A0 B5", "A A B") == 1
    assert _clickhouse(engines, "A0 B5", "A A B") == 3
    assert _ours("A0 A5 B5", "A A B") == 3


def test_ties_and_strict_increase(engines: Engines) -> None:
    """windowFunnel's 'strict_increase' loses tied steps; ours tells them as the worst order."""
    assert _clickhouse(engines, "A0 B0 C0", "A B C", mode=", 'strict_increase'") == 1
    spec = FunnelSpec(tuple(EventSelector((name,)) for name in "ABC"), window_seconds=HOUR)
    result = funnel.answer(index_of(_events("A0 B0 C0")), spec)
    assert [step.users_worst_order for step in result.steps] == [1, 0, 0]
    assert users(result.steps) == [1, 1, 1]


def _events(log: str) -> list[Event]:
    return [Event("u", part[0], START + int(part[1:]) * MINUTE) for part in log.split()]


def _ours(log: str, steps: str, query: Query | None = None, window: int = HOUR) -> int:
    """The furthest step."""
    selectors = tuple(selector(Step(name)) for name in steps.split())
    spec = FunnelSpec(selectors, query or Query(), window_seconds=window)
    return sum(users(funnel.answer(index_of(_events(log)), spec).steps))


def _values(log: str) -> str:
    rows = ", ".join(f"({int(part[1:]) * MINUTE}, '{part[0]}')" for part in log.split())
    return f"values('ts Int64, name String', {rows})"


def _clickhouse(
    engines: Engines, log: str, steps: str, window: int = HOUR, rows: str = "", mode: str = ""
) -> int:
    """The furthest step."""
    conditions: Sequence[str] = [f"name = '{name}'" for name in steps.split()]
    sql = f"windowFunnel({window * 1_000_000}{mode})(toUInt64(ts), {', '.join(conditions)})"
    found = engines.clickhouse.rows(f"select {sql} from {rows or _values(log)}")
    return int(found[0][0])
