"""A workspace that is open: settings, warehouse, clock, and the lock of whoever writes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from ga4_analytics.asking import Asker
from ga4_analytics.errors import BuildError, SettingsError
from ga4_analytics.progress import Progress, Silent
from ga4_analytics.settings import FILE_NAME, Settings, load_settings
from ga4_analytics.settings_file import settings_file
from ga4_analytics.storage.atomic import write_text
from ga4_analytics.storage.locks import exclusive
from ga4_analytics.warehouse import Warehouse, check_warehouse, open_warehouse

Clock = Callable[[], int]


def system_clock() -> int:
    """The time now, microseconds UTC."""
    return time.time_ns() // 1000


@dataclass
class Opened(Asker):
    """A folder with settings, and the warehouse that they name.

    Attributes:
        settings: Its settings.
        clock: Gives the time in microseconds UTC.
        progress: Where long work shows that it goes on.
    """

    settings: Settings
    clock: Clock = system_clock
    progress: Progress = field(default_factory=Silent)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Clock = system_clock,
        progress: Progress | None = None,
        **flags: object,
    ) -> Self:
        """Open a folder with the settings of its ``ga4.toml``, the environment and flags.

        Args:
            folder: The workspace; without a ``ga4.toml`` all settings have their defaults.
            clock: Gives the time.
            progress: Where to show progress.
            **flags: Settings that win over the file and the environment.

        Raises:
            SettingsError: A setting is not valid.
        """
        settings = load_settings(folder.resolve(), flags)
        check_warehouse(settings.warehouse)
        return cls(settings, clock, progress or Silent())

    @cached_property
    def warehouse(self) -> Warehouse:
        """Its warehouse; who only asks never needs one."""
        return open_warehouse(self.settings.warehouse, self.settings.workspace)

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        clock: Clock = system_clock,
        progress: Progress | None = None,
        **flags: object,
    ) -> Self:
        """Write a commented ``ga4.toml`` into a folder and open it.

        Raises:
            SettingsError: There is one already, or a setting is not valid.
        """
        if (folder / FILE_NAME).exists():
            raise SettingsError(
                f"{folder / FILE_NAME} is there already.",
                rule="init never overwrites settings.",
                remedy="Edit it, or choose another folder with --workspace.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        settings = load_settings(folder.resolve(), flags)
        write_text(folder / FILE_NAME, settings_file(settings))
        return cls.open(folder, clock=clock, progress=progress, **flags)

    def remember_zone(self, zone: str) -> None:
        """Write an inferred time zone into ``ga4.toml``, so that later loads are checked."""
        path = self.settings.workspace / FILE_NAME
        if path.is_file() and self.settings.timezone is None:
            text = path.read_text(encoding="utf-8")
            write_text(path, text.replace('timezone = "auto"', f'timezone = "{zone}"', 1))
        self.settings = replace(self.settings, timezone=zone)

    def close(self) -> None:
        """Let go of the warehouse, where it was used."""
        if "warehouse" in vars(self):
            self.warehouse.close()

    def _need_models(self) -> None:
        if not self.warehouse.relation_exists("analytics", "stg_ga4_events"):
            raise BuildError(
                f"The models are not built in {self.warehouse.describe()} yet.",
                rule="Exports are written from the models.",
                remedy="Run `ga4 build` first.",
            )

    @contextmanager
    def _locked(self, doing: str) -> Iterator[None]:
        started = datetime.fromtimestamp(self.clock() / 1e6, UTC).isoformat(timespec="seconds")
        with exclusive(self.settings.state_dir / "lock", doing, started):
            # What a killed process left; nobody else works here while the lock is held.
            for name in ("stage", "tmp"):
                shutil.rmtree(self.settings.state_dir / name, ignore_errors=True)
            yield
