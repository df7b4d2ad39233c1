"""Churn: what is refused, what leaks, what is learnt, and that it can be done again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from churn_logs import crowd, day
from logs import DAY, START, Event, index_of

from ga4_analytics.analyses import churn, churn_fit, churn_judge
from ga4_analytics.analyses.churn_features import Table, tables
from ga4_analytics.analyses.churn_models import Fitted, RecencyRule, Tree, Trees, chances
from ga4_analytics.analyses.churn_plan import features_of, planned
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import day_number
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.churn import ChurnQuestion
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.stats.ranking import ranked, roc_auc

QUESTION = ChurnQuestion(resamples=60, window_days=21, horizon_days=10)


@cache
def index() -> Index:
    return index_of(crowd())


@cache
def trained() -> churn.Trained:
    return churn.train(index(), QUESTION)


def without(given: Index, *days: date, **changes: Any) -> Index:
    """An index with fewer days, or with days that are changed."""
    kept = tuple(replace(facts, **changes) if facts.day in days else facts
                 for facts in given.calendar.days
                 if changes or facts.day not in days)  # fmt: skip
    return replace(given, calendar=replace(given.calendar, days=kept))


def refused(given: Index, question: ChurnQuestion = QUESTION) -> str:
    found = churn.train(given, question)
    assert found.fitted is None
    assert found.result.models == ()
    assert found.result.refusal is not None
    json.dumps(found.result.to_dict())
    return found.result.refusal


def test_test_cutoffs_are_later_than_all_that_trained() -> None:
    plan = planned(index(), QUESTION)
    train, test = plan.days("train"), plan.days("test")
    ahead = QUESTION.gap_days + QUESTION.horizon_days
    assert len(test) == 2 and len(train) >= 3
    # Even the labels of training are known by the first test cutoff.
    assert max(train) + ahead <= min(test)
    # Leakage 6: a label whose last day is not loaded is no label.
    last = index().calendar.last_complete
    assert last is not None
    assert max(test) + ahead == day_number(last) + 1
    assert min(train) - QUESTION.window_days >= day_number(day(0))
    unused = [each for each in plan.cutoffs if each.role == "unused"]
    assert all(each.why for each in unused)


def test_incomplete_and_missing_days_take_their_cutoffs_with_them() -> None:
    whole = planned(index(), QUESTION)
    last = index().calendar.last
    assert last is not None
    late = [last - timedelta(days=n) for n in range(3)]
    fewer = planned(without(index(), *late, is_complete=False), QUESTION)
    assert max(fewer.days("test")) == max(whole.days("test")) - 3
    gone = day(40)
    gapped = planned(without(index(), gone), QUESTION)
    why = {each.day: each.why for each in gapped.cutoffs}
    used = {*gapped.days("train"), *gapped.days("test")}
    for cutoff in used:
        assert day_number(gone) not in range(cutoff - 21, cutoff)
        assert day_number(gone) not in range(cutoff + 3, cutoff + 13)
    assert f"{gone} is not loaded." in why.values()


def test_twenty_days_are_refused_with_the_numbers() -> None:
    short = index_of([e for e in crowd(60) if e.time < START + 20 * DAY])
    words = refused(short, ChurnQuestion())
    assert words.startswith("20 complete days are loaded. 73 without a break are needed")
    one = refused(index(), replace(QUESTION, test_cutoffs=9))
    assert "90 complete days are loaded" in one


def test_as_many_days_as_are_said_to_be_needed_are_enough() -> None:
    question = ChurnQuestion(window_days=14, gap_days=1, horizon_days=7, test_cutoffs=1)
    for count, is_enough in ((14 + 14 + 8, False), (14 + 14 + 8 - 1, False)):
        days = [Event("u", "x", START + n * DAY) for n in range(count)]
        plan = planned(index_of(days), question)
        need = 14 + 14 + 8
        assert (plan.refusal is None) == (count >= need), (count, is_enough)


def test_nobody_who_returns_is_a_refusal_and_so_are_too_few_users() -> None:
    gone = [e for e in crowd(400, hazards={"desktop": 1.0}) if e.user is not None]
    words = refused(index_of(gone))
    assert "0 returned" in words or "are needed" in words
    few = refused(index_of(crowd(60)))
    assert "200 users" in few
    assert "60" not in few or "users" in few


def test_an_empty_index_and_one_without_a_complete_day_are_refused() -> None:
    assert refused(index_of([])).startswith("0 complete days")
    last = [facts.day for facts in index().calendar.days]
    assert refused(without(index(), *last, is_complete=False)).startswith("0 complete days")
    with pytest.raises(QuestionError, match="complete"):
        churn.last_as_of(without(index(), *last, is_complete=False))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window_days": 13}, "window_days"),
        ({"gap_days": -1}, "gap_days"),
        ({"horizon_days": 0}, "horizon_days"),
        ({"test_cutoffs": 0}, "test_cutoffs"),
        ({"shares": ()}, "shares"),
        ({"shares": (1.5,)}, "shares"),
        ({"confidence": 1.0}, "confidence"),
        ({"leave_out": ("nothing",)}, "nothing"),
        ({"leave_out": ("recency_days",)}, "recency_days"),
    ],
)
def test_questions_without_sense_say_which_field(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        churn.answer(index(), replace(QUESTION, **changes))


def test_joined_devices_are_refused_because_a_later_login_moves_earlier_days() -> None:
    with pytest.raises(QuestionError, match="login"):
        churn.answer(replace(index(), identity="stitched"), QUESTION)


def test_xgboost_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(churn_fit, "has_xgboost", lambda: False)
    assert churn_fit.wanted(QUESTION) == ("recency", "logistic", "hist_gradient_boosting")
    with pytest.raises(QuestionError, match="xgboost"):
        churn_fit.wanted(replace(QUESTION, models=("xgboost",)))


def test_features_that_files_cannot_answer_are_left_out_and_named() -> None:
    days = [facts.day for facts in index().calendar.days]
    can = frozenset(
        ["event_timestamp", "user_pseudo_id", "device", "country", "flat_source", "revenue"]
    )
    skinny = without(index(), *days, can=can)
    found = churn.answer(skinny, replace(QUESTION, models=("logistic",)))
    gone = {each.name: each.why for each in found.left_out}
    assert {*gone} >= {"engagement_msec", "engagement_msec_7", "pages"}
    assert "engagement time" in gone["engagement_msec"]
    assert {each.name for each in found.features}.isdisjoint(gone)
    one = without(
        index(), days[30], can=days and index().calendar.days[0].can - {"engagement_time"}
    )
    assert "engagement_msec" in {each.name for each in planned(one, QUESTION).left_out}


def test_every_model_beats_the_rule_in_a_crowd_that_leaves_by_device() -> None:
    result = trained().result
    assert [each.model for each in result.models] == [
        "recency", "logistic", "hist_gradient_boosting", "xgboost"]  # fmt: skip
    rule = result.model("recency")
    assert rule.gain is None and rule.beats_recency is None
    for each in result.models[1:]:
        assert each.beats_recency, each.model
        assert each.pr_auc.low is not None and each.pr_auc.high is not None
        assert each.pr_auc.low <= each.pr_auc.value <= each.pr_auc.high
        assert each.pr_auc.value > (result.base_rate or 1)
        assert each.new_users is not None
        assert sum(b.observed.trials for b in each.calibration.bins) == result.test.rows  # type: ignore[union-attr]
    assert result.chosen == "hist_gradient_boosting"
    assert {each.feature for each in result.importances[:3]} & {"device_category"}
    assert "hist_gradient_boosting ranks users better" in result.verdict


def test_a_model_that_does_not_beat_the_rule_is_said_to_and_the_rule_scores() -> None:
    """All leave with one chance: who was seen last says all there is to know."""
    even = index_of(crowd(400, hazards={"desktop": 0.2}))
    kept = ("recency_days", "first_visits")
    gone = tuple(each.name for each in features_of(QUESTION) if each.name not in kept)
    question = replace(QUESTION, models=("logistic",), leave_out=gone)
    found = churn.train(even, question)
    assert found.result.chosen == "recency"
    assert found.result.model("logistic").beats_recency is False
    assert found.result.verdict.startswith("No model ranks users better")
    assert found.fitted is not None and isinstance(found.fitted.content, RecencyRule)
    assert found.result.importances == ()


def test_the_same_data_and_seed_give_the_same_bits() -> None:
    first, again = trained(), churn.train(index_of(crowd(), split=3), QUESTION, threads=1)
    assert again.fitted == first.fitted
    assert replace(again.result, seconds=0) == replace(first.result, seconds=0)
    other = churn.train(index(), replace(QUESTION, seed=8))
    assert other.result.model("logistic").pr_auc != first.result.model("logistic").pr_auc
    assert other.result.data_hash == first.result.data_hash


def test_an_answer_and_its_model_are_json_and_back() -> None:
    found = trained()
    assert found.fitted is not None
    text = json.dumps(encode(found.fitted))
    again = decode(Fitted, json.loads(text))
    assert again == found.fitted
    assert churn.model_id(again) == found.result.model_id
    result = decode(type(found.result), json.loads(json.dumps(found.result.to_dict())))
    assert result == found.result
    # Nothing of a person is in either.
    assert "user 0" not in text + json.dumps(found.result.to_dict())


def shuffled_labels(given: list[Table]) -> list[Table]:
    dice = np.random.default_rng(5)
    return [replace(each, churned=dice.permutation(each.churned)) for each in given]


def test_labels_in_another_order_teach_nothing() -> None:
    """The cheap detector of leaks: what is learnt from chance must foretell nothing."""
    plan = planned(index(), QUESTION)
    early = tables(index(), QUESTION, plan.features, plan.days("train"))
    late = tables(index(), QUESTION, plan.features, plan.days("test"))
    rows = churn_fit.training(shuffled_labels(early), plan.features)
    labels = np.concatenate([each.churned for each in late])
    for model in ("logistic", "hist_gradient_boosting"):
        fitted = churn_fit.fit(model, rows, QUESTION)
        scores = np.concatenate([fitted.chances(each) for each in late])
        area = roc_auc(ranked(scores), labels, np.ones(len(labels)))
        assert area is not None and abs(area - 0.5) < 0.12, (model, area)


def test_models_are_learnt_from_training_rows_alone() -> None:
    """Leakage 5, 7 and 10: nothing of a later day, label or value moves a training row."""
    plan = planned(index(), QUESTION)
    ends = max(plan.days("train")) + QUESTION.gap_days + QUESTION.horizon_days
    past = index_of([e for e in crowd() if day_number(e.day("UTC")) < ends])
    early = tables(index(), QUESTION, plan.features, plan.days("train"))
    only = tables(past, QUESTION, plan.features, plan.days("train"))
    fits = [churn_fit.fit("logistic", churn_fit.training(each, plan.features), QUESTION)
            for each in (early, only)]  # fmt: skip
    assert fits[0] == fits[1]


def test_values_that_training_never_saw_are_nobodys() -> None:
    def table(devices: Sequence[str | None]) -> Table:
        numbers = {each.name: np.ones(len(devices), np.int64)
                   for each in features_of(QUESTION) if not each.is_text}  # fmt: skip
        texts = {name: pa.array(list(devices), pa.string())
                 for name in ("device_category", "country", "channel")}  # fmt: skip
        labels = np.arange(len(devices)) % 2 == 0
        return Table(1, pa.array(list(map(str, range(len(devices))))), numbers, texts, labels)

    known = ["mobile"] * 60 + ["desktop"] * 50 + ["Fernseher 📺"] * 29 + [None] * 10
    rows = churn_fit.training([table(known)], features_of(QUESTION))
    (device,) = [c for c in rows.encoder.categories if c.feature == "device_category"]
    assert device.values == ("mobile", "desktop")  # 29 are too few for a column
    fresh = rows.encoder.matrix(table(["タブレット", None, "desktop"]))
    columns = [n for n, owner in enumerate(rows.encoder.owners) if owner == "device_category"]
    assert fresh[:, columns].tolist() == [[0, 0], [0, 0], [0, 1]]


def test_no_feature_is_an_id_a_time_or_a_prediction() -> None:
    """Leakage 2, 3 and 8: what a model may see is this list and no more."""
    names = {each.name for each in features_of(ChurnQuestion(counted=()))}
    assert names == {
        "recency_days", "tenure_days", "active_days", "active_days_7", "active_days_8_14",
        "longest_gap_days", "weekend_days", "events", "events_7", "events_8_14", "first_visits",
        "sessions", "sessions_7", "engagement_msec", "engagement_msec_7", "pages",
        "revenue_usd_micros", "device_category", "country", "channel",
    }  # fmt: skip


def test_a_feature_that_tells_too_much_is_named() -> None:
    """An event that only stayers have: a leak looks like this."""
    log = [*crowd()]
    plan = planned(index(), QUESTION)
    found = tables(index(), QUESTION, plan.features, [*plan.days("train"), *plan.days("test")])
    for table in found:
        for key, gone in zip(table.keys.to_pylist(), table.churned, strict=True):
            if not gone:
                moment = (table.cutoff - 1) * 86_400_000_000 + 5
                log.append(Event(key, "stays", moment, columns={"device_category": "desktop"}))
    question = replace(QUESTION, counted=("stays",), models=("logistic",))
    result = churn.answer(index_of(log), question)
    assert [each.name for each in result.features if each.is_suspect] != []


def test_trees_go_left_at_or_under_the_bound_as_their_library_does() -> None:
    tree = Tree((0, -1, -1), (1.0, 0.0, 0.0), (1, 0, 0), (2, 0, 0), (0.0, -1.0, 1.0))
    rows = np.array([[0.5], [1.0], [2.0]])
    at_most = chances(Trees("at_most", 64, 0.0, (tree,)), rows)
    under = chances(Trees("under", 32, 0.0, (tree,)), rows)
    assert (at_most < 0.5).tolist() == [True, True, False]
    assert (under < 0.5).tolist() == [True, False, False]


def test_events_without_consent_and_users_with_one_event() -> None:
    """Nobody's rows are no user; who has one day is in the population only when it is asked."""
    log = crowd(30)
    more = [*log, *(Event(None, "page_view", START + n * DAY) for n in range(60)),
            Event("single", "page_view", START + 40 * DAY)]  # fmt: skip
    question = replace(QUESTION, least_active_days=1)
    one = tables(index_of(log), question, features_of(question), [day_number(day(45))])[0]
    other = tables(index_of(more), question, features_of(question), [day_number(day(45))])[0]
    assert set(other.keys.to_pylist()) - set(one.keys.to_pylist()) == {"single"}
    twice = tables(index_of(more), QUESTION, features_of(QUESTION), [day_number(day(45))])[0]
    assert "single" not in twice.keys.to_pylist()


def test_users_are_drawn_again_with_all_of_their_rows() -> None:
    """The same rows a second time tell nothing new, so no interval may become narrower."""
    plan = planned(index(), QUESTION)
    found = tables(index(), QUESTION, plan.features, [*plan.days("train"), *plan.days("test")])
    early, last = found[:-2], found[-1]
    rows = churn_fit.training(early, plan.features)
    models = [churn_fit.fit(name, rows, QUESTION) for name in ("recency", "logistic")]
    one, twice = (
        churn_judge.judged(models, churn_judge.test_of(given, early, "churn"), QUESTION)
        for given in ([last], [last, last])
    )
    for first, second in zip(one, twice, strict=True):
        assert asdict(first.pr_auc) == pytest.approx(asdict(second.pr_auc), abs=1e-12)
        assert asdict(first.roc_auc) == pytest.approx(asdict(second.roc_auc), abs=1e-12)
