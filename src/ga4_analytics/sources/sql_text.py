"""Names and texts inside SQL that we write ourselves, quoted once for everybody."""

from __future__ import annotations

import json
import re


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier.

    >>> quoted('6" cup')
    '"6"" cup"'
    """
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text as a SQL literal.

    >>> text_literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def json_text(text: str) -> str:
    """A text as JSON, to the byte as DuckDB's ``to_json`` writes it.

    >>> json_text('6" cup'), json_text(chr(31))
    ('"6\\\\" cup"', '"\\\\u001F"')
    """
    written = json.dumps(text, ensure_ascii=False)
    return re.sub(r"\\u00[0-9a-f]{2}", lambda found: "\\u00" + found[0][4:].upper(), written)
