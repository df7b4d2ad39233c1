"""Which parameters make a question: the words of `questions.said`, and those of segments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ga4_analytics.questions.build_more import segments
from ga4_analytics.questions.comparison import NamedSegment
from ga4_analytics.questions.said import QUERY, TOPICS, Said, Word, made
from ga4_analytics.questions.written import Saved, some_users

COMPARE = Word("compare", "", "texts", "segments", parameter="compare")
"""A segment: the name of a saved one, or any name, ``=`` and its JSON."""


def words_of(topic: str) -> tuple[Word, ...]:
    """The parameters of a topic; none where it is asked by its JSON alone.

    >>> [word.name for word in words_of("segments")][:3]
    ['compare', 'from', 'to']
    """
    if topic == "segments":
        return (COMPARE, *QUERY)
    if topic not in TOPICS:
        return ()
    return (*TOPICS[topic].places, *TOPICS[topic].words, *QUERY)


def spec_of(topic: str, said: Mapping[str, Said], saved: Saved) -> Any:
    """The question that words make.

    Args:
        topic: A topic that has words.
        said: Words by argument.
        saved: Finds a saved segment by its name.

    Raises:
        QuestionError: A part cannot be read.
    """
    if topic != "segments":
        return made(topic, said, saved)
    query = {name: value for name, value in said.items() if name != COMPARE.argument}
    named = [_segment(text, saved) for text in said.get(COMPARE.argument, ())]
    return segments(*named, **query, saved=saved)


def _segment(text: str, saved: Saved) -> str | NamedSegment:
    name, sign, users = text.partition("={")
    if not sign:
        return text
    return NamedSegment(name, some_users("{" + users, saved, f"segment {name}"))
