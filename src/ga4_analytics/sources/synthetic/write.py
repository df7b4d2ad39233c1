"""Write a sample in one of the shapes, with its truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ga4_analytics.sources.synthetic.sample import Sample, generate
from ga4_analytics.sources.synthetic.shapes.console import write_console
from ga4_analytics.sources.synthetic.shapes.flat import write_flat
from ga4_analytics.sources.synthetic.shapes.ndjson import write_ndjson
from ga4_analytics.sources.synthetic.shapes.parquet import write_parquet
from ga4_analytics.sources.synthetic.shapes.skinny import write_skinny
from ga4_analytics.sources.synthetic.spec import Progress, SampleSpec, Shape

_WRITERS: dict[Shape, Callable[[Sample, Path, Progress], list[Path]]] = {
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
        The files, in the order of their days.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return _WRITERS[shape](sample, folder, progress)


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
