"""Make the two small files in data/ again, byte for byte: 00_make_sample_data.py [FOLDER].

ga4_raw.csv has the shape of a console export, ga4_events_skinny.csv holds the same events in
the ten skinny columns, as scripts/01_make_skinny_csv.py derives them.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from ga4_analytics.sources.synthetic.excerpt import excerpt
from ga4_analytics.sources.synthetic.generate import generate
from ga4_analytics.sources.synthetic.spec import SampleSpec
from ga4_analytics.sources.synthetic.write import write_shape

SPEC = SampleSpec(scale=0.1, seed=7, start=date(2020, 11, 23), days=7)
EVENTS = 320


def main(folder: Path) -> None:
    """Write both files."""
    part = excerpt(generate(SPEC), EVENTS)
    for shape in ("console", "skinny"):
        for path in write_shape(part, folder, shape):
            print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "data")
