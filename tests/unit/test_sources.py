"""Readers: the same event from every shape, bad lines with their place, ids untouched."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ga4_analytics.errors import DamagedFileError, SourceError, UnknownShapeError
from ga4_analytics.sources.batches import Reject
from ga4_analytics.sources.csv_rows import csv_rows, read_header
from ga4_analytics.sources.detect import detect
from ga4_analytics.sources.flat_csv import read_flat_csv
from ga4_analytics.sources.identity import NAMESPACE, repeat_id
from ga4_analytics.sources.lines import blocks
from ga4_analytics.sources.mapping import NO_OPTIONS, ColumnOptions, parse_pairs, plan_columns
from ga4_analytics.sources.normalise import Normaliser
from ga4_analytics.sources.parquet import read_parquet

HEADER = "user_id,event_date,event_timestamp,event_name,country,transaction_id"
GOOD = "82023966.6010891291,20201101,1604188804579566,purchase,Türkiye,T1"


def unheard(position: int) -> None:
    """Nobody watches the progress."""


def normalised(path: Path, options: ColumnOptions = NO_OPTIONS) -> tuple[list[dict], list[Reject]]:
    """All events and rejects of a flat file."""
    events: list[dict] = []
    rejects: list[Reject] = []
    normaliser = Normaliser()
    row = 0
    for batch in read_flat_csv(path, options, unheard):
        done = normaliser.normalise(batch, row)
        row += batch.table.num_rows
        events += done.events.to_pylist()
        rejects += [*batch.rejects, *(reject for _, reject in done.rejects)]
    return events, rejects


def flat(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "events.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_identifiers_stay_text_to_the_last_digit(tmp_path: Path) -> None:
    events, rejects = normalised(flat(tmp_path, GOOD))
    assert rejects == []
    assert events[0]["user_pseudo_id"] == "82023966.6010891291"
    assert "user_id" not in events[0]
    assert events[0]["country"] == "Türkiye"
    assert events[0]["event_timestamp"] == 1604188804579566


def test_event_id_is_the_uuid5_of_the_columns(tmp_path: Path) -> None:
    events, _ = normalised(flat(tmp_path, GOOD))
    name = (
        '{"country":"Türkiye","event_date":"2020-11-01","event_name":"purchase",'
        '"event_timestamp":"1604188804579566","transaction_id":"T1",'
        '"user_pseudo_id":"82023966.6010891291"}'
    )
    assert events[0]["event_key"] == str(uuid.uuid5(NAMESPACE, name))
    assert repeat_id(events[0]["event_key"], 2) == str(
        uuid.uuid5(uuid.UUID(events[0]["event_key"]), "2")
    )


@pytest.mark.parametrize(
    "ugly", ['say "hi"', "back\\slash", "tab\there", "Zürich 🙂", "plain", "\x1f"]
)
def test_ids_are_those_that_python_makes(tmp_path: Path, ugly: str) -> None:
    """Ids made here with json and uuid; texts that need no escaping go another way."""
    names = {"user_id": "user_pseudo_id"}
    rows = [
        {"user_id": f"u{n}", "event_date": "20201101", "event_timestamp": str(1604188804579566 + n),
         "event_name": "view", "country": ugly if n == 3 else "Türkiye", "transaction_id": ""}
        for n in range(5)
    ]  # fmt: skip
    path = tmp_path / "events.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER.split(","))
        writer.writeheader()
        writer.writerows(rows)
    events, rejects = normalised(path)
    assert not rejects
    for row, event in zip(rows, events, strict=True):
        key = {names.get(name, name): value for name, value in row.items() if value}
        key["event_date"] = "2020-11-01"
        text = json.dumps(key, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        text = re.sub(r"\\u00[0-9a-f]{2}", lambda found: found[0].upper().replace("U", "u"), text)
        assert event["event_key"] == str(uuid.uuid5(NAMESPACE, text))


@pytest.mark.parametrize(
    ("line", "rule", "column"),
    [
        ("u1,20201101,1604188804579566,,X,T", "missing_event_name", "event_name"),
        ("u1,20201301,1604188804579566,e,X,T", "not_a_date", "event_date"),
        ("u1,2020-02-30,1604188804579566,e,X,T", "not_a_date", "event_date"),
        ("u1,,,e,X,T", "missing_event_date", "event_date"),
        ("u1,20201101,1604188804,e,X,T", "timestamp_unit", "event_timestamp"),
        ("u1,20201101,1604188804579,e,X,T", "timestamp_unit", "event_timestamp"),
        ("u1,20201101,1.60419E+15,e,X,T", "scientific_notation", "event_timestamp"),
        ("8.2E+07,20201101,1604188804579566,e,X,T", "scientific_notation", "user_pseudo_id"),
        ("u1,20201101,2020-11-01 00:00:04,e,X,T", "timestamp_without_zone", "event_timestamp"),
        ("u1,20201101,yesterday,e,X,T", "not_a_timestamp", "event_timestamp"),
        ("u1,20201101,1604188804579566,e,X", "ragged_line", None),
        ("u1,20201101,1604188804579566,e,X,T,more", "ragged_line", None),
    ],
)
def test_a_bad_line_is_kept_with_its_place(
    tmp_path: Path, line: str, rule: str, column: str | None
) -> None:
    events, rejects = normalised(flat(tmp_path, GOOD, line, GOOD))
    assert len(events) == 2
    assert [(r.line, r.rule, r.column, r.raw_text) for r in rejects] == [(3, rule, column, line)]


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2020-11-01T00:00:04.579566+00:00", 1604188804579566),
        ("2020-11-01T01:00:04.579566+01:00", 1604188804579566),
        ("2020-11-01 00:00:04.579566 UTC", 1604188804579566),
        ("2020-11-01T00:00:04Z", 1604188804000000),
        ("1604188804579566.0", 1604188804579566),
    ],
)
def test_timestamps_that_people_write(tmp_path: Path, text: str, micros: int) -> None:
    events, rejects = normalised(flat(tmp_path, f"u1,20201101,{text},e,X,T"))
    assert rejects == []
    assert events[0]["event_timestamp"] == micros


@pytest.mark.parametrize(
    ("text", "micros"),
    [("34.0", 34_000_000), ("0.1", 100_000), ("1e3", 1_000_000_000), ("-5.25", -5_250_000),
     ("0.0000004", 0), ("9000000000000", 9_000_000_000_000_000_000)],
)  # fmt: skip
def test_money_is_whole_micro_units(tmp_path: Path, text: str, micros: int) -> None:
    header = HEADER + ",purchase_revenue_usd"
    events, rejects = normalised(flat(tmp_path, f"{GOOD},{text}", header=header))
    assert rejects == []
    assert events[0]["purchase_revenue_usd_micros"] == micros


@pytest.mark.parametrize("text", ["12,50", "NaN", "$5", "(not set)"])
def test_what_is_no_amount_is_rejected(tmp_path: Path, text: str) -> None:
    header = HEADER + ",purchase_revenue_usd"
    _, rejects = normalised(flat(tmp_path, f'{GOOD},"{text}"', header=header))
    assert [reject.rule for reject in rejects] == ["not_an_amount"]


def test_unknown_columns_stay_among_the_parameters(tmp_path: Path) -> None:
    events, _ = normalised(flat(tmp_path, f"{GOOD},gold,", header=HEADER + ",tier,shoe size"))
    assert events[0]["event_params"] == '{"tier":"gold"}'


def test_both_csv_parsers_give_the_same_rows(tmp_path: Path) -> None:
    """A block with a blank line goes to the csv module, the same lines without to pyarrow."""
    chance = random.Random(11)
    alphabet = ["a", "é", "1.5", "", "x y", 'say "hi"', "comma, here", "'", "tab\t"]
    rows = [[chance.choice(alphabet) for _ in range(6)] for _ in range(500)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        row if chance.random() > 0.05 else row[:-1] for row in rows
    )
    header = "a,b,c,d,e,f\n"
    fast, slow = tmp_path / "fast.csv", tmp_path / "slow.csv"
    fast.write_text(header + text.getvalue())
    slow.write_text(header + "\n\n" + text.getvalue())
    found = []
    for path, shift in ((fast, 0), (slow, 2)):
        part = list(csv_rows(path, 6, unheard))
        found.append(
            (
                [row for each in part for row in each.table.to_pylist()],
                [int(line) - shift for each in part for line in each.lines],
                [(r.line - shift, r.raw_text) for each in part for r in each.rejects],
            )
        )
    assert found[0] == found[1]
    assert len(found[0][2]) > 5


def test_quoted_newlines_keep_their_line_numbers(tmp_path: Path) -> None:
    path = flat(tmp_path, GOOD.replace("T1", '"two\nlines"'), "bad,line", GOOD)
    events, rejects = normalised(path)
    assert [event["transaction_id"] for event in events] == ["two\nlines", "T1"]
    assert [reject.line for reject in rejects] == [4]


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
def test_blocks_join_to_the_file_whatever_their_size(tmp_path: Path, size: int) -> None:
    content = ('a,"b\nb",c\n' * 50 + "last,line,without end").encode()
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    found = list(blocks(path, quoted=True, size=size))
    assert b"".join(block.data for block in found) == content
    for block in found:
        assert content[: content.find(block.data)].count(b"\n") <= block.first_line - 1
        assert block.data.count(b'"') % 2 == 0


def test_byte_order_mark_crlf_and_gzip(tmp_path: Path) -> None:
    text = f"\ufeff{HEADER}\r\n{GOOD}\r\n"
    plain, zipped = tmp_path / "a.csv", tmp_path / "b.csv"
    plain.write_bytes(text.encode())
    zipped.write_bytes(gzip.compress(text.encode()))
    assert normalised(plain) == normalised(zipped)
    assert normalised(plain)[0][0]["transaction_id"] == "T1"


def test_invalid_utf8_is_one_reject(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(f"{HEADER}\n{GOOD}\n".encode() + b"u,20201101,1604188804579566,e,\xff,T\n")
    events, rejects = normalised(path)
    assert len(events) == 1
    assert [(reject.line, reject.rule) for reject in rejects] == [(3, "invalid_utf8")]


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"", SourceError, "empty"),
        (b"PK\x03\x04rest", UnknownShapeError, "zip"),
        (b"\xff\xfe\x00\x00e\x00\x00\x00", UnknownShapeError, "UTF-32"),
        (b"BZh91AY", UnknownShapeError, "bunzip2"),
        (b"[{}]", UnknownShapeError, "one event per line"),
        (b"a,b\n1,2\n", UnknownShapeError, "not an export of GA4 events"),
        (b"event_name,event_params\n", UnknownShapeError, "not an export of GA4 events"),
        (b"event_name,event_date,event_date\n", SourceError, "a second time"),
        (b"event_name,event_timestamp,session_id,ga_session_id\n", SourceError, "both mean"),
    ],
)
def test_what_is_not_read_says_so(
    tmp_path: Path, content: bytes, error: type[SourceError], said: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        detect(path, NO_OPTIONS)
    assert said in str(caught.value)
    assert caught.value.remedy


def test_truncated_gzip_and_nul_are_damage(tmp_path: Path) -> None:
    lines = "\n".join(f"{GOOD}{number}" for number in range(5000))
    whole = gzip.compress(f"{HEADER}\n{lines}\n".encode())
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    nul = tmp_path / "nul.csv"
    nul.write_bytes(f"{HEADER}\n{GOOD}\n".encode() + b"u\0,20201101\n")
    with pytest.raises(DamagedFileError, match="gzip"):
        normalised(cut)
    with pytest.raises(DamagedFileError, match="line 3"):
        normalised(nul)


def test_an_unclosed_quote_names_its_line(tmp_path: Path) -> None:
    path = flat(tmp_path, GOOD, GOOD.replace("T1", '"T1'), GOOD)
    with pytest.raises(SourceError, match="from line 3"):
        normalised(path)


def test_a_parquet_column_of_another_type_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"event_name": ["x"], "event_params": [[1, 2]]}), path)
    with pytest.raises(UnknownShapeError, match="event_params is of type list"):
        list(read_parquet(path, NO_OPTIONS, unheard))


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("event_params", [{"key": "k", "value": 1}], "event_params is of type list"),
        ("items", [{"item_id": "i", "item_params": [1]}], "items.item_params is of type list"),
        ("items", [{"item_id": "i", "item_params": [{"key": "k"}]}], "items.item_params"),
    ],
)
def test_a_parquet_list_of_other_records_says_so(
    tmp_path: Path, name: str, values: list[Any], told: str
) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"event_name": ["x"], name: [values]}), path)
    with pytest.raises(UnknownShapeError, match=told):
        list(read_parquet(path, NO_OPTIONS, unheard))


def test_names_that_people_give(tmp_path: Path) -> None:
    header = ("Client ID", "device.category", "geo country", "session_id", "revenue_usd", "x")
    plan = plan_columns(header, NO_OPTIONS, tmp_path)
    assert list(plan) == [
        "=user_pseudo_id", "=device_category", "=country", "=ga_session_id",
        "=purchase_revenue_usd_micros", "@x",
    ]  # fmt: skip


def test_map_and_set_win_over_names(tmp_path: Path) -> None:
    options = ColumnOptions(
        parse_pairs(("user_pseudo_id=visitor",), "--map"),
        parse_pairs(("event_name=signup",), "--set"),
    )
    path = flat(
        tmp_path, "v1,ignored,20201101,1604188804579566",
        header="visitor,user_pseudo_id,event_date,event_timestamp",
    )  # fmt: skip
    events, _ = normalised(path, options)
    assert (events[0]["user_pseudo_id"], events[0]["event_name"]) == ("v1", "signup")
    assert events[0]["event_params"] == '{"user_pseudo_id":"ignored"}'


@pytest.mark.parametrize("text", ["nonsense", "no_such_column=x", "=x"])
def test_a_wrong_map_lists_the_columns(text: str) -> None:
    with pytest.raises(SourceError, match="user_pseudo_id"):
        parse_pairs((text,), "--map")


def test_header_of_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("\n")
    with pytest.raises(SourceError, match="no header"):
        read_header(path)
