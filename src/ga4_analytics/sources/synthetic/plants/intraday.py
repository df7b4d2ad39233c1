"""Intraday tables beside the daily ones of the same days: they must not add to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ga4_analytics.sources.synthetic.draws import uniform
from ga4_analytics.sources.synthetic.plants.grafts import with_rows
from ga4_analytics.sources.synthetic.plants.late import named_counts
from ga4_analytics.sources.synthetic.sample import Delivery, Sample

NAME = "intraday"
TABLE = "events_intraday"
ABSENT = ("traffic_source", "user_ltv")
"""Columns of the sample that an intraday table does not fill; it has neither ``is_active_user``
nor ``publisher`` in any table."""
_DAYS = 3
_SHARE = 0.93
"""Streaming is best effort: so many of a day's events get into its intraday table."""


@dataclass(frozen=True)
class Intraday:
    """The truth about days with two tables.

    Attributes:
        streamed: What the intraday tables hold.
        days: Their days.
        name: The plant.
    """

    streamed: Sample
    days: range
    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Rows of both tables by day and name; the daily one's are the day's."""
        days = {
            str(sample.spec.day(day)): {
                "wins": "daily",
                "rows": int(np.diff(sample.day_edges)[day]),
                "intraday_rows": int(np.diff(self.streamed.day_edges)[day]),
                "by_name": named_counts(sample, day),
                "intraday_by_name": named_counts(self.streamed, day),
            }
            for day in self.days
        }
        return {"table": TABLE, "absent": list(ABSENT), "days": days}


def plant_intraday(sample: Sample) -> tuple[Sample, Intraday]:
    """Write intraday tables of the last three days beside the daily ones."""
    days = range(sample.spec.days - _DAYS, sample.spec.days)
    u = uniform(sample.spec.seed, NAME, sample.events.key)
    streamed = with_rows(sample, u < _SHARE)
    delivery = Delivery(streamed, days, table=TABLE, absent=ABSENT)
    return replace(sample, deliveries=(*sample.deliveries, delivery)), Intraday(streamed, days)
