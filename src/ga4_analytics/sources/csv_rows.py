"""CSV rows with their line numbers: pyarrow where it can, the csv module where it must.

Both give the same rows: the csv module knows on which line a record with quoted newlines
begins, pyarrow is many times faster on the blocks that have none.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as pacsv

from ga4_analytics.errors import SourceError
from ga4_analytics.sources.batches import TEXT, Reject
from ga4_analytics.sources.lines import Block, Seen, blocks, head, is_utf8, text_lines

csv.field_size_limit(1 << 30)

DELIMITERS: tuple[str, ...] = (",", ";", "\t", "|")
"""What can stand between cells; the first of those that are equally frequent wins."""
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


@dataclass(frozen=True)
class CsvRows:
    """Rows of a CSV file: text columns by position (``0``, ``1``, ...), null where empty."""

    table: pa.Table
    lines: npt.NDArray[np.int64]
    raw_text: Callable[[int], str]
    rejects: tuple[Reject, ...]


def delimiter_of(path: Path) -> str:
    """What stands between the cells: the most frequent of `DELIMITERS` in the header."""
    return _delimiter(_first_text(path))


def _first_text(path: Path) -> str:
    return head(path).decode("utf-8", "replace")


def _delimiter(text: str) -> str:
    """The most frequent delimiter outside quotes in a text's first line.

    >>> _delimiter('event_name;"revenue, EUR, net";x')
    ';'
    """
    line = _QUOTED.sub("", text[:65536]).lstrip("\r\n").partition("\n")[0]
    return max(DELIMITERS, key=line.count)


def read_header(path: Path) -> tuple[str, ...]:
    """The header's names, trimmed.

    Raises:
        SourceError: The file is empty, or a name stands twice or is empty.
    """
    text = _first_text(path)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    names = tuple(name.strip() for name in next(rows, []))
    if not any(names):
        raise SourceError(
            f"{path} has no header.",
            rule="The first line of a CSV names its columns.",
            remedy="Add the header line, or leave the empty file out.",
        )
    seen: set[str] = set()
    for position, name in enumerate(names, 1):
        if not name or name.lower() in seen:
            what = f"the name {name!r} a second time" if name else "no name"
            raise SourceError(
                f"{path}, line 1, column {position}: the header has {what}.",
                rule="Columns are read by name, in capitals or not, so each needs its own.",
                remedy="Rename the column in the header.",
            )
        seen.add(name.lower())
    return names


def csv_rows(path: Path, width: int, seen: Seen) -> Iterator[CsvRows]:
    """Read the rows below the header, a block at a time.

    Args:
        path: The file.
        width: How many columns the header has.
        seen: Told the position in the file on disk.
    """
    headless = False
    mark = delimiter_of(path)
    for block in blocks(path, quoted=True, seen=seen):
        if not headless:
            block, headless = _without_header(block, mark), True
        if block.data:
            yield _fast(block, width, mark) or _slow(block, width, mark)


def _without_header(block: Block, mark: str) -> Block:
    lines: list[str] = []

    def remembered() -> Iterator[str]:
        for line in text_lines(block):
            lines.append(line)
            yield line

    next(csv.reader(remembered(), delimiter=mark), None)
    size = len("".join(lines).encode("utf-8", "surrogateescape"))
    return Block(block.first_line + len(lines), block.data[size:])


def _fast(block: Block, width: int, mark: str) -> CsvRows | None:
    """Parse with pyarrow; None where line numbers would be in doubt."""
    data = block.data
    if (
        b"\n\n" in data
        or b"\n\r" in data
        or data[:1] in b"\r\n"
        or (b"\r" in data and b"\r" in data.replace(b"\r\n", b""))
    ):
        return None
    ragged: list[tuple[int, int]] = []

    def skip(row: pacsv.InvalidRow) -> str:
        ragged.append((row.number or 0, row.actual_columns))
        return "skip"

    table = _parsed(data, width, mark, None)
    if table is None and is_utf8(data):
        table = _parsed(data, width, mark, skip)
    if table is None:
        return None
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    if table.num_rows + len(ragged) != count:
        return None
    texts = _LazyLines(block)
    numbers = np.arange(block.first_line, block.first_line + count, dtype=np.int64)
    bad = [number - 1 for number, _ in ragged]
    kept = np.delete(numbers, bad)
    rejects = tuple(
        _ragged(block.first_line + number - 1, found, width, texts[number - 1])
        for number, found in ragged
    )
    return CsvRows(table, kept, lambda row: texts[int(kept[row]) - block.first_line], rejects)


def _parsed(
    data: bytes, width: int, mark: str, skip: Callable[[pacsv.InvalidRow], str] | None
) -> pa.Table | None:
    """Parse with pyarrow; None where it cannot.

    Args:
        data: Whole lines.
        width: How many columns the header has.
        mark: What stands between cells.
        skip: Told of the lines with more or fewer cells, whose text must be UTF-8: pyarrow
            prints an error where it is not. None to give up at the first of them.
    """
    names = [str(position) for position in range(width)]
    try:
        return pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(
                use_threads=False, column_names=names, block_size=len(data) + 1
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=mark, newlines_in_values=b'"' in data, invalid_row_handler=skip
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, TEXT),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None


class _LazyLines:
    """A block's lines, split only when somebody asks for one."""

    def __init__(self, block: Block) -> None:
        self._data = block.data
        self._lines: list[str] | None = None

    def __getitem__(self, index: int) -> str:
        if self._lines is None:
            self._lines = self._data.decode("utf-8", "replace").split("\n")
        return self._lines[index].rstrip("\r")


def _slow(block: Block, width: int, mark: str) -> CsvRows:
    """Parse with the csv module, which knows the line of every record."""
    texts: list[str] = []

    def remembered() -> Iterator[str]:
        for line in text_lines(block):
            texts.append(line)
            yield line

    reader = csv.reader(remembered(), delimiter=mark)
    rows: list[list[str]] = []
    lines: list[int] = []
    raws: list[str] = []
    rejects: list[Reject] = []
    for cells in reader:
        line = block.first_line + reader.line_num - len(texts)
        raw = "".join(texts).rstrip("\r\n")
        texts.clear()
        if not raw:
            continue
        if len(cells) != width:
            rejects.append(_ragged(line, len(cells), width, _clean(raw)))
        elif _clean(raw) != raw:
            rejects.append(_not_utf8(line, raw))
        else:
            rows.append(cells)
            lines.append(line)
            raws.append(raw)
    columns = list(zip(*rows, strict=True)) if rows else [()] * width
    table = pa.table(
        {
            str(position): pa.array([cell or None for cell in column], TEXT)
            for position, column in enumerate(columns)
        }
    )
    return CsvRows(table, np.array(lines, np.int64), raws.__getitem__, tuple(rejects))


def _clean(raw: str) -> str:
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _ragged(line: int, found: int, width: int, raw: str) -> Reject:
    reason = f"The line has {found} cells, the header {width}; export it again or mend the line."
    return Reject(line, None, "ragged_line", reason, raw)


def _not_utf8(line: int, raw: str) -> Reject:
    reason = "The line is not valid UTF-8; export it as UTF-8."
    return Reject(line, None, "invalid_utf8", reason, _clean(raw))
