"""Loading: whole days, all or nothing, the same result whichever way the files come."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ga4_analytics.errors import LoadError, SettingsError, ShrinkingDayError
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.sources.zones import DaySpan, fitting_zones
from ga4_analytics.workspace import Workspace

DAY = 86_400_000_000
START = 1_604_188_800_000_000  # 2020-11-01T00:00:00Z
NOW = START + 30 * DAY
HEADER = "user_id,event_date,event_timestamp,event_name"


@pytest.fixture(params=["duckdb", "postgres"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """An empty workspace on either warehouse."""
    url = "ga4.duckdb" if request.param == "duckdb" else request.getfixturevalue("postgres_url")
    made = Workspace.create(tmp_path / "ws", timezone="UTC")
    made.close()
    return Workspace.open(tmp_path / "ws", warehouse=url, clock=iter(range(NOW, 2**62)).__next__)


def line(user: str, day: int, name: str = "page_view", second: int = 0) -> str:
    return f"{user},202011{day + 1:02d},{START + day * DAY + second * 1_000_000},{name}"


def write(folder: Path, name: str, *lines: str, header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def rows(workspace: Workspace, columns: str = "*", table: str = "ga4_events") -> list[dict]:
    order = "event_date, event_id" if table == "ga4_events" else "1, 2"
    return workspace.warehouse.query(
        f"select {columns} from raw.{table} order by {order}"
    ).to_pylist()


def test_the_same_file_twice_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", line("ann", 0), line("ben", 1))
    first = workspace.load([path])
    before = rows(workspace), rows(workspace, table="ga4_days")
    again = workspace.load([path])
    assert (first.events, again.load_id) == (2, None)
    assert (rows(workspace), rows(workspace, table="ga4_days")) == before
    assert len(rows(workspace, table="loads")) == 1


def test_a_day_is_replaced_whole(workspace: Workspace, tmp_path: Path) -> None:
    workspace.load([write(tmp_path, "a.csv", line("ann", 0), line("ben", 0), line("cid", 1))])
    workspace.load([write(tmp_path, "b.csv", line("dan", 0), line("eve", 0, second=5))])
    assert {row["user_pseudo_id"] for row in rows(workspace)} == {"dan", "eve", "cid"}
    assert rows(workspace, "load_id, event_date, events_before, events_after", "load_days")


def test_a_shrinking_day_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    many = [line(f"u{number}", 0, second=number) for number in range(10)]
    workspace.load([write(tmp_path, "a.csv", *many)])
    before = rows(workspace)
    fewer = write(tmp_path, "b.csv", *many[:7])
    with pytest.raises(ShrinkingDayError, match=r"2020-11-01: 10 events .* hold 7"):
        workspace.load([fewer])
    assert rows(workspace) == before
    workspace.load([write(tmp_path, "c.csv", *many[:8])])
    assert len(rows(workspace)) == 8
    workspace.load([fewer], replace=True)
    assert len(rows(workspace)) == 7


def test_a_lost_event_name_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    views = [line(f"u{number}", 0, second=number) for number in range(10)]
    workspace.load([write(tmp_path, "a.csv", *views, line("u1", 0, "purchase"))])
    with pytest.raises(ShrinkingDayError, match="'purchase'"):
        workspace.load([write(tmp_path, "b.csv", *views, line("u1", 0, "scroll"))])


def test_appending_parts_is_loading_them_together(workspace: Workspace, tmp_path: Path) -> None:
    """Twice the same line in different parts, and a last day that a later part completes."""
    parts = [
        write(tmp_path, "1.csv", line("ann", 0), line("ben", 1), line("ben", 1)),
        write(tmp_path, "2.csv", line("ann", 0), line("ben", 1), line("cid", 2)),
        write(tmp_path, "3.csv", line("dan", 3)),
    ]
    workspace.load(parts, dataset="one")
    for part in parts:
        workspace.load([part], dataset="parts", append=True)
    workspace.load(parts, dataset="parts", append=True)
    for table, left_out in (("ga4_events", {"dataset"}), ("ga4_days", {"dataset", "load_id",
                            "export_id", "exported_at_us", "is_final"})):  # fmt: skip
        found = rows(workspace, table=table)
        one, parts_ = (
            [{k: v for k, v in row.items() if k not in left_out} for row in found
             if row["dataset"] == name]
            for name in ("one", "parts")
        )  # fmt: skip
        assert one == parts_
    complete = {row["event_date"]: row["is_complete"] for row in rows(workspace, table="ga4_days")}
    assert list(complete.values()) == [True, True, True, False]


def test_repeats_are_numbered_and_kept(workspace: Workspace, tmp_path: Path) -> None:
    result = workspace.load([write(tmp_path, "a.csv", *[line("ann", 0)] * 3)])
    found = rows(workspace, "event_id, repeat_ordinal, repeat_of, id_scheme, event_date")
    assert result.repeats.suspects == 2
    assert sorted(row["repeat_ordinal"] for row in found) == [0, 1, 2]
    first = next(row["event_id"] for row in found if row["repeat_ordinal"] == 0)
    assert {row["repeat_of"] for row in found} == {None, first}
    assert len({row["event_id"] for row in found}) == 3


def test_item_lines_fold_into_events(workspace: Workspace, tmp_path: Path) -> None:
    header = HEADER.replace("event_name", "item_id,price_in_usd,quantity")
    path = write(
        tmp_path, "items.csv",
        f"ann,20201101,{START},cup,7.5,2", f"ann,20201101,{START},hat,14,1",
        f"ann,20201101,{START + 1},hat,14,1", f"ann,20201101,{START},hat,14,1", header=header,
    )  # fmt: skip
    options = ColumnOptions({}, {"event_name": "purchase"})
    result = workspace.load([path], columns=options)
    assert (result.events, result.items, result.repeats.suspects) == (2, 4, 0)
    found = rows(workspace, "event_id, item_index, item_id, price_usd_micros", "ga4_items")
    by_event = {row["event_id"]: [] for row in found}
    for row in found:
        by_event[row["event_id"]].append((row["item_index"], row["item_id"]))
    assert sorted(by_event.values(), key=len) == [
        [(0, "hat")],
        [(0, "cup"), (1, "hat"), (2, "hat")],
    ]
    assert {row["price_usd_micros"] for row in found} == {7_500_000, 14_000_000}


def test_rejected_lines_are_kept(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", line("ann", 0), "ragged", line("ben", 0))
    result = workspace.load([path])
    assert (result.lines, result.events, result.rejected) == (3, 2, {"ragged_line": 1})
    found = rows(workspace, "file, line, rule, raw_text, load_id", "rejects")
    assert found == [{"file": str(path), "line": 3, "rule": "ragged_line", "raw_text": "ragged",
                      "load_id": result.load_id}]  # fmt: skip


def test_when_nothing_can_be_read_the_rejects_stay(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="None of the 2 records"):
        workspace.load([write(tmp_path, "a.csv", "ragged", "too")])
    assert len(rows(workspace, table="rejects")) == 2
    assert rows(workspace) == []


def test_complete_through_says_more(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", line("ann", 0), line("ben", 1))
    workspace.load([path])
    days = rows(workspace, "event_date, is_complete, is_final", "ga4_days")
    assert [day["is_complete"] for day in days] == [True, False]
    workspace.load([path], complete_through=date(2020, 11, 2), exported_at_us=START + 4 * DAY)
    days = rows(workspace, "event_date, is_complete, is_final", "ga4_days")
    assert [day["is_complete"] for day in days] == [True, True]
    assert [day["is_final"] for day in days] == [True, False]


def test_a_zone_that_disagrees_stops_the_load(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws", timezone="Asia/Tokyo")
    with pytest.raises(SettingsError, match=r"disagrees.*UTC"):
        workspace.load([write(tmp_path, "a.csv", line("ann", 0), line("ben", 0, second=80_000))])
    assert workspace.warehouse.query("select 1 as one from raw.ga4_events").num_rows == 0


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"])
def test_the_zone_is_inferred_across_a_change_of_the_clock(zone: str) -> None:
    """Events on every half hour of some weeks around the end of summer time pin the zone."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    spans: dict[date, list[int]] = {}
    for half_hour in range(48 * 250):
        moment = START - 60 * DAY + half_hour * 1_800_000_000
        local = datetime.fromtimestamp(moment / 1e6, UTC).astimezone(ZoneInfo(zone)).date()
        spans.setdefault(local, []).append(moment)
    inner = sorted(spans)[1:-1]
    found = fitting_zones([DaySpan(d, min(spans[d]), max(spans[d]), len(spans[d])) for d in inner])
    assert zone in found
    assert found[0] == zone


def test_a_date_is_made_from_the_timestamp_where_there_is_none(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws", timezone="America/New_York")
    path = write(tmp_path, "a.csv", f"ann,{START},x", header="user_id,event_timestamp,event_name")
    workspace.load([path])
    found = workspace.warehouse.query(
        "select event_date, utc_offset_min from raw.ga4_events"
    ).to_pylist()
    assert found == [{"event_date": date(2020, 10, 31), "utc_offset_min": -240}]


def test_no_stage_stays_behind(workspace: Workspace, tmp_path: Path) -> None:
    workspace.load([write(tmp_path, "a.csv", line("ann", 0))])
    assert not (workspace.settings.state_dir / "stage").exists()
