"""The commented ``ga4.toml`` that ``ga4 init`` writes."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from ga4_analytics.settings import Settings

_TEMPLATE = """\
# Settings of this workspace. The environment (GA4_WAREHOUSE=...) and flags win over this file.

# Where events are kept: a DuckDB file in this folder, or a Postgres 15 URL such as
# postgresql://analyst@localhost:5432/ga4 (its password belongs in PGPASSWORD or ~/.pgpass).
warehouse = {warehouse}

# The property's name; part of every key. Use one workspace per property.
dataset = {dataset}

# The property's reporting time zone (GA4: Admin > Property details), an IANA name.
# "auto" infers it by comparing event_date with event_timestamp.
timezone = {timezone}

# "device" counts devices (user_pseudo_id), as GA4's device-based reports do.
# "stitched" joins the devices on which the same user_id signed in.
identity = {identity}

# Events that count as key events; one of them makes a session engaged.
key_events = {key_events}

# A session of at least this many seconds is engaged, where the export does not say.
engaged_session_seconds = {engaged_session_seconds}

# A gap of this many minutes ends a session, where the export has no session ids.
session_timeout_minutes = {session_timeout_minutes}

# Whether users who were first seen before the first loaded day join a retention cohort.
include_left_truncated = {include_left_truncated}

# How many days retention is followed; per device and country.
retention_max_day = {retention_max_day}
slice_retention_max_day = {slice_retention_max_day}

# Channel rules change (AI Assistant came on 2026-05-13). "auto" applies those in force on the
# session's date; a date such as "2026-05-13" applies that day's to all history.
channel_rules_date = {channel_rules_date}

# How many of the latest loads `ga4 undo` can take back. The rows that they replaced are kept in
# raw.replaced_*; 0 keeps none.
undo_loads = {undo_loads}

# Funnels of the funnel_steps mart: distinct event names in order; the window counts from the
# first step and includes its last second.
{funnels}

# Columns of the event index beside the usual ones (country, device_category, source, page_path,
# revenue_usd, ...): any event parameter, user property or item field, for filters and breakdowns.
# kind: "text"; "integer"; "micros" (a decimal, kept exactly to six places); "texts" (several
# values an event, as items have).
#
# [[columns]]
# name = "page_title"
# source = "event_params.page_title"
# kind = "text"
#
# [[columns]]
# name = "item_category"
# source = "items.item_category"
# kind = "texts"
{columns}

# Metrics and experiments of `ga4 experiment analyze`; docs/experiments.md lists what can be said.
#
# [[metrics]]
# name = "revenue"
# kind = "mean"
# of = "revenue"
# winsorise = 0.99
# covariate_days = 14
#
# [[experiments]]
# name = "express_checkout"
# exposure = "experiment_viewed[experiment_id=express_checkout]"
# variant = "variant_id"
# primary = ["purchase"]
# secondary = ["revenue"]
# guardrails = [{{metric = "page_view", margin = 0.02}}]
{metrics}
{experiments}
"""


def _table(name: str, value: Any) -> str:
    """A table of a list of tables: what is not as it is by default."""
    lines = [f"[[{name}]]"]
    for each in fields(value):
        given = getattr(value, each.name)
        if given != each.default:
            lines.append(f"{each.name} = {_toml(given)}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """A value as TOML has it.

    >>> _toml((("a", 1.0), ("b c", 2.0))), _toml(("x",)), _toml(date(2026, 1, 1))
    ('{"a" = 1.0, "b c" = 2.0}', '["x"]', '2026-01-01')
    """
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        given = {each.name: getattr(value, each.name) for each in fields(value)}
        return "{" + ", ".join(f"{name} = {_toml(own)}" for name, own in given.items()) + "}"
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(own)}" for name, own in value) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def settings_file(settings: Settings) -> str:
    """The text of a ``ga4.toml`` that says these settings.

    >>> from pathlib import Path
    >>> 'timezone = "auto"' in settings_file(Settings(Path(".")))
    True
    """
    quoted = {
        "warehouse": json.dumps(settings.warehouse),
        "dataset": json.dumps(settings.dataset),
        "timezone": json.dumps(settings.timezone or "auto"),
        "identity": json.dumps(settings.identity),
        "key_events": json.dumps(list(settings.key_events)),
        "include_left_truncated": json.dumps(settings.include_left_truncated),
        "channel_rules_date": json.dumps(
            settings.channel_rules_date.isoformat() if settings.channel_rules_date else "auto"
        ),
        "funnels": "\n".join(
            f"[[funnels]]\nname = {json.dumps(funnel.name)}\n"
            f"steps = {json.dumps(list(funnel.steps))}\n"
            f"window_seconds = {funnel.window_seconds}\n"
            for funnel in settings.funnels
        ).rstrip(),
        "metrics": "\n".join(_table("metrics", each) for each in settings.metrics).rstrip(),
        "experiments": "\n".join(
            _table("experiments", each) for each in settings.experiments
        ).rstrip(),
        "columns": "\n".join(
            f"[[columns]]\nname = {json.dumps(column.name)}\n"
            f"source = {json.dumps(column.source)}\nkind = {json.dumps(column.kind)}\n"
            for column in settings.columns
        ).rstrip(),
    }
    numbers = {
        name: getattr(settings, name)
        for name in (
            "engaged_session_seconds",
            "session_timeout_minutes",
            "retention_max_day",
            "slice_retention_max_day",
            "undo_loads",
        )
    }
    return _TEMPLATE.format(**quoted, **numbers).rstrip("\n") + "\n"
