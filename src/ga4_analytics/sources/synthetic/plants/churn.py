"""Members who come every week until they churn, with a known hazard by kind of device.

A member's weeks are counted from the first day. In each week of membership there is at least
one active day; at the end of each week the member leaves for good with the hazard of the
segment. So a week with no active day means churn, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.allocate import rank_within
from ga4_analytics.sources.synthetic.draws import Ints, below, uniform
from ga4_analytics.sources.synthetic.plants.grafts import Party, people_of, with_party
from ga4_analytics.sources.synthetic.sample import Events, Sample
from ga4_analytics.sources.synthetic.truth import days_of
from ga4_analytics.sources.synthetic.world import DEVICES

NAME = "churn"
HAZARDS = {"desktop": 0.08, "mobile": 0.20, "tablet": 0.40}
"""Chance to leave at the end of a week, by device category."""
_MEMBERS, _LEAST, _MOST = 20_000, 90, 5_000
AGAIN = 0.15
"""Chance of another active day, each day of a week."""
_SCRIPT = (
    ("first_visit", 0.0), ("session_start", 0.0), ("page_view", 0.0), ("user_engagement", 18.5),
    ("page_view", 40.25), ("scroll", 55.0), ("user_engagement", 90.75),
)  # fmt: skip


@dataclass(frozen=True)
class Members:
    """The truth about members.

    Attributes:
        first_user: Position of the first of them among the users.
        joined: First day of each.
        weeks: Weeks of membership of each, those that were still to come among them.
        segment: Position in `HAZARDS` of each.
        name: The plant.
    """

    first_user: int
    joined: Ints
    weeks: Ints
    segment: Ints
    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Hazard, weeks at risk and leavers by segment, and each member's days."""
        spec = sample.spec
        followed = (spec.days - self.joined) // 7
        # A week is at risk when the one after it is in the data as a whole.
        at_risk = np.minimum(self.weeks, followed - 1)
        left = self.weeks < followed
        segments = {
            name: {
                "hazard": hazard,
                "weekly_return_probability": round(1 - hazard, 6),
                "members": int((here := self.segment == i).sum()),
                "weeks_at_risk": int(at_risk[here].sum()),
                "churned": int(left[here].sum()),
            }
            for i, (name, hazard) in enumerate(HAZARDS.items())
        }
        return {"segment_by": "device.category", "segments": segments,
                "members": self._members(sample, left)}  # fmt: skip

    def _members(self, sample: Sample, left: NDArray[np.bool_]) -> list[dict[str, Any]]:
        """What the data show of each member with an event in it."""
        events, count = sample.events, len(self.joined)
        known = events.session >= 0
        member = sample.sessions.user[events.session[known]] - self.first_user
        mine = (member >= 0) & (member < count)
        day = days_of(sample, events.ts[known][mine])
        first, last = np.full(count, sample.spec.days), np.full(count, -1)
        np.minimum.at(first, member[mine], day)
        np.maximum.at(last, member[mine], day)
        ids, names = sample.user_pseudo_ids(), list(HAZARDS)
        return [
            {
                "user_pseudo_id": ids[self.first_user + i],
                "segment": names[self.segment[i]],
                "first_day": str(sample.spec.day(int(first[i]))),
                "last_active_day": str(sample.spec.day(int(last[i]))),
                "churned": bool(left[i]),
            }
            for i in np.flatnonzero(last >= 0).tolist()
        ]


def weeks_until(hazard: NDArray[np.floating[Any]], u: NDArray[np.floating[Any]]) -> Ints:
    """How many weeks each member stays: the first week whose draw is below the hazard ends it.

    Args:
        hazard: By member.
        u: Draws by member and week.

    Returns:
        From 1; one more than there are draws where none is below.

    Example:
        >>> weeks_until(np.array([0.5]), np.array([[0.9, 0.2, 0.1]])).tolist()
        [2]
    """
    ends = np.concatenate([u < hazard[:, None], np.ones((len(u), 1), np.bool_)], axis=1)
    first: Ints = ends.argmax(axis=1).astype(np.int64)
    return first + 1


def _active(base: Sample, joined: Ints, weeks: Ints) -> tuple[Ints, Ints]:
    """Member and day of each active day: the first, at least one a week, some more."""
    most = base.spec.days // 7 + 1
    shape = (len(joined), most, 7)
    cell = np.arange(np.prod(shape))
    u = uniform(base.spec.seed, f"{NAME}/day", cell).reshape(shape)
    active = (u < AGAIN) | (u == u.min(axis=2, keepdims=True))
    active[:, 0, 0] = True
    active &= np.arange(most)[None, :, None] < weeks[:, None, None]
    member, week, weekday = np.nonzero(active)
    day = joined[member] + week * 7 + weekday
    inside = day < base.spec.days
    return member[inside], day[inside]


def plant_churn(base: Sample, grown: Sample) -> tuple[Sample, Events, Members]:
    """Add members who join in the first half of the days."""
    spec = base.spec
    count = min(max(int(_MEMBERS * spec.scale), _LEAST), _MOST)
    keys = np.arange(count)
    device = below(spec.seed, f"{NAME}/device", keys, len(DEVICES))
    segment = np.array([list(HAZARDS).index(each.category) for each in DEVICES])[device]
    joined = below(spec.seed, f"{NAME}/joined", keys, max(spec.days // 2, 1))
    most = spec.days // 7 + 1
    u = uniform(spec.seed, f"{NAME}/leaves", np.arange(count * most)).reshape(count, most)
    weeks = weeks_until(np.array(list(HAZARDS.values()))[segment], u)
    member, day = _active(base, joined, weeks)
    number = member * spec.days + day
    clock = 9 * 3600 + below(spec.seed, f"{NAME}/clock", number, 12 * 3600)
    start = base.spec.midnights()[day] + clock * 1_000_000 + rank_within(member) % 1_000
    party = Party(NAME, people_of(base, NAME, device), member, start, _SCRIPT)
    first = len(grown.visits.cohort)
    sample, events = with_party(grown, party)
    return sample, events, Members(first, joined, weeks, segment)
