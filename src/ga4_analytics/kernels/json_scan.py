"""Newline-delimited JSON in one pass: which values stand where, and of which field.

What is read is a part of JSON that exports keep to; of any other block it is said only that
it is another, and nothing is guessed.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.lean import inlined, inner
from ga4_analytics.kernels.words import alike, ends, first, word

NULL, STRING, PLAIN, REAL, FLAG, OBJECT, ARRAY, ESCAPED = 1, 2, 4, 8, 16, 32, 64, 128
"""What a value is; a number is PLAIN if each engine writes it as it stands, else REAL. A string
is ESCAPED besides where it holds escapes."""

MAX_NODES = 2048
MAX_DEPTH = 16
SLOTS = 4 * MAX_NODES
PADDING = 16
_KEY, _KEY_OR_END, _VALUE, _VALUE_OR_END, _NEXT = 0, 1, 2, 3, 4
# What is open: the node, its record, a serial number, its first element, whether an array, and
# after which field a key would stand.
_NODE, _RECORD, _SERIAL, _FIRST, _IS_ARRAY, _BEFORE = 0, 1, 2, 3, 4, 5
_VALUES, _NODES, _SERIALS = 0, 1, 2


@inlined
def _byte(data, at):  # type: ignore[no-untyped-def]
    """A byte. A signed index would be looked at for its sign at each use."""
    return data[np.uint64(at)]


@inlined
def _blank(data, at):  # type: ignore[no-untyped-def]
    """Where the white space of a line ends."""
    while _byte(data, at) == 32 or _byte(data, at) == 9 or _byte(data, at) == 13:
        at += 1
    return at


@inlined
def _string(data, at):  # type: ignore[no-untyped-def]
    """Where the closing quote of a string is, from behind its opening one, and its kind.

    The kind is 0 where it is none.
    """
    kind = STRING
    while True:
        marked = ends(word(data, at))
        while marked == 0:
            at += 8
            marked = ends(word(data, at))
        at += first(marked)
        byte = _byte(data, at)
        if byte != 92:
            return at, (kind if byte == 34 else 0)
        kind = STRING | ESCAPED
        at = _escape(data, at + 1)
        if at < 0:
            return at, 0


@inner
def _escape(data, at):  # type: ignore[no-untyped-def]
    """Where an escape ends, from behind its backslash; -1 if it is none."""
    byte = _byte(data, at)
    if byte == 117:
        at = _unicode(data, at)
        return at + 1 if at >= 0 else -1
    return at + 1 if byte in (34, 92, 47, 98, 102, 110, 114, 116) else -1


@inner
def hex_value(data, at):  # type: ignore[no-untyped-def]
    """The value of four hexadecimal digits; -1 where they are none."""
    value = np.int64(0)
    for j in range(at, at + 4):
        byte = np.int64(_byte(data, j))
        if 48 <= byte <= 57:
            byte -= 48
        elif 65 <= byte <= 70 or 97 <= byte <= 102:
            byte = (byte & 7) + 9
        else:
            return -1
        value = 16 * value + byte
    return value


@inner
def _unicode(data, at):  # type: ignore[no-untyped-def]
    """The last byte of an escape by number, from its ``u``; -1 if it is none, or NUL."""
    value = hex_value(data, at + 1)
    if value <= 0 or 0xDC00 <= value < 0xE000:
        return -1
    if value < 0xD800 or value >= 0xE000:
        return at + 4
    if _byte(data, at + 5) != 92 or _byte(data, at + 6) != 117:
        return -1
    low = hex_value(data, at + 7)
    return at + 10 if 0xDC00 <= low < 0xE000 else -1


@inlined
def _digits(data, at):  # type: ignore[no-untyped-def]
    """Where digits end."""
    while 48 <= _byte(data, at) <= 57:
        at += 1
    return at


@inner
def _number(data, at):  # type: ignore[no-untyped-def]
    """Where a number ends, and whether it is as anybody writes it; -1 for none.

    That are integers of up to 18 digits and decimals of up to 15, without an exponent and
    without zeros that say nothing: no two such decimals are the same double.
    """
    minus = _byte(data, at) == 45
    first = at + 1 if minus else at
    end = _digits(data, first)
    if end == first or (_byte(data, first) == 48 and end > first + 1):
        return -1, False
    plain = end - first <= 18 and not (minus and _byte(data, first) == 48)
    if _byte(data, end) == 46:
        point = end
        end = _digits(data, point + 1)
        if end == point + 1:
            return -1, False
        plain = end - first <= 16 and (_byte(data, end - 1) != 48 or end == point + 2)
        # Engines begin to write 0.00001 with an exponent.
        plain &= _byte(data, first) != 48 or end < point + 4 or not stands(data, point + 1, b"000")
    if _byte(data, end) == 69 or _byte(data, end) == 101:
        plain = False
        sign = end + 2 if _byte(data, end + 1) == 43 or _byte(data, end + 1) == 45 else end + 1
        end = _digits(data, sign)
        if end == sign:
            return -1, False
    return end, plain


@inlined
def stands(data, at, word):  # type: ignore[no-untyped-def]
    """Whether a word stands somewhere."""
    same = True
    for j in range(len(word)):
        same &= _byte(data, at + j) == word[j]
    return same


@inner
def _node(data, parent, start, stop, nodes, table, count):  # type: ignore[no-untyped-def]
    """The node of a key below a parent; a new one is ``count``."""
    mixed = np.uint64(14695981039346656037) ^ np.uint64(parent)
    prime = np.uint64(1099511628211)
    mixed *= prime
    for j in range(start, stop):
        mixed = (mixed ^ np.uint64(_byte(data, j))) * prime
    at = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(SLOTS - 1))
    while table[at] >= 0:
        found = table[at]
        if nodes[found, 0] == parent and nodes[found, 2] - nodes[found, 1] == stop - start:
            same = True
            first = nodes[found, 1]
            for j in range(stop - start):
                if _byte(data, first + j) != _byte(data, start + j):
                    same = False
                    break
            if same:
                return found
        at = (at + 1) & (SLOTS - 1)
    if count < MAX_NODES:
        table[at] = count
        nodes[count, 0], nodes[count, 1], nodes[count, 2] = parent, start, stop
    return count


@inner
def _new_key(data, at, parent, nodes, kinds, table, counts):  # type: ignore[no-untyped-def]
    """The node of a key that begins somewhere; -1 where there is no plain key."""
    start = at
    while _byte(data, at) != 34:
        if _byte(data, at) < 32 or _byte(data, at) == 92:
            return -1
        at += 1
    node = _node(data, parent, start, at, nodes, table, counts[_NODES])
    if node == counts[_NODES]:
        if node == MAX_NODES:
            return -1
        kinds[node] = 0
        counts[_NODES] += 1
    return node


@inlined
def _key(data, at, above, nodes, kinds, table, after, counts):  # type: ignore[no-untyped-def]
    """Where the value of a key begins, and the key's node; -1 where there is no plain key.

    It is first compared with the key that stood there in the object before.
    """
    if _byte(data, at) != 34:
        return -1, -1
    before = above[_BEFORE]
    node = after[before]
    size = nodes[node, 2] - nodes[node, 1]
    end = at + 1 + size
    known = node > 0 and end + 8 <= data.shape[0] and _byte(data, end) == 34
    if not known or not alike(data, at + 1, nodes[node, 1], size):
        node = _new_key(data, at + 1, above[_NODE], nodes, kinds, table, counts)
        if node < 0:
            return -1, -1
        after[before] = node
        size = nodes[node, 2] - nodes[node, 1]
    above[_BEFORE] = node
    at = _blank(data, at + 2 + size)
    return (at + 1, node) if _byte(data, at) == 58 else (-1, -1)


@inlined
def _scalar(data, at):  # type: ignore[no-untyped-def]
    """Kind, first byte, end and what follows of a scalar; kind 0 where there is none."""
    byte = _byte(data, at)
    if byte == 34:
        end, kind = _string(data, at + 1)
        return kind, at + 1, end, end + 1
    if byte == 45 or 48 <= byte <= 57:
        end, plain = _number(data, at)
        return (PLAIN if plain else REAL, at, end, end) if end >= 0 else (0, at, at, at)
    if stands(data, at, b"null"):
        return NULL, at, at, at + 4
    if stands(data, at, b"true"):
        return FLAG, at, at + 4, at + 4
    if stands(data, at, b"false"):
        return FLAG, at, at + 5, at + 5
    return 0, at, at, at


@inlined
def _open(above, depth, node, record, counts):  # type: ignore[no-untyped-def]
    """Open an object."""
    above[depth, _NODE], above[depth, _RECORD] = node, record
    above[depth, _SERIAL], above[depth, _IS_ARRAY] = counts[_SERIALS], 0
    above[depth, _BEFORE] = MAX_NODES + node
    counts[_SERIALS] += 1


@inner
def _open_array(above, depth, nodes, kinds, element, elements, counts):  # type: ignore[no-untyped-def]
    """Make an array of what was opened; False where there are too many fields."""
    node = above[depth, _NODE]
    if element[node] < 0:
        new = counts[_NODES]
        if new == MAX_NODES:
            return False
        nodes[new, 0], nodes[new, 1], nodes[new, 2] = node, -1, -1
        kinds[new] = 0
        element[node] = new
        counts[_NODES] += 1
    above[depth, _FIRST], above[depth, _IS_ARRAY] = elements[element[node]], 1
    return True


@inlined
def _put(tape, counts, node, record, start, end, kind):  # type: ignore[no-untyped-def]
    """Add a value to the tape."""
    at = counts[_VALUES]
    tape[at, 0], tape[at, 1], tape[at, 2], tape[at, 3], tape[at, 4] = node, record, start, end, kind
    counts[_VALUES] += 1


@inner
def _object(  # type: ignore[no-untyped-def]
    data, at, above, last, after, element, elements, nodes, kinds, sizes, table, tape, counts
):
    """Read an object that is open, from behind its brace to its end; -1 where it is odd."""
    depth, state, node, record = 1, _KEY_OR_END, np.int64(0), np.int64(0)
    while depth > 0:
        at = _blank(data, at)
        inner = depth - 1
        in_array = above[inner, _IS_ARRAY] == 1
        if _byte(data, at) == (93 if in_array else 125) and state not in (_KEY, _VALUE):
            if in_array:
                node, record = above[inner, _NODE], above[inner, _RECORD]
                first, stop = above[inner, _FIRST], elements[element[node]]
                _put(tape, counts, node, record, first, stop, ARRAY)
            depth -= 1
            at += 1
            state = _NEXT
        elif state == _NEXT:
            if _byte(data, at) != 44:
                return -1
            at += 1
            state = _VALUE if in_array else _KEY
        elif state in (_KEY, _KEY_OR_END):
            at, node = _key(data, at, above[inner], nodes, kinds, table, after, counts)
            if at < 0 or last[node] == above[inner, _SERIAL]:
                return -1
            last[node] = above[inner, _SERIAL]
            record = above[inner, _RECORD]
            state = _VALUE
        else:
            if in_array:
                node = element[above[inner, _NODE]]
                record = elements[node]
                elements[node] += 1
            if _byte(data, at) == 123 or _byte(data, at) == 91:
                if depth == MAX_DEPTH:
                    return -1
                _open(above, depth, node, record, counts)
                state = _KEY_OR_END
                kinds[node] |= ARRAY if _byte(data, at) == 91 else OBJECT
                if _byte(data, at) == 91:
                    state = _VALUE_OR_END
                    if not _open_array(above, depth, nodes, kinds, element, elements, counts):
                        return -1
                depth += 1
                at += 1
                continue
            kind, start, end, at = _scalar(data, at)
            if kind == 0:
                return -1
            kinds[node] |= kind
            if kind != NULL:
                _put(tape, counts, node, record, start, end, kind)
                sizes[node] += end - start
            state = _NEXT
    return at


@njit(nogil=True, cache=True)
def scan(data, nodes, kinds, elements, sizes, tape, lines):  # type: ignore[no-untyped-def]
    """Find the values of a block's objects.

    Args:
        data: uint8, valid UTF-8 without NUL; the last byte is a line's end, and `PADDING` more
            follow it.
        nodes: int64, `MAX_NODES` by 3: the parent of each field (-1 of the object itself) and
            where its name begins and ends; that of an element of an array is at -1; written.
        kinds: uint8, `MAX_NODES`: which kinds of values a field has; written.
        elements: int64, `MAX_NODES`, zeros: how many elements of an array there are; written.
        sizes: int64, `MAX_NODES`, zeros: how many bytes the texts of a field's scalars have,
            their escapes among them; written.
        tape: int32, 5 a value: field, record, where its text begins and ends, and kind; of
            an array the numbers of its first element and of the one after its last; written.
            Elements are records of their own, numbered for each field by itself.
        lines: int32, 3 an object: how many lines are above it, where it begins and ends;
            written.

    Returns:
        How many objects, values and fields there are; no fields if the block is another kind
        of JSON, or none.
    """
    table = np.full(SLOTS, -1, np.int64)
    last = np.full(MAX_NODES, -1, np.int64)
    element = np.full(MAX_NODES, -1, np.int64)
    # What stood behind each field, and first in each object; a new field is behind none.
    after = np.zeros(2 * MAX_NODES, np.int64)
    above = np.empty((MAX_DEPTH, 6), np.int64)
    counts = np.zeros(3, np.int64)
    counts[_NODES] = 1
    nodes[0, 0], nodes[0, 1], nodes[0, 2] = -1, 0, 0
    kinds[0] = OBJECT
    at, line, objects = np.int64(0), 0, 0
    while at < data.shape[0] - PADDING:
        at = _blank(data, at)
        if _byte(data, at) == 10:
            at += 1
            line += 1
            continue
        if _byte(data, at) != 123:
            return 0, 0, 0
        lines[objects, 0], lines[objects, 1] = line, at
        _open(above, 0, 0, objects, counts)
        at = _object(
            data,
            at + 1,
            above,
            last,
            after,
            element,
            elements,
            nodes,
            kinds,
            sizes,
            table,
            tape,
            counts,
        )
        if at < 0:
            return 0, 0, 0
        lines[objects, 2] = at
        objects += 1
        at = _blank(data, at)
        if _byte(data, at) != 10:
            return 0, 0, 0
    return objects, counts[_VALUES], counts[_NODES]
