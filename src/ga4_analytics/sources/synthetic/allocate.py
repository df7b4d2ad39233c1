"""Exact shares: totals are met to the unit, whatever the seed and the size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.draws import Floats, Ints, words

Group = NDArray[np.integer]


def apportion(weights: NDArray[np.floating] | NDArray[np.integer], total: int) -> Ints:
    """Share ``total`` out in proportion to weights by the largest remainder.

    Args:
        weights: Not negative; where all are 0, nothing is given.
        total: How many units to give.

    Returns:
        Whole numbers that add up to ``total``.

    Example:
        >>> apportion(np.array([1.0, 1.0, 2.0]), 5).tolist()
        [1, 1, 3]
    """
    mass = math.fsum(weights.tolist())
    if mass <= 0 or total <= 0:
        return np.zeros(len(weights), np.int64)
    exact = weights.astype(np.float64) * (total / mass)
    whole = np.floor(exact).astype(np.int64)
    rest = total - int(whole.sum())
    order = np.argsort(whole - exact, kind="stable")
    whole[order[:rest]] += 1
    return whole


def diffuse(amounts: Floats) -> Ints:
    """Round a series so that each running total is right to half a unit.

    Example:
        >>> diffuse(np.array([0.4, 0.4, 0.4, 0.4])).tolist()
        [0, 1, 0, 1]
    """
    running = np.floor(np.cumsum(amounts) + 0.5).astype(np.int64)
    steps: Ints = np.diff(running, prepend=0)
    return steps


def rank_within(groups: Group) -> Ints:
    """Number the members of each run of equal values from 0.

    Args:
        groups: Values in which equal ones stand together.

    Example:
        >>> rank_within(np.array([4, 4, 9, 9, 9])).tolist()
        [0, 1, 0, 1, 2]
    """
    if not len(groups):
        return np.zeros(0, np.int64)
    fresh = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    return np.arange(len(groups)) - np.repeat(fresh, np.diff(fresh, append=len(groups)))


def choose(u: Floats, weights: Floats, groups: Group, quotas: Ints) -> NDArray[np.bool_]:
    """Choose exactly ``quotas[g]`` members of each group, likelier where the weight is larger.

    Sequential Poisson sampling: the smallest u / weight win. Weight 0 is never chosen.
    Source: Ohlsson, "Sequential Poisson Sampling", Journal of Official Statistics 14 (1998).

    Args:
        u: One draw in [0, 1) a member.
        weights: Not negative, one a member.
        groups: The group of each member, from 0.
        quotas: How many to choose, by group; a group with fewer candidates gives them all.

    Example:
        >>> choose(np.array([.9, .1, .5]), np.ones(3), np.zeros(3, int), np.array([1])).tolist()
        [False, True, False]
    """
    able = np.flatnonzero(weights > 0)
    order = np.lexsort((u[able] / weights[able], groups[able]))
    ranked = able[order]
    chosen = np.zeros(len(u), np.bool_)
    chosen[ranked[rank_within(groups[ranked]) < quotas[groups[ranked]]]] = True
    return chosen


def until_users(u: Floats, weights: Floats, users: Group, target: int) -> NDArray[np.bool_]:
    """Choose sessions, likelier where the weight is larger, until they have ``target`` users.

    Args:
        u: One draw in [0, 1) a session.
        weights: Not negative, one a session; weight 0 is never chosen.
        users: The user of each session.
        target: How many distinct users the chosen sessions shall have.

    Example:
        >>> until_users(np.array([.1, .2, .3]), np.ones(3), np.array([5, 5, 6]), 1).tolist()
        [True, True, False]
    """
    able = np.flatnonzero(weights > 0)
    ranked = able[np.argsort(u[able] / weights[able], kind="stable")]
    first = np.zeros(len(ranked), np.bool_)
    first[np.unique(users[ranked], return_index=True)[1]] = True
    chosen = np.zeros(len(u), np.bool_)
    chosen[ranked[np.cumsum(first) <= target]] = True
    return chosen


def scatter(seed: int, stream: str, weights: Ints, groups: Group, quotas: Ints) -> Ints:
    """Throw ``quotas[g]`` balls at the members of each group, in proportion to weight.

    Args:
        seed: The sample's seed.
        stream: What the draws are for.
        weights: Whole numbers, not negative; whole because their sums are then exact.
        groups: The group of each member, ascending from 0.
        quotas: How many balls, by group; none where the group has no weight.

    Returns:
        The balls of each member.

    Example:
        >>> scatter(7, "doc", np.array([0, 3, 1]), np.array([0, 0, 1]), np.array([2, 4])).tolist()
        [0, 2, 4]
    """
    running = np.concatenate([[0], np.cumsum(weights)])
    edges = np.searchsorted(groups, np.arange(len(quotas) + 1))
    low, high = running[edges[:-1]], running[edges[1:]]
    thrown = np.repeat(np.arange(len(quotas)), np.where(high > low, quotas, 0))
    draw = words(seed, stream, np.arange(len(thrown)))
    spot = low[thrown] + (draw % (high - low)[thrown].astype(np.uint64)).astype(np.int64)
    hit = np.searchsorted(running, spot, side="right") - 1
    return np.bincount(hit, minlength=len(weights)).astype(np.int64)
