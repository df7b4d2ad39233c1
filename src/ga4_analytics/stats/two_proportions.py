"""Two proportions held against each other: tests and intervals.

The first of two is the control, the second the treatment; differences are treatment minus
control.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from ga4_analytics.stats.proportions import wilson


@dataclass(frozen=True)
class Counts:
    """Successes among trials.

    Attributes:
        successes: 0 to ``trials``.
        trials: At least 1.
    """

    successes: int
    trials: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.trials or self.trials < 1:
            raise ValueError(f"{self.successes} of {self.trials} is not a proportion.")

    @property
    def share(self) -> float:
        """Successes over trials."""
        return self.successes / self.trials


@dataclass(frozen=True)
class Significance:
    """A test of no difference, two-sided.

    Attributes:
        statistic: z, or the odds ratio; None where there is none or it is infinite.
        p_value: In [0, 1]; None where nothing varies, so that there is nothing to test.
    """

    statistic: float | None
    p_value: float | None


def z_test(control: Counts, treatment: Counts) -> Significance:
    """The two-proportion z-test with the pooled variance.

    Source: statsmodels ``proportions_ztest``.

    >>> found = z_test(Counts(12, 99), Counts(5, 83))
    >>> round(found.statistic, 6), round(found.p_value, 6)
    (-1.40783, 0.159181)
    >>> z_test(Counts(0, 5), Counts(0, 9)).p_value is None
    True
    """
    from statsmodels.stats.proportion import proportions_ztest  # loads slowly

    both = control.successes + treatment.successes
    if both in (0, control.trials + treatment.trials):
        return Significance(None, None)
    z, p = proportions_ztest(
        [treatment.successes, control.successes], [treatment.trials, control.trials]
    )
    return Significance(float(z), float(p))


ENOUGH = 5
"""Expected successes and failures in both arms from which the normal approximation is good."""


def z_is_good(control: Counts, treatment: Counts) -> bool:
    """Whether the z-test may decide: enough successes and failures are expected in both arms.

    Source: W. G. Cochran (1954), Some methods for strengthening the common chi-square tests.

    >>> z_is_good(Counts(12, 99), Counts(5, 83)), z_is_good(Counts(1, 6), Counts(8, 10))
    (True, False)
    """
    trials = control.trials + treatment.trials
    successes = control.successes + treatment.successes
    rarest = min(successes, trials - successes) / trials
    return rarest * min(control.trials, treatment.trials) >= ENOUGH


def _table(control: Counts, treatment: Counts) -> list[list[int]]:
    """Rows: succeeded, did not; columns: treatment, control, as scipy's exact tests want."""
    return [
        [treatment.successes, control.successes],
        [treatment.trials - treatment.successes, control.trials - control.successes],
    ]


def fisher_exact(control: Counts, treatment: Counts) -> Significance:
    """Fisher's exact test; the statistic is the odds ratio of the table.

    Source: R. A. Fisher (1935), The logic of inductive inference; scipy ``fisher_exact``: the
    p-value sums the tables that are no more likely than this one.

    >>> round(fisher_exact(Counts(1, 6), Counts(8, 10)).p_value, 6)
    0.034965
    """
    from scipy.stats import fisher_exact as exact

    found = exact(_table(control, treatment))
    ratio = float(found.statistic)
    return Significance(ratio if 0 <= ratio < float("inf") else None, float(found.pvalue))


BOSCHLOO_MOST = 90_000
"""Tables of the two arms' trials beyond which Boschloo's test is not computed: 300 by 300 takes
half a second, 1,000 by 1,000 half a minute."""


def boschloo_exact(control: Counts, treatment: Counts) -> Significance | None:
    """Boschloo's exact test, which rejects wherever Fisher's does and more.

    Returns:
        The test, or None beyond `BOSCHLOO_MOST` tables, where the z-test is close to it.

    Source: R. D. Boschloo (1970), Raised conditional level of significance for the 2x2 table;
    scipy ``boschloo_exact``.

    >>> round(boschloo_exact(Counts(1, 6), Counts(8, 10)).p_value, 4)
    0.0176
    """
    from scipy.stats import boschloo_exact as exact

    if control.trials * treatment.trials > BOSCHLOO_MOST:
        return None
    both = control.successes + treatment.successes
    if both in (0, control.trials + treatment.trials):
        return Significance(None, 1.0)
    found = exact(_table(control, treatment))
    return Significance(None, min(1.0, float(found.pvalue)))


def newcombe(control: Counts, treatment: Counts, confidence: float = 0.95) -> tuple[float, float]:
    """Newcombe's hybrid score interval of the difference.

    Source: R. G. Newcombe (1998), Interval estimation for the difference between independent
    proportions, Statistics in Medicine 17, 873-890, method 10.

    >>> low, high = newcombe(Counts(1, 34), Counts(7, 34))
    >>> round(low, 4), round(high, 4)
    (0.0189, 0.3404)
    """
    a = wilson(treatment.successes, treatment.trials, confidence)
    b = wilson(control.successes, control.trials, confidence)
    assert a is not None and b is not None  # there are trials
    difference = a.value - b.value
    return (
        difference - sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2),
        difference + sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2),
    )


def equal_proportions(arms: list[Counts]) -> Significance:
    """The chi-square test that several proportions are equal, without continuity correction.

    >>> arms = [Counts(83, 86), Counts(90, 93), Counts(129, 136), Counts(70, 82)]
    >>> round(equal_proportions(arms).p_value, 6)
    0.005585
    """
    from scipy.stats import chi2_contingency

    successes = sum(arm.successes for arm in arms)
    if successes in (0, sum(arm.trials for arm in arms)):
        return Significance(None, None)
    table = [[arm.successes, arm.trials - arm.successes] for arm in arms]
    found = chi2_contingency(table, correction=False)
    return Significance(float(found.statistic), float(found.pvalue))
