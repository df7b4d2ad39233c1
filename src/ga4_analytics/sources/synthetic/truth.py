"""What is true of a sample, counted from its columns by nothing but NumPy and plain loops."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ga4_analytics.sources.synthetic.draws import Ints
from ga4_analytics.sources.synthetic.published import ALL_NAMES, CODE, EVENT_NAMES, EXPOSURE
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.traits import engaged_sessions
from ga4_analytics.sources.synthetic.world import COUNTRIES, DEVICES, SOURCES

FILE_NAME = "_truth.json"
"""Loading a folder passes over names that begin with an underscore, so it may stand beside."""


@dataclass(frozen=True)
class OrderTruth:
    """Purchases by rule; money in micro-units of US dollars.

    Attributes:
        purchase_events: Events named purchase.
        purchasing_users: Users with one.
        purchase_sessions: Sessions with one.
        events_without_id: Those whose id is null, empty or ``(not set)``.
        orders: By the rule: one a (user, id), and one an event without id.
        orders_with_id: Those of them with an id.
        repeated_events: Purchase events beyond the first of their order.
        conflicting_orders: Orders whose events disagree on the value.
        ids_of_several_users: Ids that more than one user sent.
        raw_revenue_micros: Sum over all purchase events.
        order_revenue_micros: Sum over orders of their earliest event's value.
        identified_revenue_micros: The same over orders with an id.
    """

    purchase_events: int
    purchasing_users: int
    purchase_sessions: int
    events_without_id: int
    orders: int
    orders_with_id: int
    repeated_events: int
    conflicting_orders: int
    ids_of_several_users: int
    raw_revenue_micros: int
    order_revenue_micros: int
    identified_revenue_micros: int


@dataclass(frozen=True)
class Planted:
    """What was put into the sample on purpose.

    Attributes:
        exact_duplicates: Events sent twice, by name; each adds one row.
        consentless_events: Events without user and session.
        left_truncated_users: Users seen before the first day.
        midnight_sessions: Sessions with events on two days.
        shared_session_ids: Sessions whose id another user has as well.
        robot_user_pseudo_id: The user that reads everything.
        robot_events: Its rows.
    """

    exact_duplicates: dict[str, int]
    consentless_events: int
    left_truncated_users: int
    midnight_sessions: int
    shared_session_ids: int
    robot_user_pseudo_id: str
    robot_events: int


@dataclass(frozen=True)
class Truth:
    """All that is known of a sample; lists are by day, from the first one.

    Rows of the files are counted, so exact duplicates count twice in `events` and everything
    below it; users, sessions and orders are the same with and without them.

    Attributes:
        scale: Size as a fraction of Google's public sample.
        seed: The seed.
        start: The first day.
        days: How many days.
        events: Rows.
        users: Users with an event.
        sessions: (user, session id) pairs.
        engaged_sessions: Those that the export marks as engaged.
        events_by_name: Rows by event name.
        users_by_name: Users by event name.
        sessions_by_name: Sessions by event name.
        events_by_day: Rows.
        users_by_day: Users with an event.
        sessions_by_day: Sessions by the day they begin on.
        new_users_by_day: Users by the day of their first_visit.
        named_events_by_day: Rows by event name.
        users_by_country: Users by country.
        users_by_source: Users by first source and medium.
        sessions_by_device: Sessions by device category.
        retention: By N: users followed for N days, those back exactly then; left-truncated
            users are out.
        retention_with_truncated: The same with left-truncated users.
        orders: Purchases by rule.
        planted: What was put in on purpose.
    """

    scale: float
    seed: int
    start: str
    days: int
    events: int
    users: int
    sessions: int
    engaged_sessions: int
    events_by_name: dict[str, int]
    users_by_name: dict[str, int]
    sessions_by_name: dict[str, int]
    events_by_day: list[int]
    users_by_day: list[int]
    sessions_by_day: list[int]
    new_users_by_day: list[int]
    named_events_by_day: dict[str, list[int]]
    users_by_country: dict[str, int]
    users_by_source: dict[str, int]
    sessions_by_device: dict[str, int]
    retention: list[tuple[int, int]]
    retention_with_truncated: list[tuple[int, int]]
    orders: OrderTruth
    planted: Planted


def _user_days(sample: Sample) -> tuple[Ints, Ints]:
    """Distinct (user, day) pairs, by day."""
    users, days = [], []
    for day in range(sample.spec.days):
        session = sample.events.session[sample.day_edges[day] : sample.day_edges[day + 1]]
        there = np.unique(sample.sessions.user[session[session >= 0]])
        users.append(there)
        days.append(np.full(len(there), day))
    return np.concatenate(users), np.concatenate(days)


def _retention(user: Ints, day: Ints, days: int, out: Ints) -> list[tuple[int, int]]:
    """Pooled day-N retention of the users who are not in ``out``."""
    kept = ~np.isin(user, out)
    user, day = user[kept], day[kept]
    first = np.full(int(user.max(initial=-1)) + 1, days)
    np.minimum.at(first, user, day)
    back = np.bincount(day - first[user], minlength=days)
    sizes = np.bincount(first[first < days], minlength=days)
    followed = np.cumsum(sizes)[::-1]
    return [(int(a), int(b)) for a, b in zip(followed, back, strict=True)]


def tell_orders(sample: Sample) -> OrderTruth:
    """Walk over the purchase events in the order of time, exact duplicates left out."""
    events, orders, sessions = sample.events, sample.orders, sample.sessions
    bought = events.order[(events.order >= 0) & ~events.is_duplicate]
    users = sessions.user[orders.session[bought]].tolist()
    amounts = orders.revenue_micros()[bought].tolist()
    ids = orders.transaction_ids()
    texts = [ids[order] for order in bought.tolist()]
    values: dict[tuple[int, str], list[int]] = {}
    loose: list[int] = []
    for user, text, micros in zip(users, texts, amounts, strict=True):
        if text in (None, "", "(not set)"):
            loose.append(micros)
        else:
            values.setdefault((user, str(text)), []).append(micros)
    owners: dict[str, int] = {}
    for _, text in values:
        owners[text] = owners.get(text, 0) + 1
    identified = sum(each[0] for each in values.values())
    return OrderTruth(
        purchase_events=len(users),
        purchasing_users=len(set(users)),
        purchase_sessions=len(set(orders.session[bought].tolist())),
        events_without_id=len(loose),
        orders=len(values) + len(loose),
        orders_with_id=len(values),
        repeated_events=len(users) - len(loose) - len(values),
        conflicting_orders=sum(len(set(each)) > 1 for each in values.values()),
        ids_of_several_users=sum(count > 1 for count in owners.values()),
        raw_revenue_micros=sum(amounts),
        order_revenue_micros=identified + sum(loose),
        identified_revenue_micros=identified,
    )


def days_of(sample: Sample, ts: Ints) -> Ints:
    """The day, from 0, of times in microseconds since the first midnight in UTC."""
    return np.searchsorted(sample.spec.midnights(), ts, side="right") - 1


def session_days(sample: Sample) -> tuple[Ints, Ints, Ints]:
    """The sessions that have events, with the days of their first and last one."""
    events = sample.events
    known = np.flatnonzero(events.session >= 0)
    seen, begin = np.unique(events.session[known].astype(np.int64), return_index=True)
    _, from_end = np.unique(events.session[known[::-1]], return_index=True)
    last = known[::-1][from_end]
    return seen, days_of(sample, events.ts[known[begin]]), days_of(sample, events.ts[last])


def _engaged(sample: Sample) -> int:
    """Sessions with an event that says that they are engaged."""
    events = sample.events
    views = (events.code == CODE["page_view"]) & (events.gap_ms == 0)
    early = views & (sample.session_numbers(events.session.astype(np.int64)) % 10 < 3)
    told = (events.session >= 0) & (events.code != CODE["session_start"]) & ~early
    return int(engaged_sessions(sample)[np.unique(events.session[told])].sum())


def _planted(sample: Sample) -> Planted:
    events, sessions = sample.events, sample.sessions
    copies = np.bincount(events.code[events.is_duplicate], minlength=len(ALL_NAMES))
    seen, first, last = session_days(sample)
    _, place, count = np.unique(sample.session_id[seen], return_inverse=True, return_counts=True)
    user = np.where(events.session >= 0, sessions.user[events.session], -1)
    return Planted(
        exact_duplicates={ALL_NAMES[i]: int(n) for i, n in enumerate(copies) if n},
        consentless_events=int((events.session < 0).sum()),
        left_truncated_users=int(sample.visits.truncated[np.unique(user[user >= 0])].sum()),
        midnight_sessions=int((first < last).sum()),
        shared_session_ids=int((count[place] > 1).sum()),
        robot_user_pseudo_id=sample.user_pseudo_ids()[sample.robot],
        robot_events=int((user == sample.robot).sum()),
    )


def _counted(names: list[str], positions: Ints) -> dict[str, int]:
    """How often each name occurs, most frequent first."""
    counts: dict[str, int] = {}
    for name, count in zip(names, np.bincount(positions, minlength=len(names)), strict=True):
        counts[name] = counts.get(name, 0) + int(count)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def tell_truth(sample: Sample) -> Truth:
    """Count what is true of a sample.

    Args:
        sample: The sample.

    Returns:
        Its truth.

    Example:
        >>> from ga4_analytics.sources.synthetic.generate import generate
        >>> from ga4_analytics.sources.synthetic.spec import SampleSpec
        >>> truth = tell_truth(generate(SampleSpec(scale=0.0005, days=7)))
        >>> truth.events == sum(truth.events_by_day) == sum(truth.events_by_name.values())
        True
    """
    spec, events, sessions = sample.spec, sample.events, sample.sessions
    names = ALL_NAMES if (events.code == CODE[EXPOSURE]).any() else EVENT_NAMES
    day = days_of(sample, events.ts)
    grid = np.bincount(day * len(names) + events.code,
                       minlength=spec.days * len(names)).reshape(spec.days, -1)  # fmt: skip
    known = events.session >= 0
    in_session = [np.unique(events.session[known & (events.code == CODE[n])]) for n in names]
    user, user_day = _user_days(sample)
    seen, begin_day, _ = session_days(sample)
    people = np.unique(user)
    truncated = sample.visits.truncated
    visits = (events.code == CODE["first_visit"]) & ~events.is_duplicate
    sources = [f"{source.source} / {source.medium}" for source in SOURCES]
    return Truth(
        scale=spec.scale,
        seed=spec.seed,
        start=spec.start.isoformat(),
        days=spec.days,
        events=len(events),
        users=len(people),
        sessions=len(seen),
        engaged_sessions=_engaged(sample),
        events_by_name={name: int(grid[:, CODE[name]].sum()) for name in names},
        users_by_name={
            name: len(np.unique(sessions.user[found]))
            for name, found in zip(names, in_session, strict=True)
        },
        sessions_by_name={n: len(f) for n, f in zip(names, in_session, strict=True)},
        events_by_day=grid.sum(axis=1).tolist(),
        users_by_day=np.bincount(user_day, minlength=spec.days).tolist(),
        sessions_by_day=np.bincount(begin_day, minlength=spec.days).tolist(),
        new_users_by_day=np.bincount(day[visits], minlength=spec.days).tolist(),
        named_events_by_day={name: grid[:, CODE[name]].tolist() for name in names},
        users_by_country=_counted([c.name for c in COUNTRIES], sample.people.country[people]),
        users_by_source=_counted(sources, sample.people.source[people]),
        sessions_by_device=_counted(
            [d.category for d in DEVICES], sample.people.device[sessions.user[seen]]
        ),
        retention=_retention(user, user_day, spec.days, np.flatnonzero(truncated)),
        retention_with_truncated=_retention(user, user_day, spec.days, np.zeros(0, np.int64)),
        orders=tell_orders(sample),
        planted=_planted(sample),
    )


def write_truth(sample: Sample, folder: Path) -> Path:
    """Write a sample's truth as JSON beside it, and under ``plants`` what was planted.

    Args:
        sample: The sample.
        folder: Where to; it must be there.

    Returns:
        The file.
    """
    content: dict[str, Any] = asdict(tell_truth(sample))
    if sample.spec.zone != "UTC":
        content["zone"] = sample.spec.zone
    if sample.plants:
        content["plants"] = {plant.name: plant.tell(sample) for plant in sample.plants}
    path = folder / FILE_NAME
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
