"""``/api/v1``: what can be asked, and what is loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ga4_analytics.analyses.catalogue import values_of
from ga4_analytics.analyses.churn import last_as_of, scored
from ga4_analytics.analyses.overview import overview
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import day_of
from ga4_analytics.publish.churn_deciles import decile_facts
from ga4_analytics.publish.churn_store import Stored, current
from ga4_analytics.publish.held import checks, load_rules, mart_definitions
from ga4_analytics.questions.codec import encode
from ga4_analytics.render.answer import JSON_VERSION
from ga4_analytics.web.api import PREFIX, Desk, only_parameters
from ga4_analytics.web.asked import whole
from ga4_analytics.web.reading import Reader


def routes(desk: Desk) -> APIRouter:
    """The routes of facts."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    for name, (make, known) in FACTS.items():
        _add(router, desk, name, make, known)
    return router


def _events(reader: Reader, given: dict[str, str]) -> Any:
    return {"events": [asdict(each) for each in reader.events]}


def _columns(reader: Reader, given: dict[str, str]) -> Any:
    return {"columns": [asdict(each) for each in reader.columns]}


def _values(reader: Reader, given: dict[str, str]) -> Any:
    top = min(whole("top", given.get("top", "30")), 1_000)
    found = values_of(reader.index(), given.get("column", ""), given.get("like", ""), top)
    return {"values": [{"value": value, "events": events} for value, events in found]}


def _status(reader: Reader, given: dict[str, str]) -> Any:
    return {"status": reader.status | {"dataset": reader.opened.dataset}}


def _overview(reader: Reader, given: dict[str, str]) -> Any:
    days = max(1, min(whole("days", given.get("days", "28")), 1_000))
    found = overview(reader.index(), days)
    return {"overview": None if found is None else found.to_dict()}


def _days(reader: Reader, given: dict[str, str]) -> Any:
    days = reader.opened.calendar.days
    told = [
        {
            "day": each.day.isoformat(),
            "is_complete": each.is_complete,
            "is_final": each.is_final,
            "active_rule": each.active_rule,
            "can": sorted(each.can),
        }
        for each in days
    ]
    return {"days": told}


def _quality(reader: Reader, given: dict[str, str]) -> Any:
    found = checks(reader.folder, reader.opened.dataset)
    return {"quality": [encode(each) for each in found]}


def _loads(reader: Reader, given: dict[str, str]) -> Any:
    found = load_rules(reader.folder, reader.opened.dataset)
    rejects = reader.facts["rejects"]
    return {"loads": [asdict(each) for each in found], "rejected": sum(rejects.values())}


def _definitions(reader: Reader, given: dict[str, str]) -> Any:
    return {"definitions": mart_definitions()}


def _experiments(reader: Reader, given: dict[str, str]) -> Any:
    declared = reader.settings.experiments
    told = [
        {"name": each.name, "is_simulated": bool(each.simulate), "by": list(each.by)}
        for each in declared
    ]
    return {"experiments": told}


def _stored(reader: Reader) -> Stored | None:
    return current(replace(reader.settings, dataset=reader.opened.dataset))


def _model_id(reader: Reader) -> str:
    found = _stored(reader)
    return (found and found.result.model_id) or ""


def _churn_model(reader: Reader, given: dict[str, str]) -> Any:
    found = _stored(reader)
    if found is None:
        return {"churn_model": None}
    last = last_as_of(reader.index())
    told: dict[str, Any] = {"result": encode(found.result), "as_of": day_of(last).isoformat()}
    try:
        chances = scored(reader.index(), found.result.spec, found.fitted, last).chances
    except QuestionError as error:
        return {"churn_model": told | {"deciles": [], "why": error.problem}}
    deciles = [encode(each) for each in decile_facts(chances)]
    return {"churn_model": told | {"deciles": deciles, "why": ""}}


Make = Callable[[Reader, dict[str, str]], Any]
FACTS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "events": (_events, ()),
    "columns": (_columns, ()),
    "values": (_values, ("column", "like", "top")),
    "status": (_status, ()),
    "overview": (_overview, ("days",)),
    "days": (_days, ()),
    "quality": (_quality, ()),
    "loads": (_loads, ()),
    "definitions": (_definitions, ()),
    "experiments": (_experiments, ()),
    "churn-model": (_churn_model, ()),
}
"""Each fact: what makes it, and its parameters besides ``dataset``."""
EDITIONS: dict[str, Callable[[Reader], str]] = {"churn-model": _model_id}
"""What besides the snapshot tells one answer from the next."""
COMPUTED = ("overview", "values", "churn-model")
"""What looks at events, and so takes its turn among the questions."""


def _add(router: APIRouter, desk: Desk, name: str, make: Make, known: tuple[str, ...]) -> None:
    async def get(request: Request) -> Response:
        only_parameters(request.query_params, ("dataset", *known))
        reader = desk.reader(request)
        given = dict(request.query_params)

        def made(threads: int) -> str:
            content = {"version": JSON_VERSION} | make(reader, given)
            return json.dumps(content, ensure_ascii=False, allow_nan=False)

        edition = EDITIONS[name](reader) if name in EDITIONS else ""
        key = f"{name} {json.dumps(given, sort_keys=True)} {edition}"
        return await desk.tell(request, reader, key, made, is_light=name not in COMPUTED)

    router.add_api_route(f"/{name}", get, methods=["GET"])
