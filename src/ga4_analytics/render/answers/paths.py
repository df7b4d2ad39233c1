"""Paths as a list and as steps of each level."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ga4_analytics.questions.paths import PathsResult
from ga4_analytics.render import text
from ga4_analytics.render.answers.parts import (
    ACCENT,
    DIM,
    GAP,
    Cell,
    bounds,
    days_of,
    heading,
    short,
    table,
)

_TARGETS = 6


def paths(result: PathsResult, width: int) -> list[RenderableType]:
    """How far paths go, what comes at each level, and the commonest paths whole."""
    spec = result.spec
    about = (
        f"{spec.direction} {spec.anchor.shown}", f"within a {spec.per}",
        f"{text.count(result.paths)} paths of {text.count(result.users)} users",
        days_of(result.finality),
    )  # fmt: skip
    out: list[RenderableType] = [heading("Paths", about)]
    if not result.paths:
        return out
    return [*out, "", _levels(result, width), "", *_top(result, width)]


def _levels(result: PathsResult, width: int) -> RenderableType:
    rows: list[list[Cell]] = []
    for level in result.levels:
        nodes = [node for node in result.nodes if node.level == level.level]
        ranked = sorted(nodes, key=lambda node: (-node.count, node.step))[:_TARGETS]
        names = ", ".join(f"{node.step} {node.count:,}" for node in ranked)
        room = max(12, width - 34)
        rows.append(
            [
                short(f"{level.level}  {names}", room),
                text.count(level.reached),
                text.percent(level.share),
                text.count(level.dropped),
            ]
        )
    return table(["step", "reached", "of all", "ended"], rows, width=width)


def _top(result: PathsResult, width: int) -> list[RenderableType]:
    arrow = " → " if result.spec.direction == "from" else " ← "
    found = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style=DIM)
    for head in ("paths", "of all", "95 %"):
        found.add_column(head, justify="right", no_wrap=True)
    found.add_column("", width=8, no_wrap=True, style=ACCENT)
    found.add_column("", width=max(20, width - 45))
    for path in result.top:
        share = path.share
        found.add_row(
            text.count(path.count),
            text.percent(share),
            bounds(share.low, share.high) if share else text.NOTHING,
            text.bar(share.value if share else 0.0, 8),
            Text(arrow.join(path.steps) or "(nothing)"),
        )
    note = f"{text.count(result.distinct)} different paths in all."
    if len(result.top) < result.distinct:
        note = f"The {len(result.top)} commonest of {text.count(result.distinct)} different paths."
    if result.open_order:
        note += (
            f" {text.count(result.open_order)} of {text.count(result.events)} events follow "
            "another with nothing to tell their order."
        )
    return [found, Text(note, style=DIM)]


SHOWN = {"PathsResult": paths}
