"""The independent truth: slow, obvious, plain Python; imports none of the code it judges.

It reads events as dictionaries in the shape of Google's export (numbers as numbers,
``event_params`` as a plain mapping) and answers by "Our definitions": who is a user, which
events make a session, which of them repeat, what is an order. The marts on top of these
are in ``oracle_marts``, the channel rules in ``oracle_channels``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from worlds import Event, Rules, World, day_of

Place = tuple[str | None, str | None, str | None]
"""Source, medium, campaign."""


@dataclass(frozen=True)
class Row:
    """One event as the questions see it: empty text and ``(not set)`` are no value."""

    place: int
    day: date
    time: int | None
    batch: tuple[int | None, int | None, int | None]
    name: str
    device_id: str | None
    user_id: str | None
    session_id: str | None
    stream: str | None
    engaged: bool | None
    engagement: int | None
    active: bool | None
    first_touch: int | None
    category: str | None
    country: str | None
    page: str | None
    transaction: str | None
    usd: int | None
    local: int | None
    refund: int | None
    session_source: Place
    session_group: str | None
    first_user: Place
    collected: Place
    gclid: str | None
    flat: Place
    items: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    def order(self) -> tuple[Any, ...]:
        """Where the event stands in its user's time; equal means tied."""
        stamp = -1 if self.time is None else self.time
        return (stamp, *((part is not None, part or 0) for part in self.batch))


@dataclass(frozen=True)
class Session:
    """One session; `rows` are its events in order."""

    key: tuple[Any, ...]
    user: str
    rows: tuple[Row, ...]
    derived: bool

    @property
    def day(self) -> date:
        """The day of its first event."""
        return self.rows[0].day

    @property
    def views(self) -> list[Row]:
        """Its page and screen views, in order."""
        return [row for row in self.rows if row.name in ("page_view", "screen_view")]


@dataclass(frozen=True)
class User:
    """One user."""

    key: str
    rows: tuple[Row, ...]
    first_day: date
    new_day: date | None
    left_truncated: bool


@dataclass(frozen=True)
class Order:
    """One order; `rows` are its purchase events, earliest first."""

    rows: tuple[Row, ...]
    user: str | None
    without_id: bool

    @property
    def first(self) -> Row:
        """The event whose value counts."""
        return self.rows[0]

    @property
    def conflicting(self) -> bool:
        """Whether its events disagree about the value."""
        amounts = [{row.usd for row in self.rows}, {row.local for row in self.rows}]
        return any(len(found - {None}) > 1 for found in amounts)


def day_start(day: date, zone: str) -> int:
    """First microsecond of a day, UTC.

    >>> day_start(date(2020, 11, 1), "America/New_York")
    1604203200000000
    """
    local = datetime.combine(day, time(), ZoneInfo(zone))
    seconds = (local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return seconds * 1_000_000


def micros(value: float | str | None) -> int | None:
    """Money as integer micro-units.

    >>> micros(19.99), micros(None)
    (19990000, None)
    """
    if value is None:
        return None
    return int((Decimal(str(value)) * 1_000_000).to_integral_value())


def _known(text: object) -> str | None:
    return None if text in (None, "", "(not set)") else str(text)


def _place(record: Mapping[str, Any], *keys: str) -> Place:
    source, medium, campaign = (_known(record.get(key)) for key in keys)
    return source, medium, campaign


def read(world: World) -> list[Row]:
    """The world's events, in the order given, before duplicates go."""
    return [_row(place, event) for place, event in enumerate(world.events)]


def _row(place: int, event: Event) -> Row:
    params = event.get("event_params") or {}
    shop = event.get("ecommerce") or {}
    last_click = (event.get("session_traffic_source_last_click") or {}).get(
        "cross_channel_campaign"
    ) or {}
    collected = event.get("collected_traffic_source") or {}
    location = _known(params.get("page_location"))
    flag = params.get("session_engaged", params.get("engaged_session_event"))
    return Row(
        place=place,
        day=day_of(event),
        time=event.get("event_timestamp"),
        batch=(
            event.get("batch_page_id"),
            event.get("batch_ordering_id"),
            event.get("batch_event_index"),
        ),
        name=event["event_name"],
        device_id=_known(event.get("user_pseudo_id")),
        user_id=_known(event.get("user_id")),
        session_id=_known(params.get("ga_session_id")),
        stream=_known(event.get("stream_id")),
        engaged=None if flag is None else str(flag) == "1",
        engagement=params.get("engagement_time_msec"),
        active=event.get("is_active_user"),
        first_touch=event.get("user_first_touch_timestamp"),
        category=_known((event.get("device") or {}).get("category")),
        country=_known((event.get("geo") or {}).get("country")),
        page=None if location is None else urlsplit(location).path or "/",
        transaction=_known(shop.get("transaction_id") or params.get("transaction_id")),
        usd=micros(shop.get("purchase_revenue_in_usd")),
        local=micros(shop.get("purchase_revenue")),
        refund=micros(shop.get("refund_value_in_usd")),
        session_source=_place(last_click, "source", "medium", "campaign_name"),
        session_group=_known(last_click.get("default_channel_group")),
        first_user=_place(event.get("traffic_source") or {}, "source", "medium", "name"),
        collected=(
            _known(collected.get("manual_source")) or _known(params.get("source")),
            _known(collected.get("manual_medium")) or _known(params.get("medium")),
            _known(collected.get("manual_campaign_name")) or _known(params.get("campaign")),
        ),
        gclid=_known(collected.get("gclid") or params.get("gclid")),
        flat=_place(event, "source", "medium", "campaign"),
        items=tuple(event.get("items") or ()),
    )


def repeats(world: World) -> set[int]:
    """Positions of events that repeat an earlier one under the key of the export.

    Only where timestamp, session and parameters are there to tell.
    """
    if not {"event_timestamp", "session_id", "event_params"} <= world.carries:
        return set()
    seen: set[str] = set()
    found = set()
    for place, event in enumerate(world.events):
        key = json.dumps(
            [event.get(name) for name in _IDENTITY] + [event.get("event_params") or {}],
            sort_keys=True,
        )
        found |= {place} if key in seen else set()
        seen.add(key)
    return found


_IDENTITY = (
    "event_date", "stream_id", "user_pseudo_id", "event_name", "event_timestamp",
    "batch_page_id", "batch_ordering_id", "batch_event_index",
)  # fmt: skip


def kept(world: World) -> list[Row]:
    """The events that count: repeats are gone."""
    gone = repeats(world)
    return [row for row in read(world) if row.place not in gone]


def identify(rows: Iterable[Row], rules: Rules) -> dict[int, str]:
    """Who did it: event position to ``user_key``; events without an id are left out."""
    latest: dict[str, str] = {}
    rows = sorted(rows, key=Row.order)
    if rules.identity == "stitched":
        for row in rows:
            if row.device_id and row.user_id:
                latest[row.device_id] = row.user_id
    return {row.place: latest.get(row.device_id, row.device_id) for row in rows if row.device_id}


def by_user(rows: Sequence[Row], who: Mapping[int, str]) -> dict[str, list[Row]]:
    """Each user's events in time order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=Row.order):
        if row.place in who:
            found[who[row.place]].append(row)
    return dict(found)


def sessions(world: World, rows: Sequence[Row], rules: Rules) -> list[Session]:
    """Every session: by its exported id, or by the gap where files have no ids."""
    who = identify(rows, rules)
    timed = [row for row in rows if row.time is not None]
    named = [row for row in timed if world.tells("session_id", row.day)]
    several = several_streams(rows)
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for user, theirs in by_user(named, who).items():
        for row in theirs:
            if row.session_id:
                stream = row.stream if several else None
                found[user, stream, row.session_id].append(row)
    unnamed = [row for row in timed if not world.tells("session_id", row.day)]
    return [
        *(Session(key, key[0], tuple(theirs), False) for key, theirs in found.items()),
        *_by_gap(several, by_user(unnamed, who), rules),
    ]


def several_streams(rows: Iterable[Row]) -> bool:
    """Whether a property has more than one data stream."""
    return len({row.stream for row in rows if row.stream}) > 1


def _by_gap(apart: bool, users: Mapping[str, list[Row]], rules: Rules) -> list[Session]:
    found = []
    timeout = rules.session_timeout_minutes * 60_000_000
    for user, all_theirs in users.items():
        for stream in {row.stream for row in all_theirs} if apart else {None}:
            theirs = [row for row in all_theirs if not apart or row.stream == stream]
            start = 0
            for place, row in enumerate(theirs):
                ends = place + 1 == len(theirs)
                if ends or (theirs[place + 1].time or 0) - (row.time or 0) > timeout:
                    part = tuple(theirs[start : place + 1])
                    found.append(Session((user, stream, "derived", start), user, part, True))
                    start = place + 1
    return found


def engaged(session: Session, world: World, rules: Rules) -> bool:
    """Exported flag where the files have it; else long enough, a key event, or two views."""
    if world.tells("session_engaged", session.day):
        return any(row.engaged for row in session.rows)
    length = (session.rows[-1].time or 0) - (session.rows[0].time or 0)
    return (
        length >= rules.engaged_session_seconds * 1_000_000
        or any(row.name in rules.key_events for row in session.rows)
        or len(session.views) >= 2
    )


def users(world: World, rows: Sequence[Row], rules: Rules) -> dict[str, User]:
    """Every user, with the day on which they count as new."""
    opened = day_start(min(row.day for row in rows), rules.zone)
    found = {}
    for key, theirs in by_user(rows, identify(rows, rules)).items():
        first_day = min(row.day for row in theirs)
        visits = [row.day for row in theirs if row.name in ("first_visit", "first_open")]
        touched = [row.first_touch for row in theirs if row.first_touch is not None]
        truncated = not visits and bool(touched) and min(touched) < opened
        new_day = min(visits) if visits else None if truncated else first_day
        found[key] = User(key, tuple(theirs), first_day, new_day, truncated)
    return found


def active_days(world: World, rows: Sequence[Row], rules: Rules) -> set[tuple[str, date]]:
    """The user-days on which the user was active: exported flag, or the labelled proxy."""
    who = identify(rows, rules)
    good = {
        row.place
        for session in sessions(world, rows, rules)
        if engaged(session, world, rules)
        for row in session.rows
    }
    found = set()
    for row in rows:
        proxy = (
            row.place in good
            or row.name in ("first_visit", "first_open")
            or (row.engagement or 0) > 0
        )
        if row.place in who and (row.active if world.tells("is_active_user", row.day) else proxy):
            found.add((who[row.place], row.day))
    return found


def orders(rows: Sequence[Row], rules: Rules) -> list[Order]:
    """Every order: purchases of one user under one id, or one purchase without an id."""
    who = identify(rows, rules)
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=Row.order):
        if row.name == "purchase":
            user = who.get(row.place)
            alone = row.transaction is None
            grouped[user, row.transaction, row.place if alone else None].append(row)
    return [Order(tuple(theirs), key[0], key[1] is None) for key, theirs in grouped.items()]
