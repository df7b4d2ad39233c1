"""Names and texts inside SQL that we write ourselves, quoted once for everybody."""

from __future__ import annotations


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
