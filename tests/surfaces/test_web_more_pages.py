"""The further pages in a real browser: they show what Python gives for the same question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page
from web_server import Visit, axe_script, browsing, serving, visiting

from ga4_analytics.asking import Published
from ga4_analytics.workspace import Workspace

PAGES = (
    "/paths?anchor=session_start&depth=3&top=4&merge=true",
    "/users?step=purchase",
    "/users?key=82023966.6010891291&dataset=ugly",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def address(published: Workspace) -> Iterator[str]:
    with serving(published.settings) as found:
        yield found


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    with visiting(browser, address) as found:
        yield found


@pytest.fixture(scope="module")
def asked(published: Workspace) -> Published:
    return Published(published.settings)


def rows(page: Page, name: str) -> list[list[str]]:
    """The cells of the table of a card, without its head."""
    found = page.locator(f'section[aria-label="{name}"] table tbody tr')
    return [row.locator("th, td").all_inner_texts() for row in found.all()]


def question(page: Page) -> dict[str, object]:
    """What the page says that it asked, as JSON."""
    page.get_by_text("How is this computed?").click()
    found: dict[str, object] = json.loads(
        page.get_by_label("Question as JSON", exact=True).inner_text()
    )
    return found


def test_paths_are_pythons(visit: Visit, asked: Published) -> None:
    """Each band of the flow and each listed path is Python's; a change is in the address."""
    page = visit.open("/paths?anchor=session_start&depth=3&top=4&merge=true")
    page.get_by_role("button", name="Ending with").click()
    page.wait_for_url("**direction=to**")
    visit.ready()
    told = asked.paths("session_start", direction="to", depth=3, top=4, merge=True).result
    assert asked.ask(question(page)).result.links == told.links
    assert [row[:4] for row in rows(page, "Flow")] == [
        [str(each.level), each.source, each.target, f"{each.count:,}"] for each in told.links
    ]
    assert [row[1] for row in rows(page, "Commonest paths")] == [
        f"{each.count:,}" for each in told.top
    ]


def test_users_timeline_is_pythons(visit: Visit, asked: Published) -> None:
    """From a list of users to one; each event in its session, with its values when opened."""
    page = visit.open("/users?step=purchase")
    page.locator(".keys a").first.click()
    page.wait_for_url("**key=**")
    visit.ready()
    key = parse_qs(urlsplit(page.url).query)["key"][0]
    told = asked.user(key).result
    assert key == asked.funnel_users(asked.funnel("purchase").result.spec, 1)[0]
    assert page.locator(".event .name").all_inner_texts() == [each.event for each in told.timeline]
    heads = page.locator(".visit > header h3").all_inner_texts()
    assert list(dict.fromkeys(heads)) == [
        f"Session {number}" if number else "Outside sessions"
        for number in dict.fromkeys(each.session for each in told.timeline)
    ]
    page.locator(".event summary").first.click()
    shown = page.locator(".event").first.locator("dd").all_inner_texts()
    values = told.timeline[0].columns
    assert str(values["device_category"]) in shown
    assert told.timeline[0].utc in shown
    page.get_by_role("region", name="Events of the user by day").wait_for(state="attached")
    assert sum(int(row[1]) for row in rows(page, "Events by day")) == told.events


def test_hostile_text_is_text(visit: Visit) -> None:
    """What users send is shown as they sent it, whatever it looks like."""
    page = visit.open("/users?key=anonymous&dataset=ugly")
    page.locator(".event summary").first.click()
    assert "<Other>" in page.locator(".event").first.locator("dd").all_inner_texts()


def test_fit_and_accessible(browser: Browser, address: str, tmp_path: Path) -> None:
    """390 pixels are enough for every page, and axe-core finds nothing serious."""
    script = axe_script(tmp_path)
    for narrow in (False, True):
        with visiting(browser, address, narrow=narrow, dark=narrow) as visit:
            for path in PAGES:
                page = visit.open(path)
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= (390 if narrow else 1440), path
                page.evaluate(script)
                found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                serious = [
                    (each["id"], [node["html"][:160] for node in each["nodes"][:3]])
                    for each in found["violations"]
                    if each["impact"] in ("serious", "critical")
                ]
                assert not serious, (path, narrow, serious)
