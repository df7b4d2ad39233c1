"""Settings: one frozen object, read from ``ga4.toml``, then the environment, then flags.

An environment variable is the setting's name in capitals behind ``GA4_``:
``GA4_WAREHOUSE=postgresql://...``; lists are comma separated. Passwords belong in the
environment (or ``~/.pgpass``), never in ``ga4.toml``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

from ga4_analytics.errors import SettingsError
from ga4_analytics.settings_columns import ColumnSetting, columns_checked
from ga4_analytics.settings_experiments import (
    ExperimentSetting,
    MetricSetting,
    experiments_checked,
    metrics_checked,
)

FILE_NAME = "ga4.toml"
MAX_NAME = 500


@dataclass(frozen=True)
class FunnelSetting:
    """A funnel that the marts answer every day.

    Attributes:
        name: Its name, unique.
        steps: Two to sixteen distinct event names in order.
        window_seconds: Time from the first step within which the last must happen, inclusive.
    """

    name: str
    steps: tuple[str, ...]
    window_seconds: int


DEFAULT_FUNNELS = (
    FunnelSetting("engagement", ("session_start", "page_view", "view_item"), 86_400),
    FunnelSetting("purchase", ("view_item", "add_to_cart", "begin_checkout", "purchase"), 604_800),
)


@dataclass(frozen=True)
class Settings:
    """Everything a person can set, with its default.

    Attributes:
        workspace: The folder that holds ``ga4.toml``, the data and the results.
        warehouse: Path of a DuckDB file (from the workspace), or a ``postgresql://`` URL.
        dataset: Name of the property; part of every key.
        timezone: The property's reporting time zone (IANA), or None to infer it.
        identity: 'device' counts devices, 'stitched' joins devices by ``user_id``.
        key_events: Events that make a session engaged and count as key events.
        engaged_session_seconds: Length from which a session is engaged, 10 to 60 in GA4.
        session_timeout_minutes: Gap that ends a session where the data has no session ids.
        include_left_truncated: Whether users first seen before the data join a cohort.
        retention_max_day: Last day number of ``cohort_retention``.
        slice_retention_max_day: Last day number of ``retention_by_slice``.
        channel_rules_date: Fixes the channel rules of one date; None: those of each session's.
        funnels: The funnels of ``funnel_steps``.
        undo_loads: How many of a property's latest loads can be undone; the rows that they
            replaced are kept.
        columns: What the event index has beside its usual columns.
        metrics: What experiments measure.
        experiments: The experiments.
    """

    workspace: Path
    warehouse: str = "ga4.duckdb"
    dataset: str = "ga4"
    timezone: str | None = None
    identity: str = "device"
    key_events: tuple[str, ...] = ("purchase",)
    engaged_session_seconds: int = 10
    session_timeout_minutes: int = 30
    include_left_truncated: bool = False
    retention_max_day: int = 90
    slice_retention_max_day: int = 30
    channel_rules_date: date | None = None
    funnels: tuple[FunnelSetting, ...] = DEFAULT_FUNNELS
    undo_loads: int = 10
    columns: tuple[ColumnSetting, ...] = ()
    metrics: tuple[MetricSetting, ...] = ()
    experiments: tuple[ExperimentSetting, ...] = ()

    @property
    def state_dir(self) -> Path:
        """Where the program keeps what it alone needs."""
        return self.workspace / ".ga4"

    @property
    def outputs_dir(self) -> Path:
        """Where exports go."""
        return self.workspace / "outputs"

    @property
    def reports_dir(self) -> Path:
        """Where the findings report goes."""
        return self.workspace / "reports"

    def dbt_vars(self) -> dict[str, Any]:
        """The settings that the models read, under the names of ``dbt_project.yml``."""
        fixed = self.channel_rules_date
        return {
            "identity": self.identity,
            "key_events": list(self.key_events),
            "engaged_session_seconds": self.engaged_session_seconds,
            "session_timeout_minutes": self.session_timeout_minutes,
            "include_left_truncated": self.include_left_truncated,
            "retention_max_day": self.retention_max_day,
            "slice_retention_max_day": self.slice_retention_max_day,
            "channel_rules_date": fixed.isoformat() if fixed else "",
            "funnels": [{**asdict(funnel), "steps": list(funnel.steps)} for funnel in self.funnels],
        }


def load_settings(workspace: Path, flags: Mapping[str, object] | None = None) -> Settings:
    """Read the settings of a workspace.

    Args:
        workspace: Its folder; a missing ``ga4.toml`` means all defaults.
        flags: Values from the command line by setting name; None values are ignored.

    Raises:
        SettingsError: A name is unknown or a value breaks its rule; the message says where.
    """
    path = workspace / FILE_NAME
    values: dict[str, object] = {}
    for name, value in _from_file(path).items():
        values[name] = _checked(name, value, f"{path.name}")
    for name in _CHECKS:
        variable = f"GA4_{name.upper()}"
        if variable in os.environ:
            values[name] = _checked(name, _from_text(name, os.environ[variable]), variable)
    for name, value in (flags or {}).items():
        if value is not None:
            values[name] = _checked(name, value, f"--{name.replace('_', '-')}")
    return replace(Settings(workspace=workspace), **cast(dict[str, Any], values))


def find_workspace(start: Path) -> Path:
    """The nearest folder at or above ``start`` that has a ``ga4.toml``; else ``start``."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    return start


def _from_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}.",
            rule="It must be TOML in UTF-8.",
            remedy="Mend the line, or make a fresh one with `ga4 init --force`.",
        ) from error
    return content


def _from_text(name: str, text: str) -> object:
    """Turn an environment variable's text into what the file would hold."""
    if name in {"engaged_session_seconds", "session_timeout_minutes"} | {
        "retention_max_day",
        "slice_retention_max_day",
        "undo_loads",
    }:
        return int(text) if text.strip().lstrip("-").isdigit() else text
    if name == "include_left_truncated":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if name == "key_events":
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _wrong(name: str, value: object, place: str, rule: str) -> SettingsError:
    return SettingsError(
        f"{name} = {_shown(value)} in {place} is not valid.",
        rule=rule,
        remedy=f"Change {name} in {place}; `ga4 init --help` lists the settings.",
    )


def _shown(value: object) -> str:
    text = repr(value)
    return "(hidden)" if "://" in text and "@" in text else text


def _checked(name: str, value: object, place: str) -> object:
    if name not in _CHECKS:
        known = ", ".join(_CHECKS)
        raise SettingsError(
            f"{place} sets {name!r}, which is not a setting.",
            rule=f"The settings are {known}.",
            remedy="Remove it or mend its spelling.",
        )
    rule, check = _CHECKS[name]
    try:
        return check(value)
    except (TypeError, ValueError, KeyError) as error:
        detail = str(error) if isinstance(error, ValueError) else ""
        raise _wrong(name, value, place, f"{rule} {detail}".strip()) from error


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME or "\0" in value:
        raise ValueError
    return value


def _zone(value: object) -> str | None:
    text = _name(value)
    if text == "auto":
        return None
    if text not in available_timezones():
        raise ValueError
    return ZoneInfo(text).key


def _choice(*allowed: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in allowed:
            raise ValueError
        return cast(str, value)

    return check


def _whole(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return value

    return check


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError
    return tuple(_name(part) for part in value)


def _day_or_none(value: object) -> date | None:
    if isinstance(value, date):
        return value
    text = str(value)
    return date.fromisoformat(text) if text and text != "auto" else None


def _funnels(value: object) -> tuple[FunnelSetting, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError
    found = tuple(
        part if isinstance(part, FunnelSetting) else _funnel(cast(dict[str, object], part))
        for part in value
    )
    names = [funnel.name for funnel in found]
    if len(set(names)) != len(names):
        raise ValueError("Two funnels share a name.")
    return found


def _funnel(value: dict[str, object]) -> FunnelSetting:
    extra = set(value) - {field.name for field in fields(FunnelSetting)}
    if extra:
        raise ValueError(f"Unknown: {', '.join(sorted(extra))}.")
    steps = _names(value["steps"])
    if not 2 <= len(steps) <= 16:
        raise ValueError("A funnel has 2 to 16 steps.")
    if len(set(steps)) != len(steps):
        raise ValueError("A step is repeated.")
    window = _whole(1, 366 * 86_400)(value["window_seconds"])
    return FunnelSetting(_name(value["name"]), steps, window)


_CHECKS: dict[str, tuple[str, Callable[[object], object]]] = {
    "warehouse": ("It must be a file's path or a postgresql:// URL.", _name),
    "dataset": ("It must be a name.", _name),
    "timezone": ("It must be an IANA zone such as 'Europe/Berlin', or 'auto'.", _zone),
    "identity": ("It must be 'device' or 'stitched'.", _choice("device", "stitched")),
    "key_events": ("It must be a list of event names.", _names),
    "engaged_session_seconds": (
        "It must be a whole number from 1 to 3600.",
        _whole(1, 3600),
    ),
    "session_timeout_minutes": (
        "It must be a whole number from 1 to 1440.",
        _whole(1, 1440),
    ),
    "include_left_truncated": ("It must be true or false.", _boolean),
    "retention_max_day": ("It must be a whole number from 1 to 3650.", _whole(1, 3650)),
    "slice_retention_max_day": (
        "It must be a whole number from 1 to 3650.",
        _whole(1, 3650),
    ),
    "channel_rules_date": (
        "It must be a date such as 2026-05-13, or 'auto'.",
        _day_or_none,
    ),
    "undo_loads": ("It must be a whole number from 0 to 1000.", _whole(0, 1000)),
    "funnels": ("Each needs name, steps and window_seconds.", _funnels),
    "columns": (
        "Each needs name, source (event_params.KEY, user_properties.KEY, items.FIELD or a column "
        "of analytics.index_events) and kind.",
        columns_checked,
    ),
    "metrics": ("Each needs a name; docs/experiments.md lists the rest.", metrics_checked),
    "experiments": (
        "Each needs name and primary; docs/experiments.md lists the rest.",
        experiments_checked,
    ),
}
