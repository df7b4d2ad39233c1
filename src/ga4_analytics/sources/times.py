"""Timestamps that lack their zone or have another unit, read as the user says.

``--timestamps-in ZONE`` gives ISO times without a zone the zone's offset: a time that comes
twice, when clocks go back, is the first of the two; a time that never was, when they go
forward, is refused. ``--timestamp-unit s`` or ``ms`` turns seconds or milliseconds since
1970 into microseconds. Times with a zone of their own keep it.
"""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ga4_analytics.sources.batches import TEXT
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.sources.zones import SECOND, transitions

FIRST_DAY, LAST_DAY = date(2005, 1, 1), date(2100, 1, 1)
_ISO = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.]\d{1,9})?)?$"
_DIGITS = {"s": (r"^\d{9,10}([.]\d+)?$", 1_000_000), "ms": (r"^\d{12,13}([.]\d+)?$", 1_000)}


def with_zone(column: pa.Array, options: ColumnOptions) -> pa.Array:
    """Timestamps as microseconds where the options say how to read them.

    Args:
        column: Their texts.
        options: The user's ``--timestamps-in`` and ``--timestamp-unit``.

    >>> said = ColumnOptions({}, {}, timestamps_in="Europe/Berlin")
    >>> with_zone(pa.array(["2026-07-01 02:00:00", "2026-07-01T00:00:00Z"]), said).to_pylist()
    ['1782864000000000', '2026-07-01T00:00:00Z']
    """
    if options.timestamps_in:
        column = _localised(column, options.timestamps_in)
    if options.timestamp_unit in _DIGITS:
        pattern, factor = _DIGITS[options.timestamp_unit]
        column = _run(
            column,
            f"case when regexp_matches(trim(x), '{pattern}') then "
            f"try_cast(try_cast(trim(x) as decimal(32, 9)) * {factor} as bigint)::varchar "
            "else x end",
        )
    return column


def _localised(column: pa.Array, zone: str) -> pa.Array:
    naive = _run(
        column,
        f"case when regexp_matches(trim(x), '{_ISO}') "
        "then epoch_us(try_cast(trim(x) as timestamp)) end",
    )
    known = naive.is_valid().to_numpy(zero_copy_only=False)
    if not known.any():
        return column
    moments, exists = to_utc(naive.fill_null(0).to_numpy(zero_copy_only=False), zone)
    texts = column.to_pylist()
    for row in np.flatnonzero(known):
        texts[row] = str(moments[row]) if exists[row] else f"no such time in {zone}: {texts[row]}"
    return pa.array(texts, TEXT)


def to_utc(
    local: npt.NDArray[np.int64], zone: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Microseconds UTC of wall-clock microseconds in a zone.

    Args:
        local: Microseconds from 1970-01-01T00:00 to the time that a clock there shows.
        zone: An IANA zone.

    Returns:
        Microseconds UTC, the first of two where a time comes twice, and whether there is such
        a time at all.
    """
    changes = transitions(zone, FIRST_DAY, LAST_DAY)
    offsets = np.array([change.offset_min for change in changes], np.int64) * 60 * SECOND
    starts = np.array([change.start_us for change in changes], np.int64)
    before = np.concatenate([offsets[:1], offsets[:-1]])
    begin = starts + np.maximum(offsets, before)
    at = np.maximum(np.searchsorted(begin, local, side="right") - 1, 0)
    following = np.minimum(at + 1, len(starts) - 1)
    moments = local - offsets[at]
    skipped = (following > at) & (moments >= starts[following]) & (offsets[following] > offsets[at])
    return moments, ~skipped


def _run(column: pa.Array, sql: str) -> pa.Array:
    given = pa.table({"x": column})
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.register("given", given)
        done = engine.execute(f"select {sql} as y from given").to_arrow_table()
    return done.column("y").combine_chunks()
