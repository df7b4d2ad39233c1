"""What kind of file is it? Told from its content, never from its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ga4_analytics.errors import DamagedFileError, SourceError, UnknownShapeError
from ga4_analytics.sources.batches import ITEM_FIELDS, Shape
from ga4_analytics.sources.csv_rows import read_header
from ga4_analytics.sources.lines import UTF8_BOM, head
from ga4_analytics.sources.mapping import ColumnOptions, plan_columns

PARQUET_MAGIC = b"PAR1"
_UNSUPPORTED = {
    b"PK\x03\x04": ("a zip archive (or a spreadsheet)", "Unzip it, or export as CSV."),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "Decompress it: zstd -d FILE."),
    b"\xff\xfe": ("in UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8 IN > OUT."),
    b"\xfe\xff": ("in UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8 IN > OUT."),
    b"Obj\x01": (
        "an Avro file",
        "Export as Parquet: bq extract --destination_format=PARQUET.",
    ),
}
_TABLE = re.compile(r"events_(?:(intraday|fresh)_)?(\d{8})")


@dataclass(frozen=True)
class Detected:
    """What a file is.

    Attributes:
        path: The file.
        shape: Its shape.
        table_kind: 'daily', 'intraday' or 'fresh' where the file's name is that of a table of
            the export, else 'flat'.
    """

    path: Path
    shape: Shape
    table_kind: str


def detect(path: Path, options: ColumnOptions) -> Detected:
    """Tell a file's shape from its first bytes.

    Args:
        path: The file.
        options: The user's ``--map``, which can name item columns.

    Raises:
        UnknownShapeError: It is nothing that we read; the message says what it seems to be.
        SourceError: It is empty.
    """
    try:
        start = head(path)
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}.",
            rule="Files must be readable.",
            remedy="Check its name and its permissions.",
        ) from error
    for magic, (what, remedy) in _UNSUPPORTED.items():
        if start.startswith(magic):
            raise UnknownShapeError(
                f"{path} is {what}.",
                rule="We read CSV and NDJSON in UTF-8 (plain or gzip) and Parquet.",
                remedy=remedy,
            )
    return Detected(path, _shape(path, start, options), _table_kind(path))


def _shape(path: Path, start: bytes, options: ColumnOptions) -> Shape:
    if start.startswith(PARQUET_MAGIC):
        return _parquet_shape(path)
    text = start.removeprefix(UTF8_BOM).lstrip()
    if not text:
        raise SourceError(
            f"{path} is empty.",
            rule="A file must hold at least a header.",
            remedy="Leave it out, or export it again.",
        )
    if text.startswith(b"{"):
        return "NDJSON"
    if text.startswith(b"["):
        raise UnknownShapeError(
            f"{path} is one JSON array.",
            rule="JSON must be one event per line (NDJSON), as `bq extract` writes it.",
            remedy="Convert it: jq -c '.[]' IN > OUT.",
        )
    return _csv_shape(path, options)


def _parquet_shape(path: Path) -> Shape:
    try:
        names = pq.read_schema(path).names
    except pa.ArrowInvalid as error:
        raise DamagedFileError(
            f"{path} is a damaged Parquet file: {error}.",
            rule="A Parquet file must be whole.",
            remedy="Copy or export it again.",
        ) from error
    if "event_name" not in names and "event_date" not in names:
        raise _no_events(path, tuple(names))
    return "Parquet"


def _csv_shape(path: Path, options: ColumnOptions) -> Shape:
    header = read_header(path)
    if any(name.startswith(("event_params.", "user_properties.", "items.")) for name in header):
        return "console CSV"
    if "event_params" in header or "items" in header:
        raise UnknownShapeError(
            f"{path} holds JSON or Python text in the column "
            f"{'event_params' if 'event_params' in header else 'items'}.",
            rule="Nested columns in a CSV cell are not read yet.",
            remedy="Export as NDJSON or Parquet: bq extract "
            "--destination_format=NEWLINE_DELIMITED_JSON.",
        )
    plan = plan_columns(header, options, path)
    given = {target.lstrip("=") for target in plan} | set(options.constants)
    if "event_name" not in given or not {"event_date", "event_timestamp"} & given:
        raise _no_events(path, header)
    return "item CSV" if any(f"item:{name}" in plan for name in ITEM_FIELDS) else "flat CSV"


def _no_events(path: Path, header: tuple[str, ...]) -> UnknownShapeError:
    columns = ", ".join(header[:30]) + (", ..." if len(header) > 30 else "")
    return UnknownShapeError(
        f"{path} is not an export of GA4 events: its columns are {columns}.",
        rule="It needs event_name, and event_date or event_timestamp.",
        remedy="Name the columns with --map event_name=COLUMN, or give a constant with "
        "--set event_name=purchase. A semicolon or tab between cells is not read yet.",
    )


def _table_kind(path: Path) -> str:
    found = _TABLE.search(path.name) or _TABLE.search(path.parent.name)
    if not found:
        return "flat"
    return found.group(1) or "daily"
