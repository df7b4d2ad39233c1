"""Dictionaries on disk: blocks of values that never change; new values make a new block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from ga4_analytics.errors import StaleError
from ga4_analytics.index.dictionary import Dictionary
from ga4_analytics.index.manifest import Block, DictionaryEntry
from ga4_analytics.index.segment_file import FileFacts, mapped, write_named

MOST_BLOCKS = 32
"""With more, they are written again as one."""


def write_dictionaries(
    root: Path, dictionaries: Mapping[str, Dictionary], before: Sequence[DictionaryEntry]
) -> tuple[DictionaryEntry, ...]:
    """Write the values that are not in blocks yet.

    Args:
        root: The index's folder.
        dictionaries: By column; each begins with the values of its blocks.
        before: The blocks that are there.

    Raises:
        OSError: The disk is full or cannot be written.
    """
    there = {entry.column: entry.blocks for entry in before}
    entries = []
    for column, dictionary in sorted(dictionaries.items()):
        blocks = there.get(column, ())
        if len(blocks) >= MOST_BLOCKS:
            blocks = ()
        known = sum(block.values for block in blocks)
        if len(dictionary) > known:
            fresh = dictionary.values[known:]
            blocks = (*blocks, Block(write_table(root, pa.table({"value": fresh})), len(fresh)))
        entries.append(DictionaryEntry(column, blocks))
    return tuple(entries)


def read_dictionaries(root: Path, entries: Sequence[DictionaryEntry]) -> dict[str, Dictionary]:
    """Read dictionaries, mapped into memory.

    Raises:
        StaleError: A file is gone or damaged.
    """
    found = {}
    for entry in entries:
        parts = [pa.array([], pa.string())]
        for block in entry.blocks:
            table = read_table(root, block.file)
            if table.num_rows != block.values:
                raise _damaged(block.file)
            parts += table["value"].chunks
        found[entry.column] = Dictionary(parts[-1] if len(parts) == 2 else pa.concat_arrays(parts))
    return found


def write_table(root: Path, table: pa.Table, folder: str = "dict") -> FileFacts:
    """Write a table of texts as an Arrow file that is named by its content."""
    sink = pa.BufferOutputStream()
    whole = table.combine_chunks()
    with pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole)
    content = sink.getvalue().to_pybytes()
    # The length is kept apart, because Arrow finds its footer at the end of a file.
    head = len(content).to_bytes(8, "little") + bytes(56)
    return write_named(root, folder, "arrow", [head, content])


def read_table(root: Path, facts: FileFacts) -> pa.Table:
    """Read what `write_table` wrote.

    Raises:
        StaleError: The file is gone or damaged.
    """
    data = mapped(root, facts)
    size = int.from_bytes(data[:8], "little")
    try:
        source = pa.BufferReader(pa.py_buffer(data).slice(64, size))
        return pa.ipc.open_file(source).read_all()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(facts) from error


def _damaged(facts: FileFacts) -> StaleError:
    return StaleError(
        f"The index file {facts.file} is damaged.",
        rule="Files of an index never change.",
        remedy="Build the index again with `ga4 build`.",
    )
