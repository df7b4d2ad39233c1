"""Reading text files in blocks of whole records, with line numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ga4_analytics.errors import DamagedFileError, SourceError
from ga4_analytics.sources.streams import plain_text

BLOCK_BYTES = 8 << 20
MAX_RECORD_BYTES = 64 << 20
_PIECE_BYTES = 1 << 16
"""What is read at once: memory that is used again, and again, stays in the processor's cache."""

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


def head(path: Path, size: int = 1 << 20) -> bytes:
    """The first part of a file's text, as UTF-8."""
    with plain_text(path) as (stream, _):
        return stream.read(size)


def blocks(
    path: Path,
    *,
    quoted: bool,
    seen: Seen = lambda position: None,
    size: int = BLOCK_BYTES,
) -> Iterator[Block]:
    """Cut a text file into blocks that end where a record ends.

    Args:
        path: The file.
        quoted: Whether a newline between double quotes belongs to a record (RFC 4180).
        seen: Told the position in the file on disk after each block.
        size: Bytes read at a time; a block can be longer when a record is.

    Raises:
        DamagedFileError: The file is cut off within its compression, or holds NUL.
        SourceError: A quote is never closed.
    """
    with plain_text(path) as (stream, position):
        line, text, end, enough = 1, bytearray(), 0, size
        following = stream.read(_PIECE_BYTES)
        while piece := following:
            text[end : end + len(piece)] = piece
            end += len(piece)
            following = stream.read(_PIECE_BYTES)
            if not following:
                break
            if end < enough:
                continue
            if cut := _record_end(text, end, quoted):
                data = bytes(memoryview(text)[:cut])
                yield _checked(Block(line, data), path)
                line += data.count(b"\n")
                rest = text[cut:end]
                end -= cut
                text[:end] = rest
            if end > MAX_RECORD_BYTES:
                raise _unclosed(path, line)
            enough = end + size
            seen(position())
        # The end needs no cut, which stray quotes can lead astray.
        if quoted and text.count(b'"', 0, end) % 2:
            raise _unclosed(path, line + text.count(b"\n", 0, _record_end(text, end, quoted)))
        if end:
            yield _checked(Block(line, bytes(memoryview(text)[:end])), path)
        seen(position())


def _record_end(text: bytearray, end: int, quoted: bool) -> int:
    """Where the last whole record of a text ends, 0 where none does.

    Args:
        text: Some bytes that begin with a record.
        end: Where those that count end.
        quoted: See `blocks`.
    """
    cut = text.rfind(b"\n", 0, end) + 1
    if not quoted:
        return cut
    quotes = text.count(b'"', 0, cut)
    while cut and quotes % 2:
        earlier = text.rfind(b"\n", 0, cut - 1) + 1
        quotes -= text.count(b'"', earlier, cut)
        cut = earlier
    return cut


def _checked(block: Block, path: Path) -> Block:
    found = block.data.find(b"\0")
    if found >= 0:
        line = block.first_line + block.data.count(b"\n", 0, found)
        raise DamagedFileError(
            f"{path}, line {line}: there is a NUL character.",
            rule="Text cannot hold NUL; a file with NUL is damaged.",
            remedy="Copy or export it again.",
        )
    return block


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8; several times faster than decoding them.

    >>> is_utf8("Türkiye".encode()), is_utf8(b"caf\\xe9"), is_utf8(b"\\xed\\xa0\\x80")
    (True, False, False)
    """
    ends = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _unclosed(path: Path, line: int) -> SourceError:
    return SourceError(
        f"{path}, from line {line}: a double quote is opened and never closed.",
        rule="A quoted field ends with a quote, and a quote within it is doubled (RFC 4180).",
        remedy="Look at that line, or export the file again.",
    )


def text_lines(block: Block) -> io.StringIO:
    """A block as text with its line ends kept; invalid UTF-8 becomes lone surrogates."""
    return io.StringIO(block.data.decode("utf-8", "surrogateescape"), newline="")
