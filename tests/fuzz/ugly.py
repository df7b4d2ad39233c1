"""Texts and bytes that have broken loaders; shared by all mutations."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Lines = list[str]
Mutation = Callable[[Lines, str, Random], Lines]


UGLY_TEXTS = (
    "", " ", "null", "None", "nan", "NaN", "(not set)", "-1", "0", "1.0", "1,5", "1e9", "1.234",
    "1.61121E+15", "99999999999999999999999", "20201301", "2020-02-30", "20991231",
    "1604188804579566", "1604188804579", "2020-11-01T00:00:00Z", "2020-11-01 00:00:00", "true",
    "日本語", "🙂", "\ufeff", "\u202e", "\u2028", "\x85", "\x1c", "x" * 5000, "é" * 201,
    "'; drop table raw.ga4_events; --", "<script>", "[]", "{}", '{"a": 1}', "[1", "{'a': nan}",
    "=1+1", "\\", "\\N", "\\u0000", "\t", "%s", "{value}", "a|b|c", "../../x", "١٢٣", "Infinity",
    "-0", "1_000", "0x10", "9223372036854775808", "-9223372036854775808", "9.3e12", "two\nlines",
    'say "x"', "a\rb",
)  # fmt: skip
"""Texts that have broken loaders."""
FATAL_TEXTS = ("a\0b", "1.6E+15", "1604188804")
"""Texts for which a whole file is refused in some columns; drawn less often."""


def some_line(lines: Lines, dice: Random) -> int:
    """A line below the header, most often; 0 where there is none."""
    return dice.randrange(1, len(lines)) if len(lines) > 1 else 0


def mutate_bytes(data: bytes, dice: Random) -> bytes:
    """Change a file's bytes without knowing what they mean."""
    what = dice.randrange(6)
    at = dice.randrange(len(data))
    if what == 0:
        return data[:at]
    if what == 1:
        return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]
    if what == 2:
        return data[:at] + bytes(dice.randrange(256) for _ in range(16)) + data[at:]
    if what == 3:
        end = min(len(data), at + dice.randrange(1, 200))
        return data[:at] + data[end:]
    if what == 4:
        return (
            data[:at]
            + dice.choice((b"\n", b"\r", b",", b'"', b"\\", b";", b"\xef\xbb\xbf"))
            + data[at:]
        )
    end = min(len(data), at + 64)
    return data[:at] + data[at:end] * 2 + data[end:]
