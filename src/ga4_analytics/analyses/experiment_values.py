"""What each unit of an experiment did after its exposure, and before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.experiment_units import (
    Marks,
    Units,
    first_owners,
    users_of_rows,
)
from ga4_analytics.analyses.groups import grouping
from ga4_analytics.analyses.masks import MOST, Bits, Masks, compiled
from ga4_analytics.analyses.names import column
from ga4_analytics.analyses.orders import money_of
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.analyses.scope import Scope
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.columns import NO_NUMBER
from ga4_analytics.index.layout import I64, U8, U32, RowFlag
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels.exposed import add_up, distinct, mark_inside
from ga4_analytics.kernels.within import did_in_order
from ga4_analytics.questions.experiment_parts import Amount
from ga4_analytics.questions.filters import EventSelector, Filter

Floats = NDArray[np.float64]
FAR = 2**62
DAY_US = 86_400_000_000
MICROS = 1_000_000


@dataclass(frozen=True)
class Job:
    """One number a unit.

    Attributes:
        amount: What is added up.
        steps: In its place: whether the unit did these in order.
        window_us: From the exposure so long, both ends included; None: to the last day's end.
        before_us: In place of that: so long before the exposure, which is not included.
        days: In place of that: first and last day after the exposure's.
    """

    amount: Amount = field(default_factory=Amount)
    steps: tuple[EventSelector, ...] = ()
    window_us: int | None = None
    before_us: int | None = None
    days: tuple[int, int] | None = None

    @property
    def by_order(self) -> bool:
        """Whether it counts orders, not events."""
        return not self.steps and self.amount.measure in ("orders", "revenue")


@dataclass(frozen=True)
class Work:
    """What all jobs share.

    Attributes:
        index: The index.
        units: The units.
        where: What must be true of every event that counts.
        scope: The question's days.
        threads: How many parts at once; None: one a processor.
    """

    index: Index
    units: Units
    where: Filter | None
    scope: Scope
    threads: int | None

    def chosen(self) -> list[U8]:
        """1 for each user who is a unit, for each segment."""
        marks = np.zeros(self.units.users, np.uint8)
        marks[self.units.owner] = 1
        edges = first_owners(self.index)
        return [marks[a:b] for a, b in pairwise(edges.tolist())]

    def of_users(self, values: I64, missing: int) -> I64:
        """A number a unit as a number a user."""
        found = np.full(self.units.users, missing, np.int64)
        found[self.units.owner] = values
        return found


def values_of(work: Work, jobs: Sequence[Job]) -> dict[Job, Floats]:
    """The numbers of all units, in their order.

    Args:
        work: The units and their events.
        jobs: What is wanted; each but once.

    Raises:
        QuestionError: An event or column is not there, or there are too many events.
    """
    found: dict[Job, Floats] = {}
    counted = [job for job in jobs if not job.steps and not job.by_order]
    if counted:
        found |= dict(zip(counted, _counted(work, counted), strict=True))
    if by_order := [job for job in jobs if job.by_order]:
        found |= _orders(work, by_order)
    return found | {job: _in_order(work, job) for job in jobs if job.steps}


def seen_before(work: Work) -> Marks:
    """Whether each unit has any event before its exposure."""
    pieces = [segment.time_us[segment.user_row[:-1]] for segment in work.index.segments]
    first = np.concatenate([np.zeros(0, np.int64), *pieces])
    return np.asarray(first[work.units.owner] < work.units.time_us, dtype=bool)


def _counted(work: Work, jobs: Sequence[Job]) -> NDArray[np.float64]:
    """The numbers of units that are counted from single events, a row a job."""
    events = list(dict.fromkeys(job.amount.event for job in jobs))
    if len(events) > MOST:
        raise QuestionError(
            f"metrics: they are about {len(events)} different events.",
            rule=f"One experiment has metrics about {MOST} at most.",
            remedy="Leave some out, or ask twice.",
        )
    masks = compiled(work.index, events, work.where)
    bits = {event: np.uint64(1 << place) for place, event in enumerate(events)}
    exposed = work.of_users(work.units.time_us, FAR)
    exposed_day = work.of_users(work.units.day, 0)
    out = np.zeros((len(jobs), work.units.users))
    edges = first_owners(work.index)
    starts = {id(part): int(at) for part, at in zip(work.index.segments, edges, strict=False)}

    def count(part: Part) -> None:
        start = starts[id(part.segment)]
        own = slice(start + part.first_user, start + part.end_user)
        rows = masks.rows(part.segment, part.first_row, part.end_row)
        for place, job in enumerate(jobs):
            bit = bits[job.amount.event]
            inside = _inside(part, rows, bit, exposed[own], exposed_day[own], job, work.scope)
            out[place, own] = _COUNTED[job.amount.measure](work.index, part, job.amount, inside)

    on_each(count, parts(work.index.segments, work.chosen()), work.threads)
    found: NDArray[np.float64] = out[:, work.units.owner]
    return found


def _inside(
    part: Part, bits: Bits, bit: np.uint64, exposed: I64, exposed_day: I64, job: Job, scope: Scope
) -> U8:
    """1 for each row of a part that is a job's event in a job's time."""
    given = part.segment
    least, most, first, last = 0, FAR, -FAR, FAR
    origin = np.zeros_like(exposed_day)
    if job.before_us is not None:
        least, most = -job.before_us, -1
    elif job.days is not None:
        least, origin, (first, last) = -FAR, exposed_day, job.days
    elif job.window_us is not None:
        most = job.window_us
    else:
        last = scope.last_day
    out = np.empty(len(bits), np.uint8)
    mark_inside(
        given.user_row, given.user_run, given.run_row, given.run_day, given.time_us, given.flags,
        int(RowFlag.TIMELESS), bits, bit, part.chosen, exposed, origin, part.first_user,
        part.end_user, least, most, first, last, out,
    )  # fmt: skip
    return out


def _added(part: Part, inside: U8, values: NDArray[np.generic]) -> Floats:
    out = np.empty(part.end_user - part.first_user)
    add_up(part.segment.user_row, part.first_user, part.end_user, inside, values, NO_NUMBER, out)
    return out


def _events(index: Index, part: Part, amount: Amount, inside: U8) -> Floats:
    return _added(part, inside, np.zeros(0, np.int64))


def _sum(index: Index, part: Part, amount: Amount, inside: U8) -> Floats:
    spec = column(index, amount.column or "", "column")
    if spec.kind not in ("integer", "micros"):
        raise QuestionError(
            f"column: {spec.name} is not a column of numbers.",
            rule="Only numbers can be added up.",
            remedy="Count events, or name a column such as revenue_usd.",
        )
    found = _added(part, inside, part.segment.columns[spec.name][part.first_row : part.end_row])
    return found / MICROS if spec.kind == "micros" else found


def _sessions(index: Index, part: Part, amount: Amount, inside: U8) -> Floats:
    given = part.segment
    return _distinct(part, inside, given.user_visit, given.visit_row, given.visit_session, 1)


def _days(index: Index, part: Part, amount: Amount, inside: U8) -> Floats:
    given = part.segment
    return _distinct(part, inside, given.user_run, given.run_row, given.run_day, 0)


def _distinct(
    part: Part, inside: U8, users: U32, rows: U32, labels: NDArray[np.generic], least: int
) -> Floats:
    """How many days or sessions, from the least label that counts, hold a row inside."""
    out = np.empty(part.end_user - part.first_user)
    own = labels[int(users[part.first_user]) : int(users[part.end_user])]
    size = int(own.max(initial=0)) + 1
    distinct(part.segment.user_row, users, rows, labels, part.first_user, part.end_user, inside,
             least, size, out)  # fmt: skip
    return out


_COUNTED = {"events": _events, "sum": _sum, "sessions": _sessions, "days": _days}


def _orders(work: Work, jobs: Sequence[Job]) -> dict[Job, Floats]:
    """Orders by rule, and what they brought, placed by their earliest event."""
    money = money_of(
        work.index, work.where, work.chosen(), grouping(work.index, ()), with_nobody=False,
        threads=work.threads,
    )  # fmt: skip
    exposed = work.of_users(work.units.time_us, FAR)
    first = money.is_first & money.meets & ~money.is_timeless
    owner, lag = money.owner[first], money.time_us[first] - exposed[money.owner[first]]
    day, revenue = money.day[first], money.revenue[first]
    worth = np.where(revenue == NO_NUMBER, 0, revenue) / MICROS
    found = {}
    for job in jobs:
        if job.before_us is not None:
            inside = (lag < 0) & (lag >= -job.before_us)
        elif job.window_us is not None:
            inside = (lag >= 0) & (lag <= job.window_us)
        else:
            inside = (lag >= 0) & (day <= work.scope.last_day)
        weights = worth[inside] if job.amount.measure == "revenue" else None
        of_users = np.bincount(owner[inside], weights, minlength=work.units.users)
        found[job] = of_users[work.units.owner].astype(np.float64)
    return found


def _in_order(work: Work, job: Job) -> Floats:
    """Whether each unit did some steps in order: 1 or 0."""
    masks = compiled(work.index, job.steps, work.where)
    exposed = work.of_users(work.units.time_us, FAR)
    edges = first_owners(work.index)
    starts = {id(part): int(at) for part, at in zip(work.index.segments, edges, strict=False)}
    out = np.zeros(work.units.users, np.int64)
    run = partial(_ordered, masks=masks, job=job, last_day=work.scope.last_day)

    def walk(part: Part) -> None:
        start = starts[id(part.segment)]
        own = slice(start + part.first_user, start + part.end_user)
        out[own] = run(part, exposed[own])

    on_each(walk, parts(work.index.segments, work.chosen()), work.threads)
    return out[work.units.owner].astype(np.float64)


def _ordered(part: Part, exposed: I64, *, masks: Masks, job: Job, last_day: int) -> I64:
    given = part.segment
    marks = masks.rows(given, part.first_row, part.end_row)
    lag = (
        given.time_us[part.first_row : part.end_row]
        - exposed[users_of_rows(part, np.arange(len(marks)))]
    )
    end = FAR if job.window_us is None else job.window_us
    marks[(lag < 0) | (lag > end)] = 0
    last = last_day if job.window_us is None else 2**16 - 1
    out = np.zeros(part.end_user - part.first_user, np.int64)
    did_in_order(
        given.user_row, given.user_run, given.run_row, given.run_day, given.time_us, given.flags,
        marks, part.first_user, part.end_user, 0, last, len(job.steps), FAR, out,
    )  # fmt: skip
    return out
