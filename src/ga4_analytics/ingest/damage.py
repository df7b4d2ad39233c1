"""Damage: refused with its place and remedy, or accepted knowingly and recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.errors import DamagedFileError
from ga4_analytics.ingest.evidence import Evidence, Finding
from ga4_analytics.ingest.files import InputFile
from ga4_analytics.ingest.groups import Group
from ga4_analytics.sources.batches import GIVEN, LINE, Reject
from ga4_analytics.sources.csv_rows import read_header
from ga4_analytics.sources.mapping import ColumnOptions, plan_columns
from ga4_analytics.sources.rules import RULES
from ga4_analytics.sources.schema import EVENT_COLUMNS
from ga4_analytics.sources.stage_columns import ROW

SHOWN = 5
ACCEPT = "or accept the loss knowingly with --accept-damaged"
_COLUMNS = {column.name: column for column in EVENT_COLUMNS}


@dataclass(frozen=True)
class Damage:
    """A rule that a column of a file breaks: a row of ``raw.damage``.

    Attributes:
        file: The file as the user named it.
        column: The canonical column; None where it is the whole record.
        rule: Short name of the rule.
        records: How many records break it.
        first_line: The first of them.
        example: What stands there.
        reason: What is wrong.
        accepted: Whether it was accepted; if not, the records are rejects.
        lost: Whether the values became null.
    """

    file: str
    column: str | None
    rule: str
    records: int
    first_line: int | None
    example: str | None
    reason: str
    accepted: bool
    lost: bool


class DamageLog:
    """Collects the damage that a load accepts."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, str], tuple[int, int | None, str | None]] = {}

    def values(self, group: Group, damage: pa.Table) -> None:
        """Add values that were accepted.

        Args:
            group: The records.
            damage: What `Normalised.damage` holds of them.
        """
        for part in group.parts:
            rows = damage.column(ROW)
            stop = part.first_row + part.batch.table.num_rows
            mine = damage.filter(
                pc.and_(pc.greater_equal(rows, part.first_row), pc.less(rows, stop))
            )
            if not mine.num_rows:
                continue
            places = pc.subtract(mine.column(ROW), part.first_row)
            mine = mine.append_column("line", part.batch.table.column(LINE).take(places))
            counted = mine.group_by(["column_name", "rule"]).aggregate(
                [("line", "count"), ("line", "min")]
            )
            for each in counted.to_pylist():
                name, rule, line = each["column_name"], each["rule"], each["line_min"]
                first = mine.filter(
                    (pc.field("column_name") == name)
                    & (pc.field("rule") == rule)
                    & (pc.field("line") == line)
                )
                self._add(
                    (part.file.name, name, rule),
                    each["line_count"],
                    line,
                    first.column("value")[0].as_py(),
                )

    def finding(self, file: InputFile, found: Finding) -> None:
        """Add a file-level finding that was accepted."""
        self._add((file.name, found.column, found.rule), found.records, found.line, found.example)

    def _add(
        self, key: tuple[str, str | None, str], records: int, line: int | None, example: str | None
    ) -> None:
        before = self._found.get(key)
        if before is None:
            self._found[key] = (records, line, example)
        else:
            self._found[key] = (before[0] + records, before[1], before[2])

    def accepted(self) -> list[Damage]:
        """What was accepted, by file, column and rule."""
        return [
            Damage(
                name,
                column,
                rule,
                *found,
                RULES[rule].means,
                True,
                _lost(column, rule),
            )
            for (name, column, rule), found in sorted(
                self._found.items(), key=lambda each: tuple(part or "" for part in each[0])
            )
        ]


def _lost(column: str | None, rule: str) -> bool:
    """Whether an accepted value is null; a file-level rule that keeps values keeps them."""
    if column not in _COLUMNS or RULES[rule].accepted == "kept":
        return False
    return RULES[rule].outcome(_COLUMNS[column]) == "null"


def rejected(rejects: Iterable[tuple[str, Reject]]) -> list[Damage]:
    """Rejected records by file, column and rule.

    Args:
        rejects: File and reject, in order of file and line.
    """
    found: dict[tuple[str, str | None, str], list[int]] = {}
    for name, reject in rejects:
        key = (name, reject.column, reject.rule)
        count = found.setdefault(key, [0, reject.line])
        count[0] += 1
    return [
        Damage(name, column, rule, count, line, None, RULES[rule].means, False, False)
        for (name, column, rule), (count, line) in found.items()
    ]


def refuse_values(file: InputFile, fatal: Sequence[Reject]) -> DamagedFileError:
    """The refusal of a file for values that lost information."""
    alike: dict[tuple[str | None, str], list[Reject]] = {}
    for reject in fatal:
        alike.setdefault((reject.column, reject.rule), []).append(reject)
    return DamagedFileError(
        f"{file.name} is damaged: {' '.join(_first_and_others(some) for some in alike.values())}",
        rule="Values that lost information are not guessed; nothing of this load was kept.",
        remedy=f"Load a fresh export, {ACCEPT}.",
    )


def _first_and_others(fatal: Sequence[Reject]) -> str:
    first, others = fatal[0], fatal[1:SHOWN]
    told = f"line {first.line}, column {first.column}: {first.reason} ({first.rule})"
    if not others:
        return told
    lines = ", ".join(str(reject.line) for reject in others)
    more = f" and {len(fatal) - SHOWN:,} more in this part of it" if len(fatal) > SHOWN else ""
    return f"{told} Likewise line{'s' * (len(others) > 1)} {lines}{more}."


def refuse_file(
    evidence: Evidence, findings: Sequence[Finding], options: ColumnOptions
) -> DamagedFileError:
    """The refusal of a file that is damaged as a whole."""
    shown = "; ".join(_told(found) for found in findings)
    rules = " ".join(RULES[rule].means for rule in dict.fromkeys(each.rule for each in findings))
    remedies = [_remedy(evidence.file, found, options) for found in findings]
    return DamagedFileError(
        f"{evidence.file.name} is damaged: {shown}.",
        rule=f"{rules} Nothing of this load was kept.",
        remedy=f"{'; '.join(dict.fromkeys(remedies))}, {ACCEPT}.",
    )


def _told(found: Finding) -> str:
    place = ", ".join(
        [
            *([f"line {found.line}"] if found.line is not None else []),
            *([f"column {found.column}"] if found.column else []),
        ]
    )
    example = f"{found.example!r}: " if found.example is not None else ""
    return f"{place}: {example}{found.reason} ({found.rule})"


def _remedy(file: InputFile, found: Finding, options: ColumnOptions) -> str:
    if found.rule == "swapped_columns" and found.column and found.holder:
        pairs = [(found.column, found.holder)]
        pairs += [(found.holder, found.column)] if found.mutual else []
        names = _header_names(file, options)
        maps = " ".join(f"--map {ours}={names.get(theirs, theirs)}" for ours, theirs in pairs)
        return f"Name the columns right in the header, or with {maps}"
    if found.rule == "numbers_for_text":
        return f"Name the right column with --map {found.column}=NAME"
    if found.rule == "mostly_rejected":
        return "Mend the file or name its columns with --map"
    return "Export again, with ids and times as text, and do not open the file in a spreadsheet"


def _header_names(file: InputFile, options: ColumnOptions) -> dict[str, str]:
    """Canonical column to the file's own name for it, where the shape is flat."""
    if file.detected.shape not in {"flat CSV", "item CSV"}:
        return {}
    header = read_header(file.detected.path)
    plan = plan_columns(header, options, file.detected.path)
    return {target.removeprefix(GIVEN): name for target, (_, name) in plan.items()}
