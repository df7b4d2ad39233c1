"""What a file's values say about the file: gathered while it is read, judged at its end.

Of each part of a file at most 256 records, evenly spaced, are looked at, so that judging
costs next to nothing. That is enough, since every rule asks for what holds of nearly all
values or of none: a damaged file is damaged throughout.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ga4_analytics.ingest.files import InputFile
from ga4_analytics.sources.batches import GIVEN, LINE, PARAMETER, TEXT, RawBatch, Reject
from ga4_analytics.sources.lost_digits import id_digits_left, is_numeric_id, time_zeros
from ga4_analytics.sources.recognise import RECOGNISERS, Recogniser, is_number
from ga4_analytics.sources.rules import RULES
from ga4_analytics.sources.schema import EVENT_COLUMNS

SAMPLE = 256
"""Records of a part that are looked at: enough for 50 different times in one file."""
MAX_KEPT = 10_000
MIN_VALUES = 10
FEW, MOST = 0.2, 0.8
MIN_LINES = 10
SHOWN = 3
_MICROS = re.compile(r"([0-9]{16})(?:[.]0+)?")
_NEVER_NUMBERS = ("device_category", "country")
_WATCHED = ("user_pseudo_id", *(each.column for each in RECOGNISERS))


@dataclass(frozen=True)
class Finding:
    """A file-level rule that a file breaks.

    Attributes:
        rule: The rule.
        column: The canonical column; None where it is the whole file.
        reason: What was found.
        records: How many records it concerns.
        line: The first of them that was looked at.
        example: The value there.
        holder: The column that holds what belongs into ``column``; None where there is none.
        mutual: Whether ``column`` holds what belongs into ``holder``.
    """

    rule: str
    column: str | None
    reason: str
    records: int
    line: int | None
    example: str | None
    holder: str | None = None
    mutual: bool = False


@dataclass
class _Seen:
    """What was seen of one canonical column."""

    present: int = 0
    looked: int = 0
    numbers: int = 0
    fits: Counter[str] = field(default_factory=Counter)
    first: tuple[int, str] | None = None

    def share(self, recogniser: str) -> float:
        return self.fits[recogniser] / self.looked if self.looked >= MIN_VALUES else 0.5


class Evidence:
    """What one file's parts showed."""

    def __init__(self, file: InputFile) -> None:
        """Begin with nothing.

        Args:
            file: The file.
        """
        self.file = file
        self.lines = 0
        self.rejects: dict[str, list[Reject]] = {}
        self.rejected: Counter[str] = Counter()
        self._columns: dict[str, _Seen] = {}
        self._ids: dict[str, int] = {}
        self._other_ids = 0
        self._times: dict[int, int] = {}
        self._judged: list[Finding] | None = None

    def read(self, batch: RawBatch) -> None:
        """Look at a part of the file."""
        table = batch.table
        self.lines += table.num_rows + len(batch.rejects)
        if not table.num_rows:
            return
        places = _places(table)
        rows = np.unique(np.linspace(0, table.num_rows - 1, min(table.num_rows, SAMPLE), dtype=int))
        taken = pa.array(rows)
        lines = table.column(LINE).take(taken).to_pylist()
        doubtful = False
        for name in _WATCHED:
            if name in places:
                column = table.column(places[name])
                found = list(zip(lines, column.take(taken).to_pylist(), strict=True))
                seen = self._look(name, found, len(column) - column.null_count)
                doubtful |= name in {"event_name", "device_category"} and seen.share(name) < 0.5
        if doubtful:
            for name in places.keys() - {each.column for each in RECOGNISERS}:
                column = table.column(places[name]).take(taken).to_pylist()
                self._look(name, list(zip(lines, column, strict=True)), 0)

    def reject(self, found: Sequence[Reject]) -> None:
        """Count records that were rejected."""
        for reject in found:
            self.rejected[reject.rule] += 1
            shown = self.rejects.setdefault(reject.rule, [])
            if len(shown) < SHOWN:
                shown.append(reject)

    def _look(self, name: str, found: list[tuple[int, str | None]], present: int) -> _Seen:
        seen = self._columns.setdefault(name, _Seen())
        seen.present += present
        texts = [(line, text) for line, text in found if text is not None]
        seen.first = seen.first or next(iter(texts), None)
        if name == "user_pseudo_id" and present:
            for line, text in texts:
                self._look_at_id(line, text)
            return seen
        seen.looked += len(texts)
        for line, text in texts if name == "event_timestamp" else ():
            self._look_at_time(line, text)
        for text, count in Counter(text for _, text in texts).items():
            if name in _NEVER_NUMBERS and is_number(text):
                seen.numbers += count
            for recogniser in RECOGNISERS:
                if recogniser.fits(text):
                    seen.fits[recogniser.column] += count
        return seen

    def _look_at_id(self, line: int, text: str) -> None:
        if not is_numeric_id(text):
            self._other_ids += 1
        elif len(self._ids) < MAX_KEPT:
            self._ids.setdefault(text, line)

    def _look_at_time(self, line: int, text: str) -> None:
        match = _MICROS.fullmatch(text.strip())
        if match and len(self._times) < MAX_KEPT:
            self._times.setdefault(int(match[1]), line)

    def _swapped(self, mapped: Collection[str]) -> list[Finding]:
        """Columns that hold what belongs into others."""
        found = []
        for recogniser in RECOGNISERS:
            own = self._columns.get(recogniser.column)
            if recogniser.column in mapped or own is None or recogniser.column == "country":
                continue
            if own.share(recogniser.column) <= FEW:
                found += self._holder(recogniser, own)
        return found

    def _holder(self, recogniser: Recogniser, own: _Seen) -> list[Finding]:
        """The column that holds what this one should, if one does."""
        known = {each.column for each in RECOGNISERS}
        shares = {
            name: seen.share(recogniser.column)
            for name, seen in self._columns.items()
            if name != recogniser.column
            and (seen.share(name) <= FEW if name in known else recogniser.anywhere)
            and seen.share(recogniser.column) >= MOST
        }
        if not shares:
            return []
        holder = min(shares, key=lambda name: (-shares[name], name))
        line, text = own.first or (None, None)
        return [
            Finding(
                "swapped_columns",
                recogniser.column,
                RULES["swapped_columns"].reason.format(
                    column=recogniser.column, what=recogniser.what, other=holder
                ),
                self.lines,
                line,
                text,
                holder,
                own.share(holder) >= MOST,
            )
        ]

    def judge(self, mapped: Collection[str]) -> None:
        """Judge the values that were looked at, and let go of them.

        Args:
            mapped: Columns of ours that the user mapped, who knows best.
        """
        if self._judged is None:
            self._judged = [*self._swapped(mapped), *self._lost_digits()]
            told = {name for each in self._judged for name in (each.column, each.holder)}
            self._judged += [each for each in self._numbers() if each.column not in told]
            self._columns, self._ids, self._times = {}, {}, {}

    def findings(self) -> list[Finding]:
        """The file-level rules that the file breaks; `judge` has run."""
        return [*(self._judged or []), *self._mostly_rejected()]

    def _numbers(self) -> list[Finding]:
        reason = RULES["numbers_for_text"].reason
        return [
            Finding("numbers_for_text", name, reason, seen.present, *(seen.first or (None, None)))
            for name, seen in self._columns.items()
            if seen.looked >= MIN_VALUES and 2 * seen.numbers > seen.looked
        ]

    def _lost_digits(self) -> list[Finding]:
        found = []
        zeros = time_zeros(self._times)
        if zeros:
            words = "a zero" if zeros == 1 else f"{zeros} zeros or more"
            time, line = min(self._times.items(), key=lambda each: each[1])
            reason = RULES["timestamp_lost_digits"].reason.format(zeros=words)
            found.append(
                Finding(
                    "timestamp_lost_digits",
                    "event_timestamp",
                    reason,
                    self._columns["event_timestamp"].present,
                    line,
                    str(time),
                )
            )
        digits = id_digits_left(self._ids) if self._other_ids * 99 <= len(self._ids) else None
        if digits:
            text, line = min(self._ids.items(), key=lambda each: each[1])
            reason = RULES["id_lost_digits"].reason.format(digits=digits)
            present = self._columns["user_pseudo_id"].present
            found.append(Finding("id_lost_digits", "user_pseudo_id", reason, present, line, text))
        return found

    def _mostly_rejected(self) -> list[Finding]:
        if self.lines < MIN_LINES:
            return []
        reason = RULES["mostly_rejected"].reason
        return [
            Finding(
                "mostly_rejected",
                self.rejects[rule][0].column,
                reason.format(rejected=count, lines=self.lines, broken=rule)
                + "".join(f"; line {each.line}: {each.reason}" for each in self.rejects[rule]),
                count,
                self.rejects[rule][0].line,
                None,
            )
            for rule, count in sorted(self.rejected.items())
            if 2 * count > self.lines
        ]


def _places(table: pa.Table) -> dict[str, str]:
    """Canonical text column to the table's column that fills it."""
    names = {each.name for each in table.schema if each.type == TEXT}
    return {
        column.name: place
        for column in EVENT_COLUMNS
        for place in reversed((GIVEN + column.name, *column.paths))
        if place in names and not place.startswith(PARAMETER)
    }
