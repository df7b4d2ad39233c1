"""The invented shop: its items, pages, promotions and the baskets that people fill."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ga4_analytics.sources.synthetic.draws import below
from ga4_analytics.sources.synthetic.world import OWN_HOST

SHOP = "Harbour & Hazel"
HOST = "https://www.harbourandhazel.example"
SHOP_HOST = f"https://{OWN_HOST}"
BRAND = SHOP


@dataclass(frozen=True)
class Item:
    """Something the shop sells.

    Attributes:
        item_id: Text, also where it looks like a number.
        name: Its name.
        category: Its category.
        price: Whole US dollars.
        variant: Its variant; may be empty.
    """

    item_id: str
    name: str
    category: str
    price: int
    variant: str = ""

    @property
    def path(self) -> str:
        """Its page's path."""
        slug = "-".join("".join(c if c.isalnum() else " " for c in self.name.lower()).split())
        return f"{category_path(self.category)}{slug}"


@dataclass(frozen=True)
class Basket:
    """What one order holds: (position in `ITEMS`, quantity) lines, worth whole dollars."""

    lines: tuple[tuple[int, int], ...]

    @property
    def value(self) -> int:
        """Its worth in US dollars.

        Example:
            >>> Basket(((0, 2),)).value == 2 * ITEMS[0].price
            True
        """
        return sum(ITEMS[item].price * quantity for item, quantity in self.lines)


_RANGE: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    ("Apparel", (
        ("Lambswool Scarf", 44), ("Fisherman Beanie", 24), ("Harbour Tee Navy", 18),
        ("Harbour Tee Oatmeal", 18), ("Hazel Crewneck", 55), ("Dockside Hoodie", 60),
        ("Rain Smock", 92), ("Quilted Gilet", 78), ("Merino Socks", 14), ("Pocket Tee", 16),
        ("Breton Longsleeve", 30), ("Waxed Cap", 20), ("Kids Anchor Tee", 13))),
    ("Drinkware", (
        ("Kraków Enamel Mug", 12), ("Tin Camping Mug", 10), ("Hazel Tumbler", 16),
        ("Steel Bottle 500 ml", 24), ("Stoneware Teapot", 48), ("Café Crème Cup", 11),
        ("Travel Flask", 32))),
    ("Bags", (
        ("Canvas Tote", 13), ("Market Net Bag", 7), ("Roll-Top Backpack", 86),
        ("Washbag", 22), ("Weekender Duffel", 120), ("Zip Pouch", 8), ("Lunch Bag", 19))),
    ("Stationery", (
        ("Dotted Notebook", 6), ("Pencil Set", 4), ("Brass Ruler", 9), ("Sticker Sheet", 2),
        ("Postcard “Fjord”", 1), ("Field Journal", 11), ("Gel Pen", 3), ("Wall Calendar", 14),
        ("Gift Card Sleeve", 1))),
    ("Home", (
        ("Beeswax Candle", 15), ("Crème Brûlée Candle", 17), ("Linen Tea Towel", 10),
        ("Wool Throw", 98), ("Oak Bread Board", 36), ("Hand Soap Sea Salt", 9),
        ("Jam “Añejo Quince”", 6), ("抹茶 Tea Tin", 13), ("Storm Lantern", 52))),
    ("Outdoor", (
        ("Pocket Compass", 27), ("Deck Brush", 8), ("Rope Dog Lead", 21), ("Seed Bombs", 5),
        ("Garden Twine", 4), ("Enamel Lunch Tin", 18), ("Hammock", 64), ("Signal Whistle", 7))),
)  # fmt: skip


def category_path(category: str) -> str:
    """Path of a category's page.

    Example:
        >>> category_path("Apparel")
        '/shop/apparel/'
    """
    return f"/shop/{category.lower()}/"


def _items() -> tuple[Item, ...]:
    items: list[Item] = []
    for category, things in _RANGE:
        for name, price in things:
            number = len(items) * 7919 % 9000 + 1000
            text = f"0{number}.10" if number % 10 == 7 else f"HH{category[:2].upper()}{number}"
            variant = "Size M" if category == "Apparel" and price > 17 else ""
            items.append(Item(text, name, category, price, variant))
    return tuple(items)


ITEMS = _items()
CATEGORIES = tuple(category for category, _ in _RANGE)
PROMOTIONS = (
    ("Winter Lights", "Front Page Carousel"),
    ("Back to the Harbour", "Front Page Carousel"),
    ("Gifts under $20", "Side Banner"),
    ("Été indien", "Category Banner"),
)
SEARCHES = ("scarf", "mug", "notebook", "gift card", "tee navy", "crème", "抹茶", "bag 20l")

_PERCENTILES = (0.0, 0.023, 0.077, 0.132, 0.186, 0.24, 0.349, 0.457, 0.566, 0.674, 0.783, 0.891,
                0.946, 0.978, 0.989, 0.9945, 1.0)  # fmt: skip
_ORDER_VALUES = (4.0, 10.0, 14.0, 18.0, 22.0, 26.0, 34.0, 44.0, 55.0, 70.0, 90.0, 134.0, 182.0,
                 276.0, 361.0, 480.0, 1000.0)  # fmt: skip
_BASKETS = 400


def _fill(number: int, value: int) -> Basket:
    """Fill a basket worth about ``value`` dollars with one to four kinds of items."""
    lines: dict[int, int] = {}
    keys = np.arange(4) + number * 4
    kinds = 1 + int(below(0, "kinds", keys[:1], 4)[0])
    picks = below(0, "pick", keys, 1 << 20)
    left = value
    for pick in picks[: kinds - 1].tolist():
        able = [i for i, item in enumerate(ITEMS) if item.price * 2 <= left]
        if able:
            item = able[pick % len(able)]
            lines[item] = lines.get(item, 0) + 1
            left -= ITEMS[item].price
    able = [i for i, item in enumerate(ITEMS) if item.price <= left]
    if able:
        best = max(able, key=lambda i: (ITEMS[i].price * (left // ITEMS[i].price), i * 31 % 53))
        lines[best] = lines.get(best, 0) + left // ITEMS[best].price
    return Basket(tuple(sorted(lines.items())))


@cache
def baskets() -> tuple[Basket, ...]:
    """The baskets that orders choose from, cheapest first; each is as likely as the next.

    Their values follow the published spread of order values (median $47, mean $69).

    Example:
        >>> values = [basket.value for basket in baskets()]
        >>> values == sorted(values), len(values)
        (True, 400)
    """
    points = (np.arange(_BASKETS) + 0.5) / _BASKETS
    values = np.interp(points, _PERCENTILES, _ORDER_VALUES).astype(int).tolist()
    made = [_fill(number, max(value, 1)) for number, value in enumerate(values)]
    return tuple(sorted(made, key=lambda basket: (basket.value, basket.lines)))
