"""``ga4 export FORMAT`` as people and programs meet it."""

from __future__ import annotations

import csv
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
from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.users_text import users_from
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
        key: content[key] for key in content if key not in ("folder", "manifest", "warnings")
    }
    # The clock is today's: the sample is older than any vendor wants to know without a word.
    assert (len(content["warnings"]) > 0) == (name != "heap")
    checked = run(published, name, "--check", str(tmp_path / "x"), "--json")
    jsonschema.validate(json.loads(checked.stdout), schema("export"))
    assert json.loads(checked.stdout)["problems"] == []


def test_the_contract_can_be_printed() -> None:
    printed = CliRunner().invoke(cli, ["schema", "export"])
    content = json.loads(printed.stdout)
    assert content == schema("export")
    assert not jsonschema.Draft202012Validator(content).is_valid({"version": 1})


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_flat_csv_is_that_of_the_outputs_for_what_was_asked(
    published: Workspace, tmp_path: Path
) -> None:
    """The oracle: the file of everything, searched row by row."""
    outputs = run(published, "--json")
    jsonschema.validate(json.loads(outputs.stdout), schema("export"))
    whole = rows(published.settings.outputs_dir / "amplitude_heap_events.csv")
    own = [(row, json.loads(row["event_properties"])) for row in whole]
    own = [each for each in own if each[1]["ga4_dataset"] == published.settings.dataset]

    def asked(*given: str, name: str = "heap") -> list[dict[str, str]]:
        path = tmp_path / "flat.csv"
        done = run(published, name, "--csv", str(path), "--json", *given)
        assert done.exit_code == 0, done.output
        content = json.loads(done.stdout)
        jsonschema.validate(content, schema("export"))
        found = rows(path)
        assert content["rows"] == len(found) and content["format"] == name
        return found

    assert asked() == asked(name="amplitude") == [row for row, _ in own]
    _, first, last, *_ = sorted({more["ga4_event_date"] for _, more in own})
    days = [row for row, more in own if first <= more["ga4_event_date"] <= last]
    assert asked("--from", first, "--to", last) == days != []
    bought = [row for row, _ in own if row["event_type"] == "purchase"]
    assert asked("--event", "purchase") == bought != []
    buyers = {row["device_id"] for row in bought}
    of_buyers = [row for row, _ in own if row["device_id"] in buyers]
    assert asked("--event", "purchase", "--whole-users") == of_buyers
    segment = json.dumps(encode(users_from(did=("purchase",))))
    assert asked("--segment", segment) == of_buyers
    assert 0 < len(bought) < len(of_buyers) < len(own)


def test_the_flat_csv_has_no_options_of_requests(published: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    for option in (["--max-rows", "5"], ["--no-users"], ["--out", str(tmp_path)]):
        done = run(published, "heap", "--csv", str(path), *option)
        assert done.exit_code == ExitCode.USAGE and "one file" in done.output
    assert run(published, "--csv", str(path)).exit_code == ExitCode.USAGE
    done = run(published, "mixpanel", "--csv", str(path))
    assert isinstance(done.exception, QuestionError) and "amplitude and heap" in str(done.exception)
    assert not path.exists()


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
