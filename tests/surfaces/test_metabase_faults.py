"""Provisioning where something is wrong: the server, the login, the connection, the network."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from metabase_memory import Ways
from metabase_samples import (
    ENGAGEMENT,
    LOGIN,
    READER,
    SAMPLES,
    add_foreign,
    run,
    wanted,
    whole_warehouse,
)
from metabase_server import Failure, Server, metabase_server

from ga4_analytics.errors import ExitCode, MetabaseError, SettingsError
from ga4_analytics.publish.metabase.client import Metabase
from ga4_analytics.publish.metabase.session import wait_until_ready
from ga4_analytics.publish.metabase.target import Login, read_connection, read_login

SECRETS = (LOGIN.password, READER.password)


@pytest.fixture
def server() -> Iterator[Server]:
    """A new server of the newest version."""
    with metabase_server(Ways(warehouse=whole_warehouse())) as found:
        yield found


def shape(server: Server) -> object:
    """What is on a server, by names instead of numbers."""
    state = server.state
    names = {n: each["name"] for each_of in (state.cards, state.collections, state.databases)
             for n, each in each_of.items()}  # fmt: skip
    return (
        sorted(each["name"] for each in state.databases.values()),
        sorted((each["name"], each["archived"]) for each in state.collections.values()),
        sorted((each["name"], each["entity_id"], names[each["collection_id"]], each["display"])
               for each in state.cards.values()),
        sorted((each["name"], each["width"], len(each["parameters"]),
                sorted((names.get(d["card_id"], "text"), d["row"], d["col"],
                        len(d["parameter_mappings"])) for d in each["dashcards"]))
               for each in state.dashboards.values()),
        sorted((each["name"], str(each["description"]), str(each["semantic_type"]))
               for each in state.fields.values()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("failure", "keeps"),
    [("500", True), ("400", True), ("cut before", True), ("cut after", True), ("cut after", False)],
)
def test_a_run_that_dies_at_any_call_is_completed_by_the_next(
    failure: Failure, keeps: bool
) -> None:
    def new() -> Ways:
        return Ways(keeps_entity_ids=keeps, warehouse=whole_warehouse(), sync_after=1)

    def without_ids(server: Server) -> str:
        made = {each["entity_id"] for each in server.state.cards.values()}
        text = repr(shape(server))
        for name in () if keeps else made:
            text = text.replace(name, "")
        return text

    with metabase_server(new()) as server:
        run(server)
        whole, calls = without_ids(server), len(server.calls)
        made = sum(call.method == "POST" for call in server.calls)
        looked = [call for call in server.calls if re.fullmatch("/api/card/.{21}", call.path)]
    died = 0
    for number in range(1, calls + 1):
        with metabase_server(new()) as server:
            server.fail_at, server.failure = number, failure
            try:
                run(server)
            except MetabaseError as error:
                died += 1
                assert not any(secret in str(error) for secret in SECRETS)
            server.fail_at = None
            run(server)
            assert without_ids(server) == whole, number
            assert run(server).changes == (), number
    # What may be sent twice survives a cut, what makes something new does not; and the end of
    # the session does not matter. A server may refuse to look for an entity id.
    lives = 1 + (failure == "400") * len(looked)
    assert died == (calls - lives if failure in ("500", "400") else made)


@pytest.mark.parametrize("failure", ["500", "cut before", "cut after"])
def test_a_change_that_dies_at_any_call_is_completed_by_the_next(failure: Failure) -> None:
    other = replace(ENGAGEMENT, about="Other.", cards=ENGAGEMENT.cards[:1])
    with metabase_server(Ways(warehouse=whole_warehouse())) as server:
        run(server)
        server.calls = []
        run(server, wanted((other,)), prune=True)
        whole, calls = shape(server), len(server.calls)
    for number in range(1, calls + 1):
        with metabase_server(Ways(warehouse=whole_warehouse())) as server:
            run(server)
            server.calls, server.fail_at, server.failure = [], number, failure
            try:
                run(server, wanted((other,)), prune=True)
            except MetabaseError as error:
                assert error.remedy
            server.fail_at = None
            run(server, wanted((other,)), prune=True)
            assert shape(server) == whole, number


def test_a_wrong_password_says_so_and_changes_nothing(server: Server) -> None:
    add_foreign(server)
    before = server.state.content()
    with pytest.raises(MetabaseError, match=r"does not let ana@example\.com in") as found:
        run(server, login=replace(LOGIN, password="not-the-one-771"))
    assert "GA4_METABASE_PASSWORD" in found.value.remedy
    assert "not-the-one-771" not in str(found.value)
    assert found.value.exit_code is ExitCode.METABASE
    assert server.state.content() == before


def test_an_api_key_signs_in_and_a_wrong_one_does_not(server: Server) -> None:
    add_foreign(server)
    server.state.keys.add("mb_right")
    login = Login("", api_key="mb_right")
    assert run(server, login=login).changes
    assert run(server, login=login).changes == ()
    assert not any(call.path == "/api/session" for call in server.calls)
    with pytest.raises(MetabaseError, match="does not take the API key") as found:
        run(server, login=Login("", api_key="mb_wrong"))
    assert "mb_wrong" not in str(found.value)


def test_a_key_cannot_set_a_server_up(server: Server) -> None:
    with pytest.raises(MetabaseError, match="has no user yet"):
        run(server, login=Login("", api_key="mb_right"))


def test_only_an_administrator_may(server: Server) -> None:
    server.state.users[LOGIN.email] = {"password": LOGIN.password, "admin": False}
    with pytest.raises(MetabaseError, match="not an administrator's"):
        run(server)
    assert server.writes() == []


@pytest.mark.parametrize("tag", ["v0.57.9", "v1.65.0", "v0.6.4", "vUNKNOWN", "vLOCAL_DEV"])
def test_other_versions_are_refused_before_anything_is_sent(server: Server, tag: str) -> None:
    server.state.ways.tag = tag
    with pytest.raises(MetabaseError, match=f"of version {tag}.*58 to 64"):
        run(server)
    assert server.calls == []


@pytest.mark.parametrize("tag", ["v0.58.0", "v1.58.3", "v0.60.2.1", "v0.64.1.5", "v1.64.0-beta"])
def test_supported_versions_are_taken(server: Server, tag: str) -> None:
    server.state.ways.tag = tag
    with Metabase(server.url) as client:
        assert wait_until_ready(client, 1)["version"]["tag"] == tag


def test_a_server_that_never_gets_healthy_is_given_up(server: Server) -> None:
    server.state.ways.health_after = 10**9
    seconds = iter(range(100))
    with (
        Metabase(server.url, sleep=lambda pause: None) as client,
        pytest.raises(MetabaseError, match="not ready within 7 seconds: it answers 503"),
    ):
        wait_until_ready(client, 7, clock=lambda: next(seconds))
    assert next(seconds) < 20


def test_nobody_at_the_address_is_said(server: Server) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with (
            Metabase(url, sleep=lambda pause: None) as client,
            pytest.raises(MetabaseError, match="cannot be reached"),
        ):
            wait_until_ready(client, 0)


def test_a_proxy_of_the_environment_is_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert run(server).changes
    with (
        Metabase(server.url, use_proxies=True, sleep=lambda pause: None) as client,
        pytest.raises(MetabaseError, match="cannot be reached"),
    ):
        wait_until_ready(client, 0)


def test_a_connection_that_fails_says_why_and_not_the_password(server: Server) -> None:
    wrong = replace(READER, password="not-the-readers-33")
    with pytest.raises(MetabaseError, match=r"cannot connect to ga4 on postgres:5432.*FATAL"
                       ) as found:  # fmt: skip
        run(server, wanted(connection=wrong))
    assert "not-the-readers-33" not in str(found.value)
    assert "GA4_METABASE_DB_HOST" in found.value.remedy
    assert not server.state.databases and not server.state.collections
    assert run(server).changes and run(server).changes == ()


def test_a_password_that_the_server_repeats_is_hidden(server: Server) -> None:
    server.state.users["bob"] = {}
    with Metabase(server.url) as client:
        client.hide("reader-secret-5c1")
        assert client.clean("password reader-secret-5c1 is bad") == "password *** is bad"


def test_what_is_missing_is_named(server: Server) -> None:
    del server.state.ways.warehouse["analytics"]["funnel_steps"]
    del server.state.ways.warehouse["analytics"]["daily_active_users"]["stickiness"]
    missing = r"daily_active_users\.stickiness, analytics\.funnel_steps"
    with pytest.raises(MetabaseError, match=missing) as found:
        run(server, limit=0.05)
    assert "ga4 build" in found.value.remedy and "ga4 grant" in found.value.remedy
    assert not server.state.cards


def test_a_dashboard_that_is_not_kept_as_sent_is_said(server: Server) -> None:
    server.state.ways.loses_mappings = True
    with pytest.raises(MetabaseError, match=r"did not keep the card at row 1, column 0"):
        run(server)


def test_a_second_page_of_a_collection_is_read(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ga4_analytics.publish.metabase.client.PAGE", 2)
    run(server)
    server.calls = []
    assert run(server).changes == ()
    assert sum(call.path.endswith("/items") for call in server.calls) > 1


def test_the_stand_in_is_strict(server: Server) -> None:
    run(server)
    state = server.state
    board = next(iter(state.dashboards.values()))
    with Metabase(server.url) as client:
        assert client.once("/api/collection")[1] == "answers 401"
        client.use_session(state.open_session()["id"])
        card = {"card_id": 10**6, "row": 0, "col": 0, "size_x": 4, "size_y": 4}
        for dashcard, status in (
            (card | {"id": -1}, 404),
            (card | {"id": 10**6, "card_id": None}, 404),
            (card | {"id": -1, "card_id": None, "col": 22}, 400),
            (card | {"id": -1, "card_id": None, "colour": "red"}, 400),
        ):
            with pytest.raises(MetabaseError) as found:
                client.put(f"/api/dashboard/{board['id']}", {"dashcards": [dashcard]})
            assert found.value.status == status, dashcard
        with pytest.raises(MetabaseError, match="only be used to create the first"):
            body = {"token": "x", "user": {"email": "e", "password": "p"}, "prefs": {
                "site_name": "s"}}  # fmt: skip
            client.post("/api/setup", body)
        for mapping in board["dashcards"][0]["parameter_mappings"]:
            mapping.pop("card_id")
        assert len(state.wired(board["id"])) == sum(
            len(each.filters) for each, _ in SAMPLES[0].cards[1:]
        )


def test_the_environment_says_who_and_where() -> None:
    env = {"GA4_METABASE_EMAIL": "a@b.c", "GA4_METABASE_PASSWORD": "secret-p",
           "GA4_METABASE_DB_USER": "reader", "GA4_METABASE_DB_PASSWORD": "secret-r",
           "GA4_METABASE_DB_HOST": "postgres"}  # fmt: skip
    own = "postgresql://owner:secret-o@localhost:5433/ga4?sslmode=require"
    connection = read_connection(env, own)
    assert (connection.host, connection.port, connection.dbname, connection.user) == (
        "postgres", 5433, "ga4", "reader")  # fmt: skip
    assert connection.details()["ssl"] and connection.details()["ssl-mode"] == "require"
    whole = {"GA4_METABASE_DB_URL": "postgresql://r:p@db/other?sslmode=disable"}
    assert read_connection(whole, own).details() == {
        "host": "db", "port": 5432, "dbname": "other", "user": "r", "ssl": False,
        "schema-filters-type": "inclusion", "schema-filters-patterns": "analytics,results",
    }  # fmt: skip
    assert read_login(env).url == "http://127.0.0.1:3000"
    assert "secret" not in repr((connection, read_login(env)))
    for refused in ("ga4.duckdb", ".ga4/ga4.duckdb"):
        with pytest.raises(SettingsError, match="DuckDB"):
            read_connection(env, refused)
    by_grant = read_connection({"GA4_GRANT_PASSWORD": "g"}, own)
    assert (by_grant.host, by_grant.user, by_grant.password) == (
        "localhost", "metabase_reader", "g")  # fmt: skip
    with pytest.raises(SettingsError, match=r"'metabase_reader'.* has no password here"):
        read_connection({}, own)
    with pytest.raises(SettingsError, match=r"'owner'.* is the one that loads"):
        read_connection({"GA4_METABASE_DB_URL": own}, own)
    with pytest.raises(SettingsError, match="GA4_METABASE_DB_PORT"):
        read_connection(env | {"GA4_METABASE_DB_PORT": "five"}, own)
    with pytest.raises(SettingsError, match="Nobody"):
        read_login({})
    for url in ("metabase:3000", "http://ana:secret-p@host"):
        with pytest.raises(SettingsError, match="address") as found:
            read_login(env, url)
        assert "secret-p" not in str(found.value)
