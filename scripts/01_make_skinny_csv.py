#!/usr/bin/env python3
"""Make the skinny CSV from a GA4 export that was saved as CSV from the BigQuery console.

    python3 scripts/01_make_skinny_csv.py data/ga4_raw.csv data/ga4_events_skinny.csv

The console writes an event as one line with its fields, followed by lines that carry only
further parameters and items, their other cells empty. The skinny file has one line per
event and ten columns; values stand as they are in the export. Needs Python 3.11 and
nothing else. ``ga4 load`` reads both files; this script is the step by hand.
"""

import csv
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

COLUMNS = {
    "user_id": "user_pseudo_id",
    "event_date": "event_date",
    "event_timestamp": "event_timestamp",
    "event_name": "event_name",
    "country": "geo.country",
    "device_category": "device.category",
    "source": "traffic_source.source",
    "medium": "traffic_source.medium",
    "transaction_id": "ecommerce.transaction_id",
    "purchase_revenue_usd": "ecommerce.purchase_revenue_in_usd",
}
"""Skinny column to the export's column."""

# A spreadsheet turns long numbers into 1.61121E+15; their last digits are lost for good.
DAMAGED = re.compile(r"^-?\d+(\.\d+)?[eE]\+\d+$")
EXACT = ("user_pseudo_id", "event_timestamp")


def skinny_rows(source: Path) -> Iterator[list[str]]:
    """Give the skinny columns of each event of an export.

    Args:
        source: A console CSV in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: A column is missing, or a value was damaged by a spreadsheet.
    """
    with source.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        missing = [name for name in COLUMNS.values() if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{source} lacks the columns {', '.join(missing)}.")
        for row in reader:
            if not row["event_name"]:
                continue  # further parameters or items of the event above
            for name in EXACT:
                if DAMAGED.match(row[name] or ""):
                    raise ValueError(
                        f"{source}, line {reader.line_num}: {name} {row[name]} has lost digits"
                        " in a spreadsheet. Export again and do not open the file in one."
                    )
            yield [row[name] or "" for name in COLUMNS.values()]


def main(arguments: list[str]) -> int:
    """Write the skinny file, whole or not at all; gives the exit code."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(skinny_rows(source))
        draft.replace(target)
    except (OSError, ValueError, csv.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        draft.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
