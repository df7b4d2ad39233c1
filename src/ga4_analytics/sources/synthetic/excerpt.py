"""A small excerpt of a sample that still shows one of everything."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.draws import Ints
from ga4_analytics.sources.synthetic.sample import Events, Sample
from ga4_analytics.sources.synthetic.world import COUNTRIES

_CONSENTLESS = 3


def only(sample: Sample, rows: NDArray[np.bool_]) -> Sample:
    """Keep some of a sample's events; users, sessions and orders keep their positions.

    Args:
        sample: The sample.
        rows: Which events stay.

    Returns:
        A sample that can be written in each shape. Its truth is not the whole sample's.
    """
    kept = Events(**{each.name: getattr(sample.events, each.name)[rows] for each in fields(Events)})
    edges = np.searchsorted(kept.ts, sample.spec.midnights())
    return replace(sample, events=kept, day_edges=edges)


def _users_with_traits(sample: Sample, user: Ints) -> list[Ints]:
    """Users by trait worth showing: what they bought, how they came, where they are."""
    orders, events = sample.orders, sample.events
    buyer = sample.sessions.user[orders.session]
    foreign = np.array([not country.name.isascii() for country in COUNTRIES])
    days = np.bincount(sample.visits.user)
    return [
        buyer[orders.repeats],
        buyer[orders.number < 0],
        buyer[(orders.number >= 0) & ~orders.repeats],
        sample.sessions.user[sample.sessions.crosses],
        user[events.is_duplicate],
        np.flatnonzero(sample.visits.truncated),
        np.flatnonzero(foreign[sample.people.country]),
        np.flatnonzero(days > 1),
    ]


def excerpt(sample: Sample, events: int) -> Sample:
    """Keep whole users: the least busy one with each trait, then others in order.

    Args:
        sample: The sample.
        events: About how many events to keep.

    Returns:
        The excerpt.

    Example:
        >>> from ga4_analytics.sources.synthetic.generate import generate
        >>> from ga4_analytics.sources.synthetic.spec import SampleSpec
        >>> part = excerpt(generate(SampleSpec(scale=0.002, days=5)), 100)
        >>> 90 < len(part.events) < 130
        True
    """
    known = sample.events.session >= 0
    user = np.where(known, sample.sessions.user[sample.events.session], -1)
    busy = np.bincount(user[known], minlength=len(sample.visits.cohort))
    chosen: list[int] = []
    for able in _users_with_traits(sample, user):
        new = np.setdiff1d(able[able >= 0], chosen)
        if len(new):
            chosen.append(int(new[np.argmin(busy[new])]))
    rest = np.setdiff1d(np.arange(len(busy)), chosen)
    quiet = rest[busy[rest] <= np.median(busy[rest])]
    room = events - int(busy[chosen].sum()) - _CONSENTLESS
    step = max(len(quiet) * int(np.mean(busy[quiet]) + 1) // max(room, 1), 1)
    spread = quiet[::step]
    chosen.extend(spread[np.cumsum(busy[spread]) <= room].tolist())
    rows = np.isin(user, chosen)
    rows[np.flatnonzero(~known)[:_CONSENTLESS]] = True
    return only(sample, rows)
