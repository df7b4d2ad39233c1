"""Trends against the oracle, on hostile logs."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Event, index_of, sessions_in_order
from long_logs import ANY, Selected, selected, worlds
from oracles.activity import bucket_start, hour_of, loaded_days, shown_groups
from oracles.trends import number, rolling

from ga4_analytics.analyses.trends import answer
from ga4_analytics.questions.filters import AllOf, Condition, EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.trends import Before, Series, Trends

MONEY = ("sum", "average", "min", "max", "percentile")
MEASURES = (
    "events", "users", "sessions", "active_users", "new_users", "per_user",
    "percentile_per_user", *MONEY,
)  # fmt: skip
DAILY = ("active_users", "new_users")
BY = {
    (): lambda event: (),
    ("country",): lambda event: (event.columns.get("country"),),
    ("device_category", "country"): lambda event: (
        event.columns.get("device_category"), event.columns.get("country"),
    ),
}  # fmt: skip


def close(found: Any, wanted: Any) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12)


@st.composite
def series(draw: st.DrawFn) -> tuple[Series, Selected]:
    which, measure = draw(selected()), draw(st.sampled_from(MEASURES))
    column = None
    if measure in MONEY or (measure.endswith("per_user") and draw(st.booleans())):
        column = draw(st.sampled_from(["revenue_usd", "engagement_msec"]))
    share = draw(st.sampled_from([50.0, 90.0, 25.0]))
    return Series(which.spec, measure, column, share), which


def wanted_number(log, zone, one, which, inside, in_group) -> Any:
    value = number(
        log, zone, one.measure, which.meets, inside, one.column, one.percentile / 100, in_group
    )
    return value / 1_000_000 if value is not None and one.column == "revenue_usd" else value


def shortened(log: list[Event]) -> list[Event]:
    """A log with fewer hours: five events and one of each name, its sessions numbered anew."""
    names = {event.name: event for event in reversed(log)}
    kept = {id(event) for event in [*log[:5], *names.values()]}
    return sessions_in_order([event for event in log if id(event) in kept])


@settings(max_examples=125, deadline=None)
@given(
    worlds(),
    st.lists(series(), min_size=1, max_size=3),
    st.sampled_from(["hour", "day", "week", "month"]),
    st.sampled_from(["monday", "sunday"]),
    st.sampled_from(sorted(BY)),
    st.integers(1, 3),
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
    st.sampled_from([None, "mobile"]),
    st.integers(1, 3),
)
def test_every_number_is_the_oracles(world, many, unit, week, by, top, cut, device, split) -> None:
    log, zone = world
    if unit == "hour":
        many = [(s, w) for s, w in many if s.measure not in DAILY] or [(Series(), ANY)]
        log = shortened(log)
    days = loaded_days(log, zone)
    first = min(days[0] + timedelta(days=cut[0]), days[-1])
    last = max(days[-1] - timedelta(days=cut[1]), first)
    where = None if device is None else Condition("device_category", "is", (device,))
    query = Query(first, last, where, by=by, top=top)
    question = Trends(tuple(s for s, _ in many), query, unit, week)
    found = answer(index_of(log, zone, split=split), question, threads=2)

    def ok(event: Event) -> bool:
        return device is None or event.columns.get("device_category") == device

    both = [(s, Selected(w.spec, lambda event, w=w: w.meets(event) and ok(event))) for s, w in many]
    counts: dict[Any, int] = {}
    for event in log:
        if first <= event.day(zone) <= last and any(w.meets(event) for _, w in both):
            counts[BY[by](event)] = counts.get(BY[by](event), 0) + 1
    groups = shown_groups(counts, top) if by else [()]
    if groups:
        assert list(dict.fromkeys(line.group for line in found.lines)) == groups

    for line in found.lines:
        one, which = both["ABC".index(line.letter)]

        def in_group(event: Event, line=line) -> bool:
            mine = BY[by](event)
            if line.group == ("(other)",) * len(by) and by:
                return mine not in groups
            return mine == line.group

        for place, bucket in enumerate(found.buckets):

            def inside(event: Event, bucket=bucket) -> bool:
                day = event.day(zone)
                if not first <= day <= last:
                    return False
                if unit == "hour":
                    return hour_matches(hour_of(event, zone), bucket.start, zone)
                return max(bucket_start(day, unit, week), first).isoformat() == bucket.start

            wanted = wanted_number(log, zone, one, which, inside, in_group)
            assert close(line.values[place], wanted), (line, bucket)

        def in_range(event: Event) -> bool:
            return first <= event.day(zone) <= last

        assert close(line.total, wanted_number(log, zone, one, which, in_range, in_group)), line


def hour_matches(hour: str, start: str, zone: str) -> bool:
    """On Lord Howe Island the hour after the change begins at half past."""
    if zone == "Australia/Lord_Howe" and start[14:16] == "30":
        start = start[:14] + "00" + start[16:]
    return hour == start


@settings(max_examples=100, deadline=None)
@given(
    worlds(),
    selected(),
    st.sampled_from([7, 28]),
    st.sampled_from([(), ("country",)]),
    st.integers(1, 2),
)
def test_rolling_users_are_the_oracles(world, which, width, by, split) -> None:
    log, zone = world
    one = Series(which.spec, f"rolling_{width}d_users")
    found = answer(index_of(log, zone, split=split), Trends((one,), Query(by=by, top=9)))
    for line in found.lines:
        for bucket, value in zip(found.buckets, line.values, strict=True):
            wanted = rolling(
                log, zone, which.meets, date.fromisoformat(bucket.start), width,
                lambda event, line=line: BY[by](event) == line.group,
            )  # fmt: skip
            assert value == wanted


@settings(max_examples=30, deadline=None)
@given(worlds(), st.sampled_from(["day", "week", "month"]), st.integers(1, 40))
def test_user_days_and_rows_agree(world, unit, cut) -> None:
    log, zone = world
    index = index_of(log, zone)
    days = loaded_days(log, zone)
    rows = EventSelector(where=AllOf(()))
    for query in (Query(), Query(days[min(cut, len(days) - 1)])):
        measures = ["users", "active_users", "new_users"]
        if unit == "day":
            measures += ["rolling_7d_users", "rolling_28d_users"]
        fast = Trends(tuple(Series(measure=m) for m in measures), query, unit)
        slow = Trends(tuple(Series(rows, m) for m in measures), query, unit)
        pairs = zip(answer(index, fast).lines, answer(index, slow).lines, strict=True)
        assert all((a.values, a.total) == (b.values, b.total) for a, b in pairs)


@settings(max_examples=30, deadline=None)
@given(
    worlds(),
    st.sampled_from([Before(), Before("day", 3), Before("week"), Before("month")]),
    st.integers(0, 20),
    st.integers(0, 9),
)
def test_the_earlier_period_is_the_same_question_asked_then(world, before, skip, length) -> None:
    log, zone = world
    index, days = index_of(log, zone), loaded_days(log, zone)
    first = min(days[0] + timedelta(days=skip), days[-1])
    query = Query(first, first + timedelta(days=length))
    asked = (Series(), Series(measure="users"))
    found = answer(index, Trends(asked, query, compare=before))
    buckets = found.previous_buckets
    then = replace(query, start=buckets[0].first_day, end=buckets[-1].last_day)
    alone = answer(index, Trends(asked, then))
    assert alone.buckets == buckets
    assert [(p.values, p.total) for p in found.previous] == [
        (p.values, p.total) for p in alone.lines
    ]
    whole = all(bucket.is_complete for bucket in (*found.buckets, *buckets))
    assert found.changes == tuple(
        (now.total - then.total) / then.total if whole and then.total else None
        for now, then in zip(found.lines, found.previous, strict=True)
    )
    if before.unit == "period":
        assert buckets[-1].last_day == first - timedelta(days=1)
        assert len(buckets) == len(found.buckets)


@settings(max_examples=20, deadline=None)
@given(worlds(), st.sampled_from([(), ("country",)]))
def test_dead_users_count_nowhere(world, by) -> None:
    log, zone = world
    index = index_of(log, zone)
    dead = [u.as_py() == "u" for u in index.segments[0].keys]
    alive = index.segments[0].alive.copy()
    alive[[n for n, gone in enumerate(dead) if gone]] = 0
    without = replace(index, segments=(replace(index.segments[0], alive=alive),))
    rest = replace(
        index_of([event for event in log if event.user != "u"], zone), calendar=index.calendar
    )
    question = Trends(tuple(Series(measure=m) for m in MEASURES[:7]), Query(by=by, top=2))
    pairs = zip(answer(without, question).lines, answer(rest, question).lines, strict=True)
    assert all((a.group, a.values, a.total) == (b.group, b.values, b.total) for a, b in pairs)
