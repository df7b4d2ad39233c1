"""Numbers that lost their last digits, told from many of them: no single one shows it."""

from __future__ import annotations

import re
from collections.abc import Collection

_ID = re.compile(r"0*([0-9]+?)(?:[.]0?|[.]([0-9]+))?")
_KEPT = frozenset({10, 15, 16, 17})
"""Digits that a spreadsheet's cell shows (10), a spreadsheet keeps (15), a float needs."""
MIN_IDS = 20
MIN_COARSE, MIN_FINE = 5, 50
COARSE = 1_000_000_000


def is_numeric_id(text: str) -> bool:
    """Whether an id is written as a number.

    >>> [is_numeric_id(text) for text in ("82023966.6010891291", "1234567890", "ann")]
    [True, True, False]
    """
    return _ID.fullmatch(text) is not None


def id_digits_left(ids: Collection[str]) -> int | None:
    """How many digits ids have kept, where digits were lost; else None.

    A client id is two whole numbers with a point between them, the second one of ten digits
    and as often with a zero at its end as with any other digit. Read as one number it keeps
    15 to 17 digits in all, so that the second number is shorter the longer the first one is,
    and it never ends in a zero. Of 20 ids that lost nothing, all of these hold by chance
    never: ids of more than 17 digits alone are most of every real file.

    Args:
        ids: Distinct ids that are written as numbers.

    >>> whole = [f"{7754124 * n}.{(n * 618033988) % 9000000000 + 1000000000}"
    ...          for n in range(1, 40)]
    >>> id_digits_left(whole)
    >>> id_digits_left([f"{float(each):.15g}" for each in whole])
    15
    """
    if len(ids) < MIN_IDS:
        return None
    parts = [(m[1], m[2] or "") for m in (_ID.fullmatch(each) for each in ids) if m]
    digits = [len(first) + len(second) for first, second in parts]
    most = max(digits)
    full = sum(count >= most - 1 for count in digits)
    with_point = [second for _, second in parts if second]
    if (
        most in _KEPT
        and 2 * full > len(ids)
        and 2 * len(with_point) > len(ids)
        and len({len(second) for second in with_point}) > 1
        and not any(second.endswith("0") for second in with_point)
    ):
        return most
    return None


def time_zeros(times: Collection[int]) -> int | None:
    """How many zeros stand for lost digits at the end of times, in microseconds; else None.

    1.61E+15 written out ends in nine zeros or more: five different times that are all
    multiples of 1,000 seconds do not happen, not even (1 in 10^15) where times are whole
    seconds. A spreadsheet's 15 digits leave one zero: of 50 different times that end in one
    zero, some end in a single one, so their clock did not count whole milliseconds.

    Args:
        times: Distinct times, a sample.

    >>> time_zeros([1_604_188_800_000_000 + n * 1_000_000 for n in range(99)])
    >>> time_zeros([1_611_210_000_000_000 + n * 10_000_000_000 for n in range(9)])
    10
    >>> time_zeros([1_604_188_804_579_560 + n * 12_345_670 for n in range(60)])
    1
    """
    if len(times) < MIN_COARSE or any(time % 10 for time in times):
        return None
    if not any(time % COARSE for time in times):
        return min(len(str(time)) - len(str(time).rstrip("0")) for time in times)
    if len(times) >= MIN_FINE and any(time % 100 for time in times):
        return 1
    return None
