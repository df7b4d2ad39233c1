"""How far a sample is from what was published, metric by metric."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ga4_analytics.sources.synthetic.truth import Truth

_MIX, _DAY, _SHAPE = 0.02, 0.05, 0.10
_LEAST_USERS = 1000
_PUBLISHED_ORDERS = 4_462
_HORIZONS = (1, 7, 14, 30)
_FUNNEL = (
    ("sessions", "session_start"), ("product_view_sessions", "view_item"),
    ("cart_sessions", "add_to_cart"), ("checkout_sessions", "begin_checkout"),
    ("purchase_sessions", "purchase"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One metric beside its published value.

    Attributes:
        metric: What is compared.
        published: The published value, scaled to the sample's size where it is a count.
        sample: The sample's value.
        limit: How far they may be apart, as a share of the published value.
        slack: How far they may be apart in units, as counts are whole.
    """

    metric: str
    published: float
    sample: float
    limit: float
    slack: float = 1.0

    @property
    def difference(self) -> float:
        """The relative difference.

        Example:
            >>> Row("users", 200, 250, 0.05).difference
            0.25
        """
        return self.sample / self.published - 1 if self.published else 0.0

    @property
    def is_met(self) -> bool:
        """Whether the sample is near enough."""
        apart = abs(self.sample - self.published)
        return apart <= max(self.limit * abs(self.published), self.slack)


@dataclass(frozen=True)
class Reference:
    """Published figures, read from a folder of their files.

    Attributes:
        events: Events and users by event name.
        daily: Users, page views, session starts and purchases by day.
        session_days: Sessions and funnel sessions by day.
        retention: Users followed and users back, by horizon.
        totals: Headline totals.
        month_events: Events by month.
        device_sessions: Sessions by device category.
    """

    events: dict[str, tuple[int, int]]
    daily: list[dict[str, int]]
    session_days: list[dict[str, int]]
    retention: dict[int, tuple[int, int]]
    totals: dict[str, float]
    month_events: dict[str, int]
    device_sessions: dict[str, int]


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_reference(folder: Path) -> Reference:
    """Read the published figures.

    Args:
        folder: Where the published tables are, one CSV or JSON file each.

    Returns:
        The figures, days in order.
    """
    pooled: dict[int, tuple[int, int]] = {}
    for line in _lines(folder / "kohaningithub_dayN_retention_all.csv"):
        horizon = int(line["horizon"])
        followed, back = pooled.get(horizon, (0, 0))
        pooled[horizon] = (followed + int(line["eligible_users"]),
                           back + int(line["returned_users"]))  # fmt: skip
    devices: dict[str, int] = {}
    for line in _lines(folder / "seed_mart_funnel_metrics.csv"):
        name = line["device_category"]
        devices[name] = devices.get(name, 0) + int(line["total_sessions"])
    days = sorted(_lines(folder / "kohaningithub_daily.csv"), key=lambda each: each["metric_date"])
    headline = json.loads((folder / "headline_totals.json").read_text(encoding="utf-8"))
    return Reference(
        events={each["event_name"]: (int(each["events"]), int(each["users"]))
                for each in _lines(folder / "event_counts.csv")},
        daily=[{name: int(value) for name, value in each.items()}
               for each in _lines(folder / "collinberke_daily_users_events.csv")],
        session_days=[{name: int(each[name]) for name, _ in _FUNNEL} for each in days],
        retention=pooled,
        totals={**{name: value for name, value in headline.items() if isinstance(value, int)},
                **headline["revenue_usd"]},
        month_events={each["month"]: int(each["events"])
                      for each in _lines(folder / "noturbob_overview_by_month.csv")},
        device_sessions=devices,
    )  # fmt: skip


def _furthest(metric: str, published: list[float], sample: list[int], limit: float) -> Row:
    """The day that is furthest from its published value, beyond what whole numbers need."""
    rows = [
        Row(f"{metric}, day {day + 1} (furthest)", want, have, limit)
        for day, (want, have) in enumerate(zip(published, sample, strict=True))
    ]
    return max(
        rows, key=lambda row: abs(row.sample - row.published) / max(limit * row.published, 1)
    )


def _totals(truth: Truth, reference: Reference) -> Iterator[Row]:
    scale, totals = truth.scale, reference.totals
    sessions = totals["sessions_user_x_ga_session_id"]
    yield Row("events", totals["events"] * scale, truth.events, _MIX)
    yield Row("users", totals["users"] * scale, truth.users, _DAY)
    yield Row("sessions", sessions * scale, truth.sessions, _DAY)
    yield Row("sessions per user", sessions / totals["users"], truth.sessions / truth.users,
              _SHAPE, 0.0)  # fmt: skip
    for name, (events, _) in reference.events.items():
        yield Row(f"events: {name}", events * scale, truth.events_by_name[name], _MIX)
    for name, (_, users) in reference.events.items():
        if users > _LEAST_USERS:
            yield Row(f"users with {name}", users * scale, truth.users_by_name[name], _SHAPE)


def _by_day(truth: Truth, reference: Reference) -> Iterator[Row]:
    def scaled(rows: list[dict[str, int]], name: str) -> list[float]:
        return [row[name] * truth.scale for row in rows]

    yield _furthest("users by day", scaled(reference.daily, "users"), truth.users_by_day, _DAY)
    yield _furthest("sessions by day", scaled(reference.session_days, "sessions"),
                    truth.sessions_by_day, _DAY)  # fmt: skip
    days = [date.fromisoformat(truth.start) + timedelta(i) for i in range(truth.days)]
    for month, events in reference.month_events.items():
        of = [truth.events_by_day[i] for i, day in enumerate(days) if f"{day:%Y-%m}" == month]
        if of:
            yield Row(f"events in {month}", events * truth.scale, sum(of), _DAY)
    for name in ("page_view", "session_start", "purchase"):
        yield _furthest(f"{name} by day", scaled(reference.daily, name),
                        truth.named_events_by_day[name], _DAY)  # fmt: skip


def _shapes(truth: Truth, reference: Reference) -> Iterator[Row]:
    for horizon in _HORIZONS:
        followed, back = reference.retention[horizon]
        users, returned = truth.retention_with_truncated[horizon]
        yield Row(f"day-{horizon} retention", back / followed, returned / users, _SHAPE, 0.0)
    for column, name in _FUNNEL:
        total = sum(day[column] for day in reference.session_days) * truth.scale
        have = truth.sessions if column == "sessions" else truth.sessions_by_name[name]
        yield Row(f"funnel: {column}", total, have, _SHAPE)
    orders, totals = truth.orders, reference.totals
    yield Row("purchasing users", totals["purchasing_users"] * truth.scale,
              orders.purchasing_users, _SHAPE)  # fmt: skip
    yield Row("purchases without id", totals["invalid_or_missing_transaction_id_events"]
              * truth.scale, orders.events_without_id, _SHAPE)  # fmt: skip
    events = reference.events["purchase"][0]
    raw = totals["raw_sum_over_purchase_events"]
    yield Row("revenue per purchase event, USD", raw / events,
              orders.raw_revenue_micros / 1e6 / orders.purchase_events, _SHAPE, 0.0)  # fmt: skip
    per_order = totals["noturbob_4462_orders_user_x_transaction"] / _PUBLISHED_ORDERS
    mean = orders.identified_revenue_micros / 1e6 / orders.orders_with_id
    yield Row("revenue per order with id, USD", per_order, mean, _SHAPE, 0.0)
    yield Row("orders with id", _PUBLISHED_ORDERS * truth.scale, orders.orders_with_id, _SHAPE)
    sessions = sum(reference.device_sessions.values())
    for device, count in reference.device_sessions.items():
        share = truth.sessions_by_device.get(device, 0) / truth.sessions
        yield Row(f"share of sessions: {device}", count / sessions, share, _SHAPE, 0.0)


def calibration_table(truth: Truth, reference: Reference) -> list[Row]:
    """Compare a sample of the published 92 days with what was published.

    Args:
        truth: The sample's truth.
        reference: The published figures.

    Returns:
        One row a metric; series by day give their furthest day.
    """
    return [*_totals(truth, reference), *_by_day(truth, reference), *_shapes(truth, reference)]
