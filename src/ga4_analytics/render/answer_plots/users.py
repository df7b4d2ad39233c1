"""Segments as bars of who is in which, a user's events in time."""

from __future__ import annotations

import numpy as np
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure

from ga4_analytics.questions.comparison import SegmentsResult
from ga4_analytics.questions.user import UserResult
from ga4_analytics.render import text
from ga4_analytics.render.answer_plots.parts import colour, empty
from ga4_analytics.render.axes import short, time_axis
from ga4_analytics.render.plots import ranked_bars
from ga4_analytics.render.style import INK, MUTED, new_figure, quiet_axes, style

_MOST = 14


def segments(result: SegmentsResult) -> Figure:
    """Who is in which segments exactly; with one segment, its size beside all users."""
    if len(result.segments) < 2:
        shown = [*result.segments, result.everybody]
        names = [each.name or "(all users)" for each in shown]
        notes = [f"{each.users:,}  ·  {text.percent(each.share)}" for each in shown]
        return ranked_bars(names, [each.users for each in shown], notes, "Users")
    found = result.combinations[:_MOST]
    if not found:
        with style():
            return empty("Segments", "Nobody is there.")
    names = [" & ".join(each.segments) or "(no segment)" for each in found]
    notes = [f"{each.users:,}" for each in found]
    return ranked_bars(names, [each.users for each in found], notes, "Users in exactly")


def user(result: UserResult) -> Figure:
    """A row an event name, a point an event."""
    with style():
        timed = [event for event in result.timeline if event.time_us is not None]
        if not timed:
            return empty(f"User {short(result.key)}", "No event has a time of its own.")
        names = list(dict.fromkeys(event.event for event in timed))
        figure = new_figure(1.0 + 0.24 * max(2, len(names)))
        axes = figure.subplots()
        at = [np.datetime64((event.local or event.utc or "")[:19], "s") for event in timed]
        rows = [names.index(event.event) for event in timed]
        shades = [MUTED if event.session is None else colour(event.session % 6) for event in timed]
        axes.scatter(at, rows, c=shades, s=18, zorder=3)
        axes.set_yticks(range(len(names)), [short(name) for name in names])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.invert_yaxis()
        axes.grid(axis="both")
        quiet_axes(axes, "x")
        days = (min(at).astype("datetime64[D]").item(), max(at).astype("datetime64[D]").item())
        if days[0] != days[1]:
            time_axis(axes, days)
        else:
            room = np.timedelta64(30, "m")
            ends = (min(at) - room, max(at) + room)
            axes.set_xlim(ends)  # type: ignore[arg-type]
            axes.xaxis.set_major_formatter(DateFormatter("%H:%M\n%d %b %Y"))  # type: ignore[no-untyped-call]
        axes.set_title(f"User {short(result.key, 40)}: a colour a session")
        return figure


PLOTTED = {"SegmentsResult": segments, "UserResult": user}
