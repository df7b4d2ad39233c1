"""A question in the words that make it: the inverse of `questions.build`.

The same words are the arguments of a method in Python, the options of a command and the
parameters of an address. What has no words is said as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions import build, build_more
from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.filters import AllOf, Condition, EventSelector, Filter
from ga4_analytics.questions.funnel import Exclusion
from ga4_analytics.questions.trends import Before, Series
from ga4_analytics.questions.written import Saved

Said = Any
"""A text, a whole number, a number, True, or a tuple of texts."""


@dataclass(frozen=True)
class Word:
    """An argument of a question.

    Attributes:
        argument: Its name in Python.
        flag: The option of the command, which without hyphens is also the parameter of an
            address; empty where the command has it in its place.
        kind: 'text', 'whole', 'number', 'flag' or 'texts' (several).
        field: Which field of the spec it is.
        say: Makes it from the field's value.
        parameter: The parameter of an address, where it is not that of the flag.
    """

    argument: str
    flag: str
    kind: str
    field: str
    say: Callable[[Any], Said] = lambda value: value
    parameter: str = ""

    @property
    def name(self) -> str:
        """The parameter of an address."""
        return self.parameter or self.flag.lstrip("-").replace("-", "_")


@dataclass(frozen=True)
class Topic:
    """How a kind of question is said.

    Attributes:
        make: The function of `questions.build`.
        places: Arguments that stand in their places.
        words: Those that go by name.
        many: Whether the one place takes several.
    """

    make: Callable[..., Any]
    places: tuple[Word, ...]
    words: tuple[Word, ...]
    many: bool = False


def span_text(seconds: int | None) -> str:
    """A length of time as `questions.query.seconds` reads it.

    >>> span_text(604800), span_text(5400), span_text(None)
    ('7d', '90m', 'none')
    """
    if seconds is None:
        return "none"
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    return next(f"{seconds // size}{unit}" for unit, size in units if seconds % size == 0)


_SIGNS = {
    "is": "=", "is_not": "!=", "contains": "~", "not_contains": "!~", "matches": "=~",
    "not_matches": "!=~", "above": ">", "at_least": ">=", "below": "<", "at_most": "<=",
    "is_set": "?", "is_not_set": "!?",
}  # fmt: skip


def event_text(event: EventSelector) -> str:
    """Some events as `questions.text.event` reads them.

    >>> event_text(EventSelector(("view_item", "purchase"), Condition("country", "is", ("US",))))
    'view_item|purchase[country=US]'
    """
    inside = None if event.where is None else _conditions(event.where)
    if event.label or (event.where is not None and inside is None):
        return json.dumps(encode(event), ensure_ascii=False)
    head = "|".join(_hidden(name) for name in event.names) or "*"
    return f"{head}[{inside}]" if inside else head


def filter_text(given: Filter) -> str:
    """Conditions as `questions.written.a_filter` reads them.

    >>> filter_text(Condition("country", "is", ("US", "CA")))
    'country=US|CA'
    """
    found = _conditions(given)
    return json.dumps(encode(given), ensure_ascii=False) if found is None else found


def _conditions(given: Filter) -> str | None:
    """Conditions with commas between them, or None where they have no such text."""
    parts = given.parts if isinstance(given, AllOf) and len(given.parts) > 1 else (given,)
    if not all(isinstance(part, Condition) for part in parts):
        return None
    return ",".join(_condition(part) for part in parts if isinstance(part, Condition))


def _condition(given: Condition) -> str:
    whole = given.operator in ("matches", "not_matches")
    values = [
        str(value).replace(",", "\\,") if whole else _hidden(str(value)) for value in given.values
    ]
    return given.column + _SIGNS[given.operator] + "|".join(values)


def _hidden(text: str) -> str:
    return re.sub(r"([|,\[\]])", r"\\\1", text)


def _exclusion_text(given: Exclusion) -> str:
    text = event_text(given.event)
    if given.after == 1 and given.before is None:
        return text
    return f"{text}@{given.after}-{given.before or ''}"


def _series_text(given: Series) -> str:
    text = event_text(given.event)
    if given.measure == "events":
        return text
    rank = f"p{given.percentile:g}"
    named = {"percentile": rank, "percentile_per_user": f"{rank}_per_user"}
    column = f"({given.column})" if given.column else ""
    return f"{named.get(given.measure, given.measure)}{column} of {text}"


def _before_text(given: Before) -> str:
    return "period" if given == Before() else f"{given.count} {given.unit}"


def _users_text(given: Any) -> str:
    return json.dumps(encode(given), ensure_ascii=False)


def _pairs_text(given: tuple[tuple[int, int], ...]) -> str:
    return ",".join(f"{low}-{high}" for low, high in given)


def _event(argument: str, field: str) -> Word:
    return Word(argument, "", "text", field, event_text, parameter=argument)


def _word(name: str, kind: str = "text", say: Callable[[Any], Said] = lambda value: value) -> Word:
    return Word(name, f"--{name.replace('_', '-')}", kind, name, say)


QUERY = (
    Word("start", "--from", "text", "start", str),
    Word("end", "--to", "text", "end", str),
    Word("where", "--where", "text", "where", filter_text),
    Word("users", "--segment", "text", "users", _users_text),
    Word("by", "--by", "text", "by", ",".join),
    Word("top", "--top", "whole", "top"),
)
_WEEKS = _word("week_starts")
_UNITS = (_word("unit"), _WEEKS)
TOPICS: Mapping[str, Topic] = {
    "funnel": Topic(
        build.funnel,
        (Word("step", "", "texts", "steps", lambda steps: tuple(map(event_text, steps)), "step"),),
        (
            Word("window", "--window", "text", "window_seconds", span_text),
            Word("step_window", "--step-window", "text", "step_window_seconds", span_text),
            Word("least", "--least", "text", "least_seconds", span_text),
            _word("order"),
            Word("counting", "--per", "text", "counting"),
            Word("exclude", "--exclude", "texts", "exclusions",
                 lambda given: tuple(map(_exclusion_text, given))),
            Word("optional", "--optional", "wholes", "optional"),
            _word("attribution"),
            _word("rules"),
        ),
        many=True,
    ),
    "trends": Topic(
        build.trends,
        (Word("series", "", "texts", "series", lambda given: tuple(map(_series_text, given)),
              "series"),),
        (
            _word("granularity"), _WEEKS,
            Word("formulas", "--formula", "texts", "formulas"),
            _word("compare", "text", _before_text),
        ),
        many=True,
    ),
    "retention": Topic(
        build.retention,
        (_event("start_event", "start"), _event("return_event", "returns")),
        (
            _word("entry"), _word("include_left_truncated", "flag"), _word("mode"),
            _word("brackets", "text", _pairs_text), _word("clock"), *_UNITS,
            _word("periods", "whole"), _word("value"), _word("bootstrap", "whole"),
            _word("seed", "whole"),
        ),
    ),
    "lifecycle": Topic(build.lifecycle, (_event("event", "event"),), _UNITS),
    "stickiness": Topic(build.stickiness, (_event("event", "event"),), _UNITS),
    "sessions": Topic(
        build.sessions, (_event("event", "event"),),
        (_word("gap"), _word("granularity"), _WEEKS),
    ),
    "paths": Topic(
        build_more.paths,
        (_event("anchor", "anchor"),),
        (
            _word("direction"), _word("depth", "whole"), _word("per"), _word("window"),
            _word("anchors"), _word("step"), _word("hide", "texts"), _word("merge", "flag"),
            _word("shown", "whole"),
        ),
    ),
    "revenue": Topic(build_more.revenue, (), (_word("interval"), _word("periods", "whole"))),
    "user": Topic(
        build_more.user,
        (Word("key", "", "text", "key", parameter="key"),),
        (_word("skip", "whole"), _word("limit", "whole")),
    ),
}  # fmt: skip
"""The questions that have words; the rest is said as JSON."""
_LEAST: Mapping[str, Mapping[str, Said]] = {
    "funnel": {"step": ("x",)},
    "paths": {"anchor": "*"},
    "user": {"key": "x"},
}
"""What a question cannot be without."""


def words_of(topic: str, spec: Any) -> dict[str, Said] | None:
    """The words that make a question, by argument; those of places come first.

    Args:
        topic: A topic of `TOPICS`.
        spec: Its spec.

    Returns:
        None where no words make just this question.

    >>> words_of("lifecycle", build.lifecycle("purchase", unit="week"))
    {'event': 'purchase', 'unit': 'week'}
    """
    if topic not in TOPICS:
        return None
    how = TOPICS[topic]
    plain = made(topic, _LEAST.get(topic, {}))
    said: dict[str, Said] = {}
    for place in how.places:
        said[place.argument] = place.say(getattr(spec, place.field))
    if topic == "trends" and spec.series == plain.series:
        said["series"] = ()
    for word, of, default in (
        *((word, spec, plain) for word in how.words),
        *((word, spec.query, plain.query) for word in QUERY),
    ):
        if getattr(of, word.field) != getattr(default, word.field):
            said[word.argument] = word.say(getattr(of, word.field))
    if topic == "funnel" and spec.attribution_step is not None:
        said["attribution"] = f"{spec.attribution}:{spec.attribution_step}"
    try:
        return said if made(topic, said) == spec else None
    except QuestionError:
        return None


def made(topic: str, said: Mapping[str, Said], saved: Saved | None = None) -> Any:
    """The question that words make.

    Args:
        topic: A topic of `TOPICS`.
        said: Words by argument; others of the topic's places are not looked at.
        saved: Finds a saved segment by its name.

    Raises:
        QuestionError: A part cannot be read, or is missing.

    >>> made("lifecycle", {"event": "purchase"}).event.names
    ('purchase',)
    """
    how = TOPICS[topic]
    names = [place.argument for place in how.places]
    for name in _LEAST.get(topic, {}):
        if not said.get(name):
            raise QuestionError(
                f"{name}: there is none.",
                rule=f"A question about {topic} has one.",
                remedy=f"Give {name}.",
            )
    known = {word.argument for word in (*how.words, *QUERY)}
    options = {name: value for name, value in said.items() if name in known and name not in names}
    if how.many:
        return how.make(*said.get(names[0], ()), **options, saved=saved)
    places = {name: said[name] for name in names if name in said}
    return how.make(**places, **options, saved=saved)
