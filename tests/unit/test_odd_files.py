"""Files that fuzzing found to break a reader: each is read, rejected in part or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shape_files import Event, canonical, events, inspected, ndjson, parquet, table_csv

from ga4_analytics.errors import DamagedFileError, SourceError, UnknownShapeError
from ga4_analytics.ingest.staging import Reading, stage_files
from ga4_analytics.sources import json_export
from ga4_analytics.sources.mapping import NO_OPTIONS
from ga4_analytics.sources.readings import Judging

GOOD: Event = {"event_date": "20201101", "event_name": "x"}


def lines(path: Path, rows: list[Event]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("nothing", [{"a": None}, {}, []])
def test_nested_json_that_says_nothing_is_no_value(tmp_path: Path, nothing: object) -> None:
    rows = [GOOD | {"new": {"x": "1"}}, GOOD | {"new": nothing}]
    found, _, rejects = canonical(lines(tmp_path / "a.json", rows))
    assert rejects == []
    assert [each.get("event_params") for each in found] == ['{"new":"{\\"x\\":\\"1\\"}"}', None]


def test_a_number_of_any_length_is_kept(tmp_path: Path) -> None:
    digits = "9" * 5000
    path = tmp_path / "a.json"
    path.write_text('{"event_date": "20201101", "event_name": "x", "new": {"n": ' + digits + "}}\n")
    found, _, rejects = canonical(path)
    assert rejects == []
    assert digits in found[0]["event_params"]


def test_blocks_without_a_good_line_are_rejected_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_export, "BLOCK_BYTES", 64)
    good = json.dumps(GOOD) + "\n"
    path = tmp_path / "a.json"
    path.write_text(good + 40 * "{broken}\n" + good)
    found, _, rejects = canonical(path)
    assert len(found) == 2
    assert [reject.line for reject in rejects] == list(range(2, 42))


@pytest.mark.parametrize(
    ("odd", "column"),
    [
        ({"": 1}, "the line"),
        ({"EVENT_NAME": "y"}, "the line"),
        ({"a\0b": 1}, "the line"),
        ({"geo": {"Country": "DE"}}, "geo"),
        ({"geo": {"": {"x": 1}}}, "geo"),
        ({"items": [{"item_id": "1", "Item_id": "2"}]}, "items"),
        ({"items": [{"item_params": [{"key": "k", "value": {"Int_value": 2}}]}]}, "items"),
        ({"event_params": [{"key": "k", "value": {"": 1}}]}, "event_params"),
    ],
)
def test_a_field_without_a_name_of_its_own_rejects_its_line_alone(
    tmp_path: Path, odd: Event, column: str
) -> None:
    good = GOOD | {
        "geo": {"country": "FR"},
        "event_params": [{"key": "k", "value": {"int_value": "5"}}],
        "items": [{"item_id": "7", "item_params": [{"key": "s", "value": {"int_value": "1"}}]}],
    }
    alone = canonical(lines(tmp_path / "alone.json", [good]))
    path = lines(tmp_path / "a.json", [good, good | odd])
    found, items, rejects = canonical(path)
    assert (found, items) == alone[:2]
    assert [(r.line, r.column, r.rule) for r in rejects] == [(2, column, "unnamed_field")]


@pytest.mark.parametrize("depth", [200, 500, 5000])
def test_json_that_nests_too_deep_rejects_its_line_alone(tmp_path: Path, depth: int) -> None:
    deep = '{"event_date": "20201101", "event_name": "x", "n": ' + "[" * depth + "]" * depth + "}"
    path = tmp_path / "a.json"
    path.write_text("\n".join([json.dumps(GOOD), deep, json.dumps(GOOD)]))
    found, _, rejects = canonical(path)
    assert len(found) == 2
    assert [(r.line, r.rule, r.raw_text) for r in rejects] == [(2, "cell_too_large", deep)]


def test_json_that_nests_as_deep_as_it_may_is_read(tmp_path: Path) -> None:
    deep = "[" * 199 + '"x"' + "]" * 199
    path = tmp_path / "a.json"
    path.write_text('{"event_date": "20201101", "event_name": "x", "n": ' + deep + "}\n")
    found, _, rejects = canonical(path)
    assert rejects == []
    assert json.loads(json.loads(found[0]["event_params"])["n"]) == json.loads(deep)


def test_a_json_cell_that_nests_too_deep_rejects_its_record_alone(tmp_path: Path) -> None:
    good = GOOD | {"event_params": "[]", "geo": "{}", "new": "[" * 5000 + "]" * 5000}
    deep = good | {"geo": '{"country": ' + "[" * 500 + "]" * 500 + "}"}
    path = table_csv([good, deep, good], tmp_path / "a.csv", ",")
    found, _, rejects = canonical(path)
    assert len(found) == 2
    assert [(r.line, r.column, r.rule) for r in rejects] == [(3, "geo", "cell_too_large")]


def test_a_header_that_ends_in_cr_alone_takes_no_line_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"event_date,event_name\r20201101,a\n20201101,b\n20201101,c\n")
    found, _, rejects = canonical(path)
    assert [each["event_name"] for each in found] == ["a", "b", "c"]
    assert rejects == []


def test_a_csv_column_of_the_same_name_in_capitals_is_refused(tmp_path: Path) -> None:
    path = table_csv([GOOD | {"Size": "1", "size": "2"}], tmp_path / "a.csv", ",")
    with pytest.raises(SourceError, match="the name 'size' a second time"):
        inspected(path)


def test_a_ragged_line_with_bad_bytes_is_one_reject(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"event_date,event_name\n20201101,a\n20201101,b,\x80\n20201101,c\n")
    found, _, rejects = canonical(path)
    assert [each["event_name"] for each in found] == ["a", "c"]
    assert [(r.line, r.rule) for r in rejects] == [(3, "ragged_line")]
    assert capfd.readouterr().err == ""


def test_damage_in_a_parquet_footer_is_told(tmp_path: Path) -> None:
    path = parquet(events(20, seed=1), tmp_path / "a.parquet")
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[-8:-4], "little")
    data[-8 - size : -8] = b"\xff" * size
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedFileError, match=r"a\.parquet is a damaged Parquet file"):
        inspected(path)


@pytest.mark.parametrize("name", ["event_name", "EVENT_NAME"])
def test_a_column_of_a_table_is_there_once(tmp_path: Path, name: str) -> None:
    table = pa.table({"event_date": ["20201101"], "event_name": ["x"]})
    path = tmp_path / "a.parquet"
    pq.write_table(table.append_column(name, pa.array(["y"])), path)
    with pytest.raises(SourceError, match=f"{name!r} is there twice"):
        canonical(path)


def test_a_column_of_a_table_has_a_name(tmp_path: Path) -> None:
    table = pa.table({"event_date": ["20201101"], "event_name": ["x"], "": ["y"]})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(SourceError, match="'' is no name"):
        canonical(tmp_path / "a.parquet")


def test_a_field_of_a_record_is_there_once(tmp_path: Path) -> None:
    path = parquet([GOOD | {"geo": {"country": "a", "Country": "b"}}], tmp_path / "a.parquet")
    with pytest.raises(SourceError, match=r"geo\.'Country' is there twice"):
        canonical(path)


def test_a_column_of_a_type_that_is_not_read_is_told(tmp_path: Path) -> None:
    table = pa.table({"event_date": ["20201101"], "event_name": ["x"]})
    path = tmp_path / "a.parquet"
    pq.write_table(table.append_column("half", pa.array([1.0], pa.float16())), path)
    with pytest.raises(UnknownShapeError, match=r"a\.parquet has a column of a type"):
        canonical(path)


@pytest.mark.parametrize("name", ["event_params", "user_properties", "items"])
def test_a_repeated_field_without_a_type_is_empty(tmp_path: Path, name: str) -> None:
    rows = [GOOD | {"geo": {"country": "FR"}, name: None}]
    found, items, rejects = canonical(parquet(rows, tmp_path / "a.parquet"))
    assert [each["country"] for each in found] == ["FR"]
    assert (items, rejects) == ([], [])


def test_a_table_in_row_groups_with_a_dictionary_keeps_its_records(tmp_path: Path) -> None:
    browsers = [f"B{at}" for at in range(60)]
    rows = [GOOD | {"device": {"web_info": {"browser": each}}} for each in browsers]
    table = pa.Table.from_pylist(rows)
    coded = table.column("event_name").dictionary_encode()
    table = table.set_column(table.schema.get_field_index("event_name"), "event_name", coded)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    found, _, rejects = canonical(tmp_path / "a.parquet")
    assert [each["browser"] for each in found] == browsers
    assert rejects == []


def test_a_table_with_text_that_is_no_utf8_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"event_date": ["20201101"] * 3, "event_name": ["aaaa", "bbbb", "cccc"]})
    pq.write_table(table, path, compression="none", use_dictionary=False)
    path.write_bytes(path.read_bytes().replace(b"bbbb", b"b\xe2bb"))
    with pytest.raises(DamagedFileError, match="UTF8"):
        canonical(path)


HEADER = "event_date,event_name,event_params.key,event_params.value.int_value,platform"
STORY = [
    "20201101,a,k1,1,WEB", ",,k2,2,",
    "20201101,b,k3,3,WEB", ",,k4,4,",
    "20201101,c,k5,5,WEB", ",,k6,6,",
]  # fmt: skip


def console(path: Path, story: list[str]) -> tuple[dict[str, str], list[tuple[int, str, str]]]:
    """Event name to parameters of a console CSV, and line, rule and text of its rejects."""
    path.write_bytes("\n".join([HEADER, *story, ""]).encode("latin-1"))
    found, _, rejects = canonical(path)
    return (
        {each["event_name"]: each["event_params"] for each in found},
        [(each.line, each.rule, each.raw_text) for each in rejects],
    )


@pytest.mark.parametrize(
    ("at", "bad", "rule"),
    [
        (2, "20201101,b,k3,3", "ragged_line"),
        (2, "20201101,b,k3,3,WEB,", "ragged_line"),
        (2, "20201101,b,k3\xff,3,WEB", "invalid_utf8"),
        (3, ",,k4,4", "ragged_line"),
        (3, ",,k4\xff,4,", "invalid_utf8"),
        (3, ",,k4,4,WEB", "missing_event_name"),
    ],
)
def test_an_event_with_a_bad_line_is_one_reject_and_others_are_as_they_were(
    tmp_path: Path, at: int, bad: str, rule: str
) -> None:
    whole, none = console(tmp_path / "whole.csv", STORY)
    assert none == [] and set(whole) == {"a", "b", "c"}
    story = [*STORY[:at], bad, *STORY[at + 1 :]]
    found, rejects = console(tmp_path / "broken.csv", story)
    assert found == {name: whole[name] for name in ("a", "c")}
    text = "\n".join(story[2:4]).encode("latin-1").decode("utf-8", "replace")
    assert rejects == [(at + 2, rule, text)]


def test_lines_of_no_event_are_rejects_of_their_own(tmp_path: Path) -> None:
    found, rejects = console(tmp_path / "a.csv", [STORY[1], ",,x", STORY[3], "20201101", STORY[5]])
    assert found == {}
    assert rejects == [
        (2, "orphan_line", STORY[1]),
        (3, "ragged_line", ",,x"),
        (4, "orphan_line", STORY[3]),
        (5, "ragged_line", "20201101\n" + STORY[5]),
    ]


def test_odd_lines_of_ndjson_are_what_the_same_event_is_elsewhere(tmp_path: Path) -> None:
    rows = events(5, seed=2)
    truth = canonical(ndjson(rows, tmp_path / "a.json"))[0]
    path = ndjson(rows, tmp_path / "b.json")
    path.write_bytes(b"\n \n" + path.read_bytes().replace(b"\n", b"\r\n\t\n"))
    found, _, rejects = canonical(path)
    assert (found, rejects) == (truth, [])


def test_files_with_one_column_in_two_cases_do_not_mix(tmp_path: Path) -> None:
    paths = [
        table_csv([GOOD | {"event_date": f"2020110{at}", name: name}], tmp_path / f"{at}.csv", ",")
        for at, name in enumerate(("size", "Size", "SIZE"), 1)
    ]
    files = [each for path in paths for each in inspected(path)]
    staged = tmp_path / "staged"
    staged.mkdir()
    stage_files(files, Reading(NO_OPTIONS, (), Judging()), staged, lambda size: None)
    found = [row for each in staged.glob("events-*") for row in pq.read_table(each).to_pylist()]
    assert {(row["event_date"].day, row["event_params"]) for row in found} == {
        (1, '{"size":"size"}'),
        (2, '{"Size":"Size"}'),
        (3, '{"SIZE":"SIZE"}'),
    }
