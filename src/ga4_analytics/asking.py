"""Asking from Python: a method for each kind of question, each giving an `Answer`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ga4_analytics.analyses.ask import ask, spec_from
from ga4_analytics.index.reader import Index
from ga4_analytics.publish.live import live_folder, open_published
from ga4_analytics.publish.saved_segments import read_segment
from ga4_analytics.questions import build, build_more
from ga4_analytics.questions.churn import COUNTED, ChurnQuestion
from ga4_analytics.render.answer import Answer
from ga4_analytics.settings import Settings, load_settings

if TYPE_CHECKING:
    from ga4_analytics.questions.churn import ChurnResult
    from ga4_analytics.questions.comparison import SegmentsResult
    from ga4_analytics.questions.experiment import ExperimentResult, ExperimentSpec
    from ga4_analytics.questions.experiment_plan import ExperimentPlanResult
    from ga4_analytics.questions.funnel import FunnelComparison, FunnelResult, FunnelSpec
    from ga4_analytics.questions.lifecycle import LifecycleResult
    from ga4_analytics.questions.paths import PathsResult
    from ga4_analytics.questions.retention import RetentionResult
    from ga4_analytics.questions.revenue import RevenueResult
    from ga4_analytics.questions.segments import UserSegment
    from ga4_analytics.questions.sessions import GapSessionsResult
    from ga4_analytics.questions.stickiness import StickinessResult
    from ga4_analytics.questions.trends import TrendsResult
    from ga4_analytics.questions.user import UserResult


class Asker:
    """Whatever has an index can be asked.

    Every method takes its own arguments as the function of the same name in
    `ga4_analytics.questions.build` and, by name, ``start``, ``end``, ``where``, ``users``,
    ``by`` and ``top``. ``users`` may be the name of a saved segment.

    Raises:
        QuestionError: A question names what is not there, or a part cannot be read.
    """

    settings: Settings

    def index(self, dataset: str | None = None) -> Index:
        """Open the published event index of a property; the warehouse is not touched.

        Args:
            dataset: The property, where it is not that of the settings.

        Raises:
            StaleError: There is none, or its files are gone or of another format.
        """
        folder = live_folder(self.settings)
        return open_published(folder, dataset or self.settings.dataset, self.settings.state_dir)

    def saved_segment(self, name: str) -> UserSegment:
        """The segment saved under a name.

        Raises:
            QuestionError: There is none.
        """
        return read_segment(self.settings.workspace, name)

    def ask(self, spec: Any) -> Answer[Any]:
        """Answer a spec, or its JSON as a mapping.

        Args:
            spec: Any spec of `ga4_analytics.questions`, or its JSON with ``type``.
        """
        return Answer(ask(self.index(), spec_from(spec) if isinstance(spec, Mapping) else spec))

    def funnel(self, *steps: Any, **options: Any) -> Answer[FunnelResult]:
        """A funnel, as ``ws.funnel("session_start", "purchase", window="7d")``."""
        return self.ask(build.funnel(*steps, saved=self.saved_segment, **options))

    def trends(self, *series: Any, **options: Any) -> Answer[TrendsResult]:
        """Series over time, as ``ws.trends("users of purchase", granularity="week")``."""
        return self.ask(build.trends(*series, saved=self.saved_segment, **options))

    def retention(
        self, start_event: Any = "*", return_event: Any = "*", **options: Any
    ) -> Answer[RetentionResult]:
        """Who comes back, as ``ws.retention("first_visit", unit="week", periods=8)``."""
        given = build.retention(start_event, return_event, saved=self.saved_segment, **options)
        return self.ask(given)

    def lifecycle(self, event: Any = "*", **options: Any) -> Answer[LifecycleResult]:
        """New, returning, resurrecting and dormant users."""
        return self.ask(build.lifecycle(event, saved=self.saved_segment, **options))

    def stickiness(self, event: Any = "*", **options: Any) -> Answer[StickinessResult]:
        """On how many days, weeks or months users did something."""
        return self.ask(build.stickiness(event, saved=self.saved_segment, **options))

    def sessions(self, event: Any = "*", **options: Any) -> Answer[GapSessionsResult]:
        """Sessions told by gaps in time."""
        return self.ask(build.sessions(event, saved=self.saved_segment, **options))

    def paths(self, anchor: Any, **options: Any) -> Answer[PathsResult]:
        """What comes after or before, as ``ws.paths("session_start", depth=3)``."""
        return self.ask(build_more.paths(anchor, saved=self.saved_segment, **options))

    def revenue(self, **options: Any) -> Answer[RevenueResult]:
        """Orders, refunds, value of users, as ``ws.revenue(interval="month", periods=3)``."""
        return self.ask(build_more.revenue(saved=self.saved_segment, **options))

    def segments(self, *names: Any, **options: Any) -> Answer[SegmentsResult]:
        """Segments side by side: names of saved ones, or others as ``named={"new": WasNew()}``."""
        return self.ask(build_more.segments(*names, saved=self.saved_segment, **options))

    def churn(self, **options: Any) -> Answer[ChurnResult]:
        """How well can be told who will not come back, as ``ws.churn(horizon_days=14)``.

        ``counted`` is the key events and the steps of a purchase, unless it is given.
        """
        return self.ask(self.churn_question(**options))

    def churn_question(self, **options: Any) -> ChurnQuestion:
        """The question of `churn`."""
        counted = (*COUNTED, *self.settings.key_events)
        return build_more.churn(**({"counted": dict.fromkeys(counted)} | options))

    def user(self, key: str, **options: Any) -> Answer[UserResult]:
        """Everything that one user did."""
        return self.ask(build_more.user(key, saved=self.saved_segment, **options))

    def experiment(self, name: str | None = None, **options: Any) -> Answer[ExperimentResult]:
        """What an experiment says, as ``ws.experiment("express_checkout")``.

        Args:
            name: One that ``ga4.toml`` declares; None: what the options say.
            **options: As in `questions.build_experiment.experiment`; ``primary`` is a list of
                metrics. They go before what is declared.

        Raises:
            QuestionError: No experiment has the name, or a part cannot be read.
        """
        return self.ask(self.experiment_spec(name, **options))

    def experiment_spec(self, name: str | None = None, **options: Any) -> ExperimentSpec:
        """The spec that `experiment` asks."""
        from ga4_analytics.publish.experiments import experiment_spec

        return experiment_spec(self.settings, name, options, self.saved_segment)

    def experiment_plan(self, metric: Any, **options: Any) -> Answer[ExperimentPlanResult]:
        """What an experiment needs, as ``ws.experiment_plan("purchase", lift=0.1)``.

        Args:
            metric: What will decide, as in `experiment`.
            **options: As in `questions.build_experiment.plan`.

        Raises:
            QuestionError: A part cannot be read.
        """
        from ga4_analytics.questions.build_experiment import plan

        declared = {each.name: each for each in self.settings.metrics}
        return self.ask(plan(metric, declared=declared, saved=self.saved_segment, **options))

    def compare_rules(
        self, *steps: Any, rules: Sequence[str] = (), **options: Any
    ) -> Answer[FunnelComparison]:
        """One funnel under several rules, side by side.

        Args:
            *steps: As in `funnel`, or one funnel's spec.
            rules: Whose; none: ours and all peers that people compare with.
            **options: As in `funnel`.
        """
        from ga4_analytics.analyses.funnel import compare
        from ga4_analytics.questions.funnel import FunnelSpec

        spec = steps[0] if steps and isinstance(steps[0], FunnelSpec) else None
        spec = spec or build.funnel(*steps, saved=self.saved_segment, **options)
        return Answer(compare(self.index(), spec, build.rules_of(rules)))

    def funnel_users(self, spec: FunnelSpec, step: int, kind: Any = "reached") -> list[str]:
        """The users of a bar of a funnel.

        Args:
            spec: The funnel.
            step: The bar's number, from 1.
            kind: 'reached': all of the bar; 'dropped' or 'open': those who came no further.
        """
        from ga4_analytics.analyses.funnel import users_of

        return users_of(self.index(), spec, step, kind, limit=None)


@dataclass
class Published(Asker):
    """What a workspace published, for asking alone: it knows no warehouse.

    Attributes:
        settings: The workspace's settings.
    """

    settings: Settings

    @classmethod
    def open(cls, folder: Path, **flags: object) -> Published:
        """Open a folder with the settings of its ``ga4.toml``, the environment and flags.

        Raises:
            SettingsError: A setting is not valid.
        """
        return cls(load_settings(folder.resolve(), flags))
