"""Ugly changes to valid text exports, drawn from a seed."""

from __future__ import annotations

import codecs
import copy
import csv
import gzip
import io
import json
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.records import csv_records, delimiter_of

UGLY_TEXTS = (
    "", " ", "null", "None", "nan", "NaN", "(not set)", "-1", "0", "1.0", "1,5", "1e9", "1.234",
    "1.61121E+15", "99999999999999999999999", "20201301", "2020-02-30", "20991231",
    "1604188804579566", "1604188804579", "2020-11-01T00:00:00Z", "2020-11-01 00:00:00", "true",
    "日本語", "🙂", "\ufeff", "\u202e", "\u2028", "\x85", "\x1c", "x" * 5000, "é" * 201,
    "'; drop table raw.ga4_events; --", "<script>", "[]", "{}", '{"a": 1}', "[1", "{'a': nan}",
    "=1+1", "\\", "\\N", "\\u0000", "\t", "%s", "{value}", "a|b|c", "../../x", "١٢٣", "Infinity",
    "-0", "1_000", "0x10", "9223372036854775808", "-9223372036854775808", "9.3e12", "two\nlines",
    'say "x"', "a\rb",
)  # fmt: skip
"""Texts that have broken loaders."""
FATAL_TEXTS = ("a\0b", "1.6E+15", "1604188804")
"""Texts for which a whole file is refused in some columns; drawn less often."""

Lines = list[str]
Mutation = Callable[[Lines, str, Random], Lines]


def mutate_text(text: bytes, shape: str, dice: Random) -> tuple[bytes, str]:
    """A changed file and what was done to it."""
    if dice.random() < 0.12:
        return mutate_bytes(text, dice), "bytes"
    body = text.decode("latin-1")
    mark = "" if shape == "ndjson" else delimiter_of(body)
    lines = body.splitlines() if not mark else [raw for _, raw, _ in csv_records(body, mark)]
    kinds = JSON_LINES if shape == "ndjson" else CSV_LINES
    done = []
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        mutation = dice.choices(list(kinds), list(kinds.values()))[0]
        lines = mutation(lines, mark, dice)
        done.append(mutation.__name__)
    ends = ["\n"] * len(lines)
    if dice.random() < 0.1 and lines:
        ends[dice.randrange(len(lines))] = dice.choice(("\r\n", "\r\n", "\r"))
        done.append("line end")
    if dice.random() < 0.1 and lines:
        ends[-1] = ""
    changed = "".join(line + end for line, end in zip(lines, ends, strict=True))
    dressed, dress = _dressed(changed.encode("latin-1"), lines, dice)
    return dressed, " ".join([*done, dress])


def _dressed(data: bytes, lines: Lines, dice: Random) -> tuple[bytes, str]:
    """The file as some program would write it: most often as it is."""
    dress = dice.choices(("", "crlf", "bom", "gzip", "cut gzip", "utf-16", "zwei"),
                         (70, 6, 6, 6, 2, 9, 1))[0]  # fmt: skip
    if dress == "crlf":
        data = "".join(line + "\r\n" for line in lines).encode("latin-1")
    elif dress in {"bom", "zwei"}:
        data = codecs.BOM_UTF8 * (1 + (dress == "zwei")) + data
    elif dress == "gzip":
        data = gzip.compress(data, 1, mtime=0)
    elif dress == "cut gzip":
        packed = gzip.compress(data, 1, mtime=0)
        data = mutate_bytes(packed, dice) if dice.random() < 0.5 else packed[: -dice.randrange(99)]
    elif dress == "utf-16":
        kind = dice.choice(("utf-16-le", "utf-16-be"))
        mark = codecs.BOM_UTF16_LE if kind == "utf-16-le" else codecs.BOM_UTF16_BE
        text = data.decode("utf-8", "surrogateescape").encode(kind, "surrogatepass")
        data = (mark if dice.random() < 0.7 else b"") + text
        if dice.random() < 0.1:
            data = mutate_bytes(data, dice)
    return data, dress


def _some_line(lines: Lines, dice: Random) -> int:
    """A line below the header, most often; 0 where there is none."""
    return dice.randrange(1, len(lines)) if len(lines) > 1 else 0


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
    at = _some_line(lines, dice)
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
    at = _some_line(lines, dice)
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
    at = _some_line(lines, dice)
    return lines[:at] + lines[at + 1 :]


def line_doubled(lines: Lines, mark: str, dice: Random) -> Lines:
    at = _some_line(lines, dice)
    return [*lines[: at + 1], *lines[at : at + 1] * dice.choice((1, 1, 5)), *lines[at + 1 :]]


def line_cut(lines: Lines, mark: str, dice: Random) -> Lines:
    at = _some_line(lines, dice)
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
    at = _some_line(lines, dice)
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


def json_changed(lines: Lines, mark: str, dice: Random) -> Lines:
    """Values, keys and types changed in one line."""
    at = dice.randrange(len(lines)) if lines else 0
    try:
        record = json.loads(lines[at].encode("latin-1"))
    except (ValueError, IndexError, RecursionError):
        return lines
    if not isinstance(record, dict) or not record:
        return lines
    for _ in range(dice.randrange(1, 4)):
        mutate_value(record, dice)
    text = json.dumps(record, ensure_ascii=dice.random() < 0.5)
    return [*lines[:at], text.encode("utf-8").decode("latin-1"), *lines[at + 1 :]]


def json_rewritten(lines: Lines, mark: str, dice: Random) -> Lines:
    """Blanks, escapes and the order of keys changed: the lines say the same."""

    def again(line: str) -> str:
        try:
            record = json.loads(line.encode("latin-1"))
        except (ValueError, RecursionError):
            return line
        if not isinstance(record, dict):
            return line
        keys = dice.sample(list(record), len(record))
        text = json.dumps({key: record[key] for key in keys}, ensure_ascii=dice.random() < 0.5)
        return dice.choice(("", " ", "\t")) + text.encode("utf-8").decode("latin-1")

    return [again(line) if dice.random() < 0.5 else line for line in lines]


def json_keys_doubled(lines: Lines, mark: str, dice: Random) -> Lines:
    """One key twice in an object."""
    at = _some_line(lines, dice)
    places = [place for place, here in enumerate(lines[at] if lines else "") if here == "{"]
    if not places:
        return lines
    place = dice.choice(places) + 1
    key = dice.choice(("key", "event_name", "event_params", "geo", "value", "x", "items"))
    member = f'"{key}":{json.dumps(_any_json(dice))},'.encode().decode("latin-1")
    line = lines[at][:place] + member + lines[at][place:]
    return [*lines[:at], line, *lines[at + 1 :]]


def json_deep(lines: Lines, mark: str, dice: Random) -> Lines:
    """Nested deeper than any export."""
    at = _some_line(lines, dice)
    depth = dice.choice((5, 50, 200, 990, 1100, 5000))
    deep = dice.choice(("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth))
    key = dice.choice(("event_params", "geo", "new_field", "items", "device"))
    body = lines[at][1:] if lines else ""
    return [*lines[:at], f'{{"{key}_deep":{deep},{body}', *lines[at + 1 :]]


def json_byte(lines: Lines, mark: str, dice: Random) -> Lines:
    at = _some_line(lines, dice)
    if not lines or not lines[at]:
        return lines
    place = dice.randrange(len(lines[at]))
    codes = (0xFF, 0x7B, 0x2C, 0x22, 0x5C, 0x5D, 0x09, 0x1F, 0x30, 0x80)
    bad = "\0" if dice.random() < 0.03 else chr(dice.choice(codes))
    line = lines[at][:place] + bad + lines[at][place + 1 :]
    return [*lines[:at], line, *lines[at + 1 :]]


def json_escape(lines: Lines, mark: str, dice: Random) -> Lines:
    """An escape within a text, of a lone surrogate or of NUL or of nothing, or a huge number."""
    at = _some_line(lines, dice)
    places = [place for place, here in enumerate(lines[at] if lines else "") if here == '"']
    if not places:
        return lines
    place = dice.choice(places) + 1
    escape = dice.choice(("\\ud83d", "\\ude00", "\\ud83d\\ude00", "\\u0000", "\\x", "\\u12", "\\/",
                          '":' + "9" * 5000 + ',"x'))  # fmt: skip
    return [*lines[:at], lines[at][:place] + escape + lines[at][place:], *lines[at + 1 :]]


def json_other_line(lines: Lines, mark: str, dice: Random) -> Lines:
    """A line that is no event."""
    other = dice.choice(("[]", "1", "null", '"x"', "{}", "[{}]", "{", "}", "nan", "{}{}", "//",
                         "true", '{"event_name": "x"}', '{"event_date": "20201101"}', '{"a": 1} x',
                         '{"event_name":"x","event_date":"20201101"}'))  # fmt: skip
    at = dice.randrange(len(lines) + 1)
    return [*lines[:at], other, *lines[at:]]


JSON_LINES: dict[Mutation, int] = {
    json_changed: 40, json_rewritten: 6, json_keys_doubled: 6, json_deep: 2, json_escape: 4,
    json_byte: 12, json_other_line: 6, line_dropped: 4, line_doubled: 4, line_cut: 5,
    blank_lines: 5, lines_shuffled: 4,
}  # fmt: skip


def mutate_value(record: dict[str, Any], dice: Random) -> None:
    """Change, remove or add one value somewhere in a JSON object."""
    places = list(_places(record))
    if not places:
        return
    container, key = dice.choice(places)
    what = dice.randrange(6)
    if what == 0 and isinstance(container, dict):
        del container[key]
    elif what == 1 and isinstance(container, dict):
        names = ("a_new_1", "a.b", "", " ", "é", "event_name", "EVENT_NAME", "=country", "@x", '"',
                 "_line", "row_id", "'", "key", "value", "items", "null")  # fmt: skip
        container[dice.choice(names)] = _any_json(dice)
    elif what == 2 and isinstance(container, list):
        container.insert(0, copy.deepcopy(container[key]))
    elif what == 3:
        container[key] = [container[key]] if dice.random() < 0.5 else {"value": container[key]}
    else:
        container[key] = _any_json(dice)


def _places(value: Any) -> Any:
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from _places(value[key])
    elif isinstance(value, list):
        for at in range(len(value)):
            yield value, at
            yield from _places(value[at])


def _any_json(dice: Random) -> Any:
    makers: tuple[Callable[[], Any], ...] = (
        lambda: None,
        lambda: dice.choice((True, False)),
        lambda: dice.choice((0, -1, 2**63, 2**64, 10**40, 1604188804579566)),
        lambda: dice.choice((0.1, -1e300, 1e-300, 12.5, 1e22)),
        lambda: dice.choice(UGLY_TEXTS),
        lambda: dice.choice(UGLY_TEXTS),
        list,
        lambda: [None],
        lambda: [[]],
        dict,
        lambda: [{"key": "k", "value": {"string_value": "v"}}],
        lambda: [{"key": None, "value": None}, {"value": {"new_value": "v"}}, None],
        lambda: [{"item_id": "1", "item_params": [{"key": "k", "value": {"int_value": "v"}}]}],
        lambda: {"key": [1, {"deep": [[]]}]},
        lambda: "x",
    )
    return dice.choice(makers)()


def mutate_bytes(data: bytes, dice: Random) -> bytes:
    """Change a file's bytes without knowing what they mean."""
    what = dice.randrange(6)
    at = dice.randrange(len(data))
    if what == 0:
        return data[:at]
    if what == 1:
        return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]
    if what == 2:
        return data[:at] + bytes(dice.randrange(256) for _ in range(16)) + data[at:]
    if what == 3:
        end = min(len(data), at + dice.randrange(1, 200))
        return data[:at] + data[end:]
    if what == 4:
        return (
            data[:at]
            + dice.choice((b"\n", b"\r", b",", b'"', b"\\", b";", b"\xef\xbb\xbf"))
            + data[at:]
        )
    end = min(len(data), at + 64)
    return data[:at] + data[at:end] * 2 + data[end:]
