"""What the figures of several answers share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ga4_analytics.questions.trends import Bucket
from ga4_analytics.render.axes import Array, time_axis
from ga4_analytics.render.style import MUTED, PALETTE, new_figure


def empty(title: str, why: str = "There is nothing to draw.") -> Figure:
    """A figure that says that there is nothing."""
    figure = new_figure(1.4)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_title(title)
    axes.annotate(why, (0, 0.5), xycoords="axes fraction", fontsize=9, color=MUTED)
    return figure


def colour(place: int) -> str:
    """The colour of a group.

    >>> colour(0), colour(99)
    ('#1f5f99', '#66727f')
    """
    return PALETTE[place] if place < len(PALETTE) else MUTED


def moments(buckets: Sequence[Bucket]) -> Array:
    """Where buckets stand on an axis of time: an hour's own time, else a first day."""
    starts = [datetime.fromisoformat(bucket.start).replace(tzinfo=None) for bucket in buckets]
    return np.array(starts, dtype="datetime64[m]")


def spans(buckets: Sequence[Bucket]) -> tuple[Array, Array]:
    """The middle of each bucket of days, and four fifths of its length."""
    first = np.array([bucket.first_day for bucket in buckets], dtype="datetime64[m]")
    last = np.array([bucket.last_day for bucket in buckets], dtype="datetime64[m]")
    length = last - first + np.timedelta64(1, "D")
    return first + (length - np.timedelta64(1, "D")) // 2, length * 4 // 5


def over_time(axes: Axes, buckets: Sequence[Bucket]) -> None:
    """Ticks for an axis of buckets."""
    time_axis(axes, [bucket.first_day for bucket in buckets])
    if "T" in buckets[0].start:
        at = moments(buckets)
        axes.set_xlim(at[0], at[-1] + np.timedelta64(1, "h"))


def legend(axes: Axes, count: int) -> None:
    """Names of lines above the plot, where there are several."""
    if count > 1:
        axes.legend(
            frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.02),
            borderaxespad=0.4, handlelength=1.4, labelspacing=0.5,
        )  # fmt: skip
