"""Waiting for a server, and signing in: the first administrator is made where there is none."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from ga4_analytics.errors import MetabaseError
from ga4_analytics.progress import Advance
from ga4_analytics.publish.metabase.client import Metabase
from ga4_analytics.publish.metabase.target import Login

SUPPORTED = range(58, 65)
"""Major versions whose API was read; 58 is the long-term one."""

SITE_NAME = "GA4 analytics"

_TAG = re.compile(r"v[01]\.(\d+)(?:\.|-|$)")
_POLL_SECONDS = 1.0
_NOT_SIGNED_IN = frozenset({400, 401})


def wait_until_ready(
    server: Metabase,
    limit: float,
    clock: Callable[[], float] = time.monotonic,
    advance: Advance = lambda done: None,
) -> dict[str, Any]:
    """Wait until a server is healthy, and give its public properties.

    The health check turns green before the properties can be read, so both are asked.

    Args:
        server: The server.
        limit: Seconds to wait at most.
        clock: Gives seconds.
        advance: Told of each further look.

    Raises:
        MetabaseError: It was not ready in time, or its version is none that we know.
    """
    end = clock() + limit
    while True:
        health, reason = server.once("/api/health")
        if health is not None:
            properties, reason = server.once("/api/session/properties")
            if isinstance(properties, dict) and "has-user-setup" in properties:
                _check_version(properties)
                return properties
        if clock() >= end:
            raise MetabaseError(
                f"Metabase at {server.url} was not ready within {limit:g} seconds: it "
                f"{reason or 'does not answer as Metabase does'}.",
                rule="Its first start takes a minute or two.",
                remedy="Check that it runs and that --url is right, or wait longer with --timeout.",
            )
        server.sleep(_POLL_SECONDS)
        advance(1)


def sign_in(server: Metabase, login: Login, properties: dict[str, Any], apply: bool) -> bool:
    """Sign in; on a new server make the first administrator.

    Args:
        server: The server.
        login: Who signs in.
        properties: What `wait_until_ready` gave.
        apply: Whether a new server may be set up.

    Returns:
        Whether the server had no user before. If so, and `apply` is false, nobody is
        signed in.

    Raises:
        MetabaseError: The login is not taken, or not an administrator's.
    """
    server.hide(login.password, login.api_key)
    if properties["has-user-setup"]:
        if login.api_key:
            server.use_key(login.api_key)
        else:
            _log_in(server, login)
        _check_administrator(server)
        return False
    if not (login.email and login.password):
        raise MetabaseError(
            f"Metabase at {server.url} has no user yet.",
            rule="An API key exists only on a server that is set up.",
            remedy="Set GA4_METABASE_EMAIL and GA4_METABASE_PASSWORD for its first administrator.",
        )
    if apply:
        _set_up(server, login, properties)
    return True


def sign_out(server: Metabase) -> None:
    """End the session, so that none is left behind; an API key has none."""
    if not server.in_session:
        return
    try:
        server.delete("/api/session")
    except MetabaseError:
        return  # It ends by itself; what was done is done.


def _set_up(server: Metabase, login: Login, properties: dict[str, Any]) -> None:
    user = {
        "email": login.email,
        "password": login.password,
        "first_name": None,
        "last_name": None,
    }
    body = {
        "token": properties["setup-token"],
        "user": user,
        "prefs": {"site_name": SITE_NAME},
    }
    server.use_session(server.post("/api/setup", body)["id"])


def _log_in(server: Metabase, login: Login) -> None:
    body = {"username": login.email, "password": login.password}
    try:
        session = server.post("/api/session", body)
    except MetabaseError as error:
        if error.status not in _NOT_SIGNED_IN:
            raise
        raise MetabaseError(
            f"Metabase at {server.url} does not let {login.email} in: {error.problem}",
            rule="An administrator's email and password are needed.",
            remedy="Correct GA4_METABASE_EMAIL and GA4_METABASE_PASSWORD. After too many "
            "attempts the server makes you wait.",
            status=error.status,
        ) from None
    server.use_session(session["id"])


def _check_administrator(server: Metabase) -> None:
    try:
        user = server.get("/api/user/current")
    except MetabaseError as error:
        if error.status not in _NOT_SIGNED_IN:
            raise
        raise MetabaseError(
            f"Metabase at {server.url} does not take the API key.",
            rule="A key is shown once, when it is made, and can be taken back.",
            remedy="Make a new one of the group Administrators, and set GA4_METABASE_API_KEY.",
            status=error.status,
        ) from None
    if not user.get("is_superuser"):
        raise MetabaseError(
            f"The login at {server.url} is not an administrator's.",
            rule="Only administrators may add a database.",
            remedy="Give the login of an administrator, or an API key of the group Administrators.",
            status=403,
        )


def _check_version(properties: dict[str, Any]) -> None:
    tag = str((properties.get("version") or {}).get("tag"))
    found = _TAG.match(tag)
    if found is None or int(found[1]) not in SUPPORTED:
        raise MetabaseError(
            f"Metabase is of version {tag}.",
            rule=f"Versions {SUPPORTED[0]} to {SUPPORTED[-1]} are supported; others may read "
            "what is sent in another way.",
            remedy="Run one of those, such as the one that docker-compose.yml names.",
        )
