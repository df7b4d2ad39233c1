"""Where Metabase is, who signs in, and how Metabase reaches the warehouse: the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ga4_analytics.errors import SettingsError
from ga4_analytics.warehouse.postgres_roles import READABLE
from ga4_analytics.warehouse.postgres_url import PostgresTarget, parse_url

DEFAULT_URL = "http://127.0.0.1:3000"
DATABASE_NAME = "GA4 warehouse"
READER = "metabase_reader"
"""The role with which Metabase reads, unless another is named."""

PREFIX = "GA4_METABASE_"


@dataclass(frozen=True)
class Login:
    """A server and who signs in.

    Attributes:
        url: Its address.
        email: Of the administrator; also of the first, on a server without any.
        password: Theirs.
        api_key: Of the group Administrators; wins over the password.
    """

    url: str
    email: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Connection:
    """How Metabase reaches the warehouse.

    Attributes:
        host: As Metabase sees it: in Docker Compose the service's name.
        port: TCP port.
        dbname: Database.
        user: A role that only reads.
        password: Its password.
        sslmode: libpq's; empty or 'disable' for no TLS.
        sslrootcert: Path of the root certificate on Metabase's machine; may be empty.
    """

    host: str
    port: int
    dbname: str
    user: str
    password: str = field(default="", repr=False)
    sslmode: str = ""
    sslrootcert: str = ""

    def details(self) -> dict[str, Any]:
        """Metabase's ``details`` of it, all but the password.

        >>> Connection("db", 5432, "ga4", "reader", "x").details()["schema-filters-patterns"]
        'analytics,results'
        """
        details: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "dbname": self.dbname,
            "user": self.user,
            "ssl": self.sslmode not in ("", "disable"),
            "schema-filters-type": "inclusion",
            "schema-filters-patterns": ",".join(READABLE),
        }
        if details["ssl"]:
            details["ssl-mode"] = self.sslmode
            if self.sslrootcert:
                details["ssl-root-cert-options"] = "local"
                details["ssl-root-cert-path"] = self.sslrootcert
        return details


def read_login(environment: Mapping[str, str], url: str | None = None) -> Login:
    """Take the login from ``GA4_METABASE_URL``, ``_EMAIL``, ``_PASSWORD`` and ``_API_KEY``.

    Args:
        environment: The variables.
        url: Wins over the variable.

    Raises:
        SettingsError: The address is not one, or neither login is whole.
    """
    found = _variables(environment)
    login = Login(
        (url or found.get("URL") or DEFAULT_URL).rstrip("/"),
        found.get("EMAIL", ""),
        found.get("PASSWORD", ""),
        found.get("API_KEY", ""),
    )
    if not login.url.startswith(("http://", "https://")) or "@" in login.url:
        raise SettingsError(
            "The address of Metabase is not one that begins with http:// or https:// and holds "
            "no password.",
            rule="It is like http://127.0.0.1:3000; who signs in is said apart from it.",
            remedy="Correct --url or GA4_METABASE_URL.",
        )
    if not login.api_key and not (login.email and login.password):
        raise SettingsError(
            "Nobody is named who signs in to Metabase.",
            rule="GA4_METABASE_EMAIL and GA4_METABASE_PASSWORD are those of an administrator; "
            "on a new server they become the first one.",
            remedy="Set both, or GA4_METABASE_API_KEY, in the environment.",
        )
    return login


def read_connection(environment: Mapping[str, str], warehouse: str) -> Connection:
    """Take the connection from ``GA4_METABASE_DB_URL`` or from its parts.

    The parts are ``GA4_METABASE_DB_HOST``, ``_PORT``, ``_NAME``, ``_USER``, ``_PASSWORD`` and
    ``_SSLMODE``. What none of them says comes from the warehouse's own URL, but for the
    role: it is `READER`, with the password that ``ga4 grant`` gives it from
    ``GA4_GRANT_PASSWORD``. Metabase must not get one that writes.

    Args:
        environment: The variables.
        warehouse: The setting ``warehouse``.

    Raises:
        SettingsError: The warehouse is not Postgres, or no role that only reads is given.
    """
    if not warehouse.startswith(("postgresql://", "postgres://")):
        raise SettingsError(
            "The warehouse is a DuckDB file.",
            rule="Metabase reads Postgres; for DuckDB it has only a driver of its community, "
            "which its own image cannot load.",
            remedy="Load into Postgres: set warehouse to a postgresql:// URL (or GA4_WAREHOUSE), "
            "then `ga4 run PATH`. docker-compose.yml has one ready.",
        )
    found = _variables(environment)
    own = parse_url(warehouse)
    given = parse_url(found["DB_URL"]) if found.get("DB_URL") else None
    user = found.get("DB_USER") or (given.user if given else READER)
    password = found.get("DB_PASSWORD") or (
        given.password if given else environment.get("GA4_GRANT_PASSWORD", "")
    )
    if user == own.user or not password:
        problem = "is the one that loads" if user == own.user else "has no password here"
        raise SettingsError(
            f"The role {user!r}, with which Metabase would read the warehouse, {problem}.",
            rule="Metabase gets a role that only reads, as `ga4 grant` makes it, and its password.",
            remedy=f"Run `ga4 grant {READER}` with GA4_GRANT_PASSWORD and keep that set, or set "
            "GA4_METABASE_DB_USER and GA4_METABASE_DB_PASSWORD, or GA4_METABASE_DB_URL.",
        )
    return _connection(found, given or own, user, password)


def _connection(
    found: Mapping[str, str], given: PostgresTarget, user: str, password: str
) -> Connection:
    port = found.get("DB_PORT") or str(given.port)
    if not port.isdecimal():
        raise SettingsError(
            f"GA4_METABASE_DB_PORT is {port!r}.",
            rule="A port is a number.",
            remedy="Correct it, or leave it out.",
        )
    return Connection(
        found.get("DB_HOST") or given.host,
        int(port),
        found.get("DB_NAME") or given.dbname,
        user,
        password,
        found.get("DB_SSLMODE") or given.extra.get("sslmode", ""),
        given.extra.get("sslrootcert", ""),
    )


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
