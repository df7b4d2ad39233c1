"""``ga4 export FORMAT``: each vendor's rules, on events that are at its limits."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from amplitude import BaseEvent
from export_events import DAY_US, FORMULA, REFUSED_WORDS, START, hostile_events, write_events
from segment.analytics.client import Client as SegmentClient

from ga4_analytics.cli.asking import write_csv as write_answer
from ga4_analytics.errors import ExportError, QuestionError
from ga4_analytics.exports.check import check, schema
from ga4_analytics.exports.request import FORMATS, ExportRequest
from ga4_analytics.exports.targets import TARGETS
from ga4_analytics.questions.users_text import users_from
from ga4_analytics.web.csv_text import csv_text
from ga4_analytics.workspace import Workspace

NOW_US = 1_612_224_000_000_000
Lines = list[dict[str, Any]]
NOBODY = {word.strip().lower() for word in REFUSED_WORDS}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("hostile events")
    workspace = Workspace.open(folder, timezone="UTC", clock=lambda: NOW_US)
    workspace.load([write_events(folder / "events.json")])
    workspace.build()
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def folders(hostile: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An export of everything in each format."""
    place = tmp_path_factory.mktemp("exports")
    for name in FORMATS:
        hostile.export_to(ExportRequest(name), place / name)
    return {name: place / name for name in FORMATS}


def lines(folder: Path, kind: str = "events") -> Lines:
    return [
        json.loads(line)
        for path in sorted(folder.glob(f"{kind}-*.ndjson"))
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]
    ]


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content


def properties(line: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = line.get("event_properties") or line["properties"]
    return found


def by_number(folder: Path) -> dict[int, dict[str, Any]]:
    """Lines by the parameter that numbers the told events."""
    return {properties(line)["n"]: line for line in lines(folder)}


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_passes_its_own_check_and_jsonschema(folders: dict[str, Path], name: str) -> None:
    found = check(folders[name], name)
    assert found.problems == []
    assert found.rows == len(lines(folders[name])) + len(lines(folders[name], "users")) > 60
    target = TARGETS[name]
    for kind, rules in (("events", target.events.schema), ("users", target.users.schema)):
        validator = jsonschema.Draft7Validator(schema(rules))
        for line in lines(folders[name], kind):
            validator.validate(line)
    jsonschema.validate(manifest(folders[name]), schema("manifest"))


@pytest.mark.parametrize("name", FORMATS)
def test_every_event_is_written_or_counted_and_the_manifest_tells_the_truth(
    folders: dict[str, Path], hostile: Workspace, name: str
) -> None:
    told = manifest(folders[name])
    assert told["events"]["rows"] + sum(told["rejected"].values()) == len(hostile_events())
    assert told["rejected"]["without a time"] == told["rejected"]["without a user"] == 1
    for entry in told["files"]:
        content = (folders[name] / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert (len(content), content.count(b"\n")) == (entry["bytes"], entry["rows"])
    path = TARGETS[name].events.revenue
    dollars = Decimal(0)
    for text in (folders[name] / "events-000001.ndjson").read_text("utf-8").split("\n")[:-1]:
        value: Any = json.loads(text, parse_float=Decimal)
        for key in path:
            value = value.get(key, {})
        dollars += value or 0
    # 12.50 and a millionth bought, 2.25 given back; a parameter named revenue is not money.
    assert dollars * 1_000_000 == told["events"]["revenue_usd_micros"] == 10_250_001


@pytest.mark.parametrize("name", FORMATS)
def test_ids_and_times_are_those_of_the_data(
    folders: dict[str, Path], hostile: Workspace, name: str
) -> None:
    staged = {
        row["event_id"]: row
        for row in hostile.warehouse.query("select * from analytics.stg_ga4_events").to_pylist()
    }
    keys = {"amplitude": "insert_id", "heap": "idempotency_key", "mixpanel": "$insert_id",
            "posthog": "uuid", "segment": "messageId"}  # fmt: skip
    seen = []
    for line in lines(folders[name]):
        ident = line.get(keys[name]) or line["properties"][keys[name]]
        event = staged[ident]
        micros = event["event_timestamp"]
        if name in ("amplitude", "mixpanel"):
            assert line.get("time", line.get("properties", {}).get("time")) == micros // 1000
        else:
            assert line["timestamp"].endswith(f".{micros % 1_000_000:06}Z")
        seen.append((event["event_date"], micros, ident))
        assert len(ident) == 36 and UUID(ident)
    assert seen == sorted(seen) and len(set(seen)) == len(seen)


def test_all_three_who_signed_in_have_their_properties_written(folders: dict[str, Path]) -> None:
    # One id of one of them is too short for Amplitude; the other will do.
    for name in FORMATS:
        told = manifest(folders[name])
        assert len(lines(folders[name], "users")) == told["users"]["rows"] == 3
        assert told["users_rejected"] == {}


def expected_ids(least: int, most: int) -> set[str]:
    """Devices that a vendor with these limits takes, in plain Python."""
    told = {event["user_pseudo_id"] for event in hostile_events() if event["event_timestamp"]}
    return {
        one
        for one in told
        if one and least <= len(one) <= most and one.strip().lower() not in NOBODY
    }


@pytest.mark.parametrize(
    ("name", "key", "least", "most"),
    [("amplitude", "device_id", 5, 1024), ("heap", "identity", 1, 255),
     ("mixpanel", "distinct_id", 1, 255), ("posthog", "distinct_id", 1, 200),
     ("segment", "anonymousId", 1, 255)],
)  # fmt: skip
def test_ids_are_taken_up_to_the_limits_and_no_word_for_nobody_is(
    folders: dict[str, Path], name: str, key: str, least: int, most: int
) -> None:
    found = {line.get(key) or line.get("properties", {}).get(key) for line in lines(folders[name])}
    expected = expected_ids(least, most)
    if name not in ("amplitude",):
        # Only Amplitude takes this word for nobody.
        expected |= {"LMY47D"}
    assert found - {None} == expected
    assert not {"null", "None"} & found


def test_amplitude_s_client_keeps_every_field(folders: dict[str, Path]) -> None:
    for kind in ("events", "users"):
        for line in lines(folders["amplitude"], kind):
            body = BaseEvent(**line).get_event_body()
            assert body == line
            assert "device_id" in body or "user_id" in body


def test_amplitude_refuses_its_own_names_and_cuts_at_1024(folders: dict[str, Path]) -> None:
    found = lines(folders["amplitude"])
    names = {line["event_type"] for line in found}
    assert not any(name.startswith(("$", "[Amplitude]")) for name in names)
    texts = {len(value) for line in found for value in properties(line).values()
             if isinstance(value, str)}  # fmt: skip
    assert max(texts) == 1024 and 1023 in texts
    keys = {len(key) for line in found for key in properties(line)}
    assert max(keys) == 1024
    purchases = [line for line in found if line["event_type"] == "purchase"]
    # The order's value alone: price and quantity beside it would count it twice.
    assert [line["revenue"] for line in purchases] == [12.5, 1e-06]
    assert not any({"price", "quantity"} & set(line) for line in found)
    assert [len(properties(line)["ga4_items"]) for line in purchases] == [2, 1]
    assert [line["revenue"] for line in found if line["event_type"] == "refund"] == [-2.25]


def test_segment_s_client_takes_every_message(folders: dict[str, Path]) -> None:
    client = SegmentClient("key", send=False)
    for line in lines(folders["segment"]):
        done, message = client.track(
            user_id=line.get("userId"), anonymous_id=line.get("anonymousId"), event=line["event"],
            properties=line["properties"], message_id=line["messageId"],
        )  # fmt: skip
        assert done and message["properties"] == line["properties"]
    sizes = [len(text) for text in (folders["segment"] / "events-000001.ndjson").read_bytes()
             .splitlines(keepends=True)]  # fmt: skip
    assert 30_000 < max(sizes) <= 32 * 1024
    assert manifest(folders["segment"])["rejected"]["oversize"] == 3


def test_posthog_s_client_takes_ids_times_and_sizes(folders: dict[str, Path]) -> None:
    from posthog import Posthog
    from posthog.consumer import MAX_MSG_SIZE

    caught: Lines = []
    client = Posthog("key", send=False, before_send=lambda event: caught.append(event))
    found = lines(folders["posthog"])
    for line in found:
        client.capture(line["event"], distinct_id=line["distinct_id"], uuid=line["uuid"],
                       properties=line["properties"])  # fmt: skip
    assert [(one["event"], one["distinct_id"], one["uuid"]) for one in caught] == [
        (line["event"], line["distinct_id"], line["uuid"]) for line in found
    ]
    sizes = [len(text) for text in (folders["posthog"] / "events-000001.ndjson").read_bytes()
             .splitlines(keepends=True)]  # fmt: skip
    assert max(sizes) <= MAX_MSG_SIZE
    assert manifest(folders["posthog"])["request"]["beside"] == {"historical_migration": True}
    # Anonymous events make no profile; who is signed in has one.
    profiles = {line["distinct_id"]: line["properties"].get("$process_person_profile") for line
                in found}  # fmt: skip
    assert profiles["33333.3"] is False and profiles["22222.2"] is None


def test_mixpanel_s_documented_rules(folders: dict[str, Path]) -> None:
    for line in lines(folders["mixpanel"]):
        assert set(line) == {"event", "properties"}
        inner = line["properties"]
        assert isinstance(inner["time"], int) and len(inner) <= 254
        assert len(json.dumps(line, ensure_ascii=False).encode()) < 1_000_000
        assert not any(isinstance(value, dict) for value in inner.values())
    rejected = manifest(folders["mixpanel"])["rejected"]
    assert rejected["too many parameters"] == 1 and rejected["oversize"] == 1
    assert rejected["reserved name"] == 2


def test_heap_is_flat_with_one_identity(folders: dict[str, Path]) -> None:
    for line in lines(folders["heap"]) + lines(folders["heap"], "users"):
        assert ("identity" in line) and "user_id" not in line
        for key, value in line["properties"].items():
            assert len(key) < 1024
            assert type(value) in (str, int, float)
            assert not isinstance(value, str) or len(value) < 1024
    bought = [line["properties"] for line in lines(folders["heap"]) if line["event"] == "purchase"]
    assert bought[0]["ga4_items"] == 2
    assert bought[0]["ga4_item_ids"] == "sku0||sku1"
    people = {line["identity"]: line["properties"] for line in lines(folders["heap"], "users")}
    assert people["22222.2"]["param_ID"] == 7 and "ID" not in people["22222.2"]


@pytest.mark.parametrize("name", FORMATS)
def test_parameters_come_through_as_they_are(folders: dict[str, Path], name: str) -> None:
    """The oracle: the told parameters, cut and renamed by hand."""
    found = by_number(folders[name])
    most = {"amplitude": 1024, "heap": 1023}.get(name, 1 << 30)
    for number, event in enumerate(hostile_events()):
        if number not in found:
            continue
        own = properties(found[number])
        for each in event["event_params"]:
            key, value = each["key"], next(iter(each["value"].values()))
            if event["user_pseudo_id"] == "66666.6" or value in ("", None):
                continue
            if "int_value" in each["value"]:
                value = int(value) if abs(int(value)) <= 2**53 else value
            if isinstance(value, str):
                value = value[:most]
            assert own[key] == value and type(own[key]) is type(value), (name, number, key)


RENAMED = {
    "amplitude": {"$set"},
    "heap": set(),
    "mixpanel": {"time", "distinct_id", "token", "$set", "mp_y"},
    "posthog": {"distinct_id", "token", "$set", "uuid"},
    "segment": {"revenue", "order_id", "products"},
}


@pytest.mark.parametrize("name", FORMATS)
def test_names_that_a_vendor_keeps_for_itself_get_a_prefix(
    folders: dict[str, Path], name: str
) -> None:
    number = next(n for n, event in enumerate(hostile_events())
                  if event["user_pseudo_id"] == "66666.6")  # fmt: skip
    own = properties(by_number(folders[name])[number])
    told = {each["key"] for each in hostile_events()[number]["event_params"]}
    always = {"ga4_source", "param_x"}
    for key in told:
        assert (f"param_{key}" in own) == (key in RENAMED[name] | always), key
    assert own["param_ga4_source"] == "mine" and own["param_param_x"] == 1


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("name", FORMATS)
def test_a_second_run_gives_the_same_bytes_whatever_the_clock_says(
    hostile: Workspace,
    folders: dict[str, Path],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day, clock in (("then", START + DAY_US), ("late", NOW_US + 10_000 * DAY_US)):
        monkeypatch.setattr(hostile, "clock", lambda clock=clock: clock)
        told = hostile.export_to(ExportRequest(name), tmp_path / day)
        assert digest(tmp_path / day) == digest(folders[name])
        aged = {warning["rule"]: warning["events"] for warning in told["warnings"]}
        assert set(aged) <= {each["rule"] for each in told["rules"]}
        late = [age.rule for age in TARGETS[name].ages if age.older_than is not None]
        assert (set(late) <= set(aged)) == (day == "late" or not late)


def test_formulas_stay_in_files_for_machines_and_not_in_those_for_people(
    hostile: Workspace, folders: dict[str, Path], tmp_path: Path
) -> None:
    assert FORMULA in {line["event"] for line in lines(folders["heap"])}
    hostile.export_csv(ExportRequest("heap"), tmp_path / "flat.csv")
    hostile.export()
    answer = hostile.trends(by=("event_name",)).result
    write_answer(answer, tmp_path / "answer.csv")
    for path in (
        tmp_path / "flat.csv",
        hostile.settings.outputs_dir / "events_product_analytics.csv",
        hostile.settings.outputs_dir / "amplitude_heap_events.csv",
        tmp_path / "answer.csv",
    ):
        with path.open(encoding="utf-8", newline="") as file:
            cells = {cell for row in csv.reader(file) for cell in row}
        assert FORMULA in cells and f"'{FORMULA}" not in cells, path
    shown = {cell for row in csv.reader(csv_text(answer.records()).splitlines()) for cell in row}
    assert f"'{FORMULA}" in shown and FORMULA not in shown


def test_postgres_gives_the_same_bytes(
    postgres_url: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    workspace = Workspace.open(
        tmp_path, timezone="UTC", warehouse=postgres_url, clock=lambda: NOW_US
    )
    workspace.load([write_events(tmp_path / "events.json")])
    workspace.build()
    for name in FORMATS:
        workspace.export_to(ExportRequest(name), tmp_path / name)
        assert digest(tmp_path / name) == digest(folders[name]), name
    workspace.close()


@pytest.mark.parametrize("name", FORMATS)
def test_files_are_cut_by_lines_and_by_bytes(
    hostile: Workspace, folders: dict[str, Path], name: str, tmp_path: Path
) -> None:
    whole = (folders[name] / "events-000001.ndjson").read_bytes()
    told = hostile.export_to(ExportRequest(name, max_rows=7), tmp_path / "rows")
    sizes = [entry["rows"] for entry in told["files"] if entry["kind"] == "events"]
    assert set(sizes[:-1]) == {7} and 0 < sizes[-1] <= 7
    parts = sorted((tmp_path / "rows").glob("events-*"))
    assert b"".join(part.read_bytes() for part in parts) == whole
    told = hostile.export_to(ExportRequest(name, max_bytes=2_500), tmp_path / "bytes")
    assert all(entry["bytes"] <= 2_500 for entry in told["files"])
    assert told["rejected"]["oversize"] > 0
    assert check(tmp_path / "bytes").problems == []
    limits = {"amplitude": 2000, "heap": 1000, "mixpanel": 2000, "posthog": 10_000, "segment": 2500}
    assert TARGETS[name].events.part.rows == limits[name]


def test_days_names_and_users_narrow_an_export(hostile: Workspace, tmp_path: Path) -> None:
    def devices(**asked: Any) -> list[tuple[str, str]]:
        hostile.export_to(ExportRequest("heap", **asked), tmp_path / "heap")
        return [(line["identity"], line["event"]) for line in lines(tmp_path / "heap")]

    day = date(2020, 11, 2)
    assert devices(start=day) == [("14141.4", "scroll")] * 30
    assert devices(events=("purchase",)) == [("13131.3", "purchase")] * 2
    whole = devices(events=("refund",), whole_users=True)
    assert whole == [("13131.3", "purchase")] * 2 + [("13131.3", "refund")]
    buyers = users_from(did=("purchase",))
    assert devices(users=buyers) == whole
    assert devices(users=buyers, events=("refund",)) == [("13131.3", "refund")]
    with pytest.raises(QuestionError, match="no event 'Purchase'"):
        devices(events=("Purchase",))
    with pytest.raises(QuestionError, match="after the end"):
        devices(start=day, end=day.replace(day=1))


def test_amplitude_may_take_shorter_ids(hostile: Workspace, tmp_path: Path) -> None:
    told = hostile.export_to(ExportRequest("amplitude", min_id_length=4), tmp_path / "short")
    assert told["request"]["beside"] == {"options": {"min_id_length": 4}}
    assert "7777" in {line.get("device_id") for line in lines(tmp_path / "short")}
    assert check(tmp_path / "short").problems == []
    with pytest.raises(QuestionError, match="no such option"):
        hostile.export_to(ExportRequest("heap", min_id_length=4), tmp_path / "heap")


def test_a_folder_that_is_no_export_is_left_alone(hostile: Workspace, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear")
    with pytest.raises(ExportError, match="is not an export"):
        hostile.export_to(ExportRequest("heap"), tmp_path / "letters")
    assert [path.name for path in tmp_path.rglob("*")] == ["letters", "dear.txt"]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from ga4_analytics.exports.parts import Account
    from ga4_analytics.exports.request import ExportRequest
    from ga4_analytics.exports.source import Source
    from ga4_analytics.exports.deliver import Delivery
    from ga4_analytics.workspace import Workspace

    folder, target, at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    whole = Source.chunks
    Source.chunks = lambda self: whole(self, 7)
    events, seen = Delivery._events, []

    def counted(*given):
        events(*given)
        seen.append(1)
        if len(seen) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    Delivery._events = counted
    workspace = Workspace.open(folder, timezone="UTC", clock=lambda: 1_612_224_000_000_000)
    workspace.export_to(ExportRequest("segment"), target)
    print(len(seen))
"""


def test_a_killed_export_goes_on_where_it_was(hostile: Workspace, tmp_path: Path) -> None:
    hostile.close()
    target = tmp_path / "segment"

    def attempt(name: Path, at: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", textwrap.dedent(KILLED),
                   str(hostile.settings.workspace), str(name), str(at)]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)

    undisturbed = attempt(tmp_path / "whole", 0)
    chunks = int(undisturbed.stdout)
    assert chunks > 1
    assert attempt(target, chunks).returncode == -signal.SIGKILL
    assert not target.exists()
    # Something half written by the killed one must not come into the export.
    (tmp_path / ".segment.unfinished" / "events-000099.ndjson").write_text("half")
    again = attempt(target, 0)
    assert again.returncode == 0, again.stderr
    assert int(again.stdout) == 1
    assert digest(target) == digest(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["segment", "whole"]


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
