"""What ``items`` can hold: every list of items that an event of the shop can carry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

from ga4_analytics.sources.synthetic.catalogue import BRAND, ITEMS, PROMOTIONS, Basket, baskets
from ga4_analytics.sources.synthetic.layout import schema
from ga4_analytics.sources.synthetic.slices import NOT_SET

SLIDES = 4
LISTS = 50
_LIST_LENGTH = 6
_ITEM_TEXTS = (
    "item_id", "item_name", "item_brand", "item_variant", "item_category", "item_category2",
    "item_category3", "item_category4", "item_category5", "coupon", "affiliation", "location_id",
    "item_list_id", "item_list_name", "item_list_index", "promotion_id", "promotion_name",
    "creative_name", "creative_slot",
)  # fmt: skip

Record = dict[str, Any]


@dataclass(frozen=True)
class Goods:
    """All lists of items, and where each group of them begins.

    Attributes:
        items: The lists, of the type of ``items``.
        promoted: First promotion; `SLIDES` times as many as `PROMOTIONS`.
        listed: First page of a list; `LISTS` of them.
        viewed: First single item without a quantity, one for each of `ITEMS`.
        added: First single item put into the cart.
        held: First basket before it is bought, one for each of `baskets`.
        sold: First basket that was bought.
        unset: What a purchase sends that was sent without items.
    """

    items: pa.ListArray
    promoted: int
    listed: int
    viewed: int
    added: int
    held: int
    sold: int
    unset: int


def _blank() -> Record:
    return dict.fromkeys(_ITEM_TEXTS, NOT_SET)


def item_record(number: int, quantity: int | None, sold: bool, listed: str = NOT_SET) -> Record:
    """One element of ``items``.

    Args:
        number: Position in `ITEMS`.
        quantity: How many; None where the event does not say.
        sold: Whether it was bought, and so has revenue.
        listed: Its place in a list.

    Returns:
        The fields that the export fills; others are absent.

    Example:
        >>> item_record(0, 2, True)["item_revenue"]
        88.0
    """
    item = ITEMS[number]
    record = _blank()
    record.update(item_id=item.item_id, item_name=item.name, item_brand=BRAND,
                  item_variant=item.variant or NOT_SET, item_category=item.category,
                  item_list_index=listed, price_in_usd=float(item.price),
                  price=float(item.price))  # fmt: skip
    if quantity is not None:
        record["quantity"] = quantity
    if sold and quantity is not None:
        record["item_revenue_in_usd"] = record["item_revenue"] = float(item.price * quantity)
    return record


def _basket(basket: Basket, sold: bool) -> list[Record]:
    return [item_record(number, quantity, sold) for number, quantity in basket.lines]


def _promotion(name: str, creative: str, slide: int) -> Record:
    shown = {"promotion_name": name, "creative_name": creative}
    return {**_blank(), **shown, "item_list_index": f"Slide {1 + slide}"}


def _list(first: int) -> list[Record]:
    places = range(_LIST_LENGTH)
    return [item_record((first + i) % LISTS, None, False, str(i)) for i in places]


@cache
def goods() -> Goods:
    """Every list of items there is.

    Example:
        >>> known = goods()
        >>> known.items[known.sold].as_py()[0]["quantity"] > 0
        True
    """
    groups: dict[str, list[list[Record]]] = {
        "promoted": [[_promotion(*PROMOTIONS[i % len(PROMOTIONS)], i % SLIDES)]
                     for i in range(SLIDES * len(PROMOTIONS))],
        "listed": [_list(i) for i in range(LISTS)],
        "viewed": [[item_record(i, None, False)] for i in range(len(ITEMS))],
        "added": [[item_record(i, 1, False)] for i in range(len(ITEMS))],
        "held": [_basket(each, False) for each in baskets()],
        "sold": [_basket(each, True) for each in baskets()],
        "unset": [[_blank()]],
    }  # fmt: skip
    begins, lists = dict[str, int](), list[list[Record]]()
    for name, group in groups.items():
        begins[name] = len(lists)
        lists += group
    return Goods(pa.array(lists, schema().field("items").type), **begins)
