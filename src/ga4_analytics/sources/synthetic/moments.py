"""In which order and when the events of each session happen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.allocate import rank_within
from ga4_analytics.sources.synthetic.draws import Floats, Ints, heavy, uniform
from ga4_analytics.sources.synthetic.published import CODE, EVENT_NAMES
from ga4_analytics.sources.synthetic.sessions import DAY_US, Sessions

_AFTER_MIDNIGHT = 1.5
_TIE_SHARE = 0.45
_LONGEST_GAP_S = 1_200.0
_GAPS = {
    "page_view": (2.0, 9.0), "view_promotion": (0.1, 0.8), "select_promotion": (1.0, 4.0),
    "view_search_results": (1.0, 5.0), "view_item_list": (0.2, 2.0), "view_item": (0.2, 1.5),
    "select_item": (0.5, 5.0), "add_to_cart": (1.0, 8.0), "begin_checkout": (1.0, 10.0),
    "add_shipping_info": (4.0, 14.0), "add_payment_info": (6.0, 16.0), "purchase": (3.0, 12.0),
    "click": (1.0, 4.0), "scroll": (0.5, 5.0), "user_engagement": (1.0, 7.0),
    "first_visit": (0.0, 0.0), "session_start": (0.0, 0.0),
}  # fmt: skip
"""Seconds since the event before: the least, and the scale of a heavy-tailed rest."""
_AFTER_PAGE = {
    "view_promotion": 0.82, "view_item": 0.85, "view_item_list": 0.88, "view_search_results": 0.9,
    "select_item": 0.93, "select_promotion": 0.95, "scroll": 0.96, "click": 0.97,
    "user_engagement": 0.98,
}  # fmt: skip
"""Where after its page view an event stands, as a fraction of the page's time."""
_FUNNEL = {
    "add_to_cart": (0.25, 0.10, 0.35, 0.60), "begin_checkout": (0.50, 0.06, 0.56, 0.40),
    "add_shipping_info": (0.62, 0.05, 0.67, 0.30), "add_payment_info": (0.70, 0.05, 0.75, 0.20),
}  # fmt: skip
"""Place in the session of the first event (begin, width) and of the others (begin, width)."""
_EARLY_SHIPPING = 0.25


@dataclass(frozen=True)
class Rows:
    """Events ordered by session and then time.

    Attributes:
        session: The session of each event.
        code: Its name, a position in `EVENT_NAMES`.
        ordinal: Its number among the session's events of that name.
        ts: Microseconds since the sample's first midnight.
        gap_ms: Milliseconds since the session's event before; 0 for the first.
    """

    session: Ints
    code: Ints
    ordinal: Ints
    ts: Ints
    gap_ms: Ints


def _places(seed: int, session: Ints, code: Ints, ordinal: Ints, counts: Ints,
            crosses: NDArray[np.bool_]) -> Floats:  # fmt: skip
    """Where in its session each event stands: 0 the begin, below 1 the end."""
    u = uniform(seed, "place a", np.arange(len(code)))
    v = uniform(seed, "place b", np.arange(len(code)))
    tail = crosses[session]
    pages = np.maximum(counts[session, CODE["page_view"]] - tail, 1)
    place = code * 1e-6
    is_page = code == CODE["page_view"]
    later = is_page & (ordinal > 0)
    place[later] = (0.02 + 0.96 * (ordinal + 0.8 * u) / pages)[later]
    place[later & tail & (ordinal == pages)] = _AFTER_MIDNIGHT
    for name, after in _AFTER_PAGE.items():
        of = code == CODE[name]
        place[of] = (0.02 + 0.96 * (np.floor(u * pages) + after + 0.015 * v) / pages)[of]
    first = (code == CODE["view_item"]) & (ordinal == 0)
    place[first] = 0.02 + 0.01 * u[first]
    for name, (begin, width, again, spread) in _FUNNEL.items():
        of = code == CODE[name]
        place[of] = np.where(ordinal == 0, begin + width * u, again + spread * u)[of]
    early = (code == CODE["add_shipping_info"]) & (ordinal == 0) & (v < _EARLY_SHIPPING)
    place[early] = 0.45 + 0.05 * u[early]
    buys = code == CODE["purchase"]
    orders = counts[session, CODE["purchase"]]
    place[buys] = 0.82 + 0.15 * ((ordinal + u)[buys] / orders[buys])
    return place


def _gaps(seed: int, code: Ints, starts: NDArray[np.bool_], in_batch: NDArray[np.bool_]) -> Floats:
    """Seconds since the event before; 0 within one batch, so these share a microsecond."""
    keys = np.arange(len(code))
    least = np.array([_GAPS[name][0] for name in EVENT_NAMES])[code]
    scale = np.array([_GAPS[name][1] for name in EVENT_NAMES])[code]
    gaps = np.minimum(least + scale * heavy(seed, "gap", keys), _LONGEST_GAP_S)
    before = np.concatenate([[-1], code[:-1]])
    shown = (code == CODE["view_promotion"]) | (code == CODE["view_item"])
    tied = shown & (before < code) & (before >= CODE["page_view"])
    tied &= uniform(seed, "tie", keys) < _TIE_SHARE
    gaps[starts | in_batch | tied] = 0.0
    return gaps


def _offsets(gaps: Floats, starts: NDArray[np.bool_], room_us: Ints) -> Ints:
    """Microseconds from the session's begin; a session that lacks room is told faster."""
    steps = (gaps * 1e6).astype(np.int64)
    first = np.flatnonzero(starts)
    sizes = np.diff(first, append=len(starts))
    running = np.cumsum(steps)
    offset = running - np.repeat(running[first], sizes)
    span = offset[first + sizes - 1]
    pace = np.minimum(1.0, (room_us - 2_000_000) / np.maximum(span, 1))
    moved = np.cumsum((steps > 0).astype(np.int64))
    moved = moved - np.repeat(moved[first], sizes)
    told: Ints = np.floor(offset * np.repeat(pace, sizes)).astype(np.int64)
    return told + moved


def plan_moments(seed: int, sessions: Sessions, counts: Ints) -> Rows:
    """Lay out every event of every session in time.

    The first batch (first_visit, session_start, page_view) shares one microsecond, as do
    some promotions and items with the page that shows them. No two events of a session
    share both name and time.

    Args:
        seed: The sample's seed.
        sessions: The sessions, ordered by user.
        counts: Events by session and event code.

    Returns:
        The events, ordered by session and time.
    """
    names = counts.shape[1]
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    session, code, ordinal = cell // names, cell % names, rank_within(cell)
    del cell
    place = _places(seed, session, code, ordinal, counts, sessions.crosses)
    order = np.argsort(session + place / 2, kind="stable")
    session, code, ordinal, place = session[order], code[order], ordinal[order], place[order]
    del order
    starts = np.diff(session, prepend=-1) != 0
    offset = _offsets(_gaps(seed, code, starts, place < 1e-5), starts,
                      sessions.room_us[session[starts]])  # fmt: skip
    begin = sessions.start_us.copy()
    last = np.flatnonzero(place == _AFTER_MIDNIGHT)
    begin[session[last]] = DAY_US - (offset[last - 1] + offset[last]) // 2
    ts = offset + (begin + sessions.day * DAY_US)[session]
    gap_ms = np.where(starts, 0, np.diff(ts, prepend=0) // 1000)
    return Rows(session, code, ordinal, ts, gap_ms)
