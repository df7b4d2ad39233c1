"""Exports for other tools' imports: index, warehouse and files brought together."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from ga4_analytics.analyses.members import members
from ga4_analytics.errors import ExportError, QuestionError
from ga4_analytics.exports.amplitude_heap import write_amplitude_heap
from ga4_analytics.exports.base import ExportResult
from ga4_analytics.exports.deliver import Delivery
from ga4_analytics.exports.manifest import MANIFEST
from ga4_analytics.exports.request import FLAT_FORMATS, ExportRequest
from ga4_analytics.exports.source import Source
from ga4_analytics.exports.targets import TARGETS
from ga4_analytics.index.reader import Index
from ga4_analytics.progress import Progress
from ga4_analytics.publish.snapshot import Snapshot, check_current
from ga4_analytics.publish.status import fingerprint
from ga4_analytics.questions.codec import encode
from ga4_analytics.settings import Settings
from ga4_analytics.warehouse import Warehouse


def deliver(
    request: ExportRequest,
    folder: Path,
    warehouse: Warehouse,
    settings: Settings,
    index: Callable[[], Index],
    now: int,
    progress: Progress,
) -> dict[str, Any]:
    """Write the events that are asked for as files that a vendor's import takes.

    Args:
        request: What is asked.
        folder: Where the files go; an older export there is replaced as a whole.
        warehouse: Where the models are built.
        settings: Name the property.
        index: Opens the index; asked where users are chosen.
        now: The time, microseconds UTC.
        progress: Where to show progress.

    Returns:
        The manifest, and ``warnings`` that go by the time.

    Raises:
        QuestionError: The request names what is not there.
        StaleError: Users are chosen, and the index is older than the warehouse.
        ExportError: The folder holds something else.
        OSError: A file cannot be written; the next try goes on where this one stopped.
    """
    _check(request, warehouse, settings.dataset)
    _guard(folder)
    source = _source(request, warehouse, settings, index)
    stamp = fingerprint(warehouse, settings)
    with progress.phase("Exporting", None, "events") as advance:
        words = _words(request, settings.dataset)
        way = Delivery(TARGETS[request.target], source, stamp, now, words, advance)
        return way.write(folder)


def deliver_csv(
    request: ExportRequest,
    target: Path,
    warehouse: Warehouse,
    settings: Settings,
    index: Callable[[], Index],
    progress: Progress,
) -> ExportResult:
    """Write the events that are asked for as one flat CSV file.

    Args:
        request: What is asked; limits of a request to a vendor mean nothing here.
        target: The file; an older one is replaced when the new one is complete.
        warehouse: Where the models are built.
        settings: Name the property.
        index: Opens the index; asked where users are chosen.
        progress: Where to show progress.

    Raises:
        QuestionError: The request names what is not there, or a format without a CSV.
        StaleError: Users are chosen, and the index is older than the warehouse.
        OSError: The file cannot be written.
    """
    if request.target not in FLAT_FORMATS:
        raise QuestionError(
            f"csv: there is no CSV for {request.target}.",
            rule=f"There is one for {' and '.join(FLAT_FORMATS)}, the same for both.",
            remedy=f"Leave --csv out: ga4 export {request.target}.",
        )
    _check(request, warehouse, settings.dataset)
    source = _source(request, warehouse, settings, index)
    with progress.phase("Exporting", None, "events") as advance:
        return write_amplitude_heap([source.narrowed()], target, advance)


def _source(
    request: ExportRequest, warehouse: Warehouse, settings: Settings, index: Callable[[], Index]
) -> Source:
    """What is read, with the users found that the request means."""
    users: pa.Array | None = None
    if request.users is not None:
        check_current(Snapshot.current(settings), warehouse, settings)
        users = members(index(), request.users)
    return Source(warehouse, settings.dataset, request, users)


def _words(request: ExportRequest, dataset: str) -> dict[str, Any]:
    """What was asked, as JSON."""

    def told(day: date | None) -> str | None:
        return day.isoformat() if day else None

    return {
        "dataset": dataset,
        "start": told(request.start),
        "end": told(request.end),
        "events": list(request.events),
        "users": encode(request.users) if request.users is not None else None,
        "whole_users": request.whole_users,
        "with_users": request.with_users,
        "max_rows": request.max_rows,
        "max_bytes": request.max_bytes,
        "min_id_length": request.min_id_length,
    }


def _check(request: ExportRequest, warehouse: Warehouse, dataset: str) -> None:
    if request.start and request.end and request.start > request.end:
        raise QuestionError(
            f"start: {request.start} is after the end, {request.end}.",
            rule="The first day is not later than the last.",
            remedy="Exchange them.",
        )
    if request.min_id_length is not None and not TARGETS[request.target].may_choose_least_id:
        raise QuestionError(
            f"min_id_length: {request.target} has no such option.",
            rule="Amplitude alone lets a request say how short an id may be.",
            remedy="Leave it out.",
        )
    found = warehouse.query(
        "select distinct event_name from analytics.int_events where dataset = ?", [dataset]
    ).column("event_name")
    unknown = sorted(set(request.events) - set(found.to_pylist()))
    if unknown:
        raise QuestionError(
            f"events: there is no event {unknown[0]!r} in {dataset}.",
            rule="Events are named as they are in the data, capitals included.",
            remedy="`ga4 events` lists them.",
        )


def _guard(folder: Path) -> None:
    """Refuse to put an export in place of something that is none."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        is_export = "format" in json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        is_export = False
    if not is_export:
        raise ExportError(
            f"{folder} is there and is not an export.",
            rule="An export replaces its folder as a whole, whatever is in it.",
            remedy="Name a folder that is new or empty, or that an export wrote.",
        )
