"""Which column's values are these? What tells a column by its values alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_DAY = re.compile(r"(?:19|20)[0-9]{6}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{16}(?:[.]0+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:.*|[0-9][.,0-9]*E[+][0-9]+"
)
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")
DEVICES = frozenset({"desktop", "mobile", "tablet", "smart tv", "smarttv", "tv", "console"})
"""Words of ``device.category``."""
_NAMES = """
page_view session_start first_visit user_engagement scroll click view_search_results
file_download video_start video_progress video_complete form_start form_submit first_open
screen_view app_update app_remove app_exception os_update in_app_purchase view_item_list
select_item view_item add_to_wishlist add_to_cart remove_from_cart view_cart begin_checkout
add_shipping_info add_payment_info purchase refund view_promotion select_promotion login
sign_up search share select_content generate_lead
"""
EVENT_NAMES = frozenset(_NAMES.split())
"""Names that Google gives: https://support.google.com/analytics/answer/9234069, 9267735."""


@dataclass(frozen=True)
class Recogniser:
    """What a column's values look like.

    Attributes:
        column: The canonical column.
        what: Its values in words.
        fits: Whether a text is one of them.
        anywhere: Whether such values name their column wherever they stand; days and times
            stand in other columns too.
    """

    column: str
    what: str
    fits: Callable[[str], bool]
    anywhere: bool


def is_number(text: str) -> bool:
    """Whether a text is a number and nothing else.

    >>> [is_number(text) for text in ("12", "-3.5", "82023966.6010891291", "7up")]
    [True, True, True, False]
    """
    return _NUMBER.fullmatch(text.strip()) is not None


def is_day(text: str) -> bool:
    """Whether a text looks like a day.

    >>> [is_day(text) for text in ("20201101", "2020-11-01", "1604188804579566", "desktop")]
    [True, True, False, False]
    """
    return _DAY.fullmatch(text.strip()) is not None


def is_time(text: str) -> bool:
    """Whether a text looks like a time, damaged or not.

    >>> [is_time(text) for text in ("1604188804579566", "1.6E+15", "20201101", "Canada")]
    [True, True, False, False]
    """
    return _TIME.fullmatch(text.strip()) is not None


def is_device(text: str) -> bool:
    """Whether a text is a word of ``device.category``.

    >>> [is_device(text) for text in ("Mobile", "smart tv", "Canada")]
    [True, True, False]
    """
    return text.strip().lower() in DEVICES


def is_event_name(text: str) -> bool:
    """Whether a text is an event name that Google gives.

    >>> [is_event_name(text) for text in ("page_view", "Canada", "my_event")]
    [True, False, False]
    """
    return text.strip() in EVENT_NAMES


def is_country(text: str) -> bool:
    """Whether a text may be a country: letters, and nothing that names another column.

    >>> [is_country(text) for text in ("Türkiye", "(not set)", "desktop", "purchase", "42")]
    [True, True, False, False, False]
    """
    return _LETTER.search(text) is not None and not (
        is_device(text) or is_event_name(text) or is_time(text)
    )


RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser("event_date", "days such as 20260301", is_day, False),
    Recogniser("event_timestamp", "times in microseconds", is_time, False),
    Recogniser("event_name", "event names such as page_view", is_event_name, True),
    Recogniser("device_category", "words such as desktop and mobile", is_device, True),
    Recogniser("country", "countries", is_country, False),
)
