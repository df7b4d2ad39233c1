"""Stages mutated files as a load does and checks what every file of any kind must hold."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from fuzz.records import Counted, counted, doubtful_quotes
from fuzz.seeds import TABLE_SHAPES, table_of, text_of
from fuzz.table_mutations import Rows, mutate_table
from fuzz.text_mutations import mutate_text

from ga4_analytics.errors import Ga4Error
from ga4_analytics.ingest.files import InputFile, inspect
from ga4_analytics.ingest.staging import Reading, Tally, stage_files
from ga4_analytics.sources.batches import Reject
from ga4_analytics.sources.mapping import NO_OPTIONS
from ga4_analytics.sources.readings import Judging
from ga4_analytics.sources.rules import RULES

CLOCK_US = 1_767_225_600_000_000
"""2026-01-01, after every event of the valid files."""
READING = Reading(NO_OPTIONS, (), Judging(CLOCK_US))
Row = frozenset[tuple[str, Any]]


@dataclass(frozen=True)
class Mutant:
    """A changed file.

    Attributes:
        shape: What it was made of.
        seed: What it is drawn by.
        data: Its bytes.
        rows: The origin of a table's rows; see `Rows`.
        done: What was done to it.
    """

    shape: str
    seed: int
    data: bytes
    rows: Rows
    done: str

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"m{self.seed:09d}.{'parquet' if self.shape in TABLE_SHAPES else 'txt'}"


@dataclass
class Score:
    """What came of the files of one shape.

    Attributes:
        files: How many were read.
        refused: How many were refused, by class of error.
        accepted: How many were accepted.
        records: Their records.
        rejected: Those that were rejected, by rule.
        compared: Records that were not mutated and were found as they were.
        doubtful: Files with other numbers of records where quotes do not pair within a record.
        skipped: Files accepted in which no record could be compared, by what was done.
        failures: Seed and what is wrong.
    """

    files: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    records: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    doubtful: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[Mutant, str]] = field(default_factory=list)

    def told(self) -> str:
        """One line of figures."""
        skipped = sum(self.skipped.values())
        return (
            f"{self.files} files: {sum(self.refused.values())} refused, {self.accepted} accepted "
            f"with {self.records} records, {sum(self.rejected.values())} of them rejected; "
            f"{self.compared} unmutated records as before, not compared in {skipped} files "
            f"({self.skipped_share():.1%} of the accepted); quotes in doubt in "
            f"{self.doubtful}; {len(self.failures)} failures"
        )

    def skipped_share(self) -> float:
        """Share of the accepted files in which nothing could be compared."""
        return sum(self.skipped.values()) / max(self.accepted, 1)


class BrokenError(Exception):
    """Something that must hold does not."""


def mutant(shape: str, seed: int) -> Mutant:
    """The changed file of a seed: the same on every run and machine."""
    dice = Random(f"{shape}:{seed}")
    if shape in TABLE_SHAPES:
        data, rows, done = mutate_table(table_of(shape), dice)
        return Mutant(shape, seed, data, rows, done)
    data, done = mutate_text(text_of(shape), shape, dice)
    return Mutant(shape, seed, data, None, done)


@cache
def valid_rows(shape: str) -> tuple[Row, ...]:
    """The staged rows of the valid file, in order of its records."""
    with TemporaryDirectory() as name:
        path = Path(name) / "valid.txt"
        if shape in TABLE_SHAPES:
            pq.write_table(table_of(shape), path)
        else:
            path.write_bytes(text_of(shape))
        files = inspect([path], NO_OPTIONS, Path(name) / "unpacked").files
        staged = stage(files, Path(name) / "stage")
    assert staged.tally.rejects == [], staged.tally.rejects[:3]
    return tuple(staged.rows[row] for row in sorted(staged.rows))


@cache
def valid_records(shape: str) -> Counted:
    """The valid text file's records, each of which is a staged row."""
    found = counted(text_of(shape), shape)
    assert len(found.records) == len(valid_rows(shape)) > 20
    return found


@dataclass(frozen=True)
class Staged:
    """What was staged of some files: the tally, and row id to what the row says."""

    tally: Tally
    rows: dict[int, Row]


def stage(files: Sequence[InputFile], folder: Path) -> Staged:
    """Stage files as a load does, and read what was staged."""
    folder.mkdir(parents=True)
    tally = stage_files(files, READING, folder, lambda size: None)
    items: dict[int, list[Row]] = defaultdict(list)
    for item in _read(folder, "items"):
        items[item["row_id"]].append(_said(item))
    rows: dict[int, Row] = {}
    for event in _read(folder, "events"):
        row = event["row_id"]
        said = tuple(sorted(map(sorted, items.pop(row, []))))
        assert row not in rows, f"row {row} is staged twice"
        rows[row] = _said(event | {"items": str(said) if said else None})
    if items:
        raise BrokenError(f"items of events that are not staged: {sorted(items)[:5]}")
    return Staged(tally, rows)


def _read(folder: Path, name: str) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob(f"{name}-*.parquet"))
            for row in pq.read_table(path).to_pylist()]  # fmt: skip


def _said(row: dict[str, Any]) -> Row:
    return frozenset((name, str(value)) for name, value in row.items()
                     if value is not None and name != "row_id")  # fmt: skip


def run(mutants: Sequence[Mutant], score: Score) -> None:
    """Stage changed files of one shape together and check each; what is wrong goes to the score.

    They are staged together because a plan is made once for many small files. Where something
    is wrong with all of them, each is staged alone.
    """
    score.files += len(mutants)
    try:
        _run(mutants, score)
    except Exception as error:
        if len(mutants) == 1:
            score.failures.append((mutants[0], f"{type(error).__name__}: {error}"))
            return
        score.files -= len(mutants)
        before = len(score.failures)
        for each in mutants:
            run([each], score)
        if len(score.failures) == before:
            score.failures.append((mutants[0], f"with the {len(mutants)} from it on: {error!r}"))


def _run(mutants: Sequence[Mutant], score: Score) -> None:
    with TemporaryDirectory() as name:
        folder, done = Path(name), Score()
        files: dict[str, tuple[InputFile, Mutant]] = {}
        for each in mutants:
            path = folder / each.name
            path.write_bytes(each.data)
            try:
                found = inspect([path], NO_OPTIONS, folder / "unpacked").files[0]
                files.setdefault(found.sha256, (found, each))
            except Ga4Error as error:
                _check_refusal(error, str(path))
                done.refused[type(error).__name__] += 1
        doubtful = [key for key, (_, each) in files.items() if _surely_refused(each)]
        for key in doubtful:
            _stage_and_check({key: files.pop(key)}, folder / key, done)
        _stage_and_check(files, folder / "together", done)
    for told in ("refused", "rejected", "skipped"):
        getattr(score, told).update(getattr(done, told))
    score.accepted += done.accepted
    score.records += done.records
    score.compared += done.compared
    score.doubtful += done.doubtful


def _surely_refused(each: Mutant) -> bool:
    """Whether a file will be refused when it is read, so that others need not be read again."""
    if each.shape in TABLE_SHAPES or each.data.startswith(b"\x1f\x8b"):
        return False
    return b"\0" in each.data or each.data.count(b'"') % 2 > 0


def _stage_and_check(files: dict[str, tuple[InputFile, Mutant]], folder: Path, done: Score) -> None:
    """Stage files together; those that are refused are taken out and the others staged again."""
    staged = None
    while files and staged is None:
        try:
            staged = stage([file for file, _ in files.values()], folder / str(len(files)))
        except Ga4Error as error:
            _take_out(error, files)
            done.refused[type(error).__name__] += 1
    if staged is not None:
        lines = sum(check(file, each, staged, done) for file, each in files.values())
        if staged.tally.lines != lines:
            raise BrokenError(f"{staged.tally.lines} lines are told, {lines} are there")


def _take_out(error: Ga4Error, files: dict[str, tuple[InputFile, Mutant]]) -> None:
    named = [key for key, (file, _) in files.items() if file.name in str(error)]
    if len(named) != 1:
        raise BrokenError(f"a refusal names {len(named)} of the files: {error}") from error
    _check_refusal(error, files.pop(named[0])[0].name)


def _check_refusal(error: Ga4Error, name: str) -> None:
    if name not in error.problem or not error.rule or not error.remedy:
        raise BrokenError(f"a refusal without file, rule or remedy: {error!r}")


def check(file: InputFile, each: Mutant, staged: Staged, done: Score) -> int:
    """Check one accepted file; gives its number of records by our own count."""
    tally = staged.tally
    first, last = tally.rows_of[file.sha256]
    rows = {row: staged.rows[row] for row in range(first, last + 1) if row in staged.rows}
    rejects = [reject for name, reject in tally.rejects if name == file.name]
    if each.shape in TABLE_SHAPES:
        count = _check_table(each, rejects, rows, done)
    else:
        count = _check_text(each, rejects, rows, done)
    told = tally.evidence[file.sha256].lines
    if told != count and each.shape not in TABLE_SHAPES and doubtful_quotes(each.data):
        done.doubtful += 1
        count = told
    if not (told == count == len(rows) + len(rejects)):
        raise BrokenError(
            f"{count} records; {told} told, {len(rows)} staged, {len(rejects)} rejected"
        )
    for reject in rejects:
        if reject.rule not in RULES or not reject.reason or reject.fatal:
            raise BrokenError(f"no rule or reason: {reject}")
    done.accepted += 1
    done.records += count
    done.rejected.update(reject.rule for reject in rejects)
    return count


def _check_table(each: Mutant, rejects: list[Reject], rows: dict[int, Row], done: Score) -> int:
    with TemporaryDirectory() as name:
        path = Path(name) / "table.parquet"
        path.write_bytes(each.data)
        count = int(pq.ParquetFile(path).metadata.num_rows)
    for reject in rejects:
        if not (1 <= reject.line <= count and reject.raw_text):
            raise BrokenError(f"no line or text: {reject}")
    if each.rows is None:
        done.skipped[each.done] += 1
        return count
    valid = valid_rows(each.shape)
    _compare([valid[origin] for origin in each.rows if origin is not None], rows, done)
    return count


def _check_text(each: Mutant, rejects: list[Reject], rows: dict[int, Row], done: Score) -> int:
    found = counted(each.data, each.shape)
    _check_places(found, rejects)
    valid = valid_records(each.shape)
    if found.header != valid.header:
        done.skipped[each.done] += 1
        return len(found.records)
    said = {
        record.key: row for record, row in zip(valid.records, valid_rows(each.shape), strict=True)
    }
    same = [said[record.key] for record in found.records if record.key in said]
    _compare(same, rows, done)
    return len(found.records)


def _check_places(found: Counted, rejects: list[Reject]) -> None:
    """Every reject stands where it says, with its text."""
    if not found.lines_known:
        return
    records = {record.line: record for record in found.records}
    for reject in rejects:
        begins = max((line for line in records if line <= reject.line), default=0)
        there = records.get(begins)
        text = there and there.text.encode("latin-1").decode("utf-8", "replace")
        if text is None or _legible(reject.raw_text) != _legible(text):
            raise BrokenError(f"{reject} is not what stands there: {text!r}")


def _legible(text: str) -> str:
    """A text without blanks at its ends, and one mark for bytes that are no UTF-8."""
    return re.sub("\ufffd+", "\ufffd", text.replace("\r\n", "\n")).strip()


def _compare(wanted: list[Row], rows: dict[int, Row], done: Score) -> None:
    """The records that were not mutated are staged as in the valid file."""
    missing = Counter(wanted) - Counter(rows.values())
    if missing:
        row = next(iter(missing))
        near = max(rows.values(), key=lambda other: len(row & other), default=frozenset())
        raise BrokenError(
            f"{missing.total()} of {len(wanted)} unmutated records are not as before: "
            f"{sorted(row - near)} became {sorted(near - row)}"
        )
    done.compared += len(wanted)
