"""Which parameters make a question: the words of `questions.said`, and two topics' own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ga4_analytics.asking import Asker
from ga4_analytics.questions.build_more import segments
from ga4_analytics.questions.comparison import NamedSegment
from ga4_analytics.questions.said import QUERY, TOPICS, Said, Word, made
from ga4_analytics.questions.written import Saved, some_users

COMPARE = Word("compare", "", "texts", "segments", parameter="compare")
"""A segment: the name of a saved one, or any name, ``=`` and its JSON."""
NAME = Word("name", "", "text", "name", parameter="name")
"""An experiment that ``ga4.toml`` declares."""
OWN_WORDS = {"segments": (COMPARE,), "experiment": (NAME,)}


def words_of(topic: str) -> tuple[Word, ...]:
    """The parameters of a topic; none where it is asked by its JSON alone.

    >>> [word.name for word in words_of("segments")][:3]
    ['compare', 'from', 'to']
    """
    if topic in OWN_WORDS:
        return (*OWN_WORDS[topic], *QUERY)
    if topic not in TOPICS:
        return ()
    return (*TOPICS[topic].places, *TOPICS[topic].words, *QUERY)


def spec_of(topic: str, said: Mapping[str, Said], asker: Asker) -> Any:
    """The question that words make.

    Args:
        topic: A topic that has words.
        said: Words by argument.
        asker: Knows saved segments and declared experiments.

    Raises:
        QuestionError: A part cannot be read.
    """
    saved = asker.saved_segment
    if topic == "experiment":
        return asker.experiment_spec(said.get(NAME.argument, ""), **_without(said, NAME))
    if topic == "segments":
        named = [_segment(text, saved) for text in said.get(COMPARE.argument, ())]
        return segments(*named, **_without(said, COMPARE), saved=saved)
    return made(topic, said, saved)


def _without(said: Mapping[str, Said], word: Word) -> dict[str, Said]:
    return {name: value for name, value in said.items() if name != word.argument}


def _segment(text: str, saved: Saved) -> str | NamedSegment:
    name, sign, users = text.partition("={")
    if not sign:
        return text
    return NamedSegment(name, some_users("{" + users, saved, f"segment {name}"))
