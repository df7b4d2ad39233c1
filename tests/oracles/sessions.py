"""Sessions by gap in plain Python."""

from __future__ import annotations

from collections.abc import Sequence

from logs import Event

from oracles.activity import Meets, ordered, users_of


def sessions(log: Sequence[Event], meets: Meets, gap_us: int) -> list[list[Event]]:
    """Each session's events, in order."""
    found: list[list[Event]] = []
    for user in users_of(log):
        mine = [event for event in ordered(log) if event.user == user and meets(event)]
        for place, event in enumerate(mine):
            if place == 0 or event.time - mine[place - 1].time > gap_us:
                found.append([])
            found[-1].append(event)
    return found
