"""Mutated files of every shape: none breaks a reader, and what was not mutated is as before."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.check import BrokenError, Mutant, Score, check, mutant, stage, valid_records, valid_rows
from fuzz.records import csv_records
from fuzz.run import campaign, replay
from fuzz.seeds import CSV_SHAPES, TABLE_SHAPES, TEXT_SHAPES, text_of

from ga4_analytics.ingest.files import inspect
from ga4_analytics.sources.mapping import NO_OPTIONS

FILES = {"skinny": 90, "flat": 60, "item": 60, "semicolon": 60, "console": 40,
         "json_cells": 20, "python_cells": 20, "ndjson": 40, "parquet": 30,
         "flat_parquet": 50}  # fmt: skip
"""As many as take some five seconds for each shape."""
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


@pytest.mark.parametrize(("shape", "seed"), [("item", 1320), ("semicolon", 1236)])
def test_a_record_of_two_lines_between_stray_quotes_stays_whole(shape: str, seed: int) -> None:
    score = campaign(shape, seed, 1)
    assert (score.accepted, score.doubtful, score.failures) == (1, 0, [])


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


@pytest.mark.parametrize(
    ("staged", "told"),
    [
        (text_of("item"), None),
        (text_of("item").replace(b"\n", b"\nx\n", 1), "is not what stands there"),
        (text_of("item") + b"20201101,1604188804579566,a,1.5,T,1,1,x,1,1\n", "records; .* told"),
        (text_of("item").replace(b"plain", b"other", 1), "not as before"),
        (text_of("item").replace(b",purchase,", b",PURCHASE,"), "not as before"),
    ],
)
def test_the_checks_can_fail(tmp_path: Path, staged: bytes, told: str | None) -> None:
    """Another file was staged than the one that our own count looks at."""
    path = tmp_path / "a.csv"
    path.write_bytes(staged)
    files = inspect([path], NO_OPTIONS, tmp_path / "unpacked").files
    given = Mutant("item", 0, text_of("item"), None, "nothing")
    found = stage(files, tmp_path / "stage")
    if told is None:
        assert check(files[0], given, found, Score()) == len(valid_records("item").records)
    else:
        with pytest.raises(BrokenError, match=told):
            check(files[0], given, found, Score())
