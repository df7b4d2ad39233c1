"""What commands print: lines for people, JSON for programs, progress over a second."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from ga4_analytics.progress import Advance

PATIENCE_SECONDS = 1.0


class Screen:
    """Where a command prints.

    Args:
        as_json: Whether standard output carries one JSON document and nothing else.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = Console(quiet=as_json, soft_wrap=True)
        self.err = Console(stderr=True)

    def line(self, text: str) -> None:
        """Print a line for people."""
        self.out.print(text, highlight=False)

    def done(self, text: str) -> None:
        """Print a step that is done."""
        self.out.print(f"[green]✓[/green] {text}", highlight=False)

    def warn(self, text: str) -> None:
        """Print something a person should know."""
        self.out.print(f"[yellow]![/yellow] {text}", highlight=False)

    def document(self, content: Any) -> None:
        """Print the JSON document, where it was asked for."""
        if self.as_json:
            print(json.dumps(content, indent=2, ensure_ascii=False, default=str))


class ScreenProgress:
    """Draws phases that take longer than a second, on a terminal only."""

    def __init__(self, screen: Screen) -> None:
        self._console = screen.err

    @contextmanager
    def phase(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Begin a phase."""
        if not self._console.is_terminal:
            yield lambda done: None
            return
        bars = Bars(*_columns(total, unit), console=self._console, transient=True)
        task = bars.add_task(label, total=total)
        timer = threading.Timer(PATIENCE_SECONDS, bars.start)
        timer.daemon = True
        timer.start()
        try:
            yield lambda done: bars.advance(task, done)
        finally:
            timer.cancel()
            timer.join()
            bars.stop()


def _columns(total: int | None, unit: str) -> list[ProgressColumn]:
    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}")]
    if total is not None:
        columns.append(BarColumn())
    if unit == "bytes":
        columns.append(DownloadColumn())
    elif total is not None:
        columns += [MofNCompleteColumn(), TextColumn(unit)]
    else:
        columns.append(TextColumn("{task.completed:,.0f} " + unit))
    return [*columns, TimeElapsedColumn()]
