"""What a format says of itself: how its lines look, what it takes and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports import cells
from ga4_analytics.exports.layout import Bounds, Member, Raw, Text
from ga4_analytics.exports.request import ExportRequest

COMMON: tuple[Member, ...] = (
    Text("ga4_event_date", "event_date"),
    Text("ga4_dataset", "dataset"),
    Text("ga4_source", "source"),
    Text("ga4_medium", "medium"),
    Text("ga4_campaign", "campaign"),
    Text("ga4_source_scope", "source_scope"),
    Text("ga4_transaction_id", "transaction_id"),
    Text("ga4_device_category", "device_category"),
    Text("ga4_hostname", "hostname"),
    Text("ga4_currency", "currency"),
    Raw("ga4_value_local", "local_value"),
)
"""Properties that every format has, under names that no parameter of Google's has."""
FLAT_PAGE: tuple[Member, ...] = (
    Text("page_location", "flat_location"),
    Text("page_title", "flat_title"),
    Text("page_referrer", "flat_referrer"),
)
"""What the event's parameters say themselves where it has any."""
FIRST_TOUCH: tuple[Member, ...] = (
    Text("ga4_first_source", "first_user_source"),
    Text("ga4_first_medium", "first_user_medium"),
    Text("ga4_first_campaign", "first_user_campaign"),
    Text("ga4_first_touch", "first_touch"),
)
"""How a user was first met."""


@dataclass(frozen=True)
class Rows:
    """Some events, or users, on their way into a format.

    Attributes:
        batch: As the warehouse gave them.
        request: What was asked.
        items: Lists of items, one an event and null where it has none, by name.
    """

    batch: pa.RecordBatch
    request: ExportRequest
    items: Mapping[str, pa.Array] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pa.Array:
        """A column as it is."""
        return self.batch.column(name)

    @cached_property
    def revenue(self) -> pa.Array:
        """Micro-dollars of a purchase; of a refund below zero; null for others."""
        name = self["event_name"]
        refund = pc.negate(self["refund_value_usd_micros"])
        return pc.if_else(
            pc.equal(name, "purchase"),
            self["purchase_revenue_usd_micros"],
            cells.where(pc.equal(name, "refund"), refund),
        )

    def common(self) -> dict[str, pa.Array]:
        """The columns that all formats write, as text."""
        texts = {
            name: column
            for name, column in zip(self.batch.schema.names, self.batch.columns, strict=True)
            if column.type == pa.string()
        }
        local = pc.if_else(
            pc.equal(self["event_name"], "refund"),
            pc.negate(self["refund_value_micros"]),
            self["purchase_revenue_micros"],
        )
        bare = pc.is_null(self["event_params"])
        pages = {"flat_location": "page_location", "flat_title": "page_title",
                 "flat_referrer": "page_referrer"}  # fmt: skip
        return (
            texts
            | {name: cells.where(bare, self[column]) for name, column in pages.items()}
            | dict(self.items)
            | {
                "event_date": pc.cast(self["event_date"], pa.string()),
                "local_value": cells.money(local),
                "revenue": cells.money(self.revenue),
            }
        )


@dataclass(frozen=True)
class Shaped:
    """Rows as a format writes them.

    Attributes:
        columns: Text columns by name.
        refused: Reason to the rows that the vendor would not take, in the order in which a
            row is asked; the first that holds is its reason.
        changed: What is left out of rows that stay, and of which.
    """

    columns: Mapping[str, pa.Array]
    refused: Mapping[str, pa.Array]
    changed: Mapping[str, pa.Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Age:
    """A rule of a vendor about how old an event may be; it costs a warning, never an event.

    Attributes:
        rule: What the vendor does.
        option: What to do about it.
        older_than: Seconds before now from which it holds; None: it is about the future.
        newer_than: Seconds after now, or before it where negative, from which it holds.
    """

    rule: str
    option: str
    older_than: int | None = None
    newer_than: int | None = None


@dataclass(frozen=True)
class Part:
    """How much one request to a vendor takes.

    Attributes:
        rows: Lines.
        bytes: Bytes of all lines together, with room left for what goes around them.
    """

    rows: int
    bytes: int


@dataclass(frozen=True)
class Kind:
    """One kind of lines of a format.

    Attributes:
        members: What a line consists of.
        bounds: What a line may hold.
        part: What a file may hold, so that it is one request.
        shape: Prepares rows.
        schema: The name of its JSON Schema.
        ident: Where a line has its id: the names that lead there; none: lines have no ids.
        revenue: The same of its dollars.
    """

    members: tuple[Member, ...]
    bounds: Bounds
    part: Part
    shape: Callable[[Rows], Shaped]
    schema: str
    ident: tuple[str, ...] = ()
    revenue: tuple[str, ...] = ("properties", "ga4_revenue_usd")


@dataclass(frozen=True)
class Target:
    """A format.

    Attributes:
        name: As in ``ga4 export NAME``.
        title: The vendor.
        events: Lines of events.
        users: Lines of users' properties.
        items: How items are written: ``list``, ``flat`` or ``products``.
        ages: The vendor's rules about time.
        beside: What a request carries beside the events, but keys.
        least_id: Fewest characters of an id.
        may_choose_least_id: Whether a request may say another.
    """

    name: str
    title: str
    events: Kind
    users: Kind
    items: str = "list"
    ages: tuple[Age, ...] = ()
    beside: Callable[[ExportRequest], dict[str, Any]] = lambda request: {}
    may_choose_least_id: bool = False


def timeless(rows: Rows, first: int = 0) -> dict[str, pa.Array]:
    """Which events have no time, or one that cannot be sent.

    Args:
        rows: The events.
        first: The first microsecond that the vendor takes.
    """
    time = rows["event_timestamp"]
    return {
        "without a time": pc.is_null(time),
        "time out of range": cells.out_of_range(time, first),
    }


@dataclass(frozen=True)
class Person:
    """The one id under which a vendor shall know somebody.

    Attributes:
        ids: The id; null where there is none that can be sent.
        refused: Reasons and rows, as in `Shaped`.
    """

    ids: pa.Array
    refused: dict[str, pa.Array]


def person(rows: Rows, most: int, least: int = 1) -> Person:
    """The user as our own counts know them, else who is signed in.

    Args:
        rows: Events or users.
        most: Most characters of an id.
        least: Fewest characters.
    """
    key, signed = rows["user_key"], rows["user_id"]
    good = cells.where(cells.accepted(key, least, most), key)
    if signed.null_count < len(signed):
        good = pc.coalesce(good, cells.where(cells.accepted(signed, least, most), signed))
    nobody = pc.and_(pc.is_null(key), pc.is_null(signed))
    return Person(good, {"without a user": nobody, "id refused": pc.is_null(good)})


def touched(rows: Rows) -> dict[str, pa.Array]:
    """The columns of a user that formats write, as text."""
    texts = {
        name: column
        for name, column in zip(rows.batch.schema.names, rows.batch.columns, strict=True)
        if column.type == pa.string()
    }
    first = rows["user_first_touch_timestamp"]
    known = cells.where(pc.invert(cells.out_of_range(first)), first)
    return texts | {"first_touch": cells.iso(known), "iso": cells.iso(rows["event_timestamp"])}
