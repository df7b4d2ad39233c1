"""Dictionaries on disk: blocks of values that never change; new values make new blocks.

The new values of all columns of a build are in one file, because each file must be
brought to the disk by itself.
"""

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
    if any(len(blocks) >= MOST_BLOCKS for blocks in there.values()):
        there = {}
    known = {
        column: sum(block.values for block in there.get(column, ())) for column in dictionaries
    }
    fresh = {
        column: dictionaries[column].values.cast(pa.string())[known[column] :]
        for column in sorted(dictionaries)
    }
    texts = pa.concat_arrays([pa.array([], pa.string()), *fresh.values()])
    file = write_table(root, pa.table({"value": texts})) if len(texts) else None
    entries = []
    first = 0
    for column, values in fresh.items():
        blocks = there.get(column, ())
        if file is not None and len(values):
            blocks = (*blocks, Block(file, first, len(values)))
        first += len(values)
        entries.append(DictionaryEntry(column, blocks))
    return tuple(entries)


def read_dictionaries(root: Path, entries: Sequence[DictionaryEntry]) -> dict[str, Dictionary]:
    """Read dictionaries, mapped into memory.

    Raises:
        StaleError: A file is gone or damaged.
    """
    found = {}
    files: dict[str, pa.Array] = {}
    for entry in entries:
        parts = [pa.nulls(0, pa.string())]
        for block in entry.blocks:
            if block.file.file not in files:
                files[block.file.file] = _texts(root, block.file)
            texts = files[block.file.file]
            if len(texts) < block.first + block.values:
                raise _damaged(block.file)
            parts.append(texts.slice(block.first, block.values))
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


def _texts(root: Path, facts: FileFacts) -> pa.Array:
    return pa.concat_arrays([pa.nulls(0, pa.string()), *read_table(root, facts)["value"].chunks])


def _damaged(facts: FileFacts) -> StaleError:
    return StaleError(
        f"The index file {facts.file} is damaged.",
        rule="Files of an index never change.",
        remedy="Build the index again with `ga4 build`.",
    )
