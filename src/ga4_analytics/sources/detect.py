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
from ga4_analytics.sources.json_cells import nested_header, nested_plan
from ga4_analytics.sources.lines import head
from ga4_analytics.sources.mapping import ColumnOptions, plan_columns
from ga4_analytics.sources.streams import first_bytes, text_form

PARQUET_MAGIC = b"PAR1"
_UNSUPPORTED = {
    b"PK\x03\x04": ("a zip archive within another file", "Unzip it."),
    b"\xd0\xcf\x11\xe0": ("an old spreadsheet (.xls)", "Load the export itself as CSV."),
    b"BZh": ("compressed with bzip2", "Decompress it: bunzip2 FILE."),
    b"\xfd7zXZ": ("compressed with xz", "Decompress it: unxz FILE."),
    b"\xff\xfe\x00\x00": ("in UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8 IN > OUT."),
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
        SourceError: It is empty, or cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            raise _unreadable(path, "it is not a regular file")
        start = first_bytes(path)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    for magic, (what, remedy) in _UNSUPPORTED.items():
        if start.startswith(magic):
            raise UnknownShapeError(
                f"{path} is {what}.",
                rule="We read CSV, NDJSON and Parquet, plain or in gzip, zstd or zip.",
                remedy=remedy,
            )
    return Detected(path, _shape(path, start, options), _table_kind(path))


def _unreadable(path: Path, why: str) -> SourceError:
    return SourceError(
        f"{path} cannot be read: {why}.",
        rule="Files must be readable.",
        remedy="Check its name and its permissions.",
    )


def _shape(path: Path, start: bytes, options: ColumnOptions) -> Shape:
    if start.startswith(PARQUET_MAGIC):
        return _parquet_shape(path)
    text = head(path).lstrip()
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
    packed = text_form(path).compression
    if packed != "none":
        raise UnknownShapeError(
            f"{path} is a Parquet file compressed with {packed}.",
            rule="Parquet is read from any place in the file, and compresses on its own.",
            remedy="Decompress it first.",
        )
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError) as error:
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
    nested = nested_header(path)
    if nested:
        targets = {each.target.lstrip("=") for each in nested_plan(nested, options, path).values()}
        if not _tells_events(targets, options):
            raise _no_events(path, header)
        return "JSON CSV" if nested.kind == "JSON" else "Python CSV"
    plan = plan_columns(header, options, path)
    if not _tells_events({target.lstrip("=") for target in plan}, options):
        raise _no_events(path, header)
    return "item CSV" if any(f"item:{name}" in plan for name in ITEM_FIELDS) else "flat CSV"


def _tells_events(targets: set[str], options: ColumnOptions) -> bool:
    """Whether columns and constants name the events and date them."""
    given = targets | set(options.constants)
    return "event_name" in given and bool({"event_date", "event_timestamp"} & given)


def _no_events(path: Path, header: tuple[str, ...]) -> UnknownShapeError:
    columns = ", ".join(header[:30]) + (", ..." if len(header) > 30 else "")
    return UnknownShapeError(
        f"{path} is not an export of GA4 events: its columns are {columns}.",
        rule="It needs event_name, and event_date or event_timestamp.",
        remedy="Name the columns with --map event_name=COLUMN, or give a constant with "
        "--set event_name=purchase.",
    )


def _table_kind(path: Path) -> str:
    found = _TABLE.search(path.name) or _TABLE.search(path.parent.name)
    if not found:
        return "flat"
    return found.group(1) or "daily"
