"""Items of a chunk's events, in the form that a format can take."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.exports import cells
from ga4_analytics.exports.layout import Bounds, Layout, Member, Raw, Text
from ga4_analytics.exports.packed import Lines

MOST = 254
"""Items of an event that are written; Mixpanel takes fewer than 255, GA4 collects 200."""
TEXTS = (
    "item_id", "item_name", "item_brand", "item_variant", "item_category", "item_category2",
    "item_category3", "item_category4", "item_category5", "coupon", "affiliation", "location_id",
    "item_list_id", "item_list_name", "item_list_index", "promotion_id", "promotion_name",
    "creative_name", "creative_slot",
)  # fmt: skip
AMOUNTS = (
    "price_usd", "price", "item_revenue_usd", "item_revenue", "item_refund_usd", "item_refund",
)  # fmt: skip
COLUMNS = (*TEXTS, *(f"{name}_micros" for name in AMOUNTS), "quantity")
"""What is read of the staged items."""

_LIST: tuple[Member, ...] = (
    *(Text(name, name) for name in TEXTS),
    *(Raw(name, name) for name in AMOUNTS),
    Raw("quantity", "quantity"),
)
_SPEC_NAMES = {
    "item_id": "product_id", "item_name": "name", "item_brand": "brand",
    "item_variant": "variant", "item_category": "category", "item_list_index": "list_index",
    "price_usd": "price", "price": "price_local",
}  # fmt: skip
_PRODUCTS: tuple[Member, ...] = tuple(
    type(member)(_SPEC_NAMES.get(member.key, member.key), member.column)
    for member in _LIST
    if isinstance(member, Text | Raw)
)
_JOINED = {
    "item_ids": "item_id",
    "item_names": "item_name",
    "item_categories": "item_category",
    "item_quantities": "quantity",
}
SEPARATOR = "||"
"""What Heap joins a list with."""


class Items:
    """The items of some events.

    Args:
        found: Items by event and place.
        form: ``list`` and ``products`` are JSON lists of objects under GA4's names or the
            Segment Spec's; ``flat`` is a count and joined texts.
        bounds: How long a text may be.
    """

    def __init__(self, found: pa.Table, form: str, bounds: Bounds) -> None:
        ids = _column(found, "event_id")
        changes = np.ones(len(ids), bool)
        if len(ids) > 1:
            changes[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        self._starts = np.append(np.flatnonzero(changes), len(ids)).astype(np.int32)
        self._events = ids.take(pa.array(self._starts[:-1]))
        self._form = form
        self._lists = self._made(found, form, bounds) if found.num_rows else {}

    def of(self, events: pa.Array) -> dict[str, pa.Array]:
        """The items of events, null where an event has none.

        Args:
            events: Event ids.
        """
        names = ("items",) if self._form != "flat" else ("item_count", *_JOINED)
        if not self._lists:
            nothing = pa.nulls(len(events), pa.string())
            return dict.fromkeys(names, nothing)
        places = pc.index_in(events, value_set=self._events)
        return {name: self._lists[name].take(places) for name in names}

    def _made(self, found: pa.Table, form: str, bounds: Bounds) -> Mapping[str, pa.Array]:
        columns = {name: _column(found, name) for name in TEXTS}
        columns["quantity"] = cells.whole(_column(found, "quantity"))
        if form == "flat":
            return {name: self._texts(columns[column]) for name, column in _JOINED.items()} | {
                "item_count": pa.array(np.diff(self._starts)).cast(pa.string())
            }
        for name in AMOUNTS:
            columns[name] = cells.money(_column(found, f"{name}_micros"))
        members = _PRODUCTS if form == "products" else _LIST
        lines = Lines(found.num_rows)
        Layout.of(members, bounds).write(columns, found.num_rows, lines)
        return {"items": self._objects(lines, found.num_rows)}

    def _texts(self, column: pa.Array) -> pa.Array:
        lists = pa.ListArray.from_arrays(pa.array(self._starts), pc.fill_null(column, ""))
        joined = pc.binary_join(lists, SEPARATOR)
        # Nothing but separators says nothing.
        return cells.where(pc.match_substring_regex(joined, r"[^|]"), joined)

    def _objects(self, lines: Lines, count: int) -> pa.Array:
        """Lists from the lines of their objects, which stand one behind the other."""
        content = lines.joined(np.arange(count))
        content[content == ord("\n")] = ord(",")
        ends = lines.ends[self._starts[1:] - 1]
        content[ends - 1] = ord("]")
        offsets = np.append(0, ends).astype(np.int32)
        bodies = pa.StringArray.from_buffers(
            len(ends), pa.py_buffer(offsets), pa.py_buffer(content)
        )
        return pc.binary_join_element_wise(pa.scalar("["), bodies, pa.scalar(""))


def _column(found: pa.Table, name: str) -> pa.Array:
    column = found.column(name).combine_chunks()
    # Without any row, what comes back still has chunks.
    return column if isinstance(column, pa.Array) else pa.array([], column.type)
