"""What the export says of whole sessions and users, derived from the sample's events."""

from __future__ import annotations

import numpy as np

from ga4_analytics.sources.synthetic.draws import Ints, below, uniform
from ga4_analytics.sources.synthetic.published import CODE
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.world import SOURCES, deal

ENGAGED_SECONDS = 10
_SAME_SOURCE = 0.8


def engaged_sessions(sample: Sample) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which sessions the export marks as engaged: 10 seconds, two page views or a purchase.

    Returns:
        One mark a session.
    """
    events = sample.happened or sample.events
    known = events.session >= 0
    session, ts, code = events.session[known], events.ts[known], events.code[known]
    count = len(sample.sessions)
    begin, end = np.zeros(count, np.int64), np.zeros(count, np.int64)
    begin[session[::-1]] = ts[::-1]
    end[session] = ts
    once = ~events.is_duplicate[known]
    views = np.bincount(session[(code == CODE["page_view"]) & once], minlength=count)
    bought = np.bincount(session[code == CODE["purchase"]], minlength=count)
    return (end - begin >= ENGAGED_SECONDS * 1_000_000) | (views >= 2) | (bought > 0)


def first_touches(sample: Sample) -> Ints:
    """When each user was first seen, microseconds since 1970-01-01 UTC.

    Left-truncated users were seen up to 200 days before the sample's first day.
    """
    events = sample.happened or sample.events
    known = events.session >= 0
    user = sample.sessions.user[events.session[known]]
    first = np.zeros(len(sample.visits.cohort), np.int64)
    first[user[::-1]] = events.ts[known][::-1]
    keys = np.arange(len(first))
    earlier = -1 - below(sample.spec.seed, "first touch", keys, 200 * 86_400) * 1_000_003
    earlier += min(int(sample.spec.midnights()[0]), 0)
    return np.where(sample.visits.truncated, earlier, first) + sample.spec.start_us


def session_sources(sample: Sample) -> Ints:
    """Where each session came from, a position in `SOURCES`; mostly where the user did."""
    keys = sample.session_numbers(np.arange(len(sample.sessions)))
    seed = sample.spec.seed
    other = deal(tuple(s.weight for s in SOURCES), uniform(seed, "session source", keys))
    same = uniform(seed, "same source", keys) < _SAME_SOURCE
    same |= sample.sessions.number == 1
    return np.where(same, sample.people.source[sample.sessions.user], other)
