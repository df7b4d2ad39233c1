"""The groups of a breakdown that are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.buckets import Buckets
from ga4_analytics.analyses.groups import Grouping, grouping
from ga4_analytics.analyses.masks import Masks
from ga4_analytics.analyses.parts import Part, on_each
from ga4_analytics.analyses.whos import Array, View
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels.measures import count_rows
from ga4_analytics.questions.query import Query


def top_groups(
    index: Index,
    query: Query,
    masks: Masks,
    bits: int,
    given: Sequence[Part],
    ranges: Sequence[Buckets],
    threads: int | None,
) -> Grouping | None:
    """The groups with most events, and the others together.

    Args:
        index: The index.
        query: The question's breakdown.
        masks: Its selectors.
        bits: Which of them count here; one is enough.
        given: The parts that count.
        ranges: Days whose events count; those of a later range only decide between groups
            that are equal in the ones before, and give each of their groups a place.
        threads: How many parts are worked on at once.

    Returns:
        The groups, largest first, or None for no breakdown.
    """
    if not query.by:
        return None
    whole = grouping(index, query.by)
    sizes = np.zeros(len(whole.labels), np.int64)
    for buckets in ranges:
        counts = _events(whole, masks, bits, given, buckets, threads)
        sizes = sizes * (int(counts.max(initial=0)) + 1) + counts
    return whole.topped(sizes, query.top)


def _events(
    whole: Grouping,
    masks: Masks,
    bits: int,
    given: Sequence[Part],
    buckets: Buckets,
    threads: int | None,
) -> NDArray[np.int64]:
    single = replace(buckets, table=np.minimum(buckets.table, 0), hours=None)

    def work(part: Part) -> tuple[Array, Array]:
        view = View(part, masks, whole, single)
        counts = np.zeros(len(whole.labels), np.int64)
        count_rows(view.bucket, view.bits, np.uint64(bits), view.group, len(counts), counts)
        found = np.flatnonzero(counts)
        return found, counts[found]

    sizes = np.zeros(len(whole.labels), np.int64)
    for found, counts in on_each(work, given, threads):
        sizes[found] += counts
    return sizes
