"""The application: pages and API over what a workspace published."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from ga4_analytics import __version__
from ga4_analytics.errors import Ga4Error
from ga4_analytics.settings import Settings
from ga4_analytics.web import api, api_boards, api_facts, api_saved, pages, warming
from ga4_analytics.web.api import Desk
from ga4_analytics.web.gate import Gate, Kept
from ga4_analytics.web.openapi import openapi_routes
from ga4_analytics.web.options import ServeOptions
from ga4_analytics.web.problems import TITLES, ProblemError, problem_of
from ga4_analytics.web.progress import Progress
from ga4_analytics.web.reading import Library
from ga4_analytics.web.security import Guard, Keys

LOG = logging.getLogger("ga4.web")
STATIC = pages.HERE / "static"


def create_app(settings: Settings, options: ServeOptions | None = None) -> ASGIApp:
    """The application of a workspace.

    Args:
        settings: The workspace's settings.
        options: For whom, and how much one may ask.
    """
    options = options or ServeOptions()
    limits = options.limits
    progress = Progress()
    gate = Gate(limits, lambda: not progress.is_done)
    desk = Desk(Library(settings), options, gate, Kept(limits.cache_bytes), progress)
    keys = Keys(options.token)
    app = FastAPI(
        title="GA4 product analytics",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_lifespan(desk),
    )
    where = f"/static/{static_version(STATIC)}"
    app.include_router(api.routes(desk))
    app.include_router(api_facts.routes(desk))
    app.include_router(api_saved.routes(desk))
    app.include_router(api_boards.routes(desk))
    app.include_router(warming.routes(desk))
    app.include_router(openapi_routes())
    app.include_router(pages.routes(desk, keys, where))
    app.mount(where, Assets(directory=STATIC), name="static")
    app.add_exception_handler(ProblemError, _told)
    app.add_exception_handler(Ga4Error, _told)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(Exception, _told)
    return Guard(app, options, keys)


class Assets(StaticFiles):
    """Files whose address changes with their content: a browser may keep them for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def static_version(folder: Path) -> str:
    """A name for the content of all files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _lifespan(desk: Desk) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        if desk.options.compiled:
            threading.Thread(target=warming.warm_up, args=(desk,), daemon=True, name="warm").start()
        yield

    return run


def _told(request: Request, error: Exception) -> Response:
    """Any error as a problem document."""
    if isinstance(error, HTTPException):
        known = error.status_code if error.status_code in TITLES else 400
        headers = tuple((error.headers or {}).items())
        return ProblemError(known, TITLES[known] + ".", headers=headers).response()
    if isinstance(error, Ga4Error):
        error = problem_of(error)
    if not isinstance(error, ProblemError):
        # %r: a path or a name in the message must not make lines of its own in the log.
        LOG.error("%s %r failed: %r", request.method, request.url.path, error)
        error = ProblemError(
            500,
            "The answer could not be made; this is an error of the program.",
            remedy="Look at the log of `ga4 serve`, and report what it says.",
        )
    return error.response()
