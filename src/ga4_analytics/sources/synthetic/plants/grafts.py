"""Adding to a sample: events of its own sessions, and guests with sessions of theirs.

Positions of what is there never move: guests come behind, and what they draw by belongs to
their plant, so that they are the same whatever else is planted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.allocate import rank_within
from ga4_analytics.sources.synthetic.commerce import Orders
from ga4_analytics.sources.synthetic.draws import Ints, below
from ga4_analytics.sources.synthetic.published import CODE
from ga4_analytics.sources.synthetic.sample import PLAIN_PAGE, BatchFields, Events, Guests, Sample
from ga4_analytics.sources.synthetic.sessions import Sessions
from ga4_analytics.sources.synthetic.spec import PLANTS
from ga4_analytics.sources.synthetic.truth import days_of
from ga4_analytics.sources.synthetic.visits import Visits
from ga4_analytics.sources.synthetic.world import COUNTRIES, SOURCES, People

Rows = NDArray[np.int64] | NDArray[np.bool_]
_MANY = 100_000_000
_USERS, _USERS_EACH = 10_000_000, 1_000_000
"""Above the numbers of a sample at the largest scale."""


def first_key(plant: str) -> int:
    """The first of the numbers that a plant's events, sessions and pages draw by.

    Example:
        >>> first_key("churn") - first_key("experiment")
        100000000
    """
    return 10 * _MANY + PLANTS.index(plant) * _MANY


def events_of(**columns: NDArray[np.integer]) -> Events:
    """Events from their columns; those that are not given are as without page and order.

    Example:
        >>> events_of(ts=np.array([5]), code=np.array([2]), session=np.array([0]),
        ...           key=np.array([9])).page.tolist()
        [-1]
    """
    none = np.full(len(columns["ts"]), -1)
    given = {"page": none, "order": none, "gap_ms": none + 1, "is_duplicate": none > 0, **columns}
    kinds = {"ts": np.int64, "code": np.int8, "is_duplicate": np.bool_}
    return Events(**{
        each.name: given[each.name].astype(kinds.get(each.name, np.int32))
        for each in fields(Events)
    })  # fmt: skip


def at(events: Events, rows: Rows) -> Events:
    """Some of the events.

    Example:
        >>> events = events_of(ts=np.array([5, 6]), code=np.array([2, 2]),
        ...                    session=np.array([0, 0]), key=np.array([8, 9]))
        >>> at(events, np.array([1])).key.tolist()
        [9]
    """
    return Events(**{each.name: getattr(events, each.name)[rows] for each in fields(Events)})


def with_events(sample: Sample, added: Sequence[Events]) -> Sample:
    """Put events in where their times belong."""
    parts = [sample.events, *added]
    columns = {
        each.name: np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(Events)
    }
    fresh = len(columns["ts"]) - len(sample.events)
    keys = (columns["key"], columns["ts"]) if sample.batch_fields is None else (columns["ts"],)
    events = Events(**columns)
    batch_fields = sample.batch_fields
    if batch_fields is not None:
        none = np.zeros(fresh, np.int64)
        batch_fields = BatchFields(*(np.append(each, none) for each in _told(batch_fields)))
    return with_rows(replace(sample, events=events, batch_fields=batch_fields), np.lexsort(keys))


def with_rows(sample: Sample, rows: Rows) -> Sample:
    """Keep some events, in order of time, and cut them by day again."""
    events, batch_fields = at(sample.events, rows), sample.batch_fields
    if batch_fields is not None:
        batch_fields = BatchFields(*(each[rows] for each in _told(batch_fields)))
    edges = np.searchsorted(events.ts, sample.spec.midnights())
    return replace(sample, events=events, batch_fields=batch_fields, day_edges=edges)


def _told(batch_fields: BatchFields) -> tuple[Ints, Ints, Ints]:
    return batch_fields.event_index, batch_fields.page_id, batch_fields.ordering_id


@dataclass(frozen=True)
class Party:
    """Users of a plant's own and their sessions, ordered by user and start.

    Attributes:
        plant: Whose they are.
        people: Country, place, device and source by user.
        user: The user of each session, from 0.
        start: When each begins, microseconds since the first midnight in UTC.
        script: What each session is: names, and seconds from its begin.
    """

    plant: str
    people: People
    user: Ints
    start: Ints
    script: tuple[tuple[str, float], ...]


def people_of(sample: Sample, plant: str, device: Ints) -> People:
    """Countries and sources for guests, whose devices are known."""
    keys, seed = np.arange(len(device)), sample.spec.seed
    country = below(seed, f"{plant}/country", keys, len(COUNTRIES))
    source = below(seed, f"{plant}/source", keys, len(SOURCES))
    return People(country, np.zeros(len(device), np.int64), device, source)


def _acts(party: Party, session: Ints, pages: int) -> Events:
    """The events of a party's sessions; a first visit only opens a user's first one."""
    steps = len(party.script)
    names = np.tile([CODE[name] for name, _ in party.script], len(session))
    seconds = np.tile([second for _, second in party.script], len(session))
    place = np.repeat(np.arange(len(session)), steps)
    keep = (names != CODE["first_visit"]) | (rank_within(party.user) == 0)[place]
    names, seconds, place = names[keep], seconds[keep], place[keep]
    ts = party.start[place] + (seconds * 1e6).astype(np.int64)
    starts = rank_within(place) == 0
    views = np.cumsum(names == CODE["page_view"])
    per_session = np.bincount(place, names == CODE["page_view"], len(session)).astype(np.int64)
    before = (np.cumsum(per_session) - per_session)[place]
    return events_of(
        ts=ts, code=names, session=session[place],
        key=first_key(party.plant) + np.arange(len(ts)),
        page=pages + np.maximum(views - 1, before),
        gap_ms=np.where(starts, 0, np.diff(ts, prepend=0) // 1000),
    )  # fmt: skip


def with_party(sample: Sample, party: Party) -> tuple[Sample, Events]:
    """Let a party in: their events are given back, to be put in with all others.

    Returns:
        The sample with the users, sessions and pages, and the events.
    """
    users, sessions = len(sample.visits.cohort), len(sample.sessions)
    pages = len(sample.page_kind)
    count, guests = len(party.user), len(party.people.device)
    session = sessions + np.arange(count)
    events = _acts(party, session, pages)
    viewed = events.session[events.code == CODE["page_view"]].astype(np.int64)
    base = first_key(party.plant)
    ids = below(sample.spec.seed, f"{party.plant}/session id", np.arange(count), 2_000_000_000)
    numbers = Guests(
        users=np.append(
            sample.guests.users,
            _USERS + PLANTS.index(party.plant) * _USERS_EACH + np.arange(guests),
        ),
        sessions=np.append(sample.guests.sessions, base + np.arange(count)),
        pages=np.append(sample.guests.pages, base + np.arange(len(viewed))),
    )
    grown = replace(
        sample,
        visits=_grown_visits(sample, party, users),
        people=People(*(
            np.append(getattr(sample.people, each.name), getattr(party.people, each.name))
            for each in fields(People)
        )),
        sessions=_grown_sessions(sample, party, users),
        session_id=np.append(sample.session_id, 1_000_000_000 + ids * 4),
        page_kind=np.append(sample.page_kind, np.full(len(viewed), PLAIN_PAGE, np.int8)),
        page_session=np.append(sample.page_session, viewed),
        guests=numbers,
    )  # fmt: skip
    return grown, events


def _grown_visits(sample: Sample, party: Party, users: int) -> Visits:
    visits, guests = sample.visits, len(party.people.device)
    days = days_of(sample, party.start)
    cohort = np.full(guests, sample.spec.days)
    np.minimum.at(cohort, party.user, days)
    return Visits(
        cohort=np.append(visits.cohort, cohort),
        loyalty=np.append(visits.loyalty, np.ones(guests)),
        truncated=np.append(visits.truncated, np.zeros(guests, np.bool_)),
        user=np.append(visits.user, users + party.user),
        day=np.append(visits.day, days),
    )


def _grown_sessions(sample: Sample, party: Party, users: int) -> Sessions:
    own, days = sample.sessions, days_of(sample, party.start)
    midnights = sample.spec.midnights()
    span = int(max(seconds for _, seconds in party.script) * 1e6)
    place = rank_within(party.user)
    end = days_of(sample, party.start + span)
    added = Sessions(
        user=users + party.user, day=days, start_us=party.start - midnights[days],
        room_us=np.full(len(days), span), number=1 + place, is_first=place == 0,
        crosses=end > days, appetite=np.ones(len(days)), is_robot=place < 0,
    )  # fmt: skip
    return Sessions(**{
        each.name: np.append(getattr(own, each.name), getattr(added, each.name))
        for each in fields(Sessions)
    })  # fmt: skip


def with_orders(sample: Sample, added: Orders) -> Sample:
    """Put orders behind those that are there."""
    return replace(sample, orders=Orders(**{
        each.name: np.append(getattr(sample.orders, each.name), getattr(added, each.name))
        for each in fields(Orders)
    }))  # fmt: skip
