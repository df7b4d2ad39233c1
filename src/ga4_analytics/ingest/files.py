"""Which files a load reads, and what they are."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ga4_analytics.errors import LoadError, SourceError
from ga4_analytics.ingest.archives import is_zip, unpack
from ga4_analytics.sources.batches import Reject
from ga4_analytics.sources.detect import Detected, detect
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.storage.checksums import sha256_file

SECOND = 1_000_000


@dataclass(frozen=True)
class InputFile:
    """One file of a load.

    Attributes:
        name: The file as the user named it; a zip's member as ``archive.zip/member``.
        detected: What it is.
        sha256: Checksum of its bytes.
        size: Its bytes.
        modified_us: When it, or its archive, was last written, microseconds UTC.
    """

    name: str
    detected: Detected
    sha256: str
    size: int
    modified_us: int


@dataclass(frozen=True)
class Inspected:
    """What was found among the files of a load.

    Attributes:
        files: Those that can be read.
        left_out: Names of those that cannot, each with a reject that says why.
    """

    files: list[InputFile]
    left_out: tuple[tuple[str, Reject], ...]


def expand(paths: Sequence[str]) -> list[Path]:
    """The files that paths, folders and globs name, each once, in order of name.

    Broken links, and folders that cannot be listed, are among them: whoever reads them says
    what is wrong.

    Raises:
        SourceError: A path names nothing.
    """
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text).expanduser()
        if path.is_dir():
            inside = sorted(_inside(path))
        elif path.exists() or path.is_symlink():
            inside = [path]
        else:
            inside = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
            inside = [item for item in inside if not item.is_dir()]
        if not inside:
            raise SourceError(
                f"{text} names no file.",
                rule="A path is a file, a folder with files, or a pattern such as 'export/*.gz'.",
                remedy="Check its spelling; quote patterns so that the shell leaves them alone.",
            )
        found.update(dict.fromkeys(inside))
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    """The files below a folder that are not hidden, and the folders that cannot be listed."""
    closed: list[Path] = []
    for parent, folders, names in os.walk(
        folder, onerror=lambda error: closed.append(Path(str(error.filename)))
    ):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        yield from (Path(parent) / name for name in names if not name.startswith((".", "_")))
    yield from closed


def inspect(
    paths: Sequence[Path], options: ColumnOptions, unpacked: Path, *, skip_unreadable: bool = False
) -> Inspected:
    """Detect and checksum every file before anything is read from it.

    Args:
        paths: The files.
        options: What the user said of their columns.
        unpacked: Where the members of archives go, see `archives.unpacking`.
        skip_unreadable: Leave out what cannot be read.

    Raises:
        SourceError: One or more files are nothing that we read; all of them are named.
        LoadError: Daily and intraday tables are mixed.
    """
    files: list[InputFile] = []
    bad: list[tuple[str, SourceError]] = []
    for number, path in enumerate(paths):
        for name, place in _members(path, unpacked / str(number), bad):
            try:
                files.append(_inspected(name, place, path, options))
            except SourceError as error:
                bad.append((name, error))
    if bad and not (skip_unreadable and files):
        raise _together(bad, len(files))
    _check_kinds(files)
    return Inspected(_once(files), tuple((name, _left_out(error)) for name, error in bad))


@contextmanager
def told_as(path: Path, name: str) -> Iterator[None]:
    """Name a file in errors as the user knows it, wherever it was unpacked to."""
    try:
        yield
    except SourceError as error:
        if str(path) == name:
            raise
        raise type(error)(
            error.problem.replace(str(path), name), rule=error.rule, remedy=error.remedy
        ) from error


def _members(
    path: Path, folder: Path, bad: list[tuple[str, SourceError]]
) -> list[tuple[str, Path]]:
    """A file itself, or the members of an archive; none where it cannot be unpacked."""
    try:
        if path.is_file() and is_zip(path):
            return unpack(path, folder)
    except SourceError as error:
        bad.append((str(path), error))
        return []
    except OSError as error:
        bad.append((str(path), _unreadable(path, error)))
        return []
    return [(str(path), path)]


def _inspected(name: str, place: Path, path: Path, options: ColumnOptions) -> InputFile:
    with told_as(place, name):
        detected = detect(place, options)
        try:
            stat = place.stat()
            digest = sha256_file(place)
            modified_us = path.stat().st_mtime_ns // 1000
        except OSError as error:
            raise _unreadable(place, error) from error
    return InputFile(name, detected, digest, stat.st_size, modified_us)


def _unreadable(path: Path, error: OSError) -> SourceError:
    return SourceError(
        f"{path} cannot be read: {error.strerror or error}.",
        rule="Files must be readable.",
        remedy="Check its name and its permissions.",
    )


def _together(bad: Sequence[tuple[str, SourceError]], good: int) -> SourceError:
    """One error that names every file that cannot be read."""
    if len(bad) == 1 and not good:
        return bad[0][1]
    if len(bad) == 1:
        error = bad[0][1]
        remedy = f"{error.remedy} Or leave it out with --skip-unreadable."
        return type(error)(error.problem, rule=error.rule, remedy=remedy)
    listed = "\n".join(f"- {error}" for _, error in bad)
    return SourceError(
        f"{len(bad)} files cannot be read:\n{listed}\n",
        rule="A load reads all of its files or none; nothing was loaded.",
        remedy="Mend or remove them"
        + (", or leave them out with --skip-unreadable." if good else "."),
    )


def _left_out(error: SourceError) -> Reject:
    return Reject(0, None, "unreadable_file", str(error), "")


def _check_kinds(files: Sequence[InputFile]) -> None:
    kinds = sorted({file.detected.table_kind for file in files})
    if len(kinds) > 1 and "flat" in kinds:
        raise LoadError(
            f"The files are of different kinds: {', '.join(kinds)}.",
            rule="One load takes tables of the export, or flat files: together they would count "
            "a day twice.",
            remedy="Load the daily tables (events_YYYYMMDD) alone.",
        )
    folded = {file.detected.shape == "item CSV" for file in files}
    if len(folded) > 1:
        raise LoadError(
            "Some files have one line per item, others one per event.",
            rule="Lines of items are folded into events, lines of events are not.",
            remedy="Load them in two commands.",
        )


def _once(files: Sequence[InputFile]) -> list[InputFile]:
    """Leave out files whose bytes are there already."""
    kept: dict[str, InputFile] = {}
    for file in files:
        kept.setdefault(file.sha256, file)
    return list(kept.values())


def check_unchanged(files: Sequence[InputFile]) -> None:
    """Refuse files that were written while they were read.

    Raises:
        LoadError: A file has another size or time than before it was read, or is gone.
    """
    for file in files:
        path = file.detected.path
        if file.name != str(path):
            continue  # a member of an archive, unpacked for us
        now = path.stat() if path.exists() else None
        if now is None or (now.st_size, now.st_mtime_ns // 1000) != (file.size, file.modified_us):
            raise LoadError(
                f"{file.name} was {'written' if now else 'removed'} while it was read.",
                rule="A file must stay as it is while it is loaded. Nothing was changed.",
                remedy="Wait until its export or copy is done, and load again.",
            )
