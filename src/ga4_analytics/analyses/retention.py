"""Who comes back, from the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.buckets import buckets_of, loaded_span, unit_table
from ga4_analytics.analyses.cohorts import Cells, Frame, frame_of, group_of
from ga4_analytics.analyses.groups import Grouping
from ga4_analytics.analyses.masks import Masks, compiled
from ga4_analytics.analyses.names import column
from ga4_analytics.analyses.parts import PART_ROWS, Part, on_each
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.ranked import top_groups
from ga4_analytics.analyses.scope import Scope, scope_of, words_of
from ga4_analytics.analyses.told import needs, words_of_untold
from ga4_analytics.analyses.whos import (
    NONE_32,
    NONE_64,
    Array,
    View,
    day_parts,
    fixed,
    is_any,
    summed,
    user_days,
    user_parts,
)
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.columns import NO_NUMBER, ColumnSpec
from ga4_analytics.index.layout import U8, DayFlag
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import retention as kernels
from ga4_analytics.questions.retention import Retention, RetentionGroup, RetentionResult
from ga4_analytics.stats.bootstrap import ratio_interval

HOUR = 3_600_000_000
LENGTHS = {"day": 24 * HOUR, "week": 7 * 24 * HOUR, "month": 30 * 24 * HOUR}
MOST_PERIODS = 5_000
MOST_TALLIES = 20_000_000
_ENTRIES = {"first_ever": 0, "first_in_range": 1, "recurring": 2}
_MODES = {"bounded": 0, "unbounded": 1, "bracket": 2}


def answer(index: Index, question: Retention, *, threads: int | None = None) -> RetentionResult:
    """Work out who comes back.

    Args:
        index: The index.
        question: What is asked.
        threads: How many parts are worked on at once; None: one a processor.

    Returns:
        Cohorts of all users, and of each group of a breakdown.

    Raises:
        QuestionError: The question names what is not there, or what does not go together.
    """
    begun = perf_counter()
    scope = scope_of(index, question.query)
    spec = _checked(index, question)
    frame = frame_of(index, question, scope, _needed(question))
    masks = compiled(index, (question.start, question.returns), question.query.where)
    chosen = chosen_users(index, question.query.users)
    groups = None
    if question.query.by:
        days = buckets_of(index, scope.first_day, scope.last_day, "day")
        given = user_parts(index, chosen)
        groups = top_groups(index, question.query, masks, 1, given, [days], threads)
    work = _Work(index, question, scope, spec, frame, masks, groups)
    cells = work.counted(chosen, threads)
    overall, shown = _groups(question, frame, spec, cells, groups)
    return RetentionResult(
        spec=question,
        definition=(*words_of(index, question.query, scope), *_words(index, question, frame)),
        finality=scope.finality,
        seconds=perf_counter() - begun,
        periods=frame.periods,
        overall=overall,
        groups=shown,
    )


def _checked(index: Index, question: Retention) -> ColumnSpec | None:
    """Refuse what does not go together; the value's column."""
    bracket = question.mode == "bracket"
    if bracket != bool(question.brackets):
        raise _wrong(
            "brackets: there are none." if bracket else "brackets: the mode is not bracket.",
            "Give pairs such as (1, 7), and only with mode bracket.",
        )
    for place, (a, b) in enumerate(question.brackets):
        if not 0 <= a <= b <= MOST_PERIODS:
            raise _wrong(
                f"brackets[{place}]: ({a}, {b}) is none.", "Give a and b with 0 <= a <= b."
            )
    if not 0 <= question.periods <= MOST_PERIODS:
        raise _wrong(f"periods: {question.periods}.", f"Give 0 to {MOST_PERIODS:,}.")
    if not 0 <= question.bootstrap <= 100_000:
        raise _wrong(f"bootstrap: {question.bootstrap} resamplings.", "Give 0 to 100,000.")
    if question.seed < 0:
        raise _wrong(f"seed: {question.seed} is below 0.", "Give 0 or more.")
    if question.value is None:
        return None
    spec = column(index, question.value, "value")
    if spec.kind not in ("integer", "micros"):
        raise _wrong(f"value: {spec.name} holds text.", "Give a column of numbers.")
    return spec


def _wrong(problem: str, remedy: str) -> QuestionError:
    rule = f"Retention has periods from 0 to at most {MOST_PERIODS:,}, or brackets of them."
    return QuestionError(problem, rule=rule, remedy=remedy)


def _needed(question: Retention) -> set[str]:
    """What a day's files must have to tell who came back."""
    found = needs((question.start, question.returns), question.query.where, question.value)
    found.add("user_pseudo_id")
    if question.clock == "rolling":
        found.add("event_timestamp")
    return found


@dataclass(frozen=True)
class _Work:
    """A question made ready for an index."""

    index: Index
    question: Retention
    scope: Scope
    spec: ColumnSpec | None
    frame: Frame
    masks: Masks
    groups: Grouping | None

    def counted(self, chosen: Sequence[U8], threads: int | None) -> Cells:
        """The counts of all cells."""
        groups = 1 if self.groups is None else len(self.groups.labels)
        cohorts, periods = len(self.frame.cohorts), len(self.frame.periods)
        tallies = 0
        if self.question.bootstrap:
            tallies = 1 + (cohorts if self.question.entry == "recurring" else 1)
            if periods * tallies * tallies > MOST_TALLIES:
                raise _wrong(
                    "bootstrap: there are too many periods and cohorts together.",
                    "Ask for fewer days or periods, or for weeks.",
                )
        shape = (groups, cohorts, periods)

        def work(part: Part) -> tuple[Array, ...]:
            entries, counts = np.zeros(shape[:2], np.int64), np.zeros(shape, np.int64)
            amounts = np.zeros((0, 0, 0) if self.spec is None else shape, np.int64)
            tally = np.zeros((periods if tallies else 0, tallies, tallies), np.int64)
            if self._from_first_days() and not tallies:
                self._first_days(part, entries, counts)
                return entries, counts, amounts, tally
            count = self._by_clock if self.question.clock == "rolling" else self._by_calendar
            count(part, entries, counts, amounts, tally)
            return entries, counts, amounts, tally

        entries, counts, amounts, tally = summed(on_each(work, self._parts(chosen), threads))
        if self.question.mode == "unbounded":
            counts, amounts = (
                np.cumsum(a[..., ::-1], axis=-1)[..., ::-1] for a in (counts, amounts)
            )
        return Cells(entries, counts, None if self.spec is None else amounts, self._interval(tally))

    def _from_user_days(self) -> bool:
        """Whether user-days answer, without a look at rows."""
        question, where = self.question, self.question.query.where
        return (
            question.clock == "calendar"
            and self.groups is None
            and self.spec is None
            and is_any(question.start, where)
            and is_any(question.returns, where)
        )

    @property
    def _is_by_days(self) -> bool:
        """Whether the question is of the common kind, which has a kernel of its own."""
        question = self.question
        return (
            question.entry != "recurring"
            and (question.mode, question.unit) == ("bounded", "day")
            and self.groups is None
            and self.spec is None
        )

    def _from_first_days(self) -> bool:
        """Whether the first user-days of everybody answer, which have a kernel of their own."""
        is_first = self.question.entry == "first_ever" and self._is_by_days
        return is_first and self._from_user_days()

    @cached_property
    def _units(self) -> Array:
        """The unit of each day from the first to the last loaded one."""
        return unit_table(self.index, self.question.unit, self.question.week_starts)[0]

    def _first_days(self, part: Part, entries: Array, counts: Array) -> None:
        segment = part.segment
        touch = NONE_64 if self.question.include_left_truncated else segment.user_touch_us
        low, high = loaded_span(self.index)
        kernels.first_days(
            segment.user_day, segment.day, segment.day_flags, np.uint8(DayFlag.FIRST_VISIT), touch,
            self.index.calendar.days[0].start_us, NO_NUMBER, part.chosen, part.first_user,
            part.end_user, low + self.frame.shift, min(high, self.scope.last_day), entries[0],
            counts[0],
        )  # fmt: skip

    def _parts(self, chosen: Sequence[U8]) -> list[Part]:
        if self._from_user_days():
            # Nothing is worked out for each row: parts need not fit into the cache.
            return user_parts(self.index, chosen, max(PART_ROWS, self.index.rows // 16))
        if self._is_by_days and self.question.clock == "calendar":
            return day_parts(self.index, chosen)
        return user_parts(self.index, chosen)

    def _interval(self, tally: Array) -> NDArray[np.float64] | None:
        """Bootstrap bounds of each period, NaN where there are none; shape (2, periods)."""
        if not self.question.bootstrap:
            return None
        rng = np.random.default_rng(self.question.seed)
        bounds = np.full((2, len(tally)), np.nan)
        for period, users in enumerate(tally):
            below, above = np.nonzero(users)
            found = ratio_interval(above, below, users[below, above], self.question.bootstrap, rng)
            if found is not None:
                bounds[:, period] = found
        return bounds

    def _view(self, part: Part) -> View:
        return View(part, self.masks, self.groups, self.frame.days)

    def _origins(self, view: View) -> Array:
        question = self.question
        if question.entry != "first_ever" or question.include_left_truncated:
            return fixed(np.zeros(0, np.int32))
        return view.origins(self.index.calendar.days[0].start_us)

    def _by_calendar(
        self, part: Part, entries: Array, counts: Array, amounts: Array, tally: Array
    ) -> None:
        question, frame, view = self.question, self.frame, self._view(part)
        where, chosen = question.query.where, part.chosen[part.first_user : part.end_user]
        starts = returns = user_days(part)
        if self.groups is not None or not is_any(question.start, where):
            starts = view.on_days(0, first_group=True)
        if self.spec is not None:
            returns = view.on_days(1, part.segment.columns[self.spec.name])
        elif not is_any(question.returns, where):
            returns = view.on_days(1)
        if self._is_by_days and not len(tally):
            kernels.by_days(
                part.end_user - part.first_user, starts.offsets, starts.days, starts.first,
                returns.offsets, returns.days, returns.first, chosen, self._origins(view),
                _ENTRIES[question.entry], view.base + frame.shift, self.scope.first_day,
                self.scope.last_day, frame.until_day, entries[0], counts[0],
            )  # fmt: skip
            return
        kernels.by_calendar(
            part.end_user - part.first_user, starts.offsets, starts.days, starts.first,
            starts.extra, returns.offsets, returns.days, returns.first, returns.extra, chosen,
            self._origins(view), _ENTRIES[question.entry], _MODES[question.mode],
            self.scope.first_day, self.scope.last_day, frame.until_day, self._units, view.base,
            frame.shift, frame.brackets, entries, counts, amounts, frame.pooled,
            *self._room(), tally,
        )  # fmt: skip

    def _by_clock(
        self, part: Part, entries: Array, counts: Array, amounts: Array, tally: Array
    ) -> None:
        question, frame, view, segment = self.question, self.frame, self._view(part), part.segment
        values = NONE_64
        if self.spec is not None:
            values = segment.columns[self.spec.name]
        group = NONE_32 if view.group is None else view.group
        kernels.by_clock(
            segment.user_row, part.first_user, part.end_user, segment.time_us, segment.flags,
            view.bits, np.uint64(1), np.uint64(2), view.bucket, group, values, NO_NUMBER,
            part.chosen, self._origins(view), _ENTRIES[question.entry], _MODES[question.mode],
            frame.until_us, LENGTHS[question.unit], frame.brackets,
            np.zeros(len(frame.cohorts), np.int64), entries, counts, amounts, frame.pooled,
            *self._room(), tally,
        )  # fmt: skip

    def _room(self) -> tuple[Array, Array]:
        periods = len(self.frame.periods)
        return np.zeros(periods, np.uint8), np.zeros((2, periods), np.int64)


def _groups(
    question: Retention,
    frame: Frame,
    spec: ColumnSpec | None,
    cells: Cells,
    groups: Grouping | None,
) -> tuple[RetentionGroup, tuple[RetentionGroup, ...]]:
    unbounded, micros = question.mode == "unbounded", spec is not None and spec.kind == "micros"
    overall = group_of(frame, cells.overall(), (), unbounded, micros)
    if groups is None:
        return overall, ()
    shown = tuple(
        group_of(frame, cells.of(number), label, unbounded, micros)
        for number, label in enumerate(groups.labels)
    )
    return overall, shown


_ENTRY_WORDS = {
    "first_ever": "A user enters the cohort of their first {start} in the data, if it is in range",
    "first_in_range": "A user enters the cohort of their first {start} in range",
    "recurring": "A user enters the cohort of every {unit} in range in which they have {start}",
}
_MODE_WORDS = {
    "bounded": "in period N exactly",
    "unbounded": "in period N or later, as far as they could be followed",
    "bracket": "in one of the periods of the bracket, both ends included",
}


def _words(index: Index, question: Retention, frame: Frame) -> tuple[str, ...]:
    """What the cells mean."""
    entry = _ENTRY_WORDS[question.entry].format(start=question.start.shown, unit=question.unit)
    if question.entry == "first_ever":
        entry += (
            "; users first touched before the first loaded day are "
            + ("kept" if question.include_left_truncated else "left out")
        )  # fmt: skip
    periods = f"Periods are {question.unit}s of the property's calendar, that of the start is 0."
    if question.clock == "rolling":
        hours = LENGTHS[question.unit] // HOUR
        periods = (
            f"Period N is from N to N + 1 times {hours} hours after the start event, to the "
            "microsecond; events without a time of their own are left out."
        )
    words = [
        f"{entry}.",
        f"Back is who has {question.returns.shown} {_MODE_WORDS[question.mode]}; days after the "
        "range count as well.",
        periods,
        "A cell is null until its period is complete for the whole cohort; pooled rates pool the "
        "counts of the other cells, without those with days that are missing.",
        "Intervals are Wilson's, 95 %.",
    ]
    if question.bootstrap:
        words.append(
            f"The pooled curve's second interval: {question.bootstrap:,} resamplings of users, "
            f"seed {question.seed}."
        )
    if question.query.by:
        words.append(
            f"A user's group is that of the start event; the {question.query.top} groups with "
            "most start events, the others together."
        )
    return (*words, *words_of_untold(index.calendar.days, _needed(question)))
