"""What the kernel hashes is what Python's library hashes, however long and however many."""

from __future__ import annotations

from hashlib import sha1
from uuid import UUID, uuid5

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ga4_analytics.kernels import sha1 as kernel
from ga4_analytics.sources.identity import NAMESPACE, uuids

SEEDS = st.integers(0, 2**32 - 1)
LENGTHS = st.lists(st.integers(0, 5_000), max_size=3 * kernel.LANES)


def texts(seed: int, lengths: list[int]) -> list[bytes]:
    """Texts of any bytes with these lengths."""
    dice = np.random.default_rng(seed)
    return [dice.bytes(length) for length in lengths]


def frozen(values: bytes | list[int], kind: type[np.generic]) -> np.ndarray:
    """Values as an array of the kind that the kernel is compiled for already."""
    made = np.frombuffer(values, kind) if isinstance(values, bytes) else np.array(values, kind)
    made.flags.writeable = False
    return made


def digests(given_texts: list[bytes], before: bytes = b"") -> list[bytes]:
    """What the kernel makes of texts that stand behind some other bytes."""
    ends = len(before) + np.cumsum([0, *map(len, given_texts)])
    out = np.full((len(given_texts), 20), 77, np.uint8)
    data = frozen(before + b"".join(given_texts), np.uint8)
    kernel.sha1s(data, frozen(ends.tolist(), np.int32), out)
    return [row.tobytes() for row in out]


def expected(given_texts: list[bytes]) -> list[bytes]:
    return [sha1(text).digest() for text in given_texts]


@pytest.mark.parametrize("order", [1, -1])
def test_every_length_up_to_300_is_padded_rightly(order: int) -> None:
    found = texts(1, list(range(301))[::order])
    assert digests(found) == expected(found)


@pytest.mark.parametrize("length", [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 5_000])
def test_one_text_is_hashed_alone(length: int) -> None:
    found = texts(2, [length])
    assert digests(found) == expected(found)
    assert digests(found, b"before") == expected(found)


@pytest.mark.parametrize("byte", [b"\x00", b"\x7f", b"\x80", b"\xff"])
def test_texts_of_one_byte_over_and_over(byte: bytes) -> None:
    found = [byte * length for length in range(130)]
    assert digests(found) == expected(found)


def test_no_text_at_all() -> None:
    assert digests([]) == []
    assert uuids(pa.array([], pa.binary())).to_pylist() == []


@pytest.mark.parametrize(
    "count", [2, kernel.LANES - 1, kernel.LANES, kernel.LANES + 1, 2 * kernel.LANES]
)
def test_fewer_and_more_texts_than_lanes(count: int) -> None:
    found = texts(count, [37 * number % 200 for number in range(count)])
    assert digests(found) == expected(found)


def test_a_long_text_among_short_ones() -> None:
    found = texts(3, [3] * 40 + [1_000_000] + [70] * 40)
    assert digests(found) == expected(found)


@settings(deadline=None, max_examples=200)
@given(SEEDS, LENGTHS)
def test_texts_of_any_length(seed: int, lengths: list[int]) -> None:
    found = texts(seed, lengths)
    assert digests(found) == expected(found)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text(max_size=200), max_size=40), st.integers(0, 3))
def test_ids_are_those_of_the_standard_library(names: list[str], skipped: int) -> None:
    hashed = pa.array([NAMESPACE.bytes + name.encode() for name in names], pa.binary())
    found = uuids(hashed.slice(skipped)).to_pylist()
    assert found == [str(uuid5(NAMESPACE, name)) for name in names[skipped:]]


def test_every_byte_is_written_as_two_digits() -> None:
    rows = np.arange(256, dtype=np.uint8)[:, None].repeat(20, axis=1)
    made = np.empty((256, 36), np.uint8)
    kernel.uuid_texts(rows, made)
    found = [row.tobytes().decode() for row in made]
    assert found == [str(UUID(bytes=row.tobytes()[:16], version=5)) for row in rows]
