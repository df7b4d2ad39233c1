"""Zip archives: their data files are unpacked beside the warehouse for as long as a load runs."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ga4_analytics.errors import DamagedFileError, SourceError, UnknownShapeError

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
UNPACKED = "unpacked"
_ENCRYPTED = 0x1
_CHUNK = 1 << 20


@contextmanager
def unpacking(state_dir: Path) -> Iterator[Path]:
    """A folder for unpacked files; what a killed run left in it is removed first.

    Args:
        state_dir: The workspace's state folder; its lock is held.
    """
    folder = state_dir / UNPACKED
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip archive does.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return file.read(4) in ZIP_MAGICS


def unpack(path: Path, folder: Path) -> list[tuple[str, Path]]:
    """Unpack the data files of a zip archive.

    Args:
        path: The archive.
        folder: Where to; made where it is not there.

    Returns:
        Each file's name, as ``archive.zip/member.csv``, and where it is now.

    Raises:
        UnknownShapeError: It is a spreadsheet, is encrypted, or holds another archive.
        DamagedFileError: It is cut off, or a checksum differs.
        SourceError: It holds no data file, or more than the disk has room for.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path)
            _check_room(members, folder, path)
            return [
                (f"{path}/{member.filename}", _unpacked(archive, member, folder / path.name, path))
                for member in members
            ]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DamagedFileError(
            f"{path} is a damaged zip archive: {error}.",
            rule="A compressed file must be whole.",
            remedy="Copy or export it again, or unzip it by hand.",
        ) from error


def _members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """The archive's data files, in order of name."""
    names = set(archive.namelist())
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise UnknownShapeError(
            f"{path} is a spreadsheet or another office document.",
            rule="We read CSV, NDJSON and Parquet; spreadsheets round long numbers.",
            remedy="Load the export itself. If there is none, save the sheet as CSV, with the "
            "ids and timestamps as text.",
        )
    for member in archive.infolist():
        inside = PurePosixPath(member.filename)
        if inside.is_absolute() or ".." in inside.parts:
            raise DamagedFileError(
                f"{path}: the member {member.filename!r} would be outside of the archive.",
                rule="The names of members stay below the archive.",
                remedy="Do not trust this archive.",
            )
    found = sorted(
        (member for member in archive.infolist() if _is_data(member)),
        key=lambda member: member.filename,
    )
    if not found:
        raise SourceError(
            f"{path} holds no data file.",
            rule="A zip archive must hold at least one file that is not hidden.",
            remedy="Leave it out, or export it again.",
        )
    for member in found:
        if member.flag_bits & _ENCRYPTED:
            raise UnknownShapeError(
                f"{path}/{member.filename} is encrypted.",
                rule="Archives are read without a password.",
                remedy="Unzip it with its password, and load what was in it.",
            )
        _refuse_nested(archive, member, path)
    return found


def _is_data(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename).parts
    return not member.is_dir() and not any(part.startswith((".", "_")) for part in parts)


def _refuse_nested(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    with archive.open(member) as file:
        if file.read(4) in ZIP_MAGICS:
            raise UnknownShapeError(
                f"{path}/{member.filename} is a zip archive within a zip archive.",
                rule="Archives are unpacked once.",
                remedy="Unzip the outer one, and load what was in it.",
            )


def _check_room(members: Sequence[zipfile.ZipInfo], folder: Path, path: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    size = sum(member.file_size for member in members)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise SourceError(
            f"{path} holds {size:,} bytes, and the disk of {folder} has {free:,} free.",
            rule="An archive is unpacked before it is read.",
            remedy="Make room, or unzip it elsewhere and load what was in it.",
        )


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, path: Path) -> Path:
    target = folder / PurePosixPath(member.filename)
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, target.open("wb") as file:
        try:
            shutil.copyfileobj(packed, file, _CHUNK)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise DamagedFileError(
                f"{path}/{member.filename} is damaged: {error}.",
                rule="A compressed file must be whole.",
                remedy="Copy or export the archive again.",
            ) from error
    return target
