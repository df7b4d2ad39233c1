"""Specs of experiments from what people write: see `questions.build`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.experiment import ExperimentSpec
from ga4_analytics.questions.experiment_parts import (
    ANY_EVENT,
    Amount,
    Assignment,
    Exposure,
    Guardrail,
    Kind,
    ListedUnits,
    Members,
    Metric,
    SimulatedSplit,
    VariantShare,
)
from ga4_analytics.questions.experiment_plan import ExperimentPlan
from ga4_analytics.questions.written import (
    EventLike,
    a_query,
    an_event,
    kind_of,
    one_of,
    pairs,
)
from ga4_analytics.settings_experiments import (
    ExperimentSetting,
    GuardrailSetting,
    MetricSetting,
)

MetricLike = str | Metric | Mapping[str, Any] | MetricSetting
GuardrailLike = MetricLike | Guardrail
AmountLike = str | Amount | Mapping[str, Any] | None
SharesLike = str | Mapping[str, float] | Iterable[Any]
AssignmentLike = Mapping[str, Any] | None
_AMOUNT = re.compile(
    r"\s*(events|sessions|days|orders|revenue|sum\(([A-Za-z_][A-Za-z0-9_.]*)\))"
    r"(?:\s+of\s+(.+))?\s*",
    re.S,
)
_METRIC = re.compile(r"(mean|ratio|retention|funnel)\s*:\s*(.+)", re.S)


def experiment(
    *primary: MetricLike,
    name: str = "",
    secondary: Iterable[MetricLike] = (),
    guardrails: Iterable[GuardrailLike] = (),
    exposure: EventLike = "*",
    variant: str = "",
    units: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    simulate: str = "",
    control: str = "",
    split: SharesLike = (),
    window: str = "",
    confidence: float = 0.95,
    method: str = "fixed",
    planned_units: int = 10_000,
    look: int = 1,
    looks: int = 1,
    prior: tuple[float, float] = (1.0, 1.0),
    declared: Mapping[str, MetricSetting] | None = None,
    **query: Any,
) -> ExperimentSpec:
    """An experiment.

    Args:
        *primary: The metrics that decide: names of declared ones, events (``purchase``: who
            did it), ``mean:revenue``, ``ratio:revenue / orders``, ``retention:7-13``,
            ``funnel:add_to_cart, purchase``, JSON, or the metric itself.
        name: The experiment's name.
        secondary: Further metrics.
        guardrails: Those that must not get worse: ``page_view@0.02`` for at most 2 %.
        exposure: The event that exposes.
        variant: The column of the index that names the variant; by default experiment_variant.
        units: In its place: the variant of each unit, by its user key.
        simulate: In its place: the salt of a simulated split.
        control: The control.
        split: Variants and the shares meant, as ``control=50,treatment=50``.
        window: How long after its exposure each unit is followed, as ``14d``.
        confidence: One minus the level.
        method: 'fixed', 'always_valid', 'obrien_fleming' or 'pocock'.
        planned_units: Units in all that were planned.
        look: Which of the planned looks this is.
        looks: How many looks were planned.
        prior: Parameters of the beta prior.
        declared: Metrics by name, as ``ga4.toml`` declares them.
        **query: Days of the exposures, events, users and breakdown.

    Raises:
        QuestionError: A part cannot be read.

    >>> made = experiment("purchase", "mean:revenue", variant="variant_id", by="country")
    >>> [metric.name for metric in made.primary], made.assignment.variant
    (['purchase', 'revenue'], 'variant_id')
    """
    known = declared or {}
    return ExperimentSpec(
        assignment=_assignment(exposure, variant, units, simulate),
        primary=tuple(a_metric(each, known) for each in primary),
        name=name,
        control=control,
        variants=shares(split),
        secondary=tuple(a_metric(each, known) for each in secondary),
        guardrails=tuple(a_guardrail(each, known) for each in guardrails),
        query=a_query(**query),
        window=window,
        confidence=one_of(float, confidence, "confidence"),
        method=one_of(kind_of(ExperimentSpec, "method"), method, "method"),
        planned_units=one_of(int, planned_units, "planned_units"),
        look=one_of(int, look, "look"),
        looks=one_of(int, looks, "looks"),
        prior=one_of(tuple[float, float], prior, "prior"),
    )


def from_setting(
    setting: ExperimentSetting, declared: Mapping[str, MetricSetting], **changes: Any
) -> ExperimentSpec:
    """An experiment that ``ga4.toml`` declares.

    Args:
        setting: The experiment.
        declared: The metrics that are declared, by name.
        **changes: Arguments of `experiment` that go before what is declared; None: none.
    """
    given: dict[str, Any] = {
        each.name: getattr(setting, each.name)
        for each in fields(setting)
        if each.name not in ("primary", "file", "segment", "where")
    }
    given |= {"users": setting.segment or None, "where": setting.where or None}
    given |= {name: value for name, value in changes.items() if value not in (None, (), "")}
    primary = given.pop("primary", setting.primary)
    return experiment(*primary, declared=declared, **given)


def plan(
    metric: MetricLike,
    *,
    exposure: EventLike = "*",
    lift: float | None = None,
    units: int | None = None,
    window: str = "",
    power: float = 0.8,
    confidence: float = 0.95,
    variants: int = 2,
    treatment_share: float = 1.0,
    splits: int = 200,
    seed: int = 0,
    declared: Mapping[str, MetricSetting] | None = None,
    **query: Any,
) -> ExperimentPlan:
    """What an experiment needs, from past data.

    Args:
        metric: What will decide, as in `experiment`.
        exposure: What will expose.
        lift: The smallest relative change worth finding; None asks for it.
        units: Units of the control; None asks for them.
        window: How long each unit will be followed, as ``14d``.
        power: The chance to find it.
        confidence: One minus the level.
        variants: How many, the control among them.
        treatment_share: Units of each treatment for each of the control.
        splits: Random splits of the A/A check.
        seed: Their seed.
        declared: Metrics by name, as ``ga4.toml`` declares them.
        **query: Past days, events and users.

    Raises:
        QuestionError: A part cannot be read.

    >>> plan("purchase", lift=0.1, window="14d").metric.name
    'purchase'
    """
    return ExperimentPlan(
        metric=a_metric(metric, declared or {}),
        event=an_event(exposure, "exposure"),
        lift=one_of(kind_of(ExperimentPlan, "lift"), lift, "lift"),
        units=one_of(kind_of(ExperimentPlan, "units"), units, "units"),
        query=a_query(**query),
        window=window,
        power=one_of(float, power, "power"),
        confidence=one_of(float, confidence, "confidence"),
        variants=one_of(int, variants, "variants"),
        treatment_share=one_of(float, treatment_share, "treatment_share"),
        splits=one_of(int, splits, "splits"),
        seed=one_of(int, seed, "seed"),
    )


def _assignment(
    exposure: EventLike,
    variant: str,
    units: Mapping[str, str] | Iterable[tuple[str, str]] | None,
    simulate: str,
) -> Assignment:
    event = an_event(exposure, "exposure")
    if (bool(variant) + (units is not None) + bool(simulate)) > 1:
        raise QuestionError(
            "variant, units, simulate: more than one says who is in which variant.",
            rule="A column, a list of units or a simulated split says it.",
            remedy="Give one of them.",
        )
    if simulate:
        return SimulatedSplit(simulate, event)
    if units is None:
        return Exposure(event, variant or Exposure().variant)
    members: dict[str, list[str]] = {}
    for unit, name in units.items() if isinstance(units, Mapping) else units:
        members.setdefault(name, []).append(unit)
    listed = tuple(Members(name, tuple(members[name])) for name in sorted(members))
    return ListedUnits(listed, event)


def a_metric(given: MetricLike, declared: Mapping[str, MetricSetting]) -> Metric:
    """A metric.

    Args:
        given: See `experiment`.
        declared: Those that ``ga4.toml`` declares, by name.

    Raises:
        QuestionError: It cannot be read.

    >>> a_metric("ratio: revenue / orders", {}).per.measure
    'orders'
    >>> a_metric("funnel: add_to_cart, purchase", {}).name
    'add_to_cart then purchase'
    """
    if isinstance(given, Metric):
        return given
    if isinstance(given, MetricSetting):
        return _declared(given)
    if isinstance(given, Mapping):
        return decode(Metric, given, "metric")
    if given in declared:
        return _declared(declared[given])
    match = _METRIC.fullmatch(given.strip())
    if match is None:
        event = an_event(given, "metric")
        return Metric(_name(given), event=event)
    kind, rest = match[1], match[2].strip()
    if kind == "mean":
        return Metric(rest, "mean", of=an_amount(rest))
    if kind == "retention":
        return Metric(f"back on days {rest}", "retention", days=_days(rest))
    if kind == "funnel":
        steps = tuple(an_event(part, "metric") for part in _parts(rest))
        return Metric(" then ".join(_parts(rest)), "funnel", steps=steps)
    above, sign, below = rest.partition(" / ")
    if not sign:
        raise _unread(given, "a ratio is two amounts with ' / ' between")
    return Metric(rest, "ratio", of=an_amount(above), per=an_amount(below))


def an_amount(given: AmountLike, field: str = "of") -> Amount | None:
    """What is added up for each unit, or None.

    >>> an_amount("sum(engagement_msec) of page_view").column, an_amount("")
    ('engagement_msec', None)
    """
    if given is None or isinstance(given, Amount):
        return given
    if isinstance(given, Mapping):
        return decode(Amount, given, field)
    if not given.strip():
        return None
    match = _AMOUNT.fullmatch(given)
    if match is None:
        raise _unread(given, "an amount is events, sessions, days, orders, revenue or sum(COLUMN), "
                             "with 'of EVENT' behind it where it needs one")  # fmt: skip
    event = an_event(match[3], field) if match[3] else ANY_EVENT
    measure = "sum" if match[2] else match[1]
    return Amount(measure, event, match[2])  # type: ignore[arg-type]


def a_guardrail(given: GuardrailLike, declared: Mapping[str, MetricSetting]) -> Guardrail:
    """A guardrail, as ``page_view@0.02``.

    >>> a_guardrail("page_view@0.02", {}).margin
    0.02
    """
    if isinstance(given, Guardrail):
        return given
    if isinstance(given, GuardrailSetting):
        return Guardrail(a_metric(given.metric, declared), given.margin)
    if isinstance(given, str):
        match = re.fullmatch(r"(.+)@([0-9.]+)", given.strip(), re.S)
        if match:
            margin = one_of(float, _number(match[2], given), "margin")
            return Guardrail(a_metric(match[1], declared), margin)
    return Guardrail(a_metric(given, declared))


def shares(given: SharesLike) -> tuple[VariantShare, ...]:
    """Variants and the shares that they were meant to get.

    >>> [share.weight for share in shares("control=50, blue=25, green=25")]
    [50.0, 25.0, 25.0]
    """
    if isinstance(given, Mapping):
        given = list(given.items())
    if isinstance(given, str):
        parts = [part.rpartition("=") for part in given.split(",") if part.strip()]
        given = [(n.strip(), _number(w, given)) if n else (w.strip(), 1.0) for n, _, w in parts]
    return tuple(
        each if isinstance(each, VariantShare)
        else VariantShare(each) if isinstance(each, str)
        else VariantShare(str(each[0]), float(each[1]))
        for each in given
    )  # fmt: skip


def _declared(setting: MetricSetting) -> Metric:
    place = f"metric {setting.name}"
    return Metric(
        name=setting.name,
        kind=one_of(Kind, setting.kind, f"{place}.kind"),
        event=an_event(setting.event, f"{place}.event"),
        of=an_amount(setting.of, f"{place}.of"),
        per=an_amount(setting.per, f"{place}.per"),
        steps=tuple(an_event(step, f"{place}.steps") for step in setting.steps),
        days=_days(setting.days) if setting.days else None,
        window=setting.window,
        winsorise=setting.winsorise,
        covariate_days=setting.covariate_days,
        covariate=an_amount(setting.covariate, f"{place}.covariate"),
        higher_is_better=setting.higher_is_better,
    )


def _name(text: str) -> str:
    """An event's own text as a metric's name."""
    return "any event" if text.strip() == "*" else text.strip()


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip()]


def _days(text: str) -> tuple[int, int]:
    found = pairs(text, "days")
    if len(found) != 1:
        raise _unread(text, "a return is on one range of days")
    return found[0]


def _number(text: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _unread(whole, f"{text!r} is not a number") from None


def _unread(text: str, problem: str) -> QuestionError:
    return QuestionError(
        f"{text!r} cannot be read: {problem}.",
        rule="A metric is the name of a declared one, an event, mean:AMOUNT, ratio:AMOUNT / "
        "AMOUNT, retention:DAYS or funnel:EVENT,EVENT.",
        remedy="See docs/experiments.md.",
    )
