"""A funnel's definition in words."""

from __future__ import annotations

from ga4_analytics.analyses.scope import Scope, words_of
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.filters import in_words
from ga4_analytics.questions.funnel import FunnelSpec, Rules

_OURS = (
    "Entries lie inside the days; events after the last day still complete them.",
    "Events of the same microsecond and batch are taken in the funnel's favour;"
    " users_worst_order is what no other order falls below.",
    "Open: not converted, and the window of the last entry passes the last complete moment;"
    " else dropped.",
)
_UNIT = {
    "user": "One row a user: the attempt that goes furthest, among those the earliest.",
    "session": "One row a session, its events alone: the attempt that goes furthest, among those"
    " the earliest.",
    "attempt": "Every entry is an attempt of its own; attempts of a user may share later events.",
}
_ORDER = {
    "ordered": "Steps in order; other events may come between; one event serves one step.",
    "strict": "Steps one right after the other, with no other event that counts between; one"
    " event serves one step.",
    "any": "Steps in any order: step n means any n of them; one event serves one step.",
}
_RULES: dict[Rules, tuple[str, ...]] = {
    "amplitude": (
        "Rules of Amplitude: times to the second; events of one second count in either order;"
        " the attempt that goes furthest, then the earliest; events after the days still count.",
    ),
    "mixpanel": (
        "Rules of Mixpanel: only the first entry inside the days counts; each step by its"
        " earliest event, up to 2 seconds early; events after the days still count.",
    ),
    "posthog": (
        "Rules of PostHog: the latest entry wins; events outside the days do not count; events"
        " of one microsecond are taken in the order of the steps.",
    ),
    "ga4": (
        "Rules of GA4, assumed where Google says nothing: the earliest entry (assumed), each"
        " step within the window of the step before, events outside the days do not count"
        " (assumed).",
    ),
    "growthbook": (
        "Rules of GrowthBook: the first entry, then the earliest later event of each step,"
        " within the window of the required step before; an event at the same microsecond is"
        " not later (assumed); events after the days still count (assumed); every entry is"
        " taken for an exposure.",
    ),
    "clickhouse": (
        "Rules of ClickHouse's windowFunnel by default: events of one microsecond count in turn"
        " and one event can fill several steps; events outside the days do not count.",
    ),
    "openpanel": (
        "Rules of OpenPanel: windowFunnel with strict_increase: each step strictly later than"
        " the one before; events outside the days do not count.",
    ),
    "mitzu": (
        "Rules of Mitzu: each step strictly later than the one before; events after the days"
        " still count.",
    ),
    "umami": (
        "Rules of Umami: the window runs from the step before; one event can fill several"
        " steps; events outside the days do not count.",
    ),
}


def definition_of(index: Index, question: FunnelSpec, scope: Scope) -> tuple[str, ...]:
    """What a funnel counts, in sentences."""
    steps = ", then ".join(each.shown for each in question.steps)
    sentences = [*words_of(index, question.query, scope), f"Steps: {steps}."]
    sentences += [
        f"Step {number}: only where {in_words(each.where)}."
        for number, each in enumerate(question.steps, start=1)
        if each.where is not None
    ]
    window = question.window_seconds
    if question.rules != "ours":
        limit = f"Window {window:,} seconds, inclusive." if window else "No window."
        return (*sentences, *_RULES[question.rules], limit)
    sentences += [_ORDER[question.order], _UNIT[question.counting], *_times(question)]
    sentences += [_exclusion(question, place) for place in range(len(question.exclusions))]
    if question.optional:
        names = ", ".join(str(step) for step in question.optional)
        sentences.append(
            f"Optional: {names}; such a step counts those who did it after the required steps"
            " before it, and later steps do not need it."
        )
    if question.query.by:
        sentences.append(_breakdown(question))
    return (*sentences, *_OURS)


def _times(question: FunnelSpec) -> list[str]:
    window, step_window = question.window_seconds, question.step_window_seconds
    sentences = [
        f"Every step within {window:,} seconds of the entry, inclusive."
        if window
        else "No limit on the time from the entry."
    ]
    if step_window:
        sentences.append(f"Each step within {step_window:,} seconds of the one before.")
    if question.least_seconds:
        sentences.append(f"Each step at least {question.least_seconds:,} seconds after it.")
    return sentences


def _exclusion(question: FunnelSpec, place: int) -> str:
    each = question.exclusions[place]
    before = each.before or len(question.steps)
    where = f", where {in_words(each.event.where)}," if each.event.where else ""
    return (
        f"{each.event.shown}{where} after step {each.after} and before step {before} ends an"
        " attempt, which keeps what it has reached."
    )


def _breakdown(question: FunnelSpec) -> str:
    names = " and ".join(question.query.by)
    how = {
        "first": "the attempt's first event that has a value",
        "last": "the attempt's last event that has a value",
        "step": f"its event of step {question.attribution_step}; without one, no value",
        "all": "all of its events: each group's funnel is made of its events alone, and a user"
        " may be in several",
    }[question.attribution]
    return f"Broken down by {names} of {how}."
