"""DuckDB's best SQL for each question, on a table sorted by user, time and event name.

Several formulations of a question are raced; the fastest stands for DuckDB.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

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
)

START = "date '2020-11-01'"
_FIRST, _LAST = date(2020, 11, 1), date(2021, 1, 31)


def condition(step: Step) -> str:
    """A step as SQL."""
    sql = f"event_name = '{step.name}'"
    if step.where is None:
        return sql
    column, operator, value = step.where
    if operator == "is":
        return f"{sql} and {column} = '{value}'"
    if operator == "contains":
        return f"{sql} and contains({column}::varchar, '{value}')"
    return f"{sql} and {column} >= {value}"


class Duck:
    """Answers from DuckDB's store.

    Args:
        folder: That of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._engine = duckdb.connect(str(folder / "duck.duckdb"), read_only=True)
        self._engine.execute("set threads = 2; set memory_limit = '6GB'; "
                             f"set temp_directory = '{folder}/spill'")  # fmt: skip

    def forms(self, name: str) -> dict[str, Callable[[Any], Any]]:
        """The formulations of a question."""
        users = {"from events": "events", "from user days": "user_days"}
        many: dict[str, dict[str, Callable[[Any], Any]]] = {
            "funnel": {"joins": self.joined, "asof joins": self.asof},
            "by_device": {
                "joins": lambda f: self.joined(f, "device_category"),
                "asof joins": lambda f: self.asof(f, "device_category"),
            },
            "by_session": {"least times": self.by_session},
            "paths": {"lead": self.paths, "lead in table order": self.paths_in_order},
            "gaps": {"lag": self.gaps, "lag in table order": self.gaps_in_order},
            "filtered": {"joins": self.joined, "asof joins": self.asof},
            "repeated": {"joins": self.joined, "asof joins": self.asof},
            "turned": {"joins": self.joined, "asof joins": self.asof},
            "returns": {"joins": self.returns, "lists": self.returns_by_mask},
            "daily": {"two levels": self.daily, "distinct": self.daily_distinct},
            "active": {key: lambda q, t=table: self.active(q, t) for key, table in users.items()},
            "rolling": {key: lambda q, t=table: self.rolling(q, t) for key, table in users.items()},
            "cohorts": {key: lambda q, t=table: self.cohorts(q, t) for key, table in users.items()},
        }
        return many[name]

    def _rows(self, sql: str) -> list[Any]:
        return self._engine.execute(sql).fetchall()

    def _chain(self, question: Funnel, group: str, link: str) -> str:
        """Common table expressions: c1 the entries, ck their first step k after step k - 1."""
        carried = f", {group}" if group else ""
        limit = question.window * 1_000_000
        sql = (
            f"with c1 as materialized (select uid, ts as t1, ts as tk, rowid as pk{carried} "
            f"from events where {condition(question.steps[0])})"
        )
        for k, (before, step) in enumerate(pairwise(question.steps), 2):
            # A repeated step needs a later place in the table; another one the same time or later.
            again = before == step
            after = "b.pk > a.pk" if again else "b.ts >= a.tk"
            of = f"(select uid, ts, rowid as pk from events where {condition(step)}) b"
            keys = "".join(f", a.{part.strip()}" for part in carried.split(",")[1:])
            if link == "asof":
                sql += (
                    f", c{k} as materialized (select a.uid, a.t1, b.ts as tk, b.pk{keys} from "
                    f"c{k - 1} a asof join {of} on a.uid = b.uid and {after} "
                    f"where b.ts - a.t1 <= {limit})"
                )
            else:
                sql += (
                    f", c{k} as materialized (select a.uid, a.t1, min(b.ts) as tk, "
                    f"min(b.pk) as pk{keys} from c{k - 1} a join {of} on a.uid = b.uid and {after} "
                    f"and b.ts <= a.t1 + {limit} group by all)"
                )
        return sql

    def _funnel(self, question: Funnel, group: str, link: str) -> Any:
        sql, steps = self._chain(question, group, link), range(1, len(question.steps) + 1)
        if not group:
            parts = ", ".join(f"(select count(distinct uid) from c{k})" for k in steps)
            return list(self._rows(f"{sql} select {parts}")[0])
        union = " union all ".join(
            f"select {group}::varchar, {k}, count(distinct uid) from c{k} group by 1" for k in steps
        )
        found: dict[str, list[int]] = {}
        for label, k, count in self._rows(f"{sql} {union}"):
            found.setdefault(label, [0] * len(steps))[k - 1] = count
        return dict(sorted(found.items()))

    def joined(self, question: Funnel, group: str = "") -> Any:
        """Each entry joined with its possible next steps, of which the first is taken."""
        return self._funnel(question, group, "join")

    def asof(self, question: Funnel, group: str = "") -> Any:
        """Each entry looks up its next step."""
        return self._funnel(question, group, "asof")

    def by_session(self, question: Funnel) -> Any:
        """The first of each step after the step before; without a window that is enough."""
        sql = (
            "with c1 as materialized (select uid, session, min(ts) as tk from events where "
            f"{condition(question.steps[0])} group by all)"
        )
        for k, step in enumerate(question.steps[1:], 2):
            sql += (
                f", c{k} as materialized (select a.uid, a.session, min(b.ts) as tk from c{k - 1} a "
                f"join (select uid, session, ts from events where {condition(step)}) b "
                "on a.uid = b.uid and a.session = b.session and b.ts >= a.tk group by all)"
            )
        parts = (f"(select count(*) from c{k})" for k in range(1, len(question.steps) + 1))
        return list(self._rows(f"{sql} select {', '.join(parts)}")[0])

    def _top_paths(self, inner: str, question: Paths) -> Any:
        names = ", ".join(["event_name", *(f"n{i}" for i in range(1, question.depth + 1))])
        texts = ", ".join(f"{name.strip()}::varchar" for name in names.split(","))
        rows = self._rows(
            f"select concat_ws(' > ', {texts}) as path, n from (select {names}, count(*) as n from "
            f"({inner}) where event_name = '{question.anchor}' group by all) "
            "order by n desc, path limit 20"
        )
        return [[path, count] for path, count in rows]

    def paths(self, question: Paths) -> Any:
        """lead() over each session."""
        leads = ", ".join(f"lead(event_name, {i}) over w as n{i}"
                          for i in range(1, question.depth + 1))  # fmt: skip
        return self._top_paths(
            f"select event_name, {leads} from events window w as "
            "(partition by uid, session order by ts, event_name)", question)  # fmt: skip

    def paths_in_order(self, question: Paths) -> Any:
        """lead() over the table as it lies, which needs no sorting."""
        steps = range(1, question.depth + 1)
        leads = ", ".join(
            f"lead(event_name, {i}) over () as e{i}, lead(session, {i}) over () as s{i}, "
            f"lead(uid, {i}) over () as u{i}" for i in steps)  # fmt: skip
        nexts = ", ".join(f"case when u{i} = uid and s{i} = session then e{i} end as n{i}"
                          for i in steps)  # fmt: skip
        return self._top_paths(
            f"select event_name, {nexts} from (select event_name, uid, session, {leads} "
            "from events)", question)  # fmt: skip

    def gaps(self, question: Gaps) -> Any:
        """lag() over each user."""
        return self._gaps(question, "(partition by uid order by ts)", "uid")

    def gaps_in_order(self, question: Gaps) -> Any:
        """lag() over the table as it lies."""
        return self._gaps(question, "()", "lag(uid) over ()")

    def _gaps(self, question: Gaps, window: str, before: str) -> Any:
        far = question.seconds * 1_000_000
        return list(self._rows(
            f"select count(*) filter (p is null or pu <> uid or ts - p > {far}), "
            f"sum(ts - p) filter (pu = uid and ts - p <= {far})::bigint from "
            f"(select uid, ts, lag(ts) over {window} as p, {before} as pu from events)"
        )[0])  # fmt: skip

    def returns(self, question: Returns) -> Any:
        """First days joined with the distinct days of the other event."""
        return _matrix(self._rows(
            f"with f as materialized (select uid, min(event_date) as f from events where "
            f"{condition(question.start)} group by uid), r as (select distinct uid, "
            f"event_date as d from events where {condition(question.event)}) "
            f"select (f - {START})::int, 0, count(*) from f group by 1 "
            f"union all select (f - {START})::int, (d - f)::int, count(*) from f "
            f"join r using (uid) where d > f and d - f <= {question.periods} group by 1, 2"
        ))  # fmt: skip

    def returns_by_mask(self, question: Returns) -> Any:
        """The other event's days as bits of a number a user."""
        day = f"(event_date - {START})::uhugeint"
        rows = self._rows(
            f"with m as (select uid, min(event_date) filter ({condition(question.start)}) as f, "
            f"bit_or(1::uhugeint << {day}) filter ({condition(question.event)}) as m from events "
            f"where ({condition(question.start)}) or ({condition(question.event)}) group by uid), "
            f"g as (select (f - {START})::int as f, m >> (f - {START})::uhugeint as m, count(*) c "
            "from m where f is not null group by all) select f, n, sum(c)::bigint from g, "
            f"range({question.periods + 1}) r(n) where n = 0 or (m >> n::uhugeint) & 1::uhugeint = "
            "1::uhugeint group by f, n"
        )
        return _matrix(rows)

    def daily(self, question: Daily) -> Any:
        """Distinct users and days, then counted."""
        return [count for (count,) in self._rows(
            "select count(*) from (select distinct event_date, uid from events where "
            f"{condition(question.event)}) group by event_date order by event_date"
        )]  # fmt: skip

    def daily_distinct(self, question: Daily) -> Any:
        """count(distinct)."""
        return [count for (count,) in self._rows(
            f"select count(distinct uid) from events where {condition(question.event)} "
            "group by event_date order by event_date"
        )]  # fmt: skip

    def active(self, question: Active, table: str) -> Any:
        """Distinct users and days, then counted."""
        first = f"where event_date >= {START} + {question.first}"
        pairs = f"(select distinct event_date, uid from {table} {first})"
        inner = pairs if table == "events" else f"(select * from user_days {first})"
        return [count for (count,) in self._rows(
            f"select count(*) from {inner} group by event_date order by event_date"
        )]  # fmt: skip

    def rolling(self, question: Rolling, table: str) -> Any:
        """Each active day counts from itself until it ends or the user's next one begins."""
        days = question.days
        rows = self._rows(
            f"with p as (select distinct event_date as d, uid from {table} where active), "
            "n as (select d, lead(d) over (partition by uid order by d) as nx from p), "
            f"g as (select d, least(coalesce(nx, date '2999-01-01'), d + {days}) as e, "
            "count(*) as c from n group by all), y as (select k, sum(v) as v from "
            "(select d as k, c as v from g union all select e, -c from g) group by k) "
            "select k, (sum(v) over (order by k))::bigint from y order by k"
        )
        first = _FIRST + timedelta(days=days - 1)
        return [count for day, count in rows if first <= day <= _LAST]

    def cohorts(self, question: Cohorts, table: str) -> Any:
        """A user's days as bits of a number, shifted by the first one."""
        rows = self._rows(
            f"with m as (select bit_or(1::uhugeint << (event_date - {START})::uhugeint) as m, "
            f"min(event_date) as f from {table} group by uid), g as (select "
            f"(f - {START})::int as f, m >> (f - {START})::uhugeint as m, count(*) as c "
            "from m group by all) select f, n, sum(c)::bigint from g, "
            f"range({question.periods + 1}) r(n) "
            "where (m >> n::uhugeint) & 1::uhugeint = 1::uhugeint group by f, n"
        )
        return _matrix(rows)


def _matrix(rows: Any) -> list[list[int]]:
    """Cohort, period and count, where the period ended with the data; period 0 is the size."""
    last = (_LAST - _FIRST).days
    return sorted([c, n, count] for c, n, count in rows if count and c + n <= last)
