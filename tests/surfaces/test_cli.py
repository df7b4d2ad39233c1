"""The command line as a person meets it: in a process of its own, in a folder with a space."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ga4_analytics.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
SKINNY = ROOT / "data" / "ga4_events_skinny.csv"


def ga4(
    *arguments: str | Path, cwd: Path, code: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command and check its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "ga4_analytics", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100", **environment},
        timeout=600,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `ga4 run` has done the whole job on the small committed sample."""
    made = tmp_path_factory.mktemp("a place") / "my site"
    made.mkdir()
    done = ga4("run", ROOT / "data" / "ga4_raw.csv", cwd=made)
    assert "Time zone UTC" in done.stdout
    assert "\x1b" not in done.stdout
    return made


def test_run_leaves_everything(folder: Path) -> None:
    for name in ("ga4.toml", "ga4.duckdb", "outputs/events_product_analytics.csv",
                 "outputs/amplitude_heap_events.csv", "reports/findings.md"):  # fmt: skip
        assert (folder / name).stat().st_size > 0, name
    assert 'timezone = "UTC"' in (folder / "ga4.toml").read_text()


def test_run_again_changes_nothing(folder: Path) -> None:
    before = (folder / "reports" / "findings.md").read_bytes()
    done = ga4("run", ROOT / "data" / "ga4_raw.csv", "--json", cwd=folder)
    assert json.loads(done.stdout)["load"]["load_id"] is None
    assert (folder / "reports" / "findings.md").read_bytes() == before
    assert not list(folder.rglob("*.tmp"))


def test_status_is_one_json_document(folder: Path) -> None:
    found = json.loads(ga4("status", "--json", cwd=folder).stdout)
    rows = sum(1 for line in (ROOT / "data" / "ga4_raw.csv").read_text().splitlines()[1:]
               if line[:8].isdigit())  # fmt: skip
    assert [facts["events"] for facts in found["datasets"]] == [rows]
    assert f"{rows:,}" in ga4("status", cwd=folder).stdout


def test_the_parts_are_the_whole(folder: Path, tmp_path: Path) -> None:
    """init, load, build, export and report give what run gave."""
    ga4("init", "--timezone", "UTC", cwd=tmp_path)
    ga4("load", ROOT / "data" / "ga4_raw.csv", cwd=tmp_path)
    ga4("build", cwd=tmp_path)
    ga4("export", cwd=tmp_path)
    ga4("report", cwd=tmp_path)
    for name in ("outputs/events_product_analytics.csv", "outputs/amplitude_heap_events.csv"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    ga4("report", "--check", cwd=tmp_path)
    more = tmp_path / "more.csv"
    more.write_text(
        "user_id,event_date,event_timestamp,event_name\nann,20220101,1640995200000000,x\n"
    )
    ga4("load", more, cwd=tmp_path)
    ga4("build", cwd=tmp_path)
    assert "ga4 report" in ga4("report", "--check", cwd=tmp_path, code=8).stderr


def test_the_ledger_can_be_read_and_turned_back(tmp_path: Path) -> None:
    """A load with a broken line, a second one, an undo, and a person who leaves."""
    header = "user_id,event_date,event_timestamp,event_name"
    first = [f"ann,20201101,16041888000000{number},view" for number in range(10, 15)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([header, *first, "[red]broken[/red]"]) + "\n")
    ga4("load", path, cwd=tmp_path)
    path.write_text("\n".join([header, *first, "ben,20201101,1604188800000099,view"]) + "\n")
    ga4("load", path, cwd=tmp_path)
    shown = ga4("rejects", cwd=tmp_path).stdout
    assert "line 7" in shown and "[red]broken[/red]" in shown and "ragged_line" in shown
    found = json.loads(ga4("loads", "--json", cwd=tmp_path).stdout)["loads"]
    assert [(row["events"], row["rejected"]) for row in found] == [(6, 0), (5, 1)]
    one = ga4("loads", found[0]["load_id"], cwd=tmp_path).stdout
    assert "+1" in one and "2020-11-01 view" in one
    ga4("undo", found[0]["load_id"], cwd=tmp_path)
    assert "undone" in ga4("loads", cwd=tmp_path).stdout
    status = json.loads(ga4("status", "--json", cwd=tmp_path).stdout)
    assert status["datasets"][0]["events"] == 5
    assert "user_id" not in ga4("forget", "ann", "--dry-run", cwd=tmp_path).stderr
    assert "Aborted" not in ga4("forget", "ann", "--yes", cwd=tmp_path).stdout
    status = json.loads(ga4("status", "--json", cwd=tmp_path).stdout)
    assert status["datasets"][0]["events"] == 0
    assert "forgotten" in ga4("load", path, "--replace", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["load", "no_such_file.csv"], 4, "names no file"),
        (["load"], 2, "Missing argument"),
        (["load", "x", "--append", "--replace"], 2, "give one"),
        (["build"], 7, "Nothing is loaded"),
        (["report"], 8, "Nothing has been published"),
        (["export"], 7, "not built"),
        (["status", "--timezone", "Mars"], 3, "IANA"),
        (["status", "--warehouse", "mysql://x"], 3, "warehouse"),
        (["undo", "2099"], 5, "No loads of ga4 begin with"),
        (["loads", "2099"], 5, "No loads of ga4 begin with"),
        (["forget", " ", "--yes"], 5, "The id is empty"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_errors_say_what_to_do(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    done = ga4(*arguments, cwd=tmp_path, code=code)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_init_never_overwrites(tmp_path: Path) -> None:
    ga4("init", cwd=tmp_path)
    assert "already" in ga4("init", cwd=tmp_path, code=3).stderr


def test_a_load_that_waits_for_another_says_who(tmp_path: Path) -> None:
    from ga4_analytics.storage.locks import exclusive

    with exclusive(tmp_path / ".ga4" / "lock", "load", "now"):
        done = ga4("load", SKINNY, cwd=tmp_path, code=9)
    assert str(os.getpid()) in done.stderr


def test_help_has_examples() -> None:
    for command in COMMANDS:
        text = ga4(command, "--help", cwd=ROOT).stdout
        assert "Example" in text, command


def test_the_data_dictionary_is_up_to_date() -> None:
    ga4("docs", "--check", cwd=ROOT)


def test_demo_data_plants_what_is_asked_for(tmp_path: Path) -> None:
    small = ("--scale", "0.001", "--shape", "ndjson")
    done = ga4("demo-data", "in berlin", *small, "--plant", "outage,dst", "--zone",
               "Europe/Berlin", "--from", "2026-03-01", "--days", "245", "--json",
               cwd=tmp_path)  # fmt: skip
    truth = json.loads((tmp_path / json.loads(done.stdout)["truth"]).read_text(encoding="utf-8"))
    assert sorted(truth["plants"]) == ["dst", "outage"]
    assert [each["date"] for each in truth["plants"]["dst"]["changes"]] == [
        "2026-03-29", "2026-10-25"]  # fmt: skip
    ga4("demo-data", "both", *small, "--plant", "dst", cwd=tmp_path)
    both = json.loads((tmp_path / "both" / "_truth.json").read_text(encoding="utf-8"))
    assert both["zone"] == "America/New_York" and both["days"] == 147
    done = ga4("demo-data", "no", "--plant", "magic", cwd=tmp_path, code=3)
    assert "'magic'" in done.stderr and "experiment" in done.stderr
    assert not (tmp_path / "no").exists()
