"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click

from ga4_analytics.cli.screen import Screen, ScreenProgress
from ga4_analytics.ingest import LoadOptions
from ga4_analytics.settings import find_workspace
from ga4_analytics.sources.mapping import ColumnOptions, parse_pairs
from ga4_analytics.workspace import Workspace

Command = Callable[..., Any]
FLAGS = ("warehouse", "dataset", "timezone", "identity")


@dataclass(frozen=True)
class Place:
    """Where a command works and how it prints."""

    folder: Path
    flags: dict[str, Any]
    screen: Screen

    def open(self) -> Workspace:
        """Open the workspace."""
        return Workspace.open(self.folder, progress=ScreenProgress(self.screen), **self.flags)


def placed(command: Command) -> Command:
    """Add ``--workspace``, ``--json`` and the settings that flags can change.

    The command gets a `Place` as its first argument.
    """

    def wrapped(workspace: Path | None, as_json: bool, **rest: Any) -> Any:
        flags = {name: rest.pop(name) for name in FLAGS}
        folder = workspace or find_workspace(Path.cwd())
        return command(Place(folder, flags, Screen(as_json)), **rest)

    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    options = (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
        click.option("--identity", help="'device' or 'stitched'; wins over ga4.toml."),
        click.option("--timezone", help="The property's zone (IANA), or 'auto'."),
        click.option("--dataset", help="Name of the property."),
        click.option("--warehouse", help="DuckDB file or postgresql:// URL."),
        click.option(
            "--workspace",
            "-w",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder with ga4.toml; default: the nearest one from here upwards.",
        ),
    )
    for option in options:
        wrapped = option(wrapped)
    return wrapped


def loading(command: Command) -> Command:
    """Add the options of a load; the command gets `LoadOptions` as ``options``."""

    def wrapped(*args: Any, **rest: Any) -> Any:
        names = ("maps", "sets", "append", "replace_days", "complete_through", "exported_at",
                 "decimal", "timestamps_in", "timestamp_unit", "skip_unreadable",
                 "accept_damaged")  # fmt: skip
        given = {name: rest.pop(name) for name in names}
        return command(*args, options=_load_options(given), **rest)

    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    moment = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
    options = (
        click.option("--accept-damaged", is_flag=True,
                     help="Load files that lost information: lost times and numbers become null, "
                     "and ga4 status says what was lost."),
        click.option("--exported-at", type=moment, metavar="TIME", help="When the files were "
                     "exported (UTC); default: each file's own time."),
        click.option("--complete-through", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
                     help="The last day that is complete; default: the last but one of a flat "
                     "file, every day of a daily table."),
        click.option("--replace", "replace_days", is_flag=True,
                     help="Replace days even where they would shrink."),
        click.option("--append", is_flag=True,
                     help="Add to the days: further parts of one sharded export."),
        click.option("--skip-unreadable", is_flag=True,
                     help="Leave out files that cannot be read, and record them as rejects."),
        click.option("--timestamp-unit", type=click.Choice(["s", "ms", "us"]),
                     help="The unit of timestamps since 1970; default: microseconds only."),
        click.option("--timestamps-in", metavar="ZONE", callback=_zone,
                     help="The zone (IANA) of timestamps that have none, such as UTC."),
        click.option("--decimal", type=click.Choice(["point", "comma"]),
                     help="The decimal mark of the files' numbers; default: they tell."),
        click.option("--set", "sets", multiple=True, metavar="COLUMN=VALUE",
                     help="Fill a column of ours with a constant."),
        click.option("--map", "maps", multiple=True, metavar="COLUMN=NAME",
                     help="Take a column of ours from the file's column NAME."),
    )  # fmt: skip
    for option in options:
        wrapped = option(wrapped)
    return wrapped


def _zone(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and text not in available_timezones():
        raise click.BadParameter(f"{text!r} is not an IANA zone such as 'Europe/Berlin' or UTC.")
    return text


def _load_options(given: dict[str, Any]) -> LoadOptions:
    through: datetime | None = given["complete_through"]
    exported: datetime | None = given["exported_at"]
    if given["append"] and given["replace_days"]:
        raise click.UsageError("--append adds to days and --replace replaces them; give one.")
    return LoadOptions(
        columns=ColumnOptions(
            parse_pairs(given["maps"], "--map"),
            parse_pairs(given["sets"], "--set"),
            given["decimal"],
            given["timestamps_in"],
            given["timestamp_unit"],
        ),
        skip_unreadable=given["skip_unreadable"],
        append=given["append"],
        replace=given["replace_days"],
        complete_through=through.date() if through else None,
        exported_at_us=_micros(exported) if exported else None,
        accept_damaged=given["accept_damaged"],
    )


def _micros(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp()) * 1_000_000
