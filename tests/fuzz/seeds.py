"""Small valid files of every shape, from which the mutated ones are made."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from shape_files import events, json_csv, python_csv

from ga4_analytics.sources.synthetic import SampleSpec, Shape, write_sample

CSV_SHAPES = ("skinny", "flat", "item", "semicolon", "console", "json_cells", "python_cells")
TEXT_SHAPES = (*CSV_SHAPES, "ndjson")
TABLE_SHAPES = ("parquet", "flat_parquet")
SHAPES = (*TEXT_SHAPES, *TABLE_SHAPES)


@cache
def text_of(shape: str) -> bytes:
    """A valid text file: UTF-8, lines ending in LF, comma-separated but for ``semicolon``."""
    if shape in {"item", "semicolon"}:
        return _item_lines(";" if shape == "semicolon" else ",")
    with TemporaryDirectory() as name:
        folder = Path(name)
        if shape == "json_cells":
            return json_csv(events(36, seed=4), folder / "a.csv", indent=1).read_bytes()
        if shape == "python_cells":
            return python_csv(events(36, seed=5), folder / "a.csv").read_bytes()
        paths = _sample(shape, folder)  # type: ignore[arg-type]
        if shape == "ndjson":
            return b"".join(gzip.decompress(path.read_bytes()) for path in paths)
        return paths[0].read_bytes()


@cache
def table_of(shape: str) -> pa.Table:
    """A valid table: BigQuery's nested one, or a flat one with types as a warehouse has them."""
    if shape == "parquet":
        with TemporaryDirectory() as name:
            return pa.concat_tables(pq.read_table(path) for path in _sample("parquet", Path(name)))
    texts = ["user_pseudo_id", "transaction_id", "event_date"]
    options = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(texts, pa.string()), strings_can_be_null=True
    )
    return pa.csv.read_csv(io.BytesIO(text_of("skinny")), convert_options=options)


def _sample(shape: Shape, folder: Path) -> list[Path]:
    spec = SampleSpec(scale=0.0003, seed=7, start=date(2020, 11, 1), days=3)
    return write_sample(spec, folder, shape)


def _item_lines(delimiter: str) -> bytes:
    """Lines of items of orders, some of whose names need quotes."""
    names = ("plain", "a, b", "a; b", 'say "hi"', "Türkiye", "two\nlines", "'x'")
    head = ("event_date", "event_timestamp", "event_name", "user_pseudo_id", "transaction_id",
            "purchase_revenue_in_usd", "item_id", "item_name", "price_in_usd",
            "quantity")  # fmt: skip
    rows: list[Sequence[Any]] = [head]
    for order in range(15):
        for item in range(1 + order % 4):
            price = f"{7 + item}.{order:02d}"
            rows.append((
                "20201101", 1_604_188_804_579_566 + order * 77_777_123, "purchase",
                f"10{order}.55{order:08d}", f"T{order}", price, f"00{item}",
                names[(order + item) % len(names)], price, item + 1,
            ))  # fmt: skip
    if delimiter == ";":
        amounts = (5, 8)
        rows[1:] = [
            [str(cell).replace(".", ",") if at in amounts else cell for at, cell in enumerate(row)]
            for row in rows[1:]
        ]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
