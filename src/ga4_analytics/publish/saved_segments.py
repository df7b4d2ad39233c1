"""Segments of users that are kept under a name: one JSON file each in the workspace."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ga4_analytics.analyses.names import nearest
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.questions.segments import UserSegment
from ga4_analytics.storage.atomic import write_text

FOLDER = "segments"
FORMAT = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def save_segment(
    workspace: Path, name: str, segment: UserSegment, *, replace: bool = False
) -> Path:
    """Keep a segment under a name.

    Args:
        workspace: The workspace's folder.
        name: 1 to 64 small letters, digits, _ and -.
        segment: The segment.
        replace: Whether another segment of that name may go.

    Returns:
        The file.

    Raises:
        QuestionError: The name is not allowed, or taken.
        OSError: The file cannot be written; an older one is as it was.
    """
    path = _path(workspace, name)
    if path.exists() and not replace:
        raise QuestionError(
            f"name: there is a segment {name!r} already.",
            rule="A saved segment is not overwritten unasked.",
            remedy="Choose another name, delete it first, or say that it may be replaced.",
        )
    content = {"format": FORMAT, "name": name, "users": encode(segment)}
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return path


def read_segment(workspace: Path, name: str) -> UserSegment:
    """A kept segment.

    Raises:
        QuestionError: There is none of that name, or its file is damaged.
    """
    path = _there(workspace, name)
    try:
        content: Any = json.loads(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        raise _damaged(path, f"is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _damaged(path, f"is not of format {FORMAT}")
    segment: UserSegment = decode(UserSegment, content.get("users"), f"{name}.users")  # type: ignore[arg-type]
    return segment


def saved_segments(workspace: Path) -> tuple[str, ...]:
    """The names of all kept segments, in order."""
    files = (workspace / FOLDER).glob("*.json")
    return tuple(sorted(path.stem for path in files if _NAME.fullmatch(path.stem)))


def delete_segment(workspace: Path, name: str) -> None:
    """Remove a kept segment.

    Raises:
        QuestionError: There is none of that name.
    """
    _there(workspace, name).unlink()


def _path(workspace: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise QuestionError(
            f"name: {name!r} cannot name a segment.",
            rule="A name has 1 to 64 small letters, digits, _ and -, and begins with none of "
            "the last two.",
            remedy="Choose a name like repeat-buyers.",
        )
    return workspace / FOLDER / f"{name}.json"


def _there(workspace: Path, name: str) -> Path:
    path = _path(workspace, name)
    if not path.is_file():
        raise QuestionError(
            f"name: no segment is called {name!r}.",
            rule="A segment must have been saved.",
            remedy=nearest(name, saved_segments(workspace)),
        )
    return path


def _damaged(path: Path, what: str) -> QuestionError:
    return QuestionError(
        f"{path} {what}.",
        rule="A saved segment is a JSON file that was written by save_segment.",
        remedy="Delete it and save the segment again.",
    )
