"""Questions from what people write: each word arrives where it belongs, and errors say where."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from ga4_analytics.analyses.ask import KINDS, ask, spec_class, spec_from
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions import build, build_experiment, build_more
from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.filters import AllOf, Condition, EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.segments import Did, DidInOrder, InAll, InAny, WasNew
from ga4_analytics.questions.trends import Series
from ga4_analytics.questions.users_text import users_from
from ga4_analytics.questions.written import a_span

PURCHASE = EventSelector(("purchase",))


def test_the_funnel_of_the_issue() -> None:
    spec = build.funnel(
        "session_start", "page_view", "view_item", window="7d", by="device_category",
        rules="amplitude", start="2020-11-01", end="2021-01-31",
    )  # fmt: skip
    assert [step.names for step in spec.steps] == [
        ("session_start",), ("page_view",), ("view_item",)
    ]  # fmt: skip
    assert spec.query == Query(date(2020, 11, 1), date(2021, 1, 31), by=("device_category",))
    assert (spec.window_seconds, spec.rules) == (604_800, "amplitude")


def test_steps_may_be_text_json_or_selectors() -> None:
    steps = (
        "view_item|select_item[country=US,revenue_usd>=10]",
        {"names": ["odd, name"]},
        PURCHASE,
    )
    found = build.funnel(*steps).steps
    assert found[0].names == ("view_item", "select_item")
    assert found[0].where == AllOf(
        (Condition("country", "is", ("US",)), Condition("revenue_usd", "at_least", (10,)))
    )
    assert found[1].names == ("odd, name",)
    assert found[2] is PURCHASE


def test_all_options_of_a_funnel() -> None:
    spec = build.funnel(
        "a", "b", "c", window="none", step_window="30m", least=5, order="any", counting="attempt",
        exclude=("x@1-2", "y@2-", "z"), optional=(2,), attribution="step:3",
    )  # fmt: skip
    assert (spec.window_seconds, spec.step_window_seconds, spec.least_seconds) == (None, 1800, 5)
    assert (spec.order, spec.counting, spec.optional) == ("any", "attempt", (2,))
    assert [(e.event.names[0], e.after, e.before) for e in spec.exclusions] == [
        ("x", 1, 2), ("y", 2, None), ("z", 1, None)
    ]  # fmt: skip
    assert (spec.attribution, spec.attribution_step) == ("step", 3)


def test_series_say_what_is_measured() -> None:
    found = build.trends(
        "page_view", "users of purchase", "sum(revenue_usd) of purchase[country=US]",
        "p90_per_user of page_view", "house of cards", measure="sessions", compare="4 weeks",
    )  # fmt: skip
    assert [line.measure for line in found.series] == [
        "sessions", "users", "sum", "percentile_per_user", "sessions",
    ]  # fmt: skip
    assert found.series[2].column == "revenue_usd"
    assert found.series[3].percentile == 90.0
    assert found.series[4].event.names == ("house of cards",)
    assert build.trends().series == (Series(),)
    assert found.compare is not None
    assert (found.compare.unit, found.compare.count) == ("week", 4)


def test_spans_of_every_kind() -> None:
    assert a_span(timedelta(hours=1), "window") == 3600
    assert a_span(90, "window") == 90
    assert a_span(None, "window") is None


def test_users_by_json_name_or_as_they_are() -> None:
    buyers = Did(PURCHASE)
    saved = {"buyers": buyers}.__getitem__
    assert build.lifecycle(users="buyers", saved=saved).query.users is buyers
    assert build.lifecycle(users=buyers).query.users is buyers
    assert build.lifecycle(users=json.dumps(encode(buyers))).query.users == buyers
    with pytest.raises(QuestionError, match="no segment is saved"):
        build.lifecycle(users="buyers")


def test_users_from_plain_options() -> None:
    found = users_from(did=("purchase>=2", "page_view"), never=("refund",), last_days=30)
    assert isinstance(found, InAll)
    assert found.parts[0] == Did(PURCHASE, 2, None, last_days=30)
    assert found.parts[2] == Did(EventSelector(("refund",)), 0, 0, last_days=30)
    assert isinstance(users_from(did=("a", "b"), any_of=True), InAny)
    order = users_from(sequence="a,b", within="1h")
    assert isinstance(order, DidInOrder)
    assert order.within == "1h"
    assert users_from('{"type": "was_new"}') == WasNew()
    assert users_from(did=("purchase[revenue_usd>=10]",)).event.where is not None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("make", "field", "remedy"),
    [
        (lambda: build.funnel(), "steps", "session_start"),
        (lambda: build.funnel("a", window="7x"), "window", "7d"),
        (lambda: build.funnel("a["), "step 1", "JSON"),
        (lambda: build.funnel("a", order="sideways"), "order", "Change"),
        (lambda: build.funnel("a", rules="excel"), "rules", "Change"),
        (lambda: build.funnel("a", attribution="step:x"), "attribution", "step:2"),
        (lambda: build.funnel("a", start="yesterday"), "start", "Change"),
        (lambda: build.funnel("a", where="country"), "where", "help"),
        (lambda: build.funnel("a", where='{"type": 1}'), "where", "Change"),
        (lambda: build.funnel("a", users="{"), "users", "Mend"),
        (lambda: build.trends(compare="soon"), "compare", "28 days"),
        (lambda: build.trends(measure="luck"), "measure", "Change"),
        (lambda: build.retention(brackets="1-"), "brackets", "1-7"),
        (lambda: build.retention(unit="year"), "unit", "Change"),
        (lambda: build.sessions(gap="long"), "gap", "7d"),
        (lambda: build_more.paths("a", window="x"), "window", "7d"),
        (lambda: users_from(), "users", "--did"),
    ],
)  # fmt: skip
def test_errors_name_field_and_remedy(make, field: str, remedy: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(QuestionError) as caught:
        make()
    assert caught.value.problem.startswith(field)
    assert caught.value.rule
    assert remedy in caught.value.remedy


EVERY = {
    "funnel": build.funnel("a", "b", exclude=("x",), by="country", where="country=US"),
    "trends": build.trends("users of a", compare="period", formulas=("A * 2",)),
    "retention": build.retention("a", brackets="1-7"),
    "lifecycle": build.lifecycle("a", users=InAll((Did(PURCHASE), WasNew()))),
    "stickiness": build.stickiness("a", unit="week"),
    "sessions": build.sessions("a", gap="1h"),
    "paths": build_more.paths("a", hide="b,c"),
    "revenue": build_more.revenue(periods=3),
    "segments": build_more.segments(named={"new": WasNew()}),
    "user": build_more.user("u", limit=5),
    "churn": build_more.churn(window_days=21),
    "experiment": build_experiment.experiment("purchase", simulate="salt", secondary=("revenue",)),
    "experiment_plan": build_experiment.plan("purchase", lift=0.1),
}


def test_every_topic_is_here() -> None:
    assert set(EVERY) == set(KINDS)


@pytest.mark.parametrize("topic", KINDS)
def test_every_spec_comes_back_from_its_json(topic: str) -> None:
    spec = EVERY[topic]
    content = json.loads(json.dumps(encode(spec)))
    assert spec_from(content) == spec
    assert spec_from(content, topic) == spec
    assert spec_from(content | {"type": topic}) == spec
    assert type(spec) is spec_class(topic)


def test_what_is_no_question_is_refused() -> None:
    with pytest.raises(QuestionError, match="type"):
        spec_from({"type": "lunch"})
    with pytest.raises(QuestionError, match="type"):
        spec_from({"type": "lifecycle"}, "funnel")
    with pytest.raises(QuestionError, match="not a question"):
        ask(None, 7)  # type: ignore[arg-type]
