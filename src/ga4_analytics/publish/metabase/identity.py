"""How what we made is known again: entity ids, markers and the ids inside bodies.

Everything is derived from a slug, so that a second run, or a run after one that died, finds
what is there instead of making it twice.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid

DEFAULT_COLLECTION = "GA4 analytics"
COLLECTION_SLUG = "collection"
MADE_BY = "Made by ga4 metabase; changes made here are overwritten."

_NAMESPACE = uuid.UUID("6a1f9a52-7c0b-5d6e-9a3c-0f4b8f2f6f51")
_MARKER = re.compile(r"\[ga4:([\w-]+)(?:@(.+))?\]\s*$")
_ENTITY_ID_LENGTH = 21


def described(about: str, slug: str, collection: str) -> str:
    """A description that says how to read a thing, and that we made it.

    Args:
        about: One or two sentences.
        slug: The thing's slug.
        collection: The name of the collection that it is made for.

    >>> print(described("Users by day.", "dau", "GA4 analytics"))
    Users by day.
    <BLANKLINE>
    Made by ga4 metabase; changes made here are overwritten. [ga4:dau]
    """
    return f"{about}\n\n{MADE_BY} {marker(slug, collection)}"


def marker(slug: str, collection: str) -> str:
    """The end of a description by which a thing of ours is known.

    >>> marker("dau", "Shop")
    '[ga4:dau@Shop]'
    """
    where = "" if collection == DEFAULT_COLLECTION else f"@{collection}"
    return f"[ga4:{slug}{where}]"


def slug_of(description: str | None, collection: str) -> str | None:
    """The slug in a description that we wrote for a collection, or None where there is none.

    >>> slug_of("Users by day. [ga4:dau]", "GA4 analytics")
    'dau'
    >>> slug_of("Users by day. [ga4:dau@Shop]", "GA4 analytics") is None
    True
    """
    found = _MARKER.search(description or "")
    if found is None or (found[2] or DEFAULT_COLLECTION) != collection:
        return None
    return found[1]


def entity_id(slug: str, collection: str) -> str:
    """The 21 characters of ``[A-Za-z0-9_-]`` by which Metabase knows a card of ours.

    >>> entity_id("dau", "GA4 analytics") == entity_id("dau", "GA4 analytics")
    True
    >>> entity_id("dau", "GA4 analytics") == entity_id("dau", "Shop")
    False
    """
    digest = hashlib.sha256(f"{collection}\0{slug}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_ENTITY_ID_LENGTH]


def inner_id(*parts: str) -> str:
    """A UUID for something inside a body, the same for the same names.

    >>> inner_id("dau", "date") == inner_id("dau", "date")
    True
    """
    return str(uuid.uuid5(_NAMESPACE, "\0".join(parts)))
