"""Checksums that name files and texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def sha256_file(path: Path) -> str:
    """Give the SHA-256 of a file's bytes, read in pieces of 1 MiB.

    Args:
        path: The file.

    Returns:
        64 lowercase hexadecimal digits.

    Raises:
        OSError: The file cannot be read.

    Source: FIPS 180-4.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_texts(texts: Iterable[str]) -> str:
    """Give one SHA-256 for several texts, in order.

    Each text is preceded by its length in bytes, so that moving a letter from one text
    to its neighbour changes the result.

    Args:
        texts: The texts.

    Returns:
        64 lowercase hexadecimal digits.

    >>> sha256_texts(["ab", "c"]) == sha256_texts(["a", "bc"])
    False
    >>> sha256_texts(["ab", "c"])[:16]
    '430fb1b4ac43316e'
    """
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8")
        digest.update(f"{len(data)}:".encode("ascii"))
        digest.update(data)
    return digest.hexdigest()
