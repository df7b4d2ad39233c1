"""Which page each view shows: a catalogue of pages, and positions in it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.catalogue import (
    CATEGORIES,
    HOST,
    ITEMS,
    SEARCHES,
    SHOP,
    SHOP_HOST,
    category_path,
)
from ga4_analytics.sources.synthetic.draws import Ints
from ga4_analytics.sources.synthetic.sample import (
    CHECKOUT_PAGE,
    DONE_PAGE,
    PRODUCT_PAGE,
    SEARCH_PAGE,
)

_HOME_OF_10, _HOME_FIRST_OF_10 = 2, 5
_CARD_OF = 50
_SEARCH = 2 * len(ITEMS)
_CHECKOUT = _SEARCH + len(SEARCHES)
_DONE, _HOME, _CATEGORY = _CHECKOUT + 1, _CHECKOUT + 2, _CHECKOUT + 3


class Page(NamedTuple):
    """A page that can be seen.

    Attributes:
        location: Its full address.
        title: Its title.
        search: What was searched for on it; empty elsewhere.
    """

    location: str
    title: str
    search: str = ""


@cache
def pages() -> tuple[Page, ...]:
    """Every page there is: items (plain, then reached by a card), searches, checkout, the rest.

    Example:
        >>> pages()[1].location
        'https://www.harbourandhazel.example/shop/apparel/fisherman-beanie'
    """
    items = [
        Page(HOST + item.path + query, f"{item.name} | {item.category} | {SHOP}")
        for query in ("", "?utm_content=card")
        for item in ITEMS
    ]
    searches = [
        Page(f"{HOST}/search?q={text.replace(' ', '+')}", f"Search: {text}", text)
        for text in SEARCHES
    ]
    return (
        *items,
        *searches,
        Page(f"{SHOP_HOST}/basket/checkout", f"Checkout | {SHOP}"),
        Page(f"{SHOP_HOST}/basket/thank-you", "Thank you for your order"),
        Page(f"{HOST}/", f"{SHOP} – things for wet weather"),
        *(Page(HOST + category_path(each), f"{each} | {SHOP}") for each in CATEGORIES),
    )


def item_of(draw: Ints) -> Ints:
    """Give the item, a position in `ITEMS`, that a page is about or could lead to.

    Example:
        >>> item_of(np.array([54])).tolist()
        [1]
    """
    return draw % len(ITEMS)


def page_of(kind: NDArray[np.integer], draw: Ints, is_entrance: NDArray[np.bool_]) -> Ints:
    """Give the pages of a kind that draws stand for.

    Args:
        kind: What each page must be.
        draw: Any whole numbers from 0.
        is_entrance: Whether it is the first page of a session.

    Returns:
        Positions in `pages`.

    Example:
        >>> page_of(np.array([PRODUCT_PAGE]), np.array([54]), np.array([False])).tolist()
        [1]
    """
    rest = draw // len(ITEMS)
    homes = np.where(is_entrance, _HOME_FIRST_OF_10, _HOME_OF_10)
    plain = np.where(rest % 10 < homes, _HOME, _CATEGORY + rest // 10 % len(CATEGORIES))
    cases = {
        PRODUCT_PAGE: item_of(draw) + np.where(rest % _CARD_OF == 0, len(ITEMS), 0),
        SEARCH_PAGE: _SEARCH + rest % len(SEARCHES),
        CHECKOUT_PAGE: np.full(len(draw), _CHECKOUT),
        DONE_PAGE: np.full(len(draw), _DONE),
    }
    found: Ints = np.select([kind == each for each in cases], list(cases.values()), plain)
    return found
