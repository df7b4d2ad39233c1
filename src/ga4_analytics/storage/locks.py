"""One writer at a time in a workspace."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from ga4_analytics.errors import BusyError


@contextlib.contextmanager
def exclusive(path: Path, doing: str, started_at: str) -> Iterator[None]:
    """Hold a lock file while the block runs.

    The kernel keeps the lock (``flock``), so it ends with the process, however it ends;
    the file's content only tells others who holds it.

    Args:
        path: The lock file; it stays after the block. Missing parent folders are made.
        doing: What the holder does, for the message that others get.
        started_at: When it began, for the same message.

    Yields:
        Nothing.

    Raises:
        BusyError: Another process, or another block of this one, holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(path, handle) from None
        _write_holder(handle, doing, started_at)
        yield
    finally:
        os.close(handle)


def _write_holder(handle: int, doing: str, started_at: str) -> None:
    holder = {
        "doing": doing,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started_at": started_at,
    }
    data = json.dumps(holder).encode("utf-8")
    os.ftruncate(handle, 0)
    os.pwrite(handle, data, 0)


def _busy(path: Path, handle: int) -> BusyError:
    try:
        holder = json.loads(os.pread(handle, 4096, 0))
        who = (
            f"{holder['doing']} (process {holder['pid']} on {holder['host']}, "
            f"since {holder['started_at']})"
        )
    except (ValueError, KeyError, TypeError):
        # Its holder has not written its name yet.
        who = "Another process"
    return BusyError(
        f"{who} holds the lock {path}.",
        rule="One process at a time may change a workspace.",
        remedy="Wait until it is done, or stop that process; the lock ends with it.",
    )
