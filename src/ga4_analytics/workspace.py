"""The one handle on a workspace: what the command line, a notebook and the tests use."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ga4_analytics.errors import BuildError
from ga4_analytics.opened import Opened
from ga4_analytics.render.answer import Answer

# What loads, builds and publishes is imported where it is used: a question waits for none of it.
if TYPE_CHECKING:
    from ga4_analytics.exports.base import ExportResult
    from ga4_analytics.exports.request import ExportRequest
    from ga4_analytics.ingest import LoadOptions, LoadResult
    from ga4_analytics.ingest.explain import Explained
    from ga4_analytics.ingest.forget import Person
    from ga4_analytics.ingest.history import Undone
    from ga4_analytics.publish.snapshot import Snapshot
    from ga4_analytics.publish.traces import Traces
    from ga4_analytics.questions.churn import ChurnQuestion, ChurnResult, ChurnScores
    from ga4_analytics.sources.mapping import ColumnOptions
    from ga4_analytics.transform import BuildResult
    from ga4_analytics.verify import Verification


class Workspace(Opened):
    """A folder with settings and the warehouse that they name, and all that can be done there."""

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
        from ga4_analytics.ingest import LoadOptions, load

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
        from ga4_analytics.ingest.archives import unpacking
        from ga4_analytics.ingest.explain import explain

        with self._locked("explain"), unpacking(self.settings.state_dir) as unpacked:
            return explain([str(path) for path in paths], columns, unpacked)

    def build(self, *, unit_tests: bool = False, fresh_index: bool = False) -> BuildResult:
        """Build and test the models and the event index, then publish them as one snapshot.

        Args:
            unit_tests: Whether dbt's own unit tests run too.
            fresh_index: Whether the index uses nothing of the one before.

        Raises:
            BuildError: Nothing is loaded, or a model or test failed; what was published stays.
        """
        from ga4_analytics.publish.indexes import build_indexes
        from ga4_analytics.publish.snapshot import publish
        from ga4_analytics.transform import build_models

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
            with self.progress.phase("Indexing", None, "rows") as advance:
                indexes = build_indexes(self.warehouse, self.settings, advance, fresh=fresh_index)
            with self.progress.phase("Publishing", None, "marts") as advance:
                now = self.clock()
                publish(
                    self.warehouse, self.settings, now, lambda mart: advance(1), indexes,
                    self._judged,
                )  # fmt: skip
            return result

    def verify(self) -> list[Verification]:
        """Recount the published marts from the published index.

        Raises:
            StaleError: Nothing was published yet.
        """
        return self._compared(self.snapshot())

    def _compared(self, snapshot: Snapshot) -> list[Verification]:
        from ga4_analytics.verify import verify

        settings = self.settings
        with self.progress.phase("Verifying", None, "marts") as advance:
            return [
                verify(snapshot.table, snapshot.index(name, settings.state_dir), settings, advance)
                for name in snapshot.status["indexes"]
            ]

    def _judged(self, draft: Snapshot) -> list[dict[str, Any]]:
        found = self._compared(draft)
        for each in found:
            each.require()
        return [each.to_dict() for each in found]

    def loads(self, load_id: str | None = None) -> dict[str, Any]:
        """The ledger: every load, or all that is known of one.

        Args:
            load_id: A load, or enough of its first characters.

        Raises:
            LoadError: No load, or several, begin so.
        """
        from ga4_analytics.publish.loads import collect_loads

        self.warehouse.prepare()
        return collect_loads(self.warehouse, self.settings, load_id)

    def rejects(self, load_id: str | None = None, limit: int = 100) -> dict[str, Any]:
        """The records that could not be read, newest load first.

        Args:
            load_id: Only those of a load.
            limit: How many to give.
        """
        from ga4_analytics.publish.loads import collect_rejects

        self.warehouse.prepare()
        return collect_rejects(self.warehouse, self.settings, load_id, limit)

    def undo(self, load_id: str) -> Undone:
        """Put the days that a load wrote back to what they were before it.

        Args:
            load_id: The load, or enough of its first characters.

        Raises:
            LoadError: It cannot be taken back; the message says why.
        """
        from ga4_analytics.ingest.history import undo

        with self._locked("undo"):
            self.warehouse.prepare()
            return undo(load_id, self.warehouse, self.settings, *self._entry("undo"))

    def person(self, user: str) -> Person:
        """What there is of a person, by ``user_pseudo_id`` or ``user_id``."""
        from ga4_analytics.ingest.forget import find_person

        self.warehouse.prepare()
        return find_person(user, self.warehouse, self.settings.dataset)

    def forget(self, user: str) -> tuple[Person, Traces]:
        """Remove a person from everything that is loaded and built, and search for what is left.

        The models are built again, the snapshot before is dropped, outputs and report are
        written again where they were, and the warehouse's storage is rewritten.

        Returns:
            Who was removed, and what a search of every table and file found afterwards.

        Raises:
            Ga4Error: A step failed; run it again to complete the erasure.
        """
        from ga4_analytics.ingest.forget import forget
        from ga4_analytics.publish.traces import search

        with self._locked("forget"):
            person = self.person(user)
            forget(person, self.warehouse, self.settings, *self._entry("forget"))
        self._made_again()
        with self._locked("forget"):
            self.warehouse.compact()
            settings = self.settings
            own = [settings.state_dir, settings.outputs_dir, settings.reports_dir]
            if self.warehouse.engine == "duckdb":
                own.append(Path(self.warehouse.describe()))
            return person, search(person.ids, self.warehouse, own)

    def _made_again(self) -> None:
        """Make everything that was built from the warehouse anew, where it was there."""
        from ga4_analytics.publish.snapshot import drop_earlier

        if not self.warehouse.relation_exists("analytics", "stg_ga4_events"):
            return
        had_report = (self.settings.reports_dir / "findings.md").exists()
        had_outputs = self.settings.outputs_dir.exists()
        for folder in (self.settings.reports_dir, self.settings.outputs_dir):
            shutil.rmtree(folder, ignore_errors=True)
        # The dictionaries of the index before may hold what is to go.
        self.build(fresh_index=True)
        # dbt writes the command line, and with it the id, into its logs and results.
        shutil.rmtree(self.settings.state_dir / "dbt", ignore_errors=True)
        drop_earlier(self.settings)
        if had_outputs:
            self.export()
        if had_report:
            from ga4_analytics.publish.findings import write_findings  # loads matplotlib

            write_findings(self.snapshot(), self.settings)

    def _entry(self, what: str) -> tuple[int, str]:
        """The time now, and a name in the ledger for what is done."""
        now = self.clock()
        stamp = datetime.fromtimestamp(now / 1e6, UTC).strftime("%Y%m%dT%H%M%S%fZ")
        return now, f"{stamp}-{what}"

    def export(self) -> list[ExportResult]:
        """Write the exports to the workspace's ``outputs``.

        Raises:
            Ga4Error: The models are not built.
        """
        from ga4_analytics.exports.run import export_all

        with self._locked("export"):
            self._need_models()
            with self.progress.phase("Writing outputs", None, "rows") as advance:
                return export_all(self.warehouse, self.settings, advance)

    def export_to(self, request: ExportRequest, folder: Path) -> dict[str, Any]:
        """Write events as files that another tool's import takes.

        Args:
            request: Which events, and for which tool.
            folder: Where the files go; an older export there is replaced as a whole.

        Returns:
            The manifest, and ``warnings`` that go by the time.

        Raises:
            Ga4Error: The models are not built, the request names what is not there, or the
                folder holds something else.
            OSError: A file cannot be written; the next try goes on where this one stopped.
        """
        from ga4_analytics.exporting import deliver

        with self._locked("export"):
            self._need_models()
            given = (self.warehouse, self.settings, self.index)
            return deliver(request, folder, *given, self.clock(), self.progress)

    def export_csv(self, request: ExportRequest, target: Path) -> ExportResult:
        """Write events as the flat CSV of the outputs, for Amplitude or Heap.

        Args:
            request: Which events, and for which tool.
            target: The file; an older one is replaced when the new one is complete.

        Raises:
            Ga4Error: The models are not built, or the request names what is not there.
            OSError: The file cannot be written.
        """
        from ga4_analytics.exporting import deliver_csv

        with self._locked("export"):
            self._need_models()
            given = (self.warehouse, self.settings, self.index)
            return deliver_csv(request, target, *given, self.progress)

    def churn_train(
        self, question: ChurnQuestion | None = None, **options: Any
    ) -> Answer[ChurnResult]:
        """Train models of churn; keep the chosen one for `churn_score`, and write its card.

        Args:
            question: The question; None: that of the options, as `churn` takes them.

        Returns:
            How well churn can be told; of a refusal nothing is kept.
        """
        from ga4_analytics.churning import keep, train

        asked = question or self.churn_question(**options)
        trained = train(self.index(), asked, self.progress)
        if trained.fitted is not None:
            with self._locked("churn train"):
                keep(trained, self.settings)
        return Answer(trained.result)

    def churn_score(self, as_of: date | None = None) -> Answer[ChurnScores]:
        """Write the chance to churn of every user into ``results.churn_scores``.

        Args:
            as_of: The first day of which nothing is known; None: after the last complete day.

        Raises:
            Ga4Error: No model was trained, the published data are older than the warehouse, or
                SQL gives other features than the index; the scores are as they were.
        """
        from ga4_analytics.churning import score
        from ga4_analytics.publish.snapshot import check_current

        with self._locked("churn score"):
            check_current(self.snapshot(), self.warehouse, self.settings)
            given = (self.index(), self.warehouse, self.settings)
            return Answer(score(*given, as_of, self.clock(), self.progress))

    def churn_card(self) -> tuple[Answer[ChurnResult], Path]:
        """How well the kept model does, and its card, written again."""
        from ga4_analytics.churning import card

        result, path = card(self.settings)
        return Answer(result), path

    def snapshot(self) -> Snapshot:
        """The published snapshot.

        Raises:
            StaleError: Nothing was published yet.
        """
        from ga4_analytics.publish.snapshot import Snapshot

        return Snapshot.current(self.settings)

    def status(self) -> dict[str, Any]:
        """Datasets, days, rows, rejects, completeness and freshness, from the warehouse."""
        from ga4_analytics.publish.status import collect_status

        self.warehouse.prepare()
        return collect_status(self.warehouse, self.settings, self.clock())
