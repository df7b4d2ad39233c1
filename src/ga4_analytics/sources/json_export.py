"""NDJSON as ``bq extract`` writes it: one event per line, 64-bit integers as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from ga4_analytics.sources.batches import LINE, TEXT, RawBatch, Reject
from ga4_analytics.sources.canonical_json import too_deep
from ga4_analytics.sources.flattening import MISSHAPEN
from ga4_analytics.sources.json_columns import json_columns
from ga4_analytics.sources.lines import Block, Seen, blocks
from ga4_analytics.sources.pending import Engines, Pending

BLOCK_BYTES = 12 << 20
PIECE_BYTES = 3 << 20
"""What the engine flattens at a time: it takes many times its size, on all cores at once."""


def read_ndjson(path: Path, seen: Seen) -> Iterator[Pending]:
    """Read newline-delimited JSON.

    Args:
        path: The file.
        seen: Told the position in the file on disk.
    """
    for block in blocks(path, quoted=False, seen=seen, size=BLOCK_BYTES):
        yield partial(_read, block)


def _read(block: Block, engines: Engines) -> RawBatch:
    """Read a block as exports are, or else its pieces, as JSON of any kind where they are that."""
    found = _compiled(block, engines)
    if found is not None:
        return found
    pieces = list(_pieces(block))
    if len(pieces) == 1:
        return _batch(block, engines)
    batches = [_compiled(piece, engines) or _batch(piece, engines) for piece in pieces]
    names = {name for batch in batches for name in batch.table.schema.names}
    # The flattener tells names in two cases apart, what reads joined pieces does not.
    clash = len({name.lower() for name in names}) < len(names)
    return _batch(block, engines) if clash else _joined(batches)


def _compiled(block: Block, engines: Engines) -> RawBatch | None:
    """Read a block of exports; None where it is anything else."""
    found = json_columns(engines, block.data, block.first_line)
    if found is None:
        return None
    lines = found.lines
    return RawBatch(found.table, lambda row: block.data[slice(*lines[row])].decode())


def _pieces(block: Block) -> Iterator[Block]:
    """Cut a block between lines into parts that are not much longer than a piece."""
    line, start = block.first_line, 0
    while start < len(block.data):
        end = block.data.find(b"\n", start + PIECE_BYTES) + 1 or len(block.data)
        yield Block(line, block.data[start:end])
        line += block.data.count(b"\n", start, end)
        start = end


def _joined(batches: Sequence[RawBatch]) -> RawBatch:
    """Batches of one block, one behind the other."""
    table = pa.concat_tables([batch.table for batch in batches], promote_options="default")
    ends = np.cumsum([batch.table.num_rows for batch in batches])

    def raw_text(row: int) -> str:
        at = int(np.searchsorted(ends, row, side="right"))
        batch = batches[at]
        return batch.raw_text(row - int(ends[at]) + batch.table.num_rows)

    rejects = tuple(reject for batch in batches for reject in batch.rejects)
    return RawBatch(table.combine_chunks(), raw_text, rejects)


@dataclass(frozen=True)
class _Lines:
    """A block's lines that are not blank, as text, and the rule that a line breaks as such."""

    numbers: list[int]
    texts: list[str]
    broken: list[str | None]


def _lines(block: Block) -> _Lines:
    numbers: list[int] = []
    texts: list[str] = []
    broken: list[str | None] = []
    for offset, line in enumerate(block.data.split(b"\n")):
        if stripped := line.strip():
            numbers.append(block.first_line + offset)
            try:
                texts.append(stripped.decode("utf-8"))
                broken.append("cell_too_large" if too_deep(texts[-1]) else None)
            except UnicodeDecodeError:
                texts.append(stripped.decode("utf-8", "replace"))
                broken.append("invalid_utf8")
    return _Lines(numbers, texts, broken)


def _batch(block: Block, engines: Engines) -> RawBatch:
    lines, flattener = _lines(block), engines.flattener()
    unread = _stage_objects(flattener.engine, lines)
    done = flattener.flattened()
    texts = dict(zip(lines.numbers, lines.texts, strict=True))
    unread += [(line, *problem) for line, problem in done.misshapen.items()]
    rejects = tuple(_reject(line, texts[line], column, rule) for line, column, rule in unread)
    numbers = done.table.column(LINE).to_pylist()
    return RawBatch(
        done.table,
        lambda row: texts[numbers[row]],
        tuple(sorted(rejects, key=lambda reject: reject.line)),
    )


def _stage_objects(
    engine: duckdb.DuckDBPyConnection, lines: _Lines
) -> list[tuple[int, str | None, str]]:
    """Put the lines that are objects into the table ``good``; give line and rule of others."""
    texts, broken = pa.array(lines.texts, TEXT), pa.array(lines.broken, TEXT)
    numbers = pa.array(lines.numbers, pa.int64())
    engine.register("given", pa.table({LINE: numbers, "j": texts, "broken": broken}))
    engine.execute(
        f"""create or replace temp table sorted_out as
        select {LINE}, j, case
            when broken is not null then broken
            when not coalesce(json_valid(j), false) then 'invalid_json'
            when json_type(j) <> 'OBJECT' then 'not_an_object' end as problem
        from given"""
    )
    engine.execute(
        f"create or replace temp table good as select {LINE}, j::json as j "
        "from sorted_out where problem is null"
    )
    found = engine.execute(
        f"select {LINE}, problem from sorted_out where problem is not null"
    ).fetchall()
    return [(line, None, problem) for line, problem in found]


_REASONS = {
    "invalid_utf8": "The line is not valid UTF-8; export it again.",
    "cell_too_large": "The line is nested deeper than an export can be; export it again.",
    "invalid_json": "The line is not valid JSON; it may be cut off. Export it again.",
    "not_an_object": "The line is JSON but not an object; an event is one object per line.",
}


def _reject(line: int, text: str, column: str | None, rule: str) -> Reject:
    reason = MISSHAPEN[rule].format(column=column) if rule in MISSHAPEN else _REASONS[rule]
    return Reject(line, column, rule, reason, text)
