"""Every error this project raises on purpose.

One tree, so that a caller can catch as much or as little as it wants::

    Ga4Error
    ├── SettingsError        a setting is missing, unknown or contradicts the data
    ├── SourceError          a file cannot be read as a GA4 export
    │   ├── UnknownShapeError    nothing in the file says which export it is
    │   └── DamagedFileError     a value lost information before it reached us
    ├── LoadError            the load was refused; the old data is as it was
    │   └── ShrinkingDayError    a day would lose rows or an event name
    ├── WarehouseError       the warehouse cannot be reached, opened or written
    ├── BuildError           a dbt model or test failed
    ├── QuestionError        a question asks for what cannot be answered
    ├── StaleError           a published result no longer matches the data
    ├── ExportError          an export cannot be finished, or is not as it was written
    ├── MetabaseError        Metabase cannot be reached, or refused what was asked
    └── BusyError            another process holds the lock

Each message says what was found, which rule it breaks and what to do.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns; documented in ``ga4 --help``."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    SETTINGS = 3
    SOURCE = 4
    REFUSED = 5
    WAREHOUSE = 6
    BUILD = 7
    STALE = 8
    BUSY = 9
    QUESTION = 10
    METABASE = 11
    EXPORT = 12
    INTERRUPTED = 130


class Ga4Error(Exception):
    """Base of every error raised on purpose.

    Args:
        problem: What was found, with its value and place.
        rule: Which rule it breaks, in one sentence; may be empty.
        remedy: What to do about it; may be empty.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, problem: str, *, rule: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.rule = rule
        self.remedy = remedy
        super().__init__(" ".join(part for part in (problem, rule, remedy) if part))


class SettingsError(Ga4Error):
    """A setting is missing, unknown or contradicts the data."""

    exit_code = ExitCode.SETTINGS


class SourceError(Ga4Error):
    """A file cannot be read as a GA4 export."""

    exit_code = ExitCode.SOURCE


class UnknownShapeError(SourceError):
    """Nothing in the file says which export it is."""


class DamagedFileError(SourceError):
    """A value lost information before it reached us, as spreadsheets do to long numbers."""


class LoadError(Ga4Error):
    """The load was refused; the old data is as it was."""

    exit_code = ExitCode.REFUSED


class ShrinkingDayError(LoadError):
    """A day would lose more rows than allowed, or an event name that was there."""


class WarehouseError(Ga4Error):
    """The warehouse cannot be reached, opened or written."""

    exit_code = ExitCode.WAREHOUSE


class BuildError(Ga4Error):
    """A dbt model or test failed."""

    exit_code = ExitCode.BUILD


class QuestionError(Ga4Error):
    """A question names what is not there or breaks a rule of its kind; says field and remedy."""

    exit_code = ExitCode.QUESTION


class StaleError(Ga4Error):
    """A published result no longer matches the data it was made from."""

    exit_code = ExitCode.STALE


class MetabaseError(Ga4Error):
    """Metabase cannot be reached, is of a version we do not know, or refused a request.

    Args:
        problem: What was found, with its value and place.
        rule: Which rule it breaks, in one sentence; may be empty.
        remedy: What to do about it; may be empty.
        status: The HTTP status of the answer; 0 where there was none.
    """

    exit_code = ExitCode.METABASE

    def __init__(self, problem: str, *, rule: str = "", remedy: str = "", status: int = 0) -> None:
        super().__init__(problem, rule=rule, remedy=remedy)
        self.status = status


class ExportError(Ga4Error):
    """An export cannot be finished, or what is in a folder is not what was exported."""

    exit_code = ExitCode.EXPORT


class BusyError(Ga4Error):
    """Another process holds the lock."""

    exit_code = ExitCode.BUSY
