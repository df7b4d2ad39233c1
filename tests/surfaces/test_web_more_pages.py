"""The further pages in a real browser: they show what Python gives for the same question."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
from playwright.sync_api import Browser, Page, expect
from web_server import Visit, accessible, axe_script, cells_of, visiting

from ga4_analytics.asking import Published
from ga4_analytics.publish.live import live_folder
from ga4_analytics.publish.saved_boards import (
    Board,
    BoardView,
    delete_board,
    read_board,
    save_board,
    saved_boards,
)
from ga4_analytics.publish.saved_segments import delete_segment, saved_segments
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.segments import Did
from ga4_analytics.workspace import Workspace

PAGES = (
    "/paths?anchor=session_start&depth=3&top=4&merge=true",
    "/users?step=purchase",
    "/segments",
    "/revenue?interval=week&periods=2&number=gross_usd_micros",
    "/revenue?by=device_category&number=orders",
    "/boards",
    "/boards?board=axe",
    "/data",
    "/data?view=quality",
    "/data?view=loads",
    "/data?view=fields",
    "/data?view=definitions",
    "/users?key=82023966.6010891291&dataset=ugly",
)


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
    assert [row[:4] for row in cells_of(page, "Flow")] == [
        [str(each.level), each.source, each.target, f"{each.count:,}"] for each in told.links
    ]
    assert [row[1] for row in cells_of(page, "Commonest paths")] == [
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
    assert sum(int(row[1]) for row in cells_of(page, "Events by day")) == told.events


def test_segments_are_pythons(visit: Visit, asked: Published) -> None:
    """Made of conditions, saved, compared, overlapped, and used by another page."""
    for other in saved_segments(asked.settings.workspace):
        delete_segment(asked.settings.workspace, other)
    page = visit.open("/segments")
    page.get_by_role("button", name=re.compile("^Add a condition$")).click()
    page.get_by_role("button", name="Property, condition 1 of all events: Property").click()
    page.get_by_role("option", name=re.compile("^device_category")).click()
    page.get_by_role("button", name=re.compile("^Values, condition 1 of all")).click()
    page.get_by_role("option", name=re.compile("mobile")).click()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile("where=device_category"))
    visit.ready()
    page.get_by_role("button", name="New segment").click()
    visit.ready()
    name = page.get_by_label("Name of segment 4")
    name.fill("viewers")
    name.press("Enter")
    page.get_by_role("button", name="condition 1 of viewers: Any event").click()
    page.get_by_role("combobox", name=re.compile("^Search")).fill("view_item")
    page.get_by_role("option", name=re.compile("^view_item ")).first.wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("How often, condition 1 of viewers").select_option("at_most")
    page.get_by_label("Number, condition 1 of viewers").fill("2")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile("at_most%22%3A2"))
    visit.ready()
    page.get_by_role("button", name="Save viewers").click()
    page.wait_for_url(re.compile("compare=viewers"))
    visit.ready()
    assert asked.saved_segment("viewers") == Did(EventSelector(("view_item",)), 0, 2)

    told = asked.ask(question(page)).result
    assert [row[:3] for row in cells_of(page, "Side by side")] == [
        [each.name or "All users", f"{each.members:,}", f"{each.users:,}"]
        for each in (*told.segments, told.everybody)
    ]
    shares = {(each.first, each.second): each.of_first for each in told.overlaps}
    first, second = told.segments[0].name, told.segments[3].name
    share = shares[first, second].value
    assert cells_of(page, "Overlap")[0][5] == f"{share * 100:.1f}%"
    assert [row[5] for row in cells_of(page, "Exactly in")] == [
        f"{each.users:,}" for each in told.combinations
    ]

    page = visit.open("/funnel?step=session_start&segment=viewers")
    users = asked.funnel("session_start", users="viewers").result.steps[0].users
    assert f"{users:,}" in page.locator(".facts").inner_text()
    page = visit.open("/segments?compare=viewers")
    page.get_by_role("button", name="Remove viewers", exact=True).click()
    page.get_by_role("button", name="Remove viewers for good").click()
    page.wait_for_url(re.compile("viewers%3D%7B"))
    visit.ready()
    assert page.request.get(visit.address + "/api/v1/saved-segments/viewers").status == 404


def test_data_is_what_the_snapshot_holds(visit: Visit, asked: Published) -> None:
    """Days with their state, checks, loads and definitions are those that were published."""
    page = visit.open("/data")
    days = asked.index().calendar.days
    counts = asked.trends("*").result.lines[0].values
    assert [row[:3] for row in cells_of(page, "Events by day")] == [
        [
            day.day.isoformat(),
            f"{count:,}",
            "final" if day.is_final else "complete, may still change" if day.is_complete
            else "incomplete",
        ]
        for day, count in zip(days, counts, strict=True)
    ]  # fmt: skip
    folder = live_folder(asked.settings)
    page.get_by_role("button", name="Quality").click()
    page.wait_for_url("**view=quality**")
    visit.ready()
    table = pq.read_table(folder / "data_quality.parquet").to_pylist()
    shown = {row[0]: row[3] for row in cells_of(page, "Checks")}
    for name in ("tied_events", "events_without_session"):
        told = [each["affected"] for each in table
                if (each["check_name"], each["dataset"]) == (name, "ga4")]  # fmt: skip
        assert shown[name.replace("_", " ").capitalize()] == f"{sum(told):,}"
    page.get_by_role("button", name="Tied events").click()
    page.wait_for_url("**check=tied_events**")
    visit.ready()
    assert len(cells_of(page, "Tied events")) == len(days)
    page.get_by_role("button", name="Loads").click()
    page.wait_for_url("**view=loads**")
    visit.ready()
    loads = pq.read_table(folder / "data_quality_loads.parquet").to_pylist()
    assert [row[0] for row in cells_of(page, "Loads")] == [
        each["load_id"] for each in loads if (each["rule"], each["dataset"]) == ("(all)", "ga4")
    ]
    page = visit.open("/data?view=definitions&search=average_order")
    assert 0 < page.locator("details.mart:visible").count() < page.locator("details.mart").count()


def test_revenue_is_pythons(visit: Visit, asked: Published) -> None:
    """Each amount of each bucket, and each cohort's value."""
    page = visit.open("/revenue?interval=week&periods=2&number=gross_usd_micros")
    told = asked.revenue(interval="week", periods=2).result
    amounts = [each.amounts for each in told.buckets]
    assert [(row[1], row[5]) for row in cells_of(page, "Gross")] == [
        (f"${each.gross_usd_micros / 1e6:,.2f}", f"{each.orders:,}")
        if each is not None and each.gross_usd_micros is not None
        else ("–", "–" if each is None else f"{each.orders:,}")
        for each in amounts
    ]
    values = [
        "not complete yet" if each.value is None else f"${each.value.value:,.2f}"
        for each in told.lifetime
    ]
    assert [cell for row in cells_of(page, "Value of new users") for cell in row[2:]] == values
    page.get_by_role("combobox", name="Show").select_option("orders")
    page.wait_for_url("**number=orders**")
    visit.ready()
    assert cells_of(page, "Orders")


def test_boards(visit: Visit, asked: Published) -> None:
    """Views are saved to a board, drawn live, renamed, put in order and removed."""
    workspace = asked.settings.workspace
    for name in saved_boards(workspace):
        delete_board(workspace, name)
    page = visit.open("/funnel?step=session_start&step=view_item")
    page.get_by_role("button", name="Save to board").click()
    panel = page.get_by_role("dialog", name="Save to board")
    panel.get_by_label("Title", exact=True).fill("<img src=x onerror=alert(1)> ‮view")
    panel.get_by_label("Title of the new board").fill("Überblick & <b>mehr</b>")
    panel.get_by_role("button", name="Save to the board").click()
    panel.get_by_role("link", name="Open the board").wait_for()
    page = visit.open("/trends?series=users+of+*&last=7d")
    page.get_by_role("button", name="Save to board").click()
    panel.get_by_label("Title", exact=True).fill("Users")
    panel.get_by_role("button", name="Save to the board").click()
    panel.get_by_role("link", name="Open the board").click()
    page.wait_for_url("**/boards?board=**")
    visit.ready()
    expect(page.get_by_role("heading", level=1)).to_have_text("Überblick & <b>mehr</b>")
    titles = page.locator(".tile-head h2")
    assert titles.all_inner_texts() == ["<img src=x onerror=alert(1)> ‮view", "Users"]
    told = asked.funnel("session_start", "view_item").result.steps
    assert [row[1] for row in cells_of(page, "Steps")] == [f"{each.users:,}" for each in told]

    page.get_by_role("button", name="Edit board").click()
    visit.ready()
    page.get_by_role("button", name="Move Users forward").click()
    expect(titles).to_have_text(["Users", "<img src=x onerror=alert(1)> ‮view"])
    visit.ready()
    page.get_by_role("button", name="Rename Users").click()
    page.get_by_role("textbox", name="Title of the view").fill("People")
    page.keyboard.press("Enter")
    expect(titles.first).to_have_text("People")
    visit.ready()
    page.get_by_role("button", name=re.compile("^Remove <img")).click()
    expect(titles).to_have_text(["People"])
    visit.ready()
    kept = read_board(workspace, "uberblick-b-mehr-b")
    assert kept is not None and [each.title for each in kept.board.views] == ["People"]
    page.get_by_role("button", name="Remove board").click()
    page.get_by_role("button", name="Remove it for good").click()
    page.wait_for_url(re.compile("/boards$"))
    visit.ready()
    assert not saved_boards(workspace)


def test_a_damaged_board_hides_no_other(visit: Visit, published: Workspace) -> None:
    """It says what is wrong and can be removed; the others are as they were."""
    workspace = published.settings.workspace
    save_board(workspace, "good", Board("Good one", ()))
    torn = workspace / "boards/torn.json"
    torn.write_text('{"format": 1', encoding="utf-8")
    page = visit.open("/boards")
    expect(page.get_by_role("link", name="Good one")).to_be_visible()
    expect(page.locator(".damaged")).to_contain_text("is not JSON")
    page.get_by_role("button", name="Remove the file of torn").click()
    page.get_by_role("button", name="Remove it for good").click()
    expect(page.locator(".damaged")).to_have_count(0)
    assert not torn.exists()
    delete_board(workspace, "good")


def test_hostile_text_is_text(visit: Visit) -> None:
    """What users send is shown as they sent it, whatever it looks like."""
    page = visit.open("/users?key=anonymous&dataset=ugly")
    page.locator(".event summary").first.click()
    assert "<Other>" in page.locator(".event").first.locator("dd").all_inner_texts()


def test_fit_and_accessible(
    browser: Browser, address: str, published: Workspace, tmp_path: Path
) -> None:
    """390 pixels are enough for every page, and axe-core finds nothing serious."""
    script = axe_script(tmp_path)
    views = (BoardView("trends", "series=*", "Events"), BoardView("paths", "anchor=*", "Paths"))
    save_board(published.settings.workspace, "axe", Board("Board", views))
    for narrow in (False, True):
        with visiting(browser, address, narrow=narrow, dark=narrow) as visit:
            for path in PAGES:
                page = visit.open(path)
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= (390 if narrow else 1440), path
                accessible(page, script)
    delete_board(published.settings.workspace, "axe")
