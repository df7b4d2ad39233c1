"""All exports of a workspace."""

from __future__ import annotations

import json
from pathlib import Path

from ga4_analytics.exports.amplitude_heap import export_amplitude_heap
from ga4_analytics.exports.base import ExportResult, Progress
from ga4_analytics.exports.product import export_product
from ga4_analytics.settings import Settings
from ga4_analytics.storage.atomic import write_text
from ga4_analytics.warehouse.base import Warehouse

MANIFEST = "manifest.json"


def export_all(
    warehouse: Warehouse, settings: Settings, progress: Progress = lambda rows: None
) -> list[ExportResult]:
    """Write every export and a manifest of them.

    Args:
        warehouse: Where the models are built.
        settings: The workspace's settings; files go to its ``outputs``.
        progress: Told of rows as they are written.

    Returns:
        One result per file.

    Raises:
        WarehouseError: The models are not there.
        OSError: A file cannot be written; the older ones stay.
    """
    folder = settings.outputs_dir
    results = [
        export_product(warehouse, folder, progress),
        export_amplitude_heap(warehouse, folder, progress),
    ]
    _write_manifest(folder / MANIFEST, results)
    return results


def _write_manifest(path: Path, results: list[ExportResult]) -> None:
    files = [
        {
            "file": result.path.name,
            "rows": result.rows,
            "bytes": result.bytes,
            "sha256": result.sha256,
            "left_out": dict(result.left_out),
            "emptied": dict(result.emptied),
        }
        for result in results
    ]
    write_text(path, json.dumps({"files": files}, indent=2, ensure_ascii=False) + "\n")
