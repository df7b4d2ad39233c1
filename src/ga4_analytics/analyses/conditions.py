"""One condition on one column, as a table by code or a range of numbers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.analyses.names import nearest
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.columns import NO_NUMBER, ColumnSpec
from ga4_analytics.index.dictionary import Dictionary, text_scalar
from ga4_analytics.questions.filters import Condition

GREATEST = 2**63 - 1
Ranges = tuple[tuple[int, int], ...]
"""Ranges of numbers, both ends included; a number that lies in any of them meets."""

_NEGATIVE = {"is_not": "is", "not_contains": "contains", "not_matches": "matches"}
_BOTH = ("is", "is_not", "is_set", "is_not_set")
_TEXT = (*_BOTH, "contains", "not_contains", "matches", "not_matches")
_NUMBER = (*_BOTH, "above", "at_least", "below", "at_most")


def check(condition: Condition, spec: ColumnSpec, field: str) -> None:
    """Refuse an operator that the column does not have, or the wrong number of values.

    Raises:
        QuestionError: Says what the column can be asked.
    """
    allowed = _NUMBER if spec.kind in ("integer", "micros") else _TEXT
    if condition.operator not in allowed:
        raise QuestionError(
            f"{field}: {spec.name} cannot be asked {condition.operator!r}.",
            rule=f"A column of {'numbers' if allowed is _NUMBER else 'text'} can be asked "
            f"{', '.join(allowed)}.",
            remedy=nearest(condition.operator, allowed),
        )
    count = len(condition.values)
    none, one = condition.operator in ("is_set", "is_not_set"), allowed is _NUMBER
    one = one and condition.operator not in ("is", "is_not")
    if (none and count) or (not none and not count) or (one and count > 1):
        wanted = "no value" if none else "one value" if one else "a value or more"
        raise QuestionError(
            f"{field}: {spec.name} {condition.operator} has {count} values.",
            rule=f"{condition.operator} takes {wanted}.",
            remedy="Change the values.",
        )


def codes_that_meet(condition: Condition, values: Dictionary, field: str) -> NDArray[np.bool_]:
    """Which codes of a column of text meet a condition.

    Args:
        condition: A condition that `check` let pass.
        values: The column's dictionary.
        field: Where in the question it stands.

    Returns:
        One boolean a code, null (0) first.

    Raises:
        QuestionError: A regular expression cannot be read.

    >>> values = Dictionary(pa.array(["US", "DE"]))
    >>> codes_that_meet(Condition("country", "is_not", ("US",)), values, "where").tolist()
    [True, False, True]
    """
    table = np.zeros(len(values) + 1, bool)
    if condition.operator in ("is_set", "is_not_set"):
        table[1:] = True
    else:
        test = _text_test(_NEGATIVE.get(condition.operator, condition.operator))
        for value in condition.values:
            try:
                table[1:] |= np.asarray(test(values.values, str(value)))
            except pa.ArrowInvalid as error:
                raise QuestionError(
                    f"{field}: {value!r} is not a regular expression: {error}.",
                    rule="matches takes an RE2 regular expression.",
                    remedy="Mend it, or use contains for plain text.",
                ) from error
    negative = condition.operator in _NEGATIVE or condition.operator == "is_not_set"
    return ~table if negative else table


def _text_test(operator: str) -> Callable[[pa.Array, str], pa.Array]:
    if operator == "contains":
        return lambda texts, value: pc.match_substring(texts, value)
    if operator == "matches":
        return lambda texts, value: pc.match_substring_regex(texts, value)
    return lambda texts, value: pc.equal(texts, text_scalar(value).cast(texts.type))


def ranges_that_meet(condition: Condition, spec: ColumnSpec, field: str) -> Ranges:
    """Which numbers of a column meet a condition; null is the least number.

    Args:
        condition: A condition that `check` let pass.
        spec: The column; amounts are given in its unit and kept in millionths.
        field: Where in the question it stands.

    Raises:
        QuestionError: A value is not a number, or finer than the column keeps.

    >>> spec = ColumnSpec("revenue_usd", "micros", "x", "Revenue")
    >>> ranges_that_meet(Condition("revenue_usd", "above", (9.99,)), spec, "where")[0][0]
    9990001
    """
    least = NO_NUMBER + 1
    if condition.operator in ("is_set", "is_not_set"):
        return ((least, GREATEST),) if condition.operator == "is_set" else ((NO_NUMBER,) * 2,)
    values = [_number(value, spec, field) for value in condition.values]
    if condition.operator == "is":
        return tuple((int(v), int(v)) for v in sorted(set(values)) if v == int(v))
    if condition.operator == "is_not":
        whole = [int(v) for v in sorted(set(values)) if v == int(v)]
        pairs = pairwise([NO_NUMBER - 1, *whole, GREATEST + 1])
        return tuple((low + 1, high - 1) for low, high in pairs if low + 1 <= high - 1)
    value = values[0]
    floor = int(value // 1) if value >= 0 or value == int(value) else int(value) - 1
    ceiling = floor if value == floor else floor + 1
    return {
        "above": ((floor + 1, GREATEST),),
        "at_least": ((ceiling, GREATEST),),
        "below": ((least, ceiling - 1),),
        "at_most": ((least, floor),),
    }[condition.operator]


def _number(value: object, spec: ColumnSpec, field: str) -> Decimal:
    try:
        number = Decimal(str(value)) * (1_000_000 if spec.kind == "micros" else 1)
        if not number.is_finite() or abs(number) >= 2**62 or isinstance(value, bool):
            raise InvalidOperation
    except InvalidOperation:
        raise QuestionError(
            f"{field}: {value!r} is not a number that {spec.name} can be compared with.",
            rule="A column of numbers is compared with numbers below 4.6e18 of its smallest unit.",
            remedy="Change the value.",
        ) from None
    return number
