"""Two experiments: one whose treatment raises conversion by a known share, one of no effect.

Purchases stay as they are. A user's variant is drawn given whether the user converts, with the
probabilities that random assignment and the planted rates imply (Bayes' rule), so that users,
variants and conversions have the distribution of an experiment that had caused the lift.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.draws import Ints, uniform
from ga4_analytics.sources.synthetic.plants.grafts import events_of, first_key
from ga4_analytics.sources.synthetic.published import CODE, EXPOSURE
from ga4_analytics.sources.synthetic.sample import Events, Sample

NAME = "experiment"
VARIANTS = ("control", "treatment")


@dataclass(frozen=True)
class Trial:
    """An experiment.

    Attributes:
        id: Its ``experiment_id``.
        lift: By which share the treatment raises the conversion of a user to a purchase.
    """

    id: str
    lift: float


TRIALS = (Trial("express_checkout", 0.5), Trial("blue_header", 0.0))


def trial_of(key: Ints) -> Ints:
    """The experiment that an exposure with this key is about, a position in `TRIALS`.

    Example:
        >>> trial_of(np.array([first_key(NAME) + 3])).tolist()
        [1]
    """
    return (key - first_key(NAME)) % len(TRIALS)


def treated_share(lift: float, rate: float) -> tuple[float, float]:
    """The chance of the treatment given that a user does not convert, and that one does.

    Args:
        lift: Relative lift of the treatment over the control.
        rate: Share of all users who convert, both variants together.

    Example:
        >>> [round(share, 4) for share in treated_share(0.5, 0.25)]
        [0.4667, 0.6]
    """
    control = 2 * rate / (2 + lift)
    return (1 - control * (1 + lift)) / (2 - control * (2 + lift)), (1 + lift) / (2 + lift)


@dataclass(frozen=True)
class Experiments:
    """The truth about the experiments."""

    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Exposed and converted users by variant."""
        events, variants = sample.events, sample.variants
        assert variants is not None
        once = ~events.is_duplicate
        exposures = np.flatnonzero((events.code == CODE[EXPOSURE]) & once)
        bought = np.flatnonzero((events.code == CODE["purchase"]) & once)
        last = np.full(len(sample.visits.cohort), np.iinfo(np.int64).min)
        np.maximum.at(last, sample.sessions.user[events.session[bought]], events.ts[bought])
        user = sample.sessions.user[events.session[exposures]]
        converts = last[user] >= events.ts[exposures]
        trial = trial_of(events.key[exposures].astype(np.int64))
        return {
            each.id: {
                "relative_lift": each.lift,
                "conversion": "a purchase at or after the exposure",
                "variants": {
                    variant: {
                        "users": int((there := (trial == i) & (variants[i, user] == v)).sum()),
                        "converted": int((there & converts).sum()),
                    }
                    for v, variant in enumerate(VARIANTS)
                },
            }
            for i, each in enumerate(TRIALS)
        }


def _variants(base: Sample, users: Ints, converts: NDArray[np.bool_]) -> NDArray[np.int8]:
    variants = np.full((len(TRIALS), len(base.visits.cohort)), -1, np.int8)
    for row, trial in enumerate(TRIALS):
        shares = np.array(treated_share(trial.lift, float(converts.mean())))
        u = uniform(base.spec.seed, f"{NAME}/{trial.id}", users)
        variants[row, users] = u < shares[converts.astype(np.int64)]
    return variants


def plant_experiment(base: Sample, grown: Sample) -> tuple[Sample, Events, Experiments]:
    """Expose every user of the sample at the first event to both experiments."""
    events = base.events
    known = np.flatnonzero(events.session >= 0)
    users, first = np.unique(base.sessions.user[events.session[known]], return_index=True)
    bought = base.sessions.user[events.session[events.code == CODE["purchase"]]]
    variants = _variants(base, users, np.isin(users, bought))
    rows = np.repeat(known[first], len(TRIALS))
    number = np.repeat(users, len(TRIALS)) * len(TRIALS) + np.tile(
        np.arange(len(TRIALS)), len(users)
    )
    added = events_of(
        ts=events.ts[rows],
        code=np.full(len(rows), CODE[EXPOSURE]),
        session=events.session[rows],
        page=events.page[rows],
        key=first_key(NAME) + number,
    )
    return replace(grown, variants=variants), added, Experiments()
