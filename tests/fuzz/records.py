"""The records of a text file, told a second time by plain loops that know nothing of ours.

Bytes are held as Latin-1 text, one character a byte: all marks of CSV and JSON are ASCII.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Key = Any
_REPEATED = ("event_params.", "user_properties.", "items.")
"""What the header of a console CSV has."""
_ORDINARY = re.compile(r'[^",;\t|\r\n]+')


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes:
        line: The line on which it begins, from 1.
        text: It as it stands, without its line end.
        key: What it says, however it is quoted and ordered; None where that is in doubt.
    """

    line: int
    text: str
    key: Key


@dataclass(frozen=True)
class Counted:
    """A file's records.

    Attributes:
        header: What a record's key depends on in the header.
        records: Those below the header.
        lines_known: Whether a line has one number: not where CR alone stands between lines.
    """

    header: frozenset[str]
    records: list[Record]
    lines_known: bool


def counted(data: bytes, shape: str) -> Counted:
    """The records of a file on disk."""
    text = plain(data).decode("latin-1")
    if shape == "ndjson":
        return _json_lines(text)
    rows = list(csv_records(text, delimiter_of(text)))
    names = [name.strip() for name in rows[0][2]]
    known = "\r" not in text.replace("\r\n", "") and not _doubtful(rows)
    below = [row for row in rows[1:] if row[1]]
    if any(name.startswith(_REPEATED) for name in names):
        records = _console_records(below, names)
    else:
        records = [Record(line, raw, _key(names, cells)) for line, raw, cells in below]
    return Counted(frozenset(names), records, known)


def doubtful_quotes(data: bytes) -> bool:
    """Whether some record of a CSV has a quote without another one.

    Long files are cut between records by counting quotes, which needs pairs; where a stray
    quote stands the cut, and so the number of records that are rejected, may differ.
    """
    text = plain(data).decode("latin-1")
    return _doubtful(csv_records(text, delimiter_of(text)))


def _doubtful(rows: Iterable[tuple[int, str, list[str]]]) -> bool:
    return any(raw.count('"') % 2 for _, raw, _ in rows)


def plain(data: bytes) -> bytes:
    """UTF-8 without compression or mark."""
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    for mark, encoding in (
        (codecs.BOM_UTF8, ""),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return _utf8(data.removeprefix(mark), encoding) if encoding else data[len(mark) :]
    if b"\0" in data:
        return _utf8(data, "utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
    return data


def _utf8(data: bytes, encoding: str) -> bytes:
    return data.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")


def delimiter_of(text: str) -> str:
    """The most frequent mark of the header."""
    header = next(csv_records(text, "\0"))[1]
    return max(",;\t|", key=header.count)


def csv_records(text: str, delimiter: str) -> Iterator[tuple[int, str, list[str]]]:
    """RFC 4180 as a machine of four states: line, raw text and cells of each record."""
    line = first = 1
    begin = at = 0
    cells: list[str] = []
    cell: list[str] = []
    state = "start"
    while at < len(text):
        here = text[at]
        end = 2 if text.startswith("\r\n", at) else int(here in "\r\n")
        ordinary = _ORDINARY.match(text, at) if state != "closing" else None
        if ordinary and delimiter in ",;\t|":
            cell.append(ordinary[0])
            at = ordinary.end()
            state = "quoted" if state == "quoted" else "open"
            continue
        if state == "quoted":
            line += int(end > 0)
            step = max(end, 1)
            if here == '"':
                state = "closing"
            else:
                cell.append(text[at : at + step])
            at += step
            continue
        if end:
            yield first, text[begin:at], [*cells, "".join(cell)]
            line += 1
            at += end
            first, begin, cells, cell, state = line, at, [], [], "start"
            continue
        if here == delimiter:
            cells.append("".join(cell))
            cell, state = [], "start"
        elif here == '"' and state == "start":
            state = "quoted"
        elif here == '"' and state == "closing":
            cell.append('"')
            state = "quoted"
        else:
            cell.append(here)
            state = "open"
        at += 1
    if begin < len(text):
        yield first, text[begin:], [*cells, "".join(cell)]


def _key(names: list[str], cells: list[str]) -> Key:
    """What a line says, in whatever order its columns stand."""
    if len(cells) != len(names):
        return None
    return frozenset((name, cell) for name, cell in zip(names, cells, strict=True) if cell)


def _console_records(rows: list[tuple[int, str, list[str]]], names: list[str]) -> list[Record]:
    """An event is a line that begins one and the lines below it that do not."""
    groups: list[list[tuple[int, str, list[str]]]] = []
    begun = False
    for row in rows:
        begins = _begins(row[2], names)
        if begun and not begins:
            groups[-1].append(row)
        else:
            groups.append([row])
            begun = begins
    return [_console_record(group, names) for group in groups]


def _begins(cells: list[str], names: list[str]) -> bool:
    """A line begins an event where it has a name; where it has too many or too few cells, if
    its first cell has a value and is no repeated field's."""
    if len(cells) == len(names):
        return cells[names.index("event_name")] != ""
    return cells[0] != "" and not names[0].startswith(_REPEATED)


def _console_record(group: list[tuple[int, str, list[str]]], names: list[str]) -> Record:
    keys = tuple(_key(names, cells) for _, _, cells in group)
    text = "\n".join(raw for _, raw, _ in group)
    return Record(group[0][0], text, None if None in keys else keys)


def _json_lines(text: str) -> Counted:
    if "\n" not in text:
        text = text.replace("\r", "\n")
    blank = " \t\n\r\x0b\x0c"
    records = [
        Record(line, found, _json_key(found))
        for line, each in enumerate(text.split("\n"), 1)
        if (found := each.strip(blank))
    ]
    return Counted(frozenset(), records, True)


def _json_key(text: str) -> Key:
    """What a line says in any order of keys; None where a key stands twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError(pairs)
        return dict(pairs)

    try:
        value = json.loads(text.encode("latin-1"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        return None
    return json.dumps(value, sort_keys=True)
