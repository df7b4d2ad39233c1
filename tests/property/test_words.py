"""Eight bytes at a time say what single bytes say."""

from __future__ import annotations

import json
import re
from uuid import UUID

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from ga4_analytics.index.rows import text_buffers
from ga4_analytics.kernels.order import read_ids
from ga4_analytics.kernels.words import alike, ends, first, word
from ga4_analytics.sources.batches import PARAMETER
from ga4_analytics.sources.json_columns import json_columns
from ga4_analytics.sources.pending import Engines

SPECIAL = b'"\\\x1f\x00 \n!#[]\x7f\x80\x9f\xa2\xdc\xff'
TEXT = st.lists(st.one_of(st.sampled_from(list(SPECIAL)), st.integers(0, 255)), max_size=40)


@njit
def _end(data):  # type: ignore[no-untyped-def]
    marked = ends(word(data, 0))
    return first(marked) if marked else -1


@njit
def _alike(data, one, other, size):  # type: ignore[no-untyped-def]
    return alike(data, one, other, size)


def _array(text: bytes) -> np.ndarray:  # type: ignore[type-arg]
    return np.frombuffer(text + bytes(8), np.uint8).copy()


@given(TEXT)
def test_end_of_plain_text(text: list[int]) -> None:
    eight = bytes(text[:8]).ljust(8, b"x")
    wanted = next((at for at, byte in enumerate(eight) if byte < 32 or byte in b'"\\'), -1)
    assert _end(_array(eight)) == wanted


@given(TEXT, st.integers(0, 40), st.integers(0, 255))
def test_alike(text: list[int], at: int, byte: int) -> None:
    one = bytes(text)
    changed = bytearray(one)
    if at < len(one):
        changed[at] = byte
    data = _array(one + bytes(changed))
    assert _alike(data, 0, len(one), len(one)) == (one == bytes(changed))


@given(st.integers(0, 70), st.integers(0, 70))
def test_keys_that_begin_alike(known: int, cut: int) -> None:
    """A key that is shorter, or longer, than the one that stood there before is another."""
    rows = [{"k" * (known + 1): 1}, {"k" * (cut + 1): 2}, {"k" * (known + 1): 3}]
    data = "\n".join(json.dumps(row) for row in rows).encode()
    found = json_columns(Engines(), data, 1)
    assert found is not None
    for name in {name for row in rows for name in row}:
        wanted = [None if name not in row else str(row[name]) for row in rows]
        assert found.table.column(PARAMETER + name).to_pylist() == wanted


@given(st.integers(1, 200))
def test_block_that_ends_within_a_key(left: int) -> None:
    """Nothing behind the block is compared."""
    line = json.dumps({"a_key_that_is_rather_long_" * 4: "value"}).encode()
    whole = line + b"\n" + line
    cut = whole[: len(line) + 1 + min(left, len(line) - 1)]
    assert json_columns(Engines(), cut, 1) is None


KEYS = st.lists(
    st.one_of(
        st.uuids().map(str),
        st.tuples(st.uuids().map(str), st.integers(0, 35), st.sampled_from("gGAF`:/@o-0é\x7f")).map(
            lambda each: each[0][: each[1]] + each[2] + each[0][each[1] + 1 :]
        ),
        st.text(max_size=40),
    ),
    max_size=9,
)


@given(KEYS)
def test_keys_are_read_as_numbers_that_order_as_they_do(keys: list[str]) -> None:
    high, low = np.zeros((2, len(keys)), np.uint64)
    read_ids(*text_buffers(pa.array(keys, pa.string())), high, low)
    for key, *halves in zip(keys, high.tolist(), low.tolist(), strict=True):
        plain = re.fullmatch("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", key, re.ASCII)
        whole = UUID(key).bytes if plain else key.encode()[:16].ljust(16, b"\0")
        assert halves == [int.from_bytes(whole[:8]), int.from_bytes(whole[8:])]
