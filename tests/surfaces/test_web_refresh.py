"""Hostile names in every view, and new data that is published while the page is open."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Browser
from web_server import serving, visiting

from ga4_analytics.workspace import Workspace

NAMES = (
    "<img src=x onerror=window.hit=1>",
    '"><script>window.hit=1</script>',
    "</script><svg onload=window.hit=1>",
    '{"type": "all_of"}',
    "=HYPERLINK(1)",
    "a,b|c[d]\\e",
    "{soft|rich}",
    "tpl {{7*7}}",
    "\u202etxt.exe",
    "long " * 40,
)
START_US = 1_604_232_000_000_000
DAY_US = 86_400_000_000
HEADS = (
    "user_id", "event_date", "event_timestamp", "event_name", "country", "device_category",
    "source", "medium", "transaction_id", "purchase_revenue_usd",
)  # fmt: skip


def written(path: Path, days: int) -> Path:
    """A flat file of so many days: every user does everything, in order, on every day."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADS)
        for day in range(days):
            for user in range(12):
                for place, name in enumerate(NAMES):
                    moment = START_US + day * DAY_US + user * 1_000_000 + place * 60_000_000
                    writer.writerow(
                        [f"<b>{user}</b>", f"202011{day + 1:02}", moment, name, NAMES[user % 10],
                         "desktop", "=1+1", "<i>organic</i>", "", ""]
                    )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("hostile workspace")
    opened = Workspace.open(folder, timezone="UTC")
    opened.load([written(folder / "one.csv", 2)])
    opened.build()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(workspace: Workspace) -> Iterator[str]:
    with serving(workspace.settings) as found:
        yield found


def quoted(name: str) -> str:
    import json

    return json.dumps({"names": [name]})


PAIR = [("step", quoted(NAMES[0])), ("step", quoted(NAMES[1]))]
VIEWS = (
    "/",
    "/trends?" + urlencode({"series": "*", "by": "event_name", "top": 20}),
    "/trends?" + urlencode([("series", quoted(name)) for name in NAMES]),
    "/trends?" + urlencode({"tab": "lifecycle", "event": "*", "by": "country"}),
    "/trends?" + urlencode({"tab": "stickiness", "event": "*", "by": "country"}),
    "/funnel?" + urlencode([("step", quoted(name)) for name in NAMES[:6]]),
    "/funnel?" + urlencode([*PAIR, ("by", "country")]),
    "/funnel?" + urlencode([*PAIR, ("view", "rules")]),
    "/retention?" + urlencode({"start_event": quoted(NAMES[0]), "by": "country"}),
    "/funnel?" + urlencode({"step": "<img src=x onerror=window.hit=1>nothing"}),
    "/paths?" + urlencode({"anchor": quoted(NAMES[0]), "depth": 6, "top": 20}),
    "/paths?" + urlencode({"anchor": "*", "step": "country", "direction": "to"}),
    "/users?" + urlencode({"step": quoted(NAMES[0])}),
    "/users?" + urlencode({"key": "<b>0</b>"}),
    "/segments?" + urlencode({"compare": '<img src=x onerror=window.hit=1>={"type":"was_new"}'}),
    "/revenue?" + urlencode({"by": "country"}),
    "/data",
    "/data?view=fields",
    "/data?" + urlencode({"view": "quality", "check": "<script>window.hit=1</script>"}),
    "/boards?" + urlencode({"board": "<img src=x onerror=window.hit=1>"}),
    "/experiments?" + urlencode({"name": "<img src=x onerror=window.hit=1>"}),
    "/trends?" + urlencode({"<script>window.hit=1</script>": "1"}),
)  # fmt: skip


def test_names_are_text_in_every_view(browser: Browser, address: str) -> None:
    """Nothing of the data is run or drawn as HTML, under the pointer neither."""
    with visiting(browser, address) as visit:
        visit.expected.add(422)
        for path in VIEWS:
            page = visit.open(path)
            for chart in page.locator(".chart:visible").all()[:1]:
                chart.hover()
                page.wait_for_timeout(80)
            assert page.evaluate("window.hit") is None, path
            assert page.locator("main img, main script, main b b, main i").count() == 0, path
        page = visit.open(VIEWS[5])
        assert page.locator(".pick").first.inner_text() == NAMES[0]
        page.get_by_role("button", name="Table", exact=True).click()
        page.locator('section[aria-label="Steps"] td .button').first.click()
        page.locator(".keys li").first.wait_for()
        assert page.locator(".keys li").first.inner_text() == "<b>0</b>"
        assert page.evaluate("window.hit") is None


def test_csv_holds_no_formula(address: str) -> None:
    """A value that looks like a formula comes as text in the CSV, as it is in the JSON."""
    asked = f"{address}/api/v1/trends?series=*&by=event_name&top=20"
    assert ",'=HYPERLINK(1)," in httpx.get(f"{asked}&format=csv").text
    groups = [line["group"] for line in httpx.get(asked).json()["lines"]]
    assert ["=HYPERLINK(1)"] in groups


def test_a_refresh_swaps_between_two_answers(workspace: Workspace, address: str) -> None:
    """While days are loaded and built, every answer is wholly old or wholly new; none fails."""
    seen: list[tuple[str, int, int, int]] = []
    broken: list[Any] = []
    stop = threading.Event()

    def ask(number: int) -> None:
        with httpx.Client(timeout=60) as client:
            turn = 0
            while not stop.is_set():
                turn += 1
                # A filter of its own: the answer is computed, not kept.
                where = f"source!=nobody{number}-{turn}"
                params = {"series": ["*", "users of *"], "where": where}
                got = client.get(f"{address}/api/v1/trends", params=params)
                if got.status_code != 200:
                    broken.append(got.text)
                    continue
                told = got.json()
                events, users = (line["total"] for line in told["lines"])
                seen.append((got.headers["x-ga4-snapshot"], len(told["buckets"]), events, users))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for days in (3, 4):
            folder = workspace.settings.workspace
            workspace.load([written(folder / f"{days}.csv", days)], replace=True)
            workspace.build()
    finally:
        httpx.get(f"{address}/api/v1/trends", params={"series": "*"})
        threading.Event().wait(0.5)
        stop.set()
        for thread in threads:
            thread.join()
    assert not broken, broken[:2]
    assert len({snapshot for snapshot, *_ in seen}) == 3
    for _, days, events, users in seen:
        assert (events, users) == (days * 12 * len(NAMES), 12)
