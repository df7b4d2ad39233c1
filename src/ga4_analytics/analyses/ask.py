"""Any question: from its JSON to its spec, and from its spec to its answer."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from ga4_analytics.errors import QuestionError
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.codec import decode, type_name
from ga4_analytics.questions.results import Result

KINDS = {
    "funnel": ("funnel", "FunnelSpec"),
    "trends": ("trends", "Trends"),
    "retention": ("retention", "Retention"),
    "lifecycle": ("lifecycle", "Lifecycle"),
    "stickiness": ("stickiness", "Stickiness"),
    "sessions": ("sessions", "GapSessions"),
    "paths": ("paths", "PathsQuestion"),
    "revenue": ("revenue", "RevenueQuestion"),
    "segments": ("comparison", "SegmentsQuestion"),
    "user": ("user", "UserQuestion"),
    "churn": ("churn", "ChurnQuestion"),
    "experiment": ("experiment", "ExperimentSpec"),
    "experiment_plan": ("experiment_plan", "ExperimentPlan"),
}
"""Each topic, which is a module of `analyses`; its module of `questions` and its spec there."""


def ask(index: Index, spec: Any, *, threads: int | None = None) -> Result:
    """Answer a question.

    Args:
        index: The events.
        spec: What is asked: any spec of `questions`.
        threads: How many processors to use; None: all.

    Raises:
        QuestionError: It is no spec, or it asks for what cannot be answered.
    """
    topic = topic_of(spec)
    # Only this topic's kernels are loaded: others would cost a new process their time.
    analysis = import_module(f"ga4_analytics.analyses.{topic}")
    return cast(Result, analysis.answer(index, spec, threads=threads))


def topic_of(spec: Any) -> str:
    """Which topic a spec is of.

    Raises:
        QuestionError: It is no spec.

    >>> from ga4_analytics.questions.lifecycle import Lifecycle
    >>> topic_of(Lifecycle())
    'lifecycle'
    """
    for topic, (_, name) in KINDS.items():
        if type(spec).__name__ == name:
            return topic
    raise QuestionError(
        f"spec: {type(spec).__name__} is not a question.",
        rule=f"There are {', '.join(name for _, name in KINDS.values())}.",
        remedy="Make one with a function of ga4_analytics.questions.build.",
    )


def spec_from(data: Mapping[str, Any], topic: str | None = None) -> Any:
    """A spec from its JSON.

    Args:
        data: The fields of the spec; ``type`` says which it is, as ``funnel_spec`` or
            ``funnel``.
        topic: What it must be, or is where it does not say.

    Raises:
        QuestionError: The type is not known or another, or a field is wrong.

    >>> spec_from({"type": "lifecycle", "unit": "week"}).unit
    'week'
    """
    given = data.get("type", topic)
    known = {type_name(type(name, (), {})): each for each, (_, name) in KINDS.items()}
    found = known.get(str(given), str(given) if str(given) in KINDS else None)
    if found is None or (topic is not None and found != topic):
        raise QuestionError(
            f"type: {given!r} is not {topic or 'a question'}.",
            rule=f"The type is one of {', '.join(KINDS) if topic is None else topic}.",
            remedy="Mend type.",
        )
    return decode(spec_class(found), {key: data[key] for key in data if key != "type"})


def spec_class(topic: str) -> type[Any]:
    """The spec of a topic.

    >>> spec_class("lifecycle").__name__
    'Lifecycle'
    """
    module, name = KINDS[topic]
    return cast("type[Any]", getattr(import_module(f"ga4_analytics.questions.{module}"), name))
