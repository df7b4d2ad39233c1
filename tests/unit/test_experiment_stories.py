"""What an experiment says, told as small stories with the answer worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from logs import DAY, HOUR, START, Event, index_of

from ga4_analytics.analyses.experiment import answer
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.build_experiment import experiment
from ga4_analytics.questions.experiment import ExperimentResult
from ga4_analytics.render.answer import Answer


def shown(user: str, variant: Any, time: int = START, **columns: Any) -> Event:
    return Event(user, "shown", time, columns={"experiment_variant": variant} | columns)


def bought(user: str, time: int, dollars: int = 10) -> Event:
    columns = {"transaction_id": f"T{time}", "revenue_usd": dollars * 1_000_000}
    return Event(user, "purchase", time, columns=columns)


def crowd(buyers: dict[str, tuple[int, int]], **columns: Any) -> list[Event]:
    """Users of each variant, so many of whom buy an hour later."""
    events = []
    for variant, (converted, units) in buyers.items():
        for n in range(units):
            user = f"{variant}{n}{columns}"
            events.append(shown(user, [variant], START + n, **columns))
            if n < converted:
                events.append(bought(user, START + HOUR + n, 5 + n % 7))
    return events


def asked(events: list[Event] | Index, *metrics: Any, **given: Any) -> ExperimentResult:
    index = events if isinstance(events, Index) else index_of([*events, bought("nobody", START)])
    given = {"exposure": "shown"} | given
    return answer(index, experiment(*(metrics or ("purchase",)), **given))


def values(found: ExperimentResult, place: int = 0) -> list[tuple[int, int, float]]:
    return [(v.units, v.immature, v.numerator) for v in found.metrics[place].values]


def test_what_happens_at_the_microsecond_of_the_exposure_counts() -> None:
    events = [
        shown("a", ["x"], START + 50), bought("a", START + 50),
        shown("b", ["x"], START + 50), bought("b", START + 49),
        shown("c", ["y"], START + 50), bought("c", START + 51),
    ]  # fmt: skip
    assert values(asked(events)) == [(2, 0, 1.0), (1, 0, 1.0)]


def test_the_last_microsecond_of_a_window_counts() -> None:
    events = [
        shown("a", ["x"]), bought("a", START + HOUR),
        shown("b", ["y"]), bought("b", START + HOUR + 1),
        Event("z", "A", START + DAY),
    ]  # fmt: skip
    assert values(asked(events, window="1h")) == [(1, 0, 1.0), (1, 0, 0.0)]


def test_windows_that_are_open_leave_units_out() -> None:
    last = START + 2 * DAY
    events = [
        shown("a", ["x"], last - HOUR - 1), shown("b", ["x"], last - HOUR),
        shown("c", ["y"], START), Event("z", "A", START),
    ]  # fmt: skip
    found = asked(events, window="1h")
    assert values(found) == [(1, 1, 0.0), (1, 0, 0.0)]
    assert found.units == (2, 1)
    nobody = asked(index_of([*events, bought("z", START)], incomplete=2), window="1h")
    assert values(nobody) == [(0, 2, 0.0), (0, 1, 0.0)]
    assert nobody.outcome == "too_little_data" and "long enough" in nobody.verdict


def test_who_is_left_out_is_counted() -> None:
    events = [
        shown("a", ["x"]), shown("b", ["y"]),
        shown("two", ["x"]), shown("two", ["y"], START + DAY),
        shown("list", ["x", "y"]), shown("null", None), shown("empty", []),
        shown("again", ["x"]), shown("again", ["x"], START + HOUR), shown("again", None),
        shown("other", ["z"]),
        replace(shown("late", ["x"]), timeless=True),
    ]  # fmt: skip
    found = asked(events, split="x,y")
    assert found.units == (2, 1)
    left = found.excluded
    assert (left.in_two_variants, left.without_variant) == (2, 2)
    assert (left.other_variants, left.without_time) == (1, 1)
    assert "2 in two variants" in str(Answer(found))


def test_exposures_on_other_days_expose_nobody() -> None:
    events = [
        shown("early", ["x"], START), shown("early", ["x"], START + DAY),
        shown("only early", ["x"], START), shown("changed", ["y"], START),
        shown("changed", ["x"], START + DAY), shown("a", ["y"], START + DAY),
        shown("after", ["y"], START + 2 * DAY), bought("early", START + 1),
        bought("a", START + 2 * DAY),
    ]  # fmt: skip
    day = date(2020, 11, 2)
    found = asked(events, start=day, end=day)
    assert found.units == (2, 1)
    assert found.exposed_before == 2
    assert values(found) == [(2, 0, 0.0), (1, 0, 0.0)]
    followed = asked(events, start=day, end=day, window="1d")
    assert values(followed) == [(2, 0, 0.0), (1, 0, 1.0)]


def test_a_return_is_on_days_after_the_exposure() -> None:
    events = [
        shown("a", ["x"], START + 23 * HOUR), Event("a", "A", START + 25 * HOUR),
        shown("b", ["y"], START), Event("b", "A", START + 23 * HOUR),
        Event("z", "A", START + 2 * DAY), shown("c", ["y"], START + 2 * DAY),
    ]  # fmt: skip
    assert values(asked(events, "retention:1")) == [(1, 0, 1.0), (1, 1, 0.0)]


def test_a_ratio_is_of_sums_and_its_units_are_users() -> None:
    events = [
        shown("a", ["x"]), bought("a", START + 1, 10), bought("a", START + 2, 20),
        shown("b", ["x"]), bought("b", START + 3, 60), shown("c", ["y"]), shown("d", ["y"]),
    ]  # fmt: skip
    first, second = asked(events, "ratio:revenue / orders").metrics[0].values
    assert (first.numerator, first.denominator, first.value) == (90.0, 3.0, 30.0)
    assert second.value is None and second.low is None
    assert asked(events, "ratio:revenue / orders").outcome == "too_little_data"


def test_capping_is_by_the_quantile_of_all_variants() -> None:
    events = [
        event
        for n in range(10)
        for event in (
            shown(f"u{n}", ["x" if n % 2 else "y"], START + n),
            bought(f"u{n}", START + DAY, 10 + n),
        )
    ]
    given = {"name": "r", "kind": "mean", "of": {"measure": "revenue"}, "winsorise": 0.8}
    found = asked(events, given).metrics[0]
    assert found.capped_at == 17.0
    assert [value.numerator for value in found.values] == [11 + 13 + 15 + 17 + 17,
                                                           10 + 12 + 14 + 16 + 17]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "no unit was exposed"),
        ([shown("a", ["x"])], "all units are in one variant"),
        ([shown("a", ["x"]), shown("b", ["y"])], "nothing varies"),
        (crowd({"x": (0, 30), "y": (0, 30)}), "nothing varies"),
        (crowd({"x": (30, 30), "y": (30, 30)}), "nothing varies"),
    ],
)
def test_not_enough_data_is_an_answer(events: list[Event], said: str) -> None:
    found = asked([*events, Event("z", "shown", START)], "purchase", "mean:revenue")
    if said == "nothing varies" and len(events) > 60:
        found = asked([*events, Event("z", "shown", START)])
    assert found.outcome == "too_little_data" and said in found.verdict
    assert all(d.p_value is None for each in found.metrics for d in each.differences)
    Answer(found).plot()
    assert str(Answer(found)) and found.to_dict()


def test_a_control_that_nobody_saw_is_said() -> None:
    found = asked(crowd({"x": (3, 30), "y": (9, 30)}), control="a")
    assert found.variants == ("a", "x", "y") and found.outcome == "too_little_data"
    assert "control 'a'; there are units of x, y" in found.verdict


def test_a_mismatch_withholds_the_verdict() -> None:
    events = crowd({"control": (10, 60), "new": (40, 180)})
    found = asked(events)
    assert found.outcome == "withheld" and "sample-ratio mismatch" in found.verdict
    assert not any(d.is_significant for each in found.metrics for d in each.differences)
    meant = asked(events, split="new=3,control=1")
    assert meant.sample_ratio is not None and not meant.sample_ratio.is_mismatch
    assert meant.variants == ("control", "new") and meant.outcome == "no_difference_shown"


def test_an_empty_variant_is_shown_and_mismatches() -> None:
    found = asked(crowd({"control": (10, 60), "new": (12, 60)}), split="control,new,gone")
    assert found.units == (60, 60, 0) and found.outcome == "withheld"
    gone = found.metrics[0].differences[1]
    assert gone.variant == "gone" and gone.difference is None and gone.p_value is None


def test_five_variants_are_corrected_by_holm() -> None:
    events = crowd({"Control": (20, 200), "ä": (60, 200), "б": (22, 200), "漢": (19, 200),
                    "🟦 blue": (5, 200)})  # fmt: skip
    found = asked(events)
    assert found.variants == ("Control", "ä", "б", "漢", "🟦 blue")
    assert found.outcome == "mixed"
    differences = found.metrics[0].differences
    by_p = sorted(d.p_value for d in differences if d.p_value is not None)
    assert differences[0].p_adjusted == pytest.approx(4 * by_p[0])
    assert [d.is_significant for d in differences] == [True, False, False, True]
    assert "🟦 blue" in str(Answer(found))
    Answer(found).plot()


def test_families_are_corrected_apart() -> None:
    events = crowd({"control": (20, 200), "new": (45, 200)})
    found = asked(events, "purchase", "mean:revenue", secondary=["mean:orders", "mean:events"],
                  guardrails=["shown@0.1"])  # fmt: skip
    primary = [each.differences[0] for each in found.metrics[:2]]
    least = min(d.p_value for d in primary if d.p_value is not None)
    assert min(d.p_adjusted or 1 for d in primary) == pytest.approx(2 * least)
    secondary = [each.differences[0] for each in found.metrics[2:4]]
    most = max(d.p_value for d in secondary if d.p_value is not None)
    assert max(d.p_adjusted or 0 for d in secondary) == pytest.approx(most)
    assert [each.correction for each in found.metrics] == ["holm", "holm", "bh", "bh", "holm"]


def test_a_guardrail_needs_evidence_that_nothing_is_worse() -> None:
    few = crowd({"control": (30, 60), "new": (29, 60)})
    many = crowd({"control": (900, 1000), "new": (899, 1000)})
    for events, holds in ((few, False), (many, True)):
        found = asked(events, "mean:events", guardrails=["purchase@0.1"])
        rail = found.metrics[1].differences[0].guardrail
        assert rail is not None and rail.holds is holds
        assert rail.holds == (rail.worst is not None and rail.worst > -0.1)
        assert ("holds" if holds else "not shown to hold") in found.verdict


def test_a_lower_value_may_be_better() -> None:
    events = crowd({"control": (60, 200), "new": (20, 200)})
    given = {"name": "errors", "event": {"names": ["purchase"]}, "higher_is_better": False}
    assert asked(events, given).outcome == "better"
    assert asked(events).outcome == "worse"


def test_the_method_says_what_decides() -> None:
    events = crowd({"control": (60, 200), "new": (85, 200)})
    fixed = asked(events).metrics[0].differences[0]
    assert fixed.decides == "z_test" and fixed.fisher_exact is not None
    always = asked(events, method="always_valid").metrics[0].differences[0]
    assert always.decides == "always_valid" and always.p_value == always.always_valid.p_value
    assert (always.low, always.high) == (always.always_valid.low, always.always_valid.high)
    levels = [
        asked(events, method="obrien_fleming", look=n, looks=3).metrics[0].differences[0].level
        for n in (1, 2, 3)
    ]
    assert levels == pytest.approx([0.00052, 0.01411, 0.04507], abs=2e-4)
    small = asked(crowd({"control": (1, 12), "new": (8, 12)})).metrics[0].differences[0]
    assert small.decides == "fisher_exact" and small.boschloo_exact is not None


def test_groups_are_those_at_the_exposure() -> None:
    events = [
        *crowd({"control": (20, 200), "new": (80, 200)}, country="US"),
        *crowd({"control": (40, 200), "new": (40, 200)}, country="DE"),
    ]
    found = asked(events, by="country")
    assert [group.group for group in found.groups] == [("DE",), ("US",)]
    assert [group.units for group in found.groups] == [(200, 200), (200, 200)]
    raw = sorted(g.metrics[0].differences[0].p_value or 1.0 for g in found.groups)
    shown = sorted(g.metrics[0].differences[0].p_adjusted or 1.0 for g in found.groups)
    assert shown == pytest.approx([2 * raw[0], raw[1]])
    (differs,) = found.heterogeneity
    assert differs.groups == 2 and differs.p_value < 1e-6
    assert found.to_arrow().num_rows == 6
    assert "purchase by country" in str(Answer(found))
    assert asked(events, by="country", top=1).groups[1].group == ("(other)",)
    Answer(found).plot()


def test_a_simulation_is_labelled() -> None:
    events = [Event(f"u{n}", "A", START + n) for n in range(400)]
    events += [bought(f"u{n}", START + HOUR + n) for n in range(0, 400, 7)]
    found = asked(index_of(events), exposure="A", simulate="salt")
    assert found.is_simulated and found.variants == ("control", "treatment")
    assert sum(found.units) == 400 and abs(found.units[0] - 200) < 40
    assert found.units != asked(index_of(events), exposure="A", simulate="other").units
    assert "SIMULATION" in str(Answer(found))
    thirds = asked(index_of(events), exposure="A", simulate="salt", split="a=1,b=3")
    assert thirds.units[0] == pytest.approx(100, abs=30)


def test_a_list_says_the_variant() -> None:
    events = [Event(name, "A", START + n) for n, name in enumerate("abcd")]
    listed = [("a", "x"), ("b", "y"), ("c", "x"), ("c", "y"), ("gone", "x")]
    found = asked(events, exposure="A", units=listed)
    assert found.units == (1, 1)
    assert (found.excluded.in_two_variants, found.excluded.without_variant) == (1, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"variant": "nothing"}, "no column 'nothing'"),
        ({"variant": "revenue_usd"}, "not a column of text"),
        ({"exposure": "shwn"}, "Did you mean 'shown'"),
        ({"variant": "country", "simulate": "x"}, "more than one"),
        ({"window": "7 days"}, "not a length of time"),
        ({"confidence": 1.0}, "no coverage"),
        ({"look": 3, "looks": 2}, "look 3 of 2"),
        ({"split": "a"}, "there is one"),
        ({"split": "a=0,b=1"}, "not above 0"),
        ({"split": "a,b", "control": "c"}, "not one of"),
        ({"secondary": ["purchase"]}, "two are called 'purchase'"),
        ({"secondary": ["retention:0-7"]}, "no days after"),
        ({"secondary": ["mean:sum(country)"]}, "not a column of numbers"),
        ({"secondary": ["mean:revenue of A"]}, "events of its own"),
        ({"secondary": ["mean:money"]}, "an amount is"),
        ({"guardrails": ["shown@2"]}, "share in [0, 1)"),
    ],
)
def test_wrong_questions_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionError) as caught:
        asked(crowd({"x": (3, 30), "y": (9, 30)}), **given)
    assert said in str(caught.value)
