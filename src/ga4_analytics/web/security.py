"""Who may come in, and what a browser may do: checked before any page or answer.

Outermost first: the host's name, the body's length, where a browser's request comes from,
the token. Every response, errors too, carries the headers of `HEADERS`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ga4_analytics.web.options import ServeOptions, is_loopback
from ga4_analytics.web.problems import ProblemError

COOKIE = "ga4_session"
CSRF_HEADER = "x-csrf-token"
SESSION_SECONDS = 12 * 3_600
OPEN_PATHS = ("/login", "/static/")
_SAFE = ("GET", "HEAD", "OPTIONS")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Keys:
    """Signs sessions and form tokens; a restart makes all of them void.

    Attributes:
        token: What a visitor must know; empty: nothing.
        secret: Known to this process alone.
        clock: Gives the time in seconds.
    """

    token: str = field(repr=False)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    clock: Callable[[], float] = time.time

    def knows(self, given: str) -> bool:
        """Whether a token is the right one; takes as long for every wrong one."""
        digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest()
                   for text in (given, self.token)]  # fmt: skip
        return hmac.compare_digest(*digests)

    def session(self) -> str:
        """A new session's cookie."""
        begun = f"{int(self.clock())}-{secrets.token_urlsafe(9)}"
        return f"{begun}.{self._signed('session', begun)}"

    def is_session(self, cookie: str) -> bool:
        """Whether a cookie is one of our sessions that has not ended."""
        begun, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signed("session", begun).encode()):
            return False
        age = self.clock() - int(begun.partition("-")[0])
        return bool(age < SESSION_SECONDS)

    def csrf(self, cookie: str) -> str:
        """The form token of a session (of everybody's where there are no sessions)."""
        return self._signed("csrf", cookie)

    def _signed(self, purpose: str, text: str) -> str:
        whole = f"{purpose}\0{self.token}\0{text}".encode("utf-8", "replace")
        return hmac.new(self.secret, whole, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Guard:
    """The outermost application.

    Attributes:
        app: What it guards.
        options: For whom.
        keys: Its secrets.
    """

    app: ASGIApp
    options: ServeOptions
    keys: Keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or tell why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sending = _with_headers(send)
        try:
            refused = self._refused(scope)
            reading = receive if refused else await self._whole_body(scope, receive)
        except ProblemError as problem:
            await problem.response()(scope, receive, sending)
            return
        await (refused or self.app)(scope, reading, sending)

    def _refused(self, scope: Scope) -> Response | None:
        """Raises what is wrong; gives the way to the login where that is all."""
        headers = Headers(scope=scope)
        self._check_host(headers)
        cookie = session_cookie(headers)
        self._check_origin(scope, headers, cookie)
        if not self.options.token or scope["path"].startswith(OPEN_PATHS):
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.keys.knows(given.strip()):
            return None
        if self.keys.is_session(cookie):
            return None
        if scope["path"].startswith("/api/") or scope["method"] != "GET":
            raise ProblemError(
                401,
                "The request has no valid token.",
                rule="This page was started with a token.",
                remedy="Send it as 'Authorization: Bearer ...', or log in at /login.",
                headers=(("WWW-Authenticate", "Bearer"),),
            )
        query = scope["query_string"].decode("latin-1")
        there = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/login?next={quote(there, safe='')}", 303)

    def _check_host(self, headers: Headers) -> None:
        """A foreign name that leads to this machine is another page's trick (DNS rebinding)."""
        if not self.options.is_loopback:
            return
        host = _host_name(headers.get("host", ""))
        if not is_loopback(host):
            raise ProblemError(
                421,
                f"Host: {host[:100]!r} is not this machine.",
                rule="A page on a loopback address is asked for by a loopback name.",
                remedy=f"Open http://{self.options.host}:{self.options.port}/.",
            )

    def _check_origin(self, scope: Scope, headers: Headers, cookie: str) -> None:
        """Refuse what another site makes a browser send."""
        site = headers.get("sec-fetch-site", "")
        origin = headers.get("origin")
        safe = scope["method"] in _SAFE
        api = scope["path"].startswith("/api/")
        foreign = site in ("cross-site", "same-site") and (api or not safe)
        named = not safe and origin is not None and urlsplit(origin).netloc != headers.get("host")
        if foreign or named:
            raise _not_ours("The request comes from another site.")
        browser = bool(site or origin or cookie) and "authorization" not in headers
        if api and not safe and browser and not _only_asks(scope):
            given = headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(given.encode(), self.keys.csrf(cookie).encode()):
                raise _not_ours(f"The request that writes has no valid {CSRF_HEADER} header.")

    async def _whole_body(self, scope: Scope, receive: Receive) -> Receive:
        """Read the body up to the limit."""
        if scope["method"] in _SAFE:
            return receive
        limit = self.options.limits.body_bytes
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isascii() or not told.isdecimal() or int(told) > limit:
            raise _too_long(limit)
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > limit:
                raise _too_long(limit)
        return _told_once(b"".join(parts), receive)


def session_cookie(headers: Headers) -> str:
    """The session's cookie of a request, or nothing."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _only_asks(scope: Scope) -> bool:
    """Whether a request with a body changes nothing: it is a question."""
    return bool(scope["method"] == "POST")


def _not_ours(detail: str) -> ProblemError:
    return ProblemError(
        403,
        detail,
        rule="Only the page itself, or a script with the token, may send this.",
        remedy="Open the page itself and try again.",
    )


def _too_long(limit: int) -> ProblemError:
    return ProblemError(
        413,
        f"body: it is longer than {limit:,} bytes, or does not tell its length.",
        field="body",
        rule=f"A body has at most {limit:,} bytes.",
        remedy="Ask less at once.",
    )


def _host_name(host: str) -> str:
    """The name in a Host header, without the port."""
    if host.startswith("["):
        return host.partition("]")[0].lstrip("[")
    return host.rpartition(":")[0] if ":" in host else host


def _told_once(body: bytes, receive: Receive) -> Receive:
    told: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return told.pop() if told else await receive()

    return again


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
