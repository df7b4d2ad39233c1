"""Boards over HTTP: kept whole, never overwritten unseen, and nothing strange is kept."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from web_server import serving

from ga4_analytics.publish.saved_boards import MOST_VIEWS, read_board, saved_boards
from ga4_analytics.workspace import Workspace

VIEW = {"page": "funnel", "query": "step=purchase", "title": "=1+1 <script>"}


@pytest.fixture(scope="module")
def address(published: Workspace) -> Iterator[str]:
    with serving(published.settings) as found:
        yield found + "/api/v1/boards"


def test_a_board_lives(address: str, published: Workspace) -> None:
    """It is made, read, changed and removed; a second maker and an old edition are refused."""
    one = f"{address}/weekly"
    board = {"title": "Weekly", "views": [VIEW]}
    made = httpx.put(one, json={"board": board}).json()
    assert httpx.put(one, json={"board": board}).status_code == 409
    changed = {"board": {**board, "title": "Daily"}, "edition": made["edition"]}
    assert httpx.put(one, json=changed).json()["board"]["title"] == "Daily"
    late = httpx.put(one, json=changed)
    assert (late.status_code, late.json()["field"]) == (409, "edition")
    assert httpx.get(one).json()["board"]["views"][0]["title"] == VIEW["title"]
    assert "weekly" in [each["name"] for each in httpx.get(address).json()["boards"]]
    kept = read_board(published.settings.workspace, "weekly")
    assert kept is not None and kept.board.views[0].query == VIEW["query"]
    assert httpx.delete(one).status_code == 204
    assert (httpx.delete(one).status_code, httpx.get(one).status_code) == (404, 404)


@pytest.mark.parametrize(
    ("name", "board"),
    [
        ("..%2Fetc", {"title": "a"}),
        ("Caps", {"title": "a"}),
        ("blank", {"title": "  "}),
        ("long", {"title": "a" * 201}),
        ("page", {"title": "a", "views": [{**VIEW, "page": "../login"}]}),
        ("query", {"title": "a", "views": [{**VIEW, "query": "a" * 30_001}]}),
        ("many", {"title": "a", "views": [VIEW] * (MOST_VIEWS + 1)}),
    ],
)
def test_what_is_no_board_is_refused(
    address: str, published: Workspace, name: str, board: dict[str, object]
) -> None:
    before = saved_boards(published.settings.workspace)
    assert httpx.put(f"{address}/{name}", json={"board": board}).status_code in (404, 422)
    assert saved_boards(published.settings.workspace) == before


def test_another_site_cannot_write(address: str) -> None:
    """What a browser sends needs the page's form token."""
    body = {"board": {"title": "a"}}
    told = httpx.put(f"{address}/theirs", json=body, headers={"Origin": "http://evil.example"})
    assert told.status_code == 403
    cookie = {"Cookie": "ga4_session=x"}
    assert httpx.put(f"{address}/theirs", json=body, headers=cookie).status_code == 403
    assert httpx.get(f"{address}/theirs").status_code == 404


def test_a_damaged_file_says_so(address: str, published: Workspace) -> None:
    path = published.settings.workspace / "boards/torn.json"
    path.parent.mkdir(exist_ok=True)
    httpx.put(f"{address}/whole", json={"board": {"title": "Whole"}})
    path.write_text('{"format": 1', encoding="utf-8")
    told = httpx.get(f"{address}/torn")
    listed = httpx.get(address).json()
    path.unlink()
    assert [each["name"] for each in listed["boards"]] == ["whole"]
    assert [(each["name"], each["status"]) for each in listed["damaged"]] == [("torn", 422)]
    httpx.delete(f"{address}/whole")
    assert told.status_code == 422 and "is not JSON" in told.json()["detail"]
