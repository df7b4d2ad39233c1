"""What a request asks: from its parameters or its JSON body to a question."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from starlette.datastructures import QueryParams

from ga4_analytics.analyses.ask import KINDS, ask, spec_from
from ga4_analytics.analyses.funnel import compare, users_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import Calendar
from ga4_analytics.questions.build import COMPARED, rules_of
from ga4_analytics.questions.codec import decode
from ga4_analytics.questions.funnel import FunnelSpec, Rules
from ga4_analytics.questions.said import Word
from ga4_analytics.render.answer import Told
from ga4_analytics.web.problems import ProblemError
from ga4_analytics.web.reading import Reader
from ga4_analytics.web.topics import spec_of, words_of

COMMON = ("dataset", "format", "last")
"""Parameters that every question takes besides its words."""


@dataclass(frozen=True)
class RulesQuestion:
    """One funnel under several rules.

    Attributes:
        spec: The funnel.
        rules: Whose.
    """

    spec: FunnelSpec
    rules: tuple[Rules, ...] = COMPARED


@dataclass(frozen=True)
class BarQuestion:
    """The users of a bar of a funnel.

    Attributes:
        spec: The funnel.
        bar: Its number, from 1.
        kind: 'reached': all of the bar; 'dropped' or 'open': those who came no further.
        group: A group of the breakdown; None: all.
        limit: How many users at most, 1 to 100,000.
    """

    spec: FunnelSpec
    bar: int = 1
    kind: Literal["reached", "dropped", "open"] = "reached"
    group: tuple[str | None, ...] | None = None
    limit: int = 1_000


@dataclass(frozen=True)
class BarUsers:
    """The users of a bar.

    Attributes:
        users: Their keys, in order.
        has_more: Whether there are more than the limit.
    """

    users: tuple[str, ...]
    has_more: bool

    def records(self) -> list[dict[str, Any]]:
        """A row a user."""
        return [{"user": key} for key in self.users]

    def to_dict(self) -> dict[str, Any]:
        """The answer as what JSON holds."""
        return {"users": list(self.users), "has_more": self.has_more}


def answered(reader: Reader, question: Any, threads: int | None = None) -> Told:
    """Answer whatever a request can ask.

    Args:
        reader: The data.
        question: What is asked.
        threads: How many processors to use; None: all.

    Raises:
        QuestionError: It cannot be answered.
    """
    if isinstance(question, RulesQuestion):
        return compare(reader.index(), question.spec, question.rules, threads=threads)
    if isinstance(question, BarQuestion):
        if not 1 <= question.limit <= 100_000:
            raise _wrong("limit", question.limit, "from 1 to 100,000")
        found = users_of(
            reader.index(), question.spec, question.bar, question.kind, question.group,
            limit=question.limit + 1, threads=threads,
        )  # fmt: skip
        return BarUsers(tuple(found[: question.limit]), len(found) > question.limit)
    return ask(reader.index(), question, threads=threads)


def from_parameters(path: str, given: QueryParams, reader: Reader) -> Any:
    """The question of a GET request.

    Args:
        path: A topic, 'compare-rules' or 'funnel-users'.
        given: The parameters.
        reader: The data that they are about.

    Raises:
        QuestionError: A parameter is unknown or cannot be read.
    """
    topic = "funnel" if path in OWN else path
    own = dict(OWN[path]) if path in OWN else {}
    _check_names(topic, given, (*COMMON, "spec", *own))
    extra = {name: read(name, given[name]) for name, read in own.items() if name in given}
    spec = _spec_of(topic, given, reader, [name for name in own if name == "rules"])
    if path in OWN:
        return CLASSES[path](spec, **extra)
    return spec


def from_body(path: str, body: bytes) -> Any:
    """The question of a POST request.

    Raises:
        ProblemError: The body is not JSON.
        QuestionError: A field is wrong.
    """
    data = read_json(body)
    if path in OWN:
        return decode(CLASSES[path], data)
    if not isinstance(data, dict):
        raise _wrong("body", data, "an object")
    return spec_from(data, path)


def read_json(body: bytes) -> Any:
    """What a body holds.

    Raises:
        ProblemError: It is not JSON, is nested too deeply, or has text that is no Unicode.
    """
    try:
        data = json.loads(body, parse_constant=_no_constant)
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ProblemError(
            400,
            f"body: it is not JSON: {str(error)[:200]}.",
            "body",
            "A body is one JSON document in UTF-8.",
            "Mend it.",
        ) from error
    return data


def _spec_of(topic: str, given: QueryParams, reader: Reader, without: Sequence[str]) -> Any:
    if "spec" in given:
        spec = spec_from(_object(given["spec"]), topic)
    elif not words_of(topic):
        raise _wrong("spec", None, "given: this question is asked by its JSON")
    else:
        said = {
            word.argument: _read(word, given)
            for word in words_of(topic)
            if word.name in given and word.name not in without
        }
        spec = spec_of(topic, said, reader)
    if "last" in given:
        spec = _last_days(spec, given["last"], reader.index().calendar)
    return spec


def _check_names(topic: str, given: QueryParams, others: Sequence[str]) -> None:
    known = [*(word.name for word in words_of(topic)), *others]
    for name in given:
        if name not in known:
            raise QuestionError(
                f"{name} is not a field of {topic}.",
                rule=f"Its parameters are {', '.join(known)}.",
                remedy="Mend its spelling or remove it.",
            )


def _read(word: Word, given: QueryParams) -> Any:
    values = given.getlist(word.name)
    if word.kind == "texts":
        return tuple(values)
    if word.kind == "wholes":
        return tuple(whole(word.name, value) for value in values)
    if word.argument == "where":  # several are met together, as on the command line
        return ",".join(values) if len(values) > 1 else values[0]
    if word.kind == "whole":
        return whole(word.name, values[-1])
    if word.kind == "flag":
        if values[-1] not in ("true", "false"):
            raise _wrong(word.name, values[-1], "true or false")
        return values[-1] == "true"
    return values[-1]


def whole(name: str, text: str) -> int:
    """A whole number from a text of a parameter.

    Raises:
        QuestionError: It is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise _wrong(name, text, "a whole number")
    return int(text)


def _last_days(spec: Any, text: str, calendar: Calendar) -> Any:
    """The question about the last so many days that are complete."""
    number = whole("last", text.removesuffix("d"))
    end = calendar.last_complete or calendar.last
    if not 1 <= number <= 10_000:
        raise _wrong("last", text, "a number of days from 1 to 10,000, as 28d")
    if end is None or calendar.first is None:
        return spec
    start = max(end - timedelta(days=number - 1), calendar.first)
    return replace(spec, query=replace(spec.query, start=start, end=end))


def _parsed(name: str, text: str) -> Any:
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except ProblemError as problem:
        raise QuestionError(
            problem.detail.replace("body", name, 1), rule="It is JSON.", remedy=f"Mend {name}."
        ) from problem


def _object(text: str) -> dict[str, Any]:
    data = _parsed("spec", text)
    if not isinstance(data, dict):
        raise _wrong("spec", data, "a JSON object")
    return data


def _kind_of_bar(name: str, text: str) -> Any:
    if text not in ("reached", "dropped", "open"):
        raise _wrong(name, text, "one of reached, dropped, open")
    return text


def _group(name: str, text: str) -> tuple[str | None, ...]:
    found: tuple[str | None, ...] = decode(tuple[str | None, ...], _parsed(name, text), name)
    return found


Parse = Callable[[str, str], Any]
OWN: Mapping[str, Mapping[str, Parse]] = {
    "compare-rules": {"rules": lambda name, text: rules_of(text)},
    "funnel-users": {"bar": whole, "kind": _kind_of_bar, "group": _group, "limit": whole},
}
"""Questions about a funnel, and what they take besides its words."""
CLASSES: Mapping[str, type[Any]] = {"compare-rules": RulesQuestion, "funnel-users": BarQuestion}
TOPICS = tuple(topic for topic in KINDS if topic != "churn")
"""The topics that are asked over HTTP. Churn trains models, which nobody waits for: its page
shows the model that `ga4 churn train` kept."""
PATHS = (*TOPICS, *OWN)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _wrong(field: str, given: Any, wanted: str) -> QuestionError:
    return QuestionError(
        f"{field}: {given!r} is not {wanted}.", rule=f"It is {wanted}.", remedy=f"Change {field}."
    )
