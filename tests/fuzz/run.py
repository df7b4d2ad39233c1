"""Thousands of mutated files by hand, or one of them again.

PYTHONPATH=src:tests python -m fuzz.run --shape console --files 2000
PYTHONPATH=src:tests python -m fuzz.run --shape console --seed 17 --files 1
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from fuzz.check import Mutant, Score, mutant, run
from fuzz.seeds import SHAPES

TOGETHER = (10, 10, 10, 1)
"""How many files are staged together, in turn."""


def campaign(shape: str, first: int, files: int) -> Score:
    """Check the mutated files of consecutive seeds.

    Args:
        shape: The shape.
        first: The first seed.
        files: How many.
    """
    score, seed, turn = Score(), first, 0
    while seed < first + files:
        many = min(TOGETHER[turn % len(TOGETHER)], first + files - seed)
        run([mutant(shape, each) for each in range(seed, seed + many)], score)
        seed, turn = seed + many, turn + 1
    return score


def replay(each: Mutant) -> str:
    """The command that checks a file again."""
    return (
        f"PYTHONPATH=src:tests python -m fuzz.run --shape {each.shape} --seed {each.seed} --files 1"
    )


def main(arguments: Sequence[str]) -> int:
    """Parse, check, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=[*SHAPES, "all"], default="all")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--files", type=int, default=2000, help="how many, for each shape")
    parser.add_argument("--keep", type=Path, help="write the files that fail to this folder")
    given = parser.parse_args(arguments)
    failed = 0
    for shape in SHAPES if given.shape == "all" else [given.shape]:
        began = time.monotonic()
        score = campaign(shape, given.seed, given.files)
        print(f"{shape}: {score.told()}; {time.monotonic() - began:.0f} s", flush=True)
        print(f"  refused {dict(score.refused)}; rejected {dict(score.rejected)}")
        for each, what in score.failures:
            print(f"  FAILED seed {each.seed} ({each.done}): {what[:1500]}\n    {replay(each)}")
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                (given.keep / f"{shape}-{each.name}").write_bytes(each.data)
        failed += len(score.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
