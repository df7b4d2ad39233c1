"""One journey on the stand-in and, where METABASE_URL says one, on a live server.

The live server needs GA4_METABASE_EMAIL and GA4_METABASE_PASSWORD (or a key), and a Postgres
with the models built: GA4_WAREHOUSE, and GA4_METABASE_DB_USER, _DB_PASSWORD and _DB_HOST as
Metabase sees it. The journey works in a collection and a connection of its own, and removes
both at its end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from metabase_memory import Json, Ways
from metabase_samples import (
    ENGAGEMENT,
    LOGIN,
    PURCHASES,
    READER,
    SAMPLES,
    SCENE,
    USERS,
    few_models,
    whole_warehouse,
)
from metabase_server import metabase_server

from ga4_analytics.publish.metabase.client import Metabase
from ga4_analytics.publish.metabase.definitions import Dashboard
from ga4_analytics.publish.metabase.identity import entity_id
from ga4_analytics.publish.metabase.provision import Options, Provisioned, Wanted, provision
from ga4_analytics.publish.metabase.session import sign_in, wait_until_ready
from ga4_analytics.publish.metabase.target import Connection, Login, read_connection, read_login


@dataclass(frozen=True)
class Site:
    """A server, who signs in, how it reaches the warehouse, and names of our own on it."""

    login: Login
    connection: Connection
    name: str
    live: bool = False

    def run(self, dashboards: tuple[Dashboard, ...], **options: object) -> Provisioned:
        """Provision it."""
        what = Wanted(dashboards, SCENE, self.connection, self.name, self.name, few_models())
        with Metabase(self.login.url) as server:
            return provision(server, self.login, what, Options(**options))  # type: ignore[arg-type]

    def signed_in(self) -> Metabase:
        """A session on it."""
        server = Metabase(self.login.url)
        sign_in(server, self.login, wait_until_ready(server, 300), apply=False)
        return server


@pytest.fixture(params=["stand-in", "live"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The stand-in, and a live server where there is one."""
    name = f"ga4 test {secrets.token_hex(4)}"
    if request.param == "stand-in":
        with metabase_server(Ways(warehouse=whole_warehouse(), sync_after=1)) as server:
            yield Site(replace(LOGIN, url=server.url), READER, name)
        return
    url = os.environ.get("METABASE_URL")
    if not url:
        pytest.skip("METABASE_URL names no live Metabase; no package registry has one to start")
    login = read_login(os.environ, url)
    yield Site(login, read_connection(os.environ, os.environ["GA4_WAREHOUSE"]), name, live=True)
    with Site(login, READER, name).signed_in() as server:
        for each in server.get("/api/collection"):
            if each["name"] == name:
                server.put(f"/api/collection/{each['id']}", {"archived": True})
        for each in server.get("/api/database")["data"]:
            if each["name"] == name:
                server.delete(f"/api/database/{each['id']}")


def card_of(server: Metabase, site: Site) -> Json:
    """The card of the sample that stands on both dashboards."""
    found = server.find(f"/api/card/{entity_id(USERS.slug, site.name)}")
    assert found is not None
    return found


def test_the_whole_journey(site: Site) -> None:
    plan = site.run(SAMPLES, apply=False)
    made = site.run(SAMPLES)
    # A live server describes some columns by its own guess already.
    assert [(c.kind, c.action, c.name) for c in made.changes if c.kind != "table"] == [
        (c.kind, c.action, c.name) for c in plan.changes if c.kind != "table"]  # fmt: skip
    assert [name for name, _ in made.dashboards] == [each.name for each in SAMPLES]
    assert site.run(SAMPLES).changes == ()
    with site.signed_in() as server:
        before = card_of(server, site)
        if site.live:
            done = server.post(f"/api/card/{before['id']}/query", {"parameters": []})
            assert done["status"] == "completed"
    other = replace(USERS, name="Users", display="area")
    changed = replace(ENGAGEMENT, cards=((other, ENGAGEMENT.cards[0][1]), ENGAGEMENT.cards[1]))
    buys = replace(PURCHASES, cards=(PURCHASES.cards[0], (other, PURCHASES.cards[1][1])))
    done = site.run((changed, buys))
    assert [(c.kind, c.fields) for c in done.changes] == [("card", ("name", "display"))]
    assert done.dashboards == made.dashboards
    with site.signed_in() as server:
        after = card_of(server, site)
    assert (after["id"], after["name"]) == (before["id"], "Users")
    pruned = site.run((changed,), prune=True)
    assert [(c.kind, c.action) for c in pruned.changes] == [
        ("dashboard", "archive"), ("card", "archive")]  # fmt: skip
    assert {c.action for c in site.run((changed, buys)).changes} == {"restore"}
    assert site.run((changed, buys)).changes == ()
    assert site.run((changed, buys)).dashboards == made.dashboards
