"""`ga4 churn` as people meet it: answers, refusals, the contract, the report."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from ga4_analytics.cli.main import cli
from ga4_analytics.errors import Ga4Error, QuestionError, StaleError
from ga4_analytics.publish.findings import check_findings, write_findings
from ga4_analytics.publish.markdown import markdown
from ga4_analytics.questions.churn import ChurnResult
from ga4_analytics.render.json_schema import schema_of
from ga4_analytics.sources.synthetic import SampleSpec, generate, write_shape, write_truth
from ga4_analytics.verify.churn_planted import ceiling
from ga4_analytics.workspace import Workspace

SPEC = SampleSpec(scale=0.02, seed=7, plants=("churn",))
TRAIN = ("train", "--resamples", "40")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("churn of people")
    sample = generate(SPEC)
    write_shape(sample, folder / "sample", "parquet")
    write_truth(sample, folder / "sample")
    Workspace.create(folder / "ws", timezone="UTC").close()
    found = Workspace.open(folder / "ws")
    found.load([folder / "sample"])
    found.build()
    yield found
    found.close()


def run(workspace: Workspace, *arguments: str) -> str:
    workspace.close()
    where = ["-w", str(workspace.settings.workspace)]
    done = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(
        cli, ["churn", *arguments, *where], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def test_training_tells_and_keeps_the_contract(workspace: Workspace, tmp_path: Path) -> None:
    text = run(
        workspace, *TRAIN, "--plot", str(tmp_path / "c.png"), "--csv", str(tmp_path / "c.csv")
    )
    told = [line for line in text.splitlines() if str(tmp_path) not in line]
    assert max(map(cell_len, told)) <= 80
    assert "ranks users better than the days since they were last" in text
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "c.csv").read_text().startswith("model,base_rate,pr_auc")
    content = json.loads(run(workspace, *TRAIN, "--json"))
    jsonschema.validate(content, schema_of("churn"))
    assert content["version"] == 1
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(content["spec"]), encoding="utf-8")
    again = json.loads(run(workspace, "train", "--spec", str(spec), "--json"))
    assert again | {"seconds": 0} == content | {"seconds": 0}


def test_the_sample_s_model_goes_most_of_the_way_to_the_best_possible(
    workspace: Workspace,
) -> None:
    from ga4_analytics.publish.churn_store import required

    workspace.churn_train(resamples=40)
    stored = required(workspace.settings)
    folder = workspace.settings.workspace.parent / "sample"
    truth = json.loads((folder / "_truth.json").read_text(encoding="utf-8"))
    found = ceiling(workspace.index(), stored.result, stored.fitted, truth)
    assert found.rows > 300
    assert found.recency.pr_auc < found.model.pr_auc < found.best.pr_auc + 0.02
    assert found.best.brier is not None and found.model.brier is not None
    # Nobody foretells better than who knows the chances, but for luck.
    assert found.best.brier < found.model.brier + 0.005
    assert 0.2 < found.reached < 1.2
    with pytest.raises(QuestionError, match="planted"):
        ceiling(workspace.index(), stored.result, stored.fitted, {"plants": {}})


def test_scores_and_the_card(workspace: Workspace) -> None:
    run(workspace, *TRAIN)
    text = run(workspace, "score")
    assert "the features of" in " ".join(text.split()) and "results.churn_scores" in text
    told = json.loads(run(workspace, "score", "--as-of", "2021-01-20", "--json"))
    assert told["as_of"] == "2021-01-20" and len(told["deciles"]) == 10
    shown = run(workspace, "card")
    page = (workspace.settings.reports_dir / "churn" / "card.md").read_text(encoding="utf-8")
    assert "card.md" in shown
    stored = json.loads(run(workspace, "card", "--json"))
    for part in ("must not be used for", stored["model_id"], stored["data_hash"],
                 "Whether its chances come true", "luck"):  # fmt: skip
        assert part in page
    assert markdown(stored["verdict"]) in page


def test_the_report_has_a_part_on_churn(workspace: Workspace) -> None:
    run(workspace, *TRAIN)
    snapshot = workspace.snapshot()
    page = write_findings(snapshot, workspace.settings).read_text(encoding="utf-8")
    assert "## Churn" in page and "figures/churn.png" in page
    check_findings(snapshot, workspace.settings)
    workspace.churn_train(resamples=40, seed=8)
    with pytest.raises(StaleError):
        check_findings(snapshot, workspace.settings)


def test_too_little_is_a_refusal_and_no_model(published: Workspace) -> None:
    """The small sample of the repository: its people are too few."""
    found = published.churn_train(resamples=10)
    assert isinstance(found.result, ChurnResult)
    assert found.result.refusal is not None and found.result.chosen is None
    text = str(found)
    assert "No model" in text and "needed" in text
    assert found.plot().axes
    with pytest.raises(StaleError, match="churn train"):
        published.churn_score()
    content: dict[str, Any] = found.to_dict()
    jsonschema.validate(content, schema_of("churn"))


def test_a_bad_option_is_told(workspace: Workspace, tmp_path: Path) -> None:
    run(workspace, *TRAIN)
    where = ["-w", str(workspace.settings.workspace)]
    bad = tmp_path / "bad.json"
    bad.write_text("[1]", encoding="utf-8")
    for given, said in (
        (["train", "--window-days", "3"], "window_days"),
        (["train", "--models", "magic"], "models"),
        (["train", "--spec", str(bad)], "JSON object"),
        (["score", "--as-of", "2020-11-02"], "not loaded"),
    ):
        done = CliRunner().invoke(cli, ["churn", *given, *where])
        assert isinstance(done.exception, Ga4Error) and said in str(done.exception), given


def test_asking_other_things_loads_no_scikit_learn() -> None:
    code = (
        "import sys, ga4_analytics.workspace, ga4_analytics.cli.churn, ga4_analytics.churning; "
        "print([m for m in ('sklearn', 'xgboost') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
