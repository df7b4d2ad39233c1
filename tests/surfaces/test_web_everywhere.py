"""What holds on every page: links keep the property, all can be taken away without a mouse."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page
from web_server import Visit, cells_of, serving, visiting

from ga4_analytics.publish.saved_boards import Board, BoardView, delete_board, save_board
from ga4_analytics.settings_experiments import ExperimentSetting
from ga4_analytics.workspace import Workspace

PAGES = (
    "/",
    "/trends?series=users+of+page_view&series=purchase",
    "/trends?tab=stickiness&event=page_view",
    "/trends?tab=lifecycle&event=*&unit=week",
    "/funnel?step=session_start&step=view_item",
    "/funnel?step=session_start&step=view_item&view=days",
    "/funnel?step=session_start&step=view_item&view=time",
    "/funnel?step=session_start&step=view_item&view=rules",
    "/retention?start_event=*&return_event=*&unit=week&periods=4",
    "/paths?anchor=session_start&depth=2&top=3",
    "/revenue?interval=week&periods=2&number=gross_usd_micros",
    "/revenue?by=device_category&number=orders",
    "/users?step=purchase",
    "/segments",
    "/experiments",
    "/churn",
    "/boards?board=everywhere",
    "/data",
    "/data?view=quality",
    "/data?view=loads",
    "/data?view=fields",
)
MOST_TABS = 150
WITHOUT_ANSWER = ("/churn", "/boards")
"""No model was trained here, and a board shows other pages' charts."""
_WATCH = """() => {
  window.met = [];
  document.addEventListener("focusin", ({ target }) => {
    const ring = getComputedStyle(target);
    const seen = ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) > 0;
    const behind = target.closest(".unseen");
    const shown = !behind || behind.getBoundingClientRect().width > 1;
    window.met.push([[...document.querySelectorAll("*")].indexOf(target), seen && shown]);
  });
}"""
_COUNT = """() => document.querySelectorAll(
  ":is(a[href], button, input, select, summary, [tabindex='0'])").length"""
_REACHABLE = """() => [...document.querySelectorAll(
  "main :is(a[href], button, input, select, summary, [tabindex='0'])")]
  .filter((node) => !node.disabled && node.checkVisibility({ visibilityProperty: true })
    && !node.closest(".unseen, details:not([open]) > :not(summary)"))
  .map((node) => [...document.querySelectorAll("*")].indexOf(node))"""


@pytest.fixture(scope="module")
def address(published: Workspace) -> Iterator[str]:
    """The workspace with an experiment and a board."""
    declared = ExperimentSetting(name="split", primary=("view_item",), simulate="salt")
    views = (BoardView("trends", "series=*", "Events"), BoardView("funnel", "step=*", "Funnel"))
    save_board(published.settings.workspace, "everywhere", Board("Board", views))
    with serving(replace(published.settings, experiments=(declared,))) as found:
        yield found
    delete_board(published.settings.workspace, "everywhere")


def test_links_keep_the_property(visit: Visit) -> None:
    """Whatever is opened from a page of a property is of that property."""
    for path in ("/", "/data?view=fields", "/boards", "/users?step=page_view"):
        sign = "&" if "?" in path else "?"
        page = visit.open(f"{path}{sign}dataset=ugly")
        page.wait_for_timeout(100)
        links = page.eval_on_selector_all(
            "a[href]:not([href^='#'])", "all => all.map((each) => each.href)"
        )
        assert len(links) > 10
        for link in links:
            assert parse_qs(urlsplit(link).query)["dataset"] == ["ugly"], (path, link)


def test_every_chart_can_be_taken_away(visit: Visit) -> None:
    """PNG, CSV and JSON of every chart and heat table; every answer says how it is computed."""
    for path in PAGES:
        page = visit.open(path)
        assert path.startswith(WITHOUT_ANSWER) or page.locator("details.how").count() == 1, path
        for card in page.locator("section.card:has(.chart, .heat)").all():
            group = card.get_by_role("group", name=re.compile("^Download "))
            kinds = [text.strip() for text in group.locator("button, a").all_inner_texts()]
            assert kinds == ["PNG", "CSV", "JSON"], (path, card.get_attribute("aria-label"))


def test_a_heat_table_can_be_taken_away(visit: Visit) -> None:
    """Its picture is a picture; its CSV holds its cells, what is not complete left empty."""
    page = visit.open("/retention?start_event=*&return_event=*&unit=week&periods=4")
    with page.expect_download() as found:
        page.get_by_label("Cohorts of All users as PNG").click()
    assert Path(found.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as found:
        page.get_by_label("Cohorts of All users as CSV").click()
    text = Path(found.value.path()).read_text(encoding="utf-8")
    table = list(csv.reader(StringIO(text)))[1:]
    shown = [
        ["" if cell == "not complete yet" else cell.replace(",", "") for cell in row]
        for row in cells_of(page, "Cohorts")
    ]
    assert table == shown
    assert any("" in row for row in table)


def test_no_mouse_is_needed(browser: Browser, address: str) -> None:
    """The tabulator reaches everything on every page, shows where it is, and is never caught."""
    with visiting(browser, address) as visit:
        for path in PAGES:
            page = visit.open(path)
            page.wait_for_timeout(100)
            wanted = page.evaluate(_REACHABLE)[:40]
            page.evaluate(_WATCH)
            for _ in range(min(MOST_TABS, page.evaluate(_COUNT))):
                page.keyboard.press("Tab")
            met = page.evaluate("window.met")
            unseen = [place for place, seen in met if not seen]
            missed = set(wanted) - {place for place, _ in met}
            assert not unseen, (path, [_named(page, place) for place in unseen])
            assert not missed, (path, [_named(page, place) for place in missed])


def _named(page: Page, place: int) -> str:
    return str(page.evaluate("(at) => document.querySelectorAll('*')[at].outerHTML", place))[:150]
