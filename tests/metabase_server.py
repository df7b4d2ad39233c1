"""A stand-in of Metabase on a real local port: strict, with a memory, and able to fail.

No package registry has Metabase itself. Requests are checked against
``metabase_requests.schema.json``; what is remembered, and the rules, are in
`metabase_memory` and `metabase_state`.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from jsonschema import Draft202012Validator
from metabase_memory import Json, RefusedError, Ways
from metabase_state import TRASH, State

Failure = Literal["500", "400", "cut before", "cut after"]

SCHEMAS = json.loads(
    (Path(__file__).parent / "metabase_requests.schema.json").read_text(encoding="utf-8")
)
_OPEN = {"/api/health", "/api/session/properties", "/api/setup", "/api/session"}


@dataclass
class Call:
    """One call that the server saw."""

    method: str
    path: str
    body: Any = None

    @property
    def writes(self) -> bool:
        """Whether it changes anything but who is signed in."""
        return self.method != "GET" and self.path != "/api/session"


@dataclass
class Server:
    """A running stand-in.

    Attributes:
        state: What it remembers.
        url: Its address.
        calls: What it was asked, without the questions whether it is ready.
        fail_at: The call, from 1, that fails once; None for none.
        failure: How.
    """

    state: State
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    fail_at: int | None = None
    failure: Failure = "500"
    lock: threading.Lock = field(default_factory=threading.Lock)

    def writes(self) -> list[str]:
        """The calls that change something."""
        return [f"{call.method} {call.path}" for call in self.calls if call.writes]

    def answer(self, method: str, target: str, headers: Any, body: Any) -> tuple[int, Any]:
        """Answer one call; raises `ConnectionAbortedError` to cut it off."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        if parts.path in ("/api/health", "/api/session/properties"):
            return self._readiness(parts.path)
        self.calls.append(Call(method, parts.path, body))
        failing = self.fail_at == len(self.calls)
        if failing and self.failure == "cut before":
            raise ConnectionAbortedError
        if failing and self.failure in ("500", "400"):
            return int(self.failure), {"message": "It failed, as it was asked to."}
        try:
            status, content = 200, self._checked(method, parts.path, query, headers, body)
        except RefusedError as refused:
            status, content = refused.status, {"message": refused.message}
        if failing:
            raise ConnectionAbortedError
        return status, content

    def _readiness(self, path: str) -> tuple[int, Any]:
        ways = self.state.ways
        if path == "/api/health":
            ways.health_after -= 1
            return (503, {"status": "initializing"}) if ways.health_after >= 0 else (
                200, {"status": "ok"})  # fmt: skip
        ways.ready_after -= 1
        if ways.ready_after >= 0:
            return 503, "Metabase is starting."
        return 200, {
            "version": {"tag": ways.tag},
            "has-user-setup": bool(self.state.users),
            "setup-token": None if self.state.users else self.state.token,
        }

    def _checked(self, method: str, path: str, query: Any, headers: Any, body: Any) -> Any:
        signed_in = (headers.get("X-Metabase-Session") in self.state.sessions
                     or headers.get("X-API-Key") in self.state.keys)  # fmt: skip
        if path not in _OPEN and not signed_in:
            raise RefusedError(401, "Unauthenticated")
        name = f"{method} {re.sub(r'/[0-9]+', '/:id', path)}"
        if method in ("POST", "PUT"):
            if name not in SCHEMAS:
                raise RefusedError(404, f"API endpoint {name} does not exist.")
            for problem in Draft202012Validator(SCHEMAS[name]).iter_errors(body):
                raise RefusedError(400, f"{list(problem.path)}: {problem.message}"[:300])
        return self._routed(method, path, query, headers, body)

    def _routed(self, method: str, path: str, query: Any, headers: Any, body: Any) -> Any:
        for wanted, pattern, handler in _ROUTES:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return handler(self.state, found.groups(), query, body, headers)
        raise RefusedError(404, "API endpoint does not exist.")


def _items(state: State, number: int, query: Any) -> Json:
    archived = query.get("archived") == ["true"]
    limit, offset = int(query["limit"][0]), int(query["offset"][0])
    rows = state.items(number, query.get("models", ["card", "dashboard"]), archived)
    return {"data": rows[offset : offset + limit], "total": len(rows), "limit": limit,
            "offset": offset}  # fmt: skip


def _collections(state: State, archived: bool) -> list[Json]:
    root: list[Json] = [] if archived else [{"id": "root", "name": "Our analytics"}]
    return root + [each for each in state.collections.values() if each["archived"] == archived]


def _databases(state: State) -> Json:
    rows = [state.shown_database(number) for number in state.databases]
    return {"data": [{k: v for k, v in row.items() if k != "details"} for row in rows],
            "total": len(rows)}  # fmt: skip


def _user(state: State) -> Json:
    return {"id": 1, "is_superuser": all(user["admin"] for user in state.users.values())}


Handler = Callable[[State, Any, Any, Any, Any], Any]
_ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", "/api/setup", lambda s, n, q, b, h: s.set_up(b)),
    ("POST", "/api/session", lambda s, n, q, b, h: s.log_in(b)),
    ("DELETE", "/api/session",
     lambda s, n, q, b, h: s.sessions.discard(h["X-Metabase-Session"])),
    ("GET", "/api/user/current", lambda s, n, q, b, h: _user(s)),
    ("GET", "/api/database", lambda s, n, q, b, h: _databases(s)),
    ("POST", "/api/database", lambda s, n, q, b, h: s.add_database(b)),
    ("GET", r"/api/database/(\d+)", lambda s, n, q, b, h: s.shown_database(int(n[0]))),
    ("PUT", r"/api/database/(\d+)", lambda s, n, q, b, h: s.change_database(int(n[0]), b)),
    ("GET", r"/api/database/(\d+)/healthcheck", lambda s, n, q, b, h: s.health_of(int(n[0]))),
    ("POST", r"/api/database/(\d+)/sync_schema", lambda s, n, q, b, h: s.sync(int(n[0]))),
    ("GET", r"/api/database/(\d+)/metadata",
     lambda s, n, q, b, h: s.metadata(int(n[0]), q.get("include_hidden") == ["true"])),
    ("PUT", r"/api/table/(\d+)", lambda s, n, q, b, h: s.change(s.tables, int(n[0]), b)),
    ("PUT", r"/api/field/(\d+)", lambda s, n, q, b, h: s.change(s.fields, int(n[0]), b)),
    ("GET", "/api/collection",
     lambda s, n, q, b, h: _collections(s, q.get("archived") == ["true"])),
    ("POST", "/api/collection", lambda s, n, q, b, h: s.add_collection(b)),
    ("PUT", r"/api/collection/(\d+)", lambda s, n, q, b, h: s.change_collection(int(n[0]), b)),
    ("GET", "/api/collection/trash", lambda s, n, q, b, h: {"id": TRASH, "name": "Trash"}),
    ("GET", r"/api/collection/(\d+)/items", lambda s, n, q, b, h: _items(s, int(n[0]), q)),
    ("POST", "/api/card", lambda s, n, q, b, h: s.add_card(b)),
    ("GET", r"/api/card/([\w-]+)", lambda s, n, q, b, h: s.find_card(n[0])),
    ("PUT", r"/api/card/(\d+)", lambda s, n, q, b, h: s.change_card(int(n[0]), b)),
    ("POST", "/api/dashboard", lambda s, n, q, b, h: s.add_dashboard(b)),
    ("GET", r"/api/dashboard/(\d+)", lambda s, n, q, b, h: s.shown_dashboard(int(n[0]))),
    ("PUT", r"/api/dashboard/(\d+)", lambda s, n, q, b, h: s.change_dashboard(int(n[0]), b)),
]  # fmt: skip


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class _Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 65536

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            try:
                with server.lock:
                    status, content = server.answer(self.command, self.path, self.headers, body)
            except ConnectionAbortedError:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names of http.server

        def log_message(self, *parts: Any) -> None:
            """Stay quiet."""

    return _Handler


@contextlib.contextmanager
def metabase_server(ways: Ways | None = None) -> Iterator[Server]:
    """Run a stand-in on a free local port.

    Args:
        ways: How it behaves.
    """
    server = Server(State(ways or Ways()))
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
