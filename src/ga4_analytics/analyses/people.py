"""Which users a question counts."""

from __future__ import annotations

from ga4_analytics.index.layout import U8
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.segments import UserSegment


def chosen_users(index: Index, segment: UserSegment | None) -> tuple[U8, ...]:
    """Who counts, for each segment of an index.

    Args:
        index: The index.
        segment: The users meant; None: all.

    Returns:
        For each of ``index.segments``, 1 for each user who counts; dead users never do.
    """
    alive = tuple(part.alive for part in index.segments)
    if segment is None:
        return alive
    raise NotImplementedError
