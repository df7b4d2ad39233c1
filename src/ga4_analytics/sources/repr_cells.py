"""Cells that Python printed: what ``DataFrame.to_csv`` writes for lists and records.

Only literals are read, and the calls that numpy, decimal, datetime and pandas print
(``array([...], dtype=object)``, ``Decimal('1.5')``, ``Timestamp('...')``). The text is
parsed, never evaluated.
"""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_CHARS = 4_000_000
MAX_DEPTH = 24

_STRING = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_TOKEN = re.compile(
    rf"({_STRING})|(<NA>)|(\.\.\.)|([}}\])])\s+(?=[{{\[])|([\[({{])|([\])}}])", re.S
)
_NUMBERS = re.compile(r"(?:float|int|uint)\d*_?")
_NAMES: dict[str, Any] = {
    "nan": None,
    "NaN": None,
    "NaT": None,
    "null": None,
    "inf": "Infinity",
    "true": True,
    "false": False,
}


class CellError(ValueError):
    """A cell that is not read.

    Args:
        rule: Short name of the rule that it breaks.
    """

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


def json_of_repr(text: str) -> str | None:
    """Turn a cell that Python printed into JSON; None where it says that there is no value.

    >>> json_of_repr("[{'key': 'a', 'value': {'int_value': 1, 'string_value': None}}]")
    '[{"key": "a", "value": {"int_value": 1, "string_value": null}}]'
    >>> json_of_repr("array([Decimal('1.50'), nan], dtype=object)")
    '[1.50, null]'
    >>> json_of_repr("nan") is None
    True

    Raises:
        CellError: It is anything else.
    """
    found = _json(_parsed(_mended(text.strip())))
    return None if found == "null" else found


def _mended(text: str) -> str:
    """The text with the commas that numpy leaves out between elements, and bounded."""
    if len(text) > MAX_CHARS:
        raise CellError("cell_too_large")
    depth = 0

    def token(found: re.Match[str]) -> str:
        nonlocal depth
        string, missing, elided, between, opened, closed = found.groups()
        if elided:
            raise CellError("elided_cell")
        depth += bool(opened) - bool(closed or between)
        if depth > MAX_DEPTH:
            raise CellError("cell_too_large")
        if between:
            return f"{between}, "
        return "None" if missing else str(string or opened or closed)

    return _TOKEN.sub(token, text)


def _parsed(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise CellError("invalid_python") from error


def _json(node: ast.expr) -> str:
    """JSON of a literal."""
    if isinstance(node, ast.List | ast.Tuple):
        return f"[{', '.join(_json(each) for each in node.elts)}]"
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return f"{{{', '.join(f'{_key(key)}: {_json(value)}' for key, value in pairs)}}}"
    if isinstance(node, ast.Call):
        return _call(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _negative(node.operand)
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return json.dumps(_NAMES[node.id])
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    raise CellError("invalid_python")


def _constant(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return '"Infinity"'
    if value is None or isinstance(value, str | int | float):
        return json.dumps(value, ensure_ascii=False)
    raise CellError("invalid_python")


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return json.dumps(node.value, ensure_ascii=False)
    raise CellError("invalid_python")


def _negative(node: ast.expr) -> str:
    if isinstance(node, ast.Name) and node.id == "inf":
        return '"-Infinity"'
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        return f"-{_constant(node.value)}".replace('-"', '"-')
    raise CellError("invalid_python")


def _call(node: ast.Call) -> str:
    """JSON of the calls that are printed for values."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "array" and len(node.args) == 1:
        return _json(node.args[0])
    if name in {"str_", "bool_", "Timestamp", "datetime64"} and len(node.args) == 1:
        return _json(node.args[0])
    if _NUMBERS.fullmatch(name) and len(node.args) == 1:
        return _json(node.args[0])
    if name == "Decimal" and len(node.args) == 1:
        return _decimal(node.args[0])
    if name in {"date", "datetime"}:
        return _moment(name, node.args)
    raise CellError("invalid_python")


def _decimal(node: ast.expr) -> str:
    try:
        value = Decimal(ast.literal_eval(node))
    except (InvalidOperation, ValueError, TypeError) as error:
        raise CellError("invalid_python") from error
    return format(value, "f") if value.is_finite() else "null"


def _moment(name: str, arguments: list[ast.expr]) -> str:
    try:
        parts = [ast.literal_eval(each) for each in arguments]
        made = date(*parts) if name == "date" else datetime(*parts)
    except (ValueError, TypeError) as error:
        raise CellError("invalid_python") from error
    return json.dumps(made.isoformat())
