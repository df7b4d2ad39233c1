"""Boards: views of the page that are kept together, one JSON file a board in the workspace."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.storage.atomic import write_text

FOLDER = "boards"
FORMAT = 1
MOST_VIEWS = 48
MOST_TITLE = 200
MOST_QUERY = 30_000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class BoardView:
    """A view of a page.

    Attributes:
        page: The page, as ``funnel``.
        query: Its address behind the question mark.
        title: What it is called on the board.
    """

    page: str
    query: str
    title: str


@dataclass(frozen=True)
class Board:
    """Views that are looked at together.

    Attributes:
        title: What it is called.
        views: In order.
    """

    title: str
    views: tuple[BoardView, ...] = ()


@dataclass(frozen=True)
class KeptBoard:
    """A board as it is kept.

    Attributes:
        name: Its file's name, and its address.
        edition: Changes with its content.
        board: The board.
    """

    name: str
    edition: str
    board: Board


def save_board(workspace: Path, name: str, board: Board) -> KeptBoard:
    """Keep a board under a name; an older one of the name goes.

    Args:
        workspace: The workspace's folder.
        name: 1 to 64 small letters, digits, _ and -.
        board: The board.

    Raises:
        QuestionError: The name is not allowed, or the board is too large.
        OSError: The file cannot be written; an older one is as it was.
    """
    path = _path(workspace, name)
    _check(board)
    content = {"format": FORMAT, "name": name, "board": encode(board)}
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_text(path, text)
    return KeptBoard(name, _edition(text.encode("utf-8")), board)


def read_board(workspace: Path, name: str) -> KeptBoard | None:
    """A kept board; None where there is none of the name.

    Raises:
        QuestionError: The name is not allowed, or the file is damaged.
    """
    path = _path(workspace, name)
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        content: Any = json.loads(found.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _damaged(path, f"is not of format {FORMAT}")
    return KeptBoard(name, _edition(found), decode(Board, content.get("board"), f"{name}.board"))


def saved_boards(workspace: Path) -> tuple[str, ...]:
    """The names of all kept boards, in order."""
    files = (workspace / FOLDER).glob("*.json")
    return tuple(sorted(path.stem for path in files if _NAME.fullmatch(path.stem)))


def delete_board(workspace: Path, name: str) -> bool:
    """Remove a board; tells whether there was one.

    Raises:
        QuestionError: The name is not allowed.
    """
    path = _path(workspace, name)
    there = path.is_file()
    path.unlink(missing_ok=True)
    return there


def _edition(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _check(board: Board) -> None:
    _check_title("title", board.title)
    if len(board.views) > MOST_VIEWS:
        raise QuestionError(
            f"views: {len(board.views)} are too many for one board.",
            rule=f"A board has at most {MOST_VIEWS} views.",
            remedy="Begin another board.",
        )
    for place, view in enumerate(board.views):
        _check_title(f"views[{place}].title", view.title)
        if len(view.query) > MOST_QUERY:
            raise QuestionError(
                f"views[{place}].query: it has {len(view.query):,} characters.",
                rule=f"An address has at most {MOST_QUERY:,}.",
                remedy="Save the segment that is in it, and name it.",
            )


def _check_title(field: str, title: str) -> None:
    if not title.strip() or len(title) > MOST_TITLE:
        raise QuestionError(
            f"{field}: {title[:50]!r} is no title.",
            rule=f"A title has 1 to {MOST_TITLE} characters that can be seen.",
            remedy="Choose another.",
        )


def _path(workspace: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise QuestionError(
            f"name: {name[:100]!r} cannot name a board.",
            rule="A name has 1 to 64 small letters, digits, _ and -, and begins with none of "
            "the last two.",
            remedy="Choose a name like weekly-review.",
        )
    return workspace / FOLDER / f"{name}.json"


def _damaged(path: Path, what: str) -> QuestionError:
    return QuestionError(
        f"{path} {what}.",
        rule="A board is a JSON file that was written by the page.",
        remedy="Delete it.",
    )
