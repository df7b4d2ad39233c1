"""The pages in a real browser: an analyst's journeys, and the same numbers as in Python."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Route, expect
from web_server import Visit, axe_script, visiting

from ga4_analytics.asking import Published

PAGES = (
    "/",
    "/trends?series=users+of+page_view&series=purchase&compare=period&last=7d",
    "/trends?series=users+of+*&by=device_category&formula=A+*+2",
    "/trends?tab=stickiness&event=page_view",
    "/trends?tab=lifecycle&event=*&unit=week",
    "/funnel?step=session_start&step=page_view&step=view_item",
    "/funnel?step=session_start&step=view_item&by=device_category&view=steps",
    "/funnel?step=session_start&step=view_item&view=days",
    "/funnel?step=session_start&step=view_item&view=time",
    "/funnel?step=session_start&step=view_item&view=rules",
    "/retention?start_event=*&return_event=*&unit=week&periods=4",
)


def rows(page: Page, name: str) -> list[list[str]]:
    """The cells of the table behind a chart, without its head."""
    found = page.locator(f'section[aria-label="{name}"] table tbody tr')
    return [row.locator("th, td").all_inner_texts() for row in found.all()]


def searched(page: Page) -> Locator:
    """The input of the list that is open."""
    return page.get_by_role("combobox", name=re.compile("^Search"))


def test_first_visit(visit: Visit, asked: Published) -> None:
    """Home shows the key numbers; a number leads to its trend; the back button leads back."""
    page = visit.open("/")
    overview = json.loads(page.request.get(visit.address + "/api/v1/overview").text())["overview"]
    users = asked.trends("users of *", start=overview["start"], end=overview["end"]).lines[0].total
    assert f"{users:,}" in page.locator(".key-numbers").inner_text()
    page.locator(".key-numbers").get_by_role("link", name="Users", exact=True).click()
    visit.ready()
    assert "series=users" in page.url
    assert page.locator(".fact .number").first.inner_text() == f"{users:,}"
    page.go_back()
    visit.ready()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def test_analysts_journey(visit: Visit, asked: Published) -> None:
    """Build a funnel, break it down, open the users, keep them, share the link, load it again."""
    page = visit.open("/funnel?step=session_start")
    page.get_by_role("button", name="Add step").click()
    visit.ready()
    page.get_by_role("button", name=re.compile("^step 2: ")).click()
    searched(page).fill("view_it")
    page.get_by_role("option", name=re.compile("view_item ")).first.wait_for()
    page.keyboard.press("Enter")
    visit.ready()
    page.get_by_label("Window").select_option("1d")
    visit.ready()
    page.get_by_role("button", name=re.compile("^Breakdown")).click()
    searched(page).fill("device")
    page.get_by_role("option", name=re.compile("device_category")).first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("by=device_category"))
    visit.ready()

    told = asked.funnel(
        "session_start", "view_item", window="1d", by="device_category", top=5
    ).result
    shown = rows(page, "Steps")
    assert [row[2] for row in shown] == [
        f"{step.users:,}" for group in told.groups for step in group.steps
    ]
    assert [row[3] for row in shown] == [
        f"{step.rate_from_start * 100:.1f}%" for group in told.groups for step in group.steps
    ]

    page.get_by_role("button", name="Table", exact=True).click()
    page.get_by_role("button", name=re.compile("users of 2. view_item, desktop")).click()
    panel = page.get_by_role("dialog")
    panel.locator(".keys li").first.wait_for()
    group = next(each for each in told.groups if each.group == ("desktop",))
    assert panel.locator(".keys li").count() == min(200, group.steps[1].users)
    panel.get_by_label("Name of the segment").fill("desktop-viewers")
    panel.get_by_role("button", name="Save as segment").click()
    panel.get_by_text("Saved as desktop-viewers").wait_for()
    kept = asked.saved_segment("desktop-viewers")
    assert len(kept.keys) == group.steps[1].users  # type: ignore[union-attr]
    page.keyboard.press("Escape")

    again = visit.page.context.new_page()
    again.goto(page.url)
    again.wait_for_selector('main[data-ready="yes"]')
    assert rows(again, "Steps") == shown
    again.reload()
    again.wait_for_selector('main[data-ready="yes"]')
    assert rows(again, "Steps") == shown
    again.close()
    page.go_back()
    visit.ready()
    assert "by=" not in page.url
    asked.settings.workspace.joinpath("segments/desktop-viewers.json").unlink()


def test_how_it_is_computed_gives_the_same(visit: Visit, asked: Published) -> None:
    """The JSON of the panel is the question; its Python call gives the answer of the page."""
    page = visit.open(
        "/funnel?step=session_start&step=view_item&window=1d&where=device_category=mobile"
    )
    page.get_by_text("How is this computed?").click()
    spec = json.loads(page.get_by_label("Question as JSON", exact=True).inner_text())
    call = page.get_by_label("Python", exact=True).inner_text().splitlines()[-1]
    told = eval(call, {"ws": asked})
    assert told.result.steps == asked.ask(spec).result.steps
    assert rows(page, "Steps")[1][1] == f"{told.result.steps[1].users:,}"
    for words in told.result.definition:
        expect(page.get_by_text(words, exact=True)).to_be_visible()


def test_retention_cells_are_pythons(visit: Visit, asked: Published) -> None:
    """Each cell of the heat table is Python's; what is not complete is visibly empty."""
    page = visit.open("/retention?start_event=*&return_event=*&unit=week&periods=4")
    told = asked.retention(unit="week", periods=4).result
    found = page.locator("table.heat tbody tr")
    for place, cohort in enumerate(told.overall.cohorts, 1):
        cells = found.nth(place).locator("td").all_inner_texts()[1:]
        wanted = [
            "not complete yet" if rate is None else f"{rate * 100:.1f}%" for rate in cohort.rate
        ]
        assert cells == wanted
    assert page.locator("tr:not(.pooled) td.void").count() == sum(
        rate is None for cohort in told.overall.cohorts for rate in cohort.rate
    )


def test_trend_values_are_pythons(visit: Visit, asked: Published) -> None:
    """Each value of the table behind the chart is Python's, with the period before."""
    page = visit.open("/trends?series=users+of+page_view&series=*&compare=period&last=3d")
    shown = rows(page, "Trend")
    told = asked.ask(json.loads(_spec(page))).result
    for place, row in enumerate(shown):
        lines = (*told.lines, *told.previous)
        values = [line.values[place] for line in lines]
        assert row[1:-1] == ["–" if value is None else f"{value:,}" for value in values]
    notes = page.locator(".fact .more").all_inner_texts()
    assert None not in told.changes
    for note, change, before in zip(notes, told.changes, told.previous, strict=True):
        assert note == f"{change:+.1%} from {before.total:,}".replace("-", "−")


def _spec(page: Page) -> str:
    page.get_by_text("How is this computed?").click()
    return page.get_by_label("Question as JSON", exact=True).inner_text()


def test_wrong_questions_say_what_to_do(visit: Visit) -> None:
    """A wrong address names the field and the remedy, and keeps what was asked."""
    visit.expected.add(422)
    page = visit.open("/funnel?step=purchse&step=view_item")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("no event is called 'purchse'")
    expect(alert).to_contain_text("Did you mean 'purchase'?")
    page.get_by_role("button", name="step 1: purchse").click()
    searched(page).fill("purchase")
    page.get_by_role("option", name=re.compile("^purchase")).first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("step=purchase"))
    visit.ready()
    assert page.locator('section[aria-label="Steps"]').count() == 1


def test_a_step_of_several_events_and_an_optional_one(visit: Visit, asked: Published) -> None:
    """One event or another makes a step; a step in the middle may be left out."""
    page = visit.open("/funnel?step=session_start&step=view_item&step=purchase")
    page.get_by_role("button", name="Or another event as step 2: or").click()
    searched(page).fill("add_to")
    page.get_by_role("option", name=re.compile("^add_to_cart")).first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("add_to_cart"))
    visit.ready()
    page.get_by_text("From one step to the next").click()
    page.get_by_label("Step 2 is optional").check()
    page.wait_for_url(re.compile("optional=2"))
    visit.ready()
    told = asked.funnel("session_start", "view_item|add_to_cart", "purchase", optional=[2]).result
    assert [row[1] for row in rows(page, "Steps")] == [f"{each.users:,}" for each in told.steps]
    expect(page.get_by_text("Optional: later steps do not need it.")).to_be_visible()
    page.get_by_role("button", name="Not add_to_cart as step 2").click()
    page.wait_for_url(lambda address: "add_to_cart" not in address)
    visit.ready()
    page.get_by_role("button", name="Move step 2 up").click()
    page.wait_for_url(re.compile("step=view_item&step=session_start&step=purchase"))
    visit.ready()
    assert "optional" not in page.url  # the flag went to the first place with its step


def test_who_waits_sees_why(visit: Visit) -> None:
    """On a new machine the compiler is at work: the page says how far it is, and then answers."""
    page = visit.open("/retention?start_event=*&return_event=*&unit=week&periods=4")
    held: list[Route] = []
    page.route("**/api/v1/retention?*", lambda route: held.append(route))
    left = {"is_done": False, "done": 4, "of": 20, "seconds": 8.0, "left_seconds": 32.0}
    page.route("**/api/v1/warming", lambda route: route.fulfill(json={"warming": left}))
    page.get_by_role("button", name="Month").click()
    note = page.locator(".waiting")
    expect(note).to_contain_text("Step 5 of 20, once after an installation. About 35 s to go.")
    assert note.get_by_role("progressbar").get_attribute("value") == "4"
    page.wait_for_timeout(50)
    for route in held:
        route.continue_()
    visit.ready()
    expect(note).to_have_count(0)


def test_keyboard_alone(visit: Visit) -> None:
    """Without a mouse: skip to the content, change an event, see the table."""
    page = visit.open("/funnel?step=session_start&step=view_item")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for _ in range(40):
        if (page.locator(":focus").get_attribute("aria-label") or "").startswith("step 2"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.type("purch")
    page.get_by_role("option", name=re.compile("^purchase")).first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("step=purchase"))
    visit.ready()
    assert (page.locator(":focus").get_attribute("aria-label") or "").startswith("step 2: purchase")
    page.get_by_role("button", name="Table", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name=re.compile("Conversion at each"))).to_be_visible()


def test_phone(browser: Browser, address: str) -> None:
    """390 pixels: nothing is wider than the screen, and the question opens as a sheet."""
    with visiting(browser, address, narrow=True, dark=True) as visit:
        for path in PAGES:
            page = visit.open(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        page = visit.open("/funnel?step=session_start&step=view_item")
        page.get_by_role("button", name="Edit question").click()
        page.get_by_label("Window").select_option("1h")
        page.get_by_role("button", name="Show the answer").click()
        visit.ready()
        assert "window=1h" in page.url


def test_downloads(visit: Visit, asked: Published) -> None:
    """A chart can be taken as PNG, CSV and JSON."""
    page = visit.open("/funnel?step=session_start&step=view_item")
    for kind, start in (("PNG", b"\x89PNG"), ("CSV", b"step,event"), ("JSON", b'{"version": 1')):
        with page.expect_download() as found:
            page.get_by_label(f"Steps as {kind}").click()
        assert Path(found.value.path()).read_bytes().startswith(start), kind


def test_accessible(browser: Browser, address: str, tmp_path: Path) -> None:
    """axe-core finds nothing serious on any page, in either theme."""
    script = axe_script(tmp_path)
    for dark in (False, True):
        with visiting(browser, address, dark=dark) as visit:
            for path in PAGES:
                page = visit.open(path)
                page.evaluate(script)
                found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                serious = [
                    (each["id"], [node["html"][:160] for node in each["nodes"][:3]])
                    for each in found["violations"]
                    if each["impact"] in ("serious", "critical")
                ]
                assert not serious, (path, dark, serious)
