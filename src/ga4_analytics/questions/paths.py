"""Which events come after, or before, some events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.results import Result, share
from ga4_analytics.stats.proportions import Proportion


@dataclass(frozen=True)
class PathsQuestion:
    """A question for paths.

    Attributes:
        anchor: Where paths begin, or end.
        direction: 'from' the anchor on, or 'to' it: its steps are what came before, the
            nearest first.
        depth: Most steps beside the anchor, 1 to 20.
        per: A path stays within the 'session' of its anchor, or within its 'user'.
        window: Longest time between the anchor and a step, both included, as ``30m``; empty:
            no bound.
        anchors: Whether 'every' anchor has a path, or the 'first' or 'last' of its session or
            user.
        step: The column whose values are the steps; an event without a value is no step.
        hide: Event names that are no steps.
        merge: Whether a step equal to the one before it, the anchor's too, is left out.
        shown: How many paths are listed, the commonest first.
        query: Days of the anchor, events, users; ``top`` says how many steps each level of the
            links shows, the rest are put together. Steps may lie outside the days.
    """

    anchor: EventSelector
    direction: Literal["from", "to"] = "from"
    depth: int = 5
    per: Literal["session", "user"] = "session"
    window: str = ""
    anchors: Literal["every", "first", "last"] = "every"
    step: str = "event_name"
    hide: tuple[str, ...] = ()
    merge: bool = False
    shown: int = 20
    query: Query = field(default_factory=Query)


@dataclass(frozen=True)
class Path:
    """A path and how often it comes.

    Attributes:
        steps: Its steps from the anchor on, fewer than asked for where it ends before.
        count: How many paths are like it.
        share: Of all paths.
    """

    steps: tuple[str, ...]
    count: int
    share: Proportion | None


@dataclass(frozen=True)
class Link:
    """How many paths go from one step to the next.

    Attributes:
        level: 1 for the links that leave the anchor.
        source: The step before; at level 1 the anchor.
        target: The step.
        count: How many paths.
        share: ``count`` of all paths, in [0, 1].
        of_source: ``count`` of the paths that come to its source, in [0, 1].
    """

    level: int
    source: str
    target: str
    count: int
    share: float
    of_source: float


@dataclass(frozen=True)
class Node:
    """Paths that stand at one step of a level: a box of a Sankey diagram.

    Attributes:
        level: Number of the step; 0 for the anchor.
        step: The step; ``(other)`` for all that are not shown.
        count: How many paths come here.
        ended: How many of them go no further; of the last level, all.
        share: ``count`` of all paths, in [0, 1].
    """

    level: int
    step: str
    count: int
    ended: int
    share: float


@dataclass(frozen=True)
class Level:
    """How far paths go.

    Attributes:
        level: Number of the step, from 1.
        reached: Paths with such a step.
        dropped: Paths that ended right before it.
        share: ``reached`` of all paths.
    """

    level: int
    reached: int
    dropped: int
    share: Proportion | None


@dataclass(frozen=True)
class PathsResult(Result):
    """Paths.

    Attributes:
        paths: How many paths there are: one for each anchor that counts.
        users: Users with a path.
        distinct: How many different paths there are.
        top: The commonest paths; of equal counts in order of their steps.
        nodes: The steps of each level, the anchor first, then the commonest.
        links: What a Sankey diagram draws, with rare steps of a level as ``(other)``.
        levels: How many paths reach each level, and how many end before it.
        events: Events of these users that may be steps.
        open_order: Those of them that follow another event with nothing to tell the order.
        open_share: ``open_order`` of ``events``, in [0, 1]; None where there are none.
    """

    paths: int
    users: int
    distinct: int
    top: tuple[Path, ...]
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    levels: tuple[Level, ...]
    events: int
    open_order: int
    open_share: float | None

    def records(self) -> list[dict[str, Any]]:
        """One row a listed path."""
        return [
            {"path": " > ".join(each.steps), "steps": list(each.steps), "count": each.count}
            | share(each.share)
            for each in self.top
        ]
