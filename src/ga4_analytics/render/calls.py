"""The calls that give the same answer: in Python, on the command line, and as an address."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ga4_analytics.analyses.ask import topic_of
from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.said import QUERY, TOPICS, Said, Word, words_of


@dataclass(frozen=True)
class Calls:
    """How to ask a question elsewhere.

    Attributes:
        python: Lines of Python.
        command: A command line, for a POSIX shell.
        parameters: The parameters of an address, encoded; ``spec=`` and JSON where the
            question has no words.
    """

    python: str
    command: str
    parameters: str


def calls_of(spec: Any, dataset: str | None = None) -> Calls:
    """How to ask a question elsewhere.

    Args:
        spec: The question.
        dataset: The property, where it is not that of the workspace's settings.

    >>> from ga4_analytics.questions import build
    >>> calls_of(build.funnel("view_item", "purchase", window="24h")).command
    'ga4 funnel view_item purchase --window 1d'
    >>> print(calls_of(build.lifecycle("purchase", unit="week")).python)
    import ga4_analytics
    <BLANKLINE>
    ws = ga4_analytics.open()
    ws.lifecycle("purchase", unit="week")
    """
    topic = topic_of(spec)
    said = words_of(topic, spec)
    of = f" --dataset {shlex.quote(dataset)}" if dataset else ""
    opened = f"dataset={_literal(dataset)}" if dataset else ""
    head = f"import ga4_analytics\n\nws = ga4_analytics.open({opened})\n"
    if said is None:
        content = json.dumps(encode(spec), ensure_ascii=False)
        return Calls(
            f"{head}ws.ask({encode(spec)!r})",
            f"echo {shlex.quote(content)} | ga4 {topic} --spec -{of}",
            urlencode({"spec": content}),
        )
    return Calls(
        head + _python(topic, said),
        f"ga4 {topic}" + _options(topic, said) + of,
        urlencode(_parameters(topic, said)),
    )


def _python(topic: str, said: dict[str, Said]) -> str:
    how = TOPICS[topic]
    places = [place.argument for place in how.places]
    given: list[str] = []
    for name, value in said.items():
        if name in places:
            texts = value if how.many else (value,)
            given += [_literal(text) for text in texts]
        else:
            given.append(f"{name}={_literal(value)}")
    one = f"ws.{topic}({', '.join(given)})"
    return one if len(one) <= 88 else f"ws.{topic}(\n    " + ",\n    ".join(given) + ",\n)"


def _literal(value: Any) -> str:
    """A value in Python, texts in double quotes.

    >>> _literal("a\\"b"), _literal(("x",)), _literal(3)
    ('"a\\\\"b"', '["x"]', '3')
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value)


def _options(topic: str, said: dict[str, Said]) -> str:
    how = TOPICS[topic]
    parts: list[str] = []
    for place in how.places:
        value = said.get(place.argument, ())
        parts += [shlex.quote(text) for text in (value if how.many else (value,))]
    for word in (*how.words, *QUERY):
        if word.argument in said:
            parts += _option(topic, word, said[word.argument])
    return "".join(f" {part}" for part in parts)


def _option(topic: str, word: Word, value: Said) -> list[str]:
    if topic == "paths" and word.argument == "direction":
        return ["--ending"]
    if word.kind == "flag":
        return [word.flag]
    values = value if isinstance(value, tuple) else (value,)
    return [f"{word.flag} {shlex.quote(str(each))}" for each in values]


def _parameters(topic: str, said: dict[str, Said]) -> list[tuple[str, str]]:
    how = TOPICS[topic]
    found: list[tuple[str, str]] = []
    for word in (*how.places, *how.words, *QUERY):
        if word.argument not in said:
            continue
        value = said[word.argument]
        if word.kind == "flag":
            found.append((word.name, "true"))
        else:
            values = value if isinstance(value, tuple) else (value,)
            found += [(word.name, str(each)) for each in values]
    return found
