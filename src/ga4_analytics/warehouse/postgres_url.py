"""Where a Postgres warehouse is: a URL taken apart, and said again for dbt and for people."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from ga4_analytics.errors import SettingsError

PASSWORD_VARIABLE = "DBT_ENV_SECRET_GA4_PASSWORD"
"""dbt scrubs variables with this prefix from its logs and allows them in a profile only."""

SESSION_OPTIONS = (
    "-c work_mem=256MB -c maintenance_work_mem=256MB -c jit=off -c lock_timeout=5min "
    "-c timezone=UTC -c datestyle=ISO -c client_min_messages=warning"
)
"""Settings of our own sessions and dbt's. The default work_mem of 4 MB sorts and counts
distinct users on disk; compiling a wide select takes longer than running it. A build that
waits for a reader to let go of a table gives up, where it would wait for ever."""

_DBT_TEXTS = ("sslmode", "sslcert", "sslkey", "sslrootcert", "application_name")
_DBT_NUMBERS = ("connect_timeout", "keepalives_idle")
_DEFAULTED = ("host", "port", "user", "dbname", "password", "options")


@dataclass(frozen=True)
class PostgresTarget:
    """A database and how to reach it.

    Attributes:
        host: Name, address or socket folder.
        port: TCP port, or number of the socket.
        user: Role.
        dbname: Database.
        password: Empty where a password file or the server's rules do without.
        options: Settings that the person asks for; they win over ours.
        extra: Further libpq parameters of the URL.
    """

    host: str
    port: int
    user: str
    dbname: str
    password: str = field(default="", repr=False)
    options: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    def describe(self) -> str:
        """Say where it is, without the password.

        >>> PostgresTarget("::1", 5432, "ana", "ga4", "secret").describe()
        'postgresql://ana@[::1]:5432/ga4'
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{self.user}@{host}:{self.port}/{self.dbname}"

    def connect_arguments(self) -> dict[str, Any]:
        """Give the keyword arguments of ``psycopg.connect``."""
        arguments: dict[str, Any] = {
            "application_name": "ga4",
            "connect_timeout": "10",
            **self.extra,
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "dbname": self.dbname,
            "options": self._session_options(),
            "client_encoding": "utf8",
        }
        if self.password:
            arguments["password"] = self.password
        return arguments

    def dbt_output(self) -> dict[str, Any]:
        """Give the ``outputs`` entry of a dbt profile."""
        output: dict[str, Any] = {
            "type": "postgres",
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": f"{{{{ env_var('{PASSWORD_VARIABLE}') }}}}",
            "dbname": self.dbname,
            "schema": "analytics",
            "threads": 2,
        }
        output.update((key, self.extra[key]) for key in _DBT_TEXTS if key in self.extra)
        output.update((key, int(self.extra[key])) for key in _DBT_NUMBERS if key in self.extra)
        return output

    def dbt_environment(self) -> dict[str, str]:
        """Give the variables that dbt needs: the secret, and what its profile cannot say.

        dbt-postgres passes no session settings on, but libpq reads them, as every
        parameter that a profile has no key for, from ``PG...`` variables.
        """
        environment = {
            PASSWORD_VARIABLE: self.password,
            "PGOPTIONS": self._session_options(),
            "PGCLIENTENCODING": "utf8",
        }
        variables = {
            default.keyword.decode(): default.envvar.decode()
            for default in pq.Conninfo.get_defaults()
            if default.envvar
        }
        for key, value in self.extra.items():
            if key in variables and key not in (*_DBT_TEXTS, *_DBT_NUMBERS):
                environment[variables[key]] = value
        return environment

    def _session_options(self) -> str:
        return f"{SESSION_OPTIONS} {self.options}".strip()


def parse_url(url: str) -> PostgresTarget:
    """Take a Postgres URL apart.

    What the URL does not say comes from libpq's variables (``PGUSER``, ``PGPASSWORD``,
    ...); a password may also stand in the password file (``.pgpass``).

    Args:
        url: ``postgresql://user:password@host:port/database?sslmode=require``.

    Returns:
        The target.

    Raises:
        SettingsError: It is not such a URL, or names no database. The message does not
            repeat the URL, for it may hold a password.

    >>> parse_url("postgresql://ana:p%40ss@db.example:5433/ga4?sslmode=require")
    PostgresTarget(host='db.example', port=5433, user='ana', dbname='ga4', options='')
    >>> parse_url("postgresql://ana:p@ss@db.example/ga4")
    Traceback (most recent call last):
    ...
    ga4_analytics.errors.SettingsError: The Postgres URL has an '@' or '/' too many. \
Special characters in a user name or password are percent-encoded in a URL. \
Write @ as %40, / as %2F, # as %23, : as %3A.
    """
    try:
        given = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except (psycopg.Error, UnicodeError):
        # Not chained: what libpq says may repeat a part of the password.
        given = None
    if given is None:
        raise _refused("The warehouse setting is not a Postgres URL that libpq understands.")
    if "service" in given:
        raise _refused("The Postgres URL names a service, which dbt cannot use.")
    defaults = {
        default.keyword.decode(): default.val.decode()
        for default in pq.Conninfo.get_defaults()
        if default.val
    }
    full = {"host": "localhost", "port": "5432", "dbname": "", "password": "", "options": ""}
    full.update((key, defaults[key]) for key in _DEFAULTED if key in defaults)
    full.update((key, given[key]) for key in _DEFAULTED if given.get(key))
    _check(full)
    extra = {key: value for key, value in given.items() if key not in _DEFAULTED}
    return PostgresTarget(
        full["host"],
        int(full["port"]),
        full["user"],
        full["dbname"],
        full["password"],
        full["options"],
        extra,
    )


def _check(full: Mapping[str, str]) -> None:
    odd = "@" in full["host"] + full["dbname"] or "/" in full["dbname"]
    port = None
    with contextlib.suppress(ValueError):
        port = int(full["port"]) if re.fullmatch("[0-9]+", full["port"]) else None
    if odd or (port is None and "," not in full["host"]):
        raise SettingsError(
            "The Postgres URL has an '@' or '/' too many.",
            rule="Special characters in a user name or password are percent-encoded in a URL.",
            remedy="Write @ as %40, / as %2F, # as %23, : as %3A.",
        )
    if port is None or "," in full["host"]:
        raise _refused("The Postgres URL names several hosts.")
    if not full["dbname"]:
        raise _refused("The Postgres URL names no database.")


def _refused(problem: str) -> SettingsError:
    return SettingsError(
        problem,
        rule="A Postgres warehouse is postgresql://user:password@host:port/database.",
        remedy="Correct the setting warehouse (or GA4_WAREHOUSE); the password may also "
        "come from PGPASSWORD or the password file.",
    )
