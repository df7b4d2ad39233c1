"""Some events of one day with all that their description needs, one array a property."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ga4_analytics.sources.synthetic.draws import Ints, words
from ga4_analytics.sources.synthetic.pages import item_of, page_of
from ga4_analytics.sources.synthetic.params import Marks
from ga4_analytics.sources.synthetic.published import CODE
from ga4_analytics.sources.synthetic.sample import PLAIN_PAGE, Sample
from ga4_analytics.sources.synthetic.slices import Slice, day_slice

BATCH = 20_000
"""Most events that are described at once."""


@dataclass(frozen=True)
class Batch:
    """Events of one day, in time order.

    Attributes:
        date_text: The day, ``YYYYMMDD``.
        who: User, country, device, first source and time of each event.
        code: Event name, a position in `ALL_NAMES`.
        session: Position in the sessions; -1 without consent.
        number: What the session makes its draws by.
        key: What the event's details are drawn by.
        order: Position in the orders; -1 where it is no purchase.
        gap_ms: Milliseconds since the session's event before.
        dice: A draw for the event's details; whole numbers from 0.
        page: The page it happens on, a position in `pages`.
        before: The page before in the session; -1 on the first.
        item: The item that the page is about or could lead to, a position in `ITEMS`.
    """

    date_text: str
    who: Slice
    code: Ints
    session: Ints
    number: Ints
    key: Ints
    order: Ints
    gap_ms: Ints
    dice: Ints
    page: Ints
    before: Ints
    item: Ints

    def __len__(self) -> int:
        return len(self.code)

    def named(self, *names: str) -> Marks:
        """Which events have one of these names."""
        return np.isin(self.code, [CODE[name] for name in names])


def _is_first(sample: Sample, number: Ints) -> Marks:
    """Whether a session began on the page of each number; before any page it may have."""
    is_first = number <= 0
    later, owner = np.flatnonzero(number > 0), sample.page_session
    is_first[later] = owner[number[later] - 1] != owner[number[later]]
    return is_first


def _shown(sample: Sample, number: Ints, session: Ints, is_first: Marks) -> tuple[Ints, Ints]:
    """The page that each number stands for, and the draw that it was made by."""
    kind, draw = np.full(len(number), PLAIN_PAGE), np.maximum(session, 0) * 7
    seen = np.flatnonzero(number >= 0)
    kind[seen] = sample.page_kind[number[seen]]
    draw[seen] = words(sample.spec.seed, "page", sample.page_numbers(number[seen])) >> np.uint64(20)
    return page_of(kind, draw, is_first), draw


def day_batches(sample: Sample, day: int) -> Iterator[Batch]:
    """Look up what is known of a day's events.

    Args:
        sample: The sample.
        day: The day, from 0.

    Yields:
        At most `BATCH` events each, so that a busy day needs no more memory than a quiet one.
    """
    for who in day_slice(sample, day).pieces(BATCH):
        rows = slice(who.first, who.first + len(who.ts))
        events = sample.events
        session, number = (each[rows].astype(np.int64) for each in (events.session, events.page))
        is_first = _is_first(sample, number)
        page, draw = _shown(sample, number, session, is_first)
        earlier = np.where(is_first, -1, number - 1)
        before, _ = _shown(sample, earlier, session, _is_first(sample, earlier))
        dice = words(sample.spec.seed, "detail", events.key[rows]) >> np.uint64(8)
        yield Batch(
            date_text=f"{sample.spec.day(day):%Y%m%d}",
            who=who,
            code=events.code[rows].astype(np.int64),
            session=session,
            number=sample.session_numbers(session),
            key=events.key[rows].astype(np.int64),
            order=events.order[rows].astype(np.int64),
            gap_ms=events.gap_ms[rows].astype(np.int64),
            dice=dice.astype(np.int64),
            page=page,
            before=np.where(is_first, -1, before),
            item=item_of(draw),
        )
