"""Events and conditions as a person types them on the command line.

::

    purchase                          an event
    view_item|select_item             either of two
    page_view[page_path=~^/shop]      with a condition on a column
    *[country=US|CA,revenue_usd>=10]  any event, with two conditions
    {"names": ["odd, name"]}          JSON, for names that hold such signs

A condition is a column, an operator and values with ``|`` between them: ``=`` is, ``!=`` is
not, ``~`` contains, ``!~`` does not contain, ``=~`` matches a regular expression, ``!=~`` does
not, ``>``, ``>=``, ``<``, ``<=`` compare numbers, ``column?`` has a value, ``column!?`` has none.
A backslash takes the meaning from the sign behind it. A regular expression is taken whole:
there only a comma needs one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.filters import AllOf, Condition, EventSelector, Filter, Operator, Value

_OPERATORS: dict[str, Operator] = {
    "!=~": "not_matches", "=~": "matches", "!=": "is_not", "!~": "not_contains",
    ">=": "at_least", "<=": "at_most", "=": "is", "~": "contains", ">": "above", "<": "below",
    "!?": "is_not_set", "?": "is_set",
}  # fmt: skip
_CONDITION = re.compile(
    r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(!=~|=~|!=|!~|>=|<=|!\?|[=~><?])(.*)", re.S
)
_NUMERIC = {"above", "at_least", "below", "at_most"}


def event(text: str, field: str = "event") -> EventSelector:
    r"""An event as it is typed.

    Args:
        text: See the module's own text.
        field: What it is the value of, for the error.

    Raises:
        QuestionError: It cannot be read.

    >>> event("view_item|select_item[country=US]").names
    ('view_item', 'select_item')
    >>> event(r"odd\|name").names
    ('odd|name',)
    """
    if text.lstrip().startswith("{"):
        try:
            return decode(EventSelector, json.loads(text), field)
        except ValueError as error:
            raise _unread(text, field, f"the JSON has an error: {error}") from error
    head, inside = _brackets(text, field)
    names = tuple(_plain(name) for name in _split(head, "|"))
    if names == ("*",):
        names = ()
    elif not all(names):
        raise _unread(text, field, "a name is missing")
    return EventSelector(names, conditions(inside, field) if inside else None)


def conditions(text: str, field: str = "where") -> Filter:
    r"""Conditions as they are typed, with commas between them; every one must be met.

    Raises:
        QuestionError: One cannot be read.

    >>> conditions("country=US|CA")
    Condition(column='country', operator='is', values=('US', 'CA'))
    >>> conditions(r"country?,page_path=~^/(a|b)\[x").parts[1].values
    ('^/(a|b)\\[x',)
    """
    found = tuple(_condition(part, field) for part in _split(text, ","))
    return found[0] if len(found) == 1 else AllOf(found)


def _condition(text: str, field: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if not match:
        raise _unread(text, field, "a condition is column, operator and value")
    name, sign, rest = match.groups()
    operator = _OPERATORS[sign]
    if operator in ("is_set", "is_not_set"):
        if rest.strip():
            raise _unread(text, field, f"{sign} takes no value")
        return Condition(name, operator)
    if operator in ("matches", "not_matches"):
        return Condition(name, operator, (rest.strip().replace("\\,", ","),))
    values = [_plain(part) for part in _split(rest, "|")]
    if operator in _NUMERIC:
        return Condition(name, operator, tuple(_number(value, text, field) for value in values))
    return Condition(name, operator, tuple(values))


def _number(value: str, text: str, field: str) -> Value:
    try:
        return int(value) if re.fullmatch(r"\s*[-+]?[0-9]+\s*", value) else float(value)
    except ValueError:
        raise _unread(text, field, f"{value!r} is not a number") from None


def _brackets(text: str, field: str) -> tuple[str, str]:
    """What stands before the brackets, and in them."""
    head, _, rest = _cut(text, "[")
    if not rest and not text.endswith("["):
        return head.strip(), ""
    if not rest.rstrip().endswith("]"):
        raise _unread(text, field, "a bracket is not closed")
    return head.strip(), rest.rstrip()[:-1]


def _cut(text: str, sign: str) -> tuple[str, str, str]:
    """Cut at the first sign without a backslash before it."""
    for place in _places(text, sign):
        return text[:place], sign, text[place + 1 :]
    return text, "", ""


def _split(text: str, sign: str) -> list[str]:
    edges = [-1, *_places(text, sign), len(text)]
    return [text[start + 1 : end] for start, end in pairwise(edges)]


def _places(text: str, sign: str) -> Iterator[int]:
    skip = False
    for place, letter in enumerate(text):
        if skip:
            skip = False
        elif letter == "\\":
            skip = True
        elif letter == sign:
            yield place


def _plain(text: str) -> str:
    r"""Take away the backslashes that only hide a sign of ours.

    >>> _plain(r"a\|b\,c"), _plain(r"^/x\d+")
    ('a|b,c', '^/x\\d+')
    """
    return re.sub(r"\\([|,\[\]])", r"\1", text).strip()


def _unread(text: str, field: str, problem: str) -> QuestionError:
    return QuestionError(
        f"{field}: {text!r} cannot be read: {problem}.",
        rule="An event is name|name[column=value,...]; a condition is column=value|value.",
        remedy="See `ga4 funnel --help`, or give JSON.",
    )
