"""What a question asked from Python gives: an answer that prints, plots and converts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import pyarrow as pa
from rich.console import Console, ConsoleOptions, RenderResult

from ga4_analytics.render.answers import shown
from ga4_analytics.render.answers.parts import WIDTH

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from matplotlib.figure import Figure


class Told(Protocol):
    """What can be shown: a `Result`, or several side by side."""

    def records(self) -> list[dict[str, Any]]:
        """The answer as flat rows."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The answer as what JSON holds."""
        ...


R = TypeVar("R", bound=Told)
JSON_VERSION = 1
"""Of the document that ``--json`` prints; docs/json.md describes it."""


@dataclass(frozen=True, repr=False)
class Answer(Generic[R]):
    """An answer. What it does not have itself it takes from its result: ``answer.steps``.

    Attributes:
        result: The result: numbers with numerators and denominators, the definition in
            words, finality.
    """

    result: R

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "result":
            raise AttributeError(name)
        return getattr(self.result, name)

    def plot(self) -> Figure:
        """The answer as a matplotlib figure."""
        from ga4_analytics.render.answer_plots import figure_of  # matplotlib loads slowly

        return figure_of(self.result)

    def to_pandas(self) -> pd.DataFrame:
        """The rows of `records` as a pandas frame."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """The rows of `records` as a Polars frame."""
        import polars  # loads slowly

        frame: pl.DataFrame = polars.DataFrame(self.to_arrow())
        return frame

    def to_arrow(self) -> pa.Table:
        """The rows of `records` as an Arrow table."""
        return pa.Table.from_pylist(self.result.records())

    def to_dict(self) -> dict[str, Any]:
        """The document that ``--json`` prints."""
        return document(self.result)

    def to_json(self) -> str:
        """The document that ``--json`` prints, as text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield shown(self.result, min(options.max_width, 100))

    def _repr_html_(self) -> str:
        console = Console(file=StringIO(), record=True, width=WIDTH, force_jupyter=False)
        console.print(self, highlight=False)
        return console.export_html(inline_styles=True, code_format=_HTML)

    def __str__(self) -> str:
        console = Console(file=StringIO(), width=WIDTH, no_color=True, force_jupyter=False)
        console.print(self, highlight=False)
        return str(console.file.getvalue()).rstrip()  # type: ignore[attr-defined]

    __repr__ = __str__


_HTML = '<pre style="line-height:normal;font-family:monospace">{code}</pre>'


def document(result: Told) -> dict[str, Any]:
    """An answer as the document of ``--json``: its fields and the contract's version."""
    return {"version": JSON_VERSION} | result.to_dict()
