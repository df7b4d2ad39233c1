"""Mutated files of every shape: none breaks a reader, and what was not mutated is as before."""

from __future__ import annotations

import pytest
from fuzz.check import mutant, valid_records, valid_rows
from fuzz.records import csv_records
from fuzz.run import campaign, replay
from fuzz.seeds import CSV_SHAPES, TABLE_SHAPES, TEXT_SHAPES

FILES = {"skinny": 155, "flat": 124, "item": 124, "semicolon": 124, "console": 62,
         "json_cells": 31, "python_cells": 31, "ndjson": 62, "parquet": 62,
         "flat_parquet": 93}  # fmt: skip
"""As many as take some nine seconds for each shape."""
SKIPPED = {"parquet": 0.4, "flat_parquet": 0.4}
"""Most accepted files in which no record can be compared, because all of a column changed."""


@pytest.mark.parametrize("shape", FILES)
def test_mutated_files_are_read_rejected_in_part_or_refused(shape: str) -> None:
    score = campaign(shape, 0, FILES[shape])
    told = [f"{each.done}: {what[:2000]}\n{replay(each)}" for each, what in score.failures]
    assert not told, "\n\n".join(told)
    assert score.files == FILES[shape]
    assert score.accepted > score.files // 2
    assert score.refused.total() > 0
    assert score.rejected.total() > 0
    assert score.compared > 10 * score.accepted
    assert score.skipped_share() <= SKIPPED.get(shape, 0.1)


@pytest.mark.parametrize("shape", [*TEXT_SHAPES, *TABLE_SHAPES])
def test_a_seed_always_gives_the_same_file(shape: str) -> None:
    assert [mutant(shape, seed).data for seed in range(9)] == [
        mutant(shape, seed).data for seed in range(9)
    ]


@pytest.mark.parametrize("shape", CSV_SHAPES)
def test_our_own_count_finds_every_record_of_a_valid_file(shape: str) -> None:
    assert len(valid_records(shape).records) == len(valid_rows(shape))


def test_our_own_count_knows_quotes_and_line_ends() -> None:
    text = 'a,b\r\n"x\n""y""",1\r\r\n\nz"z,"q"r\n"last'
    assert [(line, cells) for line, raw, cells in csv_records(text, ",") if raw] == [
        (1, ["a", "b"]), (2, ['x\n"y"', "1"]), (6, ['z"z', "qr"]), (7, ["last"]),
    ]  # fmt: skip
