"""The report and the summary: numbers from the marts, the same bytes, stale when they differ."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ga4_analytics.errors import StaleError
from ga4_analytics.publish.findings import check_findings, write_findings
from ga4_analytics.publish.snapshot import Snapshot
from ga4_analytics.render.summary import print_summary
from ga4_analytics.settings import Settings
from ga4_analytics.workspace import Workspace


@pytest.fixture(scope="module")
def snapshot(published: Workspace) -> Snapshot:
    return published.snapshot()


@pytest.fixture
def settings(published: Workspace, tmp_path: Path) -> Settings:
    return replace(published.settings, workspace=tmp_path)


def cells(page: str, name: str) -> list[str]:
    """The cells of the first table row that begins with a name."""
    found = re.search(rf"^\| {re.escape(name)} \|(.*)\|$", page, re.MULTILINE)
    assert found, name
    return [cell.strip().strip("*") for cell in found[1].split(" | ")]


def test_the_numbers_are_those_of_the_events(
    snapshot: Snapshot, settings: Settings, published: Workspace
) -> None:
    page = write_findings(snapshot, settings).read_text(encoding="utf-8")
    events = published.warehouse.query(
        "select user_pseudo_id, event_name, page_path, event_date, purchase_revenue_usd_micros"
        " from analytics.stg_ga4_events where dataset = 'ga4'"
    ).to_pylist()
    assert cells(page, "Events")[0] == f"{len(events):,}"
    users = {row["user_pseudo_id"] for row in events} - {None}
    assert cells(page, "Users")[0] == f"{len(users):,}"
    purchases = [row for row in events if row["event_name"] == "purchase"]
    assert cells(page, "Purchase events")[0] == f"{len(purchases):,}"
    micros = sum(row["purchase_revenue_usd_micros"] or 0 for row in purchases)
    assert cells(page, "Revenue summed over events")[0] == f"${micros / 1_000_000:,.2f}"
    views = sum(row["event_name"] == "page_view" for row in events)
    assert cells(page, "page_view") == [f"{views:,}"]


def test_every_figure_is_there_and_nothing_else(snapshot: Snapshot, settings: Settings) -> None:
    page = write_findings(snapshot, settings)
    (page.parent / "figures/mine.png").write_bytes(b"a file of the user's own")
    named = set(re.findall(r"\(figures/([\w.]+)\)", page.read_text(encoding="utf-8")))
    there = {path.name for path in (page.parent / "figures").iterdir()}
    assert "active_users.png" in named
    assert there == named | {"mine.png"}
    write_findings(snapshot, replace(settings, dataset="bare"))
    assert (page.parent / "figures/mine.png").exists()
    assert not (page.parent / "figures/active_users.png").exists()


def test_the_same_data_give_the_same_bytes(snapshot: Snapshot, settings: Settings) -> None:
    def content() -> dict[str, bytes]:
        write_findings(snapshot, settings)
        files = settings.reports_dir.rglob("*.*")
        return {path.name: path.read_bytes() for path in files if path.is_file()}

    first = content()
    assert len(first) > 3
    assert content() == first


def test_a_report_that_says_something_else_is_stale(snapshot: Snapshot, settings: Settings) -> None:
    with pytest.raises(StaleError, match="not there"):
        check_findings(snapshot, settings)
    page = write_findings(snapshot, settings)
    check_findings(snapshot, settings)

    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("| Users | **", "| Users | **1"), encoding="utf-8")
    with pytest.raises(StaleError, match="line"):
        check_findings(snapshot, settings)

    page.write_text(text, encoding="utf-8")
    figure = page.parent / "figures/active_users.png"
    kept = figure.read_bytes()
    figure.write_bytes(kept + b"x")
    with pytest.raises(StaleError, match=r"active_users\.png"):
        check_findings(snapshot, settings)
    figure.unlink()
    with pytest.raises(StaleError, match=r"active_users\.png"):
        check_findings(snapshot, settings)
    figure.write_bytes(kept)
    check_findings(snapshot, settings)
    with pytest.raises(StaleError, match="says"):
        check_findings(snapshot, replace(settings, dataset="ugly"))


def test_missing_data_have_reasons_and_no_zeros(snapshot: Snapshot, settings: Settings) -> None:
    page = write_findings(snapshot, replace(settings, dataset="bare")).read_text(encoding="utf-8")
    assert cells(page, "Events")[0] == "3"
    for name, reason in (
        ("Sessions", "No event_timestamp"),
        ("Users", "No user_pseudo_id"),
        ("Revenue of orders", "No purchase revenue"),
    ):
        value, meaning = cells(page, name)
        assert value == "–"
        assert reason in meaning
    for word in ("None", "nan", "null\n", "Undefined"):
        assert word not in page.replace("None in these days", "")
    assert "The data cannot tell active users" in page


def test_text_from_the_data_cannot_break_the_page(snapshot: Snapshot, settings: Settings) -> None:
    page = write_findings(snapshot, replace(settings, dataset="ugly")).read_text(encoding="utf-8")
    for line in page.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
    assert "<Other>" not in page
    assert "$identify" not in page.replace(r"\$identify", "")


def test_an_unknown_dataset_is_told(snapshot: Snapshot, settings: Settings) -> None:
    with pytest.raises(StaleError, match="bare, ga4, ugly"):
        write_findings(snapshot, replace(settings, dataset="other"))


def printed(snapshot: Snapshot, dataset: str, *, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=terminal)
    print_summary(snapshot, dataset, console, [("ga4 status", "what is loaded")])
    return out.getvalue()


@pytest.mark.parametrize("dataset", ["ga4", "ugly", "bare", "nobody"])
def test_the_summary_is_plain_in_a_pipe_and_fits(snapshot: Snapshot, dataset: str) -> None:
    text = printed(snapshot, dataset, terminal=False)
    assert "\x1b" not in text
    assert not set("╭│╰") & set(text)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "None" not in text


def test_the_summary_shows_the_marts_numbers(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = printed(snapshot, "ga4", terminal=True)
    assert "╭" in text
    days = snapshot.table("daily_active_users").to_pylist()
    events = sum(row["events"] for row in days if row["dataset"] == "ga4")
    assert f"{events:,}" in text
    assert "ga4 status" in text
    assert "\x1b[" in text
