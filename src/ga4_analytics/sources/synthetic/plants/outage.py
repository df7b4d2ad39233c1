"""Windows in which the tracking was down, for everything or for one event name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.draws import below
from ga4_analytics.sources.synthetic.plants.grafts import with_rows
from ga4_analytics.sources.synthetic.published import CODE
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.spec import SampleSpec

NAME = "outage"
_HOURS = 5
_HOUR_US = 3_600_000_000
_LOST_NAME = "scroll"


@dataclass(frozen=True)
class Window:
    """A time without events.

    Attributes:
        day: The day it is on.
        start_us: Its first microsecond, UTC.
        end_us: The first microsecond after it.
        event_name: Which events are missing; None: all.
        lost_events: How many there would have been.
    """

    day: str
    start_us: int
    end_us: int
    event_name: str | None
    lost_events: int


@dataclass(frozen=True)
class Outage:
    """The truth about what was lost."""

    windows: tuple[Window, ...]
    name: str = NAME

    def tell(self, sample: Sample) -> dict[str, Any]:
        """The windows."""
        return {"windows": [vars(window) for window in self.windows]}


def _windows(spec: SampleSpec) -> list[tuple[int, int, int, str | None]]:
    """Day, begin and end since the first midnight, and name; two days that are not the same."""
    midnights = spec.midnights().tolist()
    inner = spec.days - 2
    draw = [int(below(spec.seed, f"{NAME}/{i}", np.arange(1), 1 << 20)[0]) for i in range(3)]
    down = draw[0] % inner
    blind = (down + 1 + draw[1] % (inner - 1)) % inner
    start = midnights[down + 1] + (9 + draw[2] % 8) * _HOUR_US
    return [
        (down + 1, start, start + _HOURS * _HOUR_US, None),
        (blind + 1, midnights[blind + 1], midnights[blind + 2], _LOST_NAME),
    ]


def plant_outage(sample: Sample) -> tuple[Sample, Outage]:
    """Lose all events of five hours of one day, and one event name on another."""
    events, spec = sample.events, sample.spec
    lost: NDArray[np.bool_] = np.zeros(len(events), np.bool_)
    windows = []
    for day, start, end, name in _windows(spec):
        inside = (events.ts >= start) & (events.ts < end)
        if name is not None:
            inside &= events.code == CODE[name]
        lost |= inside
        windows.append(Window(str(spec.day(day)), start + spec.start_us, end + spec.start_us,
                              name, int(inside.sum())))  # fmt: skip
    return with_rows(sample, ~lost), Outage(tuple(windows))
