"""The manifest of an export: what was asked, what was written, what was not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ga4_analytics.exports import cells
from ga4_analytics.exports.parts import Account, FileEntry
from ga4_analytics.exports.request import ExportRequest
from ga4_analytics.exports.target import Target

MANIFEST = "manifest.json"
VERSION = 1


def manifest_of(
    target: Target, request: ExportRequest, words: Mapping[str, Any], account: Account
) -> dict[str, Any]:
    """What a finished export says of itself; ``schemas/manifest.json`` describes it.

    It goes by the data and the request alone. How old events are goes by the day on which
    somebody sends them, so it has the vendor's rules about that, and no counts.

    Args:
        target: The format.
        request: What was asked.
        words: The same as JSON.
        account: What was written and what was not.
    """
    return {
        "version": VERSION,
        "format": target.name,
        "asked": dict(words),
        "request": {
            "rows": target.events.part.rows,
            "bytes": target.events.part.bytes,
            "beside": target.beside(request),
        },
        "events": _totals("events", account),
        "users": _totals("users", account),
        "rejected": dict(sorted(account.rejected.items())),
        "users_rejected": dict(sorted(account.users_rejected.items())),
        "changed": dict(sorted(account.changed.items())),
        "rules": [{"rule": age.rule, "option": age.option} for age in target.ages],
        "files": [_file(entry) for entry in account.files],
    }


def warnings_of(target: Target, account: Account) -> list[dict[str, Any]]:
    """Which of the vendor's rules about age meet events now, and how many.

    Args:
        target: The format.
        account: What was written.
    """
    return [
        {"vendor": target.title, "rule": age.rule, "option": age.option, "events": events}
        for number, age in enumerate(target.ages)
        if (events := account.aged.get(str(number), 0))
    ]


def _totals(kind: str, account: Account) -> dict[str, Any]:
    files = [entry for entry in account.files if entry.kind == kind]
    return {
        "files": len(files),
        "rows": sum(entry.rows for entry in files),
        "bytes": sum(entry.bytes for entry in files),
        "first_time": _iso(min((entry.first_us for entry in files), default=None)),
        "last_time": _iso(max((entry.last_us for entry in files), default=None)),
        "revenue_usd_micros": sum(entry.revenue_usd_micros for entry in files),
    }


def _file(entry: FileEntry) -> dict[str, Any]:
    return {
        "file": entry.file,
        "kind": entry.kind,
        "rows": entry.rows,
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "first_time": _iso(entry.first_us),
        "last_time": _iso(entry.last_us),
        "revenue_usd_micros": entry.revenue_usd_micros,
    }


def _iso(micros: int | None) -> str | None:
    found: str | None = cells.iso(pa.array([micros], pa.int64()))[0].as_py()
    return found
