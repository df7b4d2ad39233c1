"""Files and folders that are there whole or not at all.

What is being written stands in a working folder beside its target and comes into place
by one rename. The writer holds a kernel lock on the working folder; the kernel frees it
when the process dies, so a working folder that can be locked is a dead process's
leftover, whatever its process id, host or container was.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

_SUFFIX = ".partial"


@contextlib.contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Give a path to write to, and put the file in place when the block ends well.

    Args:
        target: Where the file shall be; an older file is replaced by one rename, and a
            link is followed. Missing parent folders are made.

    Yields:
        A path beside the target, with the target's file name.

    Raises:
        OSError: The file cannot be written; the target is as it was.
    """
    target = Path(os.path.realpath(target))
    with _working_folder(target) as folder:
        draft = folder / target.name
        yield draft
        _sync(draft)
        draft.replace(target)
        _sync(target.parent)


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill, and put it in place when the block ends well.

    Args:
        target: Where the folder shall be. It must not exist yet: no file system swaps two
            filled folders in one portable step, so whoever replaces folders writes a new
            one and switches a small file with `write_text`.

    Yields:
        An empty folder beside the target, with the target's name.

    Raises:
        FileExistsError: The target is there already.
        OSError: A file cannot be written; there is no target then.
    """
    target = Path(os.path.realpath(target))
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    with _working_folder(target) as folder:
        draft = folder / target.name
        draft.mkdir()
        yield draft
        for path in [*draft.rglob("*"), draft]:
            _sync(path)
        draft.rename(target)
        _sync(target.parent)


def write_text(target: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all, with line ends as given.

    Args:
        target: Where the file shall be.
        text: Its content.

    Raises:
        OSError: The file cannot be written; the target is as it was.
    """
    with atomic_file(target) as draft:
        draft.write_bytes(text.encode("utf-8"))


def remove_leftovers(folder: Path) -> list[Path]:
    """Remove the working folders that dead processes left in a folder.

    Args:
        folder: Looked at without its subfolders; need not exist.

    Returns:
        What was removed, in order of name.
    """
    removed = []
    for path in sorted(folder.glob(f".*{_SUFFIX}")):
        handle = _try_lock(path)
        if handle is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(handle)
            removed.append(path)
    return removed


@contextlib.contextmanager
def _working_folder(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    folder, handle = _make_locked(target)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _make_locked(target: Path) -> tuple[Path, int]:
    # Between mkdir and the lock another process may take the folder for a leftover and
    # remove it; the lock then fails and a new name is tried.
    while True:
        folder = target.parent / f".{target.name}.{secrets.token_hex(4)}{_SUFFIX}"
        folder.mkdir()
        handle = _try_lock(folder)
        if handle is not None:
            return folder, handle


def _try_lock(folder: Path) -> int | None:
    """Lock a folder that still stands under its name; the caller closes the handle."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None


def _sync(path: Path) -> None:
    """Ask the kernel to put a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems refuse to sync a folder; a file must be synced.
        if path.is_file() or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
