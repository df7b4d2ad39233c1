"""What was published about Google's public GA4 sample, as targets for the generator.

Totals over ``bigquery-public-data.ga4_obfuscated_sample_ecommerce`` (2020-11-01 to
2021-01-31). They are aggregates that several authors published and that agree with each
other: Kohaningithub (events, users and sessions by name and day, retention, transaction ids),
collinberke (users and page views by day), noturbob (months). ``calendar.csv`` beside this
file holds each day's share of the totals, per 100,000.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from importlib import resources

import numpy as np

from ga4_analytics.sources.synthetic.draws import Floats
from ga4_analytics.sources.synthetic.spec import SampleSpec

EVENT_NAMES: tuple[str, ...] = (
    "first_visit", "session_start", "page_view", "view_promotion", "select_promotion",
    "view_search_results", "view_item_list", "view_item", "select_item", "add_to_cart",
    "begin_checkout", "add_shipping_info", "add_payment_info", "purchase", "click", "scroll",
    "user_engagement",
)  # fmt: skip
"""Event codes are positions in this tuple; ties of one batch happen in this order."""
EXPOSURE = "experiment_viewed"
ALL_NAMES: tuple[str, ...] = (*EVENT_NAMES, EXPOSURE)
"""With the event that only a planted experiment sends."""
CODE = {name: code for code, name in enumerate(ALL_NAMES)}

EVENTS = {
    "page_view": 1_350_428, "user_engagement": 1_058_721, "scroll": 493_072,
    "view_item": 386_068, "session_start": 354_970, "first_visit": 257_462,
    "view_promotion": 190_104, "add_to_cart": 58_543, "begin_checkout": 38_757,
    "select_item": 31_007, "view_search_results": 26_172, "add_shipping_info": 19_722,
    "add_payment_info": 13_899, "select_promotion": 9_450, "purchase": 5_692, "click": 1_446,
    "view_item_list": 71,
}  # fmt: skip
USERS_WITH = {
    "page_view": 269_792, "user_engagement": 213_004, "scroll": 138_098, "view_item": 61_252,
    "session_start": 267_116, "first_visit": 257_314, "view_promotion": 102_443,
    "add_to_cart": 12_545, "begin_checkout": 9_715, "select_item": 13_180,
    "view_search_results": 14_449, "add_shipping_info": 9_714, "add_payment_info": 5_751,
    "select_promotion": 8_164, "purchase": 4_419, "click": 1_010, "view_item_list": 44,
}  # fmt: skip
USERS = 270_154
TOTALS = {
    "user_days": 319_066, "sessions": 360_129, "session_starts": 354_970,
    "page_views": 1_350_428, "view_sessions": 77_020, "cart_sessions": 15_188,
    "checkout_sessions": 11_106, "purchase_sessions": 4_848, "purchases": 5_692,
}  # fmt: skip
"""Totals of the calendar's series; sessions are dated by their start."""

MONTH_EVENTS = (1_472_712, 1_612_725, 1_210_147)
MONTH_STARTS = (0, 30, 61)

REPEATED_ORDER_IDS, REPEATED_ORDER_EVENTS = 311, 628

RETURN_NEXT_DAY = (
    5412, 6215, 6130, 6418, 5401, 5632, 4414, 4187, 3247, 2955, 3855, 3807, 4527, 4219,
)  # fmt: skip
"""Users of 100,000 who came back on the next day, by week of their first day."""
RETURN_LEVEL = (
    108, 177, 204, 130, 124, 121, 88, 52, 51, 47, 63, 83, 91, 91,
)  # fmt: skip
"""Level of later returns by week of the first day, percent of the average."""

_PATTERN_DAYS = 91
_FIRST_DAY = date(2020, 11, 1)


@dataclass(frozen=True)
class Calendar:
    """How much of each series falls on each day of a sample, before scaling and rounding.

    Attributes:
        rows: The day's row of the published calendar.
        series: Expected amounts at scale 1 by series name and day.
        events: Expected amounts at scale 1 by event name over all days.
        coverage: Share of the published page views that the chosen days had.
    """

    rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    series: dict[str, Floats]
    events: dict[str, float]
    coverage: float


def _published_shares() -> dict[str, Floats]:
    text = (resources.files(__package__) / "calendar.csv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines()))
    shares = {name: np.array([float(line[name]) for line in lines]) for name in TOTALS}
    return {name: values / values.sum() for name, values in shares.items()}


def calendar(spec: SampleSpec) -> Calendar:
    """Lay the published days over a sample's days.

    Days outside the published range repeat it every 91 days, so that weekdays stay.

    Args:
        spec: Its first day and number of days count.

    Returns:
        The amounts expected by day at scale 1.

    Example:
        >>> plan = calendar(SampleSpec())
        >>> round(plan.series["sessions"].sum()), round(plan.coverage, 3)
        (360129, 1.0)
    """
    first = (spec.start - _FIRST_DAY).days
    offsets = np.arange(first, first + spec.days)
    rows = np.where((offsets >= 0) & (offsets <= _PATTERN_DAYS), offsets, offsets % _PATTERN_DAYS)
    shares = _published_shares()
    series = {name: shares[name][rows] * total for name, total in TOTALS.items()}
    own = {"view_item": "view_sessions", "add_to_cart": "cart_sessions",
           "begin_checkout": "checkout_sessions", "add_shipping_info": "checkout_sessions",
           "add_payment_info": "checkout_sessions", "purchase": "purchases",
           "session_start": "session_starts"}  # fmt: skip
    events = {
        name: total * float(shares[own.get(name, "page_views")][rows].sum())
        for name, total in EVENTS.items()
    }
    return Calendar(rows, series, events, float(shares["page_views"][rows].sum()))
