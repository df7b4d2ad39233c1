"""How long a funnel takes for each row, on a made-up segment: steers the kernels.

Run: ``python benchmarks/funnel_kernels.py [ROWS]``. Not a comparison with anybody.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import perf_counter

import numpy as np
import pyarrow as pa

from ga4_analytics.analyses.funnel import answer
from ga4_analytics.index.calendar import Calendar, DayFacts
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.dictionary import Dictionary
from ga4_analytics.index.layout import RowFlag, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.funnel import Exclusion, FunnelSpec
from ga4_analytics.questions.query import Query

NAMES = (
    "page_view", "user_engagement", "scroll", "view_item", "session_start", "first_visit",
    "view_promotion", "add_to_cart", "begin_checkout", "select_item", "view_search_results",
    "add_shipping_info", "add_payment_info", "select_promotion", "purchase", "click",
)  # fmt: skip
SHARES = np.array([31, 24, 11, 9, 8, 6, 4, 1.4, 0.9, 1.2, 0.8, 0.5, 0.4, 0.3, 0.25, 0.5])
STEPS = ("session_start", "page_view", "view_item", "add_to_cart", "begin_checkout", "purchase")
DAYS, DAY_US = 92, 86_400_000_000
FIRST = date(2020, 11, 1)
ORIGIN = int(datetime(2020, 11, 1, tzinfo=UTC).timestamp()) * 1_000_000


def made_up(rows: int, seed: int = 7) -> Index:
    """An index of one segment: sessions of some ten events, users of some three sessions."""
    draw = np.random.default_rng(seed)
    sessions = rows // 11
    users = max(1, sessions * 3 // 4)
    owner = np.sort(draw.integers(0, users, sessions))
    starts = draw.integers(0, DAYS * DAY_US, sessions)
    order = np.lexsort((starts, owner))
    owner, starts = owner[order], starts[order]
    sizes = 1 + draw.geometric(0.1, sessions)
    session = np.repeat(np.arange(sessions), sizes)
    total = len(session)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    gaps = draw.exponential(40e6, total).astype(np.int64) + 1
    gaps[first] = 0
    time = np.cumsum(gaps)
    time += np.repeat(starts - time[first], sizes)
    who = owner[session]
    # Sessions of a user may overlap by chance; keep time ascending within a user.
    shift = np.lexsort((time, who))
    time, session = time[shift] + ORIGIN, session[shift]
    name = draw.choice(len(NAMES), total, p=SHARES / SHARES.sum()).astype(np.uint8) + 1
    name[first] = NAMES.index("session_start") + 1
    begin = np.concatenate([[True], who[1:] != who[:-1]])
    tied = ~begin & (draw.random(total) < 0.002)
    time[tied] = time[np.flatnonzero(tied) - 1]
    time = np.where(begin, time, np.maximum(time, np.concatenate([[0], time[:-1]])))
    return _index(who, begin, time, name, tied, session, draw)


def _index(who, begin, time, name, tied, session, draw) -> Index:  # type: ignore[no-untyped-def]
    day = (time // DAY_US).astype(np.int64)
    new_day = begin | np.concatenate([[True], day[1:] != day[:-1]])
    new_visit = begin | np.concatenate([[True], session[1:] != session[:-1]])
    user_row = np.append(np.flatnonzero(begin), len(who)).astype(np.uint32)
    run_row, visit_row = (np.flatnonzero(x).astype(np.uint32) for x in (new_day, new_visit))
    user_visit = np.searchsorted(visit_row, user_row).astype(np.uint32)
    bits = np.left_shift(np.uint32(1), np.minimum(name - 1, 31).astype(np.uint32))
    pairs, place = np.unique(session[visit_row], return_inverse=True)
    firsts = np.repeat(user_visit[:-1], np.diff(user_visit))
    low = np.minimum.reduceat(place, user_visit[:-1].astype(np.int64))
    number = place - np.repeat(low, np.diff(user_visit)) + 1
    del pairs, firsts
    counts = np.maximum.reduceat(number, user_visit[:-1].astype(np.int64))
    users = len(user_row) - 1
    columns = {
        "country": draw.choice(40, len(who)).astype(np.uint8) + 1,
        "device_category": np.repeat(draw.integers(1, 4, users), np.diff(user_row)).astype(
            np.uint8
        ),
    }
    segment = Segment(
        keys=pa.array(np.arange(users).astype(str)),
        alive=np.ones(users, np.uint8),
        user_row=user_row,
        user_names=np.bitwise_or.reduceat(bits, user_row[:-1].astype(np.int64)),
        user_run=np.searchsorted(run_row, user_row).astype(np.uint32),
        user_day=np.zeros(users + 1, np.uint32),
        user_session=np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32),
        user_visit=user_visit,
        user_touch_us=np.zeros(users, np.int64),
        time_us=time,
        name=name,
        flags=(tied * RowFlag.TIED + new_day * RowFlag.DAY).astype(np.uint8),
        run_row=run_row,
        run_day=day[run_row].astype(np.uint16),
        day=np.zeros(0, np.uint16),
        day_flags=np.zeros(0, np.uint8),
        session_row=np.zeros(int(counts.sum()), np.uint32),
        session_flags=np.zeros(int(counts.sum()), np.uint8),
        visit_row=visit_row,
        visit_session=number.astype(np.uint16),
        columns=columns,
        offsets={},
    )
    for value in (*vars(segment).values(), *columns.values()):
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    days = tuple(
        DayFacts(FIRST + timedelta(n), True, True, ORIGIN + n * DAY_US, ORIGIN + (n + 1) * DAY_US,
                 "exported", frozenset())
        for n in range(int(day.max()) - int(day.min()) + 1)
    )  # fmt: skip
    return Index(
        "ga4", "device", "made up", Calendar("UTC", days),
        (ColumnSpec("country", "text", "country", ""),
         ColumnSpec("device_category", "text", "device_category", "")),
        {"event_name": Dictionary(pa.array(NAMES)),
         "country": Dictionary(pa.array([f"c{n:02}" for n in range(40)])),
         "device_category": Dictionary(pa.array(["desktop", "mobile", "tablet"]))},
        (segment,), (),
    )  # fmt: skip


def timed(what: str, rows: int, ask: Callable[[], object], times: int = 5) -> None:
    """Print the median of some runs, after one that compiles."""
    ask()
    seconds = []
    for _ in range(times):
        begun = perf_counter()
        ask()
        seconds.append(perf_counter() - begun)
    found = median(seconds)
    print(f"{what:34}{found * 1e3:9.1f} ms {found / rows * 1e9:7.2f} ns a row", flush=True)


def main() -> None:
    """Time each kind of funnel."""
    index = made_up(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
    rows = index.rows
    print(f"{rows:,} rows, {index.segments[0].users:,} users")
    names = tuple(EventSelector((name,)) for name in STEPS)
    plain = FunnelSpec(names)
    country = Condition("country", "is", tuple(f"c{n:02}" for n in range(20)))
    kinds = {
        "plain": plain,
        "plain, one month": replace(plain, query=Query(FIRST, FIRST + timedelta(29))),
        "plain, by device": replace(plain, query=Query(by=("device_category",))),
        "plain, per session": replace(plain, counting="session", window_seconds=None),
        "filtered": replace(plain, query=Query(where=country)),
        "filtered, by device": replace(plain, query=Query(where=country, by=("device_category",))),
        "repeated steps": FunnelSpec((*names[:3], *names[2:])),
        "step window": replace(plain, step_window_seconds=86_400),
        "exclusion": replace(plain, exclusions=(Exclusion(EventSelector(("select_item",))),)),
        "strict": replace(plain, order="strict"),
        "any order": replace(plain, order="any"),
        "every attempt": replace(plain, counting="attempt"),
        "rules clickhouse": replace(plain, rules="clickhouse"),
    }
    for what, question in kinds.items():
        timed(what, rows, lambda question=question: answer(index, question))  # type: ignore[misc]


if __name__ == "__main__":
    main()
