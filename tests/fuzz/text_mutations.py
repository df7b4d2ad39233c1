"""Ugly changes to valid text exports, drawn from a seed."""

from __future__ import annotations

import codecs
import gzip
from random import Random

from fuzz.csv_mutations import CSV_LINES
from fuzz.json_mutations import JSON_LINES
from fuzz.records import csv_records, delimiter_of
from fuzz.ugly import Lines, mutate_bytes


def mutate_text(text: bytes, shape: str, dice: Random) -> tuple[bytes, str]:
    """A changed file and what was done to it."""
    if dice.random() < 0.12:
        return mutate_bytes(text, dice), "bytes"
    body = text.decode("latin-1")
    mark = "" if shape == "ndjson" else delimiter_of(body)
    lines = body.splitlines() if not mark else [raw for _, raw, _ in csv_records(body, mark)]
    kinds = JSON_LINES if shape == "ndjson" else CSV_LINES
    done = []
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        mutation = dice.choices(list(kinds), list(kinds.values()))[0]
        lines = mutation(lines, mark, dice)
        done.append(mutation.__name__)
    ends = ["\n"] * len(lines)
    if dice.random() < 0.1 and lines:
        ends[dice.randrange(len(lines))] = dice.choice(("\r\n", "\r\n", "\r"))
        done.append("line end")
    if dice.random() < 0.1 and lines:
        ends[-1] = ""
    changed = "".join(line + end for line, end in zip(lines, ends, strict=True))
    dressed, dress = _dressed(changed.encode("latin-1"), lines, dice)
    return dressed, " ".join([*done, dress])


def _dressed(data: bytes, lines: Lines, dice: Random) -> tuple[bytes, str]:
    """The file as some program would write it: most often as it is."""
    dress = dice.choices(("", "crlf", "bom", "gzip", "cut gzip", "utf-16", "two boms"),
                         (70, 6, 6, 6, 2, 9, 1))[0]  # fmt: skip
    if dress == "crlf":
        data = "".join(line + "\r\n" for line in lines).encode("latin-1")
    elif dress in {"bom", "two boms"}:
        data = codecs.BOM_UTF8 * (1 + (dress == "two boms")) + data
    elif dress == "gzip":
        data = gzip.compress(data, 1, mtime=0)
    elif dress == "cut gzip":
        packed = gzip.compress(data, 1, mtime=0)
        data = mutate_bytes(packed, dice) if dice.random() < 0.5 else packed[: -dice.randrange(99)]
    elif dress == "utf-16":
        kind = dice.choice(("utf-16-le", "utf-16-be"))
        mark = codecs.BOM_UTF16_LE if kind == "utf-16-le" else codecs.BOM_UTF16_BE
        text = data.decode("utf-8", "surrogateescape").encode(kind, "surrogatepass")
        data = (mark if dice.random() < 0.7 else b"") + text
        if dice.random() < 0.1:
            data = mutate_bytes(data, dice)
    return data, dress
