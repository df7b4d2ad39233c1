"""The content of the findings report, section by section.

Each function takes a snapshot and gives what the template prints: texts that are ready,
and plots with their data. Counts are added over days in `render.facts`; rates come from
there with their intervals.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from matplotlib.figure import Figure

from ga4_analytics.render import plots, text
from ga4_analytics.render.facts import (
    FunnelTotals,
    Headline,
    Published,
    Row,
    funnel_totals,
    pooled_retention,
    ranked,
    share,
    total,
)

Content = dict[str, Any]

SHOWN_DAYS = 30
LABELLED_DAYS = (1, 7, 14, 30)
TOP = 10


@dataclass(frozen=True)
class Plot:
    """A figure of the report.

    Attributes:
        name: Its file name.
        about: What it shows, for those who cannot see it.
        draw: Makes the figure.
        data: The arguments of ``draw``.
    """

    name: str
    about: str
    draw: Callable[..., Figure]
    data: tuple[Any, ...]

    @property
    def digest(self) -> str:
        """Names the data: equal when the figure shows the same."""
        return hashlib.sha256(repr(self.data).encode("utf-8")).hexdigest()[:16]


def day(value: date) -> str:
    """A date for people.

    >>> day(date(2020, 11, 1))
    '1 Nov 2020'
    """
    return f"{value.day} {value:%b %Y}"


def in_short(
    found: Headline, kept: Content, entered: Sequence[Content], scopes: Sequence[Content]
) -> list[str]:
    """The report in a few sentences, those that the data can tell."""
    lines = []
    if found.users is not None and found.engaged is not None:
        lines.append(
            f"{text.count(found.events)} events of {text.count(found.users)} users in "
            f"{text.count(found.sessions)} sessions; {text.percent(found.engaged)} of the "
            "sessions were engaged."
        )
    if kept["rows"]:
        rates = [f"{row['rate']} on day {row['day']}" for row in kept["rows"]]
        lines.append(f"Of new users came back: {', '.join(rates)}.")
    for funnel in entered:
        if funnel.get("plot"):
            lines.append(
                f"Funnel {funnel['name']}: {funnel['steps'][-1]['rate']} of {funnel['entered']} "
                f"entries went through; the largest loss is {funnel['largest_loss']}."
            )
    if scopes:
        first = scopes[0]["rows"][0]
        lines.append(f"The largest channel is {first['name']} with {first['sessions']} sessions.")
    if found.revenue is not None and found.raw_revenue is not None and found.orders:
        lines.append(
            f"{text.count(found.orders)} orders brought {text.dollars(found.revenue)}; summed over "
            f"all purchase events it would read {text.dollars(found.raw_revenue)}."
        )
    return lines


def headline_rows(found: Headline, days: Sequence[Row], gaps: dict[str, str]) -> list[Content]:
    """The headline numbers, each with its meaning and, where it is missing, the reason."""
    spec: tuple[tuple[str, str, str | None, str, tuple[str, ...]], ...] = (
        ("Events", text.count(found.events), "events",
         "Events kept; exact duplicates are removed.", ()),
        ("Users", text.count(found.users), "total_users",
         "Distinct users with any event in the whole range.", ("no_user_id",)),
        ("Sessions", text.count(found.sessions), "sessions",
         "Counted once, on the day of their first event.", ("no_user_id", "no_event_timestamp")),
        ("Engaged sessions", _with_interval(found.engaged), "engaged_sessions",
         "Share of sessions that the export marks as engaged, or else that last long enough, "
         "hold a key event or two views; 95 % interval.", ("no_user_id", "no_event_timestamp")),
        ("Page and screen views", text.count(found.page_views), "page_views",
         "Events page_view and screen_view.", ()),
        ("Orders", text.count(found.orders), "orders",
         "A user's transaction counts once; without a transaction id every purchase event is an "
         "order.", ()),
        ("Revenue of orders", text.dollars(found.revenue), "revenue_usd_micros",
         "Gross, each order once, the value of its earliest event.", ("no_revenue",)),
        ("Revenue summed over events", text.dollars(found.raw_revenue), "raw_revenue_usd_micros",
         f"All {text.count(found.purchases)} purchase events, repeats included.",
         ("no_revenue",)),
    )  # fmt: skip
    rows = []
    for name, value, column, meaning, causes in spec:
        known = sum(row[column] is not None for row in days) if column else len(days)
        notes = [gaps[cause] for cause in causes if cause in gaps] if known < len(days) else []
        if 0 < known < len(days):
            notes.insert(0, f"Known on {known} of {len(days)} days.")
        rows.append({"name": name, "value": value, "meaning": " ".join([meaning, *notes])})
    return rows


def _with_interval(found: Any) -> str:
    return text.NOTHING if found is None else f"{text.percent(found)} ({text.interval(found)})"


def activity(days: Sequence[Row]) -> Content:
    """Daily active users: the plot and its extremes among complete days."""
    known = [row for row in days if row["active_users"] is not None]
    judged = [row for row in known if row["is_complete"]] or known
    if not judged:
        return {"plot": None}

    def named(row: Row) -> str:
        return f"{text.count(row['active_users'])} on {day(row['event_date'])}"

    columns = ("event_date", "active_users", "rolling_7d_users", "rolling_28d_users", "is_complete")
    data = tuple(tuple(row[column] for row in days) for column in columns)
    rules = sorted({row["active_users_rule"] for row in judged if row["active_users_rule"]})
    plot = Plot("active_users.png", "Active users a day, and of the trailing 7 and 28 days",
                plots.active_users, data)  # fmt: skip
    last = judged[-1]
    return {
        "plot": plot,
        "highest": named(max(judged, key=lambda row: row["active_users"])),
        "lowest": named(min(judged, key=lambda row: row["active_users"])),
        "last": named(last),
        "week": text.count(last["rolling_7d_users"]),
        "month": text.count(last["rolling_28d_users"]),
        "stickiness": text.percent(last["stickiness"]),
        "rules": rules,
        "incomplete": [day(row["event_date"]) for row in days if not row["is_complete"]],
    }


def retention(rows: Sequence[Row]) -> Content:
    """Cohort retention: the heat map, the pooled curve and the days that people ask for."""
    pooled = {d: found for d, found in pooled_retention(rows).items() if 1 <= d <= SHOWN_DAYS}
    if not pooled:
        return {"heat_map": None, "curve": None, "rows": []}
    last = max(pooled)
    cohorts = sorted({row["cohort_date"] for row in rows})
    cells = {(row["cohort_date"], row["day_number"]): row for row in rows}
    rates = tuple(
        tuple(
            cells[cohort, number]["retention_rate"] if (cohort, number) in cells else None
            for number in range(1, last + 1)
        )
        for cohort in cohorts
    )
    sizes = tuple(cells[cohort, 0]["cohort_users"] for cohort in cohorts)
    return {
        "heat_map": Plot("retention_cohorts.png", "Retention by cohort and day",
                         plots.retention_heat_map, (tuple(cohorts), rates, sizes)),
        "curve": Plot("retention_curve.png", "Pooled retention by day with its 95 % band",
                      plots.retention_curve, (pooled, LABELLED_DAYS)),
        "rows": [
            {
                "day": number,
                "users": text.count(pooled[number].trials),
                "returned": text.count(pooled[number].successes),
                "rate": text.percent(pooled[number], 2),
                "interval": text.interval(pooled[number], 2),
            }
            for number in LABELLED_DAYS
            if number in pooled
        ],
    }  # fmt: skip


def funnels(rows: Sequence[Row], settings: Sequence[Row]) -> list[Content]:
    """Each funnel of the settings over its mature entry days."""
    found = []
    for number, setting in enumerate(settings, start=1):
        totals = funnel_totals(rows, setting["name"])
        content = {"name": setting["name"], "window": text.span(setting["window_seconds"])}
        if totals is not None:
            content |= _funnel(totals, number)
        found.append(content | {"is_known": totals is not None})
    return found


def _funnel(totals: FunnelTotals, number: int) -> Content:
    slug = re.sub(r"[^a-z0-9]+", "_", totals.funnel.lower()).strip("_")
    name = f"funnel_{number}_{slug}".rstrip("_") + ".png"
    about = f"Steps of the funnel {totals.funnel} with intervals"
    return {
        "plot": Plot(name, about, plots.funnel, (totals,)) if totals.entered else None,
        "steps": [
            {
                "step": step.step,
                "name": step.name,
                "users": text.count(step.users),
                "rate": text.percent(step.conversion),
                "interval": text.interval(step.conversion) if step.step > 1 else "",
                "step_rate": text.percent(step.from_previous) if step.step > 1 else "",
                "step_interval": text.interval(step.from_previous) if step.step > 1 else "",
            }
            for step in totals.steps
        ],
        "largest_loss": _largest_loss(totals),
        "entered": text.count(totals.entered),
        "dropped": text.count(totals.dropped),
        "young_entered": text.count(totals.young_entered) if totals.young_entered else None,
        "young_open": text.count(totals.young_open),
        "young_converted": text.count(totals.young_converted),
    }


def _largest_loss(totals: FunnelTotals) -> str:
    """Between which two steps most entries were lost."""
    pairs = zip(totals.steps, totals.steps[1:], strict=False)
    before, after = max(pairs, key=lambda pair: pair[0].users - pair[1].users)
    lost = text.count(before.users - after.users)
    return f"from {before.name} to {after.name} ({lost} entries)"


def channels(published: Published, dataset: str) -> list[Content]:
    """Sessions by channel group, one table per scope that the data tell."""
    columns = ("sessions", "engaged_sessions", "orders", "revenue_usd_micros")
    keys = ("channel_scope", "channel_group")
    rows = ranked(published, "channel_performance", dataset, keys, columns)
    found = []
    for scope in ("session", "first_user", "unknown"):
        own = [row for row in rows if row["channel_scope"] == scope]
        if not own:
            continue
        engaged = [share(row["engaged_sessions"], row["sessions"]) for row in own]
        notes = tuple(
            f"{row['sessions']:,}  ·  {text.percent(part)} engaged"
            for row, part in zip(own, engaged, strict=True)
        )
        data = (
            tuple(row["channel_group"] for row in own),
            tuple(row["sessions"] for row in own),
            notes,
            "Sessions by channel group",
        )
        about = f"Sessions by channel group, scope {scope}"
        lines = [
            {
                "name": row["channel_group"],
                "sessions": text.count(row["sessions"]),
                "engaged": text.percent(part),
                "interval": text.interval(part),
                "orders": text.count(row["orders"]),
                "revenue": text.dollars(row["revenue_usd_micros"]),
            }
            for row, part in zip(own, engaged, strict=True)
        ]
        plot = Plot(f"channels_{scope}.png", about, plots.ranked_bars, data)
        found.append({"scope": scope, "plot": plot, "rows": lines})
    return found


def orders(rows: Sequence[Row]) -> Content:
    """Orders and revenue by rule beside the raw sum."""
    if not total(rows, "purchase_events"):
        return {"plot": None, "rows": []}
    counts = (
        ("Orders", "orders", "Each order once."),
        ("Orders without a transaction id", "orders_without_id",
         "Counted one per purchase event, because nothing tells repeats apart."),
        ("Purchase events", "purchase_events", "As exported, exact duplicates removed."),
        ("Repeated purchase events", "repeated_purchase_events",
         "The same user and transaction id again: not orders."),
        ("Conflicting orders", "conflicting_orders",
         "Their purchase events disagree on the value; the earliest one counts."),
    )  # fmt: skip
    amounts = (
        ("Gross revenue of orders", "gross_revenue_usd_micros", "Each order once."),
        ("Refunds", "refund_usd_micros", "Refunded amounts of all events."),
        ("Net revenue", "net_revenue_usd_micros", "Gross less refunds."),
        ("Summed over purchase events", "raw_revenue_usd_micros",
         "What a plain sum of the export gives, repeats included."),
    )  # fmt: skip
    lines = [(name, text.count(total(rows, column)), about) for name, column, about in counts]
    lines += [(name, text.dollars(total(rows, column)), about) for name, column, about in amounts]
    columns = ("order_date", "gross_revenue_usd", "raw_revenue_usd")
    data = tuple(tuple(row[column] for row in rows) for column in columns)
    has_revenue = total(rows, "gross_revenue_usd_micros") is not None
    plot = Plot("revenue.png", "Revenue a day by the order rule and raw", plots.daily_revenue, data)
    return {
        "plot": plot if has_revenue else None,
        "rows": [{"name": n, "value": v, "meaning": about} for n, v, about in lines],
    }


def tops(published: Published, dataset: str) -> list[Content]:
    """The ten first of pages, landing pages, items and events."""
    spec: tuple[tuple[str, str, str, str, tuple[tuple[str, str], ...]], ...] = (
        ("Pages", "page_performance", "page_path", "Page",
         (("page_views", "Views"), ("events", "Events"), ("key_events", "Key events"))),
        ("Landing pages", "landing_page_performance", "landing_page", "First page of a session",
         (("sessions", "Sessions"), ("engaged_sessions", "Engaged"), ("orders", "Orders"))),
        ("Items", "item_performance", "item_name", "Item",
         (("revenue_usd_micros", "Revenue"), ("quantity", "Sold"), ("views", "View events"),
          ("add_to_carts", "Cart events"))),
        ("Events", "event_distribution", "event_name", "Event", (("events", "Events"),)),
    )  # fmt: skip
    found = []
    for title, mart, key, head, columns in spec:
        rows = ranked(published, mart, dataset, (key,), [column for column, _ in columns])
        lines = [
            [row[key]]
            + [
                text.dollars(row[column]) if column.endswith("_micros") else text.count(row[column])
                for column, _ in columns
            ]
            for row in rows[:TOP]
        ]
        heads = [head, *(name for _, name in columns)]
        more = text.count(len(rows) - TOP) if len(rows) > TOP else None
        found.append({"title": title, "heads": heads, "rows": lines, "more": more})
    return found


def quality(rows: Sequence[Row]) -> Content:
    """What the checks found, and what the data cannot answer."""
    names = list(dict.fromkeys(row["check_name"] for row in rows))
    checks, gaps, clean = [], [], 0
    days = len({row["event_date"] for row in rows})
    for name in sorted(names):
        own = [row for row in rows if row["check_name"] == name]
        affected, whole = total(own, "affected"), total(own, "total")
        if name.startswith("no_"):
            gaps.append({"check": name, "note": own[0]["note"], "days": f"{len(own)} of {days}"})
        elif affected:
            part = share(affected, whole) if whole and affected <= whole else None
            checks.append(
                {
                    "name": name,
                    "affected": text.count(affected),
                    "total": text.count(whole),
                    "share": text.percent(part, 2),
                    "note": own[0]["note"],
                }
            )
        else:
            clean += 1
    return {"checks": checks, "gaps": gaps, "clean": clean}
