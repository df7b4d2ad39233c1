"""Small planted samples in files, and their events as plain Python reads them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from synthetic_readers import Event, read_ndjson

from ga4_analytics.sources.synthetic import (
    SampleSpec,
    Shape,
    generate,
    write_shape,
    write_truth,
)

Truth = dict[str, Any]


def short(*plants: str) -> SampleSpec:
    return SampleSpec(scale=0.002, seed=5, start=date(2020, 12, 1), days=21, plants=plants)


def written(spec: SampleSpec, folder: Path, shape: Shape = "ndjson") -> Truth:
    sample = generate(spec)
    write_shape(sample, folder, shape)
    truth: Truth = json.loads(write_truth(sample, folder).read_text(encoding="utf-8"))
    return truth


def daily(folder: Path) -> list[Event]:
    return read_ndjson(sorted(folder.glob("events_2*.json.gz")))


def lines(events: list[Event], *without: str) -> Counter[str]:
    return Counter(
        json.dumps({k: v for k, v in event.items() if k not in without}, sort_keys=True)
        for event in events
    )
