"""JSON in one form, so that equal values are equal texts whichever file they come from."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb

MAX_DEPTH = 200
"""Nesting that no export has: BigQuery's own limit is 15. Few lines have as many brackets,
and only those are looked at."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MAX_DIGITS = 4000
"""Python reads integers of up to 4300 digits."""


def canonical_json(text: str) -> str:
    """JSON with sorted keys, scalars as text, and nothing where there is no value.

    BigQuery writes 64-bit integers as text in one format and as numbers in another, and
    leaves out nulls in some; so all scalars are text here, and nulls are left out.

    >>> canonical_json('{"b": 1, "a": {"y": null, "x": [true, "é"]}}')
    '{"a":{"x":["true","é"]},"b":"1"}'
    """
    value = json.loads(text, parse_float=lambda number: repr(float(number)), parse_int=_whole)
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _whole(number: str) -> int | str:
    return int(number) if len(number) < _MAX_DIGITS else number


def too_deep(text: str) -> bool:
    """Whether a JSON text nests deeper than `MAX_DEPTH`.

    >>> [too_deep("[" * depth + "]" * depth) for depth in (200, 201)]
    [False, True]
    >>> too_deep('["' + "[" * 300 + '"]')
    False
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in re.findall(r"[][{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {key: _plain(each) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each not in (None, {}, [])}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def canonical_or_none(text: str) -> str | None:
    """`canonical_json`, or None where that says nothing.

    >>> canonical_or_none('{"a": null}') is None
    True
    """
    found = canonical_json(text)
    return None if found in {"{}", "[]", "null"} else found


def _canonical_text(text: str) -> str:
    return canonical_or_none(text) or ""


def teach(engine: duckdb.DuckDBPyConnection) -> None:
    """Give an engine the function ``canonical_or_none``."""
    # A function of ours may not give null, so a macro does.
    engine.create_function("canonical_text", _canonical_text, ["VARCHAR"], "VARCHAR")
    engine.execute("create macro canonical_or_none(x) as nullif(canonical_text(x), '')")
