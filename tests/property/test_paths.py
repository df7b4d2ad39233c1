"""Paths against their oracle, on hostile small logs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logs import Event, index_of
from oracles.paths import paths
from property_users import ZONES, hostile, in_zone, selectors

from ga4_analytics.analyses.paths import answer
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.paths import PathsQuestion, PathsResult
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.segments import Did

MORNING = 1_604_300_000_000_000
DAY = 86_400_000_000


@st.composite
def questions(draw: st.DrawFn, names: list[str]) -> PathsQuestion:
    """Questions with any of their options."""
    start = draw(st.one_of(st.none(), st.just(date(2020, 11, 1))))
    end = start and start + timedelta(draw(st.integers(0, 2)))
    plain = draw(st.booleans())
    some = st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple)
    query = Query(
        start=start,
        end=end,
        where=None if plain else draw(st.sampled_from([None, Condition("country", "is_set")])),
        users=draw(st.sampled_from([None, Did(EventSelector((names[0],)))])),
        top=draw(st.integers(1, 3)),
    )
    return PathsQuestion(
        anchor=EventSelector(draw(some)) if plain else draw(selectors(names)),
        direction=draw(st.sampled_from(["from", "to"])),
        depth=draw(st.sampled_from([1, 2, 3, 5, 20])),
        per="session" if plain else draw(st.sampled_from(["session", "user"])),
        window="" if plain else draw(st.sampled_from(["", "30m", "1d"])),
        anchors="every" if plain else draw(st.sampled_from(["every", "first", "last"])),
        step="event_name" if plain else draw(st.sampled_from(["event_name", "country"])),
        hide=draw(some),
        merge=not plain and draw(st.booleans()),
        shown=draw(st.sampled_from([1, 1000])),
        query=query,
    )


@settings(max_examples=150, deadline=None)
@given(st.data(), hostile(), st.sampled_from(ZONES), st.integers(1, 3))
def test_paths_are_those_of_the_oracle(
    data: st.DataObject, events: list[Event], zone: str, split: int
) -> None:
    events = in_zone(events, zone)
    names = sorted({event.name for event in events})
    if not names:
        return
    question = data.draw(questions(names))
    found = answer(index_of(events, zone, split=split), question, threads=split)
    expected = paths(events, question, zone)
    check(found, expected, question)
    again = replace(answer(index_of(events[::-1], zone), question, threads=1), seconds=0)
    assert again == replace(found, seconds=0)
    assert decode(PathsQuestion, encode(question)) == question


def check(found: PathsResult, expected: Counter[tuple[str, ...]], question: PathsQuestion) -> None:
    """Compare a result with the counted paths."""
    anchor = question.anchor.shown
    ordered = sorted(
        expected.items(), key=lambda pair: (-pair[1], [step.encode() for step in pair[0]])
    )
    assert [(each.steps, each.count) for each in found.top] == [
        ((anchor, *steps), count) for steps, count in ordered[: question.shown]
    ]
    assert found.paths == sum(expected.values())
    assert found.distinct == len(expected)
    for level in found.levels:
        reached = sum(count for steps, count in ordered if len(steps) >= level.level)
        ended = sum(count for steps, count in ordered if len(steps) == level.level - 1)
        assert (level.reached, level.dropped) == (reached, ended)
        links = [link for link in found.links if link.level == level.level]
        assert sum(link.count for link in links) == reached
        for link in links:
            assert link.count == _linked(ordered, link.level, link.source, link.target, question)
            assert link.share == link.count / found.paths
    check_nodes(found)


def check_nodes(found: PathsResult) -> None:
    """Each box holds what comes in by its links, and ends what does not go out by them."""
    for node in found.nodes:
        into = [
            each for each in found.links if (each.level, each.target) == (node.level, node.step)
        ]
        out = [
            each for each in found.links if (each.level - 1, each.source) == (node.level, node.step)
        ]
        came = sum(link.count for link in into) if node.level else found.paths
        assert (node.count, node.share) == (came, came / found.paths)
        assert node.ended == came - sum(link.count for link in out)
        assert [link.of_source for link in out] == [link.count / came for link in out]
    boxes = {(each.level, each.target) for each in found.links}
    assert {(each.level, each.step) for each in found.nodes if each.level} == boxes


def _linked(
    ordered: list[tuple[tuple[str, ...], int]],
    level: int,
    source: str,
    target: str,
    question: PathsQuestion,
) -> int:
    def shown(at: int, steps: tuple[str, ...]) -> str:
        if at == 0:
            return question.anchor.shown
        sizes = Counter[str]()
        for others, count in ordered:
            if len(others) >= at:
                sizes[others[at - 1]] += count
        kept = sorted(sizes, key=lambda step: (-sizes[step], step.encode()))[: question.query.top]
        return steps[at - 1] if steps[at - 1] in kept else "(other)"

    return sum(
        count
        for steps, count in ordered
        if len(steps) >= level
        and shown(level - 1, steps) == source
        and shown(level, steps) == target
    )


@pytest.mark.parametrize("size", [2, 3, 4, 5, 32, 33, 34, 250])
@pytest.mark.parametrize("direction", ["from", "to"])
def test_moments_of_many_events_are_those_of_the_oracle(size: int, direction: str) -> None:
    """Tied events stand in the order of their names, however many a moment has."""
    chance = Random(size)
    events = [
        Event("u", chance.choice("abcdef"), second + MORNING, session=session)
        for session in (1, 2)
        for second in (session * 100, session * 100 + 1, session * 100 + 2)
        for _ in range(size if second % 2 == session % 2 else 1)
    ]
    events += [Event("v", name, MORNING, session=1) for name in "be"]
    question = PathsQuestion(EventSelector(("b", "e")), direction=direction, depth=5)  # type: ignore[arg-type]
    check(answer(index_of(events), question), paths(events, question), question)


def crowded(chance: Random, users: int, names: list[str], most: int) -> list[Event]:
    """Users with sessions one after the other, of moments with any number of events."""
    events: list[Event] = []
    for user in range(users):
        odd = chance.random() < 0.1
        second = chance.choice([0, 80_000])
        for session in range(1, chance.randint(1, 4) + 1):
            for _ in range(chance.randint(1, most)):
                second += chance.choice([0, 1, 1, 20_000])
                size = chance.choice(
                    [1, 1, 1, 2, 2, 3, 4, 5, 6, 40] if chance.random() < 0.2 else [1]
                )
                events += [
                    Event(
                        f"u{user}", chance.choice(names), MORNING + second * 1_000_000,
                        session=chance.randint(1, 2) if odd else session,
                    )
                    for _ in range(size)
                ]  # fmt: skip
            if chance.random() < 0.05:
                day = MORNING // DAY * DAY + second * 1_000_000 // DAY * DAY
                events.append(Event(f"u{user}", names[0], day, session=session, timeless=True))
            second += chance.choice([0, 5])
    return events


@pytest.mark.parametrize("seed", range(16))
def test_paths_of_many_users_at_once_are_those_of_the_oracle(seed: int) -> None:
    """What is counted without a look at each user is what each user did."""
    chance = Random(seed)
    names = [f"n{chance.random()}" for _ in range(chance.choice([2, 7, 32, 45]))]
    events = crowded(chance, chance.choice([3, 40]), names, chance.choice([3, 12]))
    names = sorted({event.name for event in events})
    index = index_of(events, split=chance.randint(1, 2))
    start = chance.choice(sorted({event.day("UTC") for event in events}))
    for days in (Query(), Query(start=start), Query(end=start)):
        users = chance.choice([None, Did(EventSelector((chance.choice(names),)))])
        question = PathsQuestion(
            EventSelector(tuple(chance.sample(names, min(len(names), chance.randint(0, 2))))),
            direction=chance.choice(["from", "to"]),
            depth=chance.choice([1, 2, 5, 7, 8, 9]),
            query=replace(days, users=users),
            shown=1000,
        )
        found, expected = answer(index, question), paths(events, question)
        check(found, expected, question)
        again = answer(index, replace(question, per="session", window="999d"))
        assert (found.users, found.events, found.open_order) == (
            again.users, again.events, again.open_order,
        )  # fmt: skip


def test_a_user_with_very_many_events_is_counted_too() -> None:
    """It is too long for the room in which others are counted together."""
    chance = Random(0)
    events = [
        Event(user, chance.choice("abc"), MORNING + place // 3 * 1_000_000, session=1 + place // 50)
        for user, size in (("u", 9), ("v", 8_190), ("w", 8_195), ("x", 30))
        for place in range(size)
    ]
    question = PathsQuestion(EventSelector(("b",)), depth=6)
    check(answer(index_of(events), question), paths(events, question), question)
