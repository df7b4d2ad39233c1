"""Reproducible draws: a hash of (seed, stream, key), the same on every machine.

No generator state is kept: the draw that belongs to a key never depends on how many others
were made before it, so a new stream leaves the old ones as they are. Only integer operations
and the four IEEE basic operations with `sqrt` are used, because other functions may differ in
the last bit between processors.
Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014
(SplitMix64 and its finaliser).
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]
Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
HEAVY_TAIL_CAP = 40.0


def _mix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))


def words(seed: int, stream: str, keys: NDArray[np.integer]) -> Words:
    """Give one 64-bit word for each key.

    Args:
        seed: The sample's seed.
        stream: What the draw is for; another name gives independent draws.
        keys: Whole numbers that name the things drawn for.

    Returns:
        As many words as keys.

    Example:
        >>> [int(word) % 1000 for word in words(7, "doc", np.arange(3))]
        [524, 872, 188]
    """
    digest = hashlib.sha256(f"{seed}/{stream}".encode()).digest()
    start = np.uint64(int.from_bytes(digest[:8], "big"))
    steps = keys.astype(np.uint64) + np.uint64(1)
    return _mix(_mix(steps * _GOLDEN + start) + start)


def uniform(seed: int, stream: str, keys: NDArray[np.integer]) -> Floats:
    """Give one number in [0, 1) for each key, a multiple of 2**-53.

    Example:
        >>> bool((uniform(7, "doc", np.arange(1000)) < 1).all())
        True
    """
    return (words(seed, stream, keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def below(seed: int, stream: str, keys: NDArray[np.integer], bound: int) -> Ints:
    """Give one whole number in [0, bound) for each key.

    Example:
        >>> sorted(set(below(7, "doc", np.arange(100), 3).tolist()))
        [0, 1, 2]
    """
    high = words(seed, stream, keys) >> np.uint64(32)
    return ((high * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)


def heavy(seed: int, stream: str, keys: NDArray[np.integer]) -> Floats:
    """Give one positive heavy-tailed number with median 1 for each key.

    A log-logistic variable of shape 2, sqrt(u / (1 - u)), cut at 40: its upper tail falls
    with the square, as engagement and loyalty do.

    Example:
        >>> values = heavy(7, "doc", np.arange(10_001))
        >>> bool(0.95 < np.median(values) < 1.05), float(values.max()) <= 40.0
        (True, True)
    """
    u = uniform(seed, stream, keys)
    return np.minimum(np.sqrt(u / (1.0 - u)), HEAVY_TAIL_CAP)


def deal_order(seed: int, stream: str, count: int) -> Ints:
    """Give the positions 0 to count - 1 in random order.

    Example:
        >>> sorted(deal_order(7, "doc", 3).tolist())
        [0, 1, 2]
    """
    return np.argsort(words(seed, stream, np.arange(count)), kind="stable")


def quantiles(seed: int, stream: str, count: int) -> Floats:
    """Give the mid-quantiles of ``count`` things in random order: a stratified sample.

    A mix that is drawn with them is exact to one part in ``count``, at any size.

    Example:
        >>> sorted(quantiles(7, "doc", 4).tolist())
        [0.125, 0.375, 0.625, 0.875]
    """
    result = np.empty(count)
    result[deal_order(seed, stream, count)] = (np.arange(count) + 0.5) / max(count, 1)
    return result
