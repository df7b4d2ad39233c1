"""Ugly changes to lines of NDJSON: values, keys, types, nesting and single characters."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.csv_mutations import blank_lines, line_cut, line_doubled, line_dropped, lines_shuffled
from fuzz.ugly import UGLY_TEXTS, Lines, Mutation, some_line


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
    return [*lines[:at], _written(record, dice), *lines[at + 1 :]]


def _written(record: object, dice: Random) -> str:
    """A record as the bytes of a line; half of a pair of surrogates stays an escape."""
    text = json.dumps(record, ensure_ascii=dice.random() < 0.5)
    try:
        return text.encode("utf-8").decode("latin-1")
    except UnicodeEncodeError:
        return json.dumps(record)


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
        text = _written({key: record[key] for key in keys}, dice)
        return dice.choice(("", " ", "\t")) + text

    return [again(line) if dice.random() < 0.5 else line for line in lines]


def json_keys_doubled(lines: Lines, mark: str, dice: Random) -> Lines:
    """One key twice in an object."""
    at = some_line(lines, dice)
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
    at = some_line(lines, dice)
    depth = dice.choice((5, 50, 200, 990, 1100, 5000))
    deep = dice.choice(("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth))
    key = dice.choice(("event_params", "geo", "new_field", "items", "device"))
    body = lines[at][1:] if lines else ""
    return [*lines[:at], f'{{"{key}_deep":{deep},{body}', *lines[at + 1 :]]


def json_byte(lines: Lines, mark: str, dice: Random) -> Lines:
    at = some_line(lines, dice)
    if not lines or not lines[at]:
        return lines
    place = dice.randrange(len(lines[at]))
    codes = (0xFF, 0x7B, 0x2C, 0x22, 0x5C, 0x5D, 0x09, 0x1F, 0x30, 0x80)
    bad = "\0" if dice.random() < 0.03 else chr(dice.choice(codes))
    line = lines[at][:place] + bad + lines[at][place + 1 :]
    return [*lines[:at], line, *lines[at + 1 :]]


def json_escape(lines: Lines, mark: str, dice: Random) -> Lines:
    """An escape within a text, of a lone surrogate or of NUL or of nothing, or a huge number."""
    at = some_line(lines, dice)
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
