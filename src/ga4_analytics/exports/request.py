"""What is asked of an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ga4_analytics.questions.segments import UserSegment

FORMATS = ("amplitude", "heap", "mixpanel", "posthog", "segment")
"""The formats' names."""
FLAT_FORMATS = ("amplitude", "heap")
"""Those that there is a flat CSV for: one for both."""


@dataclass(frozen=True)
class ExportRequest:
    """Which events of a property go into which kind of file.

    Attributes:
        target: The format's name, as ``amplitude``.
        start: First day, in the property's calendar; None: the first loaded day.
        end: Last day, inclusive; None: the last loaded day.
        events: Names of the events meant; none: all.
        users: Whose events; None: everybody's.
        whole_users: Whether all events, of all days and names, go out of each user who has an
            event that is meant.
        with_users: Whether files of users' properties are written beside those of events.
        max_rows: Most lines of a file; None: the most that a request to the vendor takes.
        max_bytes: Most bytes of a file; None: the most that a request to the vendor takes.
        min_id_length: Fewest characters of an id, where the vendor lets one choose.
    """

    target: str
    start: date | None = None
    end: date | None = None
    events: tuple[str, ...] = ()
    users: UserSegment | None = None
    whole_users: bool = False
    with_users: bool = True
    max_rows: int | None = None
    max_bytes: int | None = None
    min_id_length: int | None = None
