"""Experiments and churn in a real browser: they show what Python gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from churn_logs import crowd
from logs import index_of
from playwright.sync_api import Browser, expect
from web_server import accessible, axe_script, cells_of, serving, visiting

from ga4_analytics.analyses import churn
from ga4_analytics.asking import Published
from ga4_analytics.publish.churn_store import folder_of_models, save
from ga4_analytics.questions.churn import ChurnQuestion
from ga4_analytics.settings_experiments import ExperimentSetting
from ga4_analytics.workspace import Workspace


def test_an_experiment_is_pythons(browser: Browser, published: Workspace, tmp_path: Path) -> None:
    """A declared experiment, here a simulated split: verdict, units and every comparison."""
    declared = ExperimentSetting(
        name="<b>split</b>", primary=("view_item",), secondary=("page_view",), simulate="salt"
    )
    settings = replace(published.settings, experiments=(declared,))
    told = Published(settings).experiment(declared.name).result
    with serving(settings) as address, visiting(browser, address) as visit:
        page = visit.open("/experiments")
        assert told.verdict in page.locator('section[aria-label="Verdict"]').inner_text()
        assert "simulation" in page.locator('section[aria-label="Verdict"]').inner_text()
        assert [row[:2] for row in cells_of(page, "Split")] == [
            [name, f"{units:,}"] for name, units in zip(told.variants, told.units, strict=True)
        ]
        shown = cells_of(page, "Difference to the control")
        wanted = [(metric, each) for metric in told.metrics for each in metric.differences]
        assert [row[0] for row in shown] == [metric.metric for metric, _ in wanted]
        assert [row[8] for row in shown] == [
            "–" if each.p_value is None else f"{each.p_value:.4f}" for _, each in wanted
        ]
        accessible(page, axe_script(tmp_path))


def test_the_kept_model_of_churn(browser: Browser, published: Workspace, tmp_path: Path) -> None:
    """Without a model the page says how to get one; with one, it is Python's result."""
    settings = published.settings
    question = ChurnQuestion(
        resamples=20, window_days=21, horizon_days=10, models=("logistic",), target="churn"
    )
    trained = churn.train(index_of(crowd()), question)
    with serving(settings) as address, visiting(browser, address) as visit:
        page = visit.open("/churn")
        expect(page.get_by_text("No model was trained yet")).to_be_visible()
        page = visit.open("/experiments")
        expect(page.get_by_text("No experiment is declared")).to_be_visible()
        save(trained, settings)
        page = visit.open("/churn")
        told = trained.result
        assert told.verdict in page.locator('section[aria-label="Verdict"]').inner_text()
        assert [row[2] for row in cells_of(page, "Models")] == [
            f"{each.pr_auc.value:.3f}" for each in told.models
        ]
        assert [row[0] for row in cells_of(page, "What the model looks at")] == [
            each.feature for each in told.importances
        ]
        expect(page.get_by_role("heading", name="Users cannot be scored")).to_be_visible()
        accessible(page, axe_script(tmp_path))
    for path in folder_of_models(settings).iterdir():
        path.unlink()
