"""Retention in plain Python: every user, every entry, every period by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from logs import DAY, Event

from oracles.activity import (
    Meets,
    bucket_start,
    loaded_days,
    midnight_us,
    new_day,
    next_start,
    ordered,
    users_of,
)

LENGTHS = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY}


@dataclass(frozen=True)
class Question:
    """What is asked; ``periods`` are pairs of the first and last period of a cell."""

    starts: Meets
    returns: Meets
    first: date
    last: date
    entry: str
    include_left_truncated: bool
    mode: str
    clock: str
    unit: str
    week_starts: str
    periods: Sequence[tuple[int, int]]
    value: str | None


@dataclass(frozen=True)
class Entry:
    """A user's start."""

    user: str
    cohort: date
    start: Event


def entries(log: Sequence[Event], zone: str, ask: Question) -> list[Entry]:
    """Every entry of every user."""
    found = []
    for user in users_of(log):
        if (
            ask.entry == "first_ever"
            and not ask.include_left_truncated
            and new_day(log, user, zone) is None
        ):
            continue
        starts = [e for e in ordered(log) if e.user == user and ask.starts(e)]
        # The first start of a day is the first in time; days are told by their dates.
        starts.sort(key=lambda e: e.day(zone) if ask.clock == "calendar" else date.min)
        inside = [e for e in starts if ask.first <= e.day(zone) <= ask.last]
        if ask.entry == "first_ever":
            inside = [e for e in starts[:1] if e in inside]
        elif ask.entry == "first_in_range":
            inside = inside[:1]
        seen = set()
        for event in inside:
            cohort = bucket_start(event.day(zone), ask.unit, ask.week_starts)
            if cohort not in seen:
                seen.add(cohort)
                found.append(Entry(user, cohort, event))
    return found


def period_of(entry: Entry, event: Event, zone: str, ask: Question) -> int:
    """In which period after an entry an event is; below 0 before it."""
    if ask.clock == "rolling":
        return (event.time - entry.start.time) // LENGTHS[ask.unit]
    return units_between(
        entry.cohort, bucket_start(event.day(zone), ask.unit, ask.week_starts), ask
    )


def units_between(first: date, later: date, ask: Question) -> int:
    """How many units lie between two starts of units."""
    if ask.unit == "month":
        return (later.year - first.year) * 12 + later.month - first.month
    return (later - first).days // (7 if ask.unit == "week" else 1)


def mature(
    log: Sequence[Event], zone: str, ask: Question, cohort: date, last: int, done: date | None
) -> bool:
    """Whether a cell is complete for everybody who could be in the cohort."""
    if done is None:
        return False
    end = cohort
    if ask.clock == "calendar":
        for _ in range(last + 1):
            end = next_start(end, ask.unit)
        return end - timedelta(days=1) <= done
    last_day = min(next_start(cohort, ask.unit) - timedelta(days=1), ask.last)
    known_until = midnight_us(done + timedelta(days=1), zone)
    until = midnight_us(last_day + timedelta(days=1), zone) + (last + 1) * LENGTHS[ask.unit]
    return last_day <= done and until <= known_until


def table(
    log: Sequence[Event],
    zone: str,
    ask: Question,
    complete_days: int,
    in_group: Callable[[Event], bool] = lambda event: True,
) -> dict[date, tuple[int, list[int | None], list[int | None]]]:
    """Users, returned and amounts of each cohort that has users."""
    days = loaded_days(log, zone)[:complete_days]
    done = days[-1] if days else None
    known = [e for e in log if done is not None and e.day(zone) <= done]
    if ask.clock == "rolling" and done is not None:
        known = [e for e in log if e.time < midnight_us(done + timedelta(days=1), zone)]
    all_entries = [e for e in entries(log, zone, ask) if in_group(e.start)]
    cells: dict[date, tuple[int, list[int | None], list[int | None]]] = {}
    for cohort in sorted({entry.cohort for entry in all_entries}):
        members = [entry for entry in all_entries if entry.cohort == cohort]
        returned: list[int | None] = []
        amounts: list[int | None] = []
        for first, last in ask.periods:
            if not mature(log, zone, ask, cohort, last, done):
                returned.append(None)
                amounts.append(None)
                continue
            back = [_back(known, zone, ask, entry, first, last) for entry in members]
            returned.append(sum(bool(events) for events in back))
            amounts.append(
                sum(e.columns.get(ask.value) or 0 for events in back for e in events)
                if ask.value
                else None
            )
        cells[cohort] = (len(members), returned, amounts)
    return cells


def _back(
    known: Sequence[Event], zone: str, ask: Question, entry: Entry, first: int, last: int
) -> list[Event]:
    """The return events of a cell of one entry."""
    found = []
    for event in known:
        if event.user == entry.user and ask.returns(event):
            period = period_of(entry, event, zone, ask)
            if period >= first if ask.mode == "unbounded" else first <= period <= last:
                found.append(event)
    return found
