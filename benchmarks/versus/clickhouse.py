"""ClickHouse's (chDB's) best SQL for each question, on a MergeTree ordered by user and time."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from versus.questions import (
    Active,
    Cohorts,
    Daily,
    Funnel,
    Gaps,
    Paths,
    Returns,
    Rolling,
    Step,
    by_group,
    reached,
)
from versus.stores import open_chdb

START = "toDate('2020-11-01')"
_DAYS = 92
_IN_ORDER = " settings optimize_aggregation_in_order = 1"
_NO_WINDOW = 10**15


def condition(step: Step) -> str:
    """A step as SQL."""
    sql = f"event_name = '{step.name}'"
    if step.where is None:
        return sql
    column, operator, value = step.where
    if operator == "is":
        return f"({sql} and {column} = '{value}')"
    if operator == "contains":
        return f"({sql} and position({column}, '{value}') > 0)"
    return f"({sql} and {column} >= {value})"


class ClickHouse:
    """Answers from chDB's store.

    Args:
        folder: Above that of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._session = open_chdb(folder / "chdb")

    def forms(self, name: str) -> dict[str, Callable[[Any], Any]]:
        """The formulations of a question: hashed, and in the order of the table."""
        ways = {"hashed": "", "in order": _IN_ORDER}

        def both(function: Callable[..., Any], **given: Any) -> dict[str, Callable[[Any], Any]]:
            return {way: partial(function, settings=text, **given) for way, text in ways.items()}

        funnels = both(self.funnel)
        many: dict[str, dict[str, Callable[[Any], Any]]] = {
            "funnel": funnels, "filtered": funnels, "turned": funnels,
            "repeated": {"arrayFold": self.folded, "asof joins": self.asof},
            "by_device": both(self.by_device),
            # In the table's order this takes twenty times as long.
            "by_session": {"hashed": partial(self.funnel, key="uid, session")},
            "paths": {"arrays": self.paths},
            "gaps": {"lag": self.gaps_lag, **both(self.gaps)},
            "returns": both(self.returns),
            "daily": {"uniqExact": self.daily, "arrays": self.daily_arrays},
            "active": {"from events": partial(self.active, table="events"),
                       "from events, arrays": self.active_arrays,
                       "from user days": partial(self.active, table="user_days")},
            "rolling": {"from events": partial(self.rolling, table="events"),
                        "from user days": partial(self.rolling, table="user_days")},
            "cohorts": {"from events": partial(self.cohorts, table="events"),
                        "from user days": partial(self.cohorts, table="user_days")},
        }  # fmt: skip
        return many[name]

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def rows(self, sql: str) -> list[list[Any]]:
        """What a query gives; whole numbers that JSON has as texts are numbers."""
        found = self._session.query(sql, "JSONCompactEachRow").bytes().decode()
        return [[_number(cell) for cell in json.loads(line)] for line in found.splitlines()]

    def _window_funnel(self, question: Funnel) -> str:
        window = question.window * 1_000_000 or _NO_WINDOW
        steps = ", ".join(condition(step) for step in question.steps)
        return f"windowFunnel({window})(toUInt64(ts), {steps})"

    def _any_step(self, question: Funnel) -> str:
        return " or ".join(dict.fromkeys(condition(step) for step in question.steps))

    def funnel(self, question: Funnel, key: str = "uid", settings: str = "") -> Any:
        """windowFunnel over the rows of any step."""
        rows = self.rows(
            f"select level, count() from (select {self._window_funnel(question)} as level from "
            f"g.events where {self._any_step(question)} group by {key}) group by level{settings}"
        )
        return reached(rows, len(question.steps))

    def folded(self, question: Funnel) -> Any:
        """The latest entry that reached each step, carried over each user's sorted rows.

        ``windowFunnel`` lets one row fill two equal steps; its mode 'strict_once', which does
        not, tries all chains and takes minutes for users with many events.
        """
        names = list(dict.fromkeys(step.name for step in question.steps))
        window, none = question.window * 1_000_000, -(10**18)
        codes = [names.index(step.name) for step in question.steps]
        cases = ", ".join(f"event_name = '{name}', {code}" for code, name in enumerate(names))
        nexts = [f"if(x.2 = {codes[0]}, x.1, a.1)"] + [
            f"if(x.2 = {code} and x.1 - a.{k} <= {window}, a.{k}, a.{k + 1})"
            for k, code in enumerate(codes[1:], 1)
        ]
        start = ", ".join(f"toInt64({none})" for _ in codes)
        places = ", ".join(f"f.{k}" for k in range(1, len(codes) + 1))
        rows = self.rows(
            f"select arrayCount(s -> s > 0, [{places}]) "
            f"as level, count() from (select arrayFold((a, x) -> tuple({', '.join(nexts)}), "
            f"arraySort(groupArray((ts, toUInt8(multiIf({cases}, 255))))), tuple({start})) as f "
            f"from g.events where {self._any_step(question)} group by uid) "
            f"group by level{_IN_ORDER}"
        )
        return reached(rows, len(codes))

    def asof(self, question: Funnel) -> Any:
        """Each entry looks up its next step; no two equal events of a user have one time."""
        window, count = question.window * 1_000_000, len(question.steps)
        sql = f"select uid, ts as t1, ts as t from g.events where {condition(question.steps[0])}"
        sql = f"select uid, t1, t, 1 as level from ({sql})"
        for k, (before, step) in enumerate(pairwise(question.steps), 2):
            after = ">" if before == step else ">="
            # An entry that fails a step has no time any more and fails the next ones too.
            sql = (
                f"select a.uid as uid, a.t1 as t1, if(b.ts > 0 and b.ts - a.t1 <= {window}, b.ts, "
                f"{10**18}) as t, if(t < {10**18}, {k}, a.level) as level from ({sql}) a asof left "
                f"join (select uid, ts from g.events where {condition(step)}) b "
                f"on a.uid = b.uid and b.ts {after} a.t"
            )
        rows = self.rows(
            f"select level, count() from (select uid, max(level) as level from ({sql}) "
            "group by uid) group by level"
        )
        return reached(rows, count)

    def by_device(self, question: Funnel, settings: str = "") -> Any:
        """The same with a user's device."""
        rows = self.rows(
            f"select device, level, count() from (select any(device_category) as device, "
            f"{self._window_funnel(question)} as level from g.events where "
            f"{self._any_step(question)} group by uid) where level > 0 "
            f"group by device, level{settings}"
        )
        return by_group(rows, len(question.steps))

    def paths(self, question: Paths) -> Any:
        """Each session's events as a sorted array, cut after each anchor."""
        return self.rows(
            "select arrayStringConcat(arrayMap(x -> toString(x), p), ' > ') as path, count() as c "
            "from (select arrayMap(x -> x.2, arraySort(groupArray((ts, event_name)))) as l, "
            f"arrayJoin(arrayFilter(i -> l[i] = '{question.anchor}', arrayEnumerate(l))) as i, "
            f"arraySlice(l, i, {question.depth + 1}) as p from g.events group by uid, session) "
            "group by p order by c desc, path limit 20"
        )

    def gaps(self, question: Gaps, settings: str = "") -> Any:
        """Each user's times as a sorted array of differences."""
        far = question.seconds * 1_000_000
        return self.rows(
            f"select sum(1 + arrayCount(x -> x > {far}, d)), "
            f"sum(arraySum(arrayFilter(x -> x <= {far}, d))) from (select "
            "arrayPopFront(arrayDifference(arraySort(groupArray(ts)))) as d from g.events "
            f"group by uid){settings}"
        )[0]

    def gaps_lag(self, question: Gaps) -> Any:
        """lagInFrame over each user."""
        far = question.seconds * 1_000_000
        return self.rows(
            f"select countIf(p = 0 or ts - p > {far}), "
            f"toInt64(sumIf(ts - p, p > 0 and ts - p <= {far})) from "
            "(select ts, lagInFrame(ts, 1, 0) over (partition by uid order by ts "
            "rows between 1 preceding and current row) as p from g.events)"
        )[0]

    def returns(self, question: Returns, settings: str = "") -> Any:
        """First day and distinct days of the other event, a user."""
        start, event = condition(question.start), condition(question.event)
        rows = self.rows(
            f"select toInt32(f - {START}), n, count() from (select "
            f"minIf(event_date, {start}) as f, countIf({start}) as c, "
            f"groupUniqArrayIf(toInt32(event_date), {event}) as ds, "
            "arrayJoin(arrayPushFront(arrayFilter(x -> x > 0 and x <= "
            f"{question.periods}, arrayMap(d -> d - toInt32(f), ds)), 0)) as n from g.events "
            f"where {start} or {event} group by uid having c > 0) group by f, n{settings}"
        )
        return _matrix(rows)

    def daily(self, question: Daily) -> Any:
        """uniqExact by day."""
        return [count for _, count in self.rows(
            f"select event_date, uniqExact(uid) from g.events where {condition(question.event)} "
            "group by event_date order by event_date"
        )]  # fmt: skip

    def daily_arrays(self, question: Daily) -> Any:
        """Each user's distinct days, then counted."""
        return [count for _, count in self.rows(
            "select d, count() from (select uid, arrayJoin(groupUniqArray(event_date)) as d from "
            f"g.events where {condition(question.event)} group by uid) group by d order by d"
            f"{_IN_ORDER}"
        )]  # fmt: skip

    def active(self, question: Active, table: str) -> Any:
        """uniqExact by day; of user days a plain count."""
        count = "uniqExact(uid)" if table == "events" else "count()"
        return [found for _, found in self.rows(
            f"select event_date, {count} from g.{table} where event_date >= {START} + "
            f"{question.first} group by event_date order by event_date"
        )]  # fmt: skip

    def active_arrays(self, question: Active) -> Any:
        """Each user's distinct days, then counted."""
        return [count for _, count in self.rows(
            "select d, count() from (select uid, arrayJoin(groupUniqArray(event_date)) as d from "
            f"g.events where event_date >= {START} + {question.first} group by uid) "
            f"group by d order by d{_IN_ORDER}"
        )]  # fmt: skip

    def rolling(self, question: Rolling, table: str) -> Any:
        """Each active day counts from itself until it ends or the user's next one begins."""
        days = question.days
        rows = self.rows(
            "select k, sum(v) from (select arrayJoin(arrayConcat(arrayMap(d -> (d, 1), ds), "
            f"arrayMap((d, n) -> (least(n, d + {days}), -1), ds, nx))) as x, x.1 as k, x.2 as v "
            "from (select arraySort(groupUniqArray(toInt32(event_date))) as ds, "
            f"arrayPushBack(arraySlice(ds, 2), 1000000) as nx from g.{table} where active "
            f"group by uid)) group by k order by k{_IN_ORDER}"
        )
        first, total, found = 18567, 0, {}
        for day, change in rows:
            total += change
            found[day - first] = total
        return [found[day] for day in range(days - 1, _DAYS)]

    def cohorts(self, question: Cohorts, table: str) -> Any:
        """First day and distinct days of each user."""
        return _matrix(self.rows(
            f"select toInt32(f - {START}), toInt32(d - f) as n, count() from (select "
            "groupUniqArray(event_date) as a, min(event_date) as f from "
            f"g.{table} group by uid) array join a as d where n <= {question.periods} "
            f"group by f, n{_IN_ORDER}"
        ))  # fmt: skip


def _number(cell: Any) -> Any:
    return int(cell) if isinstance(cell, str) and cell.lstrip("-").isdigit() else cell


def _matrix(rows: Any) -> list[list[int]]:
    """Cohort, period and count, where the period ended with the data."""
    return sorted([c, n, count] for c, n, count in rows if count and c + n < _DAYS)
