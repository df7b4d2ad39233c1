"""Rows as CSV for people: a spreadsheet must not take a text for a formula."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV, with the names of all columns on top.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.

    >>> csv_text([{"source": "=1+1", "users": -2}])
    "source,users\\r\\n'=1+1,-2\\r\\n"
    """
    out = StringIO()
    heads = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, heads)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
