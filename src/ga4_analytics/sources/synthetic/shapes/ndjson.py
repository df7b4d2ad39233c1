"""NDJSON as `bq extract` writes it: 64-bit integers as strings, nulls absent, a file a day."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from ga4_analytics.sources.synthetic.records import Describer
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.spec import Progress

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_LEVEL = 1
"""The fastest: at higher levels compressing would take as long as all the rest."""


def _texts(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: str(value) if type(value) is int else value for key, value in fields.items()}


def _as_extracted(record: dict[str, Any]) -> dict[str, Any]:
    """Make texts of integers where the sample has any; other records hold none."""
    extracted = _texts(record)
    for name in ("event_params", "items"):
        extracted[name] = [_texts(element) for element in record.get(name, [])]
    for element in extracted["event_params"]:
        element["value"] = _texts(element["value"])
    if "ecommerce" in record:
        extracted["ecommerce"] = _texts(record["ecommerce"])
    return extracted


def json_line(record: dict[str, Any]) -> str:
    """One event as a line.

    Example:
        >>> json_line({"event_timestamp": 1, "page": "a<b", "price": 2.0})
        '{"event_timestamp":"1","page":"a\\\\u003cb","price":2.0,"event_params":[],"items":[]}'
    """
    text = _ENCODER.encode(_as_extracted(record))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def write_ndjson(sample: Sample, folder: Path, progress: Progress) -> list[Path]:
    """Write one gzipped NDJSON file a day, named as `bq extract` names its shards.

    Args:
        sample: The sample.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The files, by day.
    """
    describer, paths = Describer(sample), []
    for day in range(sample.spec.days):
        path = folder / f"events_{sample.spec.day(day):%Y%m%d}-000000000000.json.gz"
        lines = 0
        with (
            path.open("wb") as file,
            gzip.GzipFile("", "wb", _LEVEL, fileobj=file, mtime=0) as zipped,
        ):
            for record in describer.day(day):
                zipped.write(f"{json_line(record)}\n".encode())
                lines += 1
        progress(lines)
        paths.append(path)
    return paths
