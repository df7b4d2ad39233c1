"""Reads what is exported: events in chunks of whole days, items, and the users among them.

Rows come in no order, for sorting wide rows costs an engine more than all the rest; the
lines made of them are put in order by `parts.Keys`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports.packed import SLICE_ROWS
from ga4_analytics.exports.request import ExportRequest
from ga4_analytics.warehouse.base import Warehouse

CHUNK_EVENTS = 90_000
"""Events whose lines are kept in memory to be put in order, some 100 MB of them with parameters."""
AT_ONCE = 2
"""Chunks in memory: two are laid out at once, or one while another is written."""
NEVER_US = 2**63 - 1
_HOUR_US = 3_600_000_000

TEXTS = (
    "event_id", "dataset", "event_name", "user_key", "user_pseudo_id", "user_id",
    "ga_session_id", "platform", "app_version", "hostname", "page_location", "page_path",
    "page_title", "page_referrer", "device_category", "device_brand", "device_model",
    "operating_system", "operating_system_version", "browser", "browser_version", "language",
    "country", "region", "city", "source", "medium", "campaign", "source_scope",
    "transaction_id", "currency", "event_params", "user_properties",
)  # fmt: skip
"""Columns of texts that formats may use."""
_NUMBERS = (
    "event_timestamp", "ga_session_number", "purchase_revenue_usd_micros",
    "refund_value_usd_micros", "purchase_revenue_micros", "refund_value_micros",
)  # fmt: skip


EVENTS_SQL = f"""
select
    {", ".join(f"events.{name}" for name in (*TEXTS, *_NUMBERS))},
    events.event_date,
    sessions.session_start_us
from {{events}} as events
left join {{sessions}} as sessions
    on events.dataset = sessions.dataset
    and events.session_key = sessions.session_key
"""


@dataclass(frozen=True)
class Chunk:
    """Days that are read together, or a part of one day.

    Attributes:
        first: The first day.
        last: The last day.
        from_us: The first microsecond; minus `NEVER_US` where the days have none before.
        to_us: The last; events without a time are at `NEVER_US`.
        events: How many there are, about.
    """

    first: date
    last: date
    from_us: int
    to_us: int
    events: int

    @property
    def is_whole(self) -> bool:
        """Whether it is whole days."""
        return self.from_us == -NEVER_US and self.to_us == NEVER_US


@dataclass(frozen=True)
class Source:
    """The events that a request means.

    Attributes:
        warehouse: Where the models are built.
        dataset: The property.
        request: What is asked.
        users: Keys of the users meant; None: everybody, and events of nobody.
    """

    warehouse: Warehouse
    dataset: str
    request: ExportRequest
    users: pa.Array | None = None

    def narrowed(self) -> Source:
        """The same with the users of a request for whole users found."""
        if not self.request.whole_users:
            return self
        selection, params = self._selection(self.request)
        found = self.warehouse.query(
            f"select distinct user_key from analytics.int_events where {selection} "
            "and user_key is not null order by 1",
            params,
        )
        keys = found.column("user_key").combine_chunks()
        if self.users is not None:
            keys = keys.filter(pc.is_in(keys, value_set=self.users))
        return Source(self.warehouse, self.dataset, self.request, keys)

    def chunks(self, limit: int = CHUNK_EVENTS) -> list[Chunk]:
        """The days that are meant, put together until they hold too many events."""
        start, end = self.days()
        rows = self.warehouse.query(
            "select event_date, raw_events from analytics.stg_ga4_days "
            "where dataset = ? and event_date between ? and ? order by 1",
            [self.dataset, start, end],
        ).to_pylist()
        found: list[Chunk] = []
        for row in rows:
            day, events = row["event_date"], row["raw_events"] or 0
            if events > 2 * limit:
                found += self._hours(day, limit)
            elif found and found[-1].is_whole and found[-1].events + events <= limit:
                together = found.pop()
                found.append(
                    Chunk(together.first, day, -NEVER_US, NEVER_US, together.events + events)
                )
            else:
                found.append(Chunk(day, day, -NEVER_US, NEVER_US, events))
        return found

    def days(self) -> tuple[date, date]:
        """First and last day that is read."""
        request = self.request
        if request.whole_users:
            return date.min, date.max
        return request.start or date.min, request.end or date.max

    def events(self, chunk: Chunk, sql: str = "") -> Iterator[pa.RecordBatch]:
        """The events of a chunk, those of users meant alone, in no order, a few at a time.

        Args:
            chunk: The chunk.
            sql: A select in which ``{events}`` stands for the chunk's rows of ``int_events`` and
                ``{sessions}`` for keys and starts of their sessions; it gives ``user_key`` where
                users are chosen. Empty: all columns that formats use.
        """
        selection, params = self._chunk(chunk)
        inner = f"(select * from analytics.int_events where {selection})"
        chosen = (sql or EVENTS_SQL).replace("{events}", inner)
        if "{sessions}" in chosen:
            chosen = chosen.replace("{sessions}", self._sessions(selection, params))
        for batch in self._of_users(self.warehouse.stream(chosen, params)):
            # What is worked out of a batch has its size: of slices, less is in memory.
            for first in range(0, batch.num_rows, SLICE_ROWS):
                yield batch.slice(first, SLICE_ROWS)

    def items(self, chunk: Chunk, columns: Sequence[str], most: int) -> pa.Table:
        """The items of a chunk's events, by event and place; at most so many of an event."""
        selection, params = self._chunk(chunk, names=False)
        names = ["event_id", "item_index", *columns]
        batches = list(
            self.warehouse.stream(
                f"select {', '.join(names)} from analytics.stg_ga4_items "
                f"where {selection} and item_index < ?",
                [*params, most],
            )
        )
        if not batches:
            return pa.table({name: pa.array([], pa.string()) for name in names})
        found = pa.Table.from_batches(batches)
        order = pc.sort_indices(
            found, sort_keys=[("event_id", "ascending"), ("item_index", "ascending")]
        )
        return found.take(order).combine_chunks()

    def people(self) -> Iterator[pa.RecordBatch]:
        """The last known state of each user among the events meant, by user key."""
        request = self.request
        selection, params = self._selection(
            ExportRequest(request.target, *self.days()) if request.whole_users else request
        )
        sql = f"""
with told as (
    select
        user_key, event_id, event_timestamp, user_pseudo_id, user_id, user_properties,
        first_user_source, first_user_medium, first_user_campaign, user_first_touch_timestamp,
        row_number() over (
            partition by user_key
            order by case when user_properties is null then 1 else 0 end,
                case when user_id is null then 1 else 0 end,
                event_timestamp desc, event_id desc
        ) as place
    from analytics.int_events
    where {selection}
        and user_key is not null and event_timestamp is not null
        and (user_properties is not null or user_id is not null
            or first_user_source is not null or user_first_touch_timestamp is not null)
)

select
    user_key, event_id, event_timestamp, user_pseudo_id, user_id, user_properties,
    first_user_source, first_user_medium, first_user_campaign, user_first_touch_timestamp
from told
where place = 1
order by user_key
"""
        yield from self._of_users(self.warehouse.stream(sql, params))

    def _of_users(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if self.users is None:
            yield from batches
            return
        for batch in batches:
            meant = pc.is_in(batch.column("user_key"), value_set=self.users)
            yield batch.filter(pc.and_(meant, pc.is_valid(batch.column("user_key"))))

    def _chunk(self, chunk: Chunk, names: bool = True) -> tuple[str, list[Any]]:
        named = self.request.events if names and not self.request.whole_users else ()
        request = ExportRequest(self.request.target, chunk.first, chunk.last, named)
        selection, params = self._selection(request)
        if chunk.is_whole:
            return selection, params
        time = f"coalesce(event_timestamp, {NEVER_US})"
        return f"{selection} and {time} >= ? and {time} <= ?", [
            *params,
            chunk.from_us,
            chunk.to_us,
        ]

    def _sessions(self, selection: str, params: list[Any]) -> str:
        """The sessions that events may be of, as SQL: those of their time alone.

        Against all sessions of a property an engine would rather look up the sessions in the
        events, and so keep a whole chunk of events in its memory. An event without a time may
        be of any session.
        """
        # By a stream, which has a connection of its own: other threads ask, too.
        found = self.warehouse.stream(
            "select min(event_timestamp) as first, max(event_timestamp) as last, "
            "count(*) - count(event_timestamp) as timeless "
            f"from analytics.stg_ga4_events where {selection}",
            params,
        )
        (times,) = [row for batch in found for row in batch.to_pylist()]
        sessions = "select dataset, session_key, session_start_us from analytics.int_sessions"
        if times["timeless"]:
            return f"({sessions})"
        first, last = times["first"] or 0, times["last"] or 0
        return f"({sessions} where session_start_us <= {last} and session_end_us >= {first})"

    def _selection(self, request: ExportRequest) -> tuple[str, list[Any]]:
        """What the request says of days and names, as SQL over one relation."""
        params: list[Any] = [self.dataset]
        sql = "dataset = ? and event_date between ? and ?"
        params += [request.start or date.min, request.end or date.max]
        if request.events:
            sql += f" and event_name in ({', '.join('?' * len(request.events))})"
            params += request.events
        return sql, params

    def _hours(self, day: date, limit: int) -> list[Chunk]:
        """A day of too many events, by the hours in which they happened."""
        rows = self.warehouse.query(
            f"select event_timestamp - mod(event_timestamp, {_HOUR_US}) as hour, "
            "count(*) as events from analytics.stg_ga4_events "
            "where dataset = ? and event_date = ? and event_timestamp >= 0 "
            "group by 1 order by 1",
            [self.dataset, day],
        ).to_pylist()
        return slices(day, [(row["hour"], row["events"]) for row in rows], limit)


def slices(day: date, hours: Sequence[tuple[int, int]], limit: int) -> list[Chunk]:
    """A day in parts: hours put together until they hold too many events.

    Args:
        day: The day.
        hours: First microsecond of each hour with events, and how many, in order.
        limit: Events from which a part is full; a single hour may hold more.

    Returns:
        Parts without a gap: the first begins before all time, the last ends after it.

    >>> found = slices(date(2020, 11, 1), [(0, 5), (3600, 6), (7200, 1)], 8)
    >>> [(part.from_us == -NEVER_US, part.to_us, part.events) for part in found[:1]]
    [(True, 3599, 5)]
    >>> (found[1].from_us, found[1].to_us == NEVER_US, found[1].events, len(found))
    (3600, True, 7, 2)
    """
    starts, held = [-NEVER_US], [0]
    for hour, events in hours:
        if held[-1] and held[-1] + events > limit:
            starts.append(hour)
            held.append(0)
        held[-1] += events
    ends = [start - 1 for start in starts[1:]] + [NEVER_US]
    return [Chunk(day, day, *part) for part in zip(starts, ends, held, strict=True)]
