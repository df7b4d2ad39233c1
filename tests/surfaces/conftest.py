"""One published workspace for the tests of what people see and take away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from web_server import Visit, browsing, serving, visiting

from ga4_analytics.asking import Published
from ga4_analytics.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
NOW_US = 1_612_224_000_000_000

UGLY = '''user_id,event_date,event_timestamp,event_name,country,device_category,source,medium,transaction_id,purchase_revenue_usd
82023966.6010891291,20201101,1604275140000000,session_start,Türkiye,desktop,google,organic,,
82023966.6010891291,20201101,1604275140000000,page_view,Türkiye,desktop,google,organic,,
82023966.6010891291,20201101,1604275140000000,page_view,Türkiye,desktop,google,organic,,
82023966.6010891291,20201102,1604275260000999,purchase,Türkiye,desktop,=cmd|' /C calc'!A1,organic,T1,28.50
82023966.6010891291,20201102,1604275261000000,purchase,Türkiye,desktop,google,organic,T1,28.5
7.8,20201102,1604300000000000,page_view,"Korea, ""South""",mobile,(direct),(none),(not set),
,20201102,1604300001000000,page_view,Côte d'Ivoire,tablet,a\\b,"x
y",,
anonymous,20201103,1604361600000001,purchase,,mobile,<Other>,(data deleted),,0.000001
00000000-0000,20201103,1604361600000002,$identify,,mobile,null,None,,
55555.66666,20201103,,page_view,Peru,desktop,,,,
'''  # noqa: E501
BARE = """event_date,event_name
20210101,page_view
20210101,purchase
20210102,page_view
"""


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Three datasets, built and published: the sample, an ugly file, one with two columns."""
    folder = tmp_path_factory.mktemp("published workspace")
    workspace = Workspace.open(folder, timezone="UTC", clock=lambda: NOW_US)
    for name, content in (("ugly", UGLY), ("bare", BARE)):
        path = folder / f"{name}.csv"
        path.write_text(content, encoding="utf-8")
        workspace.load([path], dataset=name)
    workspace.load([ROOT / "data/ga4_raw.csv"])
    workspace.build()
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def address(published: Workspace) -> Iterator[str]:
    """Where the published workspace is served."""
    with serving(published.settings) as found:
        yield found


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """A fresh page there, whose complaints fail the test at its end."""
    with visiting(browser, address) as found:
        yield found


@pytest.fixture(scope="module")
def asked(published: Workspace) -> Published:
    """The same workspace, asked from Python."""
    return Published(published.settings)
