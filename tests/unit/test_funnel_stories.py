"""Funnels told as stories: the five logs that tell the rules apart, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from logs import DAY, HOUR, MINUTE, START, Event, index_of

from ga4_analytics.analyses.funnel import answer, compare, users_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.layout import RowFlag
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.funnel import Exclusion, FunnelSpec
from ga4_analytics.questions.query import Query

NOON = START + 12 * HOUR
HOUR_FUNNEL = FunnelSpec(tuple(EventSelector((name,)) for name in "ABC"), window_seconds=3600)


def log(text: str, user: str = "u") -> list[Event]:
    """Events from words such as A0 B45, minutes after noon."""
    return [Event(user, word[0], NOON + int(word[1:]) * MINUTE) for word in text.split()]


# The last log's range ends at minute 30: its day ends then.
EDGE = [Event("u", name, START + DAY + (minute - 30) * MINUTE)
        for name, minute in (("A", 20), ("B", 40), ("C", 50))]  # fmt: skip
RULES = ("posthog", "openpanel", "mixpanel", "amplitude", "mitzu", "umami", "growthbook",
         "ours", "ga4", "clickhouse")  # fmt: skip
TABLE = {
    "A0 A30 B45 C75": (3, 3, 2, 3, 3, 3, 3, 3, 3, 3),
    "A0 A120 B130 C140": (3, 3, 1, 3, 3, 3, 1, 3, 1, 3),
    "A0 B0 C0": (3, 1, 3, 3, 1, 3, 1, 3, 3, 3),
    "C0 B0 A0": (3, 1, 3, 3, 1, 3, 1, 3, 3, 3),
    "A0 B50 C100": (2, 2, 2, 2, 2, 3, 3, 2, 3, 2),
    "edge": (1, 1, 3, 3, 3, 1, None, 3, 1, 1),
}


@pytest.mark.parametrize("story", TABLE)
def test_the_five_logs_give_each_rules_digits(story: str) -> None:
    # A day after the range is loaded, so that an event may follow.
    events = EDGE if story == "edge" else log(story)
    query = Query(EDGE[0].day("UTC"), EDGE[0].day("UTC"))
    found = compare(index_of(events), replace(HOUR_FUNNEL, query=query), RULES)
    reached = [sum(bar.users for bar in each.steps) for each in found.results]
    for rules, expected, digit in zip(RULES, TABLE[story], reached, strict=True):
        assert expected in (digit, None), rules
    ours = found.results[RULES.index("ours")]
    worst = sum(bar.users_worst_order or 0 for bar in ours.steps)
    assert worst == (1 if "A0 B0" in story or "C0 B0" in story else 3 if reached[7] == 3 else 2)
    assert len(found.to_dict()["results"]) == len(RULES)
    assert "assumed" in " ".join(found.results[RULES.index("ga4")].definition)


def test_a_tie_is_told_with_its_share_and_its_worst_order() -> None:
    found = answer(index_of(log("A0 B0 C5") + log("A0 B1 C2", "v")), HOUR_FUNNEL)
    assert [bar.users for bar in found.steps] == [2, 2, 2]
    assert [bar.users_worst_order for bar in found.steps] == [2, 1, 1]
    assert found.tied_share == 2 / 6


def test_the_batch_decides_a_tie() -> None:
    late = [Event("u", "B", NOON, (1, 1, 0)), Event("u", "A", NOON, (1, 1, 1))]
    spec = FunnelSpec(HOUR_FUNNEL.steps[:2])
    assert [bar.users for bar in answer(index_of(late), spec).steps] == [1, 0]


def test_whoever_may_still_convert_is_open_and_not_dropped() -> None:
    events = [*log("A0 B1"), Event("v", "A", START + DAY - 30 * MINUTE), Event("w", "C", NOON)]
    found = answer(index_of(events), HOUR_FUNNEL)
    assert [(bar.dropped, bar.open) for bar in found.steps] == [(0, 1), (1, 0), (0, 0)]
    assert users_of(index_of(events), HOUR_FUNNEL, 1, "open") == ["v"]
    assert users_of(index_of(events), HOUR_FUNNEL, 2, "dropped") == ["u"]
    assert users_of(index_of(events), HOUR_FUNNEL, 1, limit=1) == ["u"]
    (day,) = found.trend
    assert (day.entered, day.users, day.open, day.dropped) == (2, (2, 1, 0), 1, 1)
    assert not day.is_mature


def test_the_median_is_not_reached_where_fewer_than_half_convert() -> None:
    events = log("A0 B5 C10") + log("A0", "v") + log("A0", "w")
    took = answer(index_of(events), HOUR_FUNNEL).time_to_convert
    assert took is not None and took.median is None and "not reached" in took.words
    assert took.median_among_converters == 600 and took.quantiles[1].seconds == 600


@pytest.mark.parametrize("counting", ["user", "attempt"])
@pytest.mark.parametrize("late", [0, 1])
def test_the_window_is_inclusive_to_the_microsecond(counting: str, late: int) -> None:
    events = [*log("A0"), Event("u", "B", NOON + HOUR + late), *log("C120")]
    found = answer(index_of(events), replace(HOUR_FUNNEL, counting=counting))
    assert [bar.users for bar in found.steps] == [1, 1 - late, 0]


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize("batch", [(None, None, None), (1, 1, 1)])
def test_each_days_entries_are_judged_alone(late: int, batch: tuple[int, int, int]) -> None:
    evening = START + DAY - 30 * MINUTE
    events = [
        Event("u", "A", evening),
        Event("u", "A", START + DAY),
        Event("u", "X", START + DAY, batch),  # tied with the entry, or not
        Event("u", "B", evening + HOUR + late),
        Event("u", "C", START + DAY + 2 * HOUR),
    ]
    found = answer(index_of(events), HOUR_FUNNEL)
    assert [day.users for day in found.trend] == [(1, 1 - late, 0), (1, 1, 0)]
    assert [bar.users for bar in found.steps] == [1, 1, 0]


def test_an_exclusion_ends_an_attempt_but_not_the_next_one() -> None:
    spec = replace(HOUR_FUNNEL, exclusions=(Exclusion(EventSelector(("X",)), 1, 2),))
    for story, reached in {
        "A0 X5 B10 C20": 1, "A0 X5 A6 B10 C20": 3, "A0 B10 X15 C20": 3, "A0 X0 B10 C20": 3,
    }.items():  # fmt: skip
        found = answer(index_of(log(story)), spec)
        assert sum(bar.users for bar in found.steps) == reached, story


def test_an_optional_step_is_counted_and_not_needed() -> None:
    spec = replace(HOUR_FUNNEL, optional=(2,))
    events = log("A0 C20") + log("A0 B5 C20", "v") + log("A0 B5", "w")
    found = answer(index_of(events), spec)
    assert [bar.users for bar in found.steps] == [3, 2, 2]
    assert users_of(index_of(events), spec, 2) == ["v", "w"]


def test_sixty_four_steps_and_no_more() -> None:
    steps = tuple(EventSelector(("A",)) for _ in range(64))
    events = log(" ".join(f"A{minute}" for minute in range(64)))
    found = answer(index_of(events), FunnelSpec(steps))
    assert [bar.users for bar in found.steps] == [1] * 64
    with pytest.raises(QuestionError, match="65"):
        answer(index_of(events), FunnelSpec((*steps, steps[0])))


def test_an_event_without_a_time_takes_no_part() -> None:
    index = index_of(log("A0 B5 C9"))
    segment = index.segments[0]
    flags = segment.flags | np.array([0, RowFlag.TIMELESS, 0], np.uint8)
    flags.setflags(write=False)
    index = replace(index, segments=(replace(segment, flags=flags),))
    by_name = answer(index, HOUR_FUNNEL)
    assert [bar.users for bar in by_name.steps] == [1, 0, 0]
    attempts = answer(index, replace(HOUR_FUNNEL, counting="attempt"))
    assert [bar.users for bar in attempts.steps] == [1, 0, 0]


def test_sessions_that_interleave_are_told_apart() -> None:
    events = [
        replace(event, session=session)
        for event, session in zip(log("A0 A1 B2 B3 C4"), (1, 2, 1, 2, 2), strict=True)
    ]
    found = answer(index_of(events), replace(HOUR_FUNNEL, counting="session"))
    assert [bar.users for bar in found.steps] == [2, 2, 1]


def test_the_answer_reads_well_as_json() -> None:
    us = {"country": "US"}
    events = [Event("u", "A", NOON, columns=us), *log("A0 B1 C2", "v")]
    spec = replace(HOUR_FUNNEL, query=Query(by=("country",)))
    found = answer(index_of(events), spec)
    data = found.to_dict()
    assert {"spec", "definition", "finality", "seconds", "steps", "groups", "trend"} <= set(data)
    assert decode(FunnelSpec, data["spec"]) == spec
    assert "type" not in data and "type" not in data["steps"][0]
    assert [group["group"] for group in data["groups"]] == [[None], ["US"]]
    assert found.to_pandas().shape[0] == 6


X = EventSelector(("A",))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"steps": ()}, "steps"),
        ({"window_seconds": 0}, "window_seconds"),
        ({"least_seconds": 3601}, "least_seconds"),
        ({"optional": (1,)}, "optional"),
        ({"optional": (3,)}, "optional"),
        ({"exclusions": (Exclusion(X, 2, 2),)}, "exclusions"),
        ({"optional": (2,), "exclusions": (Exclusion(X, 1, 2),)}, "exclusions"),
        ({"order": "strict", "exclusions": (Exclusion(X),)}, "order: 'strict'"),
        ({"order": "strict", "optional": (2,)}, "order: 'strict'"),
        ({"order": "any", "step_window_seconds": 60}, "order: 'any'"),
        ({"order": "any", "attribution": "step", "attribution_step": 1}, "attribution"),
        ({"attribution": "step"}, "attribution_step"),
        ({"rules": "posthog", "order": "any"}, "rules"),
        ({"rules": "ga4", "least_seconds": 5}, "rules"),
        ({"rules": "mixpanel", "counting": "attempt"}, "rules"),
        ({"steps": (EventSelector(("AA",)),)}, "no event is called 'AA'"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(QuestionError, match=problem):
        answer(index_of(log("A0 B1 C2")), replace(HOUR_FUNNEL, **changes))


def test_a_filtered_step_takes_only_its_events() -> None:
    steps = (EventSelector(("A",), Condition("country", "is", ("US",))), *HOUR_FUNNEL.steps[1:])
    events = [
        Event("u", "A", NOON, columns={"country": "US"}),
        *log("B5"),
        *log("A0 B1", "v"),
        *log("C1", "w"),
    ]
    found = answer(index_of(events), FunnelSpec(steps, window_seconds=3600))
    assert [bar.users for bar in found.steps] == [1, 1, 0]
