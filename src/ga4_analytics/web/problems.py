"""What went wrong, as a problem document (RFC 9457) that names field, rule and remedy."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from ga4_analytics.errors import Ga4Error, QuestionError, StaleError

MEDIA_TYPE = "application/problem+json"
_FIELD = re.compile(r"([A-Za-z_][\w.\[\]]*(?: \d+)?)(?:: | is not a field of )")
TITLES = {
    400: "The request cannot be read",
    401: "A token is needed",
    403: "The request is not allowed",
    404: "There is nothing here",
    405: "The method is not allowed",
    409: "It is there already, or has changed",
    413: "The request is too large",
    415: "The body must be JSON",
    421: "The host is not ours",
    422: "The question cannot be answered",
    429: "Too many questions at once",
    500: "Something broke",
    503: "No answer right now",
}


@dataclass(eq=False)  # not frozen: who passes an exception on writes its traceback into it
class ProblemError(Exception):
    """A request that gets no answer.

    Attributes:
        status: The HTTP status.
        detail: What was found.
        field: Which part of the question is meant; empty: none in particular.
        rule: Which rule it breaks.
        remedy: What to do about it.
        retry_seconds: When to try again, where the same question may then be answered.
        headers: Further headers of the response.
    """

    status: int
    detail: str
    field: str = ""
    rule: str = ""
    remedy: str = ""
    retry_seconds: int | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def document(self) -> dict[str, Any]:
        """Its JSON."""
        content: dict[str, Any] = {
            "type": "about:blank",
            "title": TITLES[self.status],
            "status": self.status,
            "detail": self.detail,
        }
        told = {"field": self.field, "rule": self.rule, "remedy": self.remedy}
        if self.retry_seconds is not None:
            content["retry_seconds"] = self.retry_seconds
        return content | {name: text for name, text in told.items() if text}

    def response(self) -> Response:
        """The response that tells it."""
        headers = dict(self.headers) | {"Cache-Control": "no-store"}
        if self.retry_seconds is not None:
            headers["Retry-After"] = str(self.retry_seconds)
        body = json.dumps(self.document(), ensure_ascii=False).encode("utf-8", "replace")
        return Response(body, self.status, headers, MEDIA_TYPE)


def problem_of(error: Ga4Error) -> ProblemError:
    """An error of ours as a problem.

    >>> problem_of(QuestionError("window: '7x' is nothing.", rule="r", remedy="m")).field
    'window'
    """
    status = 422 if isinstance(error, QuestionError) else 500
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(error, StaleError):  # until somebody builds; to ask again is of no use
        status, headers = 503, (("Retry-After", "5"),)
    return ProblemError(
        status, error.problem, field_of(error.problem), error.rule, error.remedy, headers=headers
    )


def field_of(problem: str) -> str:
    """The field that an error's text begins with, or nothing.

    >>> field_of("query.start: 'x' is not a date."), field_of("step 2: 'x' cannot be read")
    ('query.start', 'step 2')
    >>> field_of("windw is not a field of funnel_spec."), field_of("Nothing is loaded.")
    ('windw', '')
    """
    found = _FIELD.match(problem)
    return found[1] if found else ""
