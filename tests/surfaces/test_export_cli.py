"""``ga4 export FORMAT`` as people and programs meet it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from ga4_analytics.cli.main import cli
from ga4_analytics.errors import ExitCode, ExportError, QuestionError
from ga4_analytics.exports.check import schema
from ga4_analytics.exports.request import FORMATS
from ga4_analytics.exports.targets import TARGETS
from ga4_analytics.workspace import Workspace


def run(workspace: Workspace, *arguments: str) -> Result:
    workspace.close()
    where = ["-w", str(workspace.settings.workspace), "--timezone", "UTC"]
    return CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(
        cli, ["export", *arguments, *where]
    )


def test_the_names_are_those_of_the_formats() -> None:
    assert tuple(TARGETS) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_json_keeps_the_contract(published: Workspace, name: str, tmp_path: Path) -> None:
    done = run(published, name, "--out", str(tmp_path / "x"), "--json")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    jsonschema.validate(content, schema("export"))
    assert content["format"] == name and content["events"]["rows"] > 100
    # Nobody gets a profile at PostHog by being exported.
    assert (content["users_rejected"].get("anonymous", 0) > 0) == (name == "posthog")
    told = json.loads(Path(content["manifest"]).read_text(encoding="utf-8"))
    assert {key: told[key] for key in told if key != "files"} == {
        key: content[key] for key in content if key not in ("folder", "manifest")
    }
    checked = run(published, name, "--check", str(tmp_path / "x"), "--json")
    assert json.loads(checked.stdout)["problems"] == []


def test_people_are_told_what_was_written_and_what_was_not(
    published: Workspace, tmp_path: Path
) -> None:
    out = str(tmp_path / "x")
    done = run(published, "amplitude", "--dataset", "ugly", "--out", out)
    assert done.exit_code == 0, done.output
    assert "not written: reserved name" in done.stdout
    assert "not written: without a time" in done.stdout
    assert "are as amplitude takes them" in run(published, "--check", out).stdout


def test_without_a_name_it_writes_the_outputs_as_before(published: Workspace) -> None:
    done = run(published)
    assert "amplitude_heap_events.csv" in done.stdout
    assert "events_product_analytics.csv" in done.stdout


def test_wrong_wishes_are_told(published: Workspace, tmp_path: Path) -> None:
    assert run(published, "--event", "purchase").exit_code == ExitCode.USAGE
    assert run(published, "splunk").exit_code == ExitCode.USAGE
    assert run(published, "heap", "--max-rows", "0").exit_code == ExitCode.USAGE
    for given, said in (
        (["heap", "--event", "Purchase"], "no event"),
        (["heap", "--min-id-length", "3"], "no such option"),
        (["heap", "--segment", "nobody saved this"], "nobody saved this"),
    ):
        done = run(published, *given, "--out", str(tmp_path / "x"))
        assert isinstance(done.exception, QuestionError) and said in str(done.exception), given
    done = run(published, "heap", "--check", str(tmp_path))
    assert isinstance(done.exception, ExportError)
    assert int(done.exception.exit_code) == 12
