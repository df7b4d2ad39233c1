"""``/api/v1``: segments that are kept under a name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ga4_analytics.analyses.names import nearest
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
from ga4_analytics.web.api import JSON, PREFIX, Desk, check_json, only_parameters
from ga4_analytics.web.asked import BarQuestion, BarUsers, answered, read_json
from ga4_analytics.web.problems import ProblemError, problem_of
from ga4_analytics.web.reading import Reader


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
    """The routes of saved segments."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    workspace = desk.library.settings.workspace

    async def every(request: Request) -> Response:
        only_parameters(request.query_params, ())
        return _json(await run_in_threadpool(_every, workspace))

    async def one(request: Request, name: str) -> Response:
        only_parameters(request.query_params, ())
        _check_there(workspace, name)
        return _json(await run_in_threadpool(_shown, workspace, name))

    async def put(request: Request, name: str) -> Response:
        return await _put(desk, request, name)

    async def delete(request: Request, name: str) -> Response:
        only_parameters(request.query_params, ())
        _check_there(workspace, name)
        await run_in_threadpool(delete_segment, workspace, name)
        return Response(status_code=204)

    router.add_api_route("/saved-segments", every, methods=["GET"])
    for method, endpoint in (("GET", one), ("PUT", put), ("DELETE", delete)):
        router.add_api_route("/saved-segments/{name}", endpoint, methods=[method])
    return router


async def _put(desk: Desk, request: Request, name: str) -> Response:
    check_json(request)
    only_parameters(request.query_params, ())
    workspace = desk.library.settings.workspace
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
        listed = await desk.gate.answer(desk.gate.run(partial(_listed, reader, users)))
        assert listed is not None  # as long as it is not watched who goes
        users = listed
    await run_in_threadpool(save_segment, workspace, name, users, replace=given.replace)
    return _json(await run_in_threadpool(_shown, workspace, name))


def _every(workspace: Path) -> dict[str, Any]:
    """All saved segments, and those that cannot be read, which do not hide the others."""
    segments, damaged = [], []
    for name in saved_segments(workspace):
        try:
            segments.append(_shown(workspace, name))
        except QuestionError as error:
            damaged.append({"name": name} | problem_of(error).document())
    return {"segments": segments, "damaged": damaged}


def _shown(workspace: Path, name: str) -> dict[str, Any]:
    users = read_segment(workspace, name)
    return {"name": name, "words": segment_in_words(users), "users": encode(users)}


def _check_there(workspace: Path, name: str) -> None:
    if name not in saved_segments(workspace):
        raise ProblemError(
            404,
            f"name: no segment is called {name!r}.",
            "name",
            "A segment must have been saved.",
            nearest(name, saved_segments(workspace)),
        )


def _listed(reader: Reader, bar: BarQuestion, threads: int) -> Listed:
    found = answered(reader, bar, threads)
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
