"""Lifecycle, stickiness and sessions by gap against their oracles, on hostile logs."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Event, index_of
from long_logs import ANY, selected, worlds
from oracles import lifecycle as oracle
from oracles.activity import bucket_start, loaded_days
from oracles.sessions import sessions as by_gap

from ga4_analytics.analyses import lifecycle, sessions, stickiness
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.lifecycle import Lifecycle
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.segments import Did
from ga4_analytics.questions.sessions import GapSessions
from ga4_analytics.questions.stickiness import Stickiness
from ga4_analytics.stats.proportions import wilson

UNITS = st.sampled_from(["day", "week", "month"])
WEEKS = st.sampled_from(["monday", "sunday"])
BY = st.sampled_from([(), ("country",)])


@settings(max_examples=120, deadline=None)
@given(
    worlds(), selected(), UNITS, WEEKS, BY, st.integers(0, 3), st.integers(0, 9), st.integers(1, 3)
)
def test_lifecycle_is_the_oracles(world, which, unit, week, by, incomplete, skip, split) -> None:
    log, zone = world
    days = loaded_days(log, zone)
    done = days[: len(days) - incomplete]
    query = Query(min(days[0] + timedelta(days=skip), days[-1]), by=by, top=9)
    index = index_of(log, zone, incomplete=incomplete, split=split)
    found = lifecycle.answer(index, Lifecycle(which.spec, query, unit, week), threads=2)
    for group in found.groups:

        def meets(event, group=group) -> bool:
            mine = (event.columns.get("country"),) if by else ()
            return which.meets(event) and mine == group.group

        for place, bucket in enumerate(found.buckets):
            start = date.fromisoformat(bucket.start)
            new, returning, resurrecting, dormant = oracle.lifecycle(
                log, zone, meets, start, unit, week
            )
            known = oracle.is_known(done, start, unit)
            before = bucket_start(start - timedelta(days=1), unit, week)
            both = known and oracle.is_known(done, before, unit)
            assert bucket.is_complete == known
            assert group.new[place] == (new if known else None)
            assert group.returning[place] == (returning if both else None)
            assert group.resurrecting[place] == (resurrecting if both else None)
            assert group.dormant[place] == (-dormant if both else None)
            pulse = (new + resurrecting) / dormant if both and dormant else None
            assert group.pulse[place] == pulse


@settings(max_examples=120, deadline=None)
@given(worlds(), selected(), UNITS, WEEKS, BY, st.integers(0, 9), st.integers(1, 3))
def test_stickiness_is_the_oracles(world, which, unit, week, by, skip, split) -> None:
    log, zone = world
    days = loaded_days(log, zone)
    first = min(days[0] + timedelta(days=skip), days[-1])
    query = Query(first, by=by, top=9)
    index = index_of(log, zone, split=split)
    found = stickiness.answer(index, Stickiness(which.spec, query, unit, week), threads=2)
    for group in found.groups:

        def meets(event, group=group) -> bool:
            mine = (event.columns.get("country"),) if by else ()
            return which.meets(event) and mine == group.group and event.day(zone) >= first

        counts = oracle.stickiness(log, zone, meets, unit, week)
        assert {s.days: s.exactly for s in group.sticks if s.exactly} == counts
        assert group.users == sum(counts.values())
        buckets = {bucket_start(day, unit, week) for day in days if day >= first}
        assert [stick.days for stick in group.sticks] == list(range(1, len(buckets) + 1))
        for stick in group.sticks:
            assert stick.at_least == sum(n for k, n in counts.items() if k >= stick.days)
            assert stick.share == wilson(stick.at_least, group.users)


@settings(max_examples=120, deadline=None)
@given(
    worlds(), st.one_of(st.just(ANY), selected()), st.sampled_from(["30m", "1h", "1s", "2d"]),
    UNITS, WEEKS, st.integers(0, 9), st.integers(1, 3),
)  # fmt: skip
def test_sessions_by_gap_are_the_oracles(world, which, gap, unit, week, skip, split) -> None:
    log, zone = world
    days = loaded_days(log, zone)
    first = min(days[0] + timedelta(days=skip), days[-1])
    question = GapSessions(which.spec, Query(first), gap, unit, week)
    found = sessions.answer(index_of(log, zone, split=split), question, threads=2)
    length = {"30m": 30, "1h": 60, "1s": 1 / 60, "2d": 2880}[gap]
    every = by_gap(log, which.meets, round(length * 60_000_000))
    every = [session for session in every if session[0].day(zone) >= first]
    for bucket, count in zip(found.buckets, found.counts, strict=True):
        mine = [
            s for s in every
            if max(bucket_start(s[0].day(zone), unit, week), first).isoformat() == bucket.start
        ]  # fmt: skip
        assert count.sessions == len(mine)
        assert count.events == sum(len(session) for session in mine)
        assert count.length_us == sum(session[-1].time - session[0].time for session in mine)
    assert found.total.sessions == len(every)


def test_sessions_by_gap_of_a_very_long_user_among_others_are_the_oracles() -> None:
    """Users are counted together as far as they fit into the room for that, the long one alone."""
    chance, morning = Random(0), 1_604_300_000_000_000
    log = [
        Event(user, "a", morning + second * 1_000_000, session=1)
        for user, size in (("u", 3), ("v", 4_090), ("w", 4_100), ("x", 1), ("y", 40), ("z", 9))
        for second in sorted(chance.choices(range(400_000), k=size))
    ]
    for gap, seconds in (("1m", 60), ("10m", 600), ("30m", 1_800)):
        users = Did(EventSelector(("a",)), at_least=4)
        found = sessions.answer(index_of(log), GapSessions(query=Query(users=users), gap=gap))
        some = [event for event in log if event.user != "u" and event.user != "x"]
        every = by_gap(some, lambda event: True, seconds * 1_000_000)
        for bucket, count in zip(found.buckets, found.counts, strict=True):
            mine = [s for s in every if s[0].day("UTC").isoformat() == bucket.start]
            assert (count.sessions, count.events, count.length_us) == (
                len(mine), sum(map(len, mine)), sum(s[-1].time - s[0].time for s in mine),
            )  # fmt: skip
