"""The one handle on a workspace: what the command line, a notebook and the tests use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ga4_analytics.errors import BuildError, SettingsError
from ga4_analytics.exports.base import ExportResult
from ga4_analytics.exports.run import export_all
from ga4_analytics.ingest import LoadOptions, LoadResult, load
from ga4_analytics.ingest.archives import unpacking
from ga4_analytics.ingest.explain import Explained, explain
from ga4_analytics.progress import Progress, Silent
from ga4_analytics.publish.snapshot import Snapshot, publish
from ga4_analytics.publish.status import collect_status
from ga4_analytics.settings import FILE_NAME, Settings, load_settings
from ga4_analytics.settings_file import settings_file
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.storage.atomic import write_text
from ga4_analytics.storage.locks import exclusive
from ga4_analytics.transform import BuildResult, build_models
from ga4_analytics.warehouse import Warehouse, open_warehouse

Clock = Callable[[], int]


def system_clock() -> int:
    """The time now, microseconds UTC."""
    return time.time_ns() // 1000


@dataclass
class Workspace:
    """A folder with settings, and the warehouse that they name.

    Attributes:
        settings: Its settings.
        warehouse: Its warehouse.
        clock: Gives the time in microseconds UTC.
        progress: Where long work shows that it goes on.
    """

    settings: Settings
    warehouse: Warehouse
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
    ) -> Workspace:
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
        warehouse = open_warehouse(settings.warehouse, settings.workspace)
        return cls(settings, warehouse, clock, progress or Silent())

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        clock: Clock = system_clock,
        progress: Progress | None = None,
        **flags: object,
    ) -> Workspace:
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

    def load(
        self,
        paths: Sequence[str | Path],
        options: LoadOptions | None = None,
        *,
        dataset: str | None = None,
        **changes: Any,
    ) -> LoadResult:
        """Load files, whole days at a time, all or nothing.

        Args:
            paths: Files, folders and patterns.
            options: How to load them.
            dataset: The property, where it is not that of the settings.
            **changes: Fields of `LoadOptions` by name.

        Raises:
            Ga4Error: The load was refused; the days are as they were.
        """
        settings = replace(self.settings, dataset=dataset) if dataset else self.settings
        with self._locked("load"):
            self.warehouse.prepare()
            return load(
                [str(path) for path in paths],
                self.warehouse,
                settings,
                replace(options or LoadOptions(), **changes),
                clock=self.clock,
                progress=self.progress,
            )

    def explain(self, paths: Sequence[str | Path], columns: ColumnOptions) -> list[Explained]:
        """Say what a load would make of files; nothing is loaded.

        Args:
            paths: Files, folders and patterns.
            columns: What is said of their columns.

        Raises:
            SourceError: One or more files are nothing that we read.
        """
        with self._locked("explain"), unpacking(self.settings.state_dir) as unpacked:
            return explain([str(path) for path in paths], columns, unpacked)

    def build(self, *, unit_tests: bool = False) -> BuildResult:
        """Build and test the models, then publish them as one snapshot.

        Args:
            unit_tests: Whether dbt's own unit tests run too.

        Raises:
            BuildError: Nothing is loaded, or a model or test failed; what was published stays.
        """
        with self._locked("build"):
            self.warehouse.prepare()
            if not self.warehouse.query("select 1 as one from raw.ga4_days limit 1").num_rows:
                raise BuildError(
                    f"Nothing is loaded into {self.warehouse.describe()} yet.",
                    rule="Models are built from loaded days.",
                    remedy="Run `ga4 load PATH` first, or `ga4 run PATH` for everything.",
                )
            result = build_models(
                self.warehouse, self.settings, progress=self.progress, unit_tests=unit_tests
            )
            with self.progress.phase("Publishing", None, "marts") as advance:
                publish(self.warehouse, self.settings, self.clock(), lambda mart: advance(1))
            return result

    def export(self) -> list[ExportResult]:
        """Write the exports to the workspace's ``outputs``.

        Raises:
            Ga4Error: The models are not built.
        """
        with self._locked("export"):
            self._need_models()
            with self.progress.phase("Writing outputs", None, "rows") as advance:
                return export_all(self.warehouse, self.settings, advance)

    def snapshot(self) -> Snapshot:
        """The published snapshot.

        Raises:
            StaleError: Nothing was published yet.
        """
        return Snapshot.current(self.settings)

    def status(self) -> dict[str, Any]:
        """Datasets, days, rows, rejects, completeness and freshness, from the warehouse."""
        self.warehouse.prepare()
        return collect_status(self.warehouse, self.settings, self.clock())

    def remember_zone(self, zone: str) -> None:
        """Write an inferred time zone into ``ga4.toml``, so that later loads are checked."""
        path = self.settings.workspace / FILE_NAME
        if path.is_file() and self.settings.timezone is None:
            text = path.read_text(encoding="utf-8")
            write_text(path, text.replace('timezone = "auto"', f'timezone = "{zone}"', 1))
        self.settings = replace(self.settings, timezone=zone)

    def close(self) -> None:
        """Let go of the warehouse."""
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
            yield
