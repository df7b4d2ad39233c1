"""The contract of ``--json`` as JSON Schema, made from the results themselves."""

from __future__ import annotations

import dataclasses
import types
from datetime import date
from importlib import import_module
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ga4_analytics.analyses.ask import KINDS, spec_class
from ga4_analytics.questions.codec import type_name
from ga4_analytics.questions.results import Result
from ga4_analytics.render.answer import JSON_VERSION

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema_of(topic: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a command prints with ``--json``.

    A member that may be null may also be left out.

    Args:
        topic: A topic of `analyses.ask.KINDS`.

    >>> schema_of("lifecycle")["properties"]["version"]
    {'const': 1}
    """
    module = import_module(f"ga4_analytics.questions.{KINDS[topic][0]}")
    spec = spec_class(topic)
    result = next(
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Result)
        and each is not Result
        and each.__module__ == module.__name__
    )
    defs: dict[str, Any] = {}
    content = _object(result, defs, {"spec": spec})
    content["properties"] = {"version": {"const": JSON_VERSION}} | content["properties"]
    content["required"] = ["version", *content["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"ga4 {topic} --json",
        **content,
        "$defs": defs,
    }


def _object(kind: type, defs: dict[str, Any], known: dict[str, Any] | None = None) -> Any:
    hints = get_type_hints(kind) | (known or {})
    names = [each.name for each in dataclasses.fields(kind)]
    schemas = {name: _schema(hints[name], defs) for name in names}
    return {
        "type": "object",
        "properties": {"type": {"const": type_name(kind)}} | schemas,
        "required": [name for name in names if not _may_be_null(hints[name])],
        "additionalProperties": False,
    }


def _may_be_null(hint: Any) -> bool:
    return hint is Any or type(None) in get_args(hint)


def _schema(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(hint)
    if hint is Any:
        return {}
    if hint is type(None):
        return {"type": "null"}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(each, defs) for each in get_args(hint)]}
    if origin is Literal:
        return {"enum": list(get_args(hint))}
    if origin is tuple:
        parts = get_args(hint)
        if len(parts) == 2 and parts[1] is Ellipsis:
            return {"type": "array", "items": _schema(parts[0], defs)}
        return {"type": "array", "prefixItems": [_schema(each, defs) for each in parts]}
    if origin is dict:
        return {"type": "object"}
    if hint is date:
        return {"type": "string", "format": "date"}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        name = type_name(hint)
        if name not in defs:
            defs[name] = {}
            defs[name] = _object(hint, defs)
        return {"$ref": f"#/$defs/{name}"}
    return {"type": _PLAIN[hint]}
