"""A planted sample, loaded and built: raw and the marts say what the truth file says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from ga4_analytics.cli.main import cli
from ga4_analytics.errors import QuestionError, StaleError
from ga4_analytics.publish.findings import check_findings, write_findings
from ga4_analytics.questions.experiment import Excluded
from ga4_analytics.render.json_schema import schema_of
from ga4_analytics.sources.synthetic import SampleSpec, generate, write_shape, write_truth
from ga4_analytics.workspace import Workspace

SPEC = SampleSpec(
    scale=0.003, seed=5, start=date(2020, 10, 25), days=28, zone="America/New_York",
    plants=("experiment", "churn", "duplicates", "consentless", "orders", "midnight", "outage",
            "ties"),
)  # fmt: skip

EXPERIMENTS: dict[str, Any] = {
    "columns": [
        {"name": name, "source": f"event_params.{name}"} for name in ("experiment_id", "variant_id")
    ],
    "metrics": [
        {"name": "revenue", "kind": "mean", "of": "revenue", "winsorise": 0.99},
        {"name": "order value", "kind": "ratio", "of": "revenue", "per": "orders"},
    ],
    "experiments": [
        {
            "name": name,
            "exposure": f"experiment_viewed[experiment_id={name}]",
            "variant": "variant_id",
            "primary": ["purchase"],
            "secondary": ["revenue", "order value", "retention:1-7"],
            "guardrails": [{"metric": "page_view", "margin": 0.05}],
            "split": {"control": 1, "treatment": 1},
        }
        for name in ("express_checkout", "blue_header")
    ],
}

Truth = dict[str, Any]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted sample")
    sample = generate(SPEC)
    write_shape(sample, folder, "ndjson")
    write_truth(sample, folder)
    return folder


@pytest.fixture(scope="module")
def truth(sample_folder: Path) -> Truth:
    told: Truth = json.loads((sample_folder / "_truth.json").read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def workspace(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("workspace")
    Workspace.create(folder, timezone=SPEC.zone, **EXPERIMENTS).close()
    workspace = Workspace.open(folder)
    workspace.load([sample_folder])
    workspace.build()
    yield workspace
    workspace.close()


def rows_of(workspace: Workspace, sql: str) -> Rows:
    rows: Rows = workspace.warehouse.query(sql).to_pylist()
    return rows


def by_day(counts: dict[str, int]) -> dict[date, int]:
    return {date.fromisoformat(day): n for day, n in counts.items() if n}


def test_exact_repeats_are_left_out_of_each_day(workspace: Workspace, truth: Truth) -> None:
    rows = rows_of(workspace, "select event_date, events from analytics.daily_active_users")
    extra = list(truth["plants"]["duplicates"]["extra_rows_by_day"].values())
    assert sum(extra) > 0
    expected = [n - m for n, m in zip(truth["events_by_day"], extra, strict=True)]
    assert [row["events"] for row in sorted(rows, key=lambda row: row["event_date"])] == expected


def test_events_without_consent_are_kept_by_day_and_name(
    workspace: Workspace, truth: Truth
) -> None:
    rows = rows_of(workspace, "select event_date, event_name, count(*) as n from raw.ga4_events "
                   "where user_pseudo_id is null group by all")  # fmt: skip
    found = {(row["event_date"], row["event_name"]): row["n"] for row in rows}
    told = truth["plants"]["consentless"]["events_by_day_and_name"]
    assert found == {(date.fromisoformat(day), name): n
                     for day, names in told.items() for name, n in names.items()}  # fmt: skip


def test_orders_are_counted_by_the_rule(workspace: Workspace, truth: Truth) -> None:
    rows = rows_of(workspace, "select order_date, orders, orders_without_id, purchase_events, "
                   "gross_revenue_usd_micros, raw_revenue_usd_micros from "
                   "analytics.daily_orders")  # fmt: skip
    told = truth["plants"]["orders"]
    days = Counter({row["order_date"]: row["orders"] for row in rows})
    assert +days == Counter(by_day(told["orders_by_day"]))
    money = {row["order_date"]: int(row["gross_revenue_usd_micros"]) for row in rows}
    assert {day: n for day, n in money.items() if n} == by_day(told["order_revenue_micros_by_day"])
    assert sum(row["orders_without_id"] for row in rows) == sum(told["without_id"].values())
    assert sum(row["purchase_events"] for row in rows) == told["purchase_events"]
    assert sum(row["raw_revenue_usd_micros"] for row in rows) == told["raw_revenue_micros"]


def test_an_outage_is_a_hole_in_raw(workspace: Workspace, truth: Truth) -> None:
    for window in truth["plants"]["outage"]["windows"]:
        name = f"and event_name = '{window['event_name']}'" if window["event_name"] else ""
        (row,) = rows_of(
            workspace,
            "select count(*) as n from raw.ga4_events where event_timestamp >= "
            f"{window['start_us']} and event_timestamp < {window['end_us']} {name}",
        )
        assert row["n"] == 0 < window["lost_events"]


def test_sessions_begin_on_their_local_day(workspace: Workspace, truth: Truth) -> None:
    rows = rows_of(workspace, "select event_date, sessions, engaged_sessions, total_users from "
                   "analytics.daily_active_users order by event_date")  # fmt: skip
    assert [row["sessions"] for row in rows] == truth["sessions_by_day"]
    assert [row["total_users"] for row in rows] == truth["users_by_day"]
    assert sum(row["engaged_sessions"] for row in rows) == truth["engaged_sessions"]


def test_batch_fields_are_in_raw(workspace: Workspace, truth: Truth) -> None:
    (row,) = rows_of(workspace, "select count(batch_event_index) as n, count(*) - "
                     "count(user_pseudo_id) as without from raw.ga4_events "
                     "where batch_event_index is null")  # fmt: skip
    assert row["n"] == 0 and row["without"] == truth["plants"]["consentless"]["events"]


@pytest.mark.parametrize("name", ["express_checkout", "blue_header"])
def test_experiments_count_what_was_planted(workspace: Workspace, truth: Truth, name: str) -> None:
    told = truth["plants"]["experiment"][name]
    # One sample of a few hundred: its interval is wide enough that chance does not decide; how
    # often intervals hold the lift is asked of many samples in tests/unit.
    found = workspace.experiment(name, confidence=0.999)
    assert found.variants == ("control", "treatment")
    for value in found.metrics[0].values:
        wanted = told["variants"][value.variant]
        assert (value.units, value.numerator) == (wanted["users"], wanted["converted"])
    lift = found.metrics[0].differences[0].lift
    assert lift is not None and lift.low < told["relative_lift"] < lift.high
    assert found.excluded == Excluded(0, 0, 0, 0) and not found.is_simulated


def test_experiments_answer_on_the_command_line(workspace: Workspace, tmp_path: Path) -> None:
    where = ("-w", str(workspace.settings.workspace))

    def run(*arguments: str) -> str:
        done = CliRunner(env={"COLUMNS": "80"}).invoke(cli, ["experiment", *arguments, *where])
        assert done.exit_code == 0, done.output
        return done.stdout

    shown = run("list")
    assert "express_checkout" in shown and "purchase" in shown
    assert len(json.loads(run("list", "--json"))["metrics"]) == 2
    png, csv = tmp_path / "forest.png", tmp_path / "rows.csv"
    text = run("analyze", "express_checkout", "--by", "device_category", "--plot", str(png),
               "--csv", str(csv))  # fmt: skip
    told = [line for line in text.splitlines() if str(tmp_path) not in line]
    assert max(cell_len(line) for line in told) <= 80
    assert "Fisher's exact test" in text and "Cochran's Q" in text
    assert png.read_bytes()[:4] == b"\x89PNG" and csv.read_text().count("\n") > 10
    document = json.loads(run("analyze", "express_checkout", "--method", "always_valid", "--json"))
    jsonschema.validate(document, schema_of("experiment"))
    assert document["metrics"][0]["differences"][0]["decides"] == "always_valid"
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(document["spec"]))
    again = json.loads(run("analyze", "--spec", str(spec), "--json"))
    assert again["metrics"] == document["metrics"]


def test_experiments_by_options_and_plans(workspace: Workspace, tmp_path: Path) -> None:
    keys = workspace.index().segments[0].keys.to_pylist()
    units = tmp_path / "units.csv"
    lines = [f"{key},{'ab'[place % 2]}" for place, key in enumerate(keys)]
    units.write_text("user,variant\n" + "\n".join(lines) + "\n", encoding="utf-8")
    found = workspace.experiment(primary="purchase", file=str(units))
    assert found.variants == ("a", "b") and sum(found.units) > 0.9 * len(keys)
    simulated = workspace.experiment("blue_header", simulate="salt", guardrails=["scroll@0.1"])
    assert simulated.is_simulated and simulated.metrics[-1].metric == "scroll"
    where = ["-w", str(workspace.settings.workspace)]
    plan = ["experiment", "plan", "--metric", "order value", "--lift", "0.5", "--splits", "20"]
    done = CliRunner().invoke(cli, [*plan, *where, "--json"])
    jsonschema.validate(json.loads(done.stdout), schema_of("experiment_plan"))
    assert CliRunner().invoke(cli, [*plan, *where, "--sd", "2"]).exit_code == 2
    units.write_text("user,variant\nx\n", encoding="utf-8")
    for problem, given in (("line 2", {"file": str(units)}), ("cannot be read", {"file": "none"})):
        with pytest.raises(QuestionError, match=problem):
            workspace.experiment(primary="purchase", **given)
    with pytest.raises(QuestionError, match="Did you mean 'blue_header'"):
        workspace.experiment("blue_heder")


def test_the_report_has_a_part_on_experiments(workspace: Workspace) -> None:
    settings, snapshot = workspace.settings, workspace.snapshot()
    page = write_findings(snapshot, settings).read_text(encoding="utf-8")
    part = page.split("## Experiments")[1].split("## Churn")[0]
    for name in ("express_checkout", "blue_header"):
        assert f"### {name}" in part and workspace.experiment(name).result.verdict in part
    assert "z-test p" in part and "Fisher p" in part and "(decides)" in part
    assert "figures/experiment_1_express_checkout.png" in part
    check_findings(snapshot, settings)
    first, second = settings.experiments
    gone = replace(settings, experiments=(replace(first, exposure="never_sent"), second))
    assert "cannot answer it" in write_findings(snapshot, gone).read_text(encoding="utf-8")
    none = replace(settings, experiments=())
    assert "none to report" in write_findings(snapshot, none).read_text(encoding="utf-8")
    with pytest.raises(StaleError):
        check_findings(snapshot, settings)


def test_late_days_replace_the_first_delivery(tmp_path: Path) -> None:
    spec = SampleSpec(scale=0.01, seed=5, start=date(2020, 12, 1), days=7, plants=("late",))
    sample = generate(spec)
    write_shape(sample, tmp_path / "sample", "ndjson")
    told = json.loads(write_truth(sample, tmp_path / "sample").read_text(encoding="utf-8"))
    late = told["plants"]["late"]
    workspace = Workspace.create(tmp_path / "workspace", timezone="UTC")
    for folder, delivery in (("", "first"), (late["folder"], "last")):
        workspace.load([tmp_path / "sample" / folder])
        rows = rows_of(workspace, "select event_date, event_name, count(*) as n from "
                       "raw.ga4_events group by all")  # fmt: skip
        found = {(str(row["event_date"]), row["event_name"]): row["n"] for row in rows}
        for day, counts in late["days"].items():
            assert {name: n for (of, name), n in found.items() if of == day} == counts[delivery]
    workspace.close()
    assert sum(each["last_rows"] - each["first_rows"] for each in late["days"].values()) > 50
