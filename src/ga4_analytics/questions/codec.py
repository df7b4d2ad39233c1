"""Specs and results as JSON objects and back.

A dataclass is an object with its fields. Where a field may hold one of several
dataclasses the object says which under ``type``: the class's name in snake case.
"""

from __future__ import annotations

import dataclasses
import re
import types
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from ga4_analytics.errors import QuestionError

T = TypeVar("T")


def encode(value: Any) -> Any:
    """A value as what JSON can hold.

    >>> from ga4_analytics.questions.filters import Condition, NotOf
    >>> encode(NotOf(Condition("country", "is", ("US",))))["part"]["values"]
    ['US']
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type_name(type(value))} | fields
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [encode(part) for part in value]
    if isinstance(value, dict):
        return {str(key): encode(part) for key, part in value.items()}
    return value


def decode(kind: type[T], data: Any, field: str = "") -> T:
    """Make a value of a type from what JSON held.

    Args:
        kind: A dataclass, or any type that its fields have.
        data: Objects, lists, texts, numbers, booleans and nulls.
        field: Where in the whole it stands, for errors.

    Raises:
        QuestionError: A field is unknown or missing, or a value has another type.

    >>> from ga4_analytics.questions.filters import EventSelector
    >>> decode(EventSelector, {"names": ["purchase"]}).names
    ('purchase',)
    """
    return _decoded(kind, data, field)  # type: ignore[no-any-return]


def type_name(kind: type) -> str:
    """A class's name in JSON.

    >>> from ga4_analytics.questions.filters import EventSelector
    >>> type_name(EventSelector)
    'event_selector'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()


def _decoded(kind: Any, data: Any, field: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), data, field)
    if origin is tuple:
        return _items(get_args(kind), data, field)
    if origin is Literal:
        if data not in get_args(kind):
            raise _wrong(field, data, f"one of {', '.join(map(str, get_args(kind)))}")
        return data
    if dataclasses.is_dataclass(kind):
        return _object(cast(type, kind), data, field)
    if kind is date:
        return _day(data, field)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise _wrong(field, data, {str: "text", int: "a whole number"}.get(kind, kind.__name__))
    return data


def _one_of(kinds: tuple[Any, ...], data: Any, field: str) -> Any:
    if data is None and type(None) in kinds:
        return None
    classes: dict[str, Any] = {
        type_name(cast(type, kind)): kind for kind in kinds if dataclasses.is_dataclass(kind)
    }
    plain = [kind for kind in kinds if kind is not type(None) and kind not in classes.values()]
    if isinstance(data, dict) and classes:
        if len(classes) == 1 and "type" not in data:
            return _decoded(next(iter(classes.values())), data, field)
        if not isinstance(data.get("type"), str) or data["type"] not in classes:
            raise _wrong(f"{field}.type", data.get("type"), f"one of {', '.join(classes)}")
        return _decoded(classes[data["type"]], data, field)
    for kind in plain:
        try:
            return _decoded(kind, data, field)
        except QuestionError:
            continue
    shown = [*classes, *(getattr(kind, "__name__", str(kind)) for kind in plain)]
    raise _wrong(field, data, " or ".join(shown))


def _items(kinds: tuple[Any, ...], data: Any, field: str) -> tuple[Any, ...]:
    if not isinstance(data, (list, tuple)):
        raise _wrong(field, data, "a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_decoded(kinds[0], part, f"{field}[{n}]") for n, part in enumerate(data))
    if len(kinds) != len(data):
        raise _wrong(field, data, f"a list of {len(kinds)}")
    pairs = enumerate(zip(kinds, data, strict=True))
    return tuple(_decoded(kind, part, f"{field}[{n}]") for n, (kind, part) in pairs)


def _object(kind: type, data: Any, field: str) -> Any:
    if not isinstance(data, dict):
        raise _wrong(field or type_name(kind), data, "an object")
    known = _hints(kind)
    if data.get("type", type_name(kind)) != type_name(kind):
        raise _wrong(f"{field}.type".lstrip("."), data["type"], type_name(kind))
    content = {key: value for key, value in data.items() if key != "type"}
    for key in content:
        if key not in known:
            place = f"{field}.{key}" if field else key
            raise QuestionError(
                f"{place} is not a field of {type_name(kind)}.",
                rule=f"Its fields are {', '.join(known)}.",
                remedy="Mend its spelling or remove it.",
            )
    for each in dataclasses.fields(kind):
        no_default = each.default is each.default_factory is dataclasses.MISSING
        if no_default and each.name not in content:
            raise _wrong(f"{field}.{each.name}".lstrip("."), None, "given")
    return kind(
        **{
            key: _decoded(known[key], value, f"{field}.{key}".lstrip("."))
            for key, value in content.items()
        }
    )


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in dataclasses.fields(kind)}


def _day(data: Any, field: str) -> date:
    try:
        return date.fromisoformat(data)
    except (TypeError, ValueError):
        raise _wrong(field, data, "a date such as 2020-11-01") from None


def _wrong(field: str, data: Any, wanted: str) -> QuestionError:
    return QuestionError(
        f"{field}: {data!r} is not {wanted}.",
        rule=f"It must be {wanted}.",
        remedy=f"Change {field}.",
    )
