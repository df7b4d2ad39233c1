"""``/api/v1``: what can be asked, what is loaded, and saved segments."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ga4_analytics.analyses.catalogue import values_of
from ga4_analytics.analyses.names import nearest
from ga4_analytics.analyses.overview import overview
from ga4_analytics.errors import QuestionError
from ga4_analytics.publish.saved_segments import (
    delete_segment,
    read_segment,
    save_segment,
    saved_segments,
)
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.questions.segments import Listed, UserSegment, segment_in_words
from ga4_analytics.render.answer import JSON_VERSION
from ga4_analytics.web.api import JSON, Desk, check_json, only_parameters
from ga4_analytics.web.asked import BarQuestion, BarUsers, answered, read_json, whole
from ga4_analytics.web.problems import ProblemError
from ga4_analytics.web.reading import Reader

PREFIX = "/api/v1"


@dataclass(frozen=True)
class SegmentToSave:
    """A segment to be kept under a name.

    Attributes:
        users: The segment, or a bar of a funnel: then its users are listed.
        replace: Whether another segment of that name may go.
    """

    users: UserSegment | BarQuestion
    replace: bool = False


def routes(desk: Desk) -> APIRouter:
    """The routes of facts."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    for name, (make, known) in FACTS.items():
        _add(router, desk, name, make, known)
    _add_saved(router, desk)
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


Make = Callable[[Reader, dict[str, str]], Any]
FACTS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "events": (_events, ()),
    "columns": (_columns, ()),
    "values": (_values, ("column", "like", "top")),
    "status": (_status, ()),
    "overview": (_overview, ("days",)),
}
"""Each fact: what makes it, and its parameters besides ``dataset``."""


def _add(router: APIRouter, desk: Desk, name: str, make: Make, known: tuple[str, ...]) -> None:
    async def get(request: Request) -> Response:
        only_parameters(request.query_params, ("dataset", *known))
        reader = desk.reader(request)
        given = dict(request.query_params)

        def made() -> str:
            content = {"version": JSON_VERSION} | make(reader, given)
            return json.dumps(content, ensure_ascii=False, allow_nan=False)

        key = f"{name} {json.dumps(given, sort_keys=True)}"
        return await desk.tell(request, reader, key, made)

    router.add_api_route(f"/{name}", get, methods=["GET"])


def _add_saved(router: APIRouter, desk: Desk) -> None:
    workspace = desk.library.settings.workspace

    def shown(name: str) -> dict[str, Any]:
        users = read_segment(workspace, name)
        return {"name": name, "words": segment_in_words(users), "users": encode(users)}

    @router.get("/saved-segments")
    async def every(request: Request) -> Response:
        """All saved segments."""
        only_parameters(request.query_params, ())
        found = await run_in_threadpool(lambda: [shown(each) for each in saved_segments(workspace)])
        return _json({"segments": found})

    @router.get("/saved-segments/{name}")
    async def one(request: Request, name: str) -> Response:
        """One saved segment."""
        only_parameters(request.query_params, ())
        _check_there(workspace, name)
        return _json(await run_in_threadpool(shown, name))

    @router.put("/saved-segments/{name}")
    async def put(request: Request, name: str) -> Response:
        """Keep a segment."""
        check_json(request)
        only_parameters(request.query_params, ())
        given = decode(SegmentToSave, read_json(await request.body()))
        if not given.replace and name in saved_segments(workspace):
            raise ProblemError(
                409,
                f"name: there is a segment {name!r} already.",
                "name",
                "A saved segment is not overwritten unasked.",
                "Choose another name, or send replace: true.",
            )
        users = given.users
        if isinstance(users, BarQuestion):
            reader = desk.reader(request)
            users = await desk.gate.run(partial(_listed, reader, users))
        await run_in_threadpool(save_segment, workspace, name, users, replace=given.replace)
        return _json(await run_in_threadpool(shown, name))

    @router.delete("/saved-segments/{name}")
    async def delete(request: Request, name: str) -> Response:
        """Remove a saved segment."""
        only_parameters(request.query_params, ())
        _check_there(workspace, name)
        await run_in_threadpool(delete_segment, workspace, name)
        return Response(status_code=204)


def _check_there(workspace: Path, name: str) -> None:
    if name not in saved_segments(workspace):
        raise ProblemError(
            404,
            f"name: no segment is called {name!r}.",
            "name",
            "A segment must have been saved.",
            nearest(name, saved_segments(workspace)),
        )


def _listed(reader: Reader, bar: BarQuestion) -> Listed:
    found = answered(reader, bar)
    assert isinstance(found, BarUsers)
    if found.has_more:
        raise QuestionError(
            f"limit: the bar has more than {bar.limit:,} users.",
            rule="A segment of listed users holds all of them, or is not saved.",
            remedy="Raise limit, or describe the users by conditions.",
        )
    return Listed(found.users)


def _json(content: dict[str, Any]) -> Response:
    body = json.dumps({"version": JSON_VERSION} | content, ensure_ascii=False)
    return Response(body.encode("utf-8"), media_type=JSON)
