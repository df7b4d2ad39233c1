"""An export is whole, the same on every run, and what was asked for."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from export_events import DAY_US, FORMULA, NOW_US, START, digest, lines, write_events

from ga4_analytics.cli.asking import write_csv as write_answer
from ga4_analytics.errors import ExportError, QuestionError
from ga4_analytics.exports.check import check
from ga4_analytics.exports.request import FORMATS, ExportRequest
from ga4_analytics.exports.targets import TARGETS
from ga4_analytics.questions.users_text import users_from
from ga4_analytics.web.csv_text import csv_text
from ga4_analytics.workspace import Workspace


@pytest.mark.parametrize("name", FORMATS)
def test_a_second_run_gives_the_same_bytes_whatever_the_clock_says(
    hostile: Workspace,
    folders: dict[str, Path],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day, clock in (("then", START + DAY_US), ("late", NOW_US + 10_000 * DAY_US)):
        monkeypatch.setattr(hostile, "clock", lambda clock=clock: clock)
        told = hostile.export_to(ExportRequest(name), tmp_path / day)
        assert digest(tmp_path / day) == digest(folders[name])
        aged = {warning["rule"]: warning["events"] for warning in told["warnings"]}
        assert set(aged) <= {each["rule"] for each in told["rules"]}
        late = [age.rule for age in TARGETS[name].ages if age.older_than is not None]
        assert (set(late) <= set(aged)) == (day == "late" or not late)


def test_formulas_stay_in_files_for_machines_and_not_in_those_for_people(
    hostile: Workspace, folders: dict[str, Path], tmp_path: Path
) -> None:
    assert FORMULA in {line["event"] for line in lines(folders["heap"])}
    hostile.export_csv(ExportRequest("heap"), tmp_path / "flat.csv")
    hostile.export()
    answer = hostile.trends(by=("event_name",)).result
    write_answer(answer, tmp_path / "answer.csv")
    for path in (
        tmp_path / "flat.csv",
        hostile.settings.outputs_dir / "events_product_analytics.csv",
        hostile.settings.outputs_dir / "amplitude_heap_events.csv",
        tmp_path / "answer.csv",
    ):
        with path.open(encoding="utf-8", newline="") as file:
            cells = {cell for row in csv.reader(file) for cell in row}
        assert FORMULA in cells and f"'{FORMULA}" not in cells, path
    shown = {cell for row in csv.reader(csv_text(answer.records()).splitlines()) for cell in row}
    assert f"'{FORMULA}" in shown and FORMULA not in shown


def test_postgres_gives_the_same_bytes(
    postgres_url: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    workspace = Workspace.open(
        tmp_path, timezone="UTC", warehouse=postgres_url, clock=lambda: NOW_US
    )
    workspace.load([write_events(tmp_path / "events.json")])
    workspace.build()
    for name in FORMATS:
        workspace.export_to(ExportRequest(name), tmp_path / name)
        assert digest(tmp_path / name) == digest(folders[name]), name
    workspace.close()


@pytest.mark.parametrize("name", FORMATS)
def test_files_are_cut_by_lines_and_by_bytes(
    hostile: Workspace, folders: dict[str, Path], name: str, tmp_path: Path
) -> None:
    whole = (folders[name] / "events-000001.ndjson").read_bytes()
    told = hostile.export_to(ExportRequest(name, max_rows=7), tmp_path / "rows")
    sizes = [entry["rows"] for entry in told["files"] if entry["kind"] == "events"]
    assert set(sizes[:-1]) == {7} and 0 < sizes[-1] <= 7
    parts = sorted((tmp_path / "rows").glob("events-*"))
    assert b"".join(part.read_bytes() for part in parts) == whole
    told = hostile.export_to(ExportRequest(name, max_bytes=2_500), tmp_path / "bytes")
    assert all(entry["bytes"] <= 2_500 for entry in told["files"])
    assert told["rejected"]["oversize"] > 0
    assert check(tmp_path / "bytes").problems == []
    limits = {"amplitude": 2000, "heap": 1000, "mixpanel": 2000, "posthog": 10_000, "segment": 2500}
    assert TARGETS[name].events.part.rows == limits[name]


def test_days_names_and_users_narrow_an_export(hostile: Workspace, tmp_path: Path) -> None:
    def devices(**asked: Any) -> list[tuple[str, str]]:
        hostile.export_to(ExportRequest("heap", **asked), tmp_path / "heap")
        return [(line["identity"], line["event"]) for line in lines(tmp_path / "heap")]

    day = date(2020, 11, 2)
    assert devices(start=day) == [("14141.4", "scroll")] * 30
    assert devices(events=("purchase",)) == [("13131.3", "purchase")] * 2
    whole = devices(events=("refund",), whole_users=True)
    assert whole == [("13131.3", "purchase")] * 2 + [("13131.3", "refund")]
    buyers = users_from(did=("purchase",))
    assert devices(users=buyers) == whole
    assert devices(users=buyers, events=("refund",)) == [("13131.3", "refund")]
    with pytest.raises(QuestionError, match="no event 'Purchase'"):
        devices(events=("Purchase",))
    with pytest.raises(QuestionError, match="after the end"):
        devices(start=day, end=day.replace(day=1))


def test_amplitude_may_take_shorter_ids(hostile: Workspace, tmp_path: Path) -> None:
    told = hostile.export_to(ExportRequest("amplitude", min_id_length=4), tmp_path / "short")
    assert told["request"]["beside"] == {"options": {"min_id_length": 4}}
    assert "7777" in {line.get("device_id") for line in lines(tmp_path / "short")}
    assert check(tmp_path / "short").problems == []
    with pytest.raises(QuestionError, match="no such option"):
        hostile.export_to(ExportRequest("heap", min_id_length=4), tmp_path / "heap")


def test_a_folder_that_is_no_export_is_left_alone(hostile: Workspace, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear")
    with pytest.raises(ExportError, match="is not an export"):
        hostile.export_to(ExportRequest("heap"), tmp_path / "letters")
    assert [path.name for path in tmp_path.rglob("*")] == ["letters", "dear.txt"]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from ga4_analytics.exports.parts import Account
    from ga4_analytics.exports.request import ExportRequest
    from ga4_analytics.exports.source import Source
    from ga4_analytics.exports.deliver import Delivery
    from ga4_analytics.workspace import Workspace

    folder, target, at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    whole = Source.chunks
    Source.chunks = lambda self: whole(self, 7)
    events, seen = Delivery._events, []

    def counted(*given):
        events(*given)
        seen.append(1)
        if len(seen) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    Delivery._events = counted
    workspace = Workspace.open(folder, timezone="UTC", clock=lambda: 1_612_224_000_000_000)
    workspace.export_to(ExportRequest("segment"), target)
    print(len(seen))
"""


def test_a_killed_export_goes_on_where_it_was(hostile: Workspace, tmp_path: Path) -> None:
    hostile.close()
    target = tmp_path / "segment"

    def attempt(name: Path, at: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", textwrap.dedent(KILLED),
                   str(hostile.settings.workspace), str(name), str(at)]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)

    undisturbed = attempt(tmp_path / "whole", 0)
    chunks = int(undisturbed.stdout)
    assert chunks > 1
    assert attempt(target, chunks).returncode == -signal.SIGKILL
    assert not target.exists()
    # Something half written by the killed one must not come into the export.
    (tmp_path / ".segment.unfinished" / "events-000099.ndjson").write_text("half")
    again = attempt(target, 0)
    assert again.returncode == 0, again.stderr
    assert int(again.stdout) == 1
    assert digest(target) == digest(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["segment", "whole"]
