"""A real Postgres for the tests: one server in a temporary folder, one database a test."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

PASSWORD = "test-secret-7f3a"
PROGRAMS = ("initdb", "postgres")
HINT = "install Postgres 15 or newer (Debian: apt-get install postgresql-15) to run this test"
_START_SECONDS = 30


def find_programs() -> dict[str, str] | None:
    """Give the paths of the server's programs, from PATH or Debian's folders."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
    found = {name: shutil.which(name, path=path) for name in PROGRAMS}
    complete = {name: program for name, program in found.items() if program}
    return complete if len(complete) == len(PROGRAMS) else None


@dataclass
class PostgresServer:
    """A running server."""

    program: str
    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    settings: Mapping[str, str]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT ends its sessions, SIGKILL is what a power cut does."""
        self.process.send_signal(how)
        self.process.wait(_START_SECONDS)

    def start(self) -> None:
        """Start it again on the same port."""
        for _ in range(_START_SECONDS * 5):
            self.process = _launch(self.program, self.folder, self.port, self.settings)
            if _answers(self.process, self.port):
                return
            self.process.wait()
            time.sleep(0.2)  # sessions of a killed server take a moment to notice
        raise RuntimeError("Postgres did not start again:\n" + _log(self.folder))

    def url(self, database: str) -> str:
        """Give the URL of a database."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self, collation: str = "libc") -> Iterator[str]:
        """Make a database, give its URL, drop it.

        Args:
            collation: 'libc' for C.UTF-8, 'icu' for English by ICU, which orders text
                otherwise than its bytes.
        """
        name = f"ga4_test_{next(self._numbers)}"
        options = (
            "locale_provider icu icu_locale 'en-US'" if collation == "icu" else "locale 'C.UTF-8'"
        )
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(
                sql.SQL("create database {} template template0 encoding 'UTF8' ").format(
                    sql.Identifier(name)
                )
                + sql.SQL(options)
            )
        try:
            yield self.url(name)
        finally:
            with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
                admin.execute(
                    sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
                )


@contextlib.contextmanager
def running_server(
    programs: dict[str, str], parent: Path | None = None, **settings: str
) -> Iterator[PostgresServer]:
    """Start a server in a temporary folder, as user postgres where we are root.

    Args:
        programs: See `find_programs`.
        parent: Where the folder is made.
        settings: Further settings of the server.
    """
    folder = Path(tempfile.mkdtemp(prefix="ga4-postgres-", dir=parent))
    try:
        _initialise(programs["initdb"], folder)
        process, port = _start(programs["postgres"], folder, settings)
        server = PostgresServer(programs["postgres"], port, folder, process, settings)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _identity() -> dict[str, object]:
    # initdb and postgres refuse to run as root.
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _initialise(initdb: str, folder: Path) -> None:
    (folder / "password").write_text(PASSWORD)
    if os.geteuid() == 0:
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres", "postgres")
    subprocess.run(
        [
            initdb,
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "--pwfile",
            folder / "password",
            "--auth=scram-sha-256",
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            "--no-sync",
        ],
        check=True,
        cwd=folder,
        capture_output=True,
        **_identity(),  # type: ignore[call-overload]
    )


def _start(
    postgres: str, folder: Path, given: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(5):
        port = _free_port()
        process = _launch(postgres, folder, port, given)
        if _answers(process, port):
            return process, port
        process.wait()
    raise RuntimeError("Postgres did not start:\n" + _log(folder))


def _launch(
    postgres: str, folder: Path, port: int, given: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    # Tests lose nothing when the machine stops, so the server need not sync.
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_wal_size": "2GB",
        "shared_buffers": "128MB",
        **given,
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(  # type: ignore[call-overload]
            [postgres, "-D", folder / "data", *options],
            cwd=folder,
            stdout=log,
            stderr=log,
            **_identity(),
        )


def _log(folder: Path) -> str:
    return (folder / "log").read_text()[-2000:]


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server answers; false when it ended, as when the port was taken."""
    url = f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"
    for _ in range(_START_SECONDS * 10):
        if process.poll() is not None:
            return False
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
            return True
        time.sleep(0.1)
    process.kill()
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
