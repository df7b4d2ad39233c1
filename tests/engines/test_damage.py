"""Damage: refused with its place, rule and remedy; accepted only when told, and recorded."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from ga4_analytics.errors import DamagedFileError, LoadError
from ga4_analytics.render.status import damage_line
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.workspace import Workspace

DAY = 86_400_000_000
START = 1_604_188_800_000_000  # 2020-11-01T00:00:00Z
NOW = START + 30 * DAY
HEADER = ("user_pseudo_id", "event_date", "event_timestamp", "event_name", "country",
          "device_category", "engagement_time_msec", "purchase_revenue_usd")  # fmt: skip
NAMES = ("session_start", "page_view", "scroll", "purchase")
COUNTRIES = ("Canada", "Türkiye", "Côte d’Ivoire", "India")
DEVICES = ("desktop", "mobile", "tablet")

Row = dict[str, str]


@pytest.fixture(params=["duckdb", "postgres"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """An empty workspace on either warehouse."""
    url = "ga4.duckdb" if request.param == "duckdb" else request.getfixturevalue("postgres_url")
    made = Workspace.create(tmp_path / "ws", timezone="UTC")
    made.close()
    return Workspace.open(tmp_path / "ws", warehouse=url, clock=iter(range(NOW, 2**62)).__next__)


@pytest.fixture
def embedded(tmp_path: Path) -> Workspace:
    """An empty workspace on DuckDB, for what is the same on every engine."""
    made = Workspace.create(tmp_path / "ws", timezone="UTC")
    made.close()
    return Workspace.open(tmp_path / "ws", clock=iter(range(NOW, 2**62)).__next__)


def good_rows(count: int = 60, seed: int = 1) -> list[Row]:
    """Events of three days as a flat export has them, in no order."""
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        time = START + rng.randrange(3 * DAY)
        day = date(2020, 11, 1 + (time - START) // DAY)
        rows.append({
            "user_pseudo_id": f"{rng.randrange(1 << 31)}.{1_600_000_000 + rng.randrange(10**8)}",
            "event_date": f"{day:%Y%m%d}", "event_timestamp": str(time),
            "event_name": rng.choice(NAMES), "country": rng.choice(COUNTRIES),
            "device_category": rng.choice(DEVICES),
            "engagement_time_msec": str(rng.randrange(9_000)), "purchase_revenue_usd": "",
        })  # fmt: skip
    return rows


def write(folder: Path, rows: Sequence[Row], name: str = "events.csv") -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(rows)
    return path


def changed(rows: Sequence[Row], column: str, change: Callable[[str], str]) -> list[Row]:
    return [{**row, column: change(row[column])} for row in rows]


def swapped(rows: Sequence[Row], one: str, other: str) -> list[Row]:
    return [{**row, one: row[other], other: row[one]} for row in rows]


def table(workspace: Workspace, columns: str, name: str, where: str = "true") -> list[dict]:
    return workspace.warehouse.query(
        f"select {columns} from raw.{name} where {where} order by 1, 2, 3"
    ).to_pylist()


def nothing_written(workspace: Workspace) -> bool:
    names = ("ga4_events", "ga4_days", "loads", "load_files", "rejects", "damage")
    return all(
        workspace.warehouse.query(f"select count(*) as n from raw.{name}").to_pylist()[0]["n"] == 0
        for name in names
    )


def refused(workspace: Workspace, path: Path, **options: object) -> DamagedFileError:
    with pytest.raises(DamagedFileError) as caught:
        workspace.load([path], **options)
    assert nothing_written(workspace)
    assert str(path) in caught.value.problem
    assert "--accept-damaged" in caught.value.remedy
    return caught.value


def damage(workspace: Workspace, accepted: bool = True) -> list[dict]:
    return table(workspace, "column_name, rule, records, first_line, example", "damage",
                 "accepted" if accepted else "not accepted")  # fmt: skip


def scientific(text: str) -> str:
    return f"{float(text):.5E}"


def test_a_spreadsheets_timestamps(workspace: Workspace, tmp_path: Path) -> None:
    """One in three lines went through a spreadsheet; the others are as ever."""
    rows = good_rows()
    workspace.load([write(tmp_path, rows, "whole.csv")], dataset="whole")
    bad = [row if n % 3 else {**row, "event_timestamp": scientific(row["event_timestamp"])}
           for n, row in enumerate(rows)]  # fmt: skip
    path = write(tmp_path, bad)
    first = bad[0]["event_timestamp"]
    with pytest.raises(DamagedFileError) as caught:
        workspace.load([path])
    assert f"line 2, column event_timestamp: {first!r} lost digits" in caught.value.problem
    assert "(scientific_notation) Likewise lines 5, 8, 11, 14 and 15 more" in caught.value.problem
    assert "--accept-damaged" in caught.value.remedy
    assert table(workspace, "dataset, load_id, mode", "loads", "dataset = 'ga4'") == []

    result = workspace.load([path], accept_damaged=True)
    assert (result.events, result.rejected) == (60, {})
    assert damage(workspace) == [{
        "column_name": "event_timestamp", "rule": "scientific_notation", "records": 20,
        "first_line": 2, "example": first,
    }]  # fmt: skip
    ids = {
        name: {row["event_id"]: row["event_timestamp"] for row in table(
            workspace, "event_id, event_timestamp, event_date", "ga4_events", f"dataset = '{name}'"
        )} for name in ("whole", "ga4")
    }  # fmt: skip
    kept = {event: time for event, time in ids["ga4"].items() if time is not None}
    assert len(kept) == 40
    assert kept.items() <= ids["whole"].items()
    assert "event_timestamp" not in result.missing


def test_the_status_and_the_marts_say_what_was_accepted(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws", timezone="UTC")
    # A load of whole days, and one of later days whose times are all lost.
    rows = good_rows()
    early = [row for row in rows if row["event_date"] == "20201101"]
    late = [row for row in rows if row["event_date"] != "20201101"]
    workspace.load([write(tmp_path, early, "early.csv")])
    path = write(tmp_path, changed(late, "event_timestamp", scientific), "late.csv")
    result = workspace.load([path], accept_damaged=True)
    assert result.missing["event_timestamp"].startswith("The values are damaged")
    facts = workspace.status()["datasets"][0]
    (found,) = facts["accepted_damage"]
    assert damage_line(found).startswith(f"event_timestamp in {path}: {len(late)} records, the "
                                         f"first on line 2 ('1.6")  # fmt: skip
    assert facts["days_with"]["has_event_timestamp"] == 1
    workspace.build()
    query = workspace.warehouse.query
    assert query(
        "select rule, records, rejected_records, accepted_damage from "
        "analytics.data_quality_loads where load_id = ? order by rule", [result.load_id]
    ).to_pylist() == [
        {"rule": rule, "records": len(late), "rejected_records": 0, "accepted_damage": len(late)}
        for rule in ("(all)", "scientific_notation")
    ]  # fmt: skip
    days = query(
        "select event_date, check_name from analytics.data_quality "
        "where check_name in ('accepted_damage', 'no_event_timestamp') order by 1, 2"
    ).to_pylist()
    assert [(row["event_date"].day, row["check_name"]) for row in days] == [
        (day, check) for day in (2, 3) for check in ("accepted_damage", "no_event_timestamp")
    ]
    sessions = query(
        "select event_date, sessions from analytics.daily_active_users order by 1"
    ).to_pylist()
    assert [row["sessions"] is None for row in sessions] == [False, True, True]


def test_ids_in_scientific_notation_stay_text(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path, changed(good_rows(), "user_pseudo_id", scientific))
    error = refused(workspace, path)
    assert "line 2, column user_pseudo_id" in error.problem
    workspace.load([path], accept_damaged=True)
    ids = {row["user_pseudo_id"] for row in table(
        workspace, "user_pseudo_id, event_id, event_date", "ga4_events")}  # fmt: skip
    assert ids == {scientific(row["user_pseudo_id"]) for row in good_rows()}
    assert damage(workspace)[0]["records"] == 60


@pytest.mark.parametrize("written", ["{:.15g}", "{!r}"], ids=["spreadsheet", "data frame"])
def test_ids_that_were_read_as_numbers(embedded: Workspace, tmp_path: Path, written: str) -> None:
    rows = changed(good_rows(), "user_pseudo_id", lambda text: written.format(float(text)))
    path = write(tmp_path, rows)
    error = refused(embedded, path)
    first = rows[0]["user_pseudo_id"]
    assert f"line 2, column user_pseudo_id: {first!r}: no id has more than" in error.problem
    assert "id_lost_digits" in error.problem
    assert "ids and times as text" in error.remedy
    embedded.load([path], accept_damaged=True)
    assert damage(embedded) == [{
        "column_name": "user_pseudo_id", "rule": "id_lost_digits", "records": 60,
        "first_line": 2, "example": first,
    }]  # fmt: skip
    found = table(embedded, "user_pseudo_id, event_id, event_date", "ga4_events")
    assert {row["user_pseudo_id"] for row in found} == {row["user_pseudo_id"] for row in rows}


@pytest.mark.parametrize(
    ("change", "told"),
    [(lambda text: f"{float(text):.5E}".replace(".", "").replace("E+15", "0" * 10),
      "10 zeros or more"),
     (lambda text: text[:15] + "0", "a zero")],
    ids=["written out", "15 digits"],
)  # fmt: skip
def test_timestamps_with_zeros_for_digits(
    workspace: Workspace, tmp_path: Path, change: Callable[[str], str], told: str
) -> None:
    rows = changed(good_rows(200), "event_timestamp", change)
    path = write(tmp_path, rows)
    good = write(tmp_path, good_rows(200, seed=2), "good.csv")
    error = refused(workspace, path)
    first = rows[0]["event_timestamp"]
    assert f"line 2, column event_timestamp: {first!r}: every time ends in {told}" in error.problem
    result = workspace.load([good, path], accept_damaged=True)
    assert (result.events, result.rejected) == (400, {})
    assert damage(workspace) == [{
        "column_name": "event_timestamp", "rule": "timestamp_lost_digits", "records": 200,
        "first_line": 2, "example": first,
    }]  # fmt: skip
    # The other file's times are whole, and its events are those of a load of their own.
    workspace.load([good], dataset="alone")
    mine = table(workspace, "event_id, event_timestamp, event_date", "ga4_events",
                 "dataset = 'ga4' and event_timestamp is not null")  # fmt: skip
    alone = table(workspace, "event_id, event_timestamp, event_date", "ga4_events",
                  "dataset = 'alone'")  # fmt: skip
    assert mine == alone
    assert not list((tmp_path / "ws" / ".ga4").rglob("*.parquet"))


@pytest.mark.parametrize("step", [1_000, 1_000_000, 60_000_000])
def test_coarse_clocks_are_no_damage(embedded: Workspace, tmp_path: Path, step: int) -> None:
    rows = changed(good_rows(200), "event_timestamp", lambda text: str(int(text) // step * step))
    assert embedded.load([write(tmp_path, rows)]).events == 200
    assert damage(embedded) == []


@pytest.mark.parametrize(
    ("one", "other", "maps"),
    [
        ("device_category", "country",
         "--map device_category=country --map country=device_category"),
        ("event_date", "event_timestamp",
         "--map event_date=event_timestamp --map event_timestamp=event_date"),
        ("event_name", "country", "--map event_name=country --map country=event_name"),
        ("event_name", "user_pseudo_id", "--map event_name=user_pseudo_id"),
        ("event_name", "device_category",
         "--map event_name=device_category --map device_category=event_name"),
    ],
)  # fmt: skip
def test_swapped_columns_are_told_with_the_remedy(
    embedded: Workspace, tmp_path: Path, one: str, other: str, maps: str
) -> None:
    rows = good_rows()
    path = write(tmp_path, swapped(rows, one, other))
    error = refused(embedded, path)
    assert f"line 2, column {one}: {rows[0][other]!r}" in error.problem
    assert "(swapped_columns)" in error.problem
    assert maps in error.remedy
    # The remedy is the truth: with it the file is the one that it should have been.
    options = ColumnOptions({one: other, other: one}, {})
    embedded.load([path], columns=options)
    embedded.load([write(tmp_path, rows, "right.csv")], dataset="right")
    ids = [table(embedded, "event_id, event_date, country", "ga4_events", f"dataset = '{name}'")
           for name in ("ga4", "right")]  # fmt: skip
    assert ids[0] == ids[1]


def test_swapped_words_can_be_accepted(embedded: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path, swapped(good_rows(), "device_category", "country"))
    assert embedded.load([path], accept_damaged=True).events == 60
    assert [(row["column_name"], row["rule"], row["records"]) for row in damage(embedded)] == [
        ("device_category", "swapped_columns", 60)
    ]
    found = table(embedded, "device_category, event_id, country", "ga4_events")
    assert {row["device_category"] for row in found} == set(COUNTRIES)


def test_numbers_where_text_belongs(embedded: Workspace, tmp_path: Path) -> None:
    rows = changed(good_rows(), "country", lambda text: str(len(text)))
    path = write(tmp_path, rows)
    error = refused(embedded, path)
    assert f"line 2, column country: {rows[0]['country']!r}" in error.problem
    assert "(numbers_for_text)" in error.problem
    assert "--map country=NAME" in error.remedy
    embedded.load([path], accept_damaged=True)
    assert [(row["rule"], row["records"]) for row in damage(embedded)] == [("numbers_for_text", 60)]


BAD_VALUES = [
    ("event_date", "20040101", "impossible_date", None),
    ("event_date", "20210115", "impossible_date", None),
    ("event_date", "20201132", "not_a_date", None),
    ("event_timestamp", str(NOW + DAY + 3_600_000_000), "future_event", "event_timestamp"),
    ("event_timestamp", "1004188800000001", "impossible_timestamp", "event_timestamp"),
    ("event_timestamp", "yesterday", "not_a_timestamp", "event_timestamp"),
    ("event_name", "12345", "not_an_event_name", "kept"),
    ("event_name", "-- .", "not_an_event_name", "kept"),
    ("event_name", "2020-11-01", "not_an_event_name", "kept"),
    ("event_name", "2020-11-01T00:00:00Z", "not_an_event_name", "kept"),
    ("event_name", "1.6E+15", "not_an_event_name", "kept"),
    ("event_name", "x" * 201, "not_an_event_name", "kept"),
    ("event_name", "", "missing_event_name", None),
    ("engagement_time_msec", "-5", "negative_engagement_time", "engagement_time_msec"),
    ("engagement_time_msec", "long", "not_a_whole_number", "engagement_time_msec"),
    ("purchase_revenue_usd", "1e30", "absurd_amount", "purchase_revenue_usd_micros"),
    ("purchase_revenue_usd", "free", "not_an_amount", "purchase_revenue_usd_micros"),
]


@pytest.mark.parametrize(("column", "text", "rule", "accepted"), BAD_VALUES)
def test_a_bad_record_is_kept_aside(
    embedded: Workspace, tmp_path: Path, column: str, text: str, rule: str, accepted: str | None
) -> None:
    rows = good_rows()
    path = write(tmp_path, [*rows[:30], {**rows[30], column: text}, *rows[31:]])
    canonical = f"{column}_micros" if column.endswith("_usd") else column
    result = embedded.load([path], dataset="strict")
    assert (result.events, result.rejected) == (59, {rule: 1})
    (reject,) = table(embedded, "line, column_name, reason", "rejects")
    assert (reject["line"], reject["column_name"]) == (32, canonical)
    assert not text or repr(text) in reject["reason"]
    assert [(row["rule"], row["first_line"]) for row in damage(embedded, False)] == [(rule, 32)]

    result = embedded.load([path], accept_damaged=True)
    good = table(embedded, "event_id, event_date, event_name", "ga4_events", "dataset = 'strict'")
    found = table(embedded, f"event_id, event_date, event_name, {canonical} as value",
                  "ga4_events", "dataset = 'ga4'")  # fmt: skip
    if accepted is None:
        assert result.rejected == {rule: 1}
        assert [row["event_id"] for row in found] == [row["event_id"] for row in good]
        return
    assert (result.events, result.rejected) == (60, {})
    known = {row["event_id"] for row in good}
    (one,) = [row for row in found if row["event_id"] not in known]
    assert one["value"] == (text if accepted == "kept" else None)
    assert damage(embedded) == [{
        "column_name": canonical, "rule": rule, "records": 1, "first_line": 32, "example": text,
    }]  # fmt: skip


@pytest.mark.parametrize("name", ["Ünicode_name", "7_days_later", "(other)", "view_item", "x" * 200,
                                  "_private", "イベント"])  # fmt: skip
def test_names_that_people_give_to_events(embedded: Workspace, tmp_path: Path, name: str) -> None:
    rows = good_rows()
    rows[3]["event_name"] = name
    assert embedded.load([write(tmp_path, rows)]).rejected == {}


def test_a_file_that_is_not_what_its_header_says(workspace: Workspace, tmp_path: Path) -> None:
    """More than half of the lines break one rule; ten such lines among many are only bad."""
    rows = good_rows()
    few = changed(rows[:10], "event_date", lambda text: text[4:])
    assert workspace.load([write(tmp_path, [*few, *rows[10:]], "few.csv")], dataset="few").rejected
    many = changed(rows[:31], "event_date", lambda text: text[4:])
    path = write(tmp_path, [*many, *rows[31:]])
    before = table(workspace, "load_id, dataset, mode", "loads")
    with pytest.raises(DamagedFileError) as caught:
        workspace.load([path])
    assert table(workspace, "load_id, dataset, mode", "loads") == before
    problem = caught.value.problem
    assert "31 of 60 lines break the rule not_a_date" in problem
    assert f"line 2: {many[0]['event_date']!r} is not a date" in problem
    assert "line 4:" in problem and "line 5:" not in problem
    assert "--map" in caught.value.remedy
    result = workspace.load([path], accept_damaged=True)
    assert (result.events, result.rejected) == (29, {"not_a_date": 31})
    told = [(row["column_name"], row["rule"], row["records"]) for row in damage(workspace)]
    assert told == [("event_date", "mostly_rejected", 31)]


def test_a_load_of_which_nothing_can_be_read_keeps_its_rejects(
    embedded: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text("\n".join([",".join(HEADER), *["a,b"] * 12]) + "\n")
    with pytest.raises(LoadError, match=r"None of the 12 records .*ragged_line"):
        embedded.load([path])
    assert [row["line"] for row in table(embedded, "line, rule, file", "rejects")] == [
        *range(2, 14)
    ]


def test_nested_exports_are_judged_by_the_same_rules(embedded: Workspace, tmp_path: Path) -> None:
    rows = good_rows(200)
    path = tmp_path / "events.json"
    path.write_text("".join(json.dumps({
        "event_date": row["event_date"], "event_timestamp": row["event_timestamp"],
        "event_name": row["event_name"],
        "user_pseudo_id": f"{float(row['user_pseudo_id']):.15g}",
        "device": {"category": row["country"]}, "geo": {"country": row["device_category"]},
        "event_params": [
            {"key": "engagement_time_msec", "value": {"int_value": row["engagement_time_msec"]}}],
    }) + "\n" for row in rows))  # fmt: skip
    error = refused(embedded, path)
    assert "(swapped_columns)" in error.problem
    assert "(id_lost_digits)" in error.problem
    assert embedded.load([path], accept_damaged=True).events == 200
    assert [row["rule"] for row in damage(embedded)] == ["swapped_columns", "id_lost_digits"]


def test_a_damaged_item_loses_its_number_and_not_its_event(
    embedded: Workspace, tmp_path: Path
) -> None:
    event = {"event_date": "20201101", "event_timestamp": str(START), "event_name": "purchase"}
    items = [{"item_id": "a", "quantity": "2"}, {"item_id": "b", "quantity": "some"}]
    path = tmp_path / "events.json"
    path.write_text(json.dumps({**event, "items": items}) + "\n")
    with pytest.raises(LoadError, match="item_not_a_number"):
        embedded.load([path])
    assert embedded.load([path], accept_damaged=True).items == 2
    found = table(embedded, "item_id, quantity, item_index", "ga4_items")
    assert [(row["item_id"], row["quantity"]) for row in found] == [("a", 2), ("b", None)]
    assert [(row["column_name"], row["rule"]) for row in damage(embedded)] == [
        ("items", "item_not_a_number")
    ]


def test_a_file_read_twice_in_two_ways_is_two_readings(embedded: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path, changed(good_rows(), "event_timestamp", scientific))
    assert embedded.load([path], accept_damaged=True).load_id
    assert embedded.load([path], accept_damaged=True).load_id is None
    with pytest.raises(DamagedFileError):
        embedded.load([path])


@pytest.mark.parametrize(
    ("column", "check", "reading"),
    [("event_timestamp", "no_event_timestamp", "sessions"),
     ("ga_session_id", "no_session_id", None),
     ("engagement_time_msec", "no_engagement_time", "engagement_seconds")],
)  # fmt: skip
@pytest.mark.parametrize("empty", [True, False], ids=["empty", "absent"])
def test_what_a_file_cannot_answer_is_null_with_the_reason(
    embedded: Workspace, tmp_path: Path, column: str, check: str, reading: str | None, empty: bool
) -> None:
    """An empty column says as little as none: no session ids are not no sessions."""
    header = (*HEADER, "ga_session_id")
    rows = [{**row, "ga_session_id": str(n)} for n, row in enumerate(good_rows())]
    path = tmp_path / "events.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        kept = [name for name in header if empty or name != column]
        writer = csv.DictWriter(file, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, column: ""} for row in rows)
    result = embedded.load([path])
    told = "The column is empty in every record." if empty else "The files have no such column."
    assert result.missing[column] == told
    (facts,) = embedded.status()["datasets"]
    assert {"column": column, "reason": told} in facts["missing_columns"]
    embedded.build()
    query = embedded.warehouse.query
    days = query(
        "select distinct event_date, note from analytics.data_quality where check_name = ?", [check]
    ).to_pylist()
    assert len(days) == 3 and all(column in row["note"] for row in days)
    if reading:
        found = query(f"select {reading} as value from analytics.daily_active_users").to_pylist()
        assert [row["value"] for row in found] == [None] * 3
    else:
        (total,) = query("select sum(sessions) as n from analytics.daily_active_users").to_pylist()
        assert total["n"] == len({row["user_pseudo_id"] for row in rows})
