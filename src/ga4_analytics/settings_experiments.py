"""Metrics and experiments that ``ga4.toml`` declares, as it says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from typing import Any, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True)
class MetricSetting:
    """A metric: the fields of `questions.experiment_parts.Metric`, events and amounts as text.

    Attributes:
        name: Its name, unique.
        kind: 'conversion', 'mean', 'ratio', 'retention' or 'funnel'.
        event: The event of a conversion or retention.
        of: The amount of a mean, and what stands above in a ratio.
        per: What stands below in a ratio.
        steps: The steps of a funnel.
        days: Days after the exposure's that count as a return, as ``7-13``.
        window: How long each unit is followed, as ``7d``.
        winsorise: Share of units whose amount stays as it is.
        covariate_days: Days before the exposure of which the covariate is taken.
        covariate: An amount; empty: the same.
        higher_is_better: Whether more of it is good.
    """

    name: str
    kind: str = "conversion"
    event: str = "*"
    of: str = ""
    per: str = ""
    steps: tuple[str, ...] = ()
    days: str = ""
    window: str = ""
    winsorise: float = 1.0
    covariate_days: int = 0
    covariate: str = ""
    higher_is_better: bool = True


@dataclass(frozen=True)
class GuardrailSetting:
    """A metric that must not get worse.

    Attributes:
        metric: The metric's name, or an event.
        margin: Relative change for the worse that is just not acceptable.
    """

    metric: str
    margin: float = 0.0


@dataclass(frozen=True)
class ExperimentSetting:
    """An experiment: the arguments of ``ws.experiment``.

    Attributes:
        name: Its name, unique.
        primary: Names of metrics, or events, that decide.
        secondary: Further ones.
        guardrails: Those that must not get worse.
        exposure: The event that exposes; ``*`` for any.
        variant: The column that names the variant.
        file: In its place: a CSV with a unit and its variant in each line, from the workspace.
        simulate: In its place: the salt of a simulated split.
        control: The control; empty: the variant called control, else the first by name.
        split: Variants and the shares meant, as ``{control = 50, treatment = 50}``.
        start: First day of exposures.
        end: Last day of exposures.
        where: What must be true of every event that counts.
        segment: Only the users of a saved segment.
        by: Columns by which the effect is told apart.
        window: How long each unit is followed, as ``14d``.
        confidence: One minus the level.
        method: 'fixed', 'always_valid', 'obrien_fleming' or 'pocock'.
        planned_units: Units in all that were planned.
        look: Which of the planned looks this is.
        looks: How many looks were planned.
    """

    name: str
    primary: tuple[str, ...]
    secondary: tuple[str, ...] = ()
    guardrails: tuple[GuardrailSetting, ...] = ()
    exposure: str = "*"
    variant: str = ""
    file: str = ""
    simulate: str = ""
    control: str = ""
    split: tuple[tuple[str, float], ...] = ()
    start: date | None = None
    end: date | None = None
    where: str = ""
    segment: str = ""
    by: tuple[str, ...] = ()
    window: str = ""
    confidence: float = 0.95
    method: str = "fixed"
    planned_units: int = 10_000
    look: int = 1
    looks: int = 1


def metrics_checked(value: object) -> tuple[MetricSetting, ...]:
    """Metrics as ``ga4.toml`` says them.

    Raises:
        ValueError: A rule is broken; the message says which.

    >>> metrics_checked([{"name": "revenue", "kind": "mean", "of": "revenue"}])[0].of
    'revenue'
    """
    return _all(MetricSetting, value, {})


def experiments_checked(value: object) -> tuple[ExperimentSetting, ...]:
    """Experiments as ``ga4.toml`` says them.

    Raises:
        ValueError: A rule is broken; the message says which.

    >>> given = {"name": "header", "primary": ["purchase"], "split": {"a": 1, "b": 3}}
    >>> experiments_checked([given])[0].split
    (('a', 1.0), ('b', 3.0))
    """
    special = {"split": _split, "guardrails": lambda given: _all(GuardrailSetting, given, {})}
    return _all(ExperimentSetting, value, special)


def _all(kind: type[T], value: object, special: Mapping[str, Any]) -> tuple[T, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("It is a list of tables.")
    found = tuple(each if isinstance(each, kind) else _one(kind, each, special) for each in value)
    names = [str(getattr(each, "name", getattr(each, "metric", ""))) for each in found]
    if len(set(names)) < len(names):
        raise ValueError("Two share a name.")
    return found


def _one(kind: type[T], value: object, special: Mapping[str, Any]) -> T:
    if not isinstance(value, Mapping):
        raise ValueError("Each is a table.")
    known = {each.name: each for each in fields(cast(Any, kind))}
    extra = sorted(set(value) - set(known))
    if extra:
        raise ValueError(f"Unknown: {', '.join(extra)}; there are {', '.join(known)}.")
    lacking = [
        each.name for each in known.values() if each.default is MISSING and each.name not in value
    ]
    if lacking:
        raise ValueError(f"There is no {lacking[0]}.")
    made = {name: special.get(name, _value(known[name]))(given) for name, given in value.items()}
    return kind(**made)


def _value(about: Any) -> Any:
    """What reads a field's value by its type."""
    kind = str(about.type)

    def read(given: object) -> object:
        if kind == "tuple[str, ...]" and isinstance(given, str):
            return (given,)
        if kind == "tuple[str, ...]" and isinstance(given, (list, tuple)):
            return tuple(read_text(each) for each in given)
        if kind == "date | None":
            return given if isinstance(given, date) else date.fromisoformat(str(given))
        wanted: Any = {"str": str, "bool": bool, "int": int, "float": (int, float)}.get(kind, ())
        if not isinstance(given, wanted) or (isinstance(given, bool) and kind != "bool"):
            raise ValueError(f"{about.name} = {given!r} is not {kind.split('[')[0]}.")
        return float(cast(float, given)) if kind == "float" else given

    def read_text(given: object) -> str:
        if not isinstance(given, str) or not given:
            raise ValueError(f"{about.name} holds {given!r}, which is no text.")
        return given

    return read


def _split(given: object) -> tuple[tuple[str, float], ...]:
    if isinstance(given, (list, tuple)) and all(isinstance(each, str) for each in given):
        return tuple((str(each), 1.0) for each in given)
    pairs = given.items() if isinstance(given, Mapping) else ()
    if not pairs or any(isinstance(w, bool) or not isinstance(w, (int, float)) for _, w in pairs):
        raise ValueError("split is variants with weights, as {control = 50, treatment = 50}.")
    return tuple((str(name), float(weight)) for name, weight in pairs)
