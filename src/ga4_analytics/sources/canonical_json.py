"""JSON in one form, so that equal values are equal texts whichever file they come from."""

from __future__ import annotations

import json
from typing import Any

import duckdb


def canonical_json(text: str) -> str:
    """JSON with sorted keys, scalars as text, and nothing where there is no value.

    BigQuery writes 64-bit integers as text in one format and as numbers in another, and
    leaves out nulls in some; so all scalars are text here, and nulls are left out.

    >>> canonical_json('{"b": 1, "a": {"y": null, "x": [true, "é"]}}')
    '{"a":{"x":["true","é"]},"b":"1"}'
    """
    value = json.loads(text, parse_float=lambda number: repr(float(number)))
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


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


def teach(engine: duckdb.DuckDBPyConnection) -> None:
    """Give an engine the function ``canonical_or_none``."""
    engine.create_function("canonical_or_none", canonical_or_none, ["VARCHAR"], "VARCHAR")
