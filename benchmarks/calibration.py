"""Print how far the sample is from the published figures: calibration.py FOLDER [SCALE ...]."""

from __future__ import annotations

import sys
from pathlib import Path

from ga4_analytics.sources.synthetic.calibration import calibration_table, read_reference
from ga4_analytics.sources.synthetic.generate import generate
from ga4_analytics.sources.synthetic.spec import SampleSpec
from ga4_analytics.sources.synthetic.truth import tell_truth


def main(folder: Path, scales: list[float]) -> bool:
    """Print one table a scale; gives whether every limit is met."""
    reference, all_met = read_reference(folder), True
    for scale in scales:
        truth = tell_truth(generate(SampleSpec(scale=scale)))
        print(f"\nScale {scale:g}: {truth.events:,} events, {truth.users:,} users\n")
        print("| metric | published, scaled | sample | difference | limit | met |")
        print("|-|-:|-:|-:|-:|-|")
        for row in calibration_table(truth, reference):
            all_met &= row.is_met
            met = "yes" if row.is_met else "NO"
            cells = (row.metric, f"{row.published:,.4g}", f"{row.sample:,.4g}",
                     f"{row.difference:+.2%}", f"{row.limit:.0%}", met)  # fmt: skip
            print(f"| {' | '.join(cells)} |")
    return all_met


if __name__ == "__main__":
    wanted = [float(text) for text in sys.argv[2:]] or [0.1]
    sys.exit(0 if main(Path(sys.argv[1]), wanted) else 1)
