"""Events that were exported twice or three times, alike in everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ga4_analytics.sources.synthetic.draws import uniform
from ga4_analytics.sources.synthetic.plants.grafts import at
from ga4_analytics.sources.synthetic.published import ALL_NAMES
from ga4_analytics.sources.synthetic.sample import Events, Sample
from ga4_analytics.sources.synthetic.truth import days_of

NAME = "duplicates"
_TWICE, _THRICE = 0.01, 0.001


@dataclass(frozen=True)
class Duplicates:
    """The truth about exact repeats, those that every sample has among them."""

    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Rows beyond the first of their event."""
        events = sample.events
        extra = events.is_duplicate
        day = days_of(sample, events.ts[extra])
        names = np.bincount(events.code[extra], minlength=len(ALL_NAMES))
        return {
            "extra_rows": int(extra.sum()),
            "repeated_events": len(np.unique(events.key[extra])),
            "extra_rows_by_day": {
                str(sample.spec.day(i)): int(n)
                for i, n in enumerate(np.bincount(day, minlength=sample.spec.days))
            },
            "extra_rows_by_name": {
                name: int(n) for name, n in zip(ALL_NAMES, names, strict=True) if n
            },
        }


def plant_duplicates(base: Sample, grown: Sample) -> tuple[Sample, Events, Duplicates]:
    """Send one event of the sessions in a hundred twice, one in a thousand three times."""
    events, key = base.events, base.events.key
    once = (events.session >= 0) & ~events.is_duplicate
    u = uniform(base.spec.seed, NAME, key)
    rows = np.concatenate([np.flatnonzero(once & (u < share)) for share in (_TWICE, _THRICE)])
    copies = at(events, rows)
    return grown, replace(copies, is_duplicate=np.ones(len(rows), np.bool_)), Duplicates()
