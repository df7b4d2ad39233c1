"""Who was there on which days: from user-days where any event counts, else from rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ga4_analytics.analyses.buckets import Buckets
from ga4_analytics.analyses.groups import Grouping, Groups
from ga4_analytics.analyses.masks import Bits, Masks
from ga4_analytics.analyses.parts import PART_ROWS, Part, parts
from ga4_analytics.index.columns import NO_NUMBER
from ga4_analytics.index.layout import MASKED_NAMES, U8, DayFlag, Segment
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels import bitmaps, matched
from ga4_analytics.questions.filters import EventSelector, Filter

Array = NDArray[Any]


def fixed(array: Array) -> Array:
    """The array, which can no longer be written: so are those of files, and kernels are
    compiled for them alone."""
    array.setflags(write=False)
    return array


NONE_64 = fixed(np.zeros(0, np.int64))
NONE_32 = fixed(np.zeros(0, np.uint32))
NONE_8 = fixed(np.zeros(0, np.uint8))


@dataclass(frozen=True)
class Whos:
    """Users, or users within a group, and their distinct slots; see `kernels.matched`.

    Attributes:
        offsets: Offsets into ``days``.
        days: Days, or hours, ascending within a who.
        first: First who.
        end: Who after the last.
        chosen: 1 for each who counts; length 0: all.
        group: The group of each; length 0: all have group 0.
        user: The user of each; length 0: who n is user n + ``shift``.
        shift: See ``user``.
        extra: What each day has besides: the group or the sum of its rows; or length 0.
        flags: `DayFlag` bits of each day; length 0: they stand elsewhere.
    """

    offsets: Array
    days: Array
    first: int
    end: int
    chosen: U8
    group: Array = field(default_factory=lambda: NONE_64)
    user: Array = field(default_factory=lambda: NONE_64)
    shift: int = 0
    extra: Array = field(default_factory=lambda: NONE_64)
    flags: U8 = field(default_factory=lambda: NONE_8)


def user_days(part: Part) -> Whos:
    """All days of the users of a part."""
    segment = part.segment
    return Whos(
        segment.user_day, segment.day, part.first_user, part.end_user, part.chosen,
        flags=segment.day_flags,
    )  # fmt: skip


def is_any(event: EventSelector, where: Filter | None) -> bool:
    """Whether every row counts, so that user-days answer."""
    return not event.names and event.where is None and where is None


def wanted_names(masks: Masks, place: int) -> np.uint32:
    """The bits of `Segment.user_names` of which a user has one who has such an event."""
    codes = np.flatnonzero(masks.names & np.uint64(1 << place)).tolist()
    bits = 0
    for code in codes:
        bits |= 1 << min(max(code - 1, 0), MASKED_NAMES)
    return np.uint32(bits)


@dataclass(frozen=True)
class View:
    """A part as a question sees it; what is worked out for each row is made once, if at all.

    Attributes:
        part: The part.
        masks: The question's selectors.
        grouping: Its breakdown; None: none.
        buckets: Its stretches of time.
    """

    part: Part
    masks: Masks
    grouping: Grouping | None
    buckets: Buckets

    @property
    def base(self) -> int:
        """Number of the first loaded day."""
        return self.buckets.base

    @property
    def days(self) -> int:
        """How many days there are from the first to the last loaded one."""
        return len(self.buckets.table)

    @cached_property
    def bucket(self) -> Array:
        """The bucket of each row, -1 where it does not count."""
        if self.buckets.hours is None:
            return self.slots(self.buckets.table)
        return self.hours(self.buckets.table, self.buckets.hours)

    def origin_base(self, whos: Whos) -> int:
        """What to take from a who's user, or from its place, to find its `origins`."""
        return self.part.first_user - (0 if len(whos.user) else whos.shift)

    @cached_property
    def bits(self) -> Bits:
        """Selector bits of the rows."""
        return self.masks.rows(self.part.segment, self.part.first_row, self.part.end_row)

    def words(self, place: int) -> Bits:
        """Which rows meet a selector, as `kernels.bitmaps` has it."""
        part = self.part
        return self.masks.words(part.segment, part.first_row, part.end_row, place)

    @cached_property
    def group(self) -> Groups | None:
        """Group of each row."""
        if self.grouping is None:
            return None
        return self.grouping.rows(self.part.segment, self.part.first_row, self.part.end_row)

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return 1 if self.grouping is None else len(self.grouping.labels)

    @property
    def rows(self) -> int:
        """How many rows the part has."""
        return self.part.end_row - self.part.first_row

    def slots(self, table: Array) -> Array:
        """The bucket of each row by its day, -1 for users who do not count.

        Args:
            table: int32 bucket by day, from ``base``.
        """
        part, segment = self.part, self.part.segment
        out = np.empty(self.rows, np.int32)
        matched.slots_by_day(
            segment.user_row, segment.user_run, segment.run_row, segment.run_day, part.chosen,
            part.first_user, part.end_user, table, self.base, out,
        )  # fmt: skip
        return out

    def hours(self, table: Array, bounds: Array) -> Array:
        """The hour of each row, -1 where it does not count or has no time of its own."""
        part, segment = self.part, self.part.segment
        out = self.slots(table)
        matched.slots_by_time(
            segment.user_row, part.first_user, part.end_user, segment.time_us, segment.flags,
            bounds, out,
        )  # fmt: skip
        return out

    def on_days(self, place: int, values: Array | None = None, first_group: bool = False) -> Whos:
        """Users and the days on which they have an event of a selector.

        Args:
            place: The selector's place.
            values: int64 of each row of the segment to sum a day; None: none.
            first_group: Whether each day gets the group of its first such event.
        """
        if values is None and not (first_group and self.grouping) and _is_in_order(self.part):
            return self._days_met(place)
        part, segment = self.part, self.part.segment
        users, most = part.end_user - part.first_user, _runs(part)
        group = NONE_32 if self.group is None or not first_group else self.group
        values = NONE_64 if values is None else values
        offsets, days = np.empty(users + 1, np.uint32), np.empty(most, np.uint16)
        extra = np.empty(most if len(group) or len(values) else 0, np.int64)
        matched.matched_days(
            segment.user_row, segment.user_run, segment.run_row, segment.run_day,
            segment.user_names, wanted_names(self.masks, place), part.chosen, part.first_user,
            part.end_user, self.bits, np.uint64(1 << place), group, values, NO_NUMBER, offsets,
            days, extra,
        )  # fmt: skip
        return Whos(
            fixed(offsets), fixed(days), 0, users, NONE_8, shift=part.first_user,
            extra=fixed(extra),
        )  # fmt: skip

    def _days_met(self, place: int) -> Whos:
        part, segment = self.part, self.part.segment
        users, most = part.end_user - part.first_user, _runs(part)
        offsets, days = np.empty(users + 1, np.uint32), np.empty(most, np.uint16)
        bitmaps.days_met(
            segment.user_row, segment.user_run, segment.run_row, segment.run_day, part.chosen,
            part.first_user, part.end_user, self.words(place), np.empty(most + 1, np.uint32),
            offsets, days,
        )  # fmt: skip
        return Whos(fixed(offsets), fixed(days), 0, users, NONE_8, shift=part.first_user)

    def in_groups(self, place: int, slot: Array, slots: int, shift: int = 0) -> Whos:
        """Users within groups, and the slots in which they have an event of a selector.

        Args:
            place: The selector's place.
            slot: Slot of each row, or -1.
            slots: How many slots there are.
            shift: What is added to each slot.
        """
        part, rows = self.part, self.rows
        group = np.zeros(rows, np.uint32) if self.group is None else self.group
        user, of = np.empty(rows, np.int64), np.empty(rows, np.int64)
        offsets, found = np.empty(rows + 1, np.uint32), np.empty(rows, np.int32)
        pairs = matched.matched_pairs(
            part.segment.user_row, part.first_user, part.end_user, slot, slots, self.bits,
            np.uint64(1 << place), group, np.zeros(self.groups * slots, np.int64),
            np.empty(rows, np.int64), user, of, offsets, found,
        )  # fmt: skip
        days = found[: offsets[pairs]]
        days = days if self.buckets.hours is not None else (days + shift).astype(np.uint16)
        return Whos(
            fixed(offsets[: pairs + 1]), fixed(days), 0, pairs, NONE_8, fixed(of[:pairs]),
            fixed(user[:pairs]),
        )  # fmt: skip

    def whos(self, place: int, any_event: bool) -> Whos:
        """Users, within groups where there are some, and the days of a selector's events.

        Args:
            place: The selector's place.
            any_event: Whether every event counts.
        """
        if self.grouping is not None:
            identity = np.arange(self.days, dtype=np.int32)
            return self.in_groups(place, self.slots(identity), self.days, self.base)
        return user_days(self.part) if any_event else self.on_days(place)

    def flagged(self, whos: Whos, need: U8) -> Whos:
        """The days of whos on which their user has a flag that the day asks for.

        Args:
            whos: Whos and days.
            need: Flags by day, from ``base``.
        """
        segment = self.part.segment
        first = int(whos.offsets[whos.first])
        count = int(whos.offsets[whos.end]) - first
        offsets, days = np.empty(whos.end - whos.first + 1, np.uint32), np.empty(count, np.uint16)
        kept = matched.keep_flagged(
            whos.offsets, whos.days, whos.first, whos.end, whos.user, whos.shift,
            segment.user_day, segment.day, segment.day_flags, need, self.base, offsets, days,
        )  # fmt: skip
        whos_chosen = whos.chosen[whos.first : whos.end]
        return Whos(
            fixed(offsets), fixed(days[:kept]), 0, whos.end - whos.first, whos_chosen, whos.group,
            whos.user, whos.shift + whos.first,
        )  # fmt: skip

    def origins(self, first_us: int) -> Array:
        """The day on which each user of the part is new, or -1 for who was there before.

        Args:
            first_us: First microsecond of the first loaded day.
        """
        part, segment = self.part, self.part.segment
        out = np.empty(part.end_user - part.first_user, np.int32)
        matched.origins(
            segment.user_day, segment.day, segment.day_flags, np.uint8(DayFlag.FIRST_VISIT),
            segment.user_touch_us, first_us, NO_NUMBER, part.first_user, part.end_user, out,
        )  # fmt: skip
        return fixed(out)


def _runs(part: Part) -> int:
    """How many day runs the users of a part have."""
    run = part.segment.user_run
    return int(run[part.end_user]) - int(run[part.first_user])


def _is_in_order(part: Part) -> bool:
    """Whether no day of a user comes back after the next began: at the end of summer time at
    midnight it does."""
    segment, users = part.segment, (part.first_user, part.end_user)
    first_run, end_run = (int(segment.user_run[u]) for u in users)
    first_day, end_day = (int(segment.user_day[u]) for u in users)
    return np.array_equal(segment.run_day[first_run:end_run], segment.day[first_day:end_day])


def user_parts(index: Index, chosen: Sequence[U8], rows: int = PART_ROWS) -> list[Part]:
    """The users of an index in parts: at least one part, if need be without users."""
    found = parts(index.segments, chosen, rows)
    if found:
        return found
    segment = _without_users(index)
    return [Part(segment, segment.alive, 0, 0)]


def day_parts(index: Index, chosen: Sequence[U8]) -> list[Part]:
    """The users of an index in parts of which only the days of some selectors are asked.

    Args:
        index: The index.
        chosen: 1 for each user who counts, for each segment.
    """
    # Nothing is written for each row: there need not be many parts for two threads.
    return user_parts(index, chosen, min(max(PART_ROWS, index.rows // 16), 4 * PART_ROWS))


def _without_users(index: Index) -> Segment:
    """A segment of nobody and nothing, with all columns."""
    eights = ("flags", "day_flags", "session_flags", "name", "visit_session")
    kinds: dict[str, type[np.generic]] = dict.fromkeys(eights, np.uint8)
    kinds |= {
        "day": np.uint16,
        "run_day": np.uint16,
        "time_us": np.int64,
        "user_touch_us": np.int64,
    }
    nothing: dict[str, Any] = {
        each.name: np.zeros(int(each.name.startswith("user_")), kinds.get(each.name, np.uint32))
        for each in fields(Segment)
        if each.name not in ("keys", "columns", "offsets", "alive")
    }
    for array in nothing.values():
        array.setflags(write=False)
    columns = {spec.name: np.zeros(0, np.int64) for spec in index.specs}
    offsets = {spec.name: np.zeros(1, np.uint32) for spec in index.specs if spec.kind == "texts"}
    return Segment(
        keys=pa.nulls(0, pa.string()), alive=np.zeros(0, np.uint8), columns=columns,
        offsets=offsets, **nothing,
    )  # fmt: skip


def need_of(index: Index, days: int) -> U8:
    """The flag that tells who was active, by day; 0 where the day's files cannot tell."""
    need = np.zeros(days, np.uint8)
    from_rule = {"exported": DayFlag.MARKED_ACTIVE, "proxy": DayFlag.PROXY_ACTIVE}
    for facts in index.calendar.days:
        if facts.active_rule is not None:
            need[(facts.day - index.calendar.days[0].day).days] = from_rule[facts.active_rule]
    return need


def summed(pieces: Sequence[Sequence[Array]]) -> tuple[Array, ...]:
    """Add up what parts gave, place by place."""
    return tuple(np.sum(np.stack(same), axis=0) for same in zip(*pieces, strict=True))
