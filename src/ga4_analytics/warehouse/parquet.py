"""Write what a warehouse answers to a Parquet file, the same way for every engine."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.storage.atomic import atomic_file

BATCH_ROWS = 122_880
"""Rows of a batch and of a row group; DuckDB scans row groups of this size."""


def write_batches(reader: pa.RecordBatchReader, path: Path) -> int:
    """Write record batches to one file with zstd, whole or not at all.

    Args:
        reader: The batches, and the schema that the file gets even when there are none.
        path: Where the file shall be.

    Returns:
        How many rows were written.

    Raises:
        OSError: The file cannot be written; an older one is as it was.
    """
    rows = 0
    with (
        atomic_file(path) as draft,
        pq.ParquetWriter(draft, reader.schema, compression="zstd") as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows
