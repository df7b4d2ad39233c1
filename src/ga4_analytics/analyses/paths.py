"""Paths: which events come after, or before, some events."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ga4_analytics.analyses.masks import compiled
from ga4_analytics.analyses.names import column, event_code
from ga4_analytics.analyses.path_counts import Found, Plan, Rows, counted
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.scope import scope_of, words_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.arrange import NAMES
from ga4_analytics.index.layout import I64
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import Condition, EventSelector, Filter
from ga4_analytics.questions.paths import Level, Link, Node, Path, PathsQuestion, PathsResult
from ga4_analytics.questions.query import seconds
from ga4_analytics.questions.segments import event_in_words
from ga4_analytics.stats.proportions import wilson

UNBOUNDED = 2**62
OTHER = "(other)"


_Pair = tuple[int, str, str, int]
"""Level, step, the step that follows it, and how many paths go so."""


def answer(index: Index, question: PathsQuestion, *, threads: int | None = None) -> PathsResult:
    """Count paths.

    Args:
        index: The index.
        question: The question.
        threads: How many at once; None: one a processor.

    Raises:
        QuestionError: A number is out of bounds, or something is named that is not there.
    """
    begun = time.perf_counter()
    plan = _plan(index, question)
    chosen = chosen_users(index, question.query.users, threads=threads)
    found = counted(index, plan, chosen, threads)
    codes, counts = _unpacked(found, plan)
    total, users, events, open_order = (int(number) for number in found.totals)
    pairs, levels = _drawn(codes, counts, plan, total)
    nodes = _nodes(pairs, plan, total)
    return PathsResult(
        spec=question,
        definition=_words(index, plan, events, open_order),
        finality=plan.scope.finality,
        seconds=time.perf_counter() - begun,
        paths=total,
        users=users,
        distinct=len(counts),
        top=_listed(codes, counts, plan, total),
        nodes=nodes,
        links=_links(pairs, nodes, total),
        levels=levels,
        events=events,
        open_order=open_order,
        open_share=open_order / events if events else None,
    )


def _plan(index: Index, question: PathsQuestion) -> Plan:
    scope = scope_of(index, question.query)
    _check(question)
    spec = column(index, question.step, "step")
    if spec.kind != "text":
        raise QuestionError(
            f"step: {question.step} does not hold one text an event.",
            rule="Steps are values of a column with one text an event.",
            remedy="Take event_name, page_path or another such column.",
        )
    for place, name in enumerate(question.hide):
        event_code(index, name, f"hide[{place}]")
    hidden: Filter | None = None
    if question.hide:
        hidden = Condition(NAMES, "is_not", question.hide)
    masks = compiled(index, (EventSelector(where=hidden), question.anchor), question.query.where)
    texts = tuple(index.dictionaries[spec.name].texts())
    bits = len(texts).bit_length()
    return Plan(
        question=question,
        scope=scope,
        masks=masks,
        texts=texts,
        rank=_ranks(texts),
        name_rank=_ranks(index.names.texts()),
        bits=bits if bits * question.depth <= 63 else 0,
        window_us=seconds(question.window) * 1_000_000 if question.window else UNBOUNDED,
    )


def _check(question: PathsQuestion) -> None:
    for field, value, most in (("depth", question.depth, 20), ("shown", question.shown, 10_000)):
        if not 1 <= value <= most:
            raise QuestionError(
                f"{field}: {value} is out of bounds.",
                rule=f"{field} is 1 to {most:,}.",
                remedy=f"Give a {field} between them.",
            )
    if question.query.by:
        raise QuestionError(
            f"by: paths are not broken down, not by {question.query.by[0]!r} either.",
            rule="A question for paths has no breakdown.",
            remedy="Filter the events or users in place of it, and ask once for each value.",
        )


def _ranks(texts: Sequence[str | None]) -> I64:
    """The place of each code in byte order of the texts, null first."""
    order = sorted(range(len(texts)), key=lambda code: (texts[code] or "").encode())
    ranks = np.empty(len(texts), np.int64)
    ranks[order] = np.arange(len(texts))
    return ranks


def _unpacked(found: Found, plan: Plan) -> tuple[Rows, I64]:
    """The different paths as codes, shape (paths, depth), and their counts.

    The anchor's own step is not part of a path. 0 stands where a path has ended.
    """
    taken = np.flatnonzero(found.table[:, 1])
    counts = found.table[taken, 1].astype(np.int64)
    if not plan.bits:
        return found.rows[taken], counts
    keys = found.table[taken, 0]
    shifts = np.arange(plan.question.depth, dtype=np.uint64) * np.uint64(plan.bits)
    codes = (keys[:, None] >> shifts) & np.uint64((1 << plan.bits) - 1)
    return codes.astype(np.uint32), counts


def _listed(codes: Rows, counts: I64, plan: Plan, total: int) -> tuple[Path, ...]:
    """The commonest paths."""
    if not len(counts):
        return ()
    shown = min(plan.question.shown, len(counts))
    least = np.partition(counts, -shown)[-shown]
    kept = np.flatnonzero(counts >= least)
    # Byte order of steps; what has ended stands before every step.
    ranks = np.where(codes[kept] > 0, plan.rank[codes[kept]] + 1, 0)
    order = np.lexsort((*ranks.T[::-1], -counts[kept]))[:shown]
    return tuple(
        Path(
            (plan.question.anchor.shown, *(str(plan.texts[code]) for code in codes[at] if code)),
            int(counts[at]),
            wilson(int(counts[at]), total),
        )
        for at in kept[order]
    )


def _drawn(
    codes: Rows, counts: I64, plan: Plan, total: int
) -> tuple[list[_Pair], tuple[Level, ...]]:
    """Steps that follow one another, level by level, and how many paths reach each level."""
    drawn: list[_Pair] = []
    levels: list[Level] = []
    names: list[str] = [plan.question.anchor.shown]
    source = np.zeros(len(counts), np.int64)
    before = total
    for level in range(plan.question.depth):
        there = codes[:, level] > 0
        reached = int(counts[there].sum())
        levels.append(Level(level + 1, reached, before - reached, wilson(reached, total)))
        before = reached
        if not reached:
            continue
        targets, next_names = _grouped(codes[:, level], counts, plan)
        width = len(next_names)
        pairs = np.bincount(
            source[there] * width + targets[there], counts[there], len(names) * width
        ).astype(np.int64)
        found = [(int(pairs[at]), *divmod(int(at), width)) for at in np.flatnonzero(pairs)]
        found.sort(key=lambda link: (-link[0], link[1], link[2]))
        drawn += [(level + 1, names[a], next_names[b], count) for count, a, b in found]
        source, names = targets, next_names
    return drawn, tuple(levels)


def _nodes(pairs: Sequence[_Pair], plan: Plan, total: int) -> tuple[Node, ...]:
    """The steps of each level: the anchor, then the commonest first, others last."""
    came = Counter({(0, plan.question.anchor.shown): total} if total else {})
    went: Counter[tuple[int, str]] = Counter()
    for level, source, target, count in pairs:
        came[level, target] += count
        went[level - 1, source] += count
    order = sorted(came, key=lambda at: (at[0], at[1] == OTHER, -came[at], at[1]))
    return tuple(Node(*at, came[at], came[at] - went[at], came[at] / total) for at in order)


def _links(pairs: Sequence[_Pair], nodes: Sequence[Node], total: int) -> tuple[Link, ...]:
    """Pairs of steps with their shares."""
    sizes = {(node.level, node.step): node.count for node in nodes}
    return tuple(
        Link(level, source, target, count, count / total, count / sizes[level - 1, source])
        for level, source, target, count in pairs
    )


def _grouped(codes: Rows, counts: I64, plan: Plan) -> tuple[I64, list[str]]:
    """The place of each path's step among the commonest of its level, and their names."""
    sizes = np.bincount(codes, counts, len(plan.texts)).astype(np.int64)
    sizes[0] = 0
    order = np.lexsort((plan.rank, -sizes))
    kept = [int(code) for code in order[: plan.question.query.top] if sizes[code]]
    places = np.full(len(plan.texts), len(kept), np.int64)
    places[kept] = np.arange(len(kept))
    names = [str(plan.texts[code]) for code in kept]
    others = [OTHER] if np.count_nonzero(sizes) > len(kept) else []
    return places[codes], names + others


def _words(index: Index, plan: Plan, events: int, open_order: int) -> tuple[str, ...]:
    asked = plan.question
    unit = asked.per
    which = {
        "every": f"every {event_in_words(asked.anchor)}",
        "first": f"the first {event_in_words(asked.anchor)} of each {unit}",
        "last": f"the last {event_in_words(asked.anchor)} of each {unit}",
    }[asked.anchors]
    side = "after" if asked.direction == "from" else "before"
    within = f" within {asked.window}" if asked.window else ""
    share = f"{open_order / events:.2%}" if events else "none"
    sentences = [
        *words_of(index, asked.query, plan.scope),
        f"A path is {which} on these days with the up to {asked.depth} steps {side} it in its "
        f"{unit}{within}, the nearest first; steps may lie outside the days.",
        "Events without a time of their own"
        + (", or without a session," if unit == "session" else "")
        + " are in no path.",
        "Events of one microsecond are in the order of their batch; what that leaves open is in "
        f"byte order of event name and step, so no order of rows or ids matters: {open_order:,} "
        f"of {events:,} events ({share}).",
    ]
    if asked.step != NAMES:
        sentences.append(f"Steps are values of {asked.step}; an event without one is no step.")
    if asked.hide:
        sentences.append(f"No steps: {', '.join(asked.hide)}.")
    if asked.merge:
        sentences.append("A step equal to the one before it, the anchor's too, is left out.")
    return tuple(sentences)
