"""What is done in the background at the start, so that the first person does not wait."""

from __future__ import annotations

import logging

from ga4_analytics.analyses.overview import overview
from ga4_analytics.analyses.warm import warm
from ga4_analytics.errors import Ga4Error
from ga4_analytics.web.api import Desk

LOG = logging.getLogger("ga4.web")


def warm_up(desk: Desk) -> None:
    """Compile what answers questions, what the first page asks before all others.

    Args:
        desk: Where requests are answered.
    """
    try:
        reader = desk.library.reader(desk.options.dataset)
        events, columns = reader.events, reader.columns
        LOG.info("%d events, %d columns", len(events), len(columns))
        overview(reader.index())
        warm(reader.index())
    except Ga4Error as error:
        LOG.warning("not warmed up: %r", str(error))
