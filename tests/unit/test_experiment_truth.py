"""The statistics of experiments against examples that others published.

`experiments_truth.json` holds inputs, expected values, tolerance and source of each.
"""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ga4_analytics.stats import bayes, power, sample_ratio, sequential, two_means, two_proportions
from ga4_analytics.stats.proportions import wilson
from ga4_analytics.stats.survival import kaplan_meier
from ga4_analytics.stats.two_means import Moments
from ga4_analytics.stats.two_proportions import Counts

FILE = Path(__file__).resolve().parents[1] / "experiments_truth.json"
EXAMPLES: dict[str, dict[str, Any]] = {
    example["id"]: example for example in json.loads(FILE.read_text(encoding="utf-8"))["examples"]
}
NOT_OURS = {
    "zt_statsmodels_one_sample": "there is no one-sample test in an experiment",
    "prop_chisq_smokers": "tests a given rate; the test of equal rates is checked by its doctest",
    "ci_fagerland_wald": "the Wald interval is not offered: Newcombe's is",
    "ci_fagerland_mn": "the score interval is not offered: Newcombe's is",
    "ci_fagerland_ratio_score": "the ratio's interval is the delta method's",
    "barnard_vaccine": "Boschloo's test stands for the unconditional ones",
    "power_pwr_2p": "power follows the pooled formula, not Cohen's h",
    "gb_bayes_effect": "the Bayesian answer is beta-binomial",
    "ratio_delta_tea_tasting": "its data come from a generator that needs Python 3.12",
}


def example(name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, float]]:
    found = EXAMPLES[name]
    return found["inputs"], found["expected"], found["tolerance"]


def test_every_example_is_used_or_said_not_to_be() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    used = {name for name in EXAMPLES if f'example("{name}")' in text}
    assert used.isdisjoint(NOT_OURS) and used | set(NOT_OURS) == set(EXAMPLES)


def test_the_z_test() -> None:
    given, expected, tolerance = example("zt_statsmodels_two_sample")
    treatment, control = map(Counts, given["count"], given["nobs"])
    found = two_proportions.z_test(control, treatment)
    assert found.statistic == pytest.approx(expected["z"], abs=tolerance["abs"])
    assert found.p_value == pytest.approx(expected["p"], abs=tolerance["abs"])


def test_newcombes_interval() -> None:
    given, expected, tolerance = example("ci_fagerland_newcombe")
    low, high = two_proportions.newcombe(
        Counts(given["x2"], given["n2"]), Counts(given["x1"], given["n1"])
    )
    assert low == pytest.approx(expected["low"], abs=tolerance["abs"])
    assert high == pytest.approx(expected["high"], abs=tolerance["abs"])


def test_wilsons_interval() -> None:
    given, expected, tolerance = example("wilson_newcombe_single")
    for (successes, trials), bounds in zip(given["cases"], expected["ci"], strict=True):
        found = wilson(successes, trials)
        assert found is not None
        assert [found.low, found.high] == pytest.approx(bounds, abs=tolerance["abs"])


def fisher_of(table: list[list[int]]) -> two_proportions.Significance:
    """The table's columns are the arms."""
    (a, b), (c, d) = table
    return two_proportions.fisher_exact(Counts(b, b + d), Counts(a, a + c))


def test_fishers_exact_test() -> None:
    given, expected, tolerance = example("fisher_scipy_whales")
    found = fisher_of(given["table"])
    assert found.statistic == pytest.approx(expected["odds_ratio"], abs=tolerance["abs"])
    assert found.p_value == pytest.approx(expected["p"], abs=tolerance["abs"])
    given, expected, tolerance = example("fisher_r_1")
    assert fisher_of(given["table"]).p_value == pytest.approx(expected["p"], abs=1e-9)
    given, expected, tolerance = example("fisher_twins")
    assert fisher_of(given["table"]).p_value == pytest.approx(expected["p"], abs=tolerance["p_abs"])


def test_boschloos_test_rejects_wherever_fishers_does() -> None:
    (a, b), (c, d) = EXAMPLES["barnard_vaccine"]["inputs"]["table"]
    control, treatment = Counts(b, b + d), Counts(a, a + c)
    boschloo = two_proportions.boschloo_exact(control, treatment)
    fisher = two_proportions.fisher_exact(control, treatment)
    assert boschloo is not None and boschloo.p_value is not None and fisher.p_value is not None
    assert boschloo.p_value < fisher.p_value


def test_welchs_test() -> None:
    given, expected, tolerance = example("welch_sleep")
    a, b = (Moments.of_values(np.array(given[arm])) for arm in "ab")
    found = two_means.welch(b, a)
    assert found is not None
    assert found.value / found.se == pytest.approx(expected["t"], abs=tolerance["t_abs"])
    assert found.df == pytest.approx(expected["df"], abs=tolerance["df_abs"])
    assert found.p_value == pytest.approx(expected["p"], abs=tolerance["p_abs"])
    assert [found.low, found.high] == pytest.approx(expected["ci"], abs=tolerance["ci_abs"])


def moments(arm: dict[str, Any]) -> Moments:
    return Moments.of_sums(arm["n"], arm["sum"], arm["sum_squares"])


def check_lift(found: two_means.Effect | None, expected: Any, tolerance: Any) -> None:
    assert found is not None
    assert [found.value, found.se, found.p_value] == pytest.approx(
        [expected["lift"], expected["se"], expected["p"]], abs=tolerance["abs"]
    )
    assert [found.low, found.high] == pytest.approx(expected["ci"], abs=tolerance["abs"])


def test_the_relative_lift() -> None:
    given, expected, tolerance = example("gb_welch_relative")
    found = two_means.relative_lift(moments(given["a"]), moments(given["b"]))
    check_lift(found, expected, tolerance)
    given, expected, tolerance = example("gb_binom_relative")
    arms = [Moments.of_proportion(*given[arm]) for arm in "ab"]
    check_lift(two_means.relative_lift(*arms), expected, tolerance)


def test_the_sample_ratio() -> None:
    given, expected, tolerance = example("srm_wikipedia")
    found = sample_ratio.sample_ratio(given["observed"], given["expected_ratio"])
    assert found.chi_square == pytest.approx(expected["chi2"], abs=tolerance["chi2_abs"])
    assert found.p_value == pytest.approx(expected["p"], rel=tolerance["p_rel"])
    # Theirs corrects for continuity; the page says what the plain chi-square gives.
    given, expected, tolerance = example("srm_tea_tasting")
    found = sample_ratio.sample_ratio(given["observed"], [1, 1])
    assert found.p_value == pytest.approx(0.46703, abs=5e-6)


def test_the_sequential_sample_ratio() -> None:
    """Figures of experiments.md, section 3."""
    for units, strength, expected in (
        ([600, 400], 2, 4.6e-8), ([600, 400], 100, 3.7e-8),
        ([550, 450], 2, 0.17), ([550, 450], 100, 0.035),
    ):  # fmt: skip
        found = sample_ratio.sequential_p(units, [0.5, 0.5], strength)
        assert found == pytest.approx(expected, rel=0.03)


def test_power() -> None:
    given, expected, tolerance = example("power_r_n50")
    found = power.power_of_proportions(given["p1"], given["p2"], given["n_per_arm"])
    assert found == pytest.approx(expected["power"], abs=tolerance["abs"])
    given, expected, tolerance = example("power_kohavi_16")
    base = given["base"]
    found = power.rule_of_thumb(sqrt(base * (1 - base)), base * given["rel_mde"])
    assert found == pytest.approx(expected["n"], abs=tolerance["abs"])
    # The three formulas of experiments.md differ in the second digit after the point.
    assert power.needed(lambda n: power.power_of_proportions(0.5, 0.75, n), 0.9) == 77


def test_group_sequential_bounds() -> None:
    given, expected, tolerance = example("gst_pocock_obf_k5")
    looks = given["K"]
    assert sequential.pocock(looks) == pytest.approx(
        [expected["pocock"]] * looks, abs=tolerance["abs"]
    )
    assert sequential.obrien_fleming(looks) == pytest.approx(expected["obf"], abs=tolerance["abs"])
    for looks, rate in ((2, 0.083), (3, 0.107), (5, 0.142), (10, 0.193), (20, 0.248)):
        times = [k / looks for k in range(1, looks + 1)]
        naive = sum(sequential.crossing([1.959964] * looks, times))
        assert naive == pytest.approx(rate, abs=6e-4)


def test_always_valid_intervals() -> None:
    given, expected, tolerance = example("gb_sequential_mean")
    a, b = moments(given["a"]), moments(given["b"])
    lift = two_means.relative_lift(a, b)
    assert lift is not None
    found = sequential.always_valid(
        lift.value, lift.se, a.n + b.n, sequential.tuning(given["tuning"]), given["alpha"]
    )
    assert [found.low, found.high] == pytest.approx(expected["ci"], abs=tolerance["abs"])
    assert found.p_value == pytest.approx(expected["p"], abs=tolerance["abs"])
    given, expected, tolerance = example("msprt_closed_form")
    found = sequential.always_valid(given["z"], 1.0, given["n_total"], given["rho"])
    assert found.p_value == pytest.approx(expected["p"], abs=tolerance["abs"])


def test_beta_binomial_arms() -> None:
    given, expected, tolerance = example("bayes_three_arm")
    arms = list(zip(given["positives"], given["totals"], strict=True))
    found = bayes.beta_binomial(arms, prior=(0.5, 0.5))
    assert [arm.mean for arm in found] == pytest.approx(
        expected["posterior_mean"], abs=tolerance["mean_abs"]
    )
    assert [arm.chance_best for arm in found] == pytest.approx(
        expected["prob_best"], abs=tolerance["prob_abs"]
    )
    assert [arm.expected_loss for arm in found] == pytest.approx(
        expected["expected_loss"], abs=tolerance["loss_abs"]
    )
    two = bayes.beta_binomial([(49, 100), (51, 100)])
    assert two[1].chance_best == pytest.approx(0.610771, abs=1e-6)


def test_adjusted_p_values() -> None:
    given, expected, tolerance = example("tt_adjust_fdr")
    from ga4_analytics.stats.multiple import benjamini_hochberg, holm

    assert benjamini_hochberg(given["p"]) == pytest.approx(expected["adj"], abs=tolerance["abs"])
    # Their p-values are rounded, so three times one differs in the fourth digit.
    assert holm(given["p"]) == pytest.approx([0.118, 0.0634, 0.0634, 0.00872], abs=2e-4)


def test_the_survival_curve() -> None:
    given, expected, tolerance = example("km_freireich")
    times, events = np.array(given["times_6mp"]), np.array(given["events_6mp"])
    curve = kaplan_meier(times[events == 1], times[events == 0])
    for time, share in expected["S"].items():
        place = curve.times.tolist().index(int(time))
        assert curve.survival[place] == pytest.approx(share, abs=tolerance["S_abs"])
    assert curve.quantile(0.5) == expected["median_6mp"]
