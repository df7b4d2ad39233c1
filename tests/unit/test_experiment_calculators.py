"""`ga4 experiment` on counts alone: what is told, what decides, what is refused."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from ga4_analytics.analyses.calculators import compare, named_arms, plan, split
from ga4_analytics.cli.main import cli
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.calculators import Compare, CompareAnswer, Plan, Split
from ga4_analytics.render.answer import Answer


def compared(*counts: tuple[int, int], **given: Any) -> CompareAnswer:
    return compare(Compare(named_arms(counts), **given))


def asked(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(cli, ["experiment", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def test_two_variants_by_hand() -> None:
    """120 of 1,000 against 150 of 1,000, with a pocket calculator's z."""
    (contrast,) = compared((120, 1000), (150, 1000)).contrasts
    pooled = 270 / 2000
    z = 0.03 / sqrt(pooled * (1 - pooled) * 2 / 1000)
    assert contrast.z_test.statistic == pytest.approx(z)
    assert contrast.z_test.p_value == pytest.approx(2 * NormalDist().cdf(-z))
    assert contrast.decides == "z_test" and contrast.p_value == contrast.z_test.p_value
    assert contrast.difference == pytest.approx(0.03)
    assert contrast.lift is not None and contrast.lift.value == pytest.approx(0.25)
    assert contrast.is_significant


def test_few_units_are_decided_by_fishers_test() -> None:
    answer = compared((1, 6), (8, 10))
    (contrast,) = answer.contrasts
    assert contrast.decides == "fisher_exact"
    assert contrast.p_value == pytest.approx(0.034965034965)


def test_a_mismatch_withholds_the_verdict() -> None:
    answer = compared((300, 6000), (500, 5000))
    assert answer.contrasts[0].is_significant
    assert answer.sample_ratio.is_mismatch
    assert answer.verdict.startswith("No verdict")
    meant = compared((300, 6000), (500, 5000), weights=(6.0, 5.0))
    assert not meant.sample_ratio.is_mismatch and "treatment above control" in meant.verdict


def test_several_variants_are_adjusted() -> None:
    answer = compared((100, 1000), (130, 1000), (105, 1000), (70, 1000))
    raw = [each.z_test.p_value or 1.0 for each in answer.contrasts]
    shown = [each.p_value or 1.0 for each in answer.contrasts]
    assert all(adjusted >= p for adjusted, p in zip(shown, raw, strict=True))
    assert min(shown) == pytest.approx(3 * min(raw))
    assert answer.equal is not None and sum(arm.posterior.chance_best for arm in answer.arms) == (
        pytest.approx(1.0)
    )


@pytest.mark.parametrize("counts", [((0, 50), (0, 60)), ((50, 50), (60, 60)), ((0, 1), (1, 1))])
def test_nothing_that_varies_is_not_a_p_value_of_one(counts: Any) -> None:
    answer = compared(*counts)
    (contrast,) = answer.contrasts
    if counts[0][0] * counts[1][1] == counts[1][0] * counts[0][1]:
        assert contrast.z_test.p_value is None
    assert not contrast.is_significant
    Answer(answer).plot()
    assert str(Answer(answer))


def test_false_alarms_come_as_often_as_the_level_says() -> None:
    """A/A: the deciding test once at the end, the sequential one at ten looks.

    2,000 runs: the Monte Carlo error of a rate of 5 % is 0.5 %.
    """
    rng = np.random.default_rng(20261123)
    runs, looks, step, rate = 2000, 10, 400, 0.2
    control = rng.binomial(step, rate, (runs, looks)).cumsum(axis=1)
    treatment = rng.binomial(step, rate, (runs, looks)).cumsum(axis=1)
    units = step * np.arange(1, looks + 1)
    shares = control / units, treatment / units
    pooled = (shares[0] + shares[1]) / 2
    z = (shares[1] - shares[0]) / np.sqrt(pooled * (1 - pooled) * 2 / units)
    fixed = float((abs(z[:, -1]) > 1.959964).mean())
    peeking = float((abs(z) > 1.959964).any(axis=1).mean())
    from ga4_analytics.stats.sequential import always_valid, tuning

    rho = tuning(8000)
    se = np.sqrt(sum(share * (1 - share) for share in shares) / units)
    always = 0
    for run in range(runs):
        always += any(
            always_valid(shares[1][run, look] - shares[0][run, look], se[run, look],
                         int(2 * units[look]), rho).p_value < 0.05
            for look in range(looks)
        )  # fmt: skip
    error = 3 * sqrt(0.05 * 0.95 / runs)
    assert abs(fixed - 0.05) < error
    # Ten naive looks: 19.3 %, by the published tables.
    assert abs(peeking - 0.193) < 3 * sqrt(0.193 * 0.807 / runs)
    assert always / runs < 0.05


def test_newcombes_interval_covers() -> None:
    from ga4_analytics.stats.two_proportions import Counts, newcombe

    rng = np.random.default_rng(7)
    runs, first, second = 2000, 0.08, 0.13
    a, b = rng.binomial(150, first, runs), rng.binomial(120, second, runs)
    covered = 0
    for x, y in zip(a, b, strict=True):
        low, high = newcombe(Counts(int(x), 150), Counts(int(y), 120))
        covered += low <= second - first <= high
    assert abs(covered / runs - 0.95) < 0.02


def test_a_plan_is_kept_by_simulation() -> None:
    """The power that a plan promises is the share of experiments that find the lift."""
    found = plan(Plan(0.1, lift=0.3))
    assert found.units is not None
    rng = np.random.default_rng(11)
    a = rng.binomial(found.units, 0.1, 4000) / found.units
    b = rng.binomial(found.units, 0.13, 4000) / found.units
    pooled = (a + b) / 2
    z = (b - a) / np.sqrt(pooled * (1 - pooled) * 2 / found.units)
    assert abs(float((abs(z) > 1.959964).mean()) - 0.8) < 3 * sqrt(0.16 / 4000)
    back = plan(Plan(0.1, units=found.units))
    assert back.lift == pytest.approx(0.3, rel=2e-3)


def test_plans_of_means_variants_and_days() -> None:
    two, four = plan(Plan(30.0, 0.05, sd=80.0)), plan(Plan(30.0, 0.05, sd=80.0, variants=4))
    assert two.units is not None and four.units is not None and four.units_in_all is not None
    # Two z's, 0.05 and 0.05 / 3: (z(1 - a / 2) + z(.8))^2 * 2 (80 / 1.5)^2.
    z = NormalDist().inv_cdf
    for found, level in ((two, 0.05), (four, 0.05 / 3)):
        wanted = (z(1 - level / 2) + z(0.8)) ** 2 * 2 * (80 / 1.5) ** 2
        assert found.units is not None and abs(found.units - wanted) <= 1
    assert four.units_in_all == 4 * four.units
    assert plan(Plan(0.05, 0.1, units_per_day=3000.0)).days == 21
    assert plan(Plan(0.05, -0.2)).units is not None


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["compare", "120/1000"], "arms"),
        (["compare", "120/1000", "1200/1000"], "arms"),
        (["compare", "12o/1000", "1/2"], "counts"),
        (["compare", "1/0", "1/2"], "arms"),
        (["compare", "1/9", "1/9", "--split", "1,2,3"], "weights"),
        (["compare", "1/9", "1/9", "--names", "a,b,c"], "names"),
        (["compare", "1/9", "1/9", "--prior", "1"], "prior"),
        (["compare", "1/9", "1/9", "--confidence", "95"], "confidence"),
        (["srm", "10"], "units"),
        (["srm", "0", "0"], "units"),
        (["plan", "--baseline", "0.05"], "lift"),
        (["plan", "--baseline", "1.5", "--lift", "0.1"], "baseline"),
        (["plan", "--baseline", "0.9", "--lift", "0.5"], "lift"),
        (["plan", "--baseline", "0.5", "--lift", "0"], "lift"),
    ],
)
def test_wrong_questions_name_the_field(arguments: list[str], field: str) -> None:
    done = CliRunner().invoke(cli, ["experiment", *arguments])
    assert isinstance(done.exception, QuestionError)
    assert field in done.exception.problem and done.exception.remedy


def test_the_command_line_tells_the_same() -> None:
    told = asked("compare", "120/1000", "150/1000")
    assert told["version"] == 1
    assert told["contrasts"][0]["z_test"]["p_value"] == pytest.approx(0.0496, abs=5e-5)
    assert {"fisher_exact", "boschloo_exact", "lift", "sequential"} <= set(told["contrasts"][0])
    told = asked("srm", "5103", "4897")
    assert told["sample_ratio"]["p_value"] == pytest.approx(0.0394, abs=5e-5)
    told = asked("plan", "--baseline", "0.05", "--lift", "0.1", "--power", "0.8")
    assert told["units"] == pytest.approx(31_231, rel=2e-4)  # Cohen's h gives 31,231


def test_plots_and_rows(tmp_path: Path) -> None:
    for name, arguments in {
        "compare": ["compare", "80/1200", "95/1200", "50/1180"],
        "srm": ["srm", "510", "490"],
        "plan": ["plan", "--baseline", "0.05", "--units", "20000"],
    }.items():
        plot, rows = tmp_path / f"{name}.png", tmp_path / f"{name}.csv"
        done = CliRunner().invoke(
            cli, ["experiment", *arguments, "--plot", str(plot), "--csv", str(rows)]
        )
        assert done.exit_code == 0, done.output
        assert plot.stat().st_size > 5_000
        assert len(rows.read_text().splitlines()) > 2


def test_a_split_by_weights() -> None:
    assert not split(Split((9012, 988), (90.0, 10.0))).sample_ratio.is_mismatch
    assert split(Split((9012, 988))).sample_ratio.is_mismatch
