"""Features of users as of cutoffs, and their labels, from the index.

`verify.churn_sql` says the same in SQL; both must agree to the last unit. Nothing here looks
at a row of the cutoff's day or later, but for the label.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.analyses.churn_plan import COUNT_OF, Feature
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.index.columns import NO_NUMBER
from ga4_analytics.index.layout import I64
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.churn import ChurnQuestion

Bools = NDArray[np.bool_]
_VISITS = ("first_visit", "first_open")
_PURCHASE = "purchase"
_COLUMN_OF = {"channel": "channel_group"}
_EARLY = 14
"""A week and the week before it."""


@dataclass(frozen=True)
class Table:
    """The population of one cutoff, users in byte order of their keys.

    Attributes:
        cutoff: Its day number.
        keys: User keys.
        numbers: Each feature of numbers by name.
        texts: Each feature of categories by name; null where there is no value.
        churned: Whether each did nothing in the horizon; None where that is not asked for.
    """

    cutoff: int
    keys: pa.Array
    numbers: Mapping[str, I64]
    texts: Mapping[str, pa.Array]
    churned: Bools | None

    def __len__(self) -> int:
        return len(self.keys)


def tables(
    index: Index,
    question: ChurnQuestion,
    features: Sequence[Feature],
    cutoffs: Sequence[int],
    *,
    labels: bool = True,
    threads: int | None = None,
) -> list[Table]:
    """The population of each cutoff with its features.

    Args:
        index: The index.
        question: Windows and population.
        features: Which features; the days can answer them.
        cutoffs: Day numbers.
        labels: Whether to look at the horizon too.
        threads: How many parts are worked on at once; None: one a processor.
    """
    given = parts(index.segments, [segment.alive for segment in index.segments])

    def work(part: Part) -> list[Table]:
        rows = _Rows.of(index, question, part)
        return [rows.table(features, cutoff, labels) for cutoff in cutoffs]

    found = on_each(work, given, threads)
    return [
        _joined([each[n] for each in found], cutoff, features, labels)
        for n, cutoff in enumerate(cutoffs)
    ]


def data_hash(given: Iterable[Table]) -> str:
    """SHA-256 of all that stands in some tables, however the index that gave them is cut."""
    digest = hashlib.sha256()

    def add(name: str, values: Sequence[object]) -> None:
        digest.update(f"{name} {len(values)}\n".encode())
        digest.update("\n".join(map(repr, values)).encode())

    for table in given:
        add(f"cutoff {table.cutoff}", table.keys.to_pylist())
        for name, numbers in table.numbers.items():
            add(name, numbers.tolist())
        for name, texts in table.texts.items():
            add(name, texts.to_pylist())
        if table.churned is not None:
            add("churned", table.churned.tolist())
    return digest.hexdigest()


def _joined(
    pieces: Sequence[Table], cutoff: int, features: Sequence[Feature], labels: bool
) -> Table:
    keys = pa.concat_arrays([pa.array([], pa.string()), *(each.keys for each in pieces)])
    order = np.asarray(pc.sort_indices(keys), np.int64)
    numbers, texts = {}, {}
    for each in features:
        if each.is_text:
            given = [pa.array([], pa.string()), *(piece.texts[each.name] for piece in pieces)]
            texts[each.name] = pa.concat_arrays(given).take(pa.array(order))
        else:
            empty = np.zeros(0, np.int64)
            whole = np.concatenate([empty, *(piece.numbers[each.name] for piece in pieces)])
            numbers[each.name] = whole[order]
    known = [piece.churned for piece in pieces if piece.churned is not None]
    churned = np.concatenate([np.zeros(0, bool), *known])[order] if labels else None
    return Table(cutoff, keys.take(pa.array(order)), numbers, texts, churned)


@dataclass(frozen=True)
class _Rows:
    """The rows of a part; places of users count from the part's first one.

    Attributes:
        part: The part.
        index: Its index.
        question: Windows and population.
        user: User of each row, never falling.
        day: Day of each row.
        name: Code of each row's event name.
        session: Number of each row's session among the part's, from 0; -1 for none.
        sessions: Offsets of users into sessions.
        active: Whether each row makes its user active.
    """

    part: Part
    index: Index
    question: ChurnQuestion
    user: I64
    day: I64
    name: NDArray[np.unsignedinteger]
    session: I64
    sessions: I64
    active: Bools

    @classmethod
    def of(cls, index: Index, question: ChurnQuestion, part: Part) -> _Rows:
        """Spread what is said once a user, day or visit over its rows."""
        given, first, end = part.segment, part.first_row, part.end_row
        users = slice(part.first_user, part.end_user + 1)
        user = _spread_over(given.user_row[users])
        day = _spread(given.user_run[users], given.run_row, given.run_day, end)
        visit = _spread(given.user_visit[users], given.visit_row, given.visit_session, end)
        sessions = given.user_session[users].astype(np.int64)
        sessions = sessions - sessions[0]
        name = given.name[first:end]
        codes = [code for each in question.active if (code := index.names.code(each))]
        active = np.isin(name, codes) if question.active else np.ones(len(name), bool)
        session = np.where(visit > 0, sessions[user] + visit - 1, -1)
        return cls(part, index, question, user, day, name, session, sessions, active)

    def table(self, features: Sequence[Feature], cutoff: int, labels: bool) -> Table:
        """The population of a cutoff among these users."""
        given = self.part.segment
        users = self.part.end_user - self.part.first_user
        ages = cutoff - self.day
        at = np.flatnonzero((ages > 0) & (ages <= self.question.window_days))
        seen = _Seen(self, at, self.user[at], ages[at], users, cutoff)
        there = self.part.chosen[self.part.first_user : self.part.end_user] != 0
        who = np.flatnonzero(there & (_across(seen.days) >= self.question.least_active_days))
        return Table(
            cutoff,
            given.keys.slice(self.part.first_user, users).take(pa.array(who)).cast(pa.string()),
            {each.name: seen.number(each.name)[who] for each in features if not each.is_text},
            {each.name: seen.text(each.name).take(pa.array(who))
             for each in features if each.is_text},
            self._churned(cutoff, users)[who] if labels else None,
        )  # fmt: skip

    def _churned(self, cutoff: int, users: int) -> Bools:
        first = cutoff + self.question.gap_days
        later = self.active & (self.day >= first)
        later &= self.day < first + self.question.horizon_days
        churned = np.ones(users, bool)
        churned[self.user[later]] = False
        return churned


class _Seen:
    """What can be known of users as of a cutoff: the rows of its window.

    Args:
        rows: All rows of the part.
        at: Places of the rows in the window.
        user: Their users.
        age: Days from each to the cutoff, from 1.
        users: How many users there are.
        cutoff: The cutoff's day number.
    """

    def __init__(self, rows: _Rows, at: I64, user: I64, age: I64, users: int, cutoff: int) -> None:
        self._rows, self._at, self._user, self._age = rows, at, user, age
        self._users, self._cutoff = users, cutoff
        active = rows.active[at]
        self.days = np.zeros((users, rows.question.window_days), bool)
        """Whether each user was active 1, 2, ... days before the cutoff."""
        self.days[user[active], age[active] - 1] = True

    def number(self, name: str) -> I64:
        """A feature of every user."""
        if name.startswith(COUNT_OF):
            return self._count(self._named(name.removeprefix(COUNT_OF)))
        found: I64 = getattr(self, f"_{name}")().astype(np.int64)
        return found

    def text(self, name: str) -> pa.Array:
        """A category of every user."""
        column = _COLUMN_OF.get(name, name)
        codes = np.zeros(self._users, np.int64)
        if self._rows.index.spec(column) is not None:
            values = self._values(column)
            at = self._first_session(values) if name == "channel" else self._first(values != 0)
            codes[self._user[at]] = values[at]
        dictionary = self._rows.index.dictionaries.get(column)
        values = pa.concat_arrays([pa.nulls(1, pa.string()), *(
            [] if dictionary is None else [dictionary.values.cast(pa.string())])])  # fmt: skip
        return values.take(pa.array(codes))

    def _values(self, column: str) -> I64:
        first, end = self._rows.part.first_row, self._rows.part.end_row
        values = self._rows.part.segment.columns[column][first:end]
        return values[self._at].astype(np.int64)

    def _first(self, wanted: Bools) -> I64:
        """The first wanted row of each user."""
        at = np.flatnonzero(wanted)
        found: I64 = at[np.unique(self._user[at], return_index=True)[1]]
        return found

    def _first_session(self, values: I64) -> I64:
        """The first row of each user's first session, where that is known to be over.

        A session that had an event on the day before the cutoff may go on, and its channel
        may come from what is still to happen.
        """
        session = self._rows.session[self._at]
        at = self._first(session >= 0)
        late = np.zeros(int(self._rows.sessions[-1]), bool)
        late[session[(session >= 0) & (self._age == 1)]] = True
        found: I64 = at[~late[session[at]] & (values[at] != 0)]
        return found

    def _named(self, *names: str) -> Bools:
        codes = [code for name in names if (code := self._rows.index.names.code(name))]
        return np.isin(self._rows.name[self._at], codes)

    def _count(self, wanted: Bools) -> I64:
        return _counts(self._user[wanted], self._users)

    def _sum(self, column: str, wanted: Bools) -> I64:
        """The exact sum of a column over wanted rows of each user; null adds nothing."""
        if self._rows.index.spec(column) is None:
            return np.zeros(self._users, np.int64)
        values = self._values(column)
        values = np.where(wanted & (values != NO_NUMBER), values, 0)
        return _sums(values, np.searchsorted(self._user, np.arange(self._users + 1)))

    def _sessions_of(self, days: int) -> I64:
        session = self._rows.session[self._at]
        seen = np.zeros(int(self._rows.sessions[-1]), bool)
        seen[session[(session >= 0) & (self._age <= days)]] = True
        return _sums(seen, self._rows.sessions)

    def _recency_days(self) -> I64:
        return np.where(self.days.any(axis=1), self.days.argmax(axis=1) + 1, 0)

    def _tenure_days(self) -> I64:
        width = self.days.shape[1]
        return np.where(self.days.any(axis=1), width - self.days[:, ::-1].argmax(axis=1), 0)

    def _active_days(self) -> I64:
        return _across(self.days)

    def _active_days_7(self) -> I64:
        return _across(self.days[:, :7])

    def _active_days_8_14(self) -> I64:
        return _across(self.days[:, 7:_EARLY])

    def _longest_gap_days(self) -> I64:
        longest, before = np.zeros((2, self._users), np.int64)
        for age in range(1, self.days.shape[1] + 1):
            here = self.days[:, age - 1]
            gap = np.where(here & (before > 0), age - before, 0)
            longest = np.maximum(longest, gap)
            before = np.where(here, age, before)
        return longest

    def _weekend_days(self) -> I64:
        ages = np.arange(1, self.days.shape[1] + 1)
        # Day 0, 1970-01-01, was a Thursday.
        weekday = (self._cutoff - ages + 3) % 7
        return _across(self.days[:, weekday >= 5])

    def _events(self) -> I64:
        return self._count(self._age > 0)

    def _events_7(self) -> I64:
        return self._count(self._age <= 7)

    def _events_8_14(self) -> I64:
        return self._count((self._age > 7) & (self._age <= _EARLY))

    def _first_visits(self) -> I64:
        return self._count(self._named(*_VISITS))

    def _sessions(self) -> I64:
        return self._sessions_of(self.days.shape[1])

    def _sessions_7(self) -> I64:
        return self._sessions_of(7)

    def _engagement_msec(self) -> I64:
        return self._sum("engagement_msec", self._age > 0)

    def _engagement_msec_7(self) -> I64:
        return self._sum("engagement_msec", self._age <= 7)

    def _pages(self) -> I64:
        if self._rows.index.spec("page_path") is None:
            return np.zeros(self._users, np.int64)
        page = self._values("page_path")
        known = page != 0
        pairs = np.unique(self._user[known] << 32 | page[known])
        return _counts(pairs >> 32, self._users)

    def _revenue_usd_micros(self) -> I64:
        return self._sum("revenue_usd", self._named(_PURCHASE))


def _sums(values: NDArray[np.integer[Any]] | Bools, bounds: NDArray[np.integer[Any]]) -> I64:
    """Exact sums of values between neighbouring bounds."""
    upto = np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])
    found: I64 = upto[bounds[1:]] - upto[bounds[:-1]]
    return found


def _counts(users: I64, size: int) -> I64:
    found: I64 = np.bincount(users, minlength=size)
    return found


def _across(days: Bools) -> I64:
    """How many days of each user are true."""
    counts: I64 = days.sum(axis=1, dtype=np.int64)
    return counts


def _spread_over(offsets: NDArray[np.uint32]) -> I64:
    """The number of each row's owner, from 0."""
    bounds = offsets.astype(np.int64)
    lengths = bounds[1:] - bounds[:-1]
    return np.repeat(np.arange(len(lengths)), lengths)


def _spread(
    offsets: NDArray[np.uint32],
    starts: NDArray[np.uint32],
    values: NDArray[np.unsignedinteger],
    end: int,
) -> I64:
    """What is said once a run of rows, for each row up to ``end``."""
    runs = slice(int(offsets[0]), int(offsets[-1]))
    bounds = np.append(starts[runs].astype(np.int64), end)
    lengths = bounds[1:] - bounds[:-1]
    return np.repeat(values[runs].astype(np.int64), lengths)
