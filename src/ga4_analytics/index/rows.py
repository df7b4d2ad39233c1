"""Rows of ``analytics.index_events`` as arrays of numbers, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.index.coder import Coders
from ga4_analytics.index.columns import NO_NUMBER, ColumnSpec
from ga4_analytics.index.dictionary import numbers
from ga4_analytics.index.layout import I64, U8, U32, DayFlag, RowFlag, SessionFlag
from ga4_analytics.kernels.order import read_ids

NAMES = "event_name"
BATCH = ("batch_page_id", "batch_ordering_id", "batch_event_index")
SESSION_SHIFT = 3
"""Bits of a row's session stand above those of its day."""
_VISITS = ("first_visit", "first_open")
LOOK = 65_536
PLAIN = ("time", *BATCH, "high", "low", "name", "day", "session", "flags", "bits", "touch")


@dataclass(frozen=True)
class Rows:
    """Some rows, in any order; every array has one entry a row.

    Attributes:
        key: User keys, null for nobody.
        plain: The arrays that every row has, by the names of `PLAIN`.
        columns: Provisional codes or numbers by column; a column of texts has its codes
            here and the first one of each row in ``offsets``.
        offsets: Offsets of rows into columns of texts, one entry more than rows.
    """

    key: pa.Array
    plain: Mapping[str, NDArray[Any]]
    columns: Mapping[str, NDArray[Any]]
    offsets: Mapping[str, U32]

    def __len__(self) -> int:
        return len(self.key)


def encoded(rows: pa.Table, specs: Sequence[ColumnSpec], coders: Coders) -> Rows:
    """Turn rows into arrays.

    Args:
        rows: Columns of ``analytics.index_events``, and one under each spec's name: text,
            64-bit integers, or lists of texts.
        specs: The columns to keep.
        coders: Give the codes.
    """
    high, low = (np.empty(rows.num_rows, np.uint64) for _ in range(2))
    read_ids(*text_buffers(rows["event_id"]), high, low)
    day = np.asarray(rows["event_date"].cast(pa.date32()).cast(pa.int32()))
    plain = {
        "time": numbers(rows["order_us"], 0),
        **{name: numbers(rows[name], NO_NUMBER) for name in BATCH},
        "high": high,
        "low": low,
        "name": coders[NAMES].encode(rows[NAMES]),
        "day": day.astype(np.uint16),
        "session": numbers(rows["session_number"], 0).astype(np.uint32),
        "flags": _flags(rows),
        "bits": _bits(rows),
        "touch": numbers(rows["user_first_touch_timestamp"], NO_NUMBER),
    }
    columns: dict[str, NDArray[Any]] = {}
    offsets: dict[str, U32] = {}
    for spec in specs:
        column = rows[spec.name]
        if spec.kind in ("integer", "micros"):
            columns[spec.name] = numbers(column, NO_NUMBER)
            continue
        if spec.kind == "texts":
            offsets[spec.name], column = _flat(column)
        columns[spec.name] = coders[spec.name].encode(column)
    return Rows(whole(rows["user_key"]), plain, columns, offsets)


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column of texts as one array."""
    return pa.concat_arrays([pa.array([], pa.string()), *column.cast(pa.string()).chunks])


def text_buffers(column: pa.ChunkedArray | pa.Array) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Offsets and bytes of texts; null is empty.

    >>> offsets, data = text_buffers(pa.array(["x", "ab", None, "c"])[1:])
    >>> (offsets - offsets[0]).tolist(), bytes(data[offsets[0] :])
    ([0, 2, 2, 3], b'abc')
    """
    texts = whole(column) if isinstance(column, pa.ChunkedArray) else column.cast(pa.string())
    if not len(texts):
        return np.frombuffer(bytes(4), np.int32), np.frombuffer(bytes(1), np.uint8)
    _, at, data = texts.buffers()
    offsets = np.frombuffer(at, np.int32, len(texts) + 1, texts.offset * 4)
    if data is None or not data.size:
        return offsets, np.frombuffer(bytes(1), np.uint8)
    return offsets, np.frombuffer(data, np.uint8)


def _true(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(column, False), dtype=bool)


def _flags(rows: pa.Table) -> U8:
    """The `RowFlag` bits that need no neighbour."""
    timeless = np.asarray(pc.is_null(rows["event_timestamp"]), dtype=bool)
    flags = timeless * RowFlag.TIMELESS + _true(rows["is_suspected_repeat"]) * RowFlag.REPEAT
    found: U8 = flags.astype(np.uint8)
    return found


def _bits(rows: pa.Table) -> U8:
    """The `DayFlag` bits that each row gives its day, and above them those of its session."""
    visits = _true(pc.is_in(rows[NAMES], pa.array(_VISITS)))
    engaged = _true(rows["is_session_engaged"])
    proxy = engaged | visits | _true(pc.greater(rows["engagement_time_msec"], 0))
    bits = (
        _true(rows["is_active_user"]) * DayFlag.MARKED_ACTIVE
        + proxy * DayFlag.PROXY_ACTIVE
        + visits * DayFlag.FIRST_VISIT
        + engaged * (SessionFlag.ENGAGED << SESSION_SHIFT)
        + _true(rows["is_session_derived"]) * (SessionFlag.DERIVED << SESSION_SHIFT)
    )
    found: U8 = bits.astype(np.uint8)
    return found


def _flat(lists: pa.ChunkedArray) -> tuple[U32, pa.Array]:
    """Offsets of rows into the values of a column of lists, and the values."""
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)
    return offsets_of(lengths), pc.list_flatten(lists)


def all_null(values: NDArray[Any]) -> bool:
    """Whether these are numbers, and null in every row.

    >>> all_null(np.full(2, NO_NUMBER)), all_null(np.array([0, NO_NUMBER]))
    (True, False)
    """
    is_number = values.dtype == np.int64
    # Most columns that have a number have one early.
    return is_number and all(
        bool((values[at : at + LOOK] == NO_NUMBER).all()) for at in range(0, len(values), LOOK)
    )


def offsets_of(lengths: I64) -> U32:
    """Offsets of parts of such lengths.

    >>> offsets_of(np.array([2, 0, 1])).tolist()
    [0, 2, 2, 3]
    """
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint32)
