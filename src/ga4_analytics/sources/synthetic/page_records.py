"""Which page each view shows, and what the items on it look like in the export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ga4_analytics.sources.synthetic.catalogue import (
    BRAND,
    CATEGORIES,
    HOST,
    ITEMS,
    PROMOTIONS,
    SEARCHES,
    SHOP,
    SHOP_HOST,
    Basket,
    category_path,
)
from ga4_analytics.sources.synthetic.sample import (
    CHECKOUT_PAGE,
    DONE_PAGE,
    PRODUCT_PAGE,
    SEARCH_PAGE,
)
from ga4_analytics.sources.synthetic.slices import NOT_SET

Record = dict[str, Any]
_HOME_OF_10, _HOME_FIRST_OF_10 = 2, 5
_ITEM_TEXTS = (
    "item_id", "item_name", "item_brand", "item_variant", "item_category", "item_category2",
    "item_category3", "item_category4", "item_category5", "coupon", "affiliation", "location_id",
    "item_list_id", "item_list_name", "item_list_index", "promotion_id", "promotion_name",
    "creative_name", "creative_slot",
)  # fmt: skip


class Page(NamedTuple):
    """A page that was seen.

    Attributes:
        location: Its full address.
        title: Its title.
        item: Position in `ITEMS` of the item that it is about, or could lead to.
        search: What was searched for on it; empty elsewhere.
    """

    location: str
    title: str
    item: int
    search: str


def page_of(kind: int, draw: int, is_entrance: bool) -> Page:
    """Give the page of a kind that a draw stands for.

    Args:
        kind: What the page must be.
        draw: Any whole number from 0.
        is_entrance: Whether it is the first page of a session.

    Example:
        >>> page_of(PRODUCT_PAGE, 54, False).location
        'https://www.harbourandhazel.example/shop/apparel/fisherman-beanie'
    """
    number = draw % len(ITEMS)
    item, rest = ITEMS[number], draw // len(ITEMS)
    if kind == PRODUCT_PAGE:
        address = HOST + item.path + ("?utm_content=card" if rest % 50 == 0 else "")
        return Page(address, f"{item.name} | {item.category} | {SHOP}", number, "")
    if kind == SEARCH_PAGE:
        text = SEARCHES[rest % len(SEARCHES)]
        return Page(f"{HOST}/search?q={text.replace(' ', '+')}", f"Search: {text}", number, text)
    if kind == CHECKOUT_PAGE:
        return Page(f"{SHOP_HOST}/basket/checkout", f"Checkout | {SHOP}", number, "")
    if kind == DONE_PAGE:
        return Page(f"{SHOP_HOST}/basket/thank-you", "Thank you for your order", number, "")
    if rest % 10 < (_HOME_FIRST_OF_10 if is_entrance else _HOME_OF_10):
        return Page(f"{HOST}/", f"{SHOP} – things for wet weather", number, "")
    category = CATEGORIES[rest // 10 % len(CATEGORIES)]
    return Page(HOST + category_path(category), f"{category} | {SHOP}", number, "")


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


def basket_records(basket: Basket, sold: bool) -> list[Record]:
    """The ``items`` of a basket."""
    return [item_record(number, quantity, sold) for number, quantity in basket.lines]


def promotion_record(draw: int) -> Record:
    """The one element of ``items`` on a promotion."""
    name, creative = PROMOTIONS[draw % len(PROMOTIONS)]
    record = _blank()
    record.update(promotion_name=name, creative_name=creative,
                  item_list_index=f"Slide {1 + draw % 4}")  # fmt: skip
    return record


def unset_record() -> Record:
    """What ``items`` holds when a purchase was sent without any."""
    return _blank()


def typed(value: str | int | float) -> Record:
    """A parameter's value in the slot of its type.

    Example:
        >>> typed("a"), typed(1), typed(1.5)
        ({'string_value': 'a'}, {'int_value': 1}, {'double_value': 1.5})
    """
    slot = {str: "string_value", int: "int_value", float: "double_value"}[type(value)]
    return {slot: value}


def rotated(params: Sequence[Record], by: int) -> list[Record]:
    """Parameters in another order: the export keeps none.

    Example:
        >>> rotated([{"key": "a"}, {"key": "b"}], 1)
        [{'key': 'b'}, {'key': 'a'}]
    """
    turn = by % max(len(params), 1)
    return [*params[turn:], *params[:turn]]
