"""What each mart must say of a world, counted one event at a time.

Every function gives ``{key: {column: value}}``; a column that is not named is not judged.
Counts of things that the files cannot tell are None, never 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import oracle
from oracle import Order, Row, Session, User
from worlds import Rules, World

Answer = dict[tuple[Any, ...], dict[str, Any]]
Slice = tuple[str, str, str]
"""Name of the slice, device category, country."""


@dataclass(frozen=True)
class Answers:
    """Everything known about a world under some rules; the parts are worked out once."""

    world: World
    rules: Rules

    @cached_property
    def rows(self) -> list[Row]:
        """The events that count."""
        return oracle.kept(self.world)

    @cached_property
    def who(self) -> dict[int, str]:
        """Event position to user."""
        return oracle.identify(self.rows, self.rules)

    @cached_property
    def users(self) -> dict[str, User]:
        """The users."""
        return oracle.users(self.world, self.rows, self.rules)

    @cached_property
    def sessions(self) -> list[Session]:
        """The sessions."""
        return oracle.sessions(self.world, self.rows, self.rules)

    @cached_property
    def active(self) -> set[tuple[str, date]]:
        """The active user-days."""
        return oracle.active_days(self.world, self.rows, self.rules)

    @cached_property
    def orders(self) -> list[Order]:
        """The orders."""
        return oracle.orders(self.rows, self.rules)

    @cached_property
    def days(self) -> list[date]:
        """The loaded days."""
        return self.world.days()

    def engaged(self, session: Session) -> bool:
        """Whether a session is engaged."""
        return oracle.engaged(session, self.world, self.rules)

    def people(self, rows: Iterable[Row]) -> set[str]:
        """The users of some events."""
        return {self.who[row.place] for row in rows if row.place in self.who}

    def known_until(self) -> int:
        """The first microsecond of which nothing is known for sure."""
        last = self.world.last_complete()
        return 0 if last is None else self.day_end(last)

    def day_end(self, day: date) -> int:
        """The next day's first microsecond, UTC."""
        return oracle.day_start(day + timedelta(days=1), self.rules.zone)

    def complete(self, day: date) -> bool:
        """Whether all of a day's events are there."""
        return day <= self.world.complete_through


def rate(part: int | None, whole: int | None) -> float | None:
    """A share, or None where there is nothing to divide by.

    >>> rate(1, 4), rate(1, 0)
    (0.25, None)
    """
    return None if part is None or not whole else part / whole


def total(values: Iterable[int | None]) -> int | None:
    """Sum of the known values, None where there are none.

    >>> total([1, None, 2]), total([None])
    (3, None)
    """
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def usd(value: int | None) -> float | None:
    """Micro-units as dollars."""
    return None if value is None else value / 1_000_000


def daily_active_users(a: Answers) -> Answer:
    """One row per loaded day."""
    return {(day,): _day(a, day) for day in a.days}


def _day(a: Answers, day: date) -> dict[str, Any]:
    rows = [row for row in a.rows if row.day == day]
    counted = metrics(a, rows, [s for s in a.sessions if s.day == day], day)
    raw = total(row.usd for row in rows if row.name == "purchase") or 0
    month = _rolling(a, day, 28)
    return {
        **counted,
        "raw_revenue_usd": usd(raw) if a.world.tells("revenue", day) else None,
        "rolling_7d_users": _rolling(a, day, 7),
        "rolling_28d_users": month,
        "stickiness": rate(counted["active_users"], month),
        "is_complete": a.complete(day),
    }


def metrics(a: Answers, rows: Sequence[Row], begun: Sequence[Session], day: date) -> dict[str, Any]:
    """The counts of a day, or of a slice of it; what the files cannot tell is None."""
    everybody = a.people(rows)
    places = {row.place for row in rows}
    placed = [order for order in a.orders if order.first.place in places]
    new = sum(a.users[user].new_day == day for user in everybody)
    ruled = total(order.first.usd for order in placed) or 0
    tells = a.world.tells
    return {
        "active_users": sum((user, day) in a.active for user in everybody),
        "total_users": len(everybody),
        "new_users": new,
        "returning_users": len(everybody) - new,
        "sessions": len(begun),
        "engaged_sessions": sum(a.engaged(session) for session in begun),
        "engagement_msec": sum(row.engagement or 0 for row in rows)
        if tells("engagement_time", day)
        else None,
        "events": len(rows),
        "page_views": sum(row.name in ("page_view", "screen_view") for row in rows),
        "purchases": sum(row.name == "purchase" for row in rows),
        "orders": len(placed),
        "revenue_usd_micros": ruled if tells("revenue", day) else None,
        "revenue_usd": usd(ruled) if tells("revenue", day) else None,
    }


def _rolling(a: Answers, day: date, length: int) -> int | None:
    first = day - timedelta(days=length - 1)
    if first < a.days[0]:
        return None
    return len({user for user, active in a.active if first <= active <= day})


def cohorts(a: Answers, member: Callable[[User], bool], last_day: int) -> Answer:
    """One row per cohort date and day number, of the users that `member` names."""
    found: Answer = {}
    last = a.world.last_complete()
    joined: dict[date, list[User]] = defaultdict(list)
    for user in a.users.values():
        if member(user) and (a.rules.include_left_truncated or not user.left_truncated):
            joined[user.first_day].append(user)
    for cohort, theirs in joined.items():
        for number in range(last_day + 1):
            day = cohort + timedelta(days=number)
            if day > a.days[-1]:
                break
            known = last is not None and day <= last
            back = sum(any(row.day == day for row in user.rows) for user in theirs)
            found[cohort, number] = {
                "cohort_users": len(theirs),
                "retained_users": back if known else None,
                "retention_rate": rate(back, len(theirs)) if known else None,
                "is_complete": known,
            }
    return found


def cohort_retention(a: Answers) -> Answer:
    """One row per cohort date and day number."""
    return cohorts(a, lambda user: True, a.rules.retention_max_day)


def retention_by_slice(a: Answers) -> Answer:
    """One row per slice, cohort date and day number; a user is where their first event was."""
    found: Answer = {}
    homes = {user.key: set(slices(user.rows[0])) for user in a.users.values()}
    for cut in sorted(set().union(*homes.values())):
        part = cohorts(a, lambda user: cut in homes[user.key], a.rules.slice_retention_max_day)  # noqa: B023
        found |= {(*cut, *key): values for key, values in part.items()}
    return found


def slices(row: Row) -> list[Slice]:
    """The slices that an event belongs to."""
    device, country = row.category or "(unknown)", row.country or "(unknown)"
    return [
        ("all", "(all)", "(all)"),
        ("device", device, "(all)"),
        ("country", "(all)", country),
        ("device_country", device, country),
    ]


def daily_metrics_by_slice(a: Answers) -> Answer:
    """One row per slice and day: an event counts where it happened, a session where it began."""
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    begun: dict[tuple[Any, ...], list[Session]] = defaultdict(list)
    for row in a.rows:
        for cut in slices(row):
            grouped[(*cut, row.day)].append(row)
    for session in a.sessions:
        for cut in slices(session.rows[0]):
            begun[(*cut, session.day)].append(session)
    return {key: metrics(a, rows, begun[key], key[-1]) for key, rows in grouped.items()}


def event_distribution(a: Answers) -> Answer:
    """One row per day and event name."""
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in a.rows:
        grouped[row.day, row.name].append(row)
    per_day = {day: sum(row.day == day for row in a.rows) for day in a.days}
    return {
        (day, name): {
            "events": len(rows),
            "users": len(a.people(rows)),
            "day_events": per_day[day],
            "event_share": rate(len(rows), per_day[day]),
        }
        for (day, name), rows in grouped.items()
    }


def furthest(rows: Sequence[Row], steps: Sequence[str], window: int, entry: Row) -> int:
    """Furthest step of the attempt that starts with `entry`: every chain is tried.

    Args:
        rows: The user's events.
        steps: Event names in order.
        window: Microseconds from the entry, inclusive.
        entry: An event of the first step.
    """
    return _reach(rows, steps, (entry.time or 0) + window, entry, 1)


def _reach(rows: Sequence[Row], steps: Sequence[str], until: int, last: Row, done: int) -> int:
    if done == len(steps):
        return done
    deepest = done
    for row in rows:
        follows = row.name == steps[done] and row.order() >= last.order()
        if follows and (row.time or 0) <= until:
            deepest = max(deepest, _reach(rows, steps, until, row, done + 1))
    return deepest


@dataclass(frozen=True)
class Entrant:
    """A user's entry day in a funnel: their first entry of it, and how far its best got."""

    first: Row
    depth: int
    open: bool


def entrants(a: Answers, steps: Sequence[str], window_seconds: int) -> list[Entrant]:
    """One per user and day with an event of the first step."""
    window = window_seconds * 1_000_000
    known_until = a.known_until()
    found = []
    for user in a.users.values():
        rows = [row for row in user.rows if row.name in steps and row.time is not None]
        for day in {row.day for row in rows if row.name == steps[0]}:
            entries = [row for row in rows if row.name == steps[0] and row.day == day]
            depth = max(furthest(rows, steps, window, entry) for entry in entries)
            reaches = max((entry.time or 0) + window for entry in entries) >= known_until
            found.append(Entrant(entries[0], depth, depth < len(steps) and reaches))
    return found


def _steps(group: Sequence[Entrant], steps: Sequence[str]) -> Iterable[tuple[int, dict[str, Any]]]:
    reached = [sum(entrant.depth >= step for entrant in group) for step in range(len(steps) + 1)]
    still_open = sum(entrant.open for entrant in group)
    for step in range(1, len(steps) + 1):
        before = reached[step - 1] if step > 1 else None
        yield (
            step,
            {
                "step_name": steps[step - 1],
                "entered_users": len(group),
                "users": reached[step],
                "conversion_rate": rate(reached[step], len(group)),
                "previous_users": before,
                "step_rate": rate(reached[step], before),
                "open_users": still_open,
                "dropped_users": len(group) - reached[len(steps)] - still_open,
            },
        )


def funnel_steps(a: Answers) -> Answer:
    """One row per funnel, entry day and step."""
    found: Answer = {}
    for name, steps, window in a.rules.funnels:
        for day, group in _grouped(entrants(a, steps, window), lambda e: [(e.first.day,)]).items():
            mature = a.day_end(day[0]) - 1 + window * 1_000_000 < a.known_until()
            for step, values in _steps(group, steps):
                found[name, *day, step] = {**values, "is_mature": mature}
    return found


UNSLICED = ("previous_users", "step_rate")


def funnel_by_slice(a: Answers) -> Answer:
    """One row per slice, funnel, entry day and step: an entry day is where it began."""
    found: Answer = {}
    for name, steps, window in a.rules.funnels:
        cuts = _grouped(
            entrants(a, steps, window),
            lambda e: [(*cut, e.first.day) for cut in slices(e.first)],
        )
        for (*cut, day), group in cuts.items():
            for step, values in _steps(group, steps):
                found[*cut, name, day, step] = {k: values[k] for k in values if k not in UNSLICED}
    return found


def _grouped(
    entries: Iterable[Entrant], keys: Callable[[Entrant], Iterable[tuple[Any, ...]]]
) -> dict[tuple[Any, ...], list[Entrant]]:
    found: dict[tuple[Any, ...], list[Entrant]] = defaultdict(list)
    for entry in entries:
        for key in keys(entry):
            found[key].append(entry)
    return dict(found)
