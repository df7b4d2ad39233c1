"""Print how often experiments are wrong where the truth is known: experiments.py [ROUNDS].

Every share stands beside what it should be, with its Monte Carlo standard error (SE). Each
table runs what `analyses.experiment_tests` runs, on made-up units in place of an index.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.experiment_tests import Measured, answer_of, level_of
from ga4_analytics.questions.experiment import Difference, ExperimentSpec
from ga4_analytics.questions.experiment_parts import Amount, Kind, Metric
from ga4_analytics.sources.synthetic.plants.experiment import treated_share

Floats = NDArray[np.float64]
ONE_LOOK = ExperimentSpec()
Maker = Callable[[np.random.Generator, NDArray[np.int64]], tuple[Floats, Floats | None]]


@dataclass(frozen=True)
class Share:
    """How often something happened in a simulation.

    Attributes:
        name: What happened.
        hits: How often.
        rounds: Of how many times.
        nominal: The share that is promised.
    """

    name: str
    hits: int
    rounds: int
    nominal: float

    @property
    def value(self) -> float:
        """The share that was seen."""
        return self.hits / self.rounds

    @property
    def error(self) -> float:
        """Standard error of the share if what is promised is true: of making so few rounds."""
        return sqrt(self.nominal * (1.0 - self.nominal) / self.rounds)

    @property
    def off(self) -> float:
        """How many standard errors the share lies above what is promised."""
        return (self.value - self.nominal) / self.error


def tested(
    kind: Kind, variant: NDArray[np.int64], values: tuple[Floats, Floats | None],
    spec: ExperimentSpec = ONE_LOOK, level: float = 0.05,
) -> Difference:  # fmt: skip
    """The second variant of two against the first, as an experiment is analyzed.

    Args:
        kind: The metric's kind.
        variant: 0 or 1 for each unit.
        values: What stands above, and for a ratio below; for a mean the covariate.
        spec: The method and confidence.
        level: What p-values are held against at this look.
    """
    above, other = values
    metric = Metric(
        "m", kind, of=Amount(), covariate_days=int(kind == "mean" and other is not None)
    )
    measured = Measured(
        metric, "primary", variant, np.ones(len(variant), bool), above,
        below=other if kind == "ratio" else None,
        covariate=other if kind == "mean" else None,
    )  # fmt: skip
    found = answer_of(spec, ("a", "b"), measured, level=level, exact=False)
    return found.differences[0]


def buyers(rate: float, lift: float) -> Maker:
    """Units that convert, more of them in the second variant."""

    def make(rng: np.random.Generator, variant: NDArray[np.int64]) -> tuple[Floats, None]:
        chance = rate * np.where(variant == 1, 1.0 + lift, 1.0)
        return (rng.random(len(variant)) < chance).astype(np.float64), None

    return make


def spenders(rate: float, lift: float, *, known: bool = False) -> Maker:
    """Revenue, mostly 0 and else lognormal, its mean higher in the second variant."""

    def make(rng: np.random.Generator, variant: NDArray[np.int64]) -> tuple[Floats, Floats | None]:
        habit = rng.lognormal(0.0, 0.5, len(variant))
        bought = rng.random(len(variant)) < rate
        value = bought * habit * rng.lognormal(3.0, 0.7, len(variant))
        before = habit * rng.lognormal(0.0, 0.3, len(variant)) if known else None
        return value * np.where(variant == 1, 1.0 + lift, 1.0), before

    return make


def baskets(lift: float) -> Maker:
    """Revenue over orders, units with many orders buying cheaper: not independent."""

    def make(rng: np.random.Generator, variant: NDArray[np.int64]) -> tuple[Floats, Floats]:
        orders = rng.poisson(0.5, len(variant)).astype(np.float64)
        value = rng.lognormal(3.0, 0.5, len(variant)) / np.sqrt(1.0 + orders)
        return orders * value * np.where(variant == 1, 1.0 + lift, 1.0), orders

    return make


def settings() -> Iterator[tuple[str, Kind, Maker, float, int]]:
    """What is tried: name, kind, units' values, relative lift, units in all."""
    yield "conversion 10 %", "conversion", buyers(0.1, 0.0), 0.0, 2_000
    yield "conversion 1 % (Fisher)", "conversion", buyers(0.01, 0.0), 0.0, 600
    yield "conversion 10 %, lift 50 %", "conversion", buyers(0.1, 0.5), 0.5, 2_000
    yield "revenue per user", "mean", spenders(0.3, 0.0), 0.0, 2_000
    yield "revenue, CUPED, lift 20 %", "mean", spenders(1.0, 0.2, known=True), 0.2, 1_000
    yield "revenue over orders", "ratio", baskets(0.0), 0.0, 2_000
    yield "revenue over orders, lift 30 %", "ratio", baskets(0.3), 0.3, 2_000


def intervals(rounds: int, seed: int = 1) -> Iterator[tuple[str, Share, Share | None]]:
    """Whether the lift's interval holds the truth; and with none, how often one is called."""
    for number, (name, kind, make, lift, units) in enumerate(settings()):
        rng = np.random.default_rng((seed, number))
        covered = alarms = 0
        for _ in range(rounds):
            variant = rng.integers(0, 2, units)
            found = tested(kind, variant, make(rng, variant))
            covered += found.lift is None or found.lift.low <= lift <= found.lift.high
            alarms += _alarm(found)
        called = Share("called different", alarms, rounds, 0.05) if not lift else None
        yield name, Share("lift in its interval", covered, rounds, 0.95), called


def planted(rounds: int, lift: float, users: int = 4_000, rate: float = 0.1,
            seed: int = 2) -> Share:  # fmt: skip
    """Whether the interval holds the lift that ``demo-data --plant experiment`` plants.

    The plant draws who is treated given who buys; so does this, for many samples at once.
    """
    rng = np.random.default_rng(seed)
    covered = 0
    for _ in range(rounds):
        bought = rng.random(users) < rate
        shares = np.array(treated_share(lift, float(bought.mean())))
        variant = (rng.random(users) < shares[bought.astype(np.int64)]).astype(np.int64)
        found = tested("conversion", variant, (bought.astype(np.float64), None))
        covered += found.lift is not None and found.lift.low <= lift <= found.lift.high
    return Share(f"planted lift {lift:.0%}", covered, rounds, 0.95)


def peeking(rounds: int, looks: int = 20, units: int = 4_000, seed: int = 3) -> list[Share]:
    """Who stops at the first p-value below the level, when nothing differs, is wrong how often.

    Looks are equally far apart. Of the planned ones five are made.
    """
    rng = np.random.default_rng(seed)
    ways = {
        "one look at the end": (ExperimentSpec(), (looks,)),
        f"{looks} looks, no method": (ExperimentSpec(), range(1, looks + 1)),
        f"{looks} looks, always valid": (
            ExperimentSpec(method="always_valid", planned_units=units), range(1, looks + 1)),
        "5 looks, Pocock": (ExperimentSpec(method="pocock", looks=5), range(1, 6)),
        "5 looks, O'Brien and Fleming": (ExperimentSpec(method="obrien_fleming", looks=5),
                                         range(1, 6)),
    }  # fmt: skip
    levels = {
        name: [level_of(spec if spec.looks == 1 else _at(spec, look)) for look in made]
        for name, (spec, made) in ways.items()
    }
    hits = dict.fromkeys(ways, 0)
    for _ in range(rounds):
        variant = rng.integers(0, 2, units)
        values, _none = buyers(0.1, 0.0)(rng, variant)
        for name, (spec, made) in ways.items():
            whole = looks if spec.looks == 1 else spec.looks
            ends = [units * look // whole for look in made]
            hits[name] += any(
                _alarm(tested("conversion", variant[:n], (values[:n], None), spec, level))
                for n, level in zip(ends, levels[name], strict=True)
            )
    return [Share(name, n, rounds, 0.05) for name, n in hits.items()]


def _alarm(found: Difference) -> bool:
    return found.p_value is not None and found.p_value < found.level


def _at(spec: ExperimentSpec, look: int) -> ExperimentSpec:
    return ExperimentSpec(method=spec.method, looks=spec.looks, look=look)


def main(rounds: int) -> None:
    """Print the tables."""
    print(f"{rounds:,} rounds; SE of a share that should be 5 or 95 %: "
          f"{sqrt(0.05 * 0.95 / rounds):.2%}\n")  # fmt: skip
    print("| metric | lift in its 95 % interval | called different at 5 % |\n|-|-:|-:|")
    for name, covered, called in intervals(rounds):
        print(f"| {name} | {covered.value:.1%} | {f'{called.value:.1%}' if called else ''} |")
    for lift in (0.5, 0.0):
        found = planted(rounds, lift)
        print(f"| {found.name}, as in the sample | {found.value:.1%} | |")
    few = max(100, rounds // 4)
    print(f"\n{few:,} rounds, SE {sqrt(0.05 * 0.95 / few):.2%}\n")
    print("| looking, where nothing differs | called different |\n|-|-:|")
    for share in peeking(few):
        print(f"| {share.name} | {share.value:.1%} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
