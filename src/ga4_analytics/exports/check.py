"""Reads an export again and holds it to its manifest, its JSON Schema and the vendor's limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import fastjsonschema
import numpy as np

from ga4_analytics.errors import ExportError
from ga4_analytics.exports.manifest import MANIFEST
from ga4_analytics.exports.target import Kind, Target
from ga4_analytics.exports.targets import TARGETS
from ga4_analytics.storage.checksums import sha256_file

MOST_PROBLEMS = 20


@dataclass
class Checked:
    """What a check found.

    Attributes:
        folder: What was checked.
        format: The format's name.
        files: How many files were read.
        rows: How many lines.
        problems: What is wrong, the first of it; nothing where all is well.
    """

    folder: str
    format: str
    files: int = 0
    rows: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, problem: str) -> None:
        """Remember a problem, unless there are many."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


def schema(name: str) -> dict[str, Any]:
    """A JSON Schema of ours (draft 7).

    Args:
        name: As ``amplitude_event`` or ``manifest``.
    """
    text = files("ga4_analytics.exports").joinpath(f"schemas/{name}.json").read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def check(
    folder: Path, expected: str | None = None, progress: Callable[[int], None] = lambda rows: None
) -> Checked:
    """Check an export.

    Args:
        folder: Its folder.
        expected: The format that it must be, where that is known.
        progress: Told of lines as they are read.

    Raises:
        ExportError: There is no export in the folder, or one of another format.
    """
    manifest = _manifest(folder, expected)
    found = Checked(str(folder), manifest["format"])
    target = TARGETS[manifest["format"]]
    readers = {
        "events": _Reader(target.events, target, manifest, found),
        "users": _Reader(target.users, target, manifest, found),
    }
    for entry in manifest["files"]:
        readers[entry["kind"]].read(folder, entry, progress)
    listed = {MANIFEST, *(entry["file"] for entry in manifest["files"])}
    for path in sorted(folder.iterdir()):
        if path.name not in listed:
            found.add(f"{path.name} is not in the manifest.")
    for kind, reader in readers.items():
        reader.close(manifest[kind], kind)
    return found


def _manifest(folder: Path, expected: str | None) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text("utf-8"))
        fastjsonschema.compile(schema("manifest"))(content)
    except (OSError, ValueError, fastjsonschema.JsonSchemaException) as error:
        raise ExportError(
            f"{path} is not the manifest of an export: {error}.",
            rule="An export that is whole has one; it is written last.",
            remedy="Name the folder that `ga4 export NAME` printed, or run that again.",
        ) from error
    if expected not in (None, content["format"]):
        raise ExportError(
            f"{folder} holds an export for {content['format']}, not for {expected}.",
            rule="A folder holds one format.",
            remedy=f"Leave the name out, or say {content['format']}.",
        )
    return dict(content)


class _Reader:
    """Reads the files of one kind."""

    def __init__(
        self, kind: Kind, target: Target, manifest: dict[str, Any], found: Checked
    ) -> None:
        self._kind, self._found = kind, found
        rules = schema(kind.schema)
        chosen = manifest["request"]["beside"].get("options", {}).get("min_id_length")
        if target.may_choose_least_id and chosen is not None:
            rules["definitions"]["id"]["minLength"] = chosen
        self._holds = fastjsonschema.compile(rules)
        self._ids = bytearray()
        self._totals = {"rows": 0, "bytes": 0, "revenue_usd_micros": 0}

    def read(self, folder: Path, entry: dict[str, Any], progress: Callable[[int], None]) -> None:
        """Check one file against its entry."""
        path, name = folder / entry["file"], entry["file"]
        if not path.is_file():
            self._found.add(f"{name} is missing.")
            return
        if sha256_file(path) != entry["sha256"]:
            self._found.add(f"{name} is not as it was written: its checksum differs.")
        rows, size, revenue = 0, 0, 0
        for number, line in _lines(path):
            rows += 1
            size += len(line)
            revenue += self._line(f"{name}:{number}", line)
        progress(rows)
        own = {"rows": rows, "bytes": size, "revenue_usd_micros": revenue}
        for what, value in own.items():
            self._totals[what] += value
            if value != entry[what]:
                self._found.add(f"{name} has {what} {value}, the manifest says {entry[what]}.")
        part = self._kind.part
        if rows > part.rows or size > part.bytes:
            self._found.add(f"{name} is more than one request takes.")
        self._found.files += 1
        self._found.rows += rows

    def _line(self, place: str, line: bytes) -> int:
        """Check a line; give its revenue in micro-dollars."""
        if len(line) > self._kind.bounds.line_bytes:
            self._found.add(f"{place} has {len(line):,} bytes.")
        try:
            content = json.loads(
                line, object_pairs_hook=_once, parse_float=Decimal, parse_constant=_refused
            )
            self._holds(content)
            revenue = int(Decimal(_at(content, self._kind.revenue) or 0) * 1_000_000)
        except (
            ValueError, ArithmeticError, RecursionError, fastjsonschema.JsonSchemaException
        ) as error:  # fmt: skip
            self._found.add(f"{place}: {error}.")
            return 0
        if self._kind.ident:
            # The schema says that it is there, and a UUID.
            self._ids += bytes.fromhex(_at(content, self._kind.ident).replace("-", ""))
        return revenue

    def close(self, totals: dict[str, Any], kind: str) -> None:
        """Compare the sums, and look for ids that stand twice."""
        for what, value in self._totals.items():
            if value != totals[what]:
                self._found.add(
                    f"All {kind} have {what} {value}, the manifest says {totals[what]}."
                )
        ids = np.frombuffer(bytes(self._ids), ">u8").reshape(-1, 2)
        ids = ids[np.lexsort((ids[:, 1], ids[:, 0]))]
        twice = int((ids[1:] == ids[:-1]).all(axis=1).sum())
        if twice:
            self._found.add(f"{twice} ids of {kind} stand twice.")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        yield from enumerate(file, 1)


def _at(content: Any, path: tuple[str, ...]) -> Any:
    """What stands in an object under names that lead there; None where nothing does."""
    for name in path:
        content = (content or {}).get(name)
    return content


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a member stands twice")
    return content
