"""Puts rows of ``analytics.index_events`` into the layout of a segment."""

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
from ga4_analytics.index.dictionary import Dictionary, code_type, empty_dictionary
from ga4_analytics.index.layout import U32, Codes, Segment
from ga4_analytics.index.rows import BATCH, Rows, all_null, encoded, offsets_of
from ga4_analytics.index.rows import NAMES as NAMES
from ga4_analytics.kernels.order import fill_runs, find_runs, grouped, sort_users


@dataclass(frozen=True)
class Arranged:
    """A segment and the dictionaries that read it.

    Attributes:
        segment: The rows.
        dictionaries: By column name; the event names under ``event_name``.
    """

    segment: Segment
    dictionaries: Mapping[str, Dictionary]


def arrange(
    rows: pa.Table,
    specs: Sequence[ColumnSpec],
    dictionaries: Mapping[str, Dictionary] | None = None,
) -> Arranged:
    """Order rows and lay them out as a segment.

    A user's rows are ordered by ``order_us``, the batch fields (nulls first) and ``event_id``.

    Args:
        rows: The columns of ``analytics.index_events`` in any order of rows, and one column
            under each spec's name: text, 64-bit integers, or lists of texts.
        specs: The columns to keep.
        dictionaries: What codes are taken; new values come after them.

    Returns:
        A segment of all users, with rows without a user under one null key.
    """
    coded = [spec.name for spec in specs if spec.kind in ("text", "texts")]
    known = {name: empty_dictionary() for name in (NAMES, *coded)} | dict(dictionaries or {})
    coders = Coders(known, by_count=NAMES)
    found = encoded(rows, specs, coders)
    longer, tables = coders.finish()
    return Arranged(lay_out(found, tables), longer)


def lay_out(rows: Rows, tables: Mapping[str, Codes]) -> Segment:
    """Order encoded rows and lay them out.

    Args:
        rows: All rows of their users.
        tables: Final code of each provisional one, by column.
    """
    keys, user = _users(rows.key)
    user_row = offsets_of(np.bincount(user, minlength=len(keys)))
    order = np.empty(len(rows), np.uint32)
    grouped(user, user_row[:-1].astype(np.int64), order)
    plain = rows.plain
    # Arrays that cannot be written are another type to a kernel: it would be compiled twice.
    tests = [np.require(plain[name], requirements="W") for name in ("time", *BATCH, "high", "low")]
    sort_users(order, user_row, *tests)
    columns: dict[str, NDArray[Any]] = {}
    offsets: dict[str, U32] = {}
    # Places of another type would be turned into this one again for each column.
    order = order.astype(np.intp)
    for name, values in rows.columns.items():
        if name in rows.offsets:
            offsets[name], values = _lists_in_order(rows.offsets[name], values, order)
        elif not all_null(values):
            values = values[order]
        columns[name] = tables[name][values] if name in tables else values
    made = _laid_out(rows, keys, user_row, order, tests[:4], tables[NAMES], columns, offsets)
    return _frozen(made)


def _users(key: pa.Array) -> tuple[pa.Array, NDArray[np.int32]]:
    """The distinct keys in byte order, null (nobody) last, and the place of each row's."""
    found = key.dictionary_encode()
    order = np.asarray(pc.array_sort_indices(found.dictionary), np.int64)
    place = np.empty(len(order) + 1, np.int32)
    place[order] = np.arange(len(order))
    place[-1] = len(order)
    keys = found.dictionary.take(pa.array(order))
    if key.null_count:
        keys = pa.concat_arrays([keys, pa.nulls(1, pa.string())])
    return keys, place[np.asarray(found.indices.fill_null(len(order)), dtype=np.int32)]


def _laid_out(
    rows: Rows,
    keys: pa.Array,
    user_row: U32,
    order: U32,
    tests: Sequence[NDArray[Any]],
    names: Codes,
    columns: Mapping[str, NDArray[Any]],
    offsets: Mapping[str, U32],
) -> Segment:
    """A segment of ordered rows."""
    users = len(keys)
    plain = {name: rows.plain[name][order] for name in ("day", "session", "flags", "bits")}
    # What rows were ordered by is at hand, and a spooled array is unpacked each time.
    time, *batch = tests
    plain["time"] = time[order]
    name = names[rows.plain["name"][order]]
    counts = [np.zeros(users + 1, np.int64) for _ in range(3)]
    user_names, touches = np.zeros(users, np.uint32), np.zeros(users, np.int64)
    find_runs(  # type: ignore[call-arg]
        user_row, order, plain["time"], *batch, plain["day"],
        plain["session"], name, rows.plain["touch"][order], plain["flags"], user_names, touches,
        *counts, NO_NUMBER,
    )  # fmt: skip
    run, visit, session = (np.cumsum(count).astype(np.uint32) for count in counts)
    runs, visits, sessions = (int(offset[-1]) for offset in (run, visit, session))
    highest = int(plain["session"].max(initial=0))
    run_row, run_day = np.empty(runs, np.uint32), np.empty(runs, np.uint16)
    visit_row, visit_session = np.empty(visits, np.uint32), np.empty(visits, code_type(highest))
    session_row, session_flags = np.empty(sessions, np.uint32), np.empty(sessions, np.uint8)
    user_day = np.zeros(users + 1, np.uint32)
    days, day_flags = np.empty(runs, np.uint16), np.empty(runs, np.uint8)
    fill_runs(
        user_row, plain["flags"], plain["day"], plain["session"], plain["bits"], run, visit,
        session, run_row, run_day, visit_row, visit_session, session_row, session_flags,
        user_day, days, day_flags,
    )  # fmt: skip
    return Segment(
        keys=keys, alive=np.ones(users, np.uint8), user_row=user_row, user_names=user_names,
        user_run=run, user_day=user_day, user_session=session, user_visit=visit,
        user_touch_us=touches, time_us=plain["time"], name=name, flags=plain["flags"],
        run_row=run_row, run_day=run_day, day=days[: user_day[-1]],
        day_flags=day_flags[: user_day[-1]], session_row=session_row,
        session_flags=session_flags, visit_row=visit_row, visit_session=visit_session,
        columns=columns, offsets=offsets,
    )  # fmt: skip


def _lists_in_order(offsets: U32, values: NDArray[Any], order: U32) -> tuple[U32, NDArray[Any]]:
    """Lists of rows in another order."""
    lengths = (offsets[1:].astype(np.int64) - offsets[:-1].astype(np.int64))[order]
    found = offsets_of(lengths)
    places = np.arange(int(found[-1])) + np.repeat(
        offsets[order].astype(np.int64) - found[:-1], lengths
    )
    return found, values[places]


def _frozen(segment: Segment) -> Segment:
    """The segment with arrays that cannot be written, as those read from files."""
    for value in (*vars(segment).values(), *segment.columns.values(), *segment.offsets.values()):
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return segment
