"""A segment as one file: a head in JSON, then flat little-endian arrays, 64-byte aligned.

An array that equals another (a user's days and their runs, mostly) is stored once; a column
of numbers that are all null is only named.
"""

from __future__ import annotations

import errno
import hashlib
import json
import mmap
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ga4_analytics.errors import StaleError
from ga4_analytics.index.columns import NO_NUMBER
from ga4_analytics.index.dictionary import code_type
from ga4_analytics.index.layout import FORMAT, U8, Columns, Segment
from ga4_analytics.index.rows import all_null, text_buffers
from ga4_analytics.storage.atomic import atomic_file

MAGIC = b"GA4INDEX"
ALIGNMENT = 64
_ALIASES = {
    "user_day": "user_run",
    "day": "run_day",
    "user_visit": "user_session",
    "visit_row": "session_row",
}
_PROPERTY = "column."
_OFFSETS = "offsets."


@dataclass(frozen=True)
class FileFacts:
    """A file of an index that never changes.

    Attributes:
        file: Its name within the index's folder.
        bytes: Its size.
        sha256: Checksum of its bytes.
    """

    file: str
    bytes: int
    sha256: str


def write_segment(segment: Segment, root: Path, folder: str = "segments") -> FileFacts:
    """Write a segment to a file that is named by its content.

    Args:
        segment: The segment; who is alive in it is not written.
        root: The index's folder.
        folder: Where in it.

    Raises:
        OSError: The disk is full or cannot be written; no file is left.
    """
    nulls = [name for name, values in segment.columns.items() if all_null(values)]
    arrays, aliases = _stored(segment, nulls)
    places: dict[str, Any] = {}
    at = 0
    for name, values in arrays.items():
        places[name] = [values.dtype.str, len(values), at]
        at += _padded(values.nbytes)
    head = {
        "format": FORMAT, "users": segment.users, "rows": segment.rows, "arrays": places,
        "aliases": aliases, "nulls": nulls, "nobody": bool(segment.keys.null_count),
    }  # fmt: skip
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    start = MAGIC + np.uint64(len(text)).tobytes() + text
    start += b"\0" * (_padded(len(start)) - len(start))
    return write_named(root, folder, "seg", [start, *arrays.values()])


def write_named(
    root: Path, folder: str, ending: str, pieces: list[bytes | NDArray[Any]]
) -> FileFacts:
    """Write pieces, each padded to 64 bytes, to a file named by its checksum.

    Raises:
        OSError: The disk is full or cannot be written; no file is left.
    """
    digest = hashlib.sha256()
    sizes = [len(piece) if isinstance(piece, bytes) else piece.nbytes for piece in pieces]
    total = sum(map(_padded, sizes))
    views = [
        memoryview(piece if isinstance(piece, bytes) else piece.view(np.uint8).data)
        for piece in pieces
    ]
    for view, size in zip(views, sizes, strict=True):
        digest.update(view)
        digest.update(bytes(_padded(size) - size))
    name = f"{folder}/{digest.hexdigest()[:24]}.{ending}"
    with atomic_file(root / name) as draft, draft.open("wb", buffering=0) as file:
        _preallocate(file.fileno(), total)
        for view, size in zip(views, sizes, strict=True):
            _write_all(file.fileno(), view)
            _write_all(file.fileno(), memoryview(bytes(_padded(size) - size)))
    return FileFacts(name, total, digest.hexdigest())


def read_segment(root: Path, facts: FileFacts, dead: NDArray[np.uint32] | None = None) -> Segment:
    """Map a segment's file into memory, read-only.

    Args:
        root: The index's folder.
        facts: The file.
        dead: Users who count no more.

    Raises:
        StaleError: The file is gone, has another size or a format that is not known.
    """
    data = mapped(root, facts)
    head, start = _head(data, facts)
    base = np.frombuffer(data, np.uint8)

    def array(name: str) -> NDArray[Any]:
        dtype, count, at = head["arrays"][head["aliases"].get(name, name)]
        first = start + int(at)
        size = count * np.dtype(dtype).itemsize
        found: NDArray[Any] = base[first : first + size].view(dtype)
        return found

    alive: U8 = np.ones(head["users"], np.uint8)
    if dead is not None:
        alive[dead] = 0
    alive.setflags(write=False)
    touch = array("user_touch_us") if "user_touch_us" in head["arrays"] else _no_touch(head)
    stored = head["arrays"].keys() | head["aliases"].keys()
    fields = {name: array(name) for name in _flat_fields() if name in stored}
    if "visit_session" not in stored:
        fields["visit_session"] = _counted(fields["user_session"])
        fields["visit_session"].setflags(write=False)
    return Segment(
        keys=_keys(head, array),
        alive=alive,
        user_touch_us=touch,
        columns=Columns(_those(head, _PROPERTY, array), head["nulls"], NO_NUMBER, head["rows"]),
        offsets=_those(head, _OFFSETS, array),
        **fields,
    )


def mapped(root: Path, facts: FileFacts) -> mmap.mmap:
    """A file's bytes, mapped read-only.

    Raises:
        StaleError: It is gone or has another size.
    """
    try:
        with (root / facts.file).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == facts.bytes and size:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            problem = f"has {size:,} bytes instead of {facts.bytes:,}"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    raise StaleError(
        f"The index file {root / facts.file} {problem}.",
        rule="Files of an index never change.",
        remedy="Build the index again with `ga4 build`.",
    )


def _stored(
    segment: Segment, nulls: Sequence[str]
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The arrays to write by name, and the names of those that equal another."""
    keys = segment.keys.drop_null()
    at, data = text_buffers(keys)
    arrays: dict[str, NDArray[Any]] = {
        "keys.offsets": (at - at[0]).astype(np.uint32),
        "keys.data": data[at[0] : at[-1]],
    }
    aliases = {}
    for name in _flat_fields():
        values = getattr(segment, name)
        other = _ALIASES.get(name)
        if other is not None and np.array_equal(values, getattr(segment, other)):
            aliases[name] = other
        elif name != "visit_session" or not _is_counted(segment):
            arrays[name] = values
    if (segment.user_touch_us != NO_NUMBER).any():
        arrays["user_touch_us"] = segment.user_touch_us
    arrays |= {
        _PROPERTY + name: values for name, values in segment.columns.items() if name not in nulls
    }
    arrays |= {_OFFSETS + name: values for name, values in segment.offsets.items()}
    little = {
        name: np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        for name, values in arrays.items()
    }
    return little, aliases


def _is_counted(segment: Segment) -> bool:
    """Whether visits are the sessions, one after the other."""
    same = np.array_equal(segment.user_visit, segment.user_session)
    return same and np.array_equal(segment.visit_session, _counted(segment.user_session))


def _counted(offsets: NDArray[np.uint32]) -> NDArray[Any]:
    """1, 2, ... for what each user owns.

    >>> _counted(np.array([0, 2, 2, 3], np.uint32)).tolist()
    [1, 2, 1]
    """
    starts = offsets[:-1].astype(np.int64)
    counts = offsets[1:].astype(np.int64) - starts
    found = np.arange(1, len(counts) and int(offsets[-1]) + 1) - np.repeat(starts, counts)
    return found.astype(code_type(int(found.max(initial=0))))


def _flat_fields() -> tuple[str, ...]:
    apart = {"keys", "alive", "user_touch_us", "columns", "offsets"}
    return tuple(name for name in Segment.__dataclass_fields__ if name not in apart)


def _no_touch(head: Mapping[str, Any]) -> NDArray[np.int64]:
    values = np.full(head["users"], NO_NUMBER, np.int64)
    values.setflags(write=False)
    return values


def _keys(head: Mapping[str, Any], array: Any) -> pa.Array:
    offsets, data = array("keys.offsets"), array("keys.data")
    keys = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
    return pa.concat_arrays([keys, pa.nulls(1, pa.string())]) if head["nobody"] else keys


def _those(head: Mapping[str, Any], prefix: str, array: Any) -> dict[str, NDArray[Any]]:
    found = [name for name in head["arrays"] if name.startswith(prefix)]
    return {name.removeprefix(prefix): array(name) for name in found}


def _head(data: mmap.mmap, facts: FileFacts) -> tuple[dict[str, Any], int]:
    fits = len(data) >= 16 and data[:8] == MAGIC
    size = int.from_bytes(data[8:16], "little") if fits else 0
    try:
        head = json.loads(data[16 : 16 + size]) if fits else {}
    except ValueError:
        head = {}
    if head.get("format") != FORMAT:
        raise StaleError(
            f"The index file {facts.file} has format {head.get('format')!r}.",
            rule=f"This version reads format {FORMAT}.",
            remedy="Build the index again with `ga4 build`.",
        )
    return head, _padded(16 + size)


def _padded(size: int) -> int:
    """A size rounded up to the alignment.

    >>> _padded(1), _padded(64)
    (64, 64)
    """
    return -(-size // ALIGNMENT) * ALIGNMENT


def _preallocate(handle: int, size: int) -> None:
    if not size:
        return
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        # Some file systems cannot reserve room; there a full disk shows while writing.
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise


def _write_all(handle: int, view: memoryview) -> None:
    while len(view):
        view = view[os.write(handle, view[: 1 << 30]) :]
