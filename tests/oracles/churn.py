"""Features and labels of churn in plain Python, one user at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from logs import Event

TEXTS = ("device_category", "country")


def population(
    log: Sequence[Event],
    zone: str,
    cutoff: date,
    *,
    active: Sequence[str] = (),
    counted: Sequence[str] = (),
    window: int = 28,
    least: int = 2,
) -> dict[str, dict[str, Any]]:
    """The features of each user of a cutoff's population."""
    found = {}
    for user in {event.user for event in log if event.user is not None}:
        # Rows of one microsecond and batch stand in the order of their ids: of the log.
        rows = sorted((e for e in log if e.user == user), key=Event.order)
        seen = [e for e in rows if 0 < (cutoff - e.day(zone)).days <= window]
        ages = sorted({(cutoff - e.day(zone)).days for e in seen if not active or e.name in active})
        if len(ages) >= least:
            found[user] = _features(seen, ages, zone, cutoff, counted)
    return found


def _features(
    seen: list[Event], ages: list[int], zone: str, cutoff: date, counted: Sequence[str]
) -> dict[str, Any]:
    def age(event: Event) -> int:
        return (cutoff - event.day(zone)).days

    week = [e for e in seen if age(e) <= 7]
    days = [cutoff - timedelta(days=n) for n in ages]
    features: dict[str, Any] = {
        "recency_days": min(ages, default=0),
        "tenure_days": max(ages, default=0),
        "active_days": len(ages),
        "active_days_7": sum(n <= 7 for n in ages),
        "active_days_8_14": sum(8 <= n <= 14 for n in ages),
        "longest_gap_days": max((b - a for a, b in pairwise(ages)), default=0),
        "weekend_days": sum(day.strftime("%a") in ("Sat", "Sun") for day in days),
        "events": len(seen),
        "events_7": len(week),
        "events_8_14": sum(8 <= age(e) <= 14 for e in seen),
        "first_visits": sum(e.name in ("first_visit", "first_open") for e in seen),
        "sessions": len({e.session for e in seen} - {None}),
        "sessions_7": len({e.session for e in week} - {None}),
        "engagement_msec": sum(e.columns.get("engagement_msec") or 0 for e in seen),
        "engagement_msec_7": sum(e.columns.get("engagement_msec") or 0 for e in week),
        "pages": len({e.columns.get("page_path") for e in seen} - {None}),
        "revenue_usd_micros": sum(
            e.columns.get("revenue_usd") or 0 for e in seen if e.name == "purchase"
        ),
    }
    for name in counted:
        features[f"events_of_{name}"] = sum(e.name == name for e in seen)
    for text in TEXTS:
        features[text] = next((v for e in seen if (v := e.columns.get(text)) is not None), None)
    first = next((e for e in seen if e.session is not None), None)
    over = first and not any(e.session == first.session and age(e) == 1 for e in seen)
    features["channel"] = first.columns.get("channel_group") if first and over else None
    return features


def churned(
    log: Sequence[Event],
    zone: str,
    user: str,
    cutoff: date,
    *,
    active: Sequence[str] = (),
    gap: int = 3,
    horizon: int = 14,
) -> bool:
    """Whether a user did nothing in the horizon."""
    first = cutoff + timedelta(days=gap)
    days = [e.day(zone) for e in log if e.user == user and (not active or e.name in active)]
    return not any(first <= day < first + timedelta(days=horizon) for day in days)
