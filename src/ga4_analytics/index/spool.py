"""Rows on their way from a warehouse to segments, on disk, parted so that each part fits memory.

A user's rows are all in one part. Rows of nobody are parted by day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ga4_analytics.index.coder import Coders
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.layout import U32
from ga4_analytics.index.rows import PLAIN, Rows, encoded, offsets_of, text_buffers
from ga4_analytics.kernels.order import grouped, parts_of

_KEY = "key"
_PLAIN = "p."
_COLUMN = "c."
_LENGTH = "n."
_WRITTEN = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


class Spool:
    """Files of encoded rows, one a part, and one a day of nobody's rows.

    Args:
        folder: An empty folder of its own.
        parts: Over how many parts users are spread.
        specs: The columns.
        coders: Give codes.
        threads: How many pieces are encoded at once.
    """

    def __init__(
        self, folder: Path, parts: int, specs: Sequence[ColumnSpec], coders: Coders, threads: int
    ) -> None:
        self._folder = folder
        self._parts = parts
        self._specs = tuple(specs)
        self._coders = coders
        self._threads = threads

    def fill(self, pieces: Iterator[pa.Table]) -> Iterator[int]:
        """Encode and write pieces; gives the rows of each when it is written.

        Raises:
            OSError: The disk is full or cannot be written.
        """
        with ExitStack() as stack, ThreadPoolExecutor(self._threads) as pool:
            writers: dict[str, Any] = {}
            coming: list[Future[list[tuple[str, pa.Table]]]] = []
            for piece in pieces:
                coming.append(pool.submit(self._parted, piece))
                if len(coming) > self._threads:
                    yield self._write(coming.pop(0).result(), writers, stack)
            for future in coming:
                yield self._write(future.result(), writers, stack)

    def parts(self) -> list[Path]:
        """The files of users' rows, in order."""
        return sorted(self._folder.glob("part-*"))

    def nobody(self) -> dict[str, Path]:
        """The file of each day's rows of nobody, by ISO date in order."""
        found = sorted(self._folder.glob("nobody-*"))
        return {path.name.removeprefix("nobody-"): path for path in found}

    def _parted(self, piece: pa.Table) -> list[tuple[str, pa.Table]]:
        rows = encoded(piece, self._specs, self._coders)
        part = np.zeros(len(rows), np.uint16)
        parts_of(*text_buffers(rows.key), self._parts, part)
        names = [f"part-{n:05}" for n in range(self._parts)]
        groups = part.astype(np.int64)
        if rows.key.null_count:
            nobody = np.asarray(rows.key.is_null(), dtype=bool)
            days, place = np.unique(rows.plain["day"][nobody], return_inverse=True)
            groups[nobody] = self._parts + place
            names += [f"nobody-{np.datetime64(int(day), 'D')}" for day in days]
        counts = np.bincount(groups, minlength=len(names))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        order = np.empty(len(rows), np.int64)
        grouped(groups, offsets[:-1].copy(), order)
        table = _table(rows)
        ordered = table.take(pa.array(order)) if len(names) > 1 else table
        return [
            (name, ordered.slice(offsets[n], counts[n]))
            for n, name in enumerate(names)
            if counts[n]
        ]

    def _write(
        self, parted: list[tuple[str, pa.Table]], writers: dict[str, Any], stack: ExitStack
    ) -> int:
        for name, table in parted:
            if name not in writers:
                sink = stack.enter_context(pa.OSFile(str(self._folder / name), "wb"))
                writers[name] = stack.enter_context(
                    pa.ipc.new_stream(sink, table.schema, options=_WRITTEN)
                )
            writers[name].write_table(table)
        return sum(table.num_rows for _, table in parted)


def read_spooled(paths: Sequence[Path]) -> Rows:
    """The rows of some files of a spool."""
    tables = []
    for path in paths:
        with pa.OSFile(str(path), "rb") as source, pa.ipc.open_stream(source) as reader:
            tables.append(reader.read_all())
    table = pa.concat_tables(tables)
    columns: dict[str, Any] = {}
    offsets: dict[str, U32] = {}
    for name in table.column_names:
        if not name.startswith(_COLUMN):
            continue
        short = name.removeprefix(_COLUMN)
        if _LENGTH + short in table.column_names:
            offsets[short] = offsets_of(_array(table, _LENGTH + short).astype(np.int64))
            chunks = [chunk.flatten() for chunk in table[name].chunks]
            columns[short] = np.asarray(pa.concat_arrays([pa.array([], pa.int32()), *chunks]))
        else:
            columns[short] = _array(table, name)
    key = pa.concat_arrays([pa.array([], pa.string()), *table[_KEY].chunks])
    return Rows(key, {name: _array(table, _PLAIN + name) for name in PLAIN}, columns, offsets)


def _array(table: pa.Table, name: str) -> Any:
    return table[name].to_numpy()


def _table(rows: Rows) -> pa.Table:
    fields: dict[str, Any] = {_KEY: rows.key}
    fields |= {_PLAIN + name: rows.plain[name] for name in PLAIN}
    for name, values in rows.columns.items():
        if name in rows.offsets:
            at = rows.offsets[name]
            values = pa.ListArray.from_arrays(at.astype(np.int32), pa.array(values))
            fields[_LENGTH + name] = np.diff(at)
        fields[_COLUMN + name] = values
    return pa.table(fields)
