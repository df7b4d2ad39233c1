"""Our answers: from a spec to a finished result with its definition and intervals.

What is compared is taken out of the result afterwards and is part of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from ga4_analytics.analyses import funnel, paths, retention, sessions, trends
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.funnel import FunnelResult, FunnelSpec, FunnelStep
from ga4_analytics.questions.paths import PathsQuestion
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.retention import Retention, RetentionResult
from ga4_analytics.questions.sessions import GapSessions
from ga4_analytics.questions.trends import Series, Trends
from versus.built import open_built
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

START = date(2020, 11, 1)
_COLUMNS = {"revenue": "revenue_usd"}


class Ours:
    """Answers from the index.

    Args:
        folder: That of the index.
        index: The index, where it is open already.
    """

    def __init__(self, folder: Path, index: Index | None = None) -> None:
        self.index = index or open_built(folder)

    def forms(self, name: str) -> dict[str, Callable[[Any], Any]]:
        """The one way to answer a question."""
        many: dict[str, Callable[[Any], Any]] = {
            "funnel": self.funnel, "filtered": self.funnel, "repeated": self.funnel,
            "turned": self.funnel, "by_device": self.by_device,
            "by_session": partial(self.funnel, counting="session"),
            "paths": self.paths, "gaps": self.gaps, "returns": self.returns, "daily": self.daily,
            "active": self.active, "rolling": self.rolling, "cohorts": self.cohorts,
        }  # fmt: skip
        return {"ours": many[name]}

    def _funnel(self, question: Funnel, counting: Any = "user", **query: Any) -> FunnelResult:
        spec = FunnelSpec(
            steps=tuple(selector(step) for step in question.steps),
            query=Query(**query),
            window_seconds=question.window or None,
            counting=counting,
        )
        return funnel.answer(self.index, spec)

    def funnel(self, question: Funnel, counting: str = "user") -> Any:
        """How many reached each step."""
        return users(self._funnel(question, counting).steps)

    def by_device(self, question: Funnel) -> Any:
        """The same by device."""
        groups = self._funnel(question, by=("device_category",)).groups
        return {str(each.group[0]): users(each.steps)
                for each in sorted(groups, key=lambda each: str(each.group[0]))}  # fmt: skip

    def paths(self, question: Paths) -> Any:
        """The 20 commonest paths."""
        spec = PathsQuestion(EventSelector((question.anchor,)), depth=question.depth)
        top = paths.answer(self.index, spec).top
        return [[" > ".join(path.steps), path.count] for path in top]

    def gaps(self, question: Gaps) -> Any:
        """Sessions and the sum of their lengths."""
        spec = GapSessions(gap=f"{question.seconds}s")
        total = sessions.answer(self.index, spec).total
        return [total.sessions, total.length_us]

    def returns(self, question: Returns) -> Any:
        """Cohorts of the first start event in the data and who did the other one later."""
        spec = Retention(
            selector(question.start), selector(question.event), periods=question.periods,
            entry="first_in_range",
        )  # fmt: skip
        return matrix(retention.answer(self.index, spec))

    def daily(self, question: Daily) -> Any:
        """Users a day."""
        return self._series(Series(selector(question.event), "users"), Query())

    def active(self, question: Active) -> Any:
        """Users a day from one day on."""
        query = Query(start=START + timedelta(days=question.first))
        return self._series(Series(measure="users"), query)

    def rolling(self, question: Rolling) -> Any:
        """Active users of the last days, for each day that has so many."""
        measure: Any = f"rolling_{question.days}d_users"
        values = self._series(Series(measure=measure), Query())
        return values[question.days - 1 :]

    def _series(self, series: Series, query: Query) -> list[Any]:
        return list(trends.answer(self.index, Trends((series,), query)).lines[0].values)

    def cohorts(self, question: Cohorts) -> Any:
        """Cohorts of the first day in the data and who came again."""
        spec = Retention(periods=question.periods, include_left_truncated=True)
        return matrix(retention.answer(self.index, spec))


def selector(step: Step) -> EventSelector:
    """A step as we ask for it."""
    if step.where is None:
        return EventSelector((step.name,))
    column, operator, value = step.where
    if isinstance(value, int):
        value = value // 1_000_000
    operation: Any = operator
    return EventSelector((step.name,), Condition(_COLUMNS.get(column, column), operation, (value,)))


def users(steps: tuple[FunnelStep, ...]) -> list[int]:
    """Who reached each step."""
    return [step.users for step in steps]


def matrix(result: RetentionResult) -> list[list[int]]:
    """Cohort, period and count; period 0 is the size of the cohort."""
    found = []
    for cohort in result.overall.cohorts:
        place = (cohort.start - START).days
        found.append([place, 0, cohort.users])
        found += [
            [place, period, count]
            for period, count in enumerate(cohort.returned)
            if period and count
        ]
    return found
