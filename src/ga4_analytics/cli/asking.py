"""What all commands that ask have in common: which data, and where the answer goes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from ga4_analytics.analyses.ask import spec_from
from ga4_analytics.asking import Published
from ga4_analytics.cli.screen import Screen
from ga4_analytics.errors import QuestionError
from ga4_analytics.render.answer import Answer, Told, document
from ga4_analytics.settings import find_workspace

Command = Callable[..., Any]
WIDEST = 100
_FILE = click.Path(path_type=Path, dir_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
CSV = click.option("--csv", type=_FILE, metavar="FILE", help="Write the rows of the answer as "
                   "CSV; - is standard output.")  # fmt: skip
PLOT = click.option("--plot", type=_FILE, metavar="FILE", help="Draw the answer into a PNG.")


@dataclass(frozen=True)
class Ask:
    """How a question is asked and where its answer goes.

    Attributes:
        published: What is asked.
        screen: Where to print.
        query: Days, events, users and breakdown, as `questions.build` takes them.
        spec: A file with the whole question as JSON, in place of all other options.
        plot: A PNG to write.
        csv: A CSV file to write.
    """

    published: Published
    screen: Screen
    query: dict[str, Any]
    spec: Path | None = None
    plot: Path | None = None
    csv: Path | None = None

    def about(self, topic: str, made: Callable[[], Any]) -> Answer[Any]:
        """Ask and show.

        Args:
            topic: What the question must be about, where it comes from a file.
            made: Makes the spec from the command's options.

        Raises:
            QuestionError: The question is wrong.
        """
        answer = self.published.ask(self.spec_of(topic, made))
        self.tell(answer)
        return answer

    def spec_of(self, topic: str, made: Callable[[], Any]) -> Any:
        """The spec that a file holds, or that the options make."""
        return spec_from(self.read(), topic) if self.spec else made()

    def read(self) -> dict[str, Any]:
        """The content of ``--spec``.

        Raises:
            QuestionError: It is not a JSON object.
        """
        assert self.spec is not None
        text = sys.stdin.read() if str(self.spec) == "-" else self.spec.read_text("utf-8")
        try:
            content = json.loads(text)
        except ValueError as error:
            raise _unread(self.spec, str(error)) from error
        if not isinstance(content, dict):
            raise _unread(self.spec, "it is not an object")
        return content

    def tell(self, answer: Answer[Any]) -> None:
        """Print an answer, and write the files that were asked for."""
        tell(answer, self.screen, self.plot, self.csv)

    def show(self, content: Any) -> None:
        """Print tables for people."""
        show(content, self.screen)


def tell(answer: Answer[Any], screen: Screen, plot: Path | None, csv: Path | None) -> None:
    """Print an answer, and write the files that were asked for.

    Args:
        answer: What to tell.
        screen: Where to print.
        plot: A PNG to write.
        csv: A CSV file to write; ``-`` is standard output, and then nothing else is printed.
    """
    if plot is not None:
        from ga4_analytics.render.style import save_png

        plot.parent.mkdir(parents=True, exist_ok=True)
        save_png(answer.plot(), plot)
    if csv is not None:
        write_csv(answer.result, csv)
    if str(csv) == "-":
        return
    show(answer, screen)
    for path in (plot, csv):
        if path is not None:
            screen.done(f"Wrote {path}.")
    screen.document(document(answer.result))


def show(content: Any, screen: Screen) -> None:
    """Print tables for people: no wider than a person reads, narrow where the screen is."""
    out = screen.out
    out.print(content, highlight=False, soft_wrap=False, width=min(out.width, WIDEST))


def write_csv(result: Told, path: Path) -> None:
    """Write the rows of an answer as CSV; ``-`` is standard output."""
    import csv

    rows = result.records()
    file = sys.stdout if str(path) == "-" else path.open("w", encoding="utf-8", newline="")
    try:
        heads = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(file, heads, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    finally:
        if file is not sys.stdout:
            file.close()


def published(command: Command) -> Command:
    """Add ``--workspace``, ``--dataset`` and ``--json``; the command gets `Ask` first."""

    def wrapped(workspace: Path | None, dataset: str | None, as_json: bool, **rest: Any) -> Any:
        names = ("query", "spec", "plot", "csv")
        given = {name: rest.pop(name) for name in names if name in rest}
        folder = workspace or find_workspace(Path.cwd())
        asked = Published.open(folder, dataset=dataset)
        return command(Ask(asked, Screen(as_json), given.pop("query", {}), **given), **rest)

    options = (
        JSON,
        click.option("--dataset", help="Name of the property."),
        click.option(
            "--workspace",
            "-w",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder with ga4.toml; default: the nearest one from here upwards.",
        ),
    )
    return with_options(command, wrapped, options)


def asking(command: Command) -> Command:
    """Add the options that every question has; the command gets `Ask` first."""
    inner = published(command)

    def wrapped(start: str, end: str, where: tuple[str, ...], segment: str, by: tuple[str, ...],
                top: int, **rest: Any) -> Any:  # fmt: skip
        query = {
            "start": start,
            "end": end,
            "where": ",".join(where) or None,
            "users": segment,
            "by": ",".join(by),
            "top": top,
        }
        return inner(query=query, **rest)

    options = (
        click.option("--spec", type=_FILE, metavar="FILE", help="The whole question as JSON, in "
                     "place of the options above; - is standard input."),
        CSV,
        PLOT,
        click.option("--top", type=int, default=10, show_default=True, help="How many groups are "
                     "shown; the rest are put together."),
        click.option("--by", multiple=True, metavar="COLUMN", help="Break down by a column; "
                     "several with commas."),
        click.option("--segment", metavar="NAME|JSON", help="Count only the users of a saved "
                     "segment, or of one in JSON."),
        click.option("--where", multiple=True, metavar="CONDITION", help="Count only events that "
                     "meet it, as country=US|CA or 'revenue_usd>=10'."),
        click.option("--to", "end", metavar="DATE", help="Last day, included; default: the last "
                     "loaded one."),
        click.option("--from", "start", metavar="DATE", help="First day; default: the first loaded "
                     "one."),
    )  # fmt: skip
    return with_options(inner, wrapped, options)


def with_options(
    command: Command, wrapped: Command, options: tuple[Callable[..., Any], ...]
) -> Command:
    """Give a wrapper the name, the help and the options of its command, and further options."""
    own = getattr(command, "__click_params__", [])
    update_wrapper(wrapped, command)
    wrapped.__click_params__ = list(own)  # type: ignore[attr-defined]
    for option in options:
        wrapped = option(wrapped)
    return wrapped


def _unread(path: Path, problem: str) -> QuestionError:
    return QuestionError(
        f"spec: {path} cannot be read: {problem}.",
        rule="It holds one JSON object, the `spec` of an answer's --json.",
        remedy="See docs/json.md.",
    )
