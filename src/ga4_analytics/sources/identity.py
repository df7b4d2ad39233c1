"""Which event is which: the id that an event keeps on every run and every engine.

An event's key is one line of canonical JSON; its id is the version 5 UUID (RFC 9562) of
that line in our namespace. Two schemes:

``ga4``
    for files that carry timestamp, session and parameters: the array
    ``[event_date, stream_id, user_pseudo_id, ga_session_id, event_name, event_timestamp,
    event_params, batch_page_id, batch_ordering_id, batch_event_index]``. Equal keys are
    one event exported twice.
``columns``
    for other files: the object of all the canonical columns that have a value, sorted by
    name. Equal keys may be two events that look alike, so they are counted and kept.

In both every value is text, dates are ``YYYY-MM-DD``, money is micro-units, nothing stands
between the tokens, control characters are written with capitals (``\\u001F``); a missing value
is null in the array and absent from the object. The n-th repeat of a key (n = 1, 2, ...) has
the version 5 UUID of the text n in the namespace of the first one's id.
"""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import pyarrow as pa

from ga4_analytics.kernels import sha1 as kernel

NAMESPACE: UUID = uuid5(NAMESPACE_URL, "ga4-product-analytics:event")
"""Namespace of event ids; changing it changes every id."""

GA4_KEY: tuple[str, ...] = (
    "event_date",
    "stream_id",
    "user_pseudo_id",
    "ga_session_id",
    "event_name",
    "event_timestamp",
    "event_params",
    "batch_page_id",
    "batch_ordering_id",
    "batch_event_index",
)
"""Columns of a ``ga4`` key, in order."""


def array_key_sql(columns: dict[str, str], texts: frozenset[str]) -> str:
    """DuckDB SQL for a ``ga4`` key.

    Args:
        columns: Column name to SQL for its value, at least those of `GA4_KEY`.
        texts: Columns whose text can need escaping; that of the others is put in as it is.
    """
    parts = (
        f"coalesce(to_json({columns[name]})::varchar, 'null')"
        if name in texts
        else f"coalesce('\"' || ({columns[name]})::varchar || '\"', 'null')"
        for name in GA4_KEY
    )
    return "'[' || concat_ws(',', " + ", ".join(parts) + ") || ']'"


def object_key_sql(columns: dict[str, str], texts: frozenset[str]) -> str:
    """DuckDB SQL for a ``columns`` key.

    Args:
        columns: Column name to SQL for its value.
        texts: Columns whose text can need escaping; that of the others is put in as it is.
    """
    parts = (f"'\"{name}\":\"' || {_inside(sql, name in texts)}"
             for name, sql in sorted(columns.items()))  # fmt: skip
    return "'{' || concat_ws('\",', " + ", ".join(parts) + ") || '\"}'"


def _inside(sql: str, escaped: bool) -> str:
    """SQL for a value as it stands between the quotes of JSON."""
    if not escaped:
        return f"({sql})::varchar"
    quoted = f"to_json({sql})::varchar"
    return f"substr({quoted}, 2, length({quoted}) - 2)"


def hashed_sql(namespace: UUID, name: str) -> str:
    """DuckDB SQL for the bytes of which a version 5 UUID has the SHA-1."""
    blob = "".join(f"\\x{byte:02x}" for byte in namespace.bytes)
    return f"'{blob}'::blob || encode({name})"


def uuid5_sql(digest: str) -> str:
    """DuckDB SQL that lays a SHA-1 in hexadecimal out as a version 5 UUID.

    Args:
        digest: SQL for the digest; a column, as it is used several times.

    >>> import duckdb
    >>> key = "select sha1(" + hashed_sql(NAMESPACE, "'x'") + ") as h"
    >>> duckdb.sql(f"select {uuid5_sql('h')} from ({key})").fetchone()[0] == str(
    ...     uuid5(NAMESPACE, "x"))
    True
    """
    nibble = f"strpos('0123456789abcdef', substr({digest}, 17, 1)) - 1"
    return (
        f"substr({digest}, 1, 8) || '-' || substr({digest}, 9, 4) || '-5' || "
        f"substr({digest}, 14, 3) || '-' || substr('89ab', ({nibble}) % 4 + 1, 1) || "
        f"substr({digest}, 18, 3) || '-' || substr({digest}, 21, 12)"
    )


def uuids(texts: pa.Array) -> pa.Array:
    """The version 5 UUIDs of texts that begin with their namespace.

    Args:
        texts: Binary, none null.

    >>> uuids(pa.array([NAMESPACE.bytes + b"x"]))[0].as_py() == str(uuid5(NAMESPACE, "x"))
    True
    """
    count = len(texts)
    if not count:
        return pa.array([], pa.string())
    ends = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + count + 1]
    data = np.frombuffer(texts.buffers()[2], np.uint8)
    for part in (ends, data):
        part.flags.writeable = False  # kernels are compiled anew for arrays of another kind
    digests, made = np.empty((count, 20), np.uint8), np.empty((count, 36), np.uint8)
    kernel.sha1s(data, ends, digests)
    kernel.uuid_texts(digests, made)
    starts = np.arange(0, 36 * count + 1, 36, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(starts), pa.py_buffer(made)]
    )


_ESCAPED = np.zeros(256, bool)
_ESCAPED[[*range(32), ord('"'), ord("\\")]] = True


def needs_escaping(texts: pa.ChunkedArray) -> bool:
    """Whether any text holds a character that JSON escapes.

    >>> needs_escaping(pa.chunked_array([["plain", None], ["Türkiye"]]))
    False
    >>> needs_escaping(pa.chunked_array([["a", 'say "b"']]).slice(1))
    True
    """
    for chunk in texts.chunks:
        if len(chunk) == 0 or chunk.buffers()[2] is None:
            continue
        bounds = np.frombuffer(chunk.buffers()[1], np.int32)
        first, last = bounds[chunk.offset], bounds[chunk.offset + len(chunk)]
        if _ESCAPED[np.frombuffer(chunk.buffers()[2], np.uint8)[first:last]].any():
            return True
    return False


def repeat_id(first_id: str, ordinal: int) -> str:
    """The id of the n-th repeat of an event.

    >>> repeat_id("00000000-0000-5000-8000-000000000000", 1)
    'a44fed86-13e3-540b-a8e8-73f1e4d0522d'
    """
    return str(uuid5(UUID(first_id), str(ordinal)))
