"""Compiles the kernels by asking every kind of question once, so that no person waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ga4_analytics.analyses.ask import ask
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import bitmaps
from ga4_analytics.questions import build, build_more
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.segments import DidInOrder, DidOnDays, HadSum, HadValue, WasNew


def warm(
    index: Index,
    told: Callable[[str], None] = lambda topic: None,
    *,
    threads: int | None = None,
) -> int:
    """Ask questions that need all kernels, with the types that this index has.

    Args:
        index: The events.
        told: Told each topic when it begins.
        threads: How many processors to use; None: all.

    Returns:
        How many questions were asked.
    """
    _map_rows()
    count = 0
    for topic, spec in questions(index):
        told(topic)
        ask(index, spec, threads=threads)
        count += 1
    return count


def _map_rows() -> None:
    """Run the kernels that write bitmaps: which of them a question needs, its data decides."""
    out, table = np.zeros(2, np.uint64), np.zeros(1, np.uint64)
    for kind in (np.uint8, np.uint16, np.uint32):
        codes, offsets = np.zeros(65, kind), np.zeros(66, np.uint32)
        for each in (codes, offsets):
            each.setflags(write=False)
        bitmaps.map_codes(codes, table, np.array([0, 1]), 0, out[None])
        bitmaps.add_listed(codes, table.view(np.uint8)[:1], 0, out)
        bitmaps.keep_listed(codes, table, np.uint64(1), 0, out)
        bitmaps.keep_any(offsets, codes, table, np.uint64(1), 0, out)
    numbers = np.zeros(65, np.int64)
    numbers.setflags(write=False)
    bitmaps.keep_within(numbers, numbers[:0].copy(), numbers[:0].copy(), 0, out)


def questions(index: Index) -> Iterator[tuple[str, Any]]:
    """Questions that need all kernels between them, with their topics."""
    if not index.calendar.days or not len(index.names):
        return
    first = EventSelector((str(index.names.text(1)),))
    second = EventSelector((str(index.names.text(min(2, len(index.names)))),))
    texts = [spec.name for spec in index.specs if spec.kind == "text"]
    numbers = [spec.name for spec in index.specs if spec.kind in ("integer", "micros")]
    filtered = [EventSelector(first.names, Condition(name, "is_set")) for name in
                [spec.name for spec in index.specs]]  # fmt: skip
    by = texts[:1]
    yield from (("funnel", spec) for spec in _funnels(first, second, filtered, by))
    yield "trends", build.trends(first, *filtered[:20], by=by)
    for measure in ("users", "sessions", "active_users", "new_users", "rolling_7d_users"):
        yield "trends", build.trends(first, *filtered[:1], measure=measure, by=by)
    yield "trends", build.trends(*filtered[:20], measure="users")
    for measure in ("users", "sessions"):  # the others are told by day
        yield "trends", build.trends(first, measure=measure, granularity="hour")
    for measure in ("sum", "average", "min", "max", "percentile", "per_user"):
        for column in numbers[:1]:
            yield "trends", build.trends(first, measure=measure, column=column, by=by)
    for entry in ("first_ever", "first_in_range", "recurring"):
        for clock in ("calendar", "rolling"):
            yield "retention", build.retention(filtered[0], second, entry=entry, clock=clock)
            yield "retention", build.retention(entry=entry, clock=clock, by=by, bootstrap=2)
    for event in ("*", filtered[0]):
        yield "lifecycle", build.lifecycle(event, by=by)
        yield "lifecycle", build.lifecycle(event)
        yield "stickiness", build.stickiness(event, by=by)
        yield "stickiness", build.stickiness(event)
        yield "sessions", build.sessions(event)
        yield "paths", build_more.paths(event, per="session")
        yield "paths", build_more.paths(event, per="session", depth=9)  # too deep for bytes
        yield "paths", build_more.paths(event, per="user", direction="to", merge=True)
    for name in texts:
        yield "trends", build.trends(by=name, granularity="month")
        yield "paths", build_more.paths(first, step=name, depth=1)
    yield "revenue", build_more.revenue(periods=2)
    yield "revenue", build_more.revenue(by=by)
    yield "segments", _segments(first, second, texts[:1], numbers[:1])


def _funnels(
    first: EventSelector, second: EventSelector, filtered: list[EventSelector], by: list[str]
) -> Iterator[Any]:
    for counting in ("user", "session", "attempt"):
        yield build.funnel(first, second, counting=counting, by=by)
        yield build.funnel(filtered[0], second, first, counting=counting, exclude=())
    yield build.funnel(*filtered[:20], second)
    for order in ("strict", "any"):
        yield build.funnel(first, second, order=order, by=by)
    for rules in build.COMPARED:
        yield build.funnel(first, second, rules=rules)
    for attribution in ("last", "all", "step:1"):
        yield build.funnel(first, second, by=by, attribution=attribution)
    yield build.funnel(first, second, first, optional=(2,))


def _segments(
    first: EventSelector, second: EventSelector, texts: list[str], numbers: list[str]
) -> Any:
    parts: dict[str, Any] = {
        "order": DidInOrder((first, second)),
        "days": DidOnDays(first),
        "new": WasNew(),
    }
    for name in texts:
        parts["value"] = HadValue(Condition(name, "is_set"), "first")
    for name in numbers:
        parts["sum"] = HadSum(name, 1)
    return build_more.segments(named=parts)
