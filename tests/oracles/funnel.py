"""Funnels by trying every chain of events there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import permutations, product
from typing import Any

from logs import Event

SECOND = 1_000_000
FOREVER = 10**18


@dataclass(frozen=True)
class Step:
    """Events of some names (any, where there are none), of one country or any."""

    names: tuple[str, ...]
    country: str | None = None

    def takes(self, event: Event) -> bool:
        named = not self.names or event.name in self.names
        return named and self.country in (None, event.columns.get("country"))


@dataclass(frozen=True)
class Asked:
    """A funnel, with times in microseconds; exclusions are (step, after, before)."""

    steps: tuple[Step, ...]
    first_day: date
    last_day: date
    window: int = FOREVER
    step_window: int = FOREVER
    least: int = 0
    order: str = "ordered"
    counting: str = "user"
    exclusions: tuple[tuple[Step, int, int], ...] = ()
    optional: tuple[int, ...] = ()
    country: str | None = None  # events of other countries do not count
    rules: str = "ours"


@dataclass(frozen=True)
class Row:
    """An event as the funnel sees it: when, tied with what, and its place in the log."""

    event: Event
    time: int
    moment: Any
    place: int
    day: date


@dataclass
class Unit:
    """What a user, session or attempt did."""

    user: str
    level: int
    entry: Row
    chain: tuple[Row, ...]
    is_open: bool
    days: dict[date, tuple[int, bool]]
    first: Row
    took: int | None
    tied: int
    weakest: int
    aside: dict[int, bool]


def rows_of(asked: Asked, events: Sequence[Event]) -> list[Row]:
    """One unit's events in order."""
    rows = []
    for place, event in enumerate(events):
        time, moment = event.time, event.order()
        if asked.rules == "amplitude":
            time = time // SECOND * SECOND
        if asked.rules != "ours" and asked.rules != "ga4":
            moment = time
        rows.append(Row(event, time, moment, place, event.day("UTC")))
    rows.sort(key=lambda row: (row.event.order(), row.place))
    if asked.rules in ("posthog", "ga4", "clickhouse", "openpanel", "umami"):
        rows = [row for row in rows if asked.first_day <= row.day <= asked.last_day]
    return [row for row in rows if asked.country in (None, row.event.columns.get("country"))]


def needed(asked: Asked) -> list[int]:
    return [n for n in range(1, len(asked.steps) + 1) if n not in asked.optional]


def chains(
    asked: Asked, numbers: list[int], rows: list[Row], entry: Row
) -> Iterator[tuple[Row, ...]]:
    """Every chain of events from an entry through the first few of the steps of some numbers."""

    def longer(chain: tuple[Row, ...]) -> Iterator[tuple[Row, ...]]:
        yield chain
        if len(chain) == len(numbers):
            return
        before, step = chain[-1], asked.steps[numbers[len(chain)] - 1]
        for row in rows:
            gap = row.time - before.time
            if (
                step.takes(row.event)
                and all(row is not used for used in chain)
                and row.moment >= before.moment
                and row.time - entry.time <= asked.window
                and asked.least <= gap <= asked.step_window
                and fits(asked, numbers, rows, (*chain, row))
            ):
                yield from longer((*chain, row))

    if asked.steps[0].takes(entry.event):
        yield from longer((entry,))


def fits(asked: Asked, numbers: list[int], rows: list[Row], chain: tuple[Row, ...]) -> bool:
    """Whether some order of the tied events lets a chain be."""
    if asked.order == "strict":
        inside = [row for row in rows if chain[0].moment < row.moment < chain[-1].moment]
        return all(any(row is used for used in chain) for row in inside)
    for excluded, after, before in asked.exclusions:
        for row in rows:
            if not excluded.takes(row.event):
                continue
            earliest = sum(used.moment < row.moment for used in chain)
            latest = sum(used.moment <= row.moment for used in chain)
            # After p steps of the chain it stands between step p and the next.
            if not any(
                p == 0 or p >= len(chain) or not (after <= numbers[p - 1] and numbers[p] <= before)
                for p in range(earliest, latest + 1)
            ):
                return False
    return True


def served(asked: Asked, rows: Sequence[Row]) -> int:
    """How many steps some events can serve, each one."""
    best = 0
    for count in range(min(len(rows), len(asked.steps)), 0, -1):
        for steps in permutations(asked.steps, count):
            for picked in permutations(rows, count):
                if all(s.takes(row.event) for s, row in zip(steps, picked, strict=True)):
                    return count
    return best


def in_any_order(asked: Asked, rows: list[Row], entry: Row) -> tuple[Row, ...]:
    """The events from an entry on that each bring one more step."""
    basis = [entry]
    for row in rows:
        if row is not entry and row.moment >= entry.moment:
            near = row.time - entry.time <= asked.window
            if near and served(asked, [*basis, row]) == len(basis) + 1:
                basis.append(row)
    return tuple(basis)


def attempt(
    asked: Asked, numbers: list[int], rows: list[Row], entry: Row
) -> tuple[tuple[Row, ...], int | None]:
    """The best chain of an entry, and how long it takes to go through, if it can."""
    if asked.order == "any":
        chain = in_any_order(asked, rows, entry)
        return chain, chain[-1].time - entry.time if len(chain) == len(numbers) else None
    found = list(chains(asked, numbers, rows, entry))
    furthest = max(map(len, found))
    places = {id(row): place for place, row in enumerate(rows)}
    best = min(
        (chain for chain in found if len(chain) == furthest),
        key=lambda chain: ([row.moment for row in chain], [places[id(row)] for row in chain]),
    )
    took = min((c[-1].time - entry.time for c in found if len(c) == len(numbers)), default=None)
    return best, took


def entries_of(asked: Asked, rows: list[Row]) -> list[Row]:
    starts = asked.steps if asked.order == "any" else asked.steps[:1]
    return [
        row
        for row in rows
        if asked.first_day <= row.day <= asked.last_day
        and any(step.takes(row.event) for step in starts)
    ]


def weakest_of(asked: Asked, numbers: list[int], rows: list[Row], entries: list[Row]) -> int | None:
    """The least that any order of the tied events gives; None where there are too many."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.moment, []).append(row)
    orders = 1
    for group in groups.values():
        for n in range(2, len(group) + 1):
            orders *= n
    if orders > 24:
        return None
    least = len(numbers)
    for pick in product(*(permutations(group) for _, group in sorted(groups.items()))):
        line = [row for group in pick for row in group]
        fixed = [Row(row.event, row.time, place, place, row.day) for place, row in enumerate(line)]
        starts = [
            new for old, new in zip(line, fixed, strict=True) if any(old is e for e in entries)
        ]
        best = max(len(attempt(asked, numbers, fixed, entry)[0]) for entry in starts)
        least = min(least, best)
    return least


def units_of(asked: Asked, log: Sequence[Event], horizon: int | None) -> list[Unit]:
    """Everything that entered."""
    found = []
    for user in sorted({event.user for event in log if event.user is not None}):
        events = [event for event in log if event.user == user]
        tied = [event for event in events if sum(e.order() == event.order() for e in events) > 1]
        pools = [events]
        if asked.counting == "session":
            numbers = sorted({e.session for e in events if e.session is not None})
            pools = [[e for e in events if e.session == n] for n in numbers]
        for pool in pools:
            rows = rows_of(asked, pool)
            entries = entries_of(asked, rows)
            if asked.rules == "ga4":
                entries = entries[:1]
            bundles = [[entry] for entry in entries] if asked.counting == "attempt" else [entries]
            for bundle in filter(None, bundles):
                found.append(unit_of(asked, user, rows, bundle, horizon, tied))
    return found


def unit_of(
    asked: Asked,
    user: str,
    rows: list[Row],
    entries: list[Row],
    horizon: int | None,
    tied: list[Event],
) -> Unit:
    numbers = needed(asked)
    tries = [(entry, *attempt(asked, numbers, rows, entry)) for entry in entries]
    level = max(len(chain) for _, chain, _ in tries)
    entry, chain, _ = next(each for each in tries if len(each[1]) == level)
    reach = min(asked.window, asked.step_window * max(1, len(numbers) - 1))

    def is_open(level: int, last: int) -> bool:
        return level < len(numbers) and (horizon is None or last + reach >= horizon)

    days = {}
    for day in {entry.day for entry in entries}:
        of_day = [(e, c) for e, c, _ in tries if e.day == day]
        furthest = max(len(c) for _, c in of_day)
        days[day] = (furthest, is_open(furthest, max(e.time for e, _ in of_day)))
    aside = {}
    for step in asked.optional:
        way = [*(n for n in numbers if n < step), step]
        aside[step] = any(len(attempt(asked, way, rows, e)[0]) == len(way) for e in entries)
    return Unit(
        user, level, entry, chain, is_open(level, max(e.time for e in entries)), days, entries[0],
        tries[0][2], sum(any(row.event is e for e in tied) for row in chain),
        weakest_of(asked, numbers, rows, entries) if asked.rules == "ours" else level, aside,
    )  # fmt: skip


def reached_by_rule(asked: Asked, log: Sequence[Event]) -> list[int]:
    """The level of each user under rules that are not about chains of ours."""
    levels = []
    for user in sorted({event.user for event in log if event.user is not None}):
        rows = rows_of(asked, [event for event in log if event.user == user])
        entries = entries_of(asked, rows)
        if entries:
            levels.append(_RULES[asked.rules](asked, rows, entries))
    return levels


def _mixpanel(asked: Asked, rows: list[Row], entries: list[Row]) -> int:
    entry, now, used = entries[0], entries[0].time, [entries[0]]
    for level, step in enumerate(asked.steps[1:], start=1):
        later = [row for row in rows if row not in used and row.time >= now - 2 * SECOND]
        later = [row for row in later if step.takes(row.event)]
        if not later or later[0].time - entry.time > asked.window:
            return level
        used.append(later[0])
        now = max(now, later[0].time)
    return len(asked.steps)


def _growthbook(asked: Asked, rows: list[Row], entries: list[Row]) -> int:
    now = entries[0].time
    for level, step in enumerate(asked.steps[1:], start=1):
        times = [row.time for row in rows if row.time > now and step.takes(row.event)]
        if not times or min(times) - now > asked.window:
            return level
        now = min(times)
    return len(asked.steps)


def _openpanel(asked: Asked, rows: list[Row], entries: list[Row]) -> int:
    """As ClickHouse does it: pairs of time and step, sorted."""
    pairs = sorted(
        (row.time, number)
        for row in rows
        for number, step in enumerate(asked.steps)
        if step.takes(row.event)
    )
    state: dict[int, tuple[int, int]] = {}
    for time, number in pairs:
        if number == 0:
            state[0] = (time, time)
        elif number - 1 in state:
            begun, at = state[number - 1]
            if time <= begun + asked.window and at < time:
                state[number] = (begun, time)
    return max(state) + 1


def _loose(asked: Asked, rows: list[Row], entries: list[Row]) -> int:
    """Chains in which events may serve again (clickhouse, umami) or must be later (mitzu)."""
    best = 0
    for entry in entries:
        states = {entry.time}
        for level, step in enumerate(asked.steps[1:], start=1):
            best = max(best, level)
            states = {
                row.time
                for row in rows
                if step.takes(row.event)
                for before in states
                if (row.time > before if asked.rules == "mitzu" else row.time >= before)
                and row.time - (before if asked.rules == "umami" else entry.time) <= asked.window
            }
            if not states:
                break
        else:
            best = len(asked.steps)
    return best


_RULES = {
    "mixpanel": _mixpanel, "growthbook": _growthbook, "openpanel": _openpanel,
    "clickhouse": _loose, "umami": _loose, "mitzu": _loose,
}  # fmt: skip


def kaplan_meier_quantile(
    times: list[int], lost: list[int], total: int, share: Fraction
) -> int | None:
    """The first time by which a share has converted, by the product of what is left."""
    left = Fraction(1)
    for time in sorted(set(times)):
        gone = sum(t < time for t in times) + sum(t < time for t in lost)
        left *= 1 - Fraction(times.count(time), total - gone)
        if left <= 1 - share:
            return time
    return None
