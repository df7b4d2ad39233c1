"""Which data a request reads: one published snapshot, from its first look to its last."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ga4_analytics.analyses.catalogue import ColumnFacts, EventFacts, columns_of, events_of
from ga4_analytics.analyses.names import nearest
from ga4_analytics.asking import Asker
from ga4_analytics.errors import QuestionError, StaleError
from ga4_analytics.index.reader import Index
from ga4_analytics.publish.live import live_folder, open_published, snapshot_status
from ga4_analytics.settings import Settings

_TRIES = 5


@dataclass(frozen=True)
class Reader(Asker):
    """A property in one snapshot; what is published meanwhile does not change it.

    Attributes:
        settings: The workspace's settings.
        opened: Its index.
        folder: The snapshot's folder.
        status: What the snapshot says of itself.
    """

    settings: Settings
    opened: Index
    folder: Path
    status: dict[str, Any]

    def index(self, dataset: str | None = None) -> Index:
        """The index that was opened."""
        return self.opened

    @property
    def snapshot(self) -> str:
        """The snapshot's name."""
        return self.opened.snapshot

    @cached_property
    def events(self) -> list[EventFacts]:
        """The events of all days, the commonest first."""
        return events_of(self.opened) if self.opened.calendar.days else []

    @cached_property
    def columns(self) -> list[ColumnFacts]:
        """The columns, without their values."""
        return columns_of(self.opened, 0)

    @property
    def facts(self) -> dict[str, Any]:
        """What the status says of the property."""
        return next(
            each for each in self.status["datasets"] if each["dataset"] == self.opened.dataset
        )


class Library:
    """Opens what is published, and keeps it open until something newer is.

    Args:
        settings: The workspace's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, str], Reader] = OrderedDict()

    def reader(self, dataset: str | None = None) -> Reader:
        """The live snapshot of a property.

        Args:
            dataset: The property, where it is not that of the settings.

        Raises:
            StaleError: Nothing was published, or nothing of the property of the settings.
            QuestionError: Nothing of the named property is published.
        """
        name = dataset or self.settings.dataset
        if dataset:
            self._check_there(dataset)
        for left in reversed(range(_TRIES)):
            folder = live_folder(self.settings)
            try:
                return self._reader(folder, name)
            except (StaleError, json.JSONDecodeError, OSError):
                # Somebody published between our looks: the name that we read is gone.
                if not left or live_folder(self.settings) == folder:
                    raise
        raise AssertionError

    def _check_there(self, dataset: str) -> None:
        there = snapshot_status(live_folder(self.settings))["indexes"]
        if dataset not in there:
            raise QuestionError(
                f"dataset: no property {dataset!r} is published.",
                rule=f"There are {', '.join(sorted(there))}.",
                remedy=nearest(dataset, there),
            )

    def _reader(self, folder: Path, dataset: str) -> Reader:
        key = (folder.name, dataset)
        with self._lock:
            if key not in self._open:
                index = open_published(folder, dataset, self.settings.state_dir)
                self._open[key] = Reader(self.settings, index, folder, snapshot_status(folder))
                others = [old for old in self._open if old[0] != folder.name]
                for old in others:  # who still reads an old one holds it himself
                    del self._open[old]
            return self._open[key]
