"""Who gets in: hosts, tokens, sessions, other sites, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from web_server import serving

from ga4_analytics.cli.main import cli
from ga4_analytics.errors import SettingsError
from ga4_analytics.web.app import create_app
from ga4_analytics.web.options import ServeOptions
from ga4_analytics.web.pages import HERE
from ga4_analytics.web.security import HEADERS, Keys
from ga4_analytics.web.serve import check_options
from ga4_analytics.workspace import Workspace

TOKEN = "a-token-of-the-test"
USERS = {"users": {"type": "was_new"}}


@pytest.fixture(scope="module")
def closed(published: Workspace) -> Iterator[str]:
    with serving(published.settings, ServeOptions(token=TOKEN, compiled=False)) as found:
        yield found


def asked(method: str, address: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content: dict[str, Any] = {"json": USERS} if method == "PUT" else {}
    return httpx.request(method, address, headers=named, **content)


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/nothing", "/login", "/api/v1/funnel"])
def test_headers_on_every_answer(address: str, path: str) -> None:
    """Errors carry them too; no script or style stands in a page."""
    response = httpx.get(address + path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    if "html" in response.headers["content-type"]:
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", response.text)
        for tag in re.findall(r"<script[^>]*>", response.text):
            assert "src=" in tag or 'type="application/json"' in tag


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", True), ("localhost:8765", True), ("[::1]:80", True), ("LOCALHOST", True),
        ("evil.example", False), ("127.0.0.1.evil.example:80", False), ("", False),
        ("localhost.evil.example", False), ("192.168.1.9", False),
    ],
)  # fmt: skip
def test_a_foreign_host_is_refused(address: str, host: str, allowed: bool) -> None:
    """A page elsewhere whose name leads here (DNS rebinding) reads nothing."""
    assert (asked("GET", f"{address}/api/v1/status", host=host).status_code == 200) is allowed


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a script without a browser
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "same-origin"}, 403),  # our page sends its form token too
        ({"sec_fetch_site": "same-origin", "x_csrf_token": "wrong"}, 403),
    ],
)
def test_other_sites_write_nothing(
    address: str, published: Workspace, headers: dict[str, str], status: int
) -> None:
    place = f"{address}/api/v1/saved-segments/csrf"
    assert asked("PUT", place, **headers).status_code == status
    kept = published.settings.workspace / "segments/csrf.json"
    assert kept.exists() is (status == 200)
    kept.unlink(missing_ok=True)


def test_the_page_may_write(address: str) -> None:
    """With the form token that stands in the page."""
    token = re.search(r'name="csrf" content="(\w+)"', httpx.get(address).text)
    assert token is not None
    headers = {"sec_fetch_site": "same-origin", "x_csrf_token": token[1]}
    place = f"{address}/api/v1/saved-segments/csrf"
    assert asked("PUT", place, **headers).status_code == 200
    assert asked("DELETE", place, **headers).status_code == 204


def test_answers_are_not_for_other_sites(address: str) -> None:
    assert asked("GET", f"{address}/api/v1/status", sec_fetch_site="cross-site").status_code == 403
    assert asked("GET", address, sec_fetch_site="cross-site").status_code == 200


def test_without_the_token_nothing_is_shown(closed: str) -> None:
    for path in ("/api/v1/status", "/api/v1/funnel?step=page_view", "/api/v1/openapi.json"):
        refused = httpx.get(closed + path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert asked("GET", closed + path, authorization="Bearer wrong").status_code == 401
        assert asked("GET", closed + path, authorization=f"Bearer {TOKEN}").status_code == 200
    sent = httpx.get(f"{closed}/funnel?step=a&step=b")
    assert sent.status_code == 303
    assert sent.headers["location"] == "/login?next=%2Ffunnel%3Fstep%3Da%26step%3Db"


def test_log_in_and_out(closed: str) -> None:
    """The right token begins a session; its cookie is for this site and no script."""
    with httpx.Client(base_url=closed) as client:
        wrong = client.post("/login", data={"token": "wrong"})
        assert (wrong.status_code, "That is not the token" in wrong.text) == (401, True)
        right = client.post("/login?next=%2Ffunnel%3Fstep%3Da", data={"token": TOKEN})
        assert (right.status_code, right.headers["location"]) == (303, "/funnel?step=a")
        cookie = right.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        assert client.get("/api/v1/status").status_code == 200
        page = client.get("/")
        token = re.search(r'name="csrf" content="(\w+)"', page.text)
        assert token is not None
        place = "/api/v1/saved-segments/mine"
        assert client.put(place, json=USERS).status_code == 403
        csrf = {"x-csrf-token": token[1]}
        assert client.put(place, json=USERS, headers=csrf).status_code == 200
        assert client.delete(place, headers=csrf).status_code == 204
        assert client.post("/logout").status_code == 303
        assert client.get("/api/v1/status").status_code == 401


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_login_leads_nowhere_else(closed: str, wanted: str) -> None:
    told = httpx.post(f"{closed}/login", params={"next": wanted}, data={"token": TOKEN})
    assert told.headers["location"] == "/"


def test_sessions_cannot_be_made_up() -> None:
    """A cookie of another process, an old one, a changed one: none is a session."""
    now = [1_000_000.0]
    keys = Keys(TOKEN, clock=lambda: now[0])
    cookie = keys.session()
    assert keys.is_session(cookie)
    assert not Keys(TOKEN).is_session(cookie)
    assert not keys.is_session(cookie.replace("1000000", "9000000"))
    assert not keys.is_session("")
    assert not keys.is_session("é.é")
    now[0] += 13 * 3_600
    assert not keys.is_session(cookie)


def test_it_binds_wider_only_with_a_token(published: Workspace) -> None:
    with pytest.raises(SettingsError, match="GA4_TOKEN"):
        check_options(ServeOptions("0.0.0.0"))
    check_options(ServeOptions("0.0.0.0", token=TOKEN))
    folder = str(published.settings.workspace)
    done = CliRunner(env={"GA4_TOKEN": ""}).invoke(cli, ["serve", "--host", "::", "-w", folder])
    assert isinstance(done.exception, SettingsError)


def test_only_what_is_meant_is_served(address: str) -> None:
    """No way out of the folder of scripts, and its files are those of the package."""
    static = re.search(r'href="(/static/\w+)/css', httpx.get(address).text)
    assert static is not None
    for path in ("/../app.py", "/%2e%2e/app.py", "/..%2f..%2fapp.py", "/", "/js"):
        assert httpx.get(address + static[1] + path).status_code == 404
    found = httpx.get(f"{address}{static[1]}/css/base.css")
    assert found.headers["cache-control"].endswith("immutable")
    assert found.content == (HERE / "static/css/base.css").read_bytes()
    notices = {path.name for path in (HERE / "static/vendor").rglob("*")}
    assert {"LICENSE", "NOTICE"} <= notices


def test_scripts_take_no_html() -> None:
    """No script of ours can turn a text of the data into HTML or code."""
    for path in Path(HERE / "static/js").rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
        assert not re.search(forbidden, text), path.name
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", ""), path.name
        assert "https://" not in text, path.name


def test_an_error_of_ours_tells_nothing_but_itself(
    published: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What breaks inside is logged; the visitor gets a problem document without its text."""
    import asyncio

    import ga4_analytics.web.api as api

    def broken(*given: Any) -> Any:
        raise RuntimeError("a secret\nand a line of its own")

    monkeypatch.setattr(api, "answered", broken)
    app = create_app(published.settings, ServeOptions(compiled=False))

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/api/v1/funnel?step=page_view")

    told = asyncio.run(ask())
    assert told.status_code == 500
    assert told.headers["content-type"] == "application/problem+json"
    assert told.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    assert "secret" not in told.text
