"""Writes one export: reads, shapes, orders, cuts and accounts, and goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ga4_analytics.ahead import ahead
from ga4_analytics.exports import items as item_lists
from ga4_analytics.exports.layout import Layout
from ga4_analytics.exports.manifest import MANIFEST, manifest_of, warnings_of
from ga4_analytics.exports.packed import I64, Lines
from ga4_analytics.exports.parts import Account, Keys, write_parts
from ga4_analytics.exports.source import AT_ONCE, Chunk, Source
from ga4_analytics.exports.target import Kind, Rows, Target
from ga4_analytics.kernels import json_lines as kernel
from ga4_analytics.storage.atomic import write_text
from ga4_analytics.storage.checksums import sha256_file
from ga4_analytics.storage.resumable import resumable_folder

PROGRESS = "progress.json"
"""What an unfinished folder says of itself."""
FORMAT = 2
"""Changes with every change of what is written or of how days are put together, so that no
folder holds two forms."""
_USER_LINES = uuid.UUID("6f1b3bfa-4c5c-5c55-9a39-2b8f4a1f4a6e")
_BEFELL = {
    kernel.CUT: "text cut",
    kernel.RENAMED: "parameter renamed",
    kernel.AS_TEXT: "value as text",
}
_REFUSED = {
    kernel.LONG_KEY: "name of a parameter too long",
    kernel.TOO_MANY: "too many parameters",
}
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Laid:
    """A chunk of events, or all users, as lines.

    Attributes:
        events: How many events were read, about.
        lines: The lines, in the order in which they were read.
        keys: Their times and sums.
        order: Those that are written, in order.
        account: What was left out, changed and old among them.
    """

    events: int
    lines: Lines
    keys: Keys
    order: I64
    account: Account


@dataclass(frozen=True)
class Delivery:
    """One export on its way into a folder.

    Attributes:
        target: The format.
        source: What is read.
        stamp: Digest of the data's state; another one begins anew.
        now_us: The time by which events are old or of the future, microseconds UTC.
        words: What was asked, as JSON.
        progress: Told of events as they are read.
    """

    target: Target
    source: Source
    stamp: str
    now_us: int
    words: Mapping[str, Any]
    progress: Callable[[int], None] = lambda events: None

    def write(self, folder: Path) -> dict[str, Any]:
        """Fill a folder, whole or not at all.

        Args:
            folder: Where it shall be; an older one is replaced.

        Returns:
            The manifest, and ``warnings`` that go by the time.

        Raises:
            WarehouseError: The models are not there.
            OSError: A file cannot be written. What was written is kept beside the folder and
                the next try goes on from it.
        """
        source = self.source.narrowed()
        chunks = source.chunks()
        with resumable_folder(folder) as draft:
            done, account, now_us = self._taken_up(draft)
            self.progress(sum(chunk.events for chunk in chunks[:done]))
            for laid in ahead(
                lambda chunk: self._laid(source, chunk, now_us),
                chunks[done:],
                threads=AT_ONCE,
                most=AT_ONCE,
            ):
                self._events(draft, laid, account)
                done += 1
                self._keep(draft, done, account, now_us)
                self.progress(laid.events)
                del laid  # so that there are never three chunks of lines
            if self.source.request.with_users and done <= len(chunks):
                self._users(draft, source, account)
                self._keep(draft, len(chunks) + 1, account, now_us)
            content = manifest_of(self.target, self.source.request, self.words, account)
            text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
            write_text(draft / MANIFEST, text)
            (draft / PROGRESS).unlink()
        return content | {"warnings": warnings_of(self.target, account)}

    def _laid(self, source: Source, chunk: Chunk, now_us: int) -> Laid:
        """Read, lay out and order a chunk; another thread does so with another one."""
        kind = self.target.events
        found = source.items(chunk, item_lists.COLUMNS, item_lists.MOST)
        items = item_lists.Items(found, self.target.items, kind.bounds)
        rows = (
            Rows(batch, source.request, items.of(batch.column("event_id")))
            for batch in source.events(chunk)
        )
        laid, good = self._laid_out(kind, rows, chunk.events)
        self._count_ages(laid.keys.time.filter(pa.array(good)), laid.account, now_us)
        order = laid.keys.order()
        return replace(laid, order=order[good[order]])

    def _events(self, folder: Path, laid: Laid, account: Account) -> None:
        account.add(laid.account)
        self._written(folder, "events", self.target.events, laid, account)

    def _users(self, folder: Path, source: Source, account: Account) -> None:
        def rows() -> Iterator[Rows]:
            for batch in source.people():
                ids = pa.array(
                    [str(uuid.uuid5(_USER_LINES, each.as_py())) for each in batch["event_id"]],
                    pa.string(),
                )
                yield Rows(batch.append_column("line_id", ids), source.request)

        laid, _ = self._laid_out(self.target.users, rows())
        account.users_rejected = laid.account.rejected
        self._written(folder, "users", self.target.users, laid, account)

    def _written(self, folder: Path, name: str, kind: Kind, laid: Laid, account: Account) -> None:
        limits = self._limits(kind)
        write_parts(folder, name, laid.lines, laid.keys, laid.order, limits, account)

    def _laid_out(self, kind: Kind, given: Iterable[Rows], about: int = 0) -> tuple[Laid, Mask]:
        """Lay rows out as they come; give with them which of the lines the vendor takes."""
        lines, account = Lines(about), Account()
        layout = Layout.of(kind.members, kind.bounds)
        most = min(self._limits(kind)[1], kind.bounds.line_bytes)
        done = [self._batch(kind, layout, rows, most, lines, account) for rows in given]
        good = np.concatenate([mask for mask, _ in done] or [np.zeros(0, bool)])
        keys = Keys.joined([own for _, own in done])
        return Laid(about, lines, keys, np.flatnonzero(good), account), good

    def _limits(self, kind: Kind) -> tuple[int, int]:
        request = self.source.request
        return (
            min(request.max_rows or kind.part.rows, kind.part.rows),
            min(request.max_bytes or kind.part.bytes, kind.part.bytes),
        )

    def _batch(
        self,
        kind: Kind,
        layout: Layout,
        rows: Rows,
        most_bytes: int,
        lines: Lines,
        account: Account,
    ) -> tuple[Mask, Keys]:
        """Lay the rows out that can be sent; give which of the lines are good, and their keys."""
        shaped = kind.shape(rows)
        taken = np.ones(rows.batch.num_rows, bool)
        for reason, refused in shaped.refused.items():
            now = np.asarray(refused) & taken
            account.count(account.rejected, reason, int(now.sum()))
            taken &= ~now
        mask = pa.array(taken)
        columns = {name: shaped.columns[name].filter(mask) for name in layout.columns}
        first = len(lines.ends)
        marks = layout.write(columns, int(taken.sum()), lines)
        sizes = (lines.ends - lines.begins)[first:]
        good = self._judged(marks, sizes, most_bytes, account)
        for what, left in shaped.changed.items():
            account.count(account.changed, what, int(np.asarray(left)[taken][good].sum()))
        return good, _keys(rows, mask)

    def _judged(
        self, marks: NDArray[np.uint8], sizes: NDArray[np.int64], most_bytes: int, account: Account
    ) -> Mask:
        good = np.ones(len(marks), bool)
        for bit, reason in _REFUSED.items():
            now = ((marks & bit) != 0) & good
            account.count(account.rejected, reason, int(now.sum()))
            good &= ~now
        oversize = (sizes > most_bytes) & good
        account.count(account.rejected, "oversize", int(oversize.sum()))
        good &= ~oversize
        for bit, what in _BEFELL.items():
            account.count(account.changed, what, int((((marks & bit) != 0) & good).sum()))
        return good

    def _count_ages(self, times: pa.Array, account: Account, now_us: int) -> None:
        for number, rule in enumerate(self.target.ages):
            if rule.older_than is not None:
                meets = pc.less(times, now_us - rule.older_than * 1_000_000)
            else:
                meets = pc.greater(times, now_us + (rule.newer_than or 0) * 1_000_000)
            account.count(account.aged, str(number), pc.sum(meets).as_py() or 0)

    def _digest(self) -> str:
        asked = [FORMAT, self.target.name, self.stamp, self.words]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def _keep(self, folder: Path, done: int, account: Account, now_us: int) -> None:
        state = {"digest": self._digest(), "done": done, "now_us": now_us}
        write_text(folder / PROGRESS, json.dumps(state | {"account": account.to_dict()}))

    def _taken_up(self, folder: Path) -> tuple[int, Account, int]:
        """What an earlier try left that is still good: chunks done, and the account of them."""
        try:
            state = json.loads((folder / PROGRESS).read_text("utf-8"))
            account = Account.of(state["account"])
            is_ours = state["digest"] == self._digest() and all(
                sha256_file(folder / entry.file) == entry.sha256 for entry in account.files
            )
        except (OSError, ValueError, KeyError, TypeError):
            is_ours = False
        if not is_ours:
            _empty(folder, frozenset())
            return 0, Account(), self.now_us
        _empty(folder, frozenset({PROGRESS, *(entry.file for entry in account.files)}))
        return state["done"], account, state["now_us"]


def _keys(rows: Rows, mask: pa.Array) -> Keys:
    names = rows.batch.schema.names
    count = rows.batch.num_rows
    day = rows["event_date"] if "event_date" in names else pa.nulls(count, pa.date32())
    revenue = pc.fill_null(rows.revenue, 0) if "event_name" in names else pa.repeat(0, count)
    return Keys(
        day.filter(mask),
        rows["event_timestamp"].filter(mask),
        rows["event_id"].filter(mask),
        np.asarray(revenue.filter(mask)).astype(np.int64),
    )


def _empty(folder: Path, kept: frozenset[str]) -> None:
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
