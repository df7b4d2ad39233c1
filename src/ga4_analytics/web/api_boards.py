"""``/api/v1/boards``: views that are kept together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ga4_analytics.analyses.names import nearest
from ga4_analytics.errors import QuestionError
from ga4_analytics.publish.saved_boards import (
    Board,
    KeptBoard,
    delete_board,
    read_board,
    save_board,
    saved_boards,
)
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.render.answer import JSON_VERSION
from ga4_analytics.web.api import JSON, Desk, check_json, only_parameters
from ga4_analytics.web.asked import read_json
from ga4_analytics.web.problems import ProblemError, problem_of

PREFIX = "/api/v1/boards"
PAGES = ("trends", "funnel", "retention", "paths", "revenue", "segments", "experiments")
"""Pages whose views can be on a board: those with a question."""


@dataclass(frozen=True)
class BoardToSave:
    """A board to be kept under a name.

    Attributes:
        board: The board.
        edition: The edition that it takes the place of; None: there must be none yet.
    """

    board: Board
    edition: str | None = None


def routes(desk: Desk) -> APIRouter:
    """The routes of boards."""
    router = APIRouter(include_in_schema=False)
    workspace = desk.library.settings.workspace

    @router.get(PREFIX)
    async def every(request: Request) -> Response:
        """All boards."""
        only_parameters(request.query_params, ())
        return _json(await run_in_threadpool(_every, workspace))

    @router.get(PREFIX + "/{name}")
    async def one(request: Request, name: str) -> Response:
        """One board."""
        only_parameters(request.query_params, ())
        found = await run_in_threadpool(read_board, workspace, name)
        if found is None:
            raise _unknown(workspace, name)
        return _json(_shown(found))

    @router.put(PREFIX + "/{name}")
    async def put(request: Request, name: str) -> Response:
        """Keep a board."""
        check_json(request)
        only_parameters(request.query_params, ())
        given = decode(BoardToSave, read_json(await request.body()))
        return _json(_shown(await run_in_threadpool(_save, workspace, name, given)))

    @router.delete(PREFIX + "/{name}")
    async def delete(request: Request, name: str) -> Response:
        """Remove a board."""
        only_parameters(request.query_params, ())
        if not await run_in_threadpool(delete_board, workspace, name):
            raise _unknown(workspace, name)
        return Response(status_code=204)

    return router


def _every(workspace: Path) -> dict[str, Any]:
    """All boards, and those that cannot be read, which do not hide the others."""
    boards, damaged = [], []
    for name in saved_boards(workspace):
        try:
            found = read_board(workspace, name)
        except QuestionError as error:
            damaged.append({"name": name} | problem_of(error).document())
            continue
        if found is not None:
            boards.append(_shown(found))
    return {"boards": boards, "damaged": damaged}


def _save(workspace: Path, name: str, given: BoardToSave) -> KeptBoard:
    for place, view in enumerate(given.board.views):
        if view.page not in PAGES:
            raise QuestionError(
                f"board.views[{place}].page: {view.page[:50]!r} has no views for a board.",
                rule=f"It is one of {', '.join(PAGES)}.",
                remedy="Save a view of one of these.",
            )
    there = read_board(workspace, name)
    if (there.edition if there else None) != given.edition:
        raise ProblemError(
            409,
            f"name: the board {name!r} is not as it was when you read it.",
            "edition",
            "A board is not overwritten unseen.",
            "Read it again, and make the change again.",
        )
    return save_board(workspace, name, given.board)


def _shown(kept: KeptBoard) -> dict[str, Any]:
    return {"name": kept.name, "edition": kept.edition, "board": encode(kept.board)}


def _unknown(workspace: Path, name: str) -> ProblemError:
    return ProblemError(
        404,
        f"name: no board is called {name[:100]!r}.",
        "name",
        "A board must have been saved.",
        nearest(name, saved_boards(workspace)),
    )


def _json(content: dict[str, Any]) -> Response:
    body = json.dumps({"version": JSON_VERSION} | content, ensure_ascii=False)
    return Response(body.encode("utf-8"), media_type=JSON)
