"""The OpenAPI document, made from the specs and results themselves."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ga4_analytics import __version__
from ga4_analytics.analyses.ask import KINDS, spec_class
from ga4_analytics.render.json_schema import GivenSchemas, Schemas
from ga4_analytics.web.api import JSON, PREFIX
from ga4_analytics.web.api_boards import BoardToSave
from ga4_analytics.web.api_facts import FACTS
from ga4_analytics.web.api_saved import SegmentToSave
from ga4_analytics.web.asked import CLASSES, OWN, PATHS
from ga4_analytics.web.problems import MEDIA_TYPE, TITLES
from ga4_analytics.web.topics import words_of

PLACE = "#/components/schemas/"
_KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "whole": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "flag": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "wholes": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 999_999}},
}
_WORDS = {
    "funnel": "How many go from step to step",
    "trends": "Numbers over time",
    "retention": "Who comes back",
    "lifecycle": "New, returning, resurrecting and dormant users",
    "stickiness": "On how many days users come",
    "sessions": "Sessions told by gaps in time",
    "paths": "What comes after or before an event",
    "revenue": "Orders, refunds and the value of users",
    "segments": "Segments side by side",
    "user": "Everything that one user did",
    "compare-rules": "One funnel under the rules of several tools",
    "funnel-users": "The users of a bar of a funnel",
    "events": "The events that questions can name",
    "columns": "The columns that conditions and breakdowns can name",
    "values": "The commonest values of a column",
    "status": "What is loaded, and how good it is",
    "overview": "The key numbers of the last days",
    "days": "The loaded days, and what their files can tell",
    "quality": "The checks of the data, day by day",
    "loads": "The loads, with what they rejected and why",
    "experiment": "What an experiment says",
    "experiment_plan": "What an experiment needs",
    "experiments": "The experiments that ga4.toml declares",
    "churn-model": "The kept model of churn, and its users by their chance",
    "definitions": "The marts and what their columns mean",
}


def openapi_routes() -> APIRouter:
    """The address of the document."""
    router = APIRouter(include_in_schema=False)

    @router.get("/api/v1/openapi.json")
    async def get(request: Request) -> Response:
        """The document."""
        return Response(_text(), media_type=JSON)

    return router


@cache
def _text() -> str:
    return json.dumps(openapi())


def openapi() -> dict[str, Any]:
    """The document, OpenAPI 3.1.

    >>> sorted(openapi()["paths"])[0]
    '/api/v1/boards'
    """
    given = GivenSchemas(f"{PLACE}given_")
    # Results of two topics may have parts of the same name: each topic has its own.
    told = {path: Schemas(f"{PLACE}{path}_") for path in PATHS}
    paths: dict[str, Any] = {
        f"{PREFIX}/{path}": _question(path, given, told[path]) for path in PATHS
    }
    for name, (_, known) in FACTS.items():
        paths[f"{PREFIX}/{name}"] = {"get": _fact(name, known)}
    paths[f"{PREFIX}/warming"] = {"get": _warming()}
    paths[f"{PREFIX}/calls"] = {"post": _calls(given)}
    paths |= _saved("saved-segments", "segment", _body(given.of(SegmentToSave)))
    paths |= _saved("boards", "board", _body(given.of(BoardToSave)))
    schemas = {f"given_{name}": each for name, each in given.defs.items()}
    for path, gathered in told.items():
        schemas |= {f"{path}_{name}": each for name, each in gathered.defs.items()}
    schemas |= {"problem": _PROBLEM, "document": _DOCUMENT}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "GA4 product analytics",
            "version": __version__,
            "description": "Questions on the published events: the same specs and results as "
            "in Python and in the command line's --json.",
        },
        "security": [{}, {"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457: what went wrong.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was found."},
        "field": {"type": "string", "description": "Which part of the question is meant."},
        "rule": {"type": "string", "description": "Which rule it breaks."},
        "remedy": {"type": "string", "description": "What to do about it."},
        "retry_seconds": {
            "type": "integer",
            "description": "When the same question may be answered.",
        },
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
}
_DOCUMENT: dict[str, Any] = {
    "type": "object",
    "properties": {"version": {"const": 1}},
    "required": ["version"],
}


def _question(path: str, given: GivenSchemas, told: Schemas) -> dict[str, Any]:
    if path in KINDS:
        answer = told.named("answer", lambda: told.answer(path))
    else:
        answer = {"$ref": f"{PLACE}document"}
    spec = CLASSES[path] if path in OWN else spec_class(path)
    operation = {"summary": _WORDS[path], "tags": ["Questions"]}
    content = {JSON: {"schema": answer}, "text/csv": {"schema": {"type": "string"}}}
    name = path.replace("-", "_")
    return {
        "get": operation
        | {"operationId": f"get_{name}", "parameters": _parameters(path)}
        | {"responses": _responses(content)},
        "post": operation
        | {"operationId": f"ask_{name}", "parameters": [_DATASET, _FORMAT]}
        | {"requestBody": _body(given.of(spec)), "responses": _responses(content, body=True)},
    }


def _fact(name: str, known: tuple[str, ...]) -> dict[str, Any]:
    kinds = {"top": _KINDS["whole"], "days": _KINDS["whole"]}
    parameters = [_parameter(each, kinds.get(each, _KINDS["text"])) for each in known]
    if name == "values":
        parameters[0]["required"] = True
    content = {JSON: {"schema": {"$ref": f"{PLACE}document"}}}
    return {
        "summary": _WORDS[name],
        "tags": ["Facts"],
        "operationId": f"get_{name.replace('-', '_')}",
        "parameters": [*parameters, _DATASET],
        "responses": _responses(content),
    }


def _warming() -> dict[str, Any]:
    content = {JSON: {"schema": {"$ref": f"{PLACE}document"}}}
    return {
        "summary": "How far the compiling at the start is",
        "tags": ["Facts"],
        "operationId": "get_warming",
        "responses": _responses(content),
    }


def _calls(given: GivenSchemas) -> dict[str, Any]:
    specs = [given.typed(spec_class(topic)) for topic in KINDS]
    return {
        "summary": "How to ask a question in Python, on the command line and by address",
        "tags": ["Questions"],
        "operationId": "get_calls",
        "parameters": [_DATASET],
        "requestBody": _body({"anyOf": specs}),
        "responses": _responses({JSON: {"schema": {"$ref": f"{PLACE}document"}}}, body=True),
    }


def _saved(place: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """The addresses of what is kept under names.

    Args:
        place: Its address, as 'boards'.
        what: What one is called, as 'board'.
        body: The body of what keeps one.
    """
    content = {JSON: {"schema": {"$ref": f"{PLACE}document"}}}
    name = _parameter("name", {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"})
    name |= {"in": "path", "required": True}

    def operation(words: str, identity: str, **more: Any) -> dict[str, Any]:
        found = {"summary": words, "tags": [f"Saved {what}s"], "operationId": identity}
        return found | {"responses": _responses(content)} | more

    put = operation(
        f"Keep a {what} under a name", f"save_{what}", requestBody=body,
        responses=_responses(content, body=True),
    )  # fmt: skip
    gone = _responses(content)
    gone["204"] = {"description": "It is removed"}
    return {
        f"{PREFIX}/{place}": {"get": operation(f"All saved {what}s", f"list_{what}s")},
        f"{PREFIX}/{place}/{{name}}": {
            "parameters": [name],
            "get": operation(f"One saved {what}", f"get_{what}"),
            "put": put,
            "delete": operation(f"Remove a saved {what}", f"delete_{what}", responses=gone),
        },
    }


def _parameters(path: str) -> list[dict[str, Any]]:
    topic = "funnel" if path in OWN else path
    own = OWN.get(path, {})
    words = words_of(topic)
    found = [_parameter(each.name, _KINDS[each.kind]) for each in words if each.name not in own]
    whole = ("bar", "limit")
    found += [_parameter(name, _KINDS["whole" if name in whole else "text"]) for name in own]
    spec = _parameter("spec", {"type": "string"})
    spec["description"] = "The whole question as JSON, in place of the words."
    last = _parameter("last", {"type": "string", "pattern": "^[0-9]{1,4}d?$"})
    last["description"] = "The last so many complete days, as 28d."
    return [*found, spec, last, _DATASET, _FORMAT]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


_DATASET = _parameter("dataset", {"type": "string"})
_FORMAT = _parameter("format", {"enum": ["json", "csv"]})


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": schema}}}


def _responses(content: dict[str, Any], body: bool = False) -> dict[str, Any]:
    """The responses of an operation: its answer, and the problems."""
    problem = {"content": {MEDIA_TYPE: {"schema": {"$ref": f"{PLACE}problem"}}}}
    known = (400, 401, 403, 404, 409, 413, 415, 421, 422, 429, 500, 503)
    found = {
        str(status): {"description": TITLES[status]} | problem
        for status in known
        if status != 415 or body
    }
    return {"200": {"description": "The answer", "content": content}} | found
