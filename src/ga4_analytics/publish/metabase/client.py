"""Metabase's REST API over HTTP: one place for time limits, retries and errors.

Sources: the server's own route definitions (``*_rest/api.clj``, versions 58 to 64).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from types import TracebackType
from typing import Any, cast

import httpx

from ga4_analytics.errors import MetabaseError

Json = dict[str, Any]
Sleep = Callable[[float], None]

RETRY_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each further attempt of a call that may be sent twice."""

PAGE = 100
"""Items of a collection that are asked for at once."""

_BUSY = frozenset({502, 503, 504})
_TWICE = frozenset({"GET", "PUT", "DELETE"})
_SHOWN = 400
_HIDDEN = "***"


class Metabase:
    """A server and, once signed in, a session on it.

    Args:
        url: Where it is, such as ``http://127.0.0.1:3000``.
        timeout: Seconds that one call may take.
        use_proxies: Whether proxies from the environment are used. Off by default: a call to
            this machine must not leave it.
        sleep: Waits; tests pass their own.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 60.0,
        use_proxies: bool = False,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self.sleep = sleep
        self._secrets: set[str] = set()
        try:
            self._http = httpx.Client(
                base_url=self.url,
                timeout=httpx.Timeout(timeout, connect=10.0),
                trust_env=use_proxies,
                verify=self.url.startswith("https"),  # plain HTTP needs no certificates read
                headers={"Accept": "application/json", "User-Agent": "ga4"},
            )
        except httpx.InvalidURL:
            raise self._foreign("/") from None

    def __enter__(self) -> Metabase:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def hide(self, *secrets: str) -> None:
        """Keep texts out of every message, whatever the server repeats."""
        self._secrets |= {secret for secret in secrets if secret}

    def use_session(self, token: str) -> None:
        """Send a session's token with each call from now on."""
        self.hide(token)
        self._http.headers["X-Metabase-Session"] = token

    def use_key(self, key: str) -> None:
        """Send an API key with each call from now on."""
        self.hide(key)
        self._http.headers["X-API-Key"] = key

    @property
    def in_session(self) -> bool:
        """Whether somebody signed in with a password."""
        return "X-Metabase-Session" in self._http.headers

    def get(self, path: str, **params: str | int | list[str]) -> Any:
        """Read something.

        Args:
            path: Below the server's address, such as ``/api/card/7``.
            **params: The query.

        Raises:
            MetabaseError: There is no answer, or not that of success; has the HTTP status.
        """
        return self._call("GET", path, None, params)

    def find(self, path: str, absent: Collection[int] = (404,)) -> Json | None:
        """Read something, or give None where there is none of that name.

        Args:
            path: Below the server's address.
            absent: The HTTP statuses that say so.
        """
        try:
            return cast(Json, self.get(path))
        except MetabaseError as error:
            if error.status in absent:
                return None
            raise

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Make something. Never sent twice: the first may have worked, and be unanswered."""
        return self._call("POST", path, body, {})

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change something; sent again where no answer comes, for its end is the same."""
        return self._call("PUT", path, body, {})

    def delete(self, path: str) -> None:
        """Remove something."""
        self._call("DELETE", path, None, {})

    def once(self, path: str) -> tuple[Any, str]:
        """Read something without a second attempt.

        Returns:
            The answer and an empty reason, or None and why there is none.
        """
        try:
            answer = self._http.get(path)
        except httpx.HTTPError as error:
            return None, _reason(error)
        if answer.status_code != httpx.codes.OK:
            return None, f"answers {answer.status_code}"
        try:
            return answer.json(), ""
        except ValueError:
            return None, "does not answer as Metabase does"

    def items(self, collection: int, archived: bool = False) -> Iterator[Json]:
        """Give the cards and dashboards of a collection, page by page.

        Args:
            collection: Its id.
            archived: Whether those in the trash are given, instead of the others.
        """
        offset = 0
        while True:
            page = self.get(
                f"/api/collection/{collection}/items",
                models=["card", "dashboard"],
                archived=str(archived).lower(),
                limit=PAGE,
                offset=offset,
            )
            yield from page["data"]
            offset += len(page["data"])
            if not page["data"] or offset >= page["total"]:
                return

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, params: Mapping[str, Any]
    ) -> Any:
        pauses = iter(RETRY_PAUSES if method in _TWICE else ())
        while True:
            answer, reason = None, ""
            try:
                answer = self._http.request(method, path, json=body, params=params)
            except httpx.HTTPError as error:
                reason = _reason(error)
            if answer is not None and answer.status_code not in _BUSY:
                return self._judged(method, path, answer)
            pause = next(pauses, None)
            if pause is None:
                raise self._unanswered(method, path, answer, reason)
            self.sleep(pause)

    def _judged(self, method: str, path: str, answer: httpx.Response) -> Any:
        """The content of an answer, where it is that of success."""
        status = answer.status_code
        if answer.is_success:
            try:
                return answer.json() if answer.content else None
            except ValueError:
                raise self._foreign(path) from None
        if answer.is_redirect:
            raise MetabaseError(
                f"{self.url} sends {path} on to {answer.headers.get('location', 'elsewhere')}.",
                rule="Passwords are sent to the address that was given and no other.",
                remedy="Give the address behind it with --url or GA4_METABASE_URL.",
                status=status,
            )
        raise MetabaseError(
            f"Metabase answered {method} {path} with {status}: {self._message(answer)}",
            rule=_RULES.get(status, "A call that fails changes nothing or is done whole."),
            remedy=_REMEDIES.get(status, "Run `ga4 metabase` again; it goes on where it stopped."),
            status=status,
        )

    def _message(self, answer: httpx.Response) -> str:
        """What the server says went wrong, without secrets and not at any length."""
        try:
            content = answer.json()
        except ValueError:
            content = answer.text
        # 'specific-errors' is left out: it repeats what was sent.
        found: list[str] = []
        if isinstance(content, dict):
            errors = content.get("errors")
            parts = errors.items() if isinstance(errors, dict) else ()
            found += [str(content[key]) for key in ("message", "cause") if content.get(key)]
            found += [f"{name}: {what}" for name, what in parts]
        elif content:
            found.append(str(content))
        return self.clean(" ".join("; ".join(found).split())[:_SHOWN] or "no reason given")

    def clean(self, text: str) -> str:
        """A text without the secrets that are known."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text

    def _unanswered(
        self, method: str, path: str, answer: httpx.Response | None, reason: str
    ) -> MetabaseError:
        what = reason if answer is None else f"answers {answer.status_code}"
        return MetabaseError(
            f"Metabase at {self.url} {what} ({method} {path}).",
            rule="Each call must be answered.",
            remedy="Check that the server runs and that the address is right (--url or "
            "GA4_METABASE_URL), then run `ga4 metabase` again; it goes on where it stopped.",
            status=0 if answer is None else answer.status_code,
        )

    def _foreign(self, path: str) -> MetabaseError:
        return MetabaseError(
            f"{self.url} does not answer {path} as Metabase does.",
            rule="The address is that of a Metabase server.",
            remedy="Give it with --url or GA4_METABASE_URL.",
        )


_RULES = {
    400: "The server takes only what its own rules allow.",
    401: "Each call needs a valid session or API key.",
    403: "Provisioning needs an administrator of Metabase.",
}
_REMEDIES = {
    400: "Correct what it names and run `ga4 metabase` again.",
    401: "Check GA4_METABASE_EMAIL and GA4_METABASE_PASSWORD, or GA4_METABASE_API_KEY.",
    403: "Give the login of an administrator, or an API key of the group Administrators.",
}


def _reason(error: httpx.HTTPError) -> str:
    """Why no answer came, as the end of a sentence about the server."""
    if isinstance(error, httpx.ConnectError):
        return "cannot be reached: the connection was refused or its name is not known"
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    return f"ended the connection without an answer ({type(error).__name__})"
