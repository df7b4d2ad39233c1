"""Counts the paths of events that lead from or to some events.

A path is known by its steps' codes, 1 and up, in a sparse table with open addressing:
packed into one 63-bit number where they fit (``bits`` a step), else as a row of codes
found by its hash. So the table grows with the paths that come, not with those that could.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_TIED = np.uint8(1)
_VISIT = np.uint8(4)
_TIMELESS = np.uint8(8)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_STEP = np.uint8(1)
_ANCHOR = np.uint8(2)


@njit(nogil=True, cache=True)
def new_table(size):  # type: ignore[no-untyped-def]
    """An empty table of paths.

    Args:
        size: How many places it has, a power of two.

    Returns:
        uint64, shape (size, 2): key and count; a place with count 0 is free.
    """
    return np.zeros((size, 2), np.uint64)


@njit(nogil=True, cache=True, inline="always")
def _place(found, key):  # type: ignore[no-untyped-def]
    """Where a packed path stands or may stand in a table that is not full."""
    mask = np.uint64(found.shape[0] - 1)
    mixed = key * _GOLDEN
    place = (mixed ^ (mixed >> np.uint64(32))) & mask
    while found[place, 1] != _ZERO and found[place, 0] != key:
        place = (place + _ONE) & mask
    return place


@njit(nogil=True, cache=True)
def with_room(found, used, more):  # type: ignore[no-untyped-def]
    """The same table, with room for more paths.

    Args:
        found: The table.
        used: How many paths it has.
        more: How many may come.
    """
    size = found.shape[0]
    while size < 2 * (used + more):
        size *= 4
    if size == found.shape[0]:
        return found
    wider = new_table(size)
    for old in range(found.shape[0]):
        if found[old, 1] != _ZERO:
            place = _place(wider, found[old, 0])
            wider[place, 0] = found[old, 0]
            wider[place, 1] = found[old, 1]
    return wider


@njit(nogil=True, cache=True)
def merged(found, used, other):  # type: ignore[no-untyped-def]
    """Add a table of packed paths to another.

    Returns:
        The first table, larger where it must be, and how many paths it has.
    """
    for old in range(other.shape[0]):
        if other[old, 1] != _ZERO:
            if 2 * (used + 1) > found.shape[0]:
                found = with_room(found, used, 1)
            place = _place(found, other[old, 0])
            used += found[place, 1] == _ZERO
            found[place, 0] = other[old, 0]
            found[place, 1] += other[old, 1]
    return found, used


@njit(nogil=True, cache=True)
def add_row(found, rows, path, weight):  # type: ignore[no-untyped-def]
    """Add to the count of a path that is kept as a row of codes.

    Args:
        found: uint64, shape (size, 2): hash and count; not full.
        rows: uint32, shape (size, depth): the codes.
        path: The codes.
        weight: What to add, at least 1.

    Returns:
        1 for a path that was not there, else 0.
    """
    mask = np.uint64(found.shape[0] - 1)
    depth = rows.shape[1]
    key = hashed(path, depth)
    place = key & mask
    while found[place, 1] != _ZERO:
        same = found[place, 0] == key
        level = 0
        while same and level < depth:
            same = rows[place, level] == path[level]
            level += 1
        if same:
            found[place, 1] += np.uint64(weight)
            return 0
        place = (place + _ONE) & mask
    found[place, 0] = key
    rows[place, :] = path
    found[place, 1] = np.uint64(weight)
    return 1


@njit(nogil=True, cache=True)
def merged_rows(found, rows, used, other, other_rows):  # type: ignore[no-untyped-def]
    """Add a table of rows of codes to another; as `merged`.

    Returns:
        The first table and its rows, larger where they must be, and how many paths it has.
    """
    for old in range(other.shape[0]):
        if other[old, 1] != _ZERO:
            if 2 * (used + 1) > found.shape[0]:
                found, rows = larger_rows(found, rows)
            used += add_row(found, rows, other_rows[old], np.int64(other[old, 1]))
    return found, rows, used


@njit(nogil=True, cache=True)
def larger_rows(found, rows):  # type: ignore[no-untyped-def]
    """The same table of rows of codes with four times the room."""
    wider = new_table(found.shape[0] * 4)
    wider_rows = np.zeros((wider.shape[0], rows.shape[1]), np.uint32)
    for old in range(found.shape[0]):
        if found[old, 1] != _ZERO:
            add_row(wider, wider_rows, rows[old], np.int64(found[old, 1]))
    return wider, wider_rows


@njit(nogil=True, cache=True)
def hashed(path, depth):  # type: ignore[no-untyped-def]
    """A hash of some codes."""
    key = np.uint64(0xCBF29CE484222325)
    for level in range(depth):
        key = (key ^ np.uint64(path[level])) * _GOLDEN
        key ^= key >> np.uint64(29)
    return key


@njit(nogil=True, cache=True)
def _sort_codes(codes, first, end, rank):  # type: ignore[no-untyped-def]
    """Sort codes by rank, in place; insertion, because groups are short."""
    if end - first > 32:
        ranks = np.empty(end - first, np.int64)
        for place in range(first, end):
            ranks[place - first] = rank[codes[place]]
        codes[first:end] = codes[first:end][np.argsort(ranks)]
        return
    for place in range(first + 1, end):
        code = codes[place]
        at = place
        while at > first and rank[codes[at - 1]] > rank[code]:
            codes[at] = codes[at - 1]
            at -= 1
        codes[at] = code


@njit(nogil=True, cache=True)
def _copied(name, flags, begin, end, rank, out):  # type: ignore[no-untyped-def]
    """Copy the codes of a visit, those of a tie in order of rank."""
    for row in range(begin, end):
        out[row - begin] = name[row]
    done = begin + 1
    for row in range(begin + 1, end):
        if not flags[row] & _TIED or row < done:
            continue
        done = row + 1
        while done < end and flags[done] & _TIED:
            done += 1
        _sort_codes(out, row - 1 - begin, done - begin, rank)


@njit(nogil=True, cache=True)
def _rolled(codes, shift, begin, end, table, bits, full, backwards, keys, at, count):  # type: ignore[no-untyped-def]
    """Write the packed path of each anchor of a visit, and its row.

    The codes that follow a row stand in one number, the next one lowest; going against the
    path's direction each row shifts its own code in, so no path is walked twice.

    Args:
        codes: Row r has the code ``codes[r - shift]``.
        shift: See ``codes``.
        begin: First row of the visit.
        end: The row after its last.
        table: What codes may be.
        bits: Bits of a code.
        full: The bits of a path of full depth.
        backwards: Whether steps are taken backwards in time.
        keys: uint64; written from ``count`` on.
        at: int64; written from ``count`` on.
        count: How many are written.
    """
    key = _ZERO
    for place in range(end - begin):
        row = begin + place if backwards else end - 1 - place
        code = codes[row - shift]
        kind = table[code]
        if kind & _ANCHOR:
            keys[count] = key
            at[count] = row
            count += 1
        key = ((key << bits) | np.uint64(code)) & full if kind & _STEP else key
    return count


@njit(nogil=True, cache=True)
def _inside(user, first, count, keys, at, user_run, run_row, run_day, first_day, last_day):  # type: ignore[no-untyped-def]
    """Keep only the written paths that begin on the days asked for; returns how many."""
    kept = first
    run = np.int64(user_run[user])
    last_run = np.int64(user_run[user + 1]) - 1
    for place in range(first, count):
        if at[place] < run_row[run]:
            run = np.int64(user_run[user])
        while run < last_run and run_row[run + 1] <= at[place]:
            run += 1
        if first_day <= run_day[run] <= last_day:
            keys[kept] = keys[place]
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def _counted(found, used, keys, count):  # type: ignore[no-untyped-def]
    """Add written paths to the table; many at once, so that waits for memory overlap."""
    found = with_room(found, used, count)
    for written in range(count):
        place = _place(found, keys[written])
        used += np.int64(found[place, 1] == _ZERO)
        found[place, 0] = keys[written]
        found[place, 1] += _ONE
    return found, used


@njit(nogil=True, cache=True)
def plain_paths(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    user_visit,
    user_session,
    user_names,
    run_row,
    run_day,
    visit_row,
    chosen,
    name,
    flags,
    table,
    rank,
    anchor_names,
    first_user,
    end_user,
    first_day,
    last_day,
    depth,
    bits,
    backwards,
    odd,
    totals,
):
    """Count the paths within sessions, of steps that are event names and told by name.

    Only users none of whose sessions is interrupted are counted here; the others are noted.

    Args:
        user_row: Offsets of users into rows.
        user_run: Offsets of users into day runs.
        user_visit: Offsets of users into visits.
        user_session: Offsets of users into sessions.
        user_names: Name bits of users.
        run_row: First row of each day run.
        run_day: Its day.
        visit_row: First row of each visit.
        chosen: 1 for each user who counts.
        name: Name code of each row.
        flags: Flags of each row.
        table: uint8 by name code. Bit 0: it may be a step; bit 1: a path begins at it.
        rank: int64 by name code, the order of names whose order is open.
        anchor_names: Bits of `user_names` without which a user has no path.
        first_user: First user.
        end_user: User after the last.
        first_day: First day of a path's begin.
        last_day: Its last day.
        depth: Most steps of a path.
        bits: uint64, bits of a step; ``bits * depth`` is at most 63.
        backwards: Whether steps are taken backwards in time.
        odd: uint8, one a user of the segment; set to 1 for each user who is not counted.
        totals: int64, shape (4,): paths, users with one, events of these users that may be
            steps, and how many of those follow another with nothing to tell the order;
            added to.

    Returns:
        The table of paths and how many it has.
    """
    found = new_table(4096)
    used = 0
    room = np.int64(8192)
    keys = np.empty(room, np.uint64)
    at = np.empty(room, np.int64)
    scratch = np.empty(room, name.dtype)
    all_steps = True
    for code in range(1, table.shape[0]):
        all_steps &= (table[code] & _STEP) != 0
    user = np.int64(first_user)
    while user < end_user:
        user, written = _some_users(
            user, end_user, user_row, user_run, user_visit, user_session, user_names, run_row,
            run_day, visit_row, chosen, name, flags, table, all_steps, rank, anchor_names,
            first_day, last_day, depth, bits, backwards, keys, at, scratch, odd, totals,
        )  # fmt: skip
        found, used = _counted(found, used, keys, written)
        size = np.int64(user_row[min(user + 1, end_user)]) - np.int64(user_row[user])
        if size > room:
            room = np.int64(2 * size)
            keys = np.empty(room, np.uint64)
            at = np.empty(room, np.int64)
            scratch = np.empty(room, name.dtype)
    return found, used


@njit(nogil=True, cache=True)
def _some_users(  # type: ignore[no-untyped-def]
    user, end_user, user_row, user_run, user_visit, user_session, user_names, run_row,
    run_day, visit_row, chosen, name, flags, table, all_steps, rank, anchor_names,
    first_day, last_day, depth, bits, backwards, keys, at, scratch, odd, totals,
):  # fmt: skip
    """Write the paths of users until there is no room for the next one's.

    No array is made or changed for another here: the compiler would count references in the
    innermost loop.

    Returns:
        The first user who is left, and how many paths are written.
    """
    room = keys.shape[0]
    full = (_ONE << (bits * np.uint64(depth))) - _ONE
    written = 0
    while user < end_user:
        begin = np.int64(user_row[user])
        end = np.int64(user_row[user + 1])
        if not chosen[user] or not user_names[user] & anchor_names:
            user += 1
            continue
        visits = np.int64(user_visit[user + 1]) - np.int64(user_visit[user])
        if visits != np.int64(user_session[user + 1]) - np.int64(user_session[user]):
            odd[user] = 1
            user += 1
            continue
        if written + end - begin > room:
            break
        before = written
        ties = np.int64(0)
        for visit in range(np.int64(user_visit[user]), np.int64(user_visit[user + 1])):
            first = np.int64(visit_row[visit])
            last = end
            if visit + 1 < user_visit[user + 1]:
                last = np.int64(visit_row[visit + 1])
            tied = np.int64(0)
            for row in range(first + 1, last):
                tied += flags[row] & _TIED
            ties += tied + np.int64(flags[first] & _TIED)
            if tied:
                _copied(name, flags, first, last, rank, scratch)
                written = _rolled(
                    scratch, first, first, last, table, bits, full, backwards, keys, at, written
                )
            else:
                written = _rolled(
                    name, 0, first, last, table, bits, full, backwards, keys, at, written
                )
        whole = True
        for run in range(user_run[user], user_run[user + 1]):
            whole &= first_day <= run_day[run] <= last_day
        if not whole:
            written = _inside(
                user, before, written, keys, at, user_run, run_row, run_day, first_day, last_day
            )
        if written > before:
            totals[0] += written - before
            totals[1] += 1
            _tell(name, flags, table, all_steps, begin, end, ties, totals)
        user += 1
    return user, written


@njit(nogil=True, cache=True)
def _tell(name, flags, table, all_steps, begin, end, ties, totals):  # type: ignore[no-untyped-def]
    """Add a user's events that may be steps, and those of them in an open order."""
    if all_steps:
        totals[2] += end - begin
        totals[3] += ties
        return
    group = 0
    for row in range(begin, end):
        if not flags[row] & _TIED:
            group = 0
        if table[name[row]] & _STEP:
            totals[2] += 1
            totals[3] += group > 0
            group += 1


@njit(nogil=True, cache=True)
def _in_order(first, end, entry_key, code, session, time, kind):  # type: ignore[no-untyped-def]
    """Sort the entries of a tie group by key."""
    if end - first < 2:
        return
    order = np.argsort(entry_key[first:end]) + first
    code[first:end] = code[order]
    session[first:end] = session[order]
    time[first:end] = time[order]
    kind[first:end] = kind[order]


@njit(nogil=True, cache=True)
def _collected(  # type: ignore[no-untyped-def]
    user,
    base,
    user_row,
    user_run,
    user_visit,
    run_row,
    run_day,
    visit_row,
    visit_session,
    name,
    codes,
    time_us,
    flags,
    marks,
    name_rank,
    rank,
    first_day,
    last_day,
    entry_key,
    code,
    session,
    time,
    kind,
    told,
):
    """Put a user's steps and anchors into buffers, in order; returns how many."""
    run = np.int64(user_run[user])
    last_run = np.int64(user_run[user + 1]) - 1
    visit = np.int64(user_visit[user])
    last_visit = np.int64(user_visit[user + 1]) - 1
    count = 0
    first = 0
    steps = 0
    told[0] = told[1] = 0
    for row in range(np.int64(user_row[user]), np.int64(user_row[user + 1])):
        if not flags[row] & _TIED:
            _in_order(first, count, entry_key, code, session, time, kind)
            first = count
            steps = 0
        while run < last_run and run_row[run + 1] <= row:
            run += 1
        while visit < last_visit and visit_row[visit + 1] <= row:
            visit += 1
        if flags[row] & _TIMELESS:
            continue
        mark = np.uint8(marks[row - base] & np.uint64(3))
        if mark & _STEP and codes[row] == 0:
            mark ^= _STEP
        if mark & _ANCHOR and not first_day <= run_day[run] <= last_day:
            mark ^= _ANCHOR
        if mark & _STEP:
            told[0] += 1
            told[1] += steps > 0
            steps += 1
        if mark:
            code[count] = codes[row]
            session[count] = visit_session[visit]
            time[count] = time_us[row]
            kind[count] = mark
            open_order = np.int64(name_rank[name[row]]) << 33
            open_order |= np.int64(rank[codes[row]]) << 1
            entry_key[count] = open_order | (mark & _ANCHOR == 0)
            count += 1
    _in_order(first, count, entry_key, code, session, time, kind)
    return count


@njit(nogil=True, cache=True)
def _by_session(count, sessions, code, session, time, kind):  # type: ignore[no-untyped-def]
    """Bring the entries of each session together, in order; those of none are dropped."""
    start = np.zeros(sessions + 2, np.int64)
    for place in range(count):
        start[session[place]] += 1
    start[0] = 0
    total = 0
    for number in range(1, sessions + 1):
        size = start[number]
        start[number] = total
        total += size
    order = np.empty(total, np.int64)
    for place in range(count):
        number = session[place]
        if number:
            order[start[number]] = place
            start[number] += 1
    code[:total] = code[order]
    time[:total] = time[order]
    kind[:total] = kind[order]
    session[:total] = session[order]
    return total


@njit(nogil=True, cache=True)
def _after(count, code, session, kind, next_step, next_other):  # type: ignore[no-untyped-def]
    """For each entry the next step of its unit, and the next whose code is another.

    Args:
        count: How many entries there are.
        code: Their codes.
        session: Their units.
        kind: What they may be.
        next_step: int64; written; -1 for none.
        next_other: int64, of steps only: the first later step with another code; -1 for none.
    """
    following = np.int64(-1)
    for place in range(count - 1, -1, -1):
        if place + 1 < count and session[place + 1] != session[place]:
            following = np.int64(-1)
        next_step[place] = following
        next_other[place] = -1
        if kind[place] & _STEP:
            if following >= 0:
                same = code[following] == code[place]
                next_other[place] = next_other[following] if same else following
            following = np.int64(place)


@njit(nogil=True, cache=True)
def _path(place, depth, window_us, merge, code, time, next_step, next_other, path):  # type: ignore[no-untyped-def]
    """Write the steps after an entry into ``path``; what is not reached is 0."""
    path[:] = 0
    last = code[place]
    at = next_step[place]
    for level in range(depth):
        if merge and at >= 0 and last and code[at] == last:
            at = next_other[at]
        if at < 0 or abs(time[at] - time[place]) > window_us:
            break
        last = code[at]
        path[level] = last
        at = next_step[at]


@njit(nogil=True, cache=True)
def general_paths(  # type: ignore[no-untyped-def]
    user_row,
    user_run,
    user_visit,
    user_session,
    run_row,
    run_day,
    visit_row,
    visit_session,
    chosen,
    name,
    codes,
    time_us,
    flags,
    marks,
    name_rank,
    rank,
    first_user,
    end_user,
    first_day,
    last_day,
    depth,
    bits,
    backwards,
    per_session,
    window_us,
    merge,
    which,
    totals,
):
    """Count paths of any kind; arguments as in `plain_paths` but for these.

    Args:
        visit_row: First row of each visit.
        visit_session: Its session, 0 for none.
        codes: The step's code of each row; 0 is no step.
        time_us: Time of each row.
        marks: uint64, from the first user's first row on. Bit 0: the row may be a step;
            bit 1: a path begins at it.
        name_rank: int64 by name code; orders tied rows first.
        rank: int64 by step code; orders them then.
        bits: Bits of a step, or 0 where paths are kept as rows of codes.
        per_session: Whether a path stays in its session; else in its user.
        window_us: Longest time between a path's begin and a step.
        merge: Whether a step equal to the one before it is left out.
        which: 0: a path begins at every anchor; 1: at the first of the unit; 2: at the last.

    Returns:
        The table of paths, their rows of codes (none where they are packed), and how many
        it has.
    """
    found = new_table(4096)
    rows = np.zeros((0 if bits else 4096, depth), np.uint32)
    used = 0
    base = np.int64(user_row[first_user])
    size = np.int64(0)
    for user in range(first_user, end_user):
        if chosen[user]:
            size = max(size, np.int64(user_row[user + 1]) - np.int64(user_row[user]))
    entry_key = np.empty(size, np.int64)
    code = np.empty(size, np.uint32)
    session = np.empty(size, np.int64)
    time = np.empty(size, np.int64)
    kind = np.empty(size, np.uint8)
    next_step = np.empty(size, np.int64)
    next_other = np.empty(size, np.int64)
    path = np.empty(depth, np.uint32)
    told = np.zeros(2, np.int64)
    for user in range(first_user, end_user):
        if not chosen[user]:
            continue
        count = _collected(
            user, base, user_row, user_run, user_visit, run_row, run_day, visit_row,
            visit_session, name, codes, time_us, flags, marks, name_rank, rank, first_day,
            last_day, entry_key, code, session, time, kind, told,
        )  # fmt: skip
        if per_session:
            sessions = np.int64(user_session[user + 1]) - np.int64(user_session[user])
            count = _by_session(count, sessions, code, session, time, kind)
        else:
            session[:count] = 1
        if backwards:
            _turn(count, code, session, time, kind)
        _after(count, code, session, kind, next_step, next_other)
        begun = 0
        for place in range(count):
            if not _begins(place, count, kind, session, which, backwards):
                continue
            _path(place, depth, window_us, merge, code, time, next_step, next_other, path)
            if bits:
                found = with_room(found, used, 1)
                key = _pack(path, depth, bits)
                at = _place(found, key)
                used += found[at, 1] == _ZERO
                found[at, 0] = key
                found[at, 1] += _ONE
            else:
                if 2 * (used + 1) > found.shape[0]:
                    found, rows = larger_rows(found, rows)
                used += add_row(found, rows, path, 1)
            begun += 1
        if begun:
            totals[0] += begun
            totals[1] += 1
            totals[2] += told[0]
            totals[3] += told[1]
    return found, rows, used


@njit(nogil=True, cache=True)
def _turn(count, code, session, time, kind):  # type: ignore[no-untyped-def]
    """Turn the entries round."""
    code[:count] = code[:count][::-1].copy()
    session[:count] = session[:count][::-1].copy()
    time[:count] = time[:count][::-1].copy()
    kind[:count] = kind[:count][::-1].copy()


@njit(nogil=True, cache=True)
def _pack(path, depth, bits):  # type: ignore[no-untyped-def]
    key = np.uint64(0)
    for level in range(depth):
        key |= np.uint64(path[level]) << np.uint64(level * bits)
    return key


@njit(nogil=True, cache=True)
def _begins(place, count, kind, session, which, backwards):  # type: ignore[no-untyped-def]
    """Whether a path begins at an entry."""
    if not kind[place] & _ANCHOR:
        return False
    if which == 0:
        return True
    # Turned round, the first of the unit is the last entry.
    step = -1 if (which == 1) != backwards else 1
    at = place + step
    while 0 <= at < count and session[at] == session[place]:
        if kind[at] & _ANCHOR:
            return False
        at += step
    return True
