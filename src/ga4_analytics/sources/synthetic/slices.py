"""One day of a sample as columns: who, where, with what, from where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ga4_analytics.sources.synthetic.draws import Ints, uniform
from ga4_analytics.sources.synthetic.published import CODE
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.world import COUNTRIES, DEVICES, deal

NOT_SET = "(not set)"
LISTED = ("view_promotion", "select_promotion", "view_item_list", "view_item", "select_item")
"""Events whose order id the export fills with ``(not set)``."""


@dataclass(frozen=True)
class Slice:
    """The events of one day, in time order.

    Attributes:
        first: Position of the day's first event in the sample.
        user: The user of each event; -1 without consent.
        country: Position in `COUNTRIES`.
        device: Position in `DEVICES`.
        source: Position in `SOURCES` of the user's first source; -1 without consent.
        ts: Microseconds since 1970-01-01 UTC.
    """

    first: int
    user: Ints
    country: Ints
    device: Ints
    source: Ints
    ts: Ints

    def pieces(self, most: int) -> Iterator[Slice]:
        """Cut into parts of at most so many events."""
        for start in range(0, len(self.ts), most):
            rows = slice(start, start + most)
            yield Slice(self.first + start, self.user[rows], self.country[rows],
                        self.device[rows], self.source[rows], self.ts[rows])  # fmt: skip


def day_slice(sample: Sample, day: int) -> Slice:
    """Look up what is known of a day's events.

    Args:
        sample: The sample.
        day: The day, from 0.

    Returns:
        Columns as long as the day has events.
    """
    first, last = int(sample.day_edges[day]), int(sample.day_edges[day + 1])
    session = sample.events.session[first:last]
    key = sample.events.key[first:last]
    known = session >= 0
    user = np.where(known, sample.sessions.user[session], -1)
    seed, people = sample.spec.seed, sample.people
    any_country = deal(tuple(c.weight for c in COUNTRIES), uniform(seed, "quiet country", key))
    any_device = deal(tuple(d.weight for d in DEVICES), uniform(seed, "quiet device", key))
    return Slice(
        first=first,
        user=user,
        country=np.where(known, people.country[user], any_country),
        device=np.where(known, people.device[user], any_device),
        source=np.where(known, people.source[user], -1),
        ts=sample.events.ts[first:last] + sample.spec.start_us,
    )


def listed_codes() -> Ints:
    """The event codes of `LISTED`.

    Example:
        >>> listed_codes().tolist()
        [3, 4, 6, 7, 8]
    """
    return np.array([CODE[name] for name in LISTED])
