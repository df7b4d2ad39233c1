"""Decimal commas: which mark a file's numbers have, said once for a whole file.

A comma-separated file has decimal points. In a file with another delimiter the numbers
decide: one that can only have a decimal comma (``12,50``, ``1.234,56``) makes all of the
file's numbers have one, and the dots in them then group thousands. Where no number decides
and one could be read in two ways (``1.234``), the file is refused until ``--decimal`` says
which it is; saying it also saves reading the file twice. Numbers are canonical amounts and
whole numbers; text stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.errors import SourceError
from ga4_analytics.sources.batches import GIVEN, TEXT
from ga4_analytics.sources.csv_rows import csv_rows, delimiter_of
from ga4_analytics.sources.schema import EVENT_COLUMNS, ITEM_COLUMNS

Mark = Literal["point", "comma"]

_BLANKS = "\u00a0\u202f '’"
_GROUP = {"point": f"[,{_BLANKS}]", "comma": f"[.{_BLANKS}]"}
_DOT = {"point": "[.]", "comma": ","}
_UNCLEAR = r"^\s*[+-]?[1-9]\d{0,2}[.,]\d{3}\s*$"
_SLOTS = ("float_value", "double_value")
_OTHERS = frozenset(
    {
        "ecommerce.shipping_value",
        "ecommerce.tax_value",
        "ecommerce.unique_items",
        "publisher.ad_revenue_in_usd",
        "user_ltv.revenue",
    }
)
"""Numbers of Google's schema that have no canonical column."""
_READINGS = {"money", "integer"}


@dataclass(frozen=True)
class Decimals:
    """The decimal mark of a file's numbers.

    Attributes:
        mark: 'point' or 'comma'.
        columns: Positions of the columns with numbers; empty where nothing is to be done.
    """

    mark: Mark
    columns: tuple[int, ...]

    def applied(self, table: pa.Table) -> pa.Table:
        """The table with its numbers as they are written with a point and no groups."""
        for position in self.columns:
            column = _plain(table.column(position), self.mark)
            table = table.set_column(position, table.schema.field(position), column)
        return table


def decimals(path: Path, names: Mapping[int, str], width: int, said: Mark | None) -> Decimals:
    """Tell the decimal mark of a CSV's numbers.

    Args:
        path: The file.
        names: Position to where the column goes: a canonical column (``=country``), an item
            field (``item:price``) or a path of Google's schema.
        width: How many columns it has.
        said: What the user said, if anything.

    Raises:
        SourceError: Its numbers have both marks, or could have either.
    """
    columns = tuple(position for position, name in names.items() if _is_number(name))
    comma_separated = delimiter_of(path) == ","
    if not columns or (comma_separated and said != "comma"):
        return Decimals("point", ())
    return Decimals(said or _decided(path, columns, width), columns)


def _is_number(name: str) -> bool:
    """Whether a column holds canonical numbers.

    >>> [_is_number(name) for name in ("=country", "item:price", "ecommerce.tax_value", "x")]
    [False, True, True, False]
    """
    path = name.removeprefix("item:").removeprefix("items.")
    if path != name:
        return any(path in column.paths and column.reading in _READINGS for column in ITEM_COLUMNS)
    if name.rpartition(".")[2] in _SLOTS or name in _OTHERS:
        return True
    return any(
        (name in column.paths or name == GIVEN + column.name) and column.reading in _READINGS
        for column in EVENT_COLUMNS
    )


def _decided(path: Path, columns: tuple[int, ...], width: int) -> Mark:
    """Look at every number, so that the order of the lines does not matter."""
    comma = point = doubt = None
    for rows in csv_rows(path, width, lambda position: None):
        numbers = pa.chunked_array(
            [chunk for position in columns for chunk in rows.table.column(position).chunks], TEXT
        )
        comma = comma or _first(numbers, _only("comma"))
        point = point or _first(numbers, _only("point"))
        if comma is not None and point is not None:
            raise SourceError(
                f"{path} has numbers with a decimal comma ({comma}) and with a decimal point "
                f"({point}).",
                rule="The numbers of one file have one decimal mark.",
                remedy="Say which it is with --decimal comma or --decimal point; the lines with "
                "the other mark are then rejected. Or export again.",
            )
        doubt = doubt or _first(numbers, _UNCLEAR)
    if comma is not None or point is not None:
        return "point" if comma is None else "comma"
    if doubt is not None:
        raise SourceError(
            f"{path}: {doubt} can be read with a decimal mark or with thousands, and no other "
            "number of the file tells which.",
            rule="The numbers of a file that is not comma-separated say which decimal mark it has.",
            remedy="Say it with --decimal comma or --decimal point.",
        )
    return "point"


def _only(mark: Mark) -> str:
    """A pattern for numbers that can only have this decimal mark."""
    group, dot = _GROUP[mark], _DOT[mark]
    return (
        rf"^\s*[+-]?(\d{{1,3}}({group}\d{{3}})+{dot}\d+|\d{{1,3}}({group}\d{{3}}){{2,}}|"
        rf"\d*{dot}(\d{{1,2}}|\d{{4,}})|0\d*{dot}\d{{3}}|\d{{4,}}{dot}\d{{3}}|{dot}\d+)\s*$"
    )


def _first(numbers: pa.ChunkedArray, pattern: str) -> str | None:
    found = numbers.filter(pc.match_substring_regex(numbers, pattern))
    return str(found[0].as_py()) if len(found) else None


def _plain(column: pa.ChunkedArray, mark: Mark) -> pa.ChunkedArray:
    """Numbers without groups and with a point; those with the other mark say so.

    >>> _plain(pa.chunked_array([["1.234,5", "12.50", "7"]]), "comma").to_pylist()
    ['1234.5', 'no decimal comma: 12.50', '7']
    """
    group, dot = _GROUP[mark], _DOT[mark]
    grammar = rf"^\s*[+-]?(\d{{1,3}}({group}\d{{3}})+|\d*)({dot}\d+)?\s*$"
    fits = pc.match_substring_regex(column, grammar)
    plain = pc.replace_substring_regex(column, group, "")
    plain = pc.replace_substring_regex(plain, dot, ".")
    wrong = pc.match_substring_regex(column, rf"^\s*[+-]?[\d.,{_BLANKS}]*\d\s*$")
    marked = pc.binary_join_element_wise(f"no decimal {mark}: ", column, "")
    return pc.if_else(fits, plain, pc.if_else(wrong, marked, column))
