"""Ugly changes to the lines and values of valid exports, drawn from a seed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

UGLY_TEXTS = (
    "", " ", "null", "None", "nan", "NaN", "(not set)", "-1", "0", "1.0", "1,5", "1e9",
    "1.61121E+15",
    "99999999999999999999999", "20201301", "2020-02-30", "20991231", "1604188804579566",
    "2020-11-01T00:00:00Z", "2020-11-01 00:00:00", "true", "日本語", "🙂", "a\u0000b", "\ufeff",
    "\u202e",
    "x" * 5000, "'; drop table raw.ga4_events; --", "<script>", "[]", "{}", '{"a": 1}', "=1+1",
    "\\", "\\N", "\\u0000", "\t", "%s", "../../x", "١٢٣", "Infinity", "-0",
)  # fmt: skip
"""Texts that have broken loaders."""

Line = bytes


def mutate_csv_line(line: Line, delimiter: bytes, chance: random.Random) -> tuple[Line, ...]:
    """Change one line of a CSV; gives what stands in its place, which may be no line.

    Quotes and line ends are left alone, so that the other lines stay what they are.
    """
    body = line.rstrip(b"\r\n")
    end = line[len(body) :]
    cells = body.split(delimiter)
    what = chance.randrange(9)
    at = chance.randrange(len(cells))
    if what == 0:
        return ()
    if what == 1:
        return (line, line)
    if what == 2:
        cells.pop(at)
    elif what == 3:
        cells.insert(at, chance.choice(cells))
    elif what == 4:
        other = chance.randrange(len(cells))
        cells[at], cells[other] = cells[other], cells[at]
    elif what == 5:
        cells[at] = cells[at][: chance.randrange(len(cells[at]) + 1)]
    elif what == 6:
        cells[at] = cells[at] + bytes([chance.choice((0xC3, 0xFF, 0x80, 0xED))])
    elif what == 7:
        return (body[: chance.randrange(len(body) + 1)] + end,)
    else:
        text = chance.choice(UGLY_TEXTS).replace('"', "").replace("\n", "")
        cells[at] = text.encode("utf-8", "surrogatepass")
    return (delimiter.join(cells) + end,)


def mutate_json_line(line: Line, chance: random.Random) -> tuple[Line, ...]:
    """Change one line of NDJSON; gives what stands in its place."""
    what = chance.randrange(8)
    if what == 0:
        return ()
    if what == 1:
        return (line, line)
    if what == 2:
        return (line[: chance.randrange(len(line))].rstrip(b"\n") + b"\n",)
    if what == 3:
        at = chance.randrange(len(line) - 1)
        return (line[:at] + bytes([chance.choice((0x00, 0xFF, 0x7B, 0x2C))]) + line[at + 1 :],)
    record = json.loads(line)
    for _ in range(chance.randrange(1, 4)):
        mutate_value(record, chance)
    ending = b"\r\n" if chance.random() < 0.1 else b"\n"
    return (json.dumps(record, ensure_ascii=chance.random() < 0.5).encode() + ending,)


def mutate_value(record: dict[str, Any], chance: random.Random) -> None:
    """Change, remove or add one value somewhere in a JSON object."""
    places = list(_places(record))
    container, key = chance.choice(places)
    what = chance.randrange(5)
    if what == 0 and isinstance(container, dict):
        del container[key]
    elif what == 1 and isinstance(container, dict):
        container["a_new_" + str(chance.randrange(3))] = _any_json(chance)
    elif what == 2 and isinstance(container, list):
        container.insert(0, copy.deepcopy(container[key]))
    else:
        container[key] = _any_json(chance)


def _places(value: Any) -> Any:
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from _places(value[key])
    elif isinstance(value, list):
        for at in range(len(value)):
            yield value, at
            yield from _places(value[at])


def _any_json(chance: random.Random) -> Any:
    makers: tuple[Callable[[], Any], ...] = (
        lambda: None,
        lambda: chance.choice((True, False)),
        lambda: chance.choice((0, -1, 2**63, 2**64, 1604188804579566)),
        lambda: chance.choice((0.1, -1e300, 1e-300, 12.5)),
        lambda: chance.choice(UGLY_TEXTS),
        list,
        lambda: [None],
        dict,
        lambda: [{"key": "k", "value": {"string_value": "v"}}],
        lambda: {"key": [1, {"deep": [[]]}]},
        lambda: "x",
    )
    return chance.choice(makers)()


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Change a file's bytes without knowing what they mean."""
    what = chance.randrange(5)
    at = chance.randrange(len(data))
    if what == 0:
        return data[:at]
    if what == 1:
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if what == 2:
        return data[:at] + bytes(chance.randrange(256) for _ in range(16)) + data[at:]
    if what == 3:
        end = min(len(data), at + chance.randrange(1, 200))
        return data[:at] + data[end:]
    end = min(len(data), at + 64)
    return data[:at] + data[at:end] * 2 + data[end:]
