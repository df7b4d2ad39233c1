"""Sessions of users of their own that run over midnight, or over a change of the clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ga4_analytics.sources.synthetic.draws import Ints, below
from ga4_analytics.sources.synthetic.plants.grafts import Party, people_of, with_party
from ga4_analytics.sources.synthetic.sample import Events, Sample
from ga4_analytics.sources.synthetic.truth import session_days
from ga4_analytics.sources.synthetic.world import DEVICES

_SCRIPT = (
    ("first_visit", 0.0), ("session_start", 0.0), ("page_view", 0.0), ("user_engagement", 40.5),
    ("page_view", 310.25), ("scroll", 330.0), ("page_view", 1500.125), ("user_engagement", 1530.0),
)  # fmt: skip
_BEFORE_S, _SPREAD_S = 360, 1080
"""A session begins 6 to 24 minutes before the moment it crosses; its last page is at 25."""
_SHARE, _LEAST = 0.004, 24


def _party(base: Sample, plant: str, moments: Ints) -> Party:
    """A session of a user of its own across each moment; microseconds since the first midnight."""
    keys = np.arange(len(moments))
    seconds = _BEFORE_S + below(base.spec.seed, f"{plant}/before", keys, _SPREAD_S)
    device = below(base.spec.seed, f"{plant}/device", keys, len(DEVICES))
    start = moments - seconds * 1_000_000 + 7 * keys % 1_000_000
    return Party(plant, people_of(base, plant, device), keys, start, _SCRIPT)


@dataclass(frozen=True)
class Midnights:
    """The truth about sessions on two days, those that every sample has among them.

    Attributes:
        planted: How many were added.
        name: The plant.
    """

    planted: int
    name: str = "midnight"

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Sessions with events on two days, by the day they begin on."""
        _, first, last = session_days(sample)
        counts = np.bincount(first[last > first], minlength=sample.spec.days)
        return {
            "added_sessions": self.planted,
            "sessions": int(counts.sum()),
            "sessions_by_first_day": {
                str(sample.spec.day(i)): int(n) for i, n in enumerate(counts) if n
            },
        }


@dataclass(frozen=True)
class ClockChanges:
    """The truth about sessions across changes of the clocks.

    Attributes:
        planted: How many were added to each change.
        name: The plant.
    """

    planted: int
    name: str = "dst"

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Each change, and the sessions with events before and after it."""
        spec, events = sample.spec, sample.events
        known = events.session >= 0
        changes = []
        for moment, before, after in spec.clock_changes():
            late = events.ts >= moment - spec.start_us
            sides = (events.session[known & ~late], events.session[known & late])
            local = spec.midnights() <= moment - spec.start_us
            changes.append({
                "at_us": moment,
                "date": str(spec.day(int(local.sum()) - 1)),
                "offset_min_before": before,
                "offset_min_after": after,
                "added_sessions": self.planted,
                "sessions": len(np.intersect1d(*sides)),
            })  # fmt: skip
        return {"zone": spec.zone, "changes": changes}


def plant_midnight(base: Sample, grown: Sample) -> tuple[Sample, Events, Midnights]:
    """Add sessions over every midnight inside the sample in turn."""
    count = max(int(len(base.sessions) * _SHARE), _LEAST)
    inner = base.spec.midnights()[1:-1]
    sample, events = with_party(grown, _party(base, "midnight", np.resize(inner, count)))
    return sample, events, Midnights(count)


def plant_dst(base: Sample, grown: Sample) -> tuple[Sample, Events, ClockChanges]:
    """Add sessions over every change of the clocks inside the sample."""
    moments = np.array([moment for moment, _, _ in base.spec.clock_changes()])
    each = max(int(len(base.sessions) * _SHARE / len(moments)), _LEAST // 2)
    party = _party(base, "dst", np.repeat(moments - base.spec.start_us, each))
    sample, events = with_party(grown, party)
    return sample, events, ClockChanges(each)
