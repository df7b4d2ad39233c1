"""The best that anybody can say of the members of the plant `churn`, knowing how it works.

What is planted is chance: a member leaves at the end of a week with a known hazard. So nobody
can foretell churn without error, and this is how well it can be foretold at best: the chance
given all days on which a member was seen, by Bayes' rule over the week in which they leave.
"""

from __future__ import annotations

from collections.abc import Sequence

from ga4_analytics.sources.synthetic.plants.churn import AGAIN

WEEK = 7


def chance_of_week(active: int, silent: int, again: float = AGAIN) -> float:
    """The chance that a week of membership has activity on some days and none on others.

    A day is active when its draw is below `again`, and the day with the lowest draw always is.

    Args:
        active: Days with activity; the first day of all, which always has it, not counted.
        silent: Days without; whatever is on the rest of the seven.
        again: The chance of another active day.

    >>> chance_of_week(0, 0), chance_of_week(0, 7)
    (1.0, 0.0)
    >>> round(chance_of_week(0, 1, again=0.0), 6)  # the lowest draw is on one of six others
    0.857143
    """
    rare = 1.0 - again
    # No draw is below `again`: the lowest alone is active, each of the seven days alike.
    if active:
        alone = rare**WEEK / WEEK if active == 1 else 0.0
        return again**active * rare**silent + alone
    others = WEEK - silent
    return rare**silent * (1.0 - rare**others) + others / WEEK * rare**WEEK


def chance_to_churn(
    seen: Sequence[int], cutoff: int, gap: int, horizon: int, hazard: float
) -> float:
    """The chance that a member is seen on no day of the horizon.

    Args:
        seen: All active days before the cutoff; the first is the day of joining.
        cutoff: The first day of which nothing is known.
        gap: Days after it that count neither way.
        horizon: Days after the gap.
        hazard: Chance to leave at the end of a week of membership.

    Returns:
        In [0, 1]; 1 for who was silent for a whole week of membership.

    >>> chance_to_churn([0, 3], 28, 3, 14, 0.1)
    1.0
    >>> round(chance_to_churn([0, 7, 14, 21], 28, 0, 7, 0.1), 6)
    0.1
    """
    joined, end = min(seen), cutoff + gap + horizon
    now = (max(seen) - joined) // WEEK
    own = [day for day in seen if (day - joined) // WEEK == now and day != joined]
    unseen, later = _days(joined, now, cutoff, max(seen) + 1), _label(joined, now, cutoff, gap, end)
    known, silent = chance_of_week(len(own), unseen), chance_of_week(len(own), unseen + later)
    seen_so, seen_and_silent, stays = 0.0, 0.0, 1.0
    week = now
    # Each turn: this week is the last one.
    while joined + week * WEEK < end:
        seen_so += stays * hazard * known
        seen_and_silent += stays * hazard * silent
        stays *= 1.0 - hazard
        week += 1
        before = _days(joined, week, cutoff, 0)
        known *= chance_of_week(0, before)
        silent *= chance_of_week(0, before + _label(joined, week, cutoff, gap, end))
    # Any later week may be the last one.
    seen_so += stays * known
    seen_and_silent += stays * silent
    return seen_and_silent / seen_so


def _days(joined: int, week: int, end: int, first: int) -> int:
    """How many days of a week stand from ``first`` up to, not including, ``end``."""
    begin = joined + week * WEEK
    return max(0, min(end, begin + WEEK) - max(first, begin))


def _label(joined: int, week: int, cutoff: int, gap: int, end: int) -> int:
    return _days(joined, week, end, cutoff + gap)
