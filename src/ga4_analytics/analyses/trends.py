"""Numbers over time, from the index."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from time import perf_counter

import numpy as np

from ga4_analytics.analyses import measures
from ga4_analytics.analyses.buckets import Buckets, buckets_of
from ga4_analytics.analyses.formulas import LETTERS, Formula, formula
from ga4_analytics.analyses.groups import Grouping
from ga4_analytics.analyses.masks import Masks, compiled
from ga4_analytics.analyses.measures import WIDTHS, Numbers, Plan
from ga4_analytics.analyses.names import column
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.ranked import top_groups
from ga4_analytics.analyses.scope import Scope, scope_of, words_of
from ga4_analytics.analyses.told import needs, tells, words_of_untold
from ga4_analytics.analyses.whos import View, day_parts, need_of, user_parts
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import DayFacts, day_number
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.layout import U8
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.trends import Before, Bucket, Line, Number, Trends, TrendsResult

_WITH_COLUMN = ("sum", "average", "min", "max", "percentile")
_MAY_HAVE_COLUMN = ("per_user", "percentile_per_user")
_BY_DAY = ("active_users", "new_users", "rolling_7d_users", "rolling_28d_users")
_SESSIONS = ("sessions", "engaged_sessions")
_OF_USERS = ("users", *_SESSIONS, "per_user", "percentile_per_user", *_BY_DAY)


def answer(index: Index, question: Trends, *, threads: int | None = None) -> TrendsResult:
    """Work out numbers over time.

    Args:
        index: The index.
        question: What is asked.
        threads: How many parts are worked on at once; None: one a processor.

    Returns:
        A line a series and formula, of each group.

    Raises:
        QuestionError: The question names what is not there, or what does not go together.
    """
    begun = perf_counter()
    scope = scope_of(index, question.query)
    _checked_count(question)
    columns = tuple(_checked(index, question, n) for n in range(len(question.series)))
    letters = LETTERS[: len(question.series)]
    formulas = tuple(
        formula(text, letters, f"formulas[{n}]") for n, text in enumerate(question.formulas)
    )
    now = _buckets(index, question, scope.first_day, scope.last_day)
    earlier = None
    if question.compare is not None:
        earlier = _buckets(index, question, *_shifted(scope, question.compare))
    work = _Work(
        index, question, columns, compiled(index, [s.event for s in question.series],
        question.query.where), chosen_users(index, question.query.users), threads,
    )  # fmt: skip
    groups = work.grouped(now, earlier)
    lines = _lines(question, work.lines(now, groups), formulas, groups)
    previous: tuple[Line, ...] = ()
    if earlier is not None:
        previous = _lines(question, work.lines(earlier, groups), formulas, groups)
    return TrendsResult(
        spec=question,
        definition=(*words_of(index, question.query, scope), *_words(index, question, now)),
        finality=scope.finality,
        seconds=perf_counter() - begun,
        buckets=now.shown,
        lines=lines,
        previous_buckets=() if earlier is None else earlier.shown,
        previous=previous,
        changes=_changes(lines, previous, (*now.shown, *(earlier.shown if earlier else ()))),
    )


def change(now: Number, before: Number) -> float | None:
    """A number against an earlier one, as a fraction.

    >>> change(110, 100), change(5, 0), change(None, 3)
    (0.1, None, None)
    """
    if now is None or not before:
        return None
    return (now - before) / abs(before)


def _changes(
    lines: Sequence[Line], previous: Sequence[Line], buckets: Sequence[Bucket]
) -> tuple[float | None, ...]:
    """Each line's total against the earlier one, where both periods are all there."""
    whole = all(bucket.is_complete for bucket in buckets)
    return tuple(
        change(line.total, before.total) if whole else None
        for line, before in zip(lines, previous, strict=False)
    )


def _checked_count(question: Trends) -> None:
    if not 1 <= len(question.series) <= len(LETTERS):
        raise QuestionError(
            f"series: there are {len(question.series)}.",
            rule=f"A question has 1 to {len(LETTERS)} series.",
            remedy="Ask for fewer at once, or for one.",
        )


def _checked(index: Index, question: Trends, place: int) -> ColumnSpec | None:
    """Refuse a series that does not go together; its column where it has one."""
    series, field = question.series[place], f"series[{place}]"
    measure = series.measure
    if measure in _BY_DAY and question.granularity == "hour":
        raise _wrong(f"{field}: {measure} are told by day.", "Ask for days, weeks or months.")
    if measure in WIDTHS and question.granularity != "day":
        raise _wrong(f"{field}: {measure} end on a day.", "Ask with granularity day.")
    if not 0 < series.percentile < 100:
        raise _wrong(
            f"{field}.percentile: {series.percentile} is none.",
            "Give a number above 0 and below 100.",
        )
    if series.column is None:
        if measure in _WITH_COLUMN:
            raise _wrong(f"{field}: {measure} has no column.", "Give a column of numbers.")
        return None
    if measure not in (*_WITH_COLUMN, *_MAY_HAVE_COLUMN):
        raise _wrong(f"{field}: {measure} takes no column.", "Remove the column, or ask for sum.")
    spec = column(index, series.column, f"{field}.column")
    if spec.kind not in ("integer", "micros"):
        raise _wrong(
            f"{field}.column: {spec.name} holds text.",
            "Give one of "
            + ", ".join(s.name for s in index.specs if s.kind in ("integer", "micros"))
            + ".",
        )
    return spec


def _wrong(problem: str, remedy: str) -> QuestionError:
    return QuestionError(
        problem, rule="A series has a measure, and a column where it needs one.", remedy=remedy
    )


def _buckets(index: Index, question: Trends, first: int, last: int) -> Buckets:
    return buckets_of(index, first, last, question.granularity, question.week_starts)


def _shifted(scope: Scope, before: Before) -> tuple[int, int]:
    """The first and last day of an earlier period.

    Raises:
        QuestionError: It is not earlier, or before the calendar begins.
    """
    length = (scope.end - scope.start).days + 1
    try:
        if before.count < 1:
            raise ValueError
        if before.unit == "month":
            ends = [_months_before(day, before.count) for day in (scope.start, scope.end)]
        else:
            days = {"period": length, "day": 1, "week": 7}[before.unit] * before.count
            ends = [day - timedelta(days=days) for day in (scope.start, scope.end)]
    except (ValueError, OverflowError):
        raise QuestionError(
            f"compare: {before.count} {before.unit}s before is no time to compare with.",
            rule="The earlier period lies a whole number of units before, in the years 1 to 9999.",
            remedy="Give a count of 1 or a little more.",
        ) from None
    return day_number(ends[0]), day_number(ends[1])


def _months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class _Work:
    """A question made ready for an index."""

    index: Index
    question: Trends
    columns: tuple[ColumnSpec | None, ...]
    masks: Masks
    chosen: tuple[U8, ...]
    threads: int | None

    def _nobody(self) -> list[Part]:
        """Nobody's rows in parts, where the question is not about some users."""
        if self.question.query.users is not None:
            return []
        ones = [np.ones(segment.users, np.uint8) for segment in self.index.nobody]
        return parts(self.index.nobody, ones)

    def _parts(self, buckets: Buckets, groups: Grouping | None) -> list[Part]:
        """The users in parts: in larger ones where their days answer all series."""
        by_day = all(each.measure in ("users", *_BY_DAY) for each in self.question.series)
        if by_day and groups is None and buckets.hours is None:
            return day_parts(self.index, self.chosen)
        return user_parts(self.index, self.chosen)

    def grouped(self, now: Buckets, earlier: Buckets | None) -> Grouping | None:
        """The groups that are shown; None for no breakdown."""
        if not self.question.query.by:
            return None
        return top_groups(
            self.index,
            self.question.query,
            self.masks,
            (1 << len(self.question.series)) - 1,
            [*user_parts(self.index, self.chosen), *self._nobody()],
            [now] if earlier is None else [now, earlier],
            self.threads,
        )

    def lines(self, buckets: Buckets, groups: Grouping | None) -> list[Numbers]:
        """The numbers of each series."""
        question = self.question
        plan = Plan(
            question.series,
            self.columns,
            question.query,
            buckets,
            1 if groups is None else len(groups.labels),
            need_of(self.index, len(buckets.table)),
            self.index.calendar.days[0].start_us,
        )

        def work(part: Part, nobody: bool = False) -> list[measures.Tally | None]:
            view = View(part, self.masks, groups, buckets)
            return [
                None
                if nobody and series.measure not in measures.OF_EVENTS
                else measures.tally(view, plan, place)
                for place, series in enumerate(question.series)
            ]

        pieces = on_each(work, self._parts(buckets, groups), self.threads)
        pieces += on_each(lambda part: work(part, True), self._nobody(), self.threads)
        found = []
        for place in range(len(question.series)):
            tallies = [t for piece in pieces if (t := piece[place]) is not None]
            numbers = measures.numbers(plan, place, measures.joined(plan, place, tallies))
            found.append(_told(self.index, question, place, buckets, numbers))
        return found


def needed_of(question: Trends, place: int) -> set[str]:
    """What a day's files must have for a series to be known."""
    series = question.series[place]
    found = needs([series.event], question.query.where, series.column)
    if series.measure in _OF_USERS:
        found.add("user_pseudo_id")
    if series.measure in _SESSIONS or question.granularity == "hour":
        found.add("event_timestamp")
    return found


def _told(
    index: Index, question: Trends, place: int, buckets: Buckets, numbers: Numbers
) -> Numbers:
    """Null where no day is loaded, or one of them cannot tell."""
    measure, needed = question.series[place].measure, needed_of(question, place)
    untold = untold_days(index) if measure in ("active_users", *WIDTHS) else frozenset()

    def known(days: Sequence[DayFacts]) -> bool:
        return bool(days) and all(tells(d, needed) and d.day not in untold for d in days)

    keep = [known(days) for days in buckets.loaded]
    if measure in WIDTHS:
        width = WIDTHS[measure]
        keep = [
            bool(days) and _window_known(index, days[0].day, width, needed, untold)
            for days in buckets.loaded
        ]
    everything = known([facts for days in buckets.loaded for facts in days])

    def masked(lines: list[list[Number]] | None) -> list[list[Number]] | None:
        if lines is None:
            return None
        return [[v if k else None for v, k in zip(line, keep, strict=True)] for line in lines]

    values = masked(numbers.values) or []
    totals = numbers.totals if everything else [None] * len(numbers.totals)
    return Numbers(values, totals, masked(numbers.numerators), masked(numbers.denominators))


def untold_days(index: Index) -> frozenset[date]:
    """Days with users whose files cannot tell who was active."""
    silent = [facts.day for facts in index.calendar.days if facts.active_rule is None]
    if not silent:
        return frozenset()
    there = set().union(*(np.unique(segment.day).tolist() for segment in index.segments))
    return frozenset(day for day in silent if day_number(day) in there)


def _window_known(
    index: Index, day: date, width: int, needed: set[str], untold: frozenset[date]
) -> bool:
    """Whether a window that ends on a day is spanned by the data, and its days can tell."""
    first = day - timedelta(days=width - 1)
    if first < index.calendar.days[0].day:
        return False
    window = [index.calendar.by_day.get(first + timedelta(days=n)) for n in range(width)]
    return all(f is None or (tells(f, needed) and f.day not in untold) for f in window)


def _lines(
    question: Trends,
    found: Sequence[Numbers],
    formulas: Sequence[Formula],
    groups: Grouping | None,
) -> tuple[Line, ...]:
    """Series and then formulas, group by group."""
    labels = ((),) if groups is None else groups.labels
    lines = []
    for group, label in enumerate(labels):
        for place, numbers in enumerate(found):
            above, below = numbers.numerators, numbers.denominators
            lines.append(
                Line(
                    question.series[place].shown,
                    LETTERS[place],
                    label,
                    tuple(numbers.values[group]),
                    numbers.totals[group],
                    None if above is None else tuple(above[group]),
                    None if below is None else tuple(below[group]),
                )
            )
        of_group = lines[-len(found) :]
        for text, work in zip(question.formulas, formulas, strict=True):
            columns = zip(*(line.values for line in of_group), strict=True)
            values = tuple(work(dict(zip(LETTERS, column, strict=False))) for column in columns)
            total = work({line.letter: line.total for line in of_group})
            lines.append(Line(text, text, label, values, total))
    return tuple(lines)


_MEANINGS = {
    "sessions": "A session counts once, on the date of its first event, where any of its events "
    "is meant; its group is that of the first one.",
    "new_users": "A new user counts on the day of their first_visit or first_open, else of their "
    "first event in the data, where they have an event that is meant on that day; who was first "
    "touched before the first loaded day is never new.",
    "rolling_7d_users": "Rolling 7-day users: distinct active users with an event that is meant "
    "in the 7 days that end there; null until 7 days are loaded.",
    "rolling_28d_users": "Rolling 28-day users: distinct active users with an event that is meant "
    "in the 28 days that end there; null until 28 days are loaded.",
    "per_user": "Per user: over the users who have such an event in the stretch of time.",
    "percentile": "A percentile lies on a straight line between neighbouring values.",
    "percentile_per_user": "A percentile per user is over the users who have such an event in "
    "the stretch of time, on a straight line between neighbouring values.",
}


def _words(index: Index, question: Trends, buckets: Buckets) -> tuple[str, ...]:
    """What the series mean."""
    used: set[str] = {series.measure for series in question.series}
    words = [text for measure, text in _MEANINGS.items() if measure in used]
    if used & {"active_users", *WIDTHS}:
        words.append(_active_words(buckets))
    if used - set(measures.OF_EVENTS):
        words.append("The total is of distinct users or sessions of all days, not a sum of days.")
    if question.granularity == "week":
        words.append(f"Weeks start on {question.week_starts.title()}.")
    if question.granularity == "hour":
        words.append("An hour is told by the event's own time; events without one are left out.")
    if question.query.by:
        words.append(
            f"The {question.query.top} groups with most events that are meant; the others together."
        )
    if question.formulas:
        words.append("A formula is null where it divides by zero or a number in it is null.")
    needed = set().union(*(needed_of(question, place) for place in range(len(question.series))))
    days = [facts for loaded in buckets.loaded for facts in loaded]
    return (*words, *words_of_untold(dict.fromkeys(days), needed))


def _active_words(buckets: Buckets) -> str:
    rules = {facts.active_rule for days in buckets.loaded for facts in days}
    told = {
        "exported": "by is_active_user as exported",
        "proxy": "by proxy: an engaged session, a first visit, or engagement time",
    }
    ways = " or ".join(told[rule] for rule in sorted(r for r in rules if r))
    silent = "; days that cannot tell are null" if None in rules else ""
    return f"An active user is told {ways or 'by nothing in these files'}{silent}."
