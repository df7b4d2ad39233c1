"""A folder that takes long to fill: what is there of it is kept, and whole it comes into place."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def resumable_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill, as an earlier try left it, and put it in place at the end.

    Where the target is there already, it goes away by one rename and the new one comes by the
    next; a process that dies between the two leaves the old one to be put back here.

    Args:
        target: Where the folder shall be. Missing parent folders are made.

    Yields:
        ``.NAME.unfinished`` beside the target. It stays when the block fails.

    Raises:
        BlockingIOError: Another process fills it.
        OSError: The folder cannot be made or moved.
    """
    target = Path(os.path.realpath(target))
    draft = target.with_name(f".{target.name}.unfinished")
    draft.mkdir(parents=True, exist_ok=True)
    handle = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(
                errno.EAGAIN, "Another process is filling this folder", str(draft)
            ) from None
        _put_back(target)
        yield draft
        # One call for thousands of files; to sync each by itself takes longer than to write them.
        os.sync()
        if target.exists():
            target.rename(_replaced(target))
        draft.rename(target)
        _put_back(target)
    finally:
        os.close(handle)


def _replaced(target: Path) -> Path:
    return target.with_name(f".{target.name}.replaced")


def _put_back(target: Path) -> None:
    """Remove the folder that was replaced, or put it back where nothing came in its place."""
    old = _replaced(target)
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)
