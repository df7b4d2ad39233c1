"""What the tables of all answers have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ga4_analytics.questions.results import Finality, Result
from ga4_analytics.questions.trends import Bucket
from ga4_analytics.render import text

WIDTH = 80
ACCENT = "cyan"
DIM = "bright_black"
MOST_ROWS = 31
"""Rows of a table of days; the earlier ones are in ``--csv`` and ``records``."""

Number = int | float | None
Cell = str | Text
GAP = 2


def heading(kind: str, about: Iterable[str]) -> Text:
    """The first line of an answer."""
    return Text.assemble((kind, "bold"), ("  " + " · ".join(filter(None, about)), DIM))


def days_of(finality: Finality) -> str:
    """The days of an answer."""
    return f"{finality.start} to {finality.end}"


def foot(result: Result) -> list[RenderableType]:
    """What was counted and how done its days are, beneath the numbers."""
    lines = [*result.definition, *finality_words(result.finality)]
    took = f"{result.seconds * 1000:.3g} ms" if result.seconds < 1 else f"{result.seconds:.3g} s"
    # An answer that was kept does not say how long it took.
    lines += [f"Answered in {took}."] if result.seconds else []
    return ["", *(Text(line, style=DIM) for line in lines)]


def finality_words(finality: Finality) -> list[str]:
    """How far the days of an answer are done, as sentences.

    >>> from datetime import date
    >>> day = date(2020, 11, 1)
    >>> finality_words(Finality(day, day, day, None, True, False, 2))[1]
    '2 days of the question are not loaded: nothing is known of them.'
    """
    if finality.is_final:
        words = ["All days are final."]
    elif finality.is_complete:
        last = f" after {finality.last_final}" if finality.last_final else ""
        words = [f"All days are complete; days{last} are not final and may still change."]
    else:
        words = [f"Not all days are complete; the last complete day is {finality.last_complete}."]
    if count := finality.missing_days:
        which = "1 day of the question is" if count == 1 else f"{count} days of the question are"
        words.append(f"{which} not loaded: nothing is known of {'it' if count == 1 else 'them'}.")
    return words


def number(value: Number, digits: int = 2) -> str:
    """A count, or a number with a few digits.

    >>> number(1234567), number(3.14159), number(None), number(12345.6), number(-0.001)
    ('1,234,567', '3.14', '–', '12,346', '0.00')
    """
    if value is None or isinstance(value, int):
        return text.count(value)
    return text.rounded(value, ",.0f" if abs(value) >= 10_000 else f",.{digits}f")


def bounds(low: float | None, high: float | None) -> str:
    """An interval in per cent, short.

    >>> bounds(0.255, 0.366), bounds(None, None)
    ('25.5–36.6', '–')
    """
    if low is None or high is None:
        return text.NOTHING
    return "–".join(text.rounded(bound * 100, ".1f") for bound in (low, high))


def short(name: str, width: int) -> str:
    """A name that is not wider than a number of characters.

    >>> short("session_start", 8), short("view", 8)
    ('session…', 'view')
    """
    name = " ".join(name.split())
    return name if cell_len(name) <= width else set_cell_size(name, max(width - 1, 0)) + "…"


def group_name(group: Sequence[str | None]) -> str:
    """A group of a breakdown as it is shown.

    >>> group_name(("US", None)), group_name(())
    ('US · (none)', 'all')
    """
    return " · ".join("(none)" if value is None else value or "''" for value in group) or "all"


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    left: int = 1,
    width: int = WIDTH,
) -> Table:
    """Rows of cells under their heads, without a frame.

    Args:
        heads: Names of the columns.
        rows: The cells.
        left: How many columns at the left hold names; the first shrinks where the whole is
            too wide, the others keep their numbers whole.
        width: Characters for the whole.
    """
    sizes = [
        max([cell_len(str(head)), *(cell_len(str(row[place])) for row in rows)])
        for place, head in enumerate(heads)
    ]
    room = width - sum(sizes[1:]) - GAP * (len(heads) - 1)
    found = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style=DIM)
    for place, head in enumerate(heads):
        most = max(6, room) if place == 0 else None
        found.add_column(
            Text(short(head, most) if most else head),
            justify="left" if place < left else "right",
            no_wrap=True,
            width=min(sizes[0], most) if most else sizes[place],
        )
    for row in rows:
        first = row[0]
        if isinstance(first, str):
            first = Text(short(first, max(6, room)))
        cells = [cell if isinstance(cell, Text) else Text(cell) for cell in row[1:]]
        found.add_row(first, *cells)
    return found


def fitting(first: int, sizes: Sequence[int], width: int) -> int:
    """How many columns fit beside a first one.

    >>> fitting(10, [5, 5, 5], 24)
    2
    """
    used, count = first, 0
    for size in sizes:
        used += size + GAP
        if used > width:
            break
        count += 1
    return count


def bucket_name(bucket: Bucket) -> str:
    """A stretch of time, marked where it is not complete or cut by the question's days."""
    name = bucket.start[:16].replace("T", " ")
    return name + ("" if bucket.is_complete else "*") + ("" if bucket.is_whole else "°")


def bucket_notes(buckets: Iterable[Bucket], shown: int, whole: int) -> list[RenderableType]:
    """What the marks beside buckets say, where there are any."""
    given = list(buckets)
    notes = []
    if any(not bucket.is_complete for bucket in given):
        notes.append("* not complete")
    if any(not bucket.is_whole for bucket in given):
        notes.append("° only in part inside the days asked for")
    if shown < whole:
        notes.append(f"the last {shown} of {whole}; --csv has all")
    return [Text("; ".join(notes), style=DIM)] if notes else []


def capital(words: str) -> str:
    """A sentence with its first letter large.

    >>> capital("by day")
    'By day'
    """
    return words[:1].upper() + words[1:]
