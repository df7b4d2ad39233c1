"""The pages: one entry, one template and one module of JavaScript each.

A page's template extends ``base.html``; ``static/js/pages/NAME.js`` fills it from the API.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ga4_analytics import __version__
from ga4_analytics.errors import StaleError
from ga4_analytics.web.api import Desk
from ga4_analytics.web.api_boards import PAGES as BOARD_PAGES
from ga4_analytics.web.problems import ProblemError
from ga4_analytics.web.security import COOKIE, SESSION_SECONDS, Keys, session_cookie

HERE = Path(__file__).parent
WRONG_SECONDS = 0.3


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        name: Its address without the slash, its template and its module.
        title: How it is called.
        group: Under which heading it stands in the navigation.
        icon: Name of its drawing in ``icons.html``.
        words: What it is good for, in a few words.
    """

    name: str
    title: str
    group: str
    icon: str
    words: str

    @property
    def path(self) -> str:
        """Its address."""
        return "/" if self.name == "home" else f"/{self.name}"


PAGES = (
    Page("home", "Home", "", "home", "The key numbers of the last days"),
    Page("trends", "Trends", "Explore", "trends", "Any number over time"),
    Page("funnel", "Funnel", "Explore", "funnel", "How many go from step to step"),
    Page("retention", "Retention", "Explore", "retention", "Who comes back"),
    Page("paths", "Paths", "Explore", "paths", "What comes after an event, or before it"),
    Page(
        "revenue",
        "Revenue",
        "Explore",
        "revenue",
        "Orders, what they bring, and what users are worth",
    ),
    Page("boards", "Boards", "", "boards", "Views that are looked at together"),
    Page("users", "Users", "People", "users", "Everything that one user did"),
    Page("segments", "Segments", "People", "segments", "Groups of users side by side"),
    Page(
        "experiments",
        "Experiments",
        "Results",
        "experiments",
        "Which variant does better, and how sure that is",
    ),
    Page(
        "churn",
        "Churn",
        "Results",
        "churn",
        "Who will not come back, and how well that can be told",
    ),
    Page("data", "Data", "Workspace", "data", "What is loaded, how good it is, what it means"),
)


def routes(desk: Desk, keys: Keys, static: str) -> APIRouter:
    """The routes of pages.

    Args:
        desk: Where requests are answered.
        keys: Signs sessions.
        static: Where scripts and styles are, with their version.
    """
    router = APIRouter(include_in_schema=False)
    templates = environment()

    def render(request: Request, template: str, **more: Any) -> HTMLResponse:
        content = templates.get_template(template).render(
            pages=PAGES,
            static=static,
            version=__version__,
            csrf=keys.csrf(session_cookie(request.headers)),
            may_log_out=bool(desk.options.token),
            **more,
        )
        return HTMLResponse(content)

    for page in PAGES:
        _add_page(router, desk, page, render)
    _add_login(router, desk, keys, render)
    return router


def environment() -> Environment:
    """Templates that escape everything and know every name they use."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    return found


def _add_page(router: APIRouter, desk: Desk, page: Page, render: Any) -> None:
    async def get(request: Request) -> Response:
        try:
            reader = desk.reader(request)
        except StaleError as error:
            response: Response = render(request, "nothing.html", page=page, error=error)
            response.status_code = 503
            return response
        days = reader.opened.calendar
        facts = {
            "dataset": reader.opened.dataset,
            "datasets": sorted(reader.status["indexes"]),
            "first": days.first.isoformat() if days.first else None,
            "last": days.last.isoformat() if days.last else None,
            "last_complete": days.last_complete.isoformat() if days.last_complete else None,
            "zone": days.zone,
            "users": reader.facts.get("users"),
            "rows": reader.opened.rows,
            "snapshot": reader.snapshot,
            "funnels": reader.status["settings"]["funnels"],
            "pages": [each.name for each in PAGES],
            "boards": BOARD_PAGES,
        }
        shown: Response = render(request, f"{page.name}.html", page=page, facts=facts)
        return shown

    router.add_api_route(page.path, get, methods=["GET"])


def _add_login(router: APIRouter, desk: Desk, keys: Keys, render: Any) -> None:
    @router.get("/login")
    async def ask(request: Request) -> Response:
        """The form that asks for the token."""
        shown: Response = render(request, "login.html", wrong=False, next=_next(request))
        return shown

    @router.post("/login")
    async def enter(request: Request) -> Response:
        """Begin a session, where the token is right."""
        try:
            given = parse_qs((await request.body()).decode("utf-8"), max_num_fields=5)
        except ValueError as error:
            raise ProblemError(400, "The form cannot be read.") from error
        if not desk.options.token or not keys.knows(given.get("token", [""])[0]):
            await asyncio.sleep(WRONG_SECONDS)  # who guesses waits
            wrong: Response = render(request, "login.html", wrong=True, next=_next(request))
            wrong.status_code = 401
            return wrong
        response = RedirectResponse(_next(request), 303)
        response.set_cookie(
            COOKIE, keys.session(), max_age=SESSION_SECONDS, httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return response

    @router.post("/logout")
    async def leave(request: Request) -> Response:
        """End a session."""
        response = RedirectResponse("/login?" + urlencode({"next": "/"}), 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response


def _next(request: Request) -> str:
    """Where to go after the login: a path of ours, whatever the address says."""
    wanted = request.query_params.get("next", "/")
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if ours and "\n" not in wanted and "\r" not in wanted else "/"
