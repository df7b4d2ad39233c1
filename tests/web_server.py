"""The web page for tests: served by a thread, and seen by a real browser that stays at home."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from ga4_analytics.settings import Settings
from ga4_analytics.web.app import create_app
from ga4_analytics.web.options import ServeOptions

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
HINT = "needs Chromium: apt-get install chromium"


@contextmanager
def serving(settings: Settings, options: ServeOptions | None = None) -> Iterator[str]:
    """Serve a workspace; gives the address."""
    options = options or ServeOptions(port=0, compiled=False)
    app = create_app(settings, options)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server died"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@contextmanager
def browsing() -> Iterator[Browser]:
    """A headless Chromium; without one the tests are left out, but not where CI runs."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HINT)
        pytest.skip(HINT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that is looked at, and what went wrong on it.

    Attributes:
        page: The page.
        address: The server's address.
        complaints: Requests to others, errors of scripts, what the browser's console says.
        expected: Statuses of answers that the test provokes.
    """

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def watch(self) -> None:
        """Note everything that must not be."""
        self.page.on("request", self._requested)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("console", self._said)

    def _requested(self, request: Any) -> None:
        there = urlsplit(request.url)
        if there.scheme not in ("data", "blob") and there.netloc != urlsplit(self.address).netloc:
            self.complaints.append(f"request to {request.url}")

    def _said(self, message: Any) -> None:
        known = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in ("error", "warning") and not known:
            self.complaints.append(f"console: {message.text}")

    def open(self, path: str) -> Page:
        """Go to a page and wait until it shows its answer."""
        self.page.goto(self.address + path)
        return self.ready()

    def ready(self) -> Page:
        """Wait until the page shows what was asked."""
        self.page.wait_for_selector('main[data-ready="yes"]', timeout=120_000)
        return self.page


@contextmanager
def visiting(
    browser: Browser, address: str, *, narrow: bool = False, dark: bool = False
) -> Iterator[Visit]:
    """A fresh visit; fails where anything complained."""
    context = browser.new_context(
        viewport=NARROW if narrow else WIDE,  # type: ignore[arg-type]
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        locale="en-US",
    )
    context.set_default_timeout(20_000)
    visit = Visit(context.new_page(), address)
    visit.watch()
    yield visit
    context.close()
    assert not visit.complaints, visit.complaints


def axe_script(folder: Path) -> str:
    """The script of axe-core, packed from npm; where npm is not there the test is left out."""
    import subprocess
    import tarfile

    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm, which packs axe-core")
    packed = subprocess.run(
        [npm, "pack", "axe-core@4", "--silent"], cwd=folder, capture_output=True, text=True
    )
    if packed.returncode:
        pytest.skip(f"npm could not pack axe-core: {packed.stderr[-300:]}")
    with tarfile.open(folder / packed.stdout.strip().splitlines()[-1]) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode("utf-8")


def cells_of(page: Page, name: str) -> list[list[str]]:
    """The cells of the table of a card, without its head."""
    found = page.locator(f'section[aria-label="{name}"] table tbody tr')
    return [row.locator("th, td").all_inner_texts() for row in found.all()]


def accessible(page: Page, script: str) -> None:
    """axe-core finds nothing serious."""
    page.evaluate(script)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (each["id"], [node["html"][:160] for node in each["nodes"][:3]])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert not serious, (page.url, serious)
