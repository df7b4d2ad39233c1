"""Texts from the data inside pages of Markdown."""

from __future__ import annotations

import re

_MAX_CELL = 80


def markdown(value: object) -> str:
    r"""A text from the data as it shall be read in Markdown, shortened where very long.

    >>> markdown("a|b_c <x>")
    'a\\|b_c &lt;x&gt;'
    """
    line = " ".join(str(value).split())
    if len(line) > _MAX_CELL and " " not in line:
        line = line[: _MAX_CELL - 1] + "…"
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # An underscore inside a word is no emphasis, and view_item reads better without escapes.
    return re.sub(r"([\\`*\[\]|#~$]|\b_|(?<=\s)_|_(?=\W|$))", r"\\\1", line)
