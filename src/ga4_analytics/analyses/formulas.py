"""Formulas over series, such as ``B / A * 100``."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.trends import Number

Formula = Callable[[Mapping[str, Number]], Number]
LONGEST = 200
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_STEPS: dict[type[ast.operator], Callable[[float, float], Number]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b if b else None,
}


def formula(text: str, letters: Sequence[str], field: str = "formula") -> Formula:
    """Read a formula.

    Args:
        text: Numbers, letters of series, + - * / and brackets.
        letters: The letters that there are.
        field: Where in the question it stands.

    Returns:
        What works it out for a value of each letter: null where one of its values is null,
        where it divides by zero, and where the number is too large.

    Raises:
        QuestionError: It is anything else.

    >>> share = formula("B / A * 100", "AB")
    >>> share({"A": 8, "B": 2}), share({"A": 0, "B": 2}), share({"A": None, "B": 2})
    (25.0, None, None)
    """
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it has more than {LONGEST} characters")
        tree = ast.parse(text.strip(), mode="eval").body
        _check(tree, letters)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise QuestionError(
            f"{field}: {text[:LONGEST]!r} is not a formula: {reason}.",
            rule=f"A formula has numbers, series ({', '.join(letters)}), + - * / and brackets.",
            remedy="Write it like B / A * 100.",
        ) from None

    def worked_out(values: Mapping[str, Number]) -> Number:
        try:
            found = _value(tree, values)
            return found if found is None or math.isfinite(found) else None
        except OverflowError:
            return None

    return worked_out


def _check(node: ast.AST, letters: Sequence[str]) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in _STEPS:
        _check(node.left, letters)
        _check(node.right, letters)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        _check(node.operand, letters)
    elif isinstance(node, ast.Constant):
        value = node.value
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ValueError(f"{value!r} is not a number")
        if not math.isfinite(value):
            raise ValueError(f"{node.value!r} is not a number")
    elif isinstance(node, ast.Name):
        if node.id not in letters:
            raise ValueError(f"there is no series {node.id}")
    else:
        raise ValueError(f"{ast.unparse(node)} cannot stand in it")


def _value(node: ast.AST, values: Mapping[str, Number]) -> Number:
    if isinstance(node, ast.Constant):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp):
        found = _value(node.operand, values)
        return None if found is None else -found if isinstance(node.op, ast.USub) else found
    assert isinstance(node, ast.BinOp)
    left, right = _value(node.left, values), _value(node.right, values)
    return None if left is None or right is None else _STEPS[type(node.op)](left, right)
