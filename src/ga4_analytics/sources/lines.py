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
        line, carry = 1, b""
        following = stream.read(size)
        while chunk := following:
            following = stream.read(size)
            # The end needs no cut, which stray quotes can lead astray.
            cut = _record_end(carry, chunk, quoted) if following else 0
            if cut:
                data = b"".join((carry, memoryview(chunk)[:cut]))
                carry = chunk[cut:]
                yield _checked(Block(line, data), path)
                line += data.count(b"\n")
            else:
                carry += chunk
            if following and len(carry) > MAX_RECORD_BYTES:
                raise _unclosed(path, line)
            seen(position())
        if carry:
            if quoted and carry.count(b'"') % 2:
                raise _unclosed(path, line + carry.count(b"\n", 0, _record_end(b"", carry, quoted)))
            yield _checked(Block(line, carry), path)


def _record_end(carry: bytes, chunk: bytes, quoted: bool) -> int:
    """Where in ``chunk`` the last whole record ends, 0 where none does.

    Args:
        carry: What stands before the chunk, from the begin of a record that does not end there.
        chunk: Some bytes.
        quoted: See `blocks`.
    """
    cut = chunk.rfind(b"\n") + 1
    if not quoted:
        return cut
    quotes = carry.count(b'"') + chunk.count(b'"', 0, cut)
    while cut and quotes % 2:
        earlier = chunk.rfind(b"\n", 0, cut - 1) + 1
        quotes -= chunk.count(b'"', earlier, cut)
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
