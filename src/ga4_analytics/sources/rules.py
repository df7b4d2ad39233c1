"""Every rule by which a value, a line or a file is judged, said once.

A rule that refuses means that the file lost information before it reached us, or is not
what its header says, so that no line of it can be trusted. A rule that rejects means that
one record is bad: it is kept aside and the others are loaded. docs/damage.md shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ga4_analytics.sources.schema import Column

Verdict = Literal["refuse", "reject"]
Accepted = Literal["null", "kept", "null; an id is kept as text", "never"]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: Its short name, as in ``raw.rejects`` and ``raw.damage``.
        scope: What it judges.
        means: What is wrong, in one sentence.
        reason: What is told, with the remedy; ``{value}`` is the text found.
        verdict: Whether the whole load is refused or the one record is rejected.
        accepted: What becomes of the value with ``--accept-damaged``.
    """

    name: str
    scope: Literal["value", "line", "file"]
    means: str
    reason: str
    verdict: Verdict = "reject"
    accepted: Accepted = "null"

    @property
    def acceptable(self) -> bool:
        """Whether ``--accept-damaged`` accepts it."""
        return self.accepted != "never"

    def outcome(self, column: Column) -> Literal["null", "kept"]:
        """What becomes of an accepted value of this column; an unread number is unknown.

        >>> from ga4_analytics.sources.schema import EVENT_COLUMNS
        >>> columns = {column.name: column for column in EVENT_COLUMNS}
        >>> RULES["scientific_notation"].outcome(columns["user_pseudo_id"])
        'kept'
        >>> RULES["scientific_notation"].outcome(columns["event_timestamp"])
        'null'
        """
        return "kept" if column.kind == "text" else "null"


def _rules(*rules: Rule) -> dict[str, Rule]:
    return {rule.name: rule for rule in rules}


_EXPORT_AGAIN = "export again and do not open the file in a spreadsheet."

RULES: dict[str, Rule] = _rules(
    Rule(
        "scientific_notation", "value",
        "An id, a time or a whole number is written as 1.6E+15: a spreadsheet cut its digits.",
        "{value!r} lost digits, as a spreadsheet does to long numbers; " + _EXPORT_AGAIN,
        "refuse", "null; an id is kept as text",
    ),
    Rule(
        "timestamp_unit", "value",
        "event_timestamp is a number of another unit than microseconds.",
        "{value!r} is not microseconds since 1970, which have 16 digits; multiply "
        "seconds by 1,000,000 or milliseconds by 1,000.",
        "refuse",
    ),
    Rule(
        "timestamp_without_zone", "value",
        "event_timestamp is an ISO time without a zone.",
        "{value!r} has no time zone; add one (2026-03-01T13:34:38Z) or "
        "export event_timestamp as microseconds.",
        "refuse",
    ),
    Rule(
        "not_a_timestamp", "value",
        "event_timestamp is neither microseconds nor an ISO time.",
        "{value!r} is not microseconds since 1970 UTC, nor an ISO time with a zone; correct it "
        "in the file.",
    ),
    Rule(
        "future_event", "value",
        "event_timestamp is more than 24 hours after the load.",
        "{value!r} is more than 24 hours in the future; check the clock of what wrote the file, "
        "and of this machine.",
    ),
    Rule(
        "impossible_timestamp", "value",
        "event_timestamp is before 2005, when there was no Google Analytics.",
        "{value!r} is before 2005, so it is no time of an event; correct it in the file.",
    ),
    Rule(
        "missing_event_date", "line",
        "There is no event_date, and no timestamp and zone to take it from.",
        "There is neither a date nor a timestamp to take it from; map one with "
        "--map event_date=COLUMN.",
        accepted="never",
    ),
    Rule(
        "not_a_date", "value",
        "event_date is not a day of the calendar.",
        "{value!r} is not a date such as 20260301 or 2026-03-01; correct it in the file.",
        accepted="never",
    ),
    Rule(
        "impossible_date", "value",
        "event_date is before 2005-01-01, or more than a day after the load.",
        "{value!r} is not a day on which an event can have happened: before 2005-01-01 or more "
        "than a day in the future; correct it in the file, or this machine's clock.",
        accepted="never",
    ),
    Rule(
        "missing_event_name", "line",
        "There is no event_name.",
        "There is no event name; every event needs one.",
        accepted="never",
    ),
    Rule(
        "not_an_event_name", "value",
        "event_name has no letter, is a number, a date or a time, or has over 200 characters.",
        "{value!r} is not the name of an event; map the column of names with "
        "--map event_name=COLUMN.",
        accepted="kept",
    ),
    Rule(
        "not_a_whole_number", "value",
        "A column of whole numbers holds something else, or more than 64 bits can hold.",
        "{value!r} is not a whole number; correct it in the file.",
    ),
    Rule(
        "negative_engagement_time", "value",
        "engagement_time_msec is below zero.",
        "{value!r} milliseconds of engagement cannot be; correct it in the file.",
    ),
    Rule(
        "not_a_flag", "value",
        "A column of flags holds something else.",
        "{value!r} is not true or false; correct it in the file.",
    ),
    Rule(
        "not_an_amount", "value",
        "A column of money holds something else.",
        "{value!r} is not an amount such as 12.50; correct it in the file.",
    ),
    Rule(
        "absurd_amount", "value",
        "An amount is 9.2 million million or more, which no sale is.",
        "{value!r} is more than any amount can be; correct it in the file.",
    ),
    Rule(
        "item_not_a_number", "value",
        "An item's price, quantity or revenue is not a number.",
        "An item's price, quantity or revenue is not a number; correct it in the file.",
    ),
    Rule(
        "ragged_line", "line",
        "A line has more or fewer cells than the header.",
        "The line has more or fewer cells than the header; export it again or mend the line.",
        accepted="never",
    ),
    Rule(
        "invalid_utf8", "line",
        "A line is not valid UTF-8.",
        "The line is not valid UTF-8; export it as UTF-8.",
        accepted="never",
    ),
    Rule(
        "orphan_line", "line",
        "A continuation line stands before the first event.",
        "A continuation line stands before the first event; the file's beginning is missing.",
        accepted="never",
    ),
    Rule(
        "invalid_json", "line",
        "A line is not valid JSON.",
        "The line is not valid JSON; it may be cut off. Export it again.",
        accepted="never",
    ),
    Rule(
        "not_an_object", "line",
        "A line is JSON but not an object.",
        "The line is JSON but not an object; an event is one object per line.",
        accepted="never",
    ),
    Rule(
        "not_a_list", "line",
        "event_params, user_properties or items is not a list.",
        "A repeated field is not a list of records; export it again.",
        accepted="never",
    ),
    Rule(
        "not_a_record", "line",
        "A field such as geo or device is not a record.",
        "{column} is not a record as Google exports it; export again.",
        accepted="never",
    ),
    Rule(
        "unnamed_field", "line",
        "A JSON field has no name, NUL in its name, or the name of another field in capitals.",
        "A field of {column} has no name, NUL in its name, or the name of another field in "
        "capitals; rename it.",
        accepted="never",
    ),
    Rule(
        "invalid_python", "line",
        "A cell is neither a literal of Python nor JSON.",
        "The cell is neither a literal of Python nor JSON; export as NDJSON or Parquet.",
        accepted="never",
    ),
    Rule(
        "elided_cell", "line",
        "A cell was shortened with '...' when it was printed.",
        "The cell was shortened with '...' when it was printed, so values are lost; export as "
        "NDJSON or Parquet.",
        accepted="never",
    ),
    Rule(
        "cell_too_large", "line",
        "A cell is larger, or nested deeper, than a cell of an export can be.",
        "The cell is larger or nested deeper than a cell of an export can be; export as NDJSON or "
        "Parquet.",
        accepted="never",
    ),
    Rule(
        "unreadable_file", "file",
        "A file cannot be read as an export, and --skip-unreadable left it out.",
        "The file cannot be read as an export.",
        accepted="never",
    ),
    Rule(
        "id_lost_digits", "file",
        "No user_pseudo_id has more digits than a spreadsheet (15) or a float (17) holds.",
        "no id has more than {digits} digits and most have as many as fit: they were read as "
        "numbers and lost the rest",
        "refuse", "kept",
    ),
    Rule(
        "timestamp_lost_digits", "file",
        "Every event_timestamp ends in the zeros that a spreadsheet leaves of lost digits.",
        "every time ends in {zeros}, which no clock does: digits were lost and zeros written",
        "refuse",
    ),
    Rule(
        "swapped_columns", "file",
        "A column holds what belongs into another.",
        "{column} does not hold {what}, and {other} does",
        "refuse", "kept",
    ),
    Rule(
        "numbers_for_text", "file",
        "device_category or country holds numbers.",
        "most values are numbers, where words belong",
        "refuse", "kept",
    ),
    Rule(
        "mostly_rejected", "file",
        "One rule rejects more than half of a file of ten lines or more.",
        "{rejected:,} of {lines:,} lines break the rule {broken}: the file is not what its "
        "header says",
        "refuse", "kept",
    ),
)  # fmt: skip
"""Rule by name."""
