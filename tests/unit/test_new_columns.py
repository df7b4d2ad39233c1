"""Columns that do not exist yet, and all that do: nothing of a file is lost."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from shape_files import Canonical, Event, canonical, events, json_csv, ndjson, parquet

from ga4_analytics.sources.mapping import GA4_TOP_LEVEL

NEW: Event = {
    "event_date": "20260901", "event_timestamp": 1_788_220_800_000_000, "event_name": "x",
    "user_pseudo_id": "1.10",
    "event_params": [{"key": "p", "value": {"string_value": None, "int_value": None,
                                            "float_value": None, "double_value": None,
                                            "new_slot": "slotted"}}],
    "device": {"category": "mobile", "new_leaf": "leafy", "new_record": {"b": "2", "a": "1"}},
    "items": [{"item_id": "7", "new_field": "fieldy", "new_list": ["u", "v"],
               "item_params": [{"key": "size", "value": {"string_value": "L", "int_value": None,
                                                        "float_value": None,
                                                        "double_value": None}}]}],
    "new_scalar": 5,
    "new_record": {"z": 1, "a": {"b": "x"}},
    "new_list": [{"k": 2, "a": "u"}, {"k": 3, "a": "v"}],
}  # fmt: skip


def console(text: str, path: Path) -> Path:
    path.write_text(text)
    return path


CONSOLE = """\
event_date,event_timestamp,event_name,user_pseudo_id,event_params.key,\
event_params.value.string_value,event_params.value.new_slot,device.category,device.new_leaf,\
items.item_id,items.new_field,items.item_params.key,items.item_params.value.string_value,\
new_scalar,new_record.z,new_record.a.b,new_list.k,new_list.a
20260901,1788220800000000,x,1.10,p,,slotted,mobile,leafy,7,fieldy,size,L,5,1,x,2,u
,,,,,,,,,,,colour,red,,,,3,v
,,,,,,,,,8,,,,,,,,
,,,,,,,,,,,size,S,,,,,
20260901,1788220800000001,y,1.10,,,,,,,,,,,,,,
"""


def kept(found: Canonical) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Parameters, other fields and item parameters of the first event; nothing is rejected."""
    rows, items, rejects = found
    assert rejects == []
    first = rows[0]
    mine = [json.loads(item["item_params"]) for item in items
            if item["event_key"] == first["event_key"]]  # fmt: skip
    return (
        {name: _opened(text) for name, text in json.loads(first["event_params"]).items()},
        {name: _opened(text) for name, text in json.loads(first["other_fields"]).items()},
        mine,
    )


def _opened(text: str) -> Any:
    return json.loads(text) if text.startswith(("{", "[")) else text


@pytest.mark.parametrize("write", [ndjson, parquet, json_csv])
def test_new_fields_are_kept_by_nested_shapes(tmp_path: Path, write: Any) -> None:
    params, others, items = kept(canonical(write([NEW], tmp_path / "new")))
    assert params == {
        "p": "slotted",
        "new_scalar": "5",
        "new_record": {"z": "1", "a": {"b": "x"}},
        "new_list": [{"k": "2", "a": "u"}, {"k": "3", "a": "v"}],
    }
    assert others == {"device.new_leaf": "leafy", "device.new_record": {"a": "1", "b": "2"}}
    assert items == [{"size": "L", "new_field": "fieldy", "new_list": '["u","v"]'}]


def test_new_fields_give_the_same_event_in_every_nested_shape(tmp_path: Path) -> None:
    found = [canonical(write([NEW], tmp_path / write.__name__))
             for write in (ndjson, parquet, json_csv)]  # fmt: skip
    assert found[0] == found[1] == found[2]


def test_new_fields_are_kept_by_the_console_csv(tmp_path: Path) -> None:
    found = canonical(console(CONSOLE, tmp_path / "a.csv"))
    params, others, items = kept(found)
    assert params == {
        "p": "slotted",
        "new_scalar": "5",
        "new_record": {"z": "1", "a": {"b": "x"}},
        "new_list": [{"k": "2", "a": "u"}, {"k": "3", "a": "v"}],
    }
    assert others == {"device.new_leaf": "leafy"}
    assert items == [{"size": "L", "colour": "red", "new_field": "fieldy"}, {"size": "S"}]
    assert [row["event_name"] for row in found[0]] == ["x", "y"]


def test_what_one_line_becomes_does_not_depend_on_others(tmp_path: Path) -> None:
    """A line of another shape is refused alone, and its neighbours stay as they were."""
    rows = events(20, seed=5)
    truth = canonical(ndjson(rows, tmp_path / "a.json"))
    lines = (tmp_path / "a.json").read_text().splitlines()
    broken = [
        json.loads(lines[3]) | {"geo": "Peru"},
        json.loads(lines[4]) | {"items": ["cup"]},
        json.loads(lines[5]) | {"event_params": {"key": "x"}},
        json.loads(lines[6]) | {"device": {"web_info": [1]}},
        json.loads(lines[7]) | {"user_properties": [{"key": "x", "value": 5}]},
        json.loads(lines[8]) | {"items": [{"item_id": "x", "item_params": "y"}]},
        [1],
    ]
    (tmp_path / "a.json").write_text(
        "\n".join([*lines, *(json.dumps(each) for each in broken)]) + "\n"
    )
    found = canonical(tmp_path / "a.json")
    assert found[:2] == truth[:2]
    assert [(r.line, r.column, r.rule) for r in found[2]] == [
        (21, "geo", "not_a_record"),
        (22, "items", "not_a_list"),
        (23, "event_params", "not_a_list"),
        (24, "device.web_info", "not_a_record"),
        (25, "user_properties", "not_a_list"),
        (26, "items", "not_a_list"),
        (27, None, "not_an_object"),
    ]


def test_every_column_of_google_has_a_place(tmp_path: Path) -> None:
    """Each of the 31 columns, with a value of its own, is found again."""
    row: Event = {
        name: f"in {name}" for name in GA4_TOP_LEVEL
        if name not in {"event_params", "user_properties", "items", "event_date", "device", "geo"}
    }  # fmt: skip
    records = {"privacy_info", "user_ltv", "app_info", "traffic_source", "event_dimensions",
               "ecommerce", "collected_traffic_source", "session_traffic_source_last_click",
               "publisher"}  # fmt: skip
    row |= {name: {"leaf": f"in {name}"} for name in records}
    numbers = ("event_timestamp", "user_first_touch_timestamp", "batch_event_index",
               "batch_page_id", "batch_ordering_id", "event_value_in_usd")  # fmt: skip
    row |= {name: 1_788_220_800_000_000 + at for at, name in enumerate(numbers)}
    row |= {"event_date": "20260901", "is_active_user": True, "event_value_in_usd": 9.25}
    assert len(row) == 26
    for write in (ndjson, parquet, json_csv):
        found, _, rejects = canonical(write([row], tmp_path / write.__name__))
        assert rejects == []
        text = json.dumps(found[0], default=str, ensure_ascii=False)
        for name in row.keys() - set(numbers) - {"event_date", "is_active_user"}:
            assert f"in {name}" in text, name
        for at, name in enumerate(numbers[:-1]):
            assert found[0][name] == 1_788_220_800_000_000 + at
        assert (found[0]["event_value_usd_micros"], found[0]["is_active_user"]) == (9_250_000, True)


def test_the_console_csv_above_is_what_it_seems() -> None:
    rows = list(csv.reader(CONSOLE.splitlines()))
    assert {len(row) for row in rows} == {18}
