"""Settles what a question leaves open: its days, its users, how done its days are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ga4_analytics.analyses.names import column
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import day_number
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import in_words
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Finality
from ga4_analytics.questions.segments import segment_in_words


@dataclass(frozen=True)
class Scope:
    """A question's days.

    Attributes:
        start: First day.
        end: Last day.
        first_day: The first day as a number, as in the index.
        last_day: The last day as a number.
        finality: How done they are.
    """

    start: date
    end: date
    first_day: int
    last_day: int
    finality: Finality


def scope_of(index: Index, query: Query) -> Scope:
    """Settle a question's days and check what it names.

    Raises:
        QuestionError: Its days are in the wrong order, nothing is loaded, it asks for no
            group at all, or a column of its breakdown is not there.
    """
    calendar = index.calendar
    if calendar.first is None or calendar.last is None:
        raise QuestionError(
            f"There is no day of {index.dataset!r} in the index.",
            rule="A question is answered from loaded days.",
            remedy="Load some with `ga4 run PATH`.",
        )
    start, end = query.start or calendar.first, query.end or calendar.last
    if start > end:
        raise QuestionError(
            f"start: {start} is after end: {end}.",
            rule=f"Both days are included; {calendar.first} to {calendar.last} are loaded.",
            remedy="Turn them round.",
        )
    if query.top < 1:
        raise QuestionError(
            f"top: {query.top} groups cannot be shown.",
            rule="At least one group is shown; the rest are put together.",
            remedy="Give 1 or more.",
        )
    for place, name in enumerate(query.by):
        column(index, name, f"by[{place}]")
    return Scope(start, end, day_number(start), day_number(end), finality(index, start, end))


def finality(index: Index, start: date, end: date) -> Finality:
    """How far the days from ``start`` to ``end`` are done."""
    calendar = index.calendar
    inside = [facts for facts in calendar.days if start <= facts.day <= end]
    settled = None
    for facts in calendar.days:
        if not facts.is_final:
            break
        settled = facts.day
    stitched = index.identity == "stitched"
    return Finality(
        start=start,
        end=end,
        last_complete=calendar.last_complete,
        last_final=None if stitched else settled,
        is_complete=bool(inside) and all(facts.is_complete for facts in inside),
        is_final=bool(inside) and not stitched and all(facts.is_final for facts in inside),
        missing_days=(end - start).days + 1 - len(inside),
    )


def words_of(index: Index, query: Query, scope: Scope) -> tuple[str, ...]:
    """What a question's common parts mean, in sentences for `Result.definition`."""
    zone = index.calendar.zone or "the property's zone, which is not known"
    who = {
        "device": "A user is a device (user_pseudo_id).",
        "stitched": "A user is the latest user_id of a device, else the device.",
    }[index.identity]
    sentences = [f"Days {scope.start} to {scope.end}, both included, in {zone}.", who]
    if query.where is not None:
        sentences.append(f"Only events where {in_words(query.where)}.")
    if query.users is not None:
        sentences.append(f"Only users with: {segment_in_words(query.users)}.")
    return tuple(sentences)
