"""The command line as a person meets it: in a process of its own, in a folder with a space."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKINNY = ROOT / "data" / "ga4_events_skinny.csv"
COMMANDS = ("run", "init", "demo-data", "load", "build", "status", "export", "report", "docs")


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
