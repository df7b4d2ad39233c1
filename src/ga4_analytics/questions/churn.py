"""Who will not come back: what is asked, and how well models answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ga4_analytics.questions.results import Result
from ga4_analytics.stats.calibration import Calibration
from ga4_analytics.stats.proportions import Proportion
from ga4_analytics.stats.ranking import AtShare

Model = Literal["recency", "logistic", "hist_gradient_boosting", "xgboost"]
Target = Literal["rarer", "churn", "return"]
COUNTED = ("page_view", "view_item", "add_to_cart", "begin_checkout", "purchase")


@dataclass(frozen=True)
class ChurnQuestion:
    """How well can be told, on a day, who does nothing in a later stretch of days.

    A cutoff is the first day of which nothing may be known. Features look at the window before
    it, the label at the horizon after the gap: ``| window | gap | horizon |``.

    Attributes:
        active: Events that make a user active; none: any event.
        counted: Events whose number is a feature each.
        window_days: Days before the cutoff that features look at.
        gap_days: Days after it that count neither way: late rows arrive in them.
        horizon_days: Days after the gap; a user who is active on none of them has churned.
        step_days: Days from one cutoff to the next.
        test_cutoffs: How many of the last cutoffs judge the models.
        least_active_days: Active days in the window that make a user one of the population.
        target: What is looked for: 'churn', 'return', or the rarer of both in training.
        models: Which models to hold against the recency rule; none: all that are installed.
        leave_out: Features not to use.
        shares: Shares of users, as a campaign reaches them, for precision, recall and lift.
        resamples: How often users are drawn again for an interval.
        confidence: Coverage of intervals, in [0.5, 1).
        seed: Where chance comes from.
    """

    active: tuple[str, ...] = ()
    counted: tuple[str, ...] = COUNTED
    window_days: int = 28
    gap_days: int = 3
    horizon_days: int = 14
    step_days: int = 7
    test_cutoffs: int = 2
    least_active_days: int = 2
    target: Target = "rarer"
    models: tuple[Model, ...] = ()
    leave_out: tuple[str, ...] = ()
    shares: tuple[float, ...] = (0.05, 0.1, 0.2)
    resamples: int = 400
    confidence: float = 0.95
    seed: int = 7


@dataclass(frozen=True)
class Cutoff:
    """A cutoff and who was there.

    Attributes:
        day: The first day of which features know nothing.
        role: Whether its users train models, judge them, or neither.
        users: Population; None where the cutoff was not used.
        churned: Those of them who churned.
        why: Why it was not used.
    """

    day: date
    role: Literal["train", "test", "unused"]
    users: int | None = None
    churned: int | None = None
    why: str | None = None


@dataclass(frozen=True)
class Fold:
    """The rows that train, or that judge; a row is a user at a cutoff.

    Attributes:
        rows: How many there are.
        users: Distinct users.
        churned: Churners among the rows, with Wilson's interval.
    """

    rows: int
    users: int
    churned: Proportion | None


@dataclass(frozen=True)
class Bounded:
    """A number with its interval by bootstrap over users; bounds None where it has none."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class AtCutoff:
    """A model at one test cutoff.

    Attributes:
        day: The cutoff.
        base_rate: Share of what is looked for.
        pr_auc: Average precision; None without a hit.
    """

    day: date
    base_rate: float
    pr_auc: float | None


@dataclass(frozen=True)
class NewUsers:
    """A model among test rows whose users are in no training row.

    Attributes:
        rows: How many these are.
        base_rate: Share of what is looked for among them.
        pr_auc: Average precision; None without a hit.
    """

    rows: int
    base_rate: float
    pr_auc: float | None


@dataclass(frozen=True)
class ModelScore:
    """How well a model does on the test cutoffs.

    Attributes:
        model: Which.
        pr_auc: Average precision of what is looked for; the base rate is what luck gives.
        roc_auc: Chance that one who is looked for stands above one who is not.
        gain: Average precision less the recency rule's, drawn together; None for the rule.
        beats_recency: Whether the lower bound of the gain is above 0; None for the rule.
        at: What choosing the top share of users finds.
        brier: Mean square error of the chance.
        log_loss: Mean surprise, nats.
        calibration: Whether chances come true.
        by_cutoff: The same by test cutoff.
        new_users: The same among users whom training never saw; None where there are none.
        curve: Recall and precision for drawing.
    """

    model: Model
    pr_auc: Bounded
    roc_auc: Bounded
    gain: Bounded | None
    beats_recency: bool | None
    at: tuple[AtShare, ...]
    brier: float
    log_loss: float
    calibration: Calibration
    by_cutoff: tuple[AtCutoff, ...]
    new_users: NewUsers | None
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Importance:
    """How much average precision a model loses on test rows when a feature is shuffled.

    Attributes:
        feature: Which.
        drop: Mean loss over shuffles; features that tell the same share or hide it.
        spread: Standard deviation over shuffles.
    """

    feature: str
    drop: float
    spread: float


@dataclass(frozen=True)
class FeatureFacts:
    """A feature that was used.

    Attributes:
        name: Its name, in SQL as well.
        words: What it is.
        roc_auc: Of it alone on test rows, whichever way it points; None for categories.
        is_suspect: Whether that is above 0.95, which a leak would explain.
    """

    name: str
    words: str
    roc_auc: float | None
    is_suspect: bool


@dataclass(frozen=True)
class LeftOut:
    """A feature or model that was not used, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Library:
    """A library that made the models."""

    name: str
    version: str


@dataclass(frozen=True)
class ChurnResult(Result):
    """How well churn can be told.

    Attributes:
        verdict: What follows, in a sentence.
        refusal: Why no model was made, with the numbers; None where one was.
        target: What is looked for.
        train: The training rows.
        test: The test rows.
        base_rate: Share of test rows that are looked for.
        cutoffs: All cutoffs in order.
        features: What models know.
        left_out: Features and models that are not there, and why.
        models: The models, the recency rule first.
        chosen: The model that scores users.
        importances: Of the chosen model's features, the largest first; of the recency rule none.
        data_hash: SHA-256 of all rows that trained and judged, with labels.
        model_id: Name of the chosen model: a digest of its content.
        libraries: What made it.
    """

    spec: ChurnQuestion
    verdict: str
    refusal: str | None
    target: Literal["churn", "return"]
    train: Fold | None
    test: Fold | None
    base_rate: float | None
    cutoffs: tuple[Cutoff, ...]
    features: tuple[FeatureFacts, ...]
    left_out: tuple[LeftOut, ...]
    models: tuple[ModelScore, ...]
    chosen: Model | None
    importances: tuple[Importance, ...]
    data_hash: str | None
    model_id: str | None
    libraries: tuple[Library, ...]

    def model(self, name: str) -> ModelScore:
        """The score of a model.

        Raises:
            KeyError: It was not tried.
        """
        for each in self.models:
            if each.model == name:
                return each
        raise KeyError(name)

    def records(self) -> list[dict[str, Any]]:
        """A row a model."""
        return [self._record(each) for each in self.models]

    def _record(self, each: ModelScore) -> dict[str, Any]:
        row: dict[str, Any] = {"model": each.model, "base_rate": self.base_rate}
        pairs = (("pr_auc", each.pr_auc), ("roc_auc", each.roc_auc), ("gain", each.gain))
        for name, bounded in pairs:
            row |= {
                name: bounded.value if bounded else None,
                f"{name}_low": bounded.low if bounded else None,
                f"{name}_high": bounded.high if bounded else None,
            }
        for at in each.at:
            end = f"_at_{100 * at.share:g}"
            row |= {f"precision{end}": at.precision, f"recall{end}": at.recall,
                    f"lift{end}": at.lift}  # fmt: skip
        return row | {
            "brier": each.brier,
            "log_loss": each.log_loss,
            "calibration_error": each.calibration.error,
            "calibration_slope": each.calibration.slope,
            "calibration_intercept": each.calibration.intercept,
            "is_chosen": each.model == self.chosen,
        }


@dataclass(frozen=True)
class Decile:
    """A tenth of the users in order of their chance.

    Attributes:
        decile: From 1, the likeliest to churn.
        users: How many.
        low: Lowest chance to churn among them.
        mean: Mean chance.
        high: Highest chance.
    """

    decile: int
    users: int
    low: float
    mean: float
    high: float


@dataclass(frozen=True)
class ChurnScores:
    """Chances of a day, as they were written to ``results.churn_scores``.

    Attributes:
        dataset: The property.
        as_of: The first day of which nothing is known: users are scored on the window before.
        model_id: The model.
        model: Its kind.
        window_days: Days that it looks at.
        gap_days: Days after them that count neither way.
        horizon_days: Days that the chance is of.
        users: How many users were scored.
        checked: How many users' features the warehouse's SQL gave alike; all of them.
        deciles: Their chances.
    """

    dataset: str
    as_of: date
    model_id: str
    model: Model
    window_days: int
    gap_days: int
    horizon_days: int
    users: int
    checked: int
    deciles: tuple[Decile, ...]

    def records(self) -> list[dict[str, Any]]:
        """A row a decile."""
        return [
            {"as_of": self.as_of, "model_id": self.model_id, "decile": each.decile,
             "users": each.users, "low": each.low, "mean": each.mean, "high": each.high}
            for each in self.deciles
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The answer as what JSON holds."""
        from ga4_analytics.questions.codec import encode

        content: dict[str, Any] = encode(self)
        return content
