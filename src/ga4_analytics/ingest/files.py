"""Which files a load reads, and what they are."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ga4_analytics.errors import LoadError, SourceError
from ga4_analytics.sources.detect import Detected, detect
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.storage.checksums import sha256_file

SECOND = 1_000_000


@dataclass(frozen=True)
class InputFile:
    """One file of a load.

    Attributes:
        name: The file as the user named it.
        detected: What it is.
        sha256: Checksum of its bytes.
        size: Its bytes.
        modified_us: When it was last written, microseconds UTC.
    """

    name: str
    detected: Detected
    sha256: str
    size: int
    modified_us: int


def expand(paths: Sequence[str]) -> list[Path]:
    """The files that paths, folders and globs name, each once, in order of name.

    Raises:
        SourceError: A path names nothing.
    """
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text).expanduser()
        if path.is_dir():
            inside = sorted(item for item in path.rglob("*") if _is_data(item, path))
        elif path.exists():
            inside = [path]
        else:
            inside = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
            inside = [item for item in inside if item.is_file()]
        if not inside:
            raise SourceError(
                f"{text} names no file.",
                rule="A path is a file, a folder with files, or a pattern such as 'export/*.gz'.",
                remedy="Check its spelling; quote patterns so that the shell leaves them alone.",
            )
        found.update(dict.fromkeys(inside))
    return list(found)


def _is_data(item: Path, folder: Path) -> bool:
    inside = item.relative_to(folder).parts
    return item.is_file() and not any(part.startswith((".", "_")) for part in inside)


def inspect(paths: Sequence[Path], options: ColumnOptions) -> list[InputFile]:
    """Detect and checksum every file before anything is read from it.

    Raises:
        SourceError: A file is nothing that we read.
        LoadError: Daily and intraday tables are mixed.
    """
    files = []
    for path in paths:
        detected = detect(path, options)
        stat = path.stat()
        files.append(
            InputFile(
                str(path),
                detected,
                sha256_file(path),
                stat.st_size,
                stat.st_mtime_ns // 1000,
            )
        )
    _check_kinds(files)
    return _once(files)


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
        now = path.stat() if path.exists() else None
        if now is None or (now.st_size, now.st_mtime_ns // 1000) != (file.size, file.modified_us):
            raise LoadError(
                f"{file.name} was {'written' if now else 'removed'} while it was read.",
                rule="A file must stay as it is while it is loaded. Nothing was changed.",
                remedy="Wait until its export or copy is done, and load again.",
            )
