"""Ugly changes to the lines and cells of a CSV, and to lines of any text."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from random import Random

from fuzz.ugly import FATAL_TEXTS, UGLY_TEXTS, Lines, Mutation, some_line


def ugly_cell(lines: Lines, mark: str, dice: Random) -> Lines:
    """Another text in one cell, with the quotes that it needs or without."""

    def change(cells: list[str]) -> None:
        fatal = dice.random() < 0.04
        text = dice.choice(FATAL_TEXTS if fatal else UGLY_TEXTS)
        if dice.random() < 0.01:
            text = "x" * 300_000
        if dice.random() < 0.85:
            text = _as_cell(text, mark)
        cells[dice.randrange(len(cells))] = text.encode().decode("latin-1")

    return _with_cells(lines, mark, dice, change)


def _as_cell(text: str, mark: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator="").writerow([text, "x"])
    return out.getvalue()[:-2]


def _with_cells(
    lines: Lines, mark: str, dice: Random, change: Callable[[list[str]], None]
) -> Lines:
    """Change the raw cells of one line."""
    at = some_line(lines, dice)
    cells = _raw_cells(lines[at], mark)
    change(cells)
    return [*lines[:at], mark.join(cells), *lines[at + 1 :]]


def _raw_cells(line: str, mark: str) -> list[str]:
    """A line's cells with their quotes."""
    cells, begin, quotes = [], 0, 0
    for at, here in enumerate(line):
        if here == mark and quotes % 2 == 0:
            cells.append(line[begin:at])
            begin = at + 1
        quotes += here == '"'
    return [*cells, line[begin:]]


def cell_deleted(lines: Lines, mark: str, dice: Random) -> Lines:
    return _with_cells(lines, mark, dice, lambda cells: _pop(cells, dice))


def _pop(cells: list[str], dice: Random) -> None:
    cells.pop(dice.randrange(len(cells)))


def cell_doubled(lines: Lines, mark: str, dice: Random) -> Lines:
    def change(cells: list[str]) -> None:
        cells.insert(dice.randrange(len(cells)), dice.choice(cells))

    return _with_cells(lines, mark, dice, change)


def cells_swapped(lines: Lines, mark: str, dice: Random) -> Lines:
    def change(cells: list[str]) -> None:
        one, other = dice.randrange(len(cells)), dice.randrange(len(cells))
        cells[one], cells[other] = cells[other], cells[one]

    return _with_cells(lines, mark, dice, change)


def cell_cut(lines: Lines, mark: str, dice: Random) -> Lines:
    def change(cells: list[str]) -> None:
        at = dice.randrange(len(cells))
        inner = cells[at].removeprefix('"').removesuffix('"')
        cut = inner[: dice.randrange(len(inner) + 1)]
        quoted = cells[at].startswith('"') and cut.count('"') % 2 == 0
        cells[at] = f'"{cut}"' if quoted else cut.replace('"', "")

    return _with_cells(lines, mark, dice, change)


def cell_quoted(lines: Lines, mark: str, dice: Random) -> Lines:
    """Quotes that nothing needs."""

    def change(cells: list[str]) -> None:
        for at, cell in enumerate(cells):
            if not cell.startswith('"') and dice.random() < 0.5:
                cells[at] = '"' + cell.replace('"', '""') + '"'

    return _with_cells(lines, mark, dice, change)


def bad_utf8(lines: Lines, mark: str, dice: Random) -> Lines:
    def change(cells: list[str]) -> None:
        at, bad = dice.randrange(len(cells)), chr(dice.choice((0xC3, 0xFF, 0x80, 0xED)))
        cells[at] = cells[at][:-1] + bad + '"' if cells[at].endswith('"') else cells[at] + bad

    return _with_cells(lines, mark, dice, change)


def bad_json(lines: Lines, mark: str, dice: Random) -> Lines:
    """A character in a cell that nests changed, where there is one."""

    def change(cells: list[str]) -> None:
        nested = [at for at, cell in enumerate(cells) if cell.lstrip('"')[:1] in {"[", "{"}]
        if nested:
            at = dice.choice(nested)
            place = dice.randrange(1, len(cells[at]))
            ugly = dice.choice(("", "}", "]", ",", "'", "\\", "...", "None", "1", ":", "nan"))
            rest = cells[at][place + dice.randrange(2) :]
            cells[at] = cells[at][:place] + ugly + rest

    return _with_cells(lines, mark, dice, change)


def stray_quote(lines: Lines, mark: str, dice: Random) -> Lines:
    """A quote put in, or one taken out."""
    at = some_line(lines, dice)
    line = lines[at]
    quotes = [place for place, here in enumerate(line) if here == '"']
    if quotes and dice.random() < 0.3:
        place = dice.choice(quotes)
        line = line[:place] + line[place + 1 :]
    else:
        place = dice.randrange(len(line) + 1)
        line = line[:place] + dice.choice(('"', '"', '""')) + line[place:]
    return [*lines[:at], line, *lines[at + 1 :]]


def two_stray_quotes(lines: Lines, mark: str, dice: Random) -> Lines:
    """Two quotes, on lines of their own: the file's quotes are even again."""
    return stray_quote(stray_quote(lines, mark, dice), mark, dice)


def line_dropped(lines: Lines, mark: str, dice: Random) -> Lines:
    at = some_line(lines, dice)
    return lines[:at] + lines[at + 1 :]


def line_doubled(lines: Lines, mark: str, dice: Random) -> Lines:
    at = some_line(lines, dice)
    return [*lines[: at + 1], *lines[at : at + 1] * dice.choice((1, 1, 5)), *lines[at + 1 :]]


def line_cut(lines: Lines, mark: str, dice: Random) -> Lines:
    at = some_line(lines, dice)
    place = dice.randrange(len(lines[at]) + 1)
    kept = lines[at][:place]
    if dice.random() < 0.2:
        return [*lines[:at], kept]
    if mark and kept.count('"') % 2 and dice.random() < 0.8:
        kept += '"'
    return [*lines[:at], kept, *lines[at + 1 :]]


def blank_lines(lines: Lines, mark: str, dice: Random) -> Lines:
    at = dice.randrange(len(lines) + 1)
    blanks = [dice.choice(("", "", "", " ", "\t"))] * dice.choice((1, 1, 3))
    return [*lines[:at], *blanks, *lines[at:]]


def lines_shuffled(lines: Lines, mark: str, dice: Random) -> Lines:
    head, body = (lines[:1], lines[1:]) if mark else ([], lines[:])
    dice.shuffle(body)
    return head + body


def other_delimiter(lines: Lines, mark: str, dice: Random) -> Lines:
    at = some_line(lines, dice)
    other = dice.choice([each for each in ",;\t|" if each != mark])
    return [*lines[:at], lines[at].replace(mark, other), *lines[at + 1 :]]


def columns_reordered(lines: Lines, mark: str, dice: Random) -> Lines:
    """All lines, so that the file says the same."""
    width = lines[0].count(mark) + 1
    rows = [_raw_cells(line, mark) for line in lines]
    if any(len(row) != width for row in rows):
        return lines
    order = dice.sample(range(width), width)
    return [mark.join(row[at] for at in order) for row in rows]


def header_changed(lines: Lines, mark: str, dice: Random) -> Lines:
    if not lines:
        return lines
    names = _raw_cells(lines[0], mark)
    at, what = dice.randrange(len(names)), dice.randrange(7)
    if what == 0:
        names[at] = dice.choice(("", " ", "x", "event_date", "item_id", "geo", "items", '"q"',
                                 "event_params.key", "a\tb", "é", "items.x", "user_id",
                                 "new.leaf", "event_params"))  # fmt: skip
    elif what == 1:
        names.pop(at)
    elif what == 2:
        names.append(dice.choice(names))
    elif what == 3:
        names[at] = f" {names[at]} "
    elif what == 4:
        names[at] = names[at].upper()
    elif what == 5:
        names[at] = f'"{names[at]}"'
    else:
        other = dice.randrange(len(names))
        names[at], names[other] = names[other], names[at]
    return [mark.join(names), *lines[1:]]


CSV_LINES: dict[Mutation, int] = {
    ugly_cell: 22, cell_deleted: 6, cell_doubled: 4, cells_swapped: 6, cell_cut: 6,
    cell_quoted: 4, bad_utf8: 5, bad_json: 6, stray_quote: 3, two_stray_quotes: 4,
    line_dropped: 4, line_doubled: 4, line_cut: 5, blank_lines: 5, lines_shuffled: 3,
    other_delimiter: 4, columns_reordered: 4, header_changed: 4,
}  # fmt: skip
