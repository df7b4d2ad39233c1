"""The plain UTF-8 text of a file: decompressed, without byte order mark, lines ending in LF.

What a file is compressed with and how its text is encoded is told from its first bytes,
never from its name. Texts in UTF-16 are decoded as a stream; a lone surrogate in them
becomes bytes that are not valid UTF-8, so that only its line is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, cast

import pyarrow as pa
from isal import igzip, igzip_lib

from ga4_analytics.errors import DamagedFileError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
HEAD_BYTES = 1 << 16
_LONE = re.compile(rb"\xed[\xa0-\xbf].", re.DOTALL)
"""What a lone surrogate becomes in UTF-8; 0xFF is invalid to every reader."""

_DAMAGED = (EOFError, OSError, cast(type[Exception], igzip_lib.IsalError))

Compression = Literal["none", "gzip", "zstd"]
Encoding = Literal["utf-8", "utf-16-le", "utf-16-be"]

_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Stream(Protocol):
    """Something to read bytes from."""

    def read(self, size: int, /) -> bytes:
        """Some bytes, at most ``size`` of the file; none at its end."""


@dataclass(frozen=True)
class TextForm:
    """How a text is kept in its file.

    Attributes:
        compression: What it is compressed with.
        encoding: How it is encoded.
        marked: Whether it begins with a byte order mark.
        lone_cr: Whether its lines end in CR alone.
    """

    compression: Compression
    encoding: Encoding
    marked: bool
    lone_cr: bool


@contextmanager
def plain_bytes(path: Path) -> Iterator[tuple[Stream, Callable[[], int]]]:
    """Open a file, decompressed where its first bytes say so.

    Yields:
        The stream of plain bytes, and a function that tells how many bytes of the file
        on disk have been read.
    """
    with path.open("rb") as raw:
        kind = _compression(raw.read(4))
        raw.seek(0)
        if kind == "gzip":
            with igzip.open(raw, "rb") as plain:  # type: ignore[no-untyped-call]
                yield _Whole(cast(BinaryIO, plain), path, kind), raw.tell
        elif kind == "zstd":
            with pa.CompressedInputStream(raw, "zstd") as plain:
                yield _Whole(plain, path, kind), raw.tell
        else:
            yield raw, raw.tell


@contextmanager
def plain_text(path: Path) -> Iterator[tuple[Stream, Callable[[], int]]]:
    """Open a text file as UTF-8 without mark whose lines end in LF or CRLF.

    Yields:
        The stream, and a function that tells how many bytes of the file on disk have been
        read.
    """
    form = text_form(path)
    with plain_bytes(path) as (stream, position):
        if form.encoding == "utf-8" and not form.marked and not form.lone_cr:
            yield stream, position
        else:
            yield _Utf8(stream, form, path), position


def first_bytes(path: Path, size: int = HEAD_BYTES) -> bytes:
    """The first bytes of a file, decompressed."""
    with plain_bytes(path) as (stream, _):
        return stream.read(size)


def text_form(path: Path) -> TextForm:
    """Tell how a file keeps its text."""
    with path.open("rb") as raw:
        compression = _compression(raw.read(4))
    start = first_bytes(path)
    encoding, mark = _encoding(start)
    text = start[mark:].decode(encoding, "replace")
    return TextForm(compression, encoding, mark > 0, "\r" in text and "\n" not in text)


def _compression(start: bytes) -> Compression:
    if start.startswith(GZIP_MAGIC):
        return "gzip"
    return "zstd" if start.startswith(ZSTD_MAGIC) else "none"


def _encoding(start: bytes) -> tuple[Encoding, int]:
    """The encoding and the length of the mark that a text begins with.

    >>> _encoding(b"\\xff\\xfea\\x00")
    ('utf-16-le', 2)
    >>> _encoding("event_name".encode("utf-16-be"))
    ('utf-16-be', 0)
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    even, odd = start[:256:2], start[1:256:2]
    if len(odd) >= 8 and all(even) and odd.count(0) > len(odd) // 2:
        return "utf-16-le", 0
    if len(odd) >= 8 and all(odd) and even.count(0) > len(even) // 2:
        return "utf-16-be", 0
    return "utf-8", 0


class _Whole:
    """A compressed stream that says in our words that it is damaged."""

    def __init__(self, stream: BinaryIO, path: Path, kind: Compression) -> None:
        self._stream, self._path, self._kind = stream, path, kind

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except _DAMAGED as error:
            raise DamagedFileError(
                f"{self._path} is a damaged {self._kind} file: {error}.",
                rule="A compressed file must be whole.",
                remedy="Copy or export it again.",
            ) from error


class _Utf8:
    """A text stream turned into UTF-8 without mark, lone CR into LF."""

    def __init__(self, stream: Stream, form: TextForm, path: Path) -> None:
        self._stream, self._form, self._path = stream, form, path
        self._decoder = codecs.getincrementaldecoder(form.encoding)("surrogatepass")
        self._first = form.marked

    def read(self, size: int, /) -> bytes:
        while True:
            chunk = self._stream.read(size)
            data = self._converted(chunk)
            if data or not chunk:
                return data

    def _converted(self, chunk: bytes) -> bytes:
        if self._form.encoding == "utf-8":
            data = chunk.removeprefix(codecs.BOM_UTF8) if self._first else chunk
            self._first = False
        else:
            data = _LONE.sub(b"\xff", self._decoded(chunk).encode("utf-8", "surrogatepass"))
        return data.replace(b"\r", b"\n") if self._form.lone_cr else data

    def _decoded(self, chunk: bytes) -> str:
        try:
            text = self._decoder.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            raise DamagedFileError(
                f"{self._path} is cut off: its text in UTF-16 ends within a character.",
                rule="A text in UTF-16 has two bytes for each unit.",
                remedy="Copy or export it again.",
            ) from error
        if self._first and text:
            text, self._first = text.removeprefix("\ufeff"), False
        return text
