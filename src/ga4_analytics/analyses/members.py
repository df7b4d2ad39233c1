"""Who is in a segment of users, by key."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.segments import UserSegment


def members(index: Index, users: UserSegment) -> pa.Array:
    """The keys of a segment's users, in no order that means something.

    Args:
        index: The index.
        users: The segment.

    Returns:
        Text, each key once.

    Raises:
        QuestionError: The segment names what is not there.
    """
    chosen = chosen_users(index, users)
    found = [
        segment.keys.take(pa.array(np.flatnonzero(who))).cast(pa.string())
        for segment, who in zip(index.segments, chosen, strict=True)
    ]
    return pa.concat_arrays([pa.array([], pa.string()), *found])
