"""Write a sample in one of the shapes, with its truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ga4_analytics.sources.synthetic.generate import generate
from ga4_analytics.sources.synthetic.sample import Delivery, Sample
from ga4_analytics.sources.synthetic.shapes.console import write_console
from ga4_analytics.sources.synthetic.shapes.flat import write_flat
from ga4_analytics.sources.synthetic.shapes.ndjson import write_ndjson
from ga4_analytics.sources.synthetic.shapes.parquet import write_parquet
from ga4_analytics.sources.synthetic.shapes.skinny import write_skinny
from ga4_analytics.sources.synthetic.spec import Progress, SampleSpec, Shape, check_carried

_WRITERS: dict[Shape, Callable[[Delivery, Path, Progress], list[Path]]] = {
    "skinny": write_skinny,
    "flat": write_flat,
    "console": write_console,
    "ndjson": write_ndjson,
    "parquet": write_parquet,
}


def write_shape(
    sample: Sample, folder: Path, shape: Shape, progress: Progress = lambda events: None
) -> list[Path]:
    """Write a sample that is there already.

    Args:
        sample: The sample.
        folder: Where to; made where missing.
        shape: How its files look.
        progress: Told how many more events were written.

    Returns:
        The files, in the order of their days; further deliveries follow.

    Raises:
        SettingsError: The shape cannot carry what was planted.
    """
    check_carried(sample.spec.plants, shape)
    paths: list[Path] = []
    for delivery in (Delivery(sample, range(sample.spec.days)), *sample.deliveries):
        place = folder / delivery.folder
        place.mkdir(parents=True, exist_ok=True)
        paths += _WRITERS[shape](delivery, place, progress)
    return paths


def write_sample(
    spec: SampleSpec, folder: Path, shape: Shape, progress: Progress = lambda events: None
) -> list[Path]:
    """Make a sample and write it.

    Args:
        spec: Its size, days and seed.
        folder: Where to; made where missing.
        shape: How its files look.
        progress: Told how many more events were written.

    Returns:
        The files, in the order of their days.
    """
    return write_shape(generate(spec), folder, shape, progress)
