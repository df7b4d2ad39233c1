"""What compiled readers give is what the engine's own SQL gives, on JSON as ugly as it comes."""

from __future__ import annotations

import random

import duckdb
import pyarrow as pa
import pytest

from ga4_analytics.sources import json_export
from ga4_analytics.sources.batches import PARAM, PROPERTY
from ga4_analytics.sources.json_columns import json_columns
from ga4_analytics.sources.lines import Block
from ga4_analytics.sources.param_lists import pairs, pairs_sql
from ga4_analytics.sources.pending import Engines
from ga4_analytics.sources.readings import MACROS

STRINGS = [
    '"a"', '""', '"x y"', '"\\u0041\\u00e9\\u20ac"', '"\\ud83d\\ude00"', '"é😀"', '"NaN"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"{"', '"[1]"', '"{\\"a\\":1}"', '"\\u007f\\u001f"',
]  # fmt: skip
NUMBERS = [
    "0", "1", "-1", "-0", "12", "999999999999999999", "1234567890123456789", "1.5", "0.0", "-0.0",
    "12345678901234567890123", "1.50", "0.001", "0.0001", "0.00001", "1e5", "1E+2", "1.0e-7",
    "123456789.123456", "0.123456789012345", "0.1234567890123456", "100000000000000.5",
    "1234567890123.25", "9007199254740993.0", "99999999999999.9",
]  # fmt: skip
ODD = [
    '"\\ud800"', '"\\udc00x"', '"\\u0000"', '"\x01"', '"\\x"', '"a', "{}", "[]", "[null]",
    '{"a":1}', '[{"key":"a","value":null}]', "nan", "Infinity", "tru", "", "01", "1.", ".5", "+1",
]  # fmt: skip
ODD_FIELDS = [
    '"event_name":"x"', '"Event_Name":"x"', '"":1', '"a\\u0041":1', '"new":{"a":[1]}',
    '"device.x":1', '"geo":{"A":1,"a":2}', '"items":[1]', '"event_params":{}', '"device":[]',
]  # fmt: skip


class Writer:
    """Writes JSON lines that are nearly as exports are."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.odd = self.dice.random() < 0.4

    def block(self) -> bytes:
        lines = [
            self.dice.choice(["", " ", "\r"]) if self.dice.random() < 0.05 else self.line()
            for _ in range(self.dice.randrange(1, 25))
        ]
        return ("\n".join(lines) + self.dice.choice(["", "\n"])).encode()

    def line(self) -> str:
        fields = [
            '"event_date":"20260301"', self.field("event_name", STRINGS),
            self.field("event_timestamp", NUMBERS), self.field("my_own", STRINGS),
            self.field("is_active_user", ["true", "false"]),
            f'"event_params":{self.list(self.param)}',
            f'"user_properties":{self.list(self.property)}', f'"items":{self.list(self.item)}',
            f'"device":{self.some([self.field("category", STRINGS), self.web()])}',
            f'"user_ltv":{self.some([self.field("revenue", NUMBERS)])}', '"geo":{}',
        ]  # fmt: skip
        if self.odd and self.dice.random() < 0.03:
            fields.append(self.dice.choice(ODD_FIELDS))
        line = self.space() + self.some(fields) + self.space()
        if self.odd and self.dice.random() < 0.01:
            cut = line[: self.dice.randrange(len(line))]
            line = self.dice.choice(["1", "[]", cut, line + "}", line + line, "\x0c" + line])
        return line

    def space(self) -> str:
        return self.dice.choice(["", "", "", "", " ", "\t", " \r"])

    def some(self, fields: list[str]) -> str:
        kept = [each for each in fields if self.dice.random() < 0.8]
        if self.dice.random() < 0.3:
            self.dice.shuffle(kept)
        return "{" + self.space() + (self.space() + ",").join(kept) + "}"

    def field(self, name: str, values: list[str]) -> str:
        value = self.dice.choice(["null", *values])
        if self.odd and self.dice.random() < 0.005:
            value = self.dice.choice([*ODD, *STRINGS, *NUMBERS])
        return f'"{name}"{self.space()}:{self.space()}{value}'

    def list(self, record) -> str:  # type: ignore[no-untyped-def]
        if self.dice.random() < 0.2:
            return self.dice.choice(["null", "[]"])
        return "[" + ",".join(record() for _ in range(self.dice.randrange(4))) + "]"

    def param(self, *more: str) -> str:
        slots = [
            self.field("string_value", STRINGS), self.field("int_value", NUMBERS),
            self.field("float_value", NUMBERS), self.field("double_value", NUMBERS), *more,
        ]  # fmt: skip
        return self.some([self.field("key", ['"a"', '"b"', '""']), f'"value":{self.some(slots)}'])

    def property(self) -> str:
        return self.param(self.field("set_timestamp_micros", NUMBERS))

    def item(self) -> str:
        params = f'"item_params":{self.list(self.param)}'
        return self.some([self.field("item_id", STRINGS), self.field("price", NUMBERS), params])

    def web(self) -> str:
        inner = self.some([self.field("browser", STRINGS)])
        return f'"web_info":{self.dice.choice(["null", inner])}'


def test_compiled_json_is_what_the_engine_reads() -> None:
    engines = Engines()
    compiled = 0
    for seed in range(60):
        block = Block(7, Writer(seed).block())
        found = json_columns(engines, block.data, block.first_line)
        if found is None:
            continue
        compiled += 1
        mine, theirs = json_export._read(block, engines), json_export._batch(block, engines)
        assert not theirs.rejects
        assert set(mine.table.schema.names) == set(theirs.table.schema.names)
        expected = theirs.table.select(mine.table.schema.names)
        assert mine.table.schema == expected.schema
        mine.table.validate(full=True)
        assert mine.table.to_pylist() == expected.to_pylist(), seed
        rows = range(mine.table.num_rows)
        assert [mine.raw_text(row) for row in rows] == [theirs.raw_text(row) for row in rows]
    assert compiled > 20


def test_a_block_is_what_its_pieces_are(monkeypatch: pytest.MonkeyPatch) -> None:
    engines = Engines()
    many = 0
    for seed in range(60):
        block = Block(7, b"\n".join(Writer(5 * seed + part).block() for part in range(4)))
        whole = json_export._batch(block, engines)
        monkeypatch.setattr(json_export, "PIECE_BYTES", 1500)
        mine, pieces = json_export._read(block, engines), list(json_export._pieces(block))
        monkeypatch.undo()
        many += len(pieces) > 2
        assert b"".join(piece.data for piece in pieces) == block.data
        wanted = [
            row for piece in pieces for row in json_export._batch(piece, engines).table.to_pylist()
        ]
        assert [{k: v for k, v in row.items() if k in wanted[at]}
                for at, row in enumerate(mine.table.to_pylist())] == wanted  # fmt: skip
        # Kinds of values that mix are told block by block, but never which lines are read.
        assert sorted(mine.rejects, key=repr) == sorted(whole.rejects, key=repr)
        assert mine.table.column("_line").equals(whole.table.column("_line"))
        rows = range(mine.table.num_rows)
        assert [mine.raw_text(row) for row in rows] == [whole.raw_text(row) for row in rows]
    assert many > 20


@pytest.mark.parametrize("odd", [*ODD[:6], *ODD[10:]])
def test_json_that_is_none_is_left_to_the_engine(odd: str) -> None:
    data = f'{{"event_name":"a","x":{odd}}}\n'.encode()
    assert json_columns(Engines(), data, 1) is None


TEXTS = [
    "a",
    "b",
    '"',
    "\\",
    "\n",
    "\x01",
    "\x1f",
    "\x7f",
    "\b",
    "\f",
    "\r",
    "\t",
    "\x0b",
    "é",
    "/",
]
WRITTEN = [
    None, None, None, "", "0", "-0", "007", "12", "-12", "999999999999999999", "1.5", "1e5", "nan",
    "9223372036854775807", "9223372036854775808", "-", "+3", " 4", "4 ", "abc", "-1.0", '"',
]  # fmt: skip


def _text(dice: random.Random) -> str | None:
    return "".join(dice.choices(TEXTS, k=dice.randrange(4))) if dice.random() < 0.7 else None


def _param(dice: random.Random, kind: pa.StructType) -> dict[str, str | None] | None:
    if dice.random() < 0.05:
        return None
    texts = {"key", "string_value", "set_timestamp_micros"}
    return {
        field.name: _text(dice) if field.name in texts else dice.choice(WRITTEN) for field in kind
    }


@pytest.mark.parametrize("kind", [PARAM, PROPERTY])
def test_compiled_parameters_are_what_the_macros_say(kind: pa.StructType) -> None:
    engine = duckdb.connect(config={"threads": 1})
    engine.execute(MACROS)
    dice = random.Random(3)
    wanted = ["a", "b", '"', "", "é", "zz"]
    asked = ", ".join(f"p[list_position(k, ${at + 1})].t" for at in range(len(wanted)))
    sorted_pairs = pairs_sql("l", dated=kind == PROPERTY)
    for _ in range(40):
        rows = [
            None if dice.random() < 0.1 else [_param(dice, kind) for _ in range(dice.randrange(5))]
            for _ in range(dice.randrange(2, 30))
        ]
        lists = pa.array(rows, pa.list_(kind))[dice.randrange(2) :]
        found = pairs(engine, lists, wanted)
        engine.register("given", pa.table({"i": range(len(lists)), "l": lists}))
        expected = engine.execute(
            f"select object_json(p), {asked} from (select i, p, list_transform(p, lambda e: e.k) "
            f"as k from (select i, {sorted_pairs} as p from given)) order by i",
            wanted,
        ).fetchall()
        columns = [found.objects, *(found.texts[key] for key in wanted)]
        assert list(zip(*(each.to_pylist() for each in columns), strict=True)) == expected
