"""Events of people who gave no consent: without user and session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ga4_analytics.sources.synthetic.draws import below, uniform, words
from ga4_analytics.sources.synthetic.plants.grafts import events_of, first_key
from ga4_analytics.sources.synthetic.published import ALL_NAMES, CODE
from ga4_analytics.sources.synthetic.sample import Events, Sample
from ga4_analytics.sources.synthetic.truth import days_of
from ga4_analytics.sources.synthetic.world import deal

NAME = "consentless"
_SHARE = 0.02
_MIX = {"page_view": 60.0, "user_engagement": 20.0, "scroll": 12.0, "view_item": 8.0}


@dataclass(frozen=True)
class Consentless:
    """The truth about events without user, those that every sample has among them."""

    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Such events by day and name."""
        events = sample.events
        quiet = events.session < 0
        code, day = events.code[quiet], days_of(sample, events.ts[quiet])
        by_day: dict[str, dict[str, int]] = {}
        for index in range(sample.spec.days):
            counts = np.bincount(code[day == index], minlength=len(ALL_NAMES))
            by_day[str(sample.spec.day(index))] = {
                name: int(n) for name, n in zip(ALL_NAMES, counts, strict=True) if n
            }
        return {"events": int(quiet.sum()), "events_by_day_and_name": by_day}


def plant_consentless(base: Sample, grown: Sample) -> tuple[Sample, Events, Consentless]:
    """Add events without ids, one for fifty others, on the days on which these are."""
    seed, count = base.spec.seed, max(int(len(base.events) * _SHARE), 1)
    keys = np.arange(count)
    day = days_of(base, base.events.ts[below(seed, f"{NAME}/day", keys, len(base.events))])
    midnights = base.spec.midnights()
    length = np.diff(midnights)[day].astype(np.uint64)
    moment = (words(seed, f"{NAME}/time", keys) % length).astype(np.int64)
    name = deal(tuple(_MIX.values()), uniform(seed, f"{NAME}/name", keys))
    added = events_of(
        ts=midnights[day] + moment,
        code=np.array([CODE[each] for each in _MIX])[name],
        session=np.full(count, -1),
        key=first_key(NAME) + keys,
    )
    return grown, added, Consentless()
