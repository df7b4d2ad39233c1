"""What an exported line of JSON looks like: its members, and what they may hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ga4_analytics.exports.packed import I64, SLICE_ROWS, U8, Lines, packed
from ga4_analytics.kernels import json_lines as kernel

ANY = 1 << 40
"""No limit."""
DEEPEST = 40
"""How deep a nested value may be where the target names no limit of its own."""


@dataclass(frozen=True)
class Text:
    """A member whose value is the text of a column; none where that is null."""

    key: str
    column: str


@dataclass(frozen=True)
class Raw:
    """A member whose value is a column that holds JSON: numbers, booleans, lists."""

    key: str
    column: str


@dataclass(frozen=True)
class Word:
    """A member that is the same on every line, or on those where a column has a value."""

    key: str
    value: object
    column: str = ""


@dataclass(frozen=True)
class Members:
    """All members of a column that holds a JSON object, but those that are null."""

    column: str


@dataclass(frozen=True)
class Object:
    """A member that is an object.

    Attributes:
        key: Its name.
        inside: Its members.
        stays: Whether it is written where it is empty, too.
    """

    key: str
    inside: tuple[Member, ...]
    stays: bool = False


Member = Text | Raw | Word | Members | Object


@dataclass(frozen=True)
class Bounds:
    """What a target takes within one line.

    Attributes:
        line_bytes: Bytes of a line, its line feed included.
        text: Characters of a text; longer ones are cut there.
        key: Bytes of a member's name; a line with a longer one is rejected.
        members: Members of one object; a line with more is rejected.
        depth: How deep a parameter may nest; 0: scalars alone. Deeper ones become text, and
            at 0 true and false as well.
        reserved: Names that parameters may not have; ``x*`` means all that begin so. They get
            ``param_`` in front.
    """

    line_bytes: int
    text: int = ANY
    key: int = ANY
    members: int = ANY
    depth: int = DEEPEST
    reserved: tuple[str, ...] = ()


OURS = ("ga4_*", "param_*")
"""Names that are always reserved: what we add, and what is renamed, must stand once."""


@dataclass(frozen=True)
class Layout:
    """Members as a kernel reads them.

    Attributes:
        columns: The columns that are needed, in the order of their numbers.
        bounds: What a line may hold.
    """

    columns: tuple[str, ...]
    bounds: Bounds
    _steps: I64 = field(repr=False)
    _heads: U8 = field(repr=False)

    @classmethod
    def of(cls, members: Sequence[Member], bounds: Bounds) -> Layout:
        """Prepare the members of a line.

        >>> layout = Layout.of([Text("event", "name"), Raw("n", "count")], Bounds(1000))
        >>> lines = Lines()
        >>> rows = {"name": pa.array(["a\\n", None]), "count": pa.array(["1", "2"])}
        >>> layout.write(rows, 2, lines).tolist(), bytes(lines.joined(np.arange(2)))
        ([0, 0], b'{"event":"a\\\\n","n":1}\\n{"n":2}\\n')
        """
        columns: list[str] = []
        heads = bytearray()
        steps: list[tuple[int, int, int, int]] = []
        _add(members, columns, heads, steps)
        return cls(
            tuple(columns),
            bounds,
            np.array(steps, np.int64).reshape(-1, 4),
            np.frombuffer(bytes(heads), np.uint8),
        )

    def write(self, rows: Mapping[str, pa.Array], count: int, lines: Lines) -> U8:
        """Write rows as lines.

        Args:
            rows: Text columns by name.
            count: How many rows there are.
            lines: Where they go.

        Returns:
            What befell each row, bits of `kernels.json_lines`.
        """
        own = self.bounds
        limits = np.array([own.text, own.key, own.members, own.depth], np.int64)
        names, places = _taken((*OURS, *own.reserved))
        head_room = len(self._heads) + 4 * len(self._steps) + 4
        marks = np.zeros(count, np.uint8)
        for first in range(0, count, SLICE_ROWS):
            size = min(SLICE_ROWS, count - first)
            given = packed([rows[name].slice(first, size) for name in self.columns], size)
            out, to = lines.room(6 * len(given.data) + size * head_room)
            ends = np.empty(size, np.int64)
            used = kernel.json_lines(
                self._steps, self._heads, given.data, given.starts, given.there, limits, names,
                places, out, to, ends, marks[first : first + size],
            )  # fmt: skip
            lines.add(ends, used)
        return marks


def _taken(names: Sequence[str]) -> tuple[U8, I64]:
    """Reserved names as a kernel reads them."""
    words = [name.removesuffix("*").encode() for name in names]
    ends = np.cumsum([len(word) for word in words])
    places = [
        (end - len(word), end, 0 if name.endswith("*") else 1)
        for name, word, end in zip(names, words, ends, strict=True)
    ]
    return np.frombuffer(b"".join(words), np.uint8), np.array(places, np.int64)


def _add(
    members: Sequence[Member],
    columns: list[str],
    heads: bytearray,
    steps: list[tuple[int, int, int, int]],
) -> None:
    for member in members:
        column = getattr(member, "column", "")
        if column and column not in columns:
            columns.append(column)
        place = columns.index(column) if column else -1
        start = len(heads)
        if not isinstance(member, Members):
            heads += json.dumps(member.key).encode() + b":"
        if isinstance(member, Word):
            heads += json.dumps(member.value).encode()
        if isinstance(member, Object):
            heads += b"{"
            kind = kernel.KEEP if member.stays else kernel.OPEN
        else:
            kind = _KINDS[type(member)]
        steps.append((kind, place, start, len(heads)))
        if isinstance(member, Object):
            _add(member.inside, columns, heads, steps)
            steps.append((kernel.CLOSE, -1, 0, 0))


_KINDS = {
    Text: kernel.TEXT,
    Raw: kernel.RAW,
    Word: kernel.WORD,
    Members: kernel.MEMBERS,
}
