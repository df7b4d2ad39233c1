"""Asking on the command line: every command answers, prints well and keeps the JSON contract."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from ga4_analytics.cli.main import COMMANDS, cli
from ga4_analytics.errors import QuestionError
from ga4_analytics.render.json_schema import schema_of
from ga4_analytics.workspace import Workspace

ASKED: dict[str, tuple[str, ...]] = {
    "funnel": ("session_start", "page_view", "view_item", "--by", "device_category"),
    "retention": ("--periods", "5"),
    "trends": ("users of page_view", "purchase", "--formula", "A + B"),
    "lifecycle": ("page_view",),
    "stickiness": ("page_view",),
    "sessions": (),
    "paths": ("session_start", "--depth", "3"),
    "revenue": ("--by", "country", "--top", "3"),
}


@pytest.fixture(scope="module")
def folder(published: Workspace) -> Path:
    """A workspace whose segments are saved."""
    where = published.settings.workspace
    for name, options in (("buyers", ("--did", "purchase")), ("viewers", ("--did", "page_view"))):
        run(where, "segments", "save", name, *options, "--replace")
    return where


def run(folder: Path, *arguments: str) -> Result:
    """Run a command as a person does in a pipe, 80 columns wide."""
    done = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(
        cli, [*arguments, "-w", str(folder)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done


def asked(folder: Path, *arguments: str) -> dict[str, Any]:
    """The JSON document of a command."""
    content: dict[str, Any] = json.loads(run(folder, *arguments, "--json").output)
    return content


@pytest.mark.parametrize("command", ASKED)
def test_answers_fit_the_screen_and_hold_the_numbers(folder: Path, command: str) -> None:
    done = run(folder, command, *ASKED[command])
    assert "\x1b" not in done.output
    assert max(cell_len(line) for line in done.output.splitlines()) <= 80
    assert "A user is a device" in done.output
    assert "Not all days are complete" in done.output


@pytest.mark.parametrize("command", ASKED)
def test_json_keeps_the_contract(folder: Path, command: str) -> None:
    content = asked(folder, command, *ASKED[command])
    assert content["version"] == 1
    assert set(content) >= {"spec", "definition", "finality", "seconds"}
    jsonschema.validate(content, schema_of(command))


def test_a_funnel_is_as_the_contract_says(folder: Path) -> None:
    content = asked(folder, "funnel", *ASKED["funnel"], "--window", "7d")
    names = {"step", "event", "users", "rate_from_start", "rate_from_previous", "low", "high"}
    assert [step["event"] for step in content["steps"]] == list(ASKED["funnel"][:3])
    assert all(names <= set(step) for step in content["steps"])
    assert all(len(group["steps"]) == 3 for group in content["groups"])
    text = run(folder, "funnel", *ASKED["funnel"]).output
    for step in content["steps"]:
        assert f"{step['users']:,}" in text
        assert f"{step['rate_from_start'] * 100:.1f} %" in text


def test_the_spec_of_an_answer_asks_again(folder: Path, tmp_path: Path) -> None:
    for command, arguments in ASKED.items():
        content = asked(folder, command, *arguments)
        file = tmp_path / f"{command}.json"
        file.write_text(json.dumps(content["spec"]), encoding="utf-8")
        again = asked(folder, command, "--spec", str(file))
        assert again | {"seconds": 0} == content | {"seconds": 0}


def test_several_rules_side_by_side(folder: Path) -> None:
    content = asked(folder, "funnel", "page_view", "purchase", "--rules", "ours,amplitude,ga4")
    assert [each["rules"] for each in content["results"]] == ["ours", "amplitude", "ga4"]
    shown = run(folder, "funnel", "page_view", "purchase", "--rules", "ours,ga4").output
    assert "ours" in shown
    assert max(cell_len(line) for line in shown.splitlines()) <= 80


def test_the_users_of_a_bar_and_one_of_them(folder: Path) -> None:
    funnel = asked(folder, "funnel", "page_view", "purchase")
    keys = asked(folder, "funnel", "page_view", "purchase", "--users-of", "2")["users"]
    assert len(keys) == funnel["steps"][1]["users"]
    timeline = asked(folder, "user", keys[0], "--limit", "5")
    jsonschema.validate(timeline, schema_of("user"))
    assert timeline["key"] == keys[0]
    assert keys[0] in run(folder, "user", keys[0]).output


def test_segments_are_kept_and_compared(folder: Path) -> None:
    listed = asked(folder, "segments", "list")["segments"]
    assert [each["name"] for each in listed] == ["buyers", "viewers"]
    assert "did purchase" in run(folder, "segments", "show", "buyers").output
    content = asked(folder, "segments", "compare", "buyers", "viewers")
    jsonschema.validate(content, schema_of("segments"))
    assert [each["name"] for each in content["segments"]] == ["buyers", "viewers"]
    assert "buyers & viewers" in run(folder, "segments", "overlap", "buyers", "viewers").output
    only = asked(folder, "trends", "users of *", "--segment", "buyers")
    assert only["lines"][0]["total"] == content["segments"][0]["users"]
    run(folder, "segments", "save", "gone", "--new")
    run(folder, "segments", "delete", "gone")
    with pytest.raises(QuestionError, match="gone"):
        run(folder, "segments", "show", "gone")


def test_what_can_be_named(folder: Path) -> None:
    events = asked(folder, "events")["events"]
    assert events == sorted(events, key=lambda each: (-each["events"], each["name"]))
    total = asked(folder, "trends")["lines"][0]["total"]
    assert sum(each["events"] for each in events) == total
    columns = {each["name"]: each for each in asked(folder, "columns")["columns"]}
    assert columns["device_category"]["top"]
    assert columns["revenue_usd"]["kind"] == "micros"


def test_files_of_an_answer(folder: Path, tmp_path: Path) -> None:
    png, csv = tmp_path / "funnel.png", tmp_path / "funnel.csv"
    run(folder, "funnel", *ASKED["funnel"], "--plot", str(png), "--csv", str(csv))
    assert png.read_bytes().startswith(b"\x89PNG")
    rows = csv.read_text().splitlines()
    assert rows[0].startswith("device_category,step,event,users,")
    out = run(folder, "stickiness", "page_view", "--csv", "-").output
    assert out.startswith("days,exactly,at_least,users")


def test_a_wrong_name_is_explained(folder: Path) -> None:
    with pytest.raises(QuestionError) as caught:
        run(folder, "funnel", "page_veiw", "purchase")
    assert "page_view" in caught.value.remedy


def test_python_asks_the_same(published: Workspace, folder: Path) -> None:
    answer = published.funnel("session_start", "page_view", "view_item", by="device_category")
    content = asked(folder, "funnel", *ASKED["funnel"])
    assert answer.to_dict() | {"seconds": 0} == content | {"seconds": 0}
    assert answer.steps[0].users == content["steps"][0]["users"]
    assert "session_start" in str(answer)
    assert "<pre" in answer._repr_html_()
    assert list(answer.to_pandas().columns) == list(answer.to_polars().columns)
    assert answer.to_arrow().num_rows == len(answer.records())
    assert json.loads(answer.to_json())["version"] == 1
    assert answer.plot().axes
    assert published.ask(content["spec"]).steps == answer.steps
    with pytest.raises(AttributeError):
        _ = answer.nothing_of_the_kind


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    text = CliRunner().invoke(cli, [name, "--help"]).output
    assert "Example" in text, name
    if COMMANDS[name] in ("questions", "questions_more", "segments", "catalogue"):
        page = (Path(__file__).parents[2] / "docs" / "questions.md").read_text(encoding="utf-8")
        assert f"ga4 {name}" in page


def test_asking_imports_no_warehouse_and_no_plots() -> None:
    code = (
        "import sys; import ga4_analytics.cli.questions, ga4_analytics.cli.main; "
        "print([m for m in ('duckdb', 'dbt', 'pandas', 'polars', 'matplotlib') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    light = "import sys, ga4_analytics; print('numba' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", light], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_an_answer_in_python_imports_nothing_that_only_loads_and_builds(published) -> None:
    folder = str(published.settings.workspace)
    code = (
        "import sys, ga4_analytics\n"
        "workspace = ga4_analytics.open(sys.argv[1])\n"
        "workspace.funnel('session_start', 'purchase')\n"
        "workspace.close()\n"
        "heavy = ('duckdb', 'dbt', 'pyarrow.parquet', 'pandas', 'polars', 'matplotlib', "
        "'scipy.linalg', 'ga4_analytics.ingest', 'ga4_analytics.publish.snapshot')\n"
        "print([m for m in heavy if m in sys.modules])\n"
        "import numba, numpy\n"
        "print(numba.njit(lambda a: numpy.dot(a, a))(numpy.ones(3)))\n"
        "import scipy.linalg\n"
        "print(scipy.linalg.norm(numpy.array([3.0, 4.0])))\n"
    )
    asked = [sys.executable, "-c", code, folder]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "3.0", "5.0"]
