"""Segments kept in a workspace, as a person keeps and uses them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ga4_analytics.errors import QuestionError
from ga4_analytics.publish.saved_segments import (
    delete_segment,
    read_segment,
    save_segment,
    saved_segments,
)
from ga4_analytics.questions.filters import Condition, EventSelector
from ga4_analytics.questions.segments import (
    Did,
    DidInOrder,
    HadValue,
    InAny,
    LastDid,
    Listed,
    NotIn,
    never,
)

BUYERS = InAny(
    (
        Did(EventSelector(("purchase",)), at_least=2, start=date(2020, 11, 1), within="7d"),
        NotIn(LastDid(at_most=14)),
        DidInOrder((EventSelector(("A",)), EventSelector(("B",))), within="1h"),
        HadValue(Condition("country", "is", ("Côte d’Ivoire",)), "first"),
        Listed(("1.10", "1.1")),
        never(EventSelector(("refund",))),
    )
)


def test_a_saved_segment_comes_back_as_it_was(tmp_path: Path) -> None:
    assert saved_segments(tmp_path) == ()
    path = save_segment(tmp_path, "repeat-buyers", BUYERS)
    assert path == tmp_path / "segments" / "repeat-buyers.json"
    assert "Côte d’Ivoire" in path.read_text("utf-8")
    assert read_segment(tmp_path, "repeat-buyers") == BUYERS
    save_segment(tmp_path, "all", Listed(()))
    assert saved_segments(tmp_path) == ("all", "repeat-buyers")
    delete_segment(tmp_path, "repeat-buyers")
    assert saved_segments(tmp_path) == ("all",)


def test_a_name_is_not_taken_twice_unasked(tmp_path: Path) -> None:
    save_segment(tmp_path, "a", BUYERS)
    with pytest.raises(QuestionError, match="already"):
        save_segment(tmp_path, "a", Listed(()))
    assert read_segment(tmp_path, "a") == BUYERS
    save_segment(tmp_path, "a", Listed(()), replace=True)
    assert read_segment(tmp_path, "a") == Listed(())


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "-a", "a" * 65, "a/b", "a.json", "ä"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    for act in (lambda: save_segment(tmp_path, name, BUYERS), lambda: read_segment(tmp_path, name)):
        with pytest.raises(QuestionError, match="cannot name"):
            act()


def test_a_missing_segment_suggests_the_nearest(tmp_path: Path) -> None:
    save_segment(tmp_path, "repeat-buyers", BUYERS)
    with pytest.raises(QuestionError, match="Did you mean 'repeat-buyers'"):
        read_segment(tmp_path, "repeat-buyer")
    with pytest.raises(QuestionError, match="no segment"):
        delete_segment(tmp_path, "zzz")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", "format 1"),
        ('{"format": 2}', "format 1"),
        ('{"format": 1, "users": {"type": "did_not"}}', "users.type"),
        ('{"format": 1, "users": {"type": "did", "event": {}, "often": 3}}', "often"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = save_segment(tmp_path, "a", BUYERS)
    path.write_text(content)
    with pytest.raises(QuestionError, match=said):
        read_segment(tmp_path, "a")
