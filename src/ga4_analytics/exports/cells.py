"""Values as vendors want them: times, money, numbers and ids, a column at a time."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

NO_IDS = frozenset(
    {
        "anonymous", "anon", "nil", "<nil>", "none", "null", "n/a", "na", "undefined", "unknown",
        "true", "false", "0", "-1", "[]", "{}", '""', "''", "",
    }
)  # fmt: skip
"""Words that stand for no id, small letters: Amplitude's and Mixpanel's lists together."""

_MILLI = pa.scalar(1000, pa.int64())
_LAST_US = 253_402_300_799_999_999
"""The end of the year 9999, the last that ISO 8601 writes with four digits."""


def millis(micros: pa.Array) -> pa.Array:
    """Milliseconds as text, rounded down; the times are not negative.

    >>> millis(pa.array([1604275260000999, None])).to_pylist()
    ['1604275260000', None]
    """
    return pc.cast(pc.divide(micros, _MILLI), pa.string())


def iso(micros: pa.Array) -> pa.Array:
    """Times as ISO 8601 with microseconds, UTC.

    >>> iso(pa.array([1604275260000999])).to_pylist()
    ['2020-11-02T00:01:00.000999Z']
    """
    written = pc.cast(pc.cast(micros, pa.timestamp("us")), pa.string())
    return pc.binary_join_element_wise(
        pc.binary_replace_slice(written, 10, 11, "T"), pa.scalar("Z"), pa.scalar("")
    )


def out_of_range(micros: pa.Array, first: int = 0) -> pa.Array:
    """Whether times are before one, or later than the year 9999; false for none.

    >>> out_of_range(pa.array([-1, 0, None])).to_pylist()
    [True, False, False]
    """
    outside = pc.or_(pc.less(micros, first), pc.greater(micros, _LAST_US))
    return pc.fill_null(outside, False)


def decimal_text(micros: pa.Array, whole: str = "") -> pa.Array:
    """Micro-units as decimal text, exactly and no longer than needed.

    Args:
        micros: A bigint array, 1 = 0.000001.
        whole: What is written behind a whole number.

    >>> decimal_text(pa.array([12_500_000, -1, 3_000_000, None, 0])).to_pylist()
    ['12.5', '-0.000001', '3', None, '0']
    """
    size = pc.abs_checked(micros)
    million = pa.scalar(1_000_000, pa.int64())
    units = pc.divide(size, million)
    rest = pc.cast(pc.subtract(size, pc.multiply(units, million)), pa.string())
    digits = pc.utf8_rtrim(pc.utf8_lpad(rest, 6, "0"), "0")
    return pc.binary_join_element_wise(
        pc.if_else(pc.less(micros, 0), "-", ""),
        pc.cast(units, pa.string()),
        pc.if_else(pc.equal(digits, ""), whole, pc.binary_join_element_wise(".", digits, "")),
        pa.scalar(""),
    )


def money(micros: pa.Array) -> pa.Array:
    """Micro-units as JSON numbers with a point, exactly.

    >>> money(pa.array([12_500_000, -1, 3_000_000, None])).to_pylist()
    ['12.5', '-0.000001', '3.0', None]
    """
    if micros.null_count == len(micros):
        return pa.nulls(len(micros), pa.string())
    return decimal_text(micros, ".0")


def whole(numbers: pa.Array) -> pa.Array:
    """Whole numbers as JSON; as JSON text where a double could not hold them.

    >>> whole(pa.array([7, -(2**53) - 1, None])).to_pylist()
    ['7', '"-9007199254740993"', None]
    """
    written = pc.cast(numbers, pa.string())
    if numbers.null_count == len(numbers):
        return written
    wide = pc.or_(pc.greater(numbers, 1 << 53), pc.less(numbers, -(1 << 53)))
    if not pc.any(wide).as_py():
        return written
    quoted = pc.binary_join_element_wise('"', written, '"', "")
    return pc.if_else(wide, quoted, written)


def accepted(ids: pa.Array, least: int, most: int) -> pa.Array:
    """Whether ids name somebody: long enough, not too long, no word for nobody, not all zeros.

    Args:
        ids: Text; null is nobody.
        least: Fewest characters.
        most: Most characters.

    >>> accepted(pa.array(["82.5", "82", " None ", "00-00", None]), 3, 5).to_pylist()
    [True, False, False, False, False]
    """
    coded = pc.dictionary_encode(ids)
    each = coded.dictionary
    length = pc.utf8_length(each)
    small = pc.utf8_lower(pc.utf8_trim_whitespace(each))
    word = pc.is_in(small, value_set=pa.array(sorted(NO_IDS)))
    nothing = pc.or_(word, pc.match_substring_regex(small, "^[0-]+$"))
    fits = pc.and_(pc.greater_equal(length, least), pc.less_equal(length, most))
    good = pc.and_(fits, pc.invert(nothing))
    return pc.fill_null(good.take(coded.indices), False)


def where(mask: pa.Array, values: pa.Array) -> pa.Array:
    """The values where a mask is true, else null.

    >>> where(pa.array([True, False]), pa.array(["a", "b"])).to_pylist()
    ['a', None]
    """
    return pc.if_else(mask, values, pa.scalar(None, values.type))
