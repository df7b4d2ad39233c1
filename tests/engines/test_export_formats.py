"""``ga4 export FORMAT``: each vendor's rules, on events that are at its limits."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from amplitude import BaseEvent
from export_events import REFUSED_WORDS, Lines, hostile_events, lines, manifest, properties
from segment.analytics.client import Client as SegmentClient

from ga4_analytics.exports.check import check, schema
from ga4_analytics.exports.request import FORMATS
from ga4_analytics.exports.targets import TARGETS
from ga4_analytics.workspace import Workspace

NOBODY = {word.strip().lower() for word in REFUSED_WORDS}


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
