"""The contract of ``--json`` as JSON Schema, made from the results themselves."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
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
    maker = Schemas()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"ga4 {topic} --json",
        **maker.answer(topic),
        "$defs": maker.defs,
    }


class Schemas:
    """Makes schemas, and gathers those of the objects that they are made of.

    Args:
        place: Where the gathered ones will be found.
    """

    def __init__(self, place: str = "#/$defs/") -> None:
        self.defs: dict[str, Any] = {}
        self._place = place

    def answer(self, topic: str) -> dict[str, Any]:
        """The schema of the answer to a question of a topic."""
        module = import_module(f"ga4_analytics.questions.{KINDS[topic][0]}")
        result = next(
            each
            for each in vars(module).values()
            if isinstance(each, type)
            and issubclass(each, Result)
            and each is not Result
            and each.__module__ == module.__name__
        )
        content: dict[str, Any] = self._object(result, {"spec": spec_class(topic)})
        content["properties"] = {"version": {"const": JSON_VERSION}} | content["properties"]
        content["required"] = ["version", *content["required"]]
        return content

    def _object(self, kind: type, known: dict[str, Any] | None = None) -> Any:
        hints = get_type_hints(kind) | (known or {})
        names = [each.name for each in dataclasses.fields(kind)]
        schemas = {name: self.of(hints[name]) for name in names}
        return {
            "type": "object",
            "properties": {"type": {"const": type_name(kind)}} | schemas,
            "required": [name for name in names if not _may_be_null(hints[name])],
            "additionalProperties": False,
        }

    def of(self, hint: Any) -> dict[str, Any]:
        """The schema of a type."""
        origin = get_origin(hint)
        if hint is Any:
            return {}
        if hint is type(None):
            return {"type": "null"}
        if origin in (Union, types.UnionType):
            return self._one_of(get_args(hint))
        if origin is Literal:
            return {"enum": list(get_args(hint))}
        if origin is tuple:
            return self._items(get_args(hint))
        if origin is dict:
            return {"type": "object"}
        if hint is date:
            return {"type": "string", "format": "date"}
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            return self.named(type_name(hint), lambda: self._object(hint))
        return {"type": _PLAIN[hint]}

    def _one_of(self, kinds: tuple[Any, ...]) -> dict[str, Any]:
        return {"anyOf": [self.of(each) for each in kinds]}

    def _items(self, parts: tuple[Any, ...]) -> dict[str, Any]:
        if len(parts) == 2 and parts[1] is Ellipsis:
            return {"type": "array", "items": self.of(parts[0])}
        return {"type": "array", "prefixItems": [self.of(each) for each in parts]}

    def named(self, name: str, make: Callable[[], Any]) -> dict[str, Any]:
        """A reference to a gathered schema, which is made where it is not there yet."""
        if name not in self.defs:
            self.defs[name] = {}
            self.defs[name] = make()
        return {"$ref": f"{self._place}{name}"}


class GivenSchemas(Schemas):
    """Makes the schemas of what `questions.codec.decode` takes: what has a default may be left
    out, and an object says its type where it may be one of several."""

    def _object(self, kind: type, known: dict[str, Any] | None = None) -> Any:
        return self._given(kind, [])

    def _given(self, kind: type, required: list[str]) -> Any:
        hints = get_type_hints(kind)
        fields = dataclasses.fields(kind)
        return {
            "type": "object",
            "properties": {"type": {"const": type_name(kind)}}
            | {each.name: self.of(hints[each.name]) for each in fields},
            "required": required + [each.name for each in fields if _has_no_default(each)],
            "additionalProperties": False,
        }

    def _one_of(self, kinds: tuple[Any, ...]) -> dict[str, Any]:
        classes = [
            each for each in kinds if dataclasses.is_dataclass(each) and isinstance(each, type)
        ]
        if len(classes) < 2:
            return super()._one_of(kinds)
        others = [self.of(each) for each in kinds if each not in classes]
        return {"anyOf": [*(self.typed(each) for each in classes), *others]}

    def typed(self, kind: type) -> dict[str, Any]:
        """The schema of an object that says its type."""
        return self.named(f"typed_{type_name(kind)}", lambda: self._given(kind, ["type"]))

    def _items(self, parts: tuple[Any, ...]) -> dict[str, Any]:
        found = super()._items(parts)
        if "prefixItems" in found:
            found |= {"minItems": len(parts), "maxItems": len(parts), "items": False}
        return found


def _has_no_default(field: Any) -> bool:
    return field.default is field.default_factory is dataclasses.MISSING


def _may_be_null(hint: Any) -> bool:
    return hint is Any or type(None) in get_args(hint)
