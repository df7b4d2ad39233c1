"""Where raw events are kept: a DuckDB file by default, or Postgres by URL."""

from __future__ import annotations

from pathlib import Path

from ga4_analytics.errors import SettingsError
from ga4_analytics.warehouse.base import DayKey, Progress, Stage, Statement, Warehouse

__all__ = [
    "DayKey",
    "Progress",
    "Stage",
    "Statement",
    "Warehouse",
    "check_warehouse",
    "open_warehouse",
]

_POSTGRES = ("postgresql://", "postgres://")


def open_warehouse(url_or_path: str, workspace: Path) -> Warehouse:
    """Give the warehouse that a setting names; it connects when it is first used.

    Args:
        url_or_path: A file's path, relative to the workspace, for DuckDB; a URL that
            begins with ``postgresql://`` or ``postgres://`` for Postgres.
        workspace: The workspace's folder; DuckDB spills into its ``.ga4/tmp``.

    Returns:
        The warehouse.

    Raises:
        SettingsError: The setting is neither.
    """
    check_warehouse(url_or_path)
    temp_folder = workspace.resolve() / ".ga4" / "tmp"
    if url_or_path.startswith(_POSTGRES):
        from ga4_analytics.warehouse.postgres import PostgresWarehouse
        from ga4_analytics.warehouse.postgres_url import parse_url

        return PostgresWarehouse(parse_url(url_or_path), temp_folder)
    from ga4_analytics.warehouse.duckdb import DuckDBWarehouse

    path = (workspace / Path(url_or_path).expanduser()).resolve()
    return DuckDBWarehouse(path, temp_folder)


def check_warehouse(url_or_path: str) -> None:
    """Refuse a setting that names no warehouse; no engine is loaded for it.

    Args:
        url_or_path: As `open_warehouse` takes it.

    Raises:
        SettingsError: It is neither a path nor a URL of Postgres.
    """
    if url_or_path.startswith(_POSTGRES):
        from ga4_analytics.warehouse.postgres_url import parse_url

        parse_url(url_or_path)
        return
    scheme = url_or_path.split(":")[0]
    if not url_or_path.strip() or (":" in url_or_path and "/" not in scheme):
        raise SettingsError(
            f"The warehouse setting begins with {scheme + ':'!r}."
            if url_or_path.strip()
            else "The warehouse setting is empty.",
            rule="It is the path of a DuckDB file, or a URL that begins with postgresql://.",
            remedy='Set warehouse = ".ga4/ga4.duckdb", or give a Postgres URL.',
        )
