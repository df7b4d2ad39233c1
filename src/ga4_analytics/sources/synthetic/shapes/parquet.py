"""Nested Parquet as BigQuery exports it: structs and lists of structs, a file a day."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ga4_analytics.sources.synthetic.columns import Describer
from ga4_analytics.sources.synthetic.sample import Delivery
from ga4_analytics.sources.synthetic.spec import Progress


def decoded(table: pa.Table) -> pa.Table:
    """Spell dictionary columns out.

    Example:
        >>> decoded(pa.table({"a": pa.array(["x", "x"]).dictionary_encode()})).schema.types
        [DataType(string)]
    """
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    return pa.table({
        name: column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        for name, column in columns.items()
    })  # fmt: skip


def write_parquet(delivery: Delivery, folder: Path, progress: Progress) -> list[Path]:
    """Write one nested Parquet file a day.

    Args:
        delivery: The days to write.
        folder: Where to; it must be there.
        progress: Told how many more events were written.

    Returns:
        The files, by day.
    """
    describer, paths = Describer(delivery), []
    columns = describer.schema
    for day in delivery.days:
        path = folder / f"{delivery.table}_{delivery.sample.spec.day(day):%Y%m%d}.parquet"
        with parquet.ParquetWriter(path, columns, compression="snappy") as writer:
            for table in describer.day(day):
                writer.write_table(decoded(table).cast(columns))
                progress(len(table))
        paths.append(path)
    return paths
