"""The command that lets a BI tool read a Postgres warehouse."""

from __future__ import annotations

import os
from dataclasses import asdict

import click

from ga4_analytics.cli.options import Place, placed
from ga4_analytics.errors import SettingsError
from ga4_analytics.warehouse.postgres import PostgresWarehouse

PASSWORD_VARIABLE = "GA4_GRANT_PASSWORD"


@click.command()
@click.argument("role")
@placed
def grant(place: Place, role: str) -> None:
    """Let ROLE read schemas analytics and results of a Postgres warehouse, and nothing else.

    A role that is missing is made, with the password of GA4_GRANT_PASSWORD. Tables that later
    builds make can be read as well. Needs the right to make roles, not a superuser.

    \b
    Examples:
      GA4_GRANT_PASSWORD=... ga4 grant metabase
      ga4 grant analyst
    """
    warehouse = place.open().warehouse
    if not isinstance(warehouse, PostgresWarehouse):
        raise SettingsError(
            f"The warehouse is the file {warehouse.describe()}, which has no roles.",
            rule="`ga4 grant` gives rights on a Postgres server.",
            remedy="Set GA4_WAREHOUSE=postgresql://... or the setting warehouse.",
        )
    given = warehouse.grant_read(role, os.environ.get(PASSWORD_VARIABLE) or None)
    tables = ", ".join(f"{count} tables of {schema}" for schema, count in given.tables.items())
    made = "Made role" if given.is_new else "Role"
    place.screen.done(f"{made} {role}: it reads {tables or 'what builds will make'}.")
    place.screen.document(asdict(given))
