"""Which users a question counts."""

from __future__ import annotations

import numpy as np

from ga4_analytics.analyses.deeds import Met, met
from ga4_analytics.index.layout import U8
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.segments import InAll, InAny, NotIn, UserSegment


def chosen_users(
    index: Index,
    segment: UserSegment | None,
    *,
    threads: int | None = None,
    field: str = "users",
) -> tuple[U8, ...]:
    """Who counts, for each segment of an index.

    Args:
        index: The index.
        segment: The users meant; None: all.
        threads: How many at once; None: one a processor.
        field: Where in the question the segment stands, for errors.

    Returns:
        For each of ``index.segments``, 1 for each user who counts; dead users never do.

    Raises:
        QuestionError: The segment names what is not there, or its numbers or days make no
            sense.
    """
    alive = tuple(part.alive for part in index.segments)
    if segment is None:
        return alive
    found = _met(index, segment, field, threads)
    return tuple(
        (is_in & (lives != 0)).astype(np.uint8) for is_in, lives in zip(found, alive, strict=True)
    )


def _met(index: Index, segment: UserSegment, field: str, threads: int | None) -> Met:
    if isinstance(segment, NotIn):
        return tuple(~each for each in _met(index, segment.part, f"{field}.part", threads))
    if isinstance(segment, InAll | InAny):
        both = np.logical_and if isinstance(segment, InAll) else np.logical_or
        start = isinstance(segment, InAll)
        whole: Met = tuple(np.full(part.users, start) for part in index.segments)
        for place, each in enumerate(segment.parts):
            part = _met(index, each, f"{field}.parts[{place}]", threads)
            whole = tuple(both(one, other) for one, other in zip(whole, part, strict=True))
        return whole
    return met(index, segment, field, threads)
