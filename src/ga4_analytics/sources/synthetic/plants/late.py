"""The last days delivered a second time, with events that came late."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ga4_analytics.sources.synthetic.draws import below, uniform
from ga4_analytics.sources.synthetic.plants.grafts import at, first_key, with_events
from ga4_analytics.sources.synthetic.published import ALL_NAMES, CODE
from ga4_analytics.sources.synthetic.sample import Delivery, Sample
from ga4_analytics.sources.synthetic.spec import PLANTS
from ga4_analytics.sources.synthetic.truth import days_of

NAME = "late"
FOLDER = "_late"
"""Loading the sample's folder passes over it; it is loaded by its own name."""
_SHARES = (0.02, 0.05, 0.12)
"""Share of events that come late, over the last days."""
_LATE = ("page_view", "user_engagement", "scroll")


def named_counts(sample: Sample, day: int) -> dict[str, int]:
    """The rows of a day by event name."""
    code = sample.events.code[sample.day_edges[day] : sample.day_edges[day + 1]]
    counts = np.bincount(code, minlength=len(ALL_NAMES))
    return {name: int(n) for name, n in zip(ALL_NAMES, counts, strict=True) if n}


@dataclass(frozen=True)
class Late:
    """The truth about both deliveries.

    Attributes:
        revised: The sample as of the second delivery.
        days: Its days.
        name: The plant.
    """

    revised: Sample
    days: range
    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Rows by day and event name, as first and as last delivered."""
        days = {
            str(sample.spec.day(day)): {
                "first_rows": int(np.diff(sample.day_edges)[day]),
                "last_rows": int(np.diff(self.revised.day_edges)[day]),
                "first": named_counts(sample, day),
                "last": named_counts(self.revised, day),
            }
            for day in self.days
        }
        return {"folder": FOLDER, "days": days}


def plant_late(sample: Sample) -> tuple[Sample, Late]:
    """Deliver the last three days again, each with more late events than the one before."""
    events, spec = sample.events, sample.spec
    days = range(spec.days - len(_SHARES), spec.days)
    day = days_of(sample, events.ts)
    share = np.array([0.0] * days.start + list(_SHARES))[day]
    # Only the sample's own events have a late one after them: no other plant can shift these.
    able = (events.session >= 0) & ~events.is_duplicate & (events.key < first_key(PLANTS[0]))
    able &= np.isin(events.code, [CODE[name] for name in _LATE])
    rows = np.flatnonzero(able & (uniform(spec.seed, NAME, events.key) < share))
    key = events.key[rows]
    ts = events.ts[rows] + (1 + below(spec.seed, f"{NAME}/after", key, 20)) * 1_000_003
    ts = np.minimum(ts, spec.midnights()[day[rows] + 1] - 1)
    added = replace(at(events, rows), ts=ts, key=(first_key(NAME) + key).astype(np.int32))
    revised = with_events(sample, [added])
    delivery = Delivery(revised, days, FOLDER)
    return replace(sample, deliveries=(*sample.deliveries, delivery)), Late(revised, days)
