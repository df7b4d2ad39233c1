"""An engine in a process of its own: answers over pipes, so that several can be interleaved.

Lines in: question, variant and formulation. Lines out: seconds and the numbers, or an error.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from versus.questions import QUESTIONS

ENGINES = ("ours", "clickhouse", "duckdb")


def open_engine(name: str, folder: Path) -> Any:
    """Open an engine over its store; only what it needs is imported."""
    if name == "ours":
        from versus.ours import Ours

        return Ours(folder)
    if name == "clickhouse":
        from versus.clickhouse import ClickHouse

        return ClickHouse(folder)
    from versus.duck import Duck

    return Duck(folder)


def serve(name: str, folder: Path) -> None:
    """Answer until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever an engine prints must not get between the lines
    engine = open_engine(name, folder)
    variants = {question.name: question.variants for question in QUESTIONS}
    print(json.dumps({q.name: list(engine.forms(q.name)) for q in QUESTIONS}), file=out, flush=True)
    for line in sys.stdin:
        asked, place, form = json.loads(line)
        function, variant = engine.forms(asked)[form], variants[asked][place]
        started = time.perf_counter()
        try:
            answer = function(variant)
            reply = {"seconds": time.perf_counter() - started, "answer": answer}
        except Exception as error:
            reply = {"error": repr(error)[:2000]}
        print(json.dumps(reply), file=out, flush=True)


class Worker:
    """Asks an engine in its own process.

    Args:
        name: One of `ENGINES`.
        folder: That of the stores.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        command = [sys.executable, "-m", "versus.worker", name, str(folder)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, env=environment)  # fmt: skip
        self.forms: dict[str, list[str]] = self._read()

    def ask(self, question: str, variant: int, form: str) -> tuple[float, Any]:
        """Seconds and numbers.

        Raises:
            RuntimeError: The engine failed.
        """
        assert self._process.stdin is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write(json.dumps([question, variant, form]) + "\n")
        self._process.stdin.flush()
        reply = self._read()
        # Threads that an engine keeps busy behind its answers are not to slow down the next one.
        self._process.send_signal(signal.SIGSTOP)
        if "error" in reply:
            raise RuntimeError(f"{self.name}, {question} ({form}): {reply['error']}")
        return reply["seconds"], reply["answer"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.close()
        self._process.wait(60)

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended.")
        return json.loads(line)


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
