"""A sample in memory: people, sessions and events as columns, cut by day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.commerce import Orders
from ga4_analytics.sources.synthetic.draws import Ints, below
from ga4_analytics.sources.synthetic.sessions import Sessions
from ga4_analytics.sources.synthetic.spec import SampleSpec
from ga4_analytics.sources.synthetic.visits import Visits
from ga4_analytics.sources.synthetic.world import People

PLAIN_PAGE, SEARCH_PAGE, PRODUCT_PAGE, CHECKOUT_PAGE, DONE_PAGE = range(5)


@dataclass(frozen=True)
class Events:
    """All events in time order, one array a column.

    Attributes:
        ts: Microseconds since the first day's midnight in UTC.
        code: Event name, a position in `ALL_NAMES`.
        session: Position in the sessions; -1 without consent, then there is no user either.
        key: What the event's details are drawn by; an exact duplicate shares it.
        page: Position in the pages; -1 before any page.
        order: Position in the orders; -1 where it is no purchase.
        gap_ms: Milliseconds since the session's event before.
        is_duplicate: Whether the event was sent a second time.
    """

    ts: Ints
    code: NDArray[np.int8]
    session: NDArray[np.int32]
    key: NDArray[np.int32]
    page: NDArray[np.int32]
    order: NDArray[np.int32]
    gap_ms: NDArray[np.int32]
    is_duplicate: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True)
class Guests:
    """By which numbers planted users, sessions and pages make their draws.

    The sample's own draw by their positions. Planted ones come behind them and have numbers of
    their plant, so that they are the same whatever else is planted.
    """

    users: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    sessions: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    pages: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


def _numbered(positions: Ints, total: int, guests: Ints) -> Ints:
    own = total - len(guests)
    if not len(guests):
        return positions
    return np.where(positions >= own, guests[np.maximum(positions - own, 0)], positions)


@dataclass(frozen=True)
class BatchFields:
    """The export's columns that tell the order of events with one timestamp, by event.

    Attributes:
        event_index: Position in the request, from 1; 0 without session.
        page_id: The page's number, milliseconds.
        ordering_id: The request's number on the page, from 1.
    """

    event_index: Ints
    page_id: Ints
    ordering_id: Ints


class Plant(Protocol):
    """Something that was put in on purpose and can tell the truth about itself."""

    @property
    def name(self) -> str:
        """One of `PLANTS`."""

    def tell(self, sample: Sample) -> dict[str, Any]:
        """Count in the finished sample what is true of it."""


@dataclass(frozen=True)
class Delivery:
    """Some days of a sample as they are handed over.

    Attributes:
        sample: What they hold.
        days: Which days.
        folder: Where below the sample's folder.
        table: What the names of daily files begin with.
        absent: Columns that are empty in it.
    """

    sample: Sample
    days: range
    folder: str = ""
    table: str = "events"
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """Everything that was planned and what came of it.

    Attributes:
        spec: What was asked for.
        visits: Users and their days.
        people: Country, device and first source by user.
        sessions: The sessions.
        session_id: ``ga_session_id`` by session.
        orders: The purchase events' orders.
        page_kind: What each page is.
        page_session: The session of each page.
        events: The events in time order.
        day_edges: Where each day begins in the events; one more at the end.
        robot: The user that reads everything.
        guests: Numbers of planted users, sessions and pages.
        happened: The events before some were lost or moved; None where they are `events`.
        variants: Variant by experiment (rows) and user; -1 without exposure.
        batch_fields: Columns for the order of ties, where they are asked for.
        plants: What was put in on purpose.
        deliveries: What is delivered beside the days themselves.
    """

    spec: SampleSpec
    visits: Visits
    people: People
    sessions: Sessions
    session_id: Ints
    orders: Orders
    page_kind: NDArray[np.int8]
    page_session: Ints
    events: Events
    day_edges: Ints
    robot: int
    guests: Guests = Guests()
    happened: Events | None = None
    variants: NDArray[np.int8] | None = None
    batch_fields: BatchFields | None = None
    plants: tuple[Plant, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    def session_numbers(self, positions: Ints) -> Ints:
        """The numbers by which sessions make their draws."""
        return _numbered(positions, len(self.sessions), self.guests.sessions)

    def page_numbers(self, positions: Ints) -> Ints:
        """The numbers by which pages make their draws."""
        return _numbered(positions, len(self.page_kind), self.guests.pages)

    def user_pseudo_ids(self) -> list[str]:
        """The client id of each user: text that looks like a decimal number.

        Returns:
            Unique texts; some have zeros where a number would lose them.
        """
        count = len(self.visits.cohort)
        users = _numbered(np.arange(count), count, self.guests.users)
        head = 1_000_000 + (users * 48_271 + self.spec.seed * 7_919) % 99_999_989
        tail = below(self.spec.seed, "client", users, 2_000_000_000) * 5
        tail += below(self.spec.seed, "client end", users, 5)
        return [f"{a}.{b:010d}" for a, b in zip(head.tolist(), tail.tolist(), strict=True)]
