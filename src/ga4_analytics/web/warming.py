"""What is done in the background at the start, so that the first person does not wait."""

from __future__ import annotations

import json
import logging
import time

from fastapi import APIRouter, Request
from starlette.responses import Response

from ga4_analytics.analyses.overview import overview
from ga4_analytics.analyses.warm import questions, warm
from ga4_analytics.errors import Ga4Error
from ga4_analytics.render.answer import JSON_VERSION
from ga4_analytics.web.api import JSON, PREFIX, Desk, only_parameters

POLITE_TIMES, POLITE_SECONDS = 20, 0.05
LOG = logging.getLogger("ga4.web")


def warm_up(desk: Desk) -> None:
    """Compile what answers questions, what the first page asks before all others.

    Args:
        desk: Where requests are answered; its progress is told.
    """
    try:
        reader = desk.library.reader(desk.options.dataset)
        desk.progress.begin(2 + sum(1 for _ in questions(reader.index())))
        events, columns = reader.events, reader.columns
        LOG.info("%d events, %d columns", len(events), len(columns))
        desk.progress.step()
        overview(reader.index())
        warm(reader.index(), lambda topic: _step(desk), threads=1)
    except Ga4Error as error:
        LOG.warning("not warmed up: %r", str(error))
    finally:
        desk.progress.end()


def _step(desk: Desk) -> None:
    """Go on with the next part; first let who asks meanwhile have the processors."""
    desk.progress.step()
    for _ in range(POLITE_TIMES):
        if not desk.gate.is_busy:
            return
        time.sleep(POLITE_SECONDS)


def routes(desk: Desk) -> APIRouter:
    """The address that tells how far it is; it waits for nothing."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)

    @router.get("/warming")
    async def warming(request: Request) -> Response:
        """How far the compiling is."""
        only_parameters(request.query_params, ())
        content = {"version": JSON_VERSION, "warming": desk.progress.shown()}
        return Response(json.dumps(content), media_type=JSON)

    return router
