"""``/api/v1``: the questions, by GET with words or by POST with JSON, and their answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from ga4_analytics.analyses.ask import spec_from
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.codec import encode
from ga4_analytics.render.answer import document
from ga4_analytics.render.calls import calls_of
from ga4_analytics.web.asked import PATHS, answered, from_body, from_parameters, read_json
from ga4_analytics.web.cost import check_work
from ga4_analytics.web.csv_text import csv_text
from ga4_analytics.web.gate import Gate, Kept
from ga4_analytics.web.options import ServeOptions
from ga4_analytics.web.problems import ProblemError
from ga4_analytics.web.progress import Progress
from ga4_analytics.web.reading import Library, Reader

PREFIX = "/api/v1"
JSON = "application/json"
CSV = "text/csv; charset=utf-8"
CLIENT_GONE = 499
"""Nobody receives it; the name that others gave the case."""


@dataclass(frozen=True)
class Desk:
    """Where requests are answered.

    Attributes:
        library: What is published.
        options: How much one may ask.
        gate: Lets questions take turns.
        kept: Answers given lately.
        progress: How far the compiling at the start is.
    """

    library: Library
    options: ServeOptions
    gate: Gate
    kept: Kept
    progress: Progress

    def reader(self, request: Request) -> Reader:
        """The data of a request: the live snapshot of the property that it names."""
        named = request.query_params.get("dataset") or self.options.dataset
        return self.library.reader(named)

    async def tell(
        self,
        request: Request,
        reader: Reader,
        key: str,
        make: Callable[[int], str],
        media: str = JSON,
        *,
        is_light: bool = False,
    ) -> Response:
        """Answer with a text that depends on nothing but the snapshot and a key.

        Args:
            request: The request.
            reader: The data.
            key: What is asked.
            make: Makes the text, in a thread; it is told how many threads it may use.
            media: Its type.
            is_light: Whether it is read and not computed, so that it waits for no question.
        """
        whole = (reader.snapshot, reader.opened.dataset, key)
        body = self.kept.find(whole)
        if body is None:
            run = self.gate.run_beside if is_light else self.gate.run
            coming = self.kept.get(whole, lambda: run(lambda threads: make(threads).encode()))
            body = await self.gate.answer(coming, _gone(request))
        if body is None:
            return Response(status_code=CLIENT_GONE)
        tag = '"' + hashlib.sha256("\0".join(whole).encode()).hexdigest()[:32] + '"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", "X-GA4-Snapshot": reader.snapshot}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if media == CSV:
            name = key.partition(" ")[0].replace("/", "-")
            headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return Response(body, media_type=media, headers=headers)


def routes(desk: Desk) -> APIRouter:
    """The routes of questions."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    for path in PATHS:
        _add(router, desk, path)

    @router.post("/calls")
    async def calls(request: Request) -> Response:
        """How to ask a question elsewhere."""
        check_json(request)
        only_parameters(request.query_params, ("dataset",))
        data = read_json(await request.body())
        if not isinstance(data, dict):
            raise QuestionError("body: it is not an object.", rule="It is a question's JSON.")
        reader = desk.reader(request)
        found = calls_of(spec_from(data), request.query_params.get("dataset"))
        names = ("python", "command", "parameters")
        content = {"version": 1} | {name: getattr(found, name) for name in names}
        return Response(
            json.dumps(content), media_type=JSON, headers={"X-GA4-Snapshot": reader.snapshot}
        )

    return router


def _add(router: APIRouter, desk: Desk, path: str) -> None:
    async def get(request: Request) -> Response:
        reader = desk.reader(request)
        question = from_parameters(path, request.query_params, reader)
        return await _answer(desk, request, reader, path, question)

    async def post(request: Request) -> Response:
        check_json(request)
        only_parameters(request.query_params, ("dataset", "format"))
        reader = desk.reader(request)
        question = from_body(path, await request.body())
        return await _answer(desk, request, reader, path, question)

    router.add_api_route(f"/{path}", get, methods=["GET"])
    router.add_api_route(f"/{path}", post, methods=["POST"])


async def _answer(
    desk: Desk, request: Request, reader: Reader, path: str, question: Any
) -> Response:
    wanted = request.query_params.get("format", "json")
    if wanted not in ("json", "csv"):
        raise QuestionError(
            f"format: {wanted!r} is not a format.", rule="It is json or csv.",
            remedy="Change format.",
        )  # fmt: skip

    check_work(reader.index(), question, desk.options.limits.work)

    def make(threads: int) -> str:
        told = answered(reader, question, threads)
        if wanted == "csv":
            return csv_text(told.records())
        return json.dumps(document(told), ensure_ascii=False, allow_nan=False)

    key = f"{path} {wanted} {json.dumps(encode(question), sort_keys=True)}"
    return await desk.tell(request, reader, key, make, CSV if wanted == "csv" else JSON)


async def _gone(request: Request) -> None:
    """Wait until whoever asked is there no longer."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def check_json(request: Request) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != JSON:
        raise ProblemError(
            415,
            f"content-type: {given[:100]!r} is not {JSON}.",
            "content-type",
            "A question is sent as JSON.",
            f"Send the header 'Content-Type: {JSON}'.",
        )


def only_parameters(given: QueryParams, known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise QuestionError(
                f"{name} is not a field of this address.",
                rule=f"Its parameters are {', '.join(known) or 'none'}.",
                remedy="Remove it, or send it in the body.",
            )
