"""``ga4 export --check``: both sides of each limit, and whatever a file can suffer."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from export_events import lines, properties

from ga4_analytics.errors import ExportError
from ga4_analytics.exports.check import check, schema
from ga4_analytics.exports.request import FORMATS, ExportRequest
from ga4_analytics.exports.targets import TARGETS
from ga4_analytics.workspace import Workspace

UUID_TEXT = "0f3c9a52-6f0e-5d8b-9a39-2b8f4a1f4a6e"
CASES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("amplitude", "device_id", {"device_id": "12345"}, True),
    ("amplitude", "device_id", {"device_id": "1234"}, False),
    ("amplitude", "device_id", {"device_id": "lmy47d"}, False),
    ("amplitude", "time", {"time": "2020-11-01T00:00:00Z"}, False),
    ("amplitude", "time", {"time": 1.5}, False),
    ("amplitude", "session_id", {"session_id": -1}, True),
    ("amplitude", "session_id", {"session_id": -2}, False),
    ("amplitude", "event_type", {"event_type": "[Amplitude] Revenue"}, False),
    ("amplitude", "event_type", {"event_type": "x" * 1024}, True),
    ("amplitude", "event_type", {"event_type": "x" * 1025}, False),
    ("amplitude", "currency", {"currency": "usd"}, False),
    ("amplitude", "surprise", {"surprise": 1}, False),
    ("heap", "identity", {"identity": "x" * 255}, True),
    ("heap", "identity", {"identity": "x" * 256}, False),
    ("heap", "user_id", {"user_id": "12"}, False),
    ("heap", "event", {"event": "x" * 1024}, True),
    ("heap", "event", {"event": "x" * 1025}, False),
    ("heap", "properties", {"properties": {"a": "x" * 1023}}, True),
    ("heap", "properties", {"properties": {"a": "x" * 1024}}, False),
    ("heap", "properties", {"properties": {"k" * 1023: 1}}, True),
    ("heap", "properties", {"properties": {"k" * 1024: 1}}, False),
    ("heap", "properties", {"properties": {"a": [1]}}, False),
    ("heap", "properties", {"properties": {"a": True}}, False),
    ("mixpanel", "event", {"other": 1}, False),
    ("posthog", "uuid", {"uuid": "not-a-uuid"}, False),
    ("posthog", "distinct_id", {"distinct_id": "x" * 200}, True),
    ("posthog", "distinct_id", {"distinct_id": "x" * 201}, False),
    ("segment", "messageId", {"messageId": UUID_TEXT}, True),
    ("segment", "messageId", {"messageId": "x" * 36}, False),
    ("segment", "timestamp", {"timestamp": "yesterday"}, False),
    ("segment", "type", {"type": "page"}, False),
]
MIXPANEL: list[tuple[dict[str, Any], bool]] = [
    ({"time": 31_536_000_000}, True),
    ({"time": 31_535_999_999}, False),
    ({"time": "1604188800000"}, False),
    ({"$insert_id": UUID_TEXT}, True),
    ({"$insert_id": UUID_TEXT + "a"}, False),
    ({"$insert_id": UUID_TEXT.replace("-", "_")}, False),
    ({"distinct_id": "0"}, False),
    ({"distinct_id": "[]"}, False),
    ({"distinct_id": "00000000-0000-0000-0000-000000000000"}, False),
    ({f"p{n}": n for n in range(100)}, True),
    ({f"p{n}": n for n in range(255)}, False),
    ({"list": [1] * 254}, True),
    ({"list": [1] * 255}, False),
]


def holds(name: str, line: dict[str, Any]) -> bool:
    return jsonschema.Draft7Validator(schema(TARGETS[name].events.schema)).is_valid(line)


@pytest.mark.parametrize(("name", "field", "change", "good"), CASES)
def test_schemas_know_both_sides_of_each_limit(
    folders: dict[str, Path], name: str, field: str, change: dict[str, Any], good: bool
) -> None:
    line = next(line for line in lines(folders[name]) if "n" in properties(line))
    assert holds(name, line)
    assert holds(name, line | change) == good, field


@pytest.mark.parametrize(("change", "good"), MIXPANEL)
def test_mixpanel_s_schema_knows_both_sides(
    folders: dict[str, Path], change: dict[str, Any], good: bool
) -> None:
    line = lines(folders["mixpanel"])[0]
    assert holds("mixpanel", line | {"properties": line["properties"] | change}) == good


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"revenue":12.5', '"revenue":12.6', "checksum"),
        ('"revenue":12.5', '"revenue":12.6', "revenue_usd_micros"),
        ('"insert_id":"', '"insert_id":"x', "insert_id"),
        ('"time":', '"time":1,"time":', "stands twice"),
        ("\n", "", "rows"),
    ],
)
def test_a_check_finds_what_was_changed(
    hostile: Workspace, tmp_path: Path, old: str, new: str, said: str
) -> None:
    hostile.export_to(ExportRequest("amplitude"), tmp_path / "a")
    path = tmp_path / "a" / "events-000001.ndjson"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    assert any(said in problem for problem in check(tmp_path / "a").problems)
    path.unlink()
    (tmp_path / "a" / "stray.txt").write_text("x")
    problems = "\n".join(check(tmp_path / "a").problems)
    assert "is missing" in problems and "stray.txt is not in the manifest" in problems
    with pytest.raises(ExportError, match="not for heap"):
        check(tmp_path / "a", "heap")
    with pytest.raises(ExportError, match="not the manifest"):
        check(tmp_path)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "change",
    [
        lambda line, ident: line.replace(ident, "xyz"),
        lambda line, ident: line.replace(f'"{ident}"', "7"),
        lambda line, ident: line.replace(ident, ident[:-1]),
        lambda line, ident: line.replace(f'"{ident}"', "NaN"),
        lambda line, ident: line.replace(f'"{ident}"', "[" * 100_000),
        lambda line, ident: re.sub('"((ga4_)?revenue(_usd)?)":12.5', r'"\1":1e9999999', line),
        lambda line, ident: "7\n",
        lambda line, ident: line[: len(line) // 2] + "\n",
    ],
)  # fmt: skip
def test_a_check_names_the_line_of_whatever_cannot_be_read(
    folders: dict[str, Path], tmp_path: Path, name: str, change: Callable[[str, str], str]
) -> None:
    shutil.copytree(folders[name], tmp_path / "x")
    path = tmp_path / "x" / "events-000001.ndjson"
    told = path.read_text("utf-8").split("\n")
    number = next(n for n, line in enumerate(told) if "12.5" in line)
    ident = re.search("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told[number])
    assert ident is not None
    told[number] = change(told[number], ident[0]).removesuffix("\n")
    path.write_text("\n".join(told), encoding="utf-8")
    start = f"events-000001.ndjson:{number + 1}: "
    assert any(problem.startswith(start) for problem in check(tmp_path / "x").problems)
