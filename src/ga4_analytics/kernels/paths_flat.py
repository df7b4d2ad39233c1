"""Counts the commonest kind of paths over many users at once, without a branch a row.

Steps are names with codes of one byte, a path has up to eight, and every name is a step. Then
the path of an anchor is the bytes that follow it, once tied rows stand in the order of their
names: a load, a mask, and a look into the table. Names travel as places in that order, from 1.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ga4_analytics.kernels.lean import inlined, inner
from ga4_analytics.kernels.path_table import add_packed, new_table, place_of

ROOM = 8192
"""Rows that are worked on at once: with all that is noted of them they stay in the nearest cache.
A user with more is left."""
PAD = 8
"""Room around them for a path that is read whole where it ends before."""
DEEPEST = 8
_TIED, _VISIT, _TIMELESS = np.uint8(1), np.uint8(4), np.uint8(8)
_TWO = np.uint8(2)
_ZERO, _BYTE = np.uint64(0), np.uint64(255)


@njit(nogil=True, cache=True)
def flat_paths(  # type: ignore[no-untyped-def]
    user_row, user_run, user_visit, user_session, user_names, run_day, visit_row, chosen, name,
    flags, place_of_name, anchors, sure_names, any_names, first_user, end_user, first_day,
    last_day, depth, backwards, found, used, left, odd, totals,
):  # fmt: skip
    """Count the paths of all users with nothing particular about them, and note the others.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        user_visit: Offsets of users into visits.
        user_session: Offsets of users into sessions.
        user_names: Name bits of users.
        run_day: Day of each day run.
        visit_row: First row of each visit.
        chosen: 1 for each user who counts.
        name: uint8, name code of each row.
        flags: Flags of each row.
        place_of_name: uint8 by name code: its place among names in the order of ties, from 1.
        anchors: uint8 by that place: 1 where a path begins.
        sure_names: Bits of ``user_names`` of which one says that a user has an anchor.
        any_names: Bits without which a user has none.
        first_user: First user.
        end_user: User after the last.
        first_day: First day of a path's begin.
        last_day: Its last day.
        depth: Most steps of a path, up to `DEEPEST`.
        backwards: Whether steps are taken backwards in time.
        found: A table of such paths, a byte a step as `repacked` takes them; added to.
        used: How many it has.
        left: uint8, one a user of the segment; set to 1 for those who are for `plain_paths`.
        odd: So for those who are for `general_paths`.
        totals: int64, shape (5,): as in `plain_paths`, then how many users are left; added to.

    Returns:
        The table, larger where it must be, and how many paths it has.
    """
    halves = np.empty((4, ROOM // 2 + 1), np.uint8)
    names = np.zeros(ROOM + 2 * PAD, np.uint8)
    at = np.empty(ROOM + 1, np.int32)
    keys = np.empty(ROOM, np.uint64)
    seen = np.empty(256, np.int64)
    masks = np.zeros(DEEPEST + 1, np.uint64)
    for steps in range(1, DEEPEST + 1):
        masks[steps] = (masks[steps - 1] << np.uint64(8)) | _BYTE
    whole = _all_within(run_day, user_run[first_user], user_run[end_user], first_day, last_day)
    user = np.int64(first_user)
    while user < end_user:
        first = user
        user = _stretch(
            user, end_user, user_row, user_run, user_visit, user_session, user_names, run_day,
            chosen, sure_names, any_names, first_day, last_day, whole, left, odd, totals,
        )  # fmt: skip
        if user == first:
            user += 1
            continue
        begin, end = np.int64(user_row[first]), np.int64(user_row[user])
        ties, timeless = _told(flags[begin:end])
        if timeless:
            # These users are passed over at the second try.
            note_timeless(user_row, flags, chosen, first, user, odd)
            user = first
            continue
        _in_order(name, flags, begin, end - begin, place_of_name, halves, names[PAD:], seen)
        count = _begins(anchors, names[PAD : PAD + end - begin], at)
        _write(names, at, count, begin, end, visit_row[user_visit[first] : user_visit[user]],
               depth, backwards, masks, keys)  # fmt: skip
        found, used = add_packed(found, used, keys, count)
        totals[0] += count
        totals[1] += user - first
        totals[2] += end - begin
        totals[3] += ties
    return found, used


@njit(nogil=True, cache=True)
def note_timeless(user_row, flags, chosen, first_user, end_user, odd):  # type: ignore[no-untyped-def]
    """Note the users who count and have a row without a time of its own."""
    for user in range(first_user, end_user):
        if not chosen[user]:
            continue
        for row in range(np.int64(user_row[user]), np.int64(user_row[user + 1])):
            if flags[row] & _TIMELESS:
                odd[user] = 1


@njit(nogil=True, cache=True)
def repacked(found, used, place_of_name, depth, bits, backwards):  # type: ignore[no-untyped-def]
    """A table of `flat_paths` as `plain_paths` gives it.

    Args:
        found: The table.
        used: How many paths it has.
        place_of_name: See `flat_paths`, as ``depth`` and ``backwards``.
        depth: Most steps of a path.
        bits: uint64, bits of a step; ``bits * depth`` is at most 63.
        backwards: Whether steps are taken backwards in time.
    """
    code_of = np.zeros(256, np.uint64)
    for code in range(place_of_name.shape[0]):
        code_of[place_of_name[code]] = np.uint64(code)
    out = new_table(found.shape[0])
    for old in range(found.shape[0]):
        if found[old, 1] == _ZERO:
            continue
        key, packed, steps = found[old, 0], _ZERO, 0
        while steps < depth and (key >> np.uint64(8 * steps)) != _ZERO:
            steps += 1
        for step in range(steps):
            where = steps - 1 - step if backwards else step
            code = code_of[(key >> np.uint64(8 * step)) & _BYTE]
            packed |= code << (np.uint64(where) * bits)
        place = place_of(out, packed)
        out[place, 0] = packed
        out[place, 1] = found[old, 1]
    return out, used


@inner
def _all_within(run_day, begin, end, first_day, last_day):  # type: ignore[no-untyped-def]
    """Whether all of some day runs lie on the days asked for."""
    outside = 0
    for run in range(np.int64(begin), np.int64(end)):
        day = run_day[np.uint64(run)]
        outside += (day < first_day) | (day > last_day)
    return outside == 0


@inner
def _stretch(  # type: ignore[no-untyped-def]
    user, end_user, user_row, user_run, user_visit, user_session, user_names, run_day, chosen,
    sure_names, any_names, first_day, last_day, whole, left, odd, totals,
):  # fmt: skip
    """The user after the last of some neighbours who are all counted here and fit into the room.

    Where the first one is not, it is noted who is to count it, if it has to be.
    """
    first = user
    limit = np.int64(user_row[user]) + ROOM
    while user < end_user:
        if not chosen[user] or not user_names[user] & any_names or odd[user]:
            break
        visits = np.int64(user_visit[user + 1]) - np.int64(user_visit[user])
        if visits != np.int64(user_session[user + 1]) - np.int64(user_session[user]):
            odd[user] = 1
            break
        inside = runs = np.int64(user_run[user + 1]) - np.int64(user_run[user])
        if not whole:
            inside = np.int64(0)
            for run in range(np.int64(user_run[user]), np.int64(user_run[user + 1])):
                inside += first_day <= run_day[run] <= last_day
        if (
            np.int64(user_row[user + 1]) > limit
            or not user_names[user] & sure_names
            or (inside < runs)
        ):
            if user == first and inside:
                left[user] = 1
                totals[4] += 1
            break
        user += 1
    return user


@inner
def _told(flags):  # type: ignore[no-untyped-def]
    """How many rows are tied, and how many (by 8) have no time of their own."""
    ties = timeless = np.int64(0)
    for row in range(flags.shape[0]):
        ties += flags[row] & _TIED
        timeless += flags[row] & _TIMELESS
    return ties, timeless


@inner
def _begins(anchors, names, at):  # type: ignore[no-untyped-def]
    """Write which rows are anchors, and give their number."""
    count = np.int64(0)
    for row in range(names.shape[0]):
        # Each row is written, the next one over it if it is none.
        at[np.uint64(count)] = row
        count += np.int64(anchors[names[row]])
    return count


@inner
def _write(names, at, count, begin, end, visit_row, depth, backwards, masks, keys):  # type: ignore[no-untyped-def]
    """Write the path of each anchor, a byte a step, the first in time lowest.

    Args:
        names: Places of the rows' names, from `PAD` on.
        at: The anchors, counted from ``begin``.
        count: How many there are.
        begin: The first row.
        end: The row after the last.
        visit_row: First row of each of their visits.
        depth: See `flat_paths`, as ``backwards``.
        backwards: Whether steps are taken backwards in time.
        masks: uint64 by number of steps: their bytes.
        keys: uint64; written.
    """
    visit = 0
    low, high = np.int64(0), np.int64(0)
    for place in range(count):
        row = np.int64(at[np.uint64(place)])
        while high <= row:
            low = high
            visit += 1
            last = np.int64(visit_row[np.uint64(visit)]) if visit < visit_row.shape[0] else end
            high = last - begin
        if backwards:
            steps = min(row - low, depth)
            # The mask of no steps leaves nothing of a shift by 64, which would shift by none.
            key = _eight(names, row) >> np.uint64((64 - 8 * steps) & 63)
        else:
            steps = min(high - 1 - row, depth)
            key = _eight(names, row + PAD + 1)
        keys[np.uint64(place)] = key & masks[np.uint64(steps)]


@inlined
def _eight(names, first):  # type: ignore[no-untyped-def]
    """Eight bytes as one number, the first one lowest: one load."""
    key = np.uint64(names[np.uint64(first)])
    key |= np.uint64(names[np.uint64(first + 1)]) << np.uint64(8)
    key |= np.uint64(names[np.uint64(first + 2)]) << np.uint64(16)
    key |= np.uint64(names[np.uint64(first + 3)]) << np.uint64(24)
    key |= np.uint64(names[np.uint64(first + 4)]) << np.uint64(32)
    key |= np.uint64(names[np.uint64(first + 5)]) << np.uint64(40)
    key |= np.uint64(names[np.uint64(first + 6)]) << np.uint64(48)
    return key | np.uint64(names[np.uint64(first + 7)]) << np.uint64(56)


@inner
def _in_order(name, flags, begin, size, place_of_name, halves, own, seen):  # type: ignore[no-untyped-def]
    """Write the places of the names of some rows, those of tied rows ascending."""
    half = (size + 1) // 2
    even, odd, even_tied, odd_tied = halves[0], halves[1], halves[2], halves[3]
    _spread(name[begin:], place_of_name, even, odd[: size // 2])
    _tied(flags[begin:], even_tied, odd_tied[: size // 2])
    if size % 2:
        last = np.uint64(begin + size - 1)
        even[half - 1] = place_of_name[name[last]]
        even_tied[half - 1] = flags[last] & ~(flags[last] >> _TWO) & _TIED
        odd[half - 1] = odd_tied[half - 1] = 0
    even_tied[half] = 0
    for _ in range(2):
        _swap(even[:half], odd, odd_tied)
        _swap(odd[: half - 1], even[1:], even_tied[1:])
    _join(even, odd, own[: 2 * half])
    if _any_long(even_tied, odd_tied[:half], even):
        _sort_long(own, flags[begin : begin + size], seen)


@inner
def _spread(name, place_of_name, even, odd):  # type: ignore[no-untyped-def]
    """Lay the places of even rows' names beside those of odd rows'."""
    for i in range(odd.shape[0]):
        even[i] = place_of_name[name[2 * i]]
        odd[i] = place_of_name[name[2 * i + 1]]


@inner
def _tied(flags, even, odd):  # type: ignore[no-untyped-def]
    """Note which rows are tied with the row before, of their session."""
    for i in range(odd.shape[0]):
        one, other = flags[2 * i], flags[2 * i + 1]
        even[i] = one & ~(one >> _TWO) & _TIED
        odd[i] = other & ~(other >> _TWO) & _TIED


@inner
def _any_long(even, odd, found):  # type: ignore[no-untyped-def]
    """Whether a moment has more than four rows: four that are tied."""
    for i in range(odd.shape[0] - 2):
        # Bytes that are stored stay bytes: a sum of what is worked out would be one of words.
        found[i] = odd[i] & even[i + 1] & odd[i + 1] & (even[i] | even[i + 2])
    total = np.int64(0)
    for i in range(odd.shape[0] - 2):
        total += found[i]
    return total > 0


@inner
def _swap(first, second, tied):  # type: ignore[no-untyped-def]
    """Put the lesser of two neighbours first, where the second is tied with the first."""
    for i in range(first.shape[0]):
        one, other = first[i], second[i]
        swap = (tied[i] != 0) & (one > other)
        first[i] = other if swap else one
        second[i] = one if swap else other


@inner
def _join(even, odd, names):  # type: ignore[no-untyped-def]
    """Lay even and odd rows in their order again."""
    for i in range(names.shape[0] // 2):
        names[2 * i] = even[i]
        names[2 * i + 1] = odd[i]


@inner
def _sort_long(names, flags, seen):  # type: ignore[no-untyped-def]
    """Sort the names of moments of more than four rows, by counting them."""
    first, size = 0, flags.shape[0]
    while first < size:
        end = first + 1
        while end < size and (flags[end] & (_TIED | _VISIT)) == _TIED:
            end += 1
        if end - first > 4:
            seen[:] = 0
            for row in range(first, end):
                seen[names[row]] += 1
            row = first
            for place in range(256):
                for _ in range(seen[place]):
                    names[row] = place
                    row += 1
        first = end
