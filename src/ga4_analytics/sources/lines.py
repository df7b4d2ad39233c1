"""Reading text files in blocks of whole records, gzip or plain, with line numbers."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ga4_analytics.errors import DamagedFileError, SourceError

BLOCK_BYTES = 8 << 20
MAX_RECORD_BYTES = 64 << 20
GZIP_MAGIC = b"\x1f\x8b"
UTF8_BOM = b"\xef\xbb\xbf"

Seen = Callable[[int], None]
"""Told how many bytes of the file on disk have been read so far."""


@dataclass(frozen=True)
class Block:
    """Whole records of a text file.

    Attributes:
        first_line: Line number of its first line, from 1.
        data: Its bytes; every record in it is whole.
    """

    first_line: int
    data: bytes


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """Open a file, through gzip where its first bytes say so.

    Yields:
        The stream of plain bytes, and a function that tells how many bytes of the file
        on disk have been read.
    """
    with path.open("rb") as raw:
        zipped = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        if zipped:
            with gzip.GzipFile(fileobj=raw) as plain:
                yield cast(BinaryIO, plain), raw.tell
        else:
            yield raw, raw.tell


def head(path: Path, size: int = 1 << 20) -> bytes:
    """The first bytes of a file's plain content, for telling what it is."""
    with opened(path) as (stream, _):
        return _read(stream, size, path)


def blocks(
    path: Path,
    *,
    quoted: bool,
    seen: Seen = lambda position: None,
    size: int = BLOCK_BYTES,
) -> Iterator[Block]:
    """Cut a text file into blocks that end where a record ends.

    Args:
        path: The file, plain or gzip.
        quoted: Whether a newline between double quotes belongs to a record (RFC 4180).
        seen: Told the position in the file on disk after each block.
        size: Bytes read at a time; a block can be longer when a record is.

    Raises:
        DamagedFileError: The file is a truncated gzip, or holds NUL.
        SourceError: A quote is never closed.
    """
    with opened(path) as (stream, position):
        line, carry, first = 1, b"", True
        while chunk := _read(stream, size, path):
            if first and chunk.startswith(UTF8_BOM):
                chunk = chunk[len(UTF8_BOM) :]
            first = False
            data = carry + chunk
            cut = _record_end(data, quoted)
            if not cut and len(data) > MAX_RECORD_BYTES:
                raise _unclosed(path, line)
            carry = data[cut:]
            if cut:
                yield _checked(Block(line, data[:cut]), path)
                line += data.count(b"\n", 0, cut)
            seen(position())
        if carry:
            if quoted and carry.count(b'"') % 2:
                raise _unclosed(path, line)
            yield _checked(Block(line, carry), path)


def _record_end(data: bytes, quoted: bool) -> int:
    """Where the last whole record of ``data`` ends, 0 where there is none."""
    cut = data.rfind(b"\n") + 1
    if not quoted:
        return cut
    quotes = data.count(b'"', 0, cut)
    while quotes % 2:
        earlier = data.rfind(b"\n", 0, cut - 1) + 1
        quotes -= data.count(b'"', earlier, cut)
        cut = earlier
    return cut


def _read(stream: BinaryIO, size: int, path: Path) -> bytes:
    try:
        return stream.read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DamagedFileError(
            f"{path} is a damaged gzip file: {error}.",
            rule="A compressed file must be whole.",
            remedy="Copy or export it again.",
        ) from error


def _checked(block: Block, path: Path) -> Block:
    found = block.data.find(b"\0")
    if found >= 0:
        line = block.first_line + block.data.count(b"\n", 0, found)
        raise DamagedFileError(
            f"{path}, line {line}: there is a NUL character.",
            rule="Text cannot hold NUL; a file with NUL is damaged or in UTF-16.",
            remedy="Export again as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 IN > OUT.",
        )
    return block


def _unclosed(path: Path, line: int) -> SourceError:
    return SourceError(
        f"{path}, from line {line}: a double quote is opened and never closed.",
        rule="A quoted field ends with a quote, and a quote within it is doubled (RFC 4180).",
        remedy="Look at that line, or export the file again.",
    )


def text_lines(block: Block) -> io.StringIO:
    """A block as text with its line ends kept; invalid UTF-8 becomes lone surrogates."""
    return io.StringIO(block.data.decode("utf-8", "surrogateescape"), newline="")
