"""Real GA4 files load or are refused as their README says; skipped where they are not."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from ga4_analytics.errors import DamagedFileError, LoadError
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.workspace import Workspace

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.create(tmp_path_factory.mktemp("real"))


def published_purchases() -> dict[str, int]:
    with (DATA / "truth" / "collinberke_daily_users_events.csv").open() as file:
        return {row["event_date"]: int(row["purchase"]) for row in csv.DictReader(file)}


def loaded_purchases(workspace: Workspace, dataset: str) -> dict[str, int]:
    found = workspace.warehouse.query(
        "select event_date, events from raw.ga4_days where dataset = ?", [dataset]
    ).to_pylist()
    return {f"{row['event_date']:%Y%m%d}": row["events"] for row in found}


def differences(found: dict[str, int], published: dict[str, int]) -> list[int]:
    return sorted(published[day] - found.get(day, 0) for day in published)


def test_item_lines_agree_with_the_published_purchases(workspace: Workspace) -> None:
    options = ColumnOptions({}, {"event_name": "purchase"})
    result = workspace.load(
        [DATA / "real" / "ga4_purchase_items.csv"], columns=options, dataset="items"
    )
    assert (result.lines, result.events, result.items) == (16_003, 5_690, 16_003)
    apart = differences(loaded_purchases(workspace, "items"), published_purchases())
    assert apart == [0] * 90 + [1, 1]


def test_the_skinny_file_agrees_as_well(workspace: Workspace) -> None:
    result = workspace.load([DATA / "real" / "ga4_purchase_events_skinny.csv"], dataset="skinny")
    assert (result.events, result.timezone) == (5_690, "UTC")
    assert "ga_session_id" in result.missing
    apart = differences(loaded_purchases(workspace, "skinny"), published_purchases())
    assert apart == [0] * 90 + [1, 1]


def test_a_file_without_timestamps_loads_what_it_can(workspace: Workspace) -> None:
    result = workspace.load([DATA / "real" / "ga4_public_dataset_hundred.csv"], dataset="hundred")
    assert (result.events, result.timezone) == (100, None)
    assert result.missing["event_timestamp"] == "The files have no such column."


def test_ragged_lines_are_kept_with_line_and_reason(workspace: Workspace) -> None:
    path = DATA / "real" / "ga4_ten_flat_events.csv"
    with pytest.raises(LoadError, match="ragged_line"):
        workspace.load([path], dataset="ten")
    found = workspace.warehouse.query(
        "select line, rule, raw_text from raw.rejects where dataset = 'ten' order by line"
    ).to_pylist()
    lines = path.read_text().splitlines()
    width = len(lines[0].split(","))
    expected = [
        (number, text) for number, text in enumerate(lines[1:], 2)
        if len(next(csv.reader([text]))) != width
    ]  # fmt: skip
    assert [(row["line"], row["raw_text"]) for row in found] == expected
    assert {row["rule"] for row in found} == {"ragged_line"}


def test_a_spreadsheets_damage_is_refused_with_lines(workspace: Workspace) -> None:
    with pytest.raises(DamagedFileError, match="line 2, column event_timestamp") as caught:
        workspace.load([DATA / "real" / "ga4_console_export_jan2021.csv"], dataset="console")
    assert "spreadsheet" in str(caught.value)
    assert loaded_purchases(workspace, "console") == {}


def test_a_spreadsheets_damage_can_be_accepted(workspace: Workspace) -> None:
    """Counted with the csv module: an event's first line is the one that names it."""
    path = DATA / "real" / "ga4_console_export_jan2021.csv"
    with path.open(newline="") as file:
        lines = [row for row in csv.DictReader(file) if row["event_name"]]
    result = workspace.load([path], dataset="accepted", accept_damaged=True)
    assert (result.events, result.rejected) == (len(lines), {})
    lost = ("event_timestamp", "user_first_touch_timestamp")
    found = workspace.warehouse.query(
        "select column_name, records, first_line, example, rule from raw.damage "
        "where dataset = 'accepted' and accepted order by 1"
    ).to_pylist()
    assert found == [
        {"column_name": name, "records": sum("E+" in row[name] for row in lines), "first_line": 2,
         "example": lines[0][name], "rule": "scientific_notation"}
        for name in lost
    ]  # fmt: skip
    assert all(result.missing[name].startswith("The values are damaged") for name in lost)
    kept = workspace.warehouse.query(
        "select event_date, event_name, user_pseudo_id from raw.ga4_events "
        "where dataset = 'accepted' and event_timestamp is null"
    ).to_pylist()
    assert sorted(map(str, (row.values() for row in kept))) == sorted(
        str({"d": date.fromisoformat(row["event_date"]), "n": row["event_name"],
             "u": row["user_pseudo_id"]}.values()) for row in lines
    )  # fmt: skip
