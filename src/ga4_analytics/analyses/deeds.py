"""Which users meet one condition of a segment: kernels measure, and bounds decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.analyses.conditions import check
from ga4_analytics.analyses.masks import Bits, compiled
from ga4_analytics.analyses.names import column
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import day_number
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.layout import I64, U32
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import segments as kernels
from ga4_analytics.kernels import within
from ga4_analytics.questions.filters import AllOf, Condition, EventSelector, Filter
from ga4_analytics.questions.query import seconds
from ga4_analytics.questions.segments import (
    Did,
    DidInOrder,
    DidOnDays,
    HadSessions,
    HadSum,
    HadValue,
    LastDid,
    Leaf,
    Listed,
    WasNew,
)

Met = tuple[NDArray[np.bool_], ...]
"""For each segment of an index, whether each of its users meets a condition."""

N = TypeVar("N", bound=np.generic)
UNBOUNDED = 2**62
Days = tuple[int, int]


def met(index: Index, leaf: Leaf, field: str, threads: int | None = None) -> Met:
    """Find the users who meet a condition.

    Args:
        index: The index.
        leaf: The condition.
        field: Where in the question it stands.
        threads: How many at once; None: one a processor.

    Raises:
        QuestionError: It names what is not there, or its numbers or days make no sense.
    """
    if isinstance(leaf, Listed):
        wanted = pa.array(sorted(set(leaf.keys)), pa.string())
        return tuple(
            np.asarray(pc.fill_null(pc.is_in(segment.keys, wanted), False), dtype=bool)
            for segment in index.segments
        )
    if isinstance(leaf, HadSum):
        return _had_sum(index, leaf, field, threads)
    if isinstance(leaf, HadValue):
        return _had_value(index, leaf, field, threads)
    if isinstance(leaf, DidInOrder):
        return _did_in_order(index, leaf, field, threads)
    if isinstance(leaf, LastDid):
        return _last_did(index, leaf, field, threads)
    if isinstance(leaf, WasNew):
        return _was_new(index, leaf, field, threads)
    least, most = _bounds(leaf.at_least, leaf.at_most, field)
    measured = _counted(index, leaf, field, threads)
    return tuple((each >= least) & (each <= most) for each in measured)


def _counted(
    index: Index, leaf: Did | DidOnDays | HadSessions, field: str, threads: int | None
) -> tuple[I64, ...]:
    days = days_of(index, leaf.start, leaf.end, leaf.last_days, field)
    if isinstance(leaf, HadSessions):
        wanted = -1 if leaf.engaged is None else int(leaf.engaged)

        def sessions(part: Part, out: I64) -> None:
            given = part.segment
            kernels.count_sessions(
                *_layout(part), given.user_session, given.session_row, given.session_flags,
                part.first_user, part.end_user, *days, wanted, out,
            )  # fmt: skip

        return _measure(index, sessions, threads)
    if isinstance(leaf, Did) and leaf.within:
        window = seconds(leaf.within, f"{field}.within") * 1_000_000

        def most(part: Part, marks: Bits, out: I64) -> None:
            given = part.segment
            within.most_within(
                *_layout(part), given.time_us, given.flags, marks,
                part.first_user, part.end_user, *days, window, out,
            )  # fmt: skip

        return _measure_marked(index, (leaf.event,), most, threads)
    kernel = kernels.count_rows if isinstance(leaf, Did) else kernels.count_days

    def count(part: Part, marks: Bits, out: I64) -> None:
        kernel(*_layout(part), marks, part.first_user, part.end_user, *days, out)

    return _measure_marked(index, (leaf.event,), count, threads)


def _last_did(index: Index, leaf: LastDid, field: str, threads: int | None) -> Met:
    least, most = _bounds(leaf.at_least, leaf.at_most, field)
    days = days_of(index, None, leaf.of, None, field)

    def last(part: Part, marks: Bits, out: I64) -> None:
        kernels.last_days(*_layout(part), marks, part.first_user, part.end_user, *days, out)

    measured = _measure_marked(index, (leaf.event,), last, threads)
    of = day_number(leaf.of) if leaf.of else days[1]
    return tuple((day >= 0) & (of - day >= least) & (of - day <= most) for day in measured)


def _did_in_order(index: Index, leaf: DidInOrder, field: str, threads: int | None) -> Met:
    if not 2 <= len(leaf.events) <= 64:
        raise QuestionError(
            f"{field}.events: {len(leaf.events)} events are not an order.",
            rule="An order has 2 to 64 events.",
            remedy="Use did for one event.",
        )
    days = days_of(index, leaf.start, leaf.end, leaf.last_days, field)
    steps = len(leaf.events)
    window = seconds(leaf.within, f"{field}.within") * 1_000_000 if leaf.within else UNBOUNDED

    def ordered(part: Part, marks: Bits, out: I64) -> None:
        given = part.segment
        within.did_in_order(
            *_layout(part), given.time_us, given.flags, marks,
            part.first_user, part.end_user, *days, steps, window, out,
        )  # fmt: skip

    return tuple(each > 0 for each in _measure_marked(index, leaf.events, ordered, threads))


def _had_value(index: Index, leaf: HadValue, field: str, threads: int | None) -> Met:
    days = days_of(index, leaf.start, leaf.end, leaf.last_days, field)
    place = f"{field}.condition"
    spec = column(index, leaf.condition.column, place)
    check(leaf.condition, spec, place)
    meets = _with(leaf.event, leaf.condition)
    if leaf.which == "any":

        def count(part: Part, marks: Bits, out: I64) -> None:
            kernels.count_rows(*_layout(part), marks, part.first_user, part.end_user, *days, out)

        return tuple(each > 0 for each in _measure_marked(index, (meets,), count, threads))
    is_last = leaf.which == "last"

    def edge(part: Part, marks: Bits, out: I64) -> None:
        kernels.edge_value(
            *_layout(part), part.segment.flags, marks,
            part.first_user, part.end_user, *days, is_last, out,
        )  # fmt: skip

    valued = _with(leaf.event, Condition(leaf.condition.column, "is_set"))
    measured = _measure_marked(index, (valued, meets), edge, threads)
    of_null = leaf.condition.operator in ("is_not", "not_contains", "not_matches", "is_not_set")
    return tuple(np.where(each < 0, of_null, each > 0) for each in measured)


def _with(event: EventSelector, more: Filter) -> EventSelector:
    return EventSelector(event.names, more if event.where is None else AllOf((event.where, more)))


def _had_sum(index: Index, leaf: HadSum, field: str, threads: int | None) -> Met:
    days = days_of(index, leaf.start, leaf.end, leaf.last_days, field)
    spec = column(index, leaf.column, f"{field}.column")
    if spec.kind not in ("integer", "micros"):
        raise QuestionError(
            f"{field}.column: {leaf.column} is not a column of numbers.",
            rule="Only numbers can be added up.",
            remedy="Count events with did, or ask for a value with had_value.",
        )
    least = _in_units(leaf.at_least, ROUND_CEILING, spec, f"{field}.at_least")
    most = _in_units(leaf.at_most, ROUND_FLOOR, spec, f"{field}.at_most")
    masks = compiled(index, (leaf.event,))

    def work(part: Part) -> NDArray[np.bool_]:
        rows = slice(part.first_row, part.end_row)
        high, low = np.zeros((2, part.end_user - part.first_user), np.int64)
        kernels.sum_rows(
            *_layout(part), masks.rows(part.segment, part.first_row, part.end_row),
            part.segment.columns[leaf.column][rows],
            part.first_user, part.end_user, *days, high, low,
        )  # fmt: skip
        enough = np.ones(len(high), bool) if least is None else _not_below(high, low, least)
        # At most n is not at least n + 1.
        return enough if most is None else enough & ~_not_below(high, low, most + 1)

    return _gathered(index, work, threads)


def _not_below(high: I64, low: I64, bound: int) -> NDArray[np.bool_]:
    """Whether ``high * 2**32 + low`` is at least a whole number."""
    upper, lower = divmod(bound, 2**32)
    return np.asarray((high > upper) | ((high == upper) & (low >= lower)), dtype=bool)


def _in_units(bound: int | float | None, rounding: str, spec: ColumnSpec, field: str) -> int | None:
    """A bound in the column's smallest unit, rounded to where no sum lies between."""
    if bound is None:
        return None
    number = Decimal(str(bound)) * (1_000_000 if spec.kind == "micros" else 1)
    if not number.is_finite() or abs(number) >= UNBOUNDED:
        raise QuestionError(
            f"{field}: {bound} is not a number that sums can be compared with.",
            rule="A bound is a number below 4.6e18 of the column's smallest unit.",
            remedy="Change the value.",
        )
    return int(number.to_integral_value(rounding))


def _was_new(index: Index, leaf: WasNew, field: str, threads: int | None) -> Met:
    first, last = days_of(index, leaf.start, leaf.end, leaf.last_days, field)
    begin = index.calendar.days[0].start_us if index.calendar.days else 0

    def new(part: Part, out: I64) -> None:
        given = part.segment
        kernels.new_days(
            given.user_day, given.day, given.day_flags, given.user_touch_us, begin,
            part.first_user, part.end_user, out,
        )  # fmt: skip

    def there(part: Part, out: I64) -> None:
        given = part.segment
        kernels.is_there(
            given.user_day, given.day, part.first_user, part.end_user, first, last, out
        )

    is_new = tuple((day >= first) & (day <= last) for day in _measure(index, new, threads))
    if leaf.kind == "new":
        return is_new
    active = _measure(index, there, threads)
    return tuple((each > 0) & ~new_ for each, new_ in zip(active, is_new, strict=True))


def days_of(
    index: Index, start: date | None, end: date | None, last_days: int | None, field: str
) -> Days:
    """The first and last day of a condition as numbers.

    Raises:
        QuestionError: They are in the wrong order, or both ``start`` and ``last_days`` are
            given, or there are no days to look at.
    """
    calendar = index.calendar
    if last_days is not None and (start is not None or last_days < 1):
        problem = f"last_days: {last_days}" + (f" beside start: {start}" if start else "")
        raise QuestionError(
            f"{field}.{problem} says no days.",
            rule="last_days is 1 or more and stands in place of start.",
            remedy="Give one of both.",
        )
    to = end or calendar.last
    if to is None:
        return 0, -1
    begin = start or calendar.first or to
    if last_days is not None:
        begin = max(begin, to - timedelta(days=min(last_days, 100_000) - 1))
    if start is not None and start > to:
        raise QuestionError(
            f"{field}.start: {start} is after its last day, {to}.",
            rule="Both days are included; without an end the last loaded day is the last.",
            remedy="Turn them round.",
        )
    # Days of the index are 16 bits wide.
    return max(0, day_number(begin)), min(2**16 - 1, day_number(to))


def _bounds(least: int, most: int | None, field: str) -> tuple[int, int]:
    highest = UNBOUNDED if most is None else most
    if least < 0 or highest < least:
        raise QuestionError(
            f"{field}: at least {least} and at most {most} is nothing.",
            rule="Counts are 0 or more, and at_most is not below at_least.",
            remedy="Change at_least or at_most.",
        )
    return least, highest


def _layout(part: Part) -> tuple[U32, U32, U32, NDArray[np.uint16]]:
    given = part.segment
    return given.user_row, given.user_run, given.run_row, given.run_day


def _measure(
    index: Index, kernel: Callable[[Part, I64], None], threads: int | None
) -> tuple[I64, ...]:
    """One number a user, for each segment."""

    def work(part: Part) -> I64:
        out = np.zeros(part.end_user - part.first_user, np.int64)
        kernel(part, out)
        return out

    return _gathered(index, work, threads)


def _measure_marked(
    index: Index,
    events: Sequence[EventSelector],
    kernel: Callable[[Part, Bits, I64], None],
    threads: int | None,
) -> tuple[I64, ...]:
    """One number a user, for each segment, from rows marked by selectors."""
    masks = compiled(index, events)

    def work(part: Part) -> I64:
        out = np.zeros(part.end_user - part.first_user, np.int64)
        kernel(part, masks.rows(part.segment, part.first_row, part.end_row), out)
        return out

    return _gathered(index, work, threads)


def _gathered(
    index: Index, work: Callable[[Part], NDArray[N]], threads: int | None
) -> tuple[NDArray[N], ...]:
    """What work gives for all users of each segment."""
    given = parts(index.segments, [segment.alive for segment in index.segments])
    found = on_each(work, given, threads)
    pieces: dict[int, list[NDArray[N]]] = {id(segment): [] for segment in index.segments}
    for part, piece in zip(given, found, strict=True):
        pieces[id(part.segment)].append(piece)
    return tuple(
        np.concatenate(pieces[id(segment)])
        if pieces[id(segment)]
        else work(Part(segment, segment.alive, 0, 0))
        for segment in index.segments
    )
