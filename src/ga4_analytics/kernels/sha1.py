"""SHA-1 (FIPS 180-4) of many texts at once, and version 5 UUIDs (RFC 9562) of the digests.

`LANES` texts are hashed side by side, in loops over lanes that the compiler makes vector
instructions of. A lane takes the next text when its own is finished. Words of the lanes stand
in flat arrays, word after word, in each the lanes: row t of lane l is at ``t * LANES + l``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.lean import inlined, inner

LANES = 16
"""With 8 the compiler unrolls the loops over lanes and makes no vectors; 32 are no faster."""
_BLOCK = 64
_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0], np.uint32)
_ADDED = np.array([0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6], np.uint32)
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_ROW = np.uint64(LANES)
_TWO, _THREE, _FOUR = np.uint64(2 * LANES), np.uint64(3 * LANES), np.uint64(4 * LANES)


@inlined
def _turned(word, bits):  # type: ignore[no-untyped-def]
    """A word of 32 bits turned to the left."""
    return np.uint32(np.uint32(word << np.uint32(bits)) | np.uint32(word >> np.uint32(32 - bits)))


@inlined
def _mixed(quarter, b, c, d):  # type: ignore[no-untyped-def]
    """The function of three words that a quarter of the rounds has."""
    if quarter == 0:
        return np.uint32(d ^ (b & (c ^ d)))
    if quarter == 2:
        return np.uint32((b & c) | (d & (b | c)))
    return np.uint32(b ^ c ^ d)


@inlined
def _stirred(quarter, a, b, c, d, e, word):  # type: ignore[no-untyped-def]
    """What a round puts in the place of ``e``."""
    added = np.uint32(_ADDED[quarter] + word)
    return np.uint32(_turned(a, 5) + np.uint32(_mixed(quarter, b, c, d) + np.uint32(e + added)))


@inlined
def _rounds(quarter, words, state):  # type: ignore[no-untyped-def]
    """20 of the 80 rounds, by five; after five each word of the state is in its place again."""
    for row in range(20 * quarter * LANES, 20 * (quarter + 1) * LANES, 5 * LANES):
        for lane in range(LANES):
            j = np.uint64(lane)
            i = np.uint64(row) + j
            a, b, c = state[j], state[j + _ROW], state[j + _TWO]
            d, e = state[j + _THREE], state[j + _FOUR]
            e = _stirred(quarter, a, b, c, d, e, words[i])
            b = _turned(b, 30)
            d = _stirred(quarter, e, a, b, c, d, words[i + _ROW])
            a = _turned(a, 30)
            c = _stirred(quarter, d, e, a, b, c, words[i + _TWO])
            e = _turned(e, 30)
            b = _stirred(quarter, c, d, e, a, b, words[i + _THREE])
            d = _turned(d, 30)
            a = _stirred(quarter, b, c, d, e, a, words[i + _FOUR])
            c = _turned(c, 30)
            state[j], state[j + _ROW], state[j + _TWO] = a, b, c
            state[j + _THREE], state[j + _FOUR] = d, e


@inner
def _expand(words):  # type: ignore[no-untyped-def]
    """Make 80 words of the 16 of a block, in all lanes."""
    for j in range(16 * LANES, 80 * LANES):
        i = np.uint64(j)
        first = words[i - np.uint64(3 * LANES)] ^ words[i - np.uint64(8 * LANES)]
        second = words[i - np.uint64(14 * LANES)] ^ words[i - np.uint64(16 * LANES)]
        words[i] = _turned(np.uint32(first ^ second), 1)


@inner
def _take_in(words, before, state):  # type: ignore[no-untyped-def]
    """Take the 80 words of a block into the state, in all lanes."""
    for j in range(5 * LANES):
        before[j] = state[j]
    _rounds(0, words, state)
    _rounds(1, words, state)
    _rounds(2, words, state)
    _rounds(3, words, state)
    for j in range(5 * LANES):
        state[j] = np.uint32(state[j] + before[j])


@inlined
def _word(data, at):  # type: ignore[no-untyped-def]
    """Four bytes as a word, the first one highest."""
    i = np.uint64(at)
    high = np.uint32(np.uint32(data[i]) << np.uint32(24))
    high |= np.uint32(np.uint32(data[i + np.uint64(1)]) << np.uint32(16))
    low = np.uint32(np.uint32(data[i + np.uint64(2)]) << np.uint32(8))
    return np.uint32(high | low | np.uint32(data[i + np.uint64(3)]))


@inlined
def _last_word(data, at, end):  # type: ignore[no-untyped-def]
    """The same where a text ends: behind it stands a bit that is set, then zeros."""
    word = np.uint32(0)
    for j in range(at, at + 4):
        byte = np.uint32(128 if j == end else 0)
        if j < end:
            byte = np.uint32(data[np.uint64(j)])
        word = np.uint32(np.uint32(word << np.uint32(8)) | byte)
    return word


@inner
def _lay_out(data, at, end, words, lane):  # type: ignore[no-untyped-def]
    """Lay out a block of a text that ends at ``end``, all but its length."""
    i = np.uint64(lane)
    if at + _BLOCK <= end:
        for here in range(at, at + _BLOCK, 4):
            words[i] = _word(data, here)
            i += _ROW
        return
    for here in range(at, at + _BLOCK, 4):
        if here + 4 <= end:
            words[i] = _word(data, here)
        else:
            words[i] = _last_word(data, here, end) if here <= end else np.uint32(0)
        i += _ROW


@inner
def _write(state, lane, out, row):  # type: ignore[no-untyped-def]
    """Write the digest that a lane has come to."""
    for j in range(20):
        word = state[(j >> 2) * LANES + lane]
        out[row, j] = word >> np.uint32(24 - 8 * (j & 3))


@njit(nogil=True, cache=True)
def sha1s(data, ends, out):  # type: ignore[no-untyped-def]
    """Hash texts that stand one behind the other.

    Args:
        data: uint8, the texts.
        ends: int32, one a text and one more: where the first begins, and where each ends.
        out: uint8, shape (texts, 20): the digests; written.
    """
    words = np.zeros(80 * LANES, np.uint32)
    state, before = np.zeros(5 * LANES, np.uint32), np.zeros(5 * LANES, np.uint32)
    text, at, end, left = np.zeros((4, LANES), np.int64)
    begun, done, count = 0, 0, ends.shape[0] - 1
    while done < count:
        for lane in range(LANES):
            if left[lane] == 0 and begun < count:
                text[lane], at[lane], end[lane] = begun, ends[begun], ends[begun + 1]
                left[lane] = (end[lane] - at[lane] + 8) // _BLOCK + 1
                for j in range(5):
                    state[j * LANES + lane] = _START[j]
                begun += 1
            if left[lane] > 0:
                _lay_out(data, at[lane], end[lane], words, lane)
            if left[lane] == 1:
                bits = np.uint64(8 * (end[lane] - ends[text[lane]]))
                words[14 * LANES + lane] = np.uint32(bits >> np.uint64(32))
                words[15 * LANES + lane] = np.uint32(bits)
        _expand(words)
        _take_in(words, before, state)
        for lane in range(LANES):
            if left[lane] > 0:
                at[lane] += _BLOCK
                left[lane] -= 1
                if left[lane] == 0:
                    _write(state, lane, out, text[lane])
                    done += 1


@njit(nogil=True, cache=True)
def uuid_texts(digests, out):  # type: ignore[no-untyped-def]
    """Write digests as version 5 UUIDs.

    Args:
        digests: uint8, shape (texts, 20).
        out: uint8, shape (texts, 36); written.
    """
    for row in range(digests.shape[0]):
        to = 0
        for j in range(16):
            byte = digests[row, j]
            if j == 4 or j == 6 or j == 8 or j == 10:
                out[row, to] = 45
                to += 1
            if j == 6:
                byte = (byte & 15) | 80
            elif j == 8:
                byte = (byte & 63) | 128
            out[row, to], out[row, to + 1] = _DIGITS[byte >> 4], _DIGITS[byte & 15]
            to += 2
