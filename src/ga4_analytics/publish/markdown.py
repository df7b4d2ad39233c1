"""Pages of Markdown: the templates beside this file, and texts from the data inside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

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


def filled(template: str, content: Mapping[str, Any]) -> str:
    """A template with its content; a name that the content lacks is an error.

    Args:
        template: The name of a file in ``templates/``.
        content: What the template names.
    """
    environment = Environment(
        loader=PackageLoader("ga4_analytics.publish"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # Markdown: texts from the data go through `md`
    )
    environment.filters["md"] = markdown
    return environment.get_template(template).render(content)
