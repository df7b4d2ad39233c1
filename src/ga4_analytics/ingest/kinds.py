"""Which table speaks for a day: the daily one, else the fresh one, else the intraday one.

Google writes one day into up to three tables. They never add up: for each day the best
table that was ever loaded is the day, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ga4_analytics.ingest.files import InputFile
from ga4_analytics.ingest.staging import Tally

RANKS: dict[str, int] = {"intraday": 1, "fresh": 2, "daily": 3, "flat": 3}
"""Table kind to its rank; of two equal ones the later load replaces the day."""


@dataclass(frozen=True)
class Lost:
    """Rows of a file that a better table of their day makes superfluous.

    Attributes:
        event_date: The day.
        sha256: Checksum of the file.
        first_row: First row id of the file.
        last_row: Last row id of the file.
    """

    event_date: date
    sha256: str
    first_row: int
    last_row: int


@dataclass(frozen=True)
class Precedence:
    """What each day is taken from.

    Attributes:
        kinds: Day to the kind of table that it is taken from.
        lost: The rows that are left out.
    """

    kinds: Mapping[date, str]
    lost: tuple[Lost, ...]


def precedence(
    files: Sequence[InputFile], tally: Tally, held: Mapping[date, str | None]
) -> Precedence:
    """Choose the table of each day.

    Args:
        files: The files of the load.
        tally: What reading them found.
        held: Day to the kind of table that the warehouse has it from.
    """
    found: dict[date, set[str]] = {}
    for file in files:
        for day in tally.days[file.sha256]:
            found.setdefault(day, set()).add(file.detected.table_kind)
    best = {day: max(kinds, key=lambda kind: RANKS[kind]) for day, kinds in found.items()}
    won = {
        day: kind for day, kind in best.items() if RANKS[kind] >= RANKS.get(held.get(day) or "", 0)
    }
    lost = [
        Lost(day, file.sha256, *tally.rows_of[file.sha256])
        for file in files
        for day in sorted(tally.days[file.sha256])
        if won.get(day) != file.detected.table_kind
    ]
    return Precedence(won, tuple(lost))
