"""Rows on their way from a warehouse to segments, on disk, parted so that each part fits memory.

A user's rows are all in one part. Rows of nobody are parted by day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
        with (
            ExitStack() as stack,
            ThreadPoolExecutor(1) as writer,
            ThreadPoolExecutor(self._threads) as pool,
        ):
            writers: dict[str, Any] = {}
            coming: list[Future[int]] = []
            for piece in pieces:
                parted = pool.submit(self._parted, piece)
                coming.append(writer.submit(self._write, parted, writers, stack))
                if len(coming) > self._threads:
                    yield coming.pop(0).result()
            for future in coming:
                yield future.result()

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
        self,
        coming: Future[list[tuple[str, pa.Table]]],
        writers: dict[str, Any],
        stack: ExitStack,
    ) -> int:
        parted = coming.result()
        for name, table in parted:
            if name not in writers:
                sink = stack.enter_context(pa.OSFile(str(self._folder / name), "wb"))
                writers[name] = stack.enter_context(
                    pa.ipc.new_stream(sink, table.schema, options=_WRITTEN)
                )
            writers[name].write_table(table)
        return sum(table.num_rows for _, table in parted)


def read_spooled(paths: Sequence[Path]) -> Rows:
    """The rows of some files of a spool; each array is read when it is asked for, and each time.

    The files can be removed: what is mapped stays until the rows are gone.
    """
    files = _Files(paths)
    lengths = {name.removeprefix(_LENGTH) for name in files.names if name.startswith(_LENGTH)}
    columns = [name.removeprefix(_COLUMN) for name in files.names if name.startswith(_COLUMN)]

    def values(name: str) -> Any:
        if name not in lengths:
            return files.array(_COLUMN + name)
        chunks = [chunk.flatten() for chunk in files.chunks(_COLUMN + name)]
        return np.asarray(pa.concat_arrays([pa.array([], pa.int32()), *chunks]))

    def offsets(name: str) -> U32:
        return offsets_of(files.array(_LENGTH + name).astype(np.int64))

    key = pa.concat_arrays([pa.array([], pa.string()), *files.chunks(_KEY)])
    return Rows(
        key, _Read(PLAIN, lambda name: files.array(_PLAIN + name)), _Read(columns, values),
        _Read(sorted(lengths), offsets),
    )  # fmt: skip


class _Files:
    """Mapped files of one schema, of which one column is unpacked at a time.

    A segment's columns at once are three times what one thread has in hand, and every page of
    memory that was not used before costs as much as to unpack it.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [pa.memory_map(str(path)) for path in paths]
        with pa.ipc.open_stream(self._files[0]) as reader:
            self.names: list[str] = reader.schema.names

    def chunks(self, name: str) -> list[pa.Array]:
        """A column's pieces."""
        field = [self.names.index(name)]
        options = pa.ipc.IpcReadOptions(included_fields=field, use_threads=False)
        found: list[pa.Array] = []
        for file in self._files:
            file.seek(0)
            reader = pa.ipc.open_stream(file, options=options)
            found += [batch.column(0) for batch in reader]
        return found

    def array(self, name: str) -> Any:
        """A column of numbers as one array."""
        return np.concatenate([chunk.to_numpy() for chunk in self.chunks(name)])


class _Read(Mapping[str, Any]):
    """Arrays by name that are read when they are asked for."""

    def __init__(self, names: Iterable[str], read: Callable[[str], Any]) -> None:
        self._names = tuple(names)
        self._read = read

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


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
