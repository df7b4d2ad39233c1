"""All shapes tell the same events, and the truth file is what plain Python counts in them."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from synthetic_readers import (
    params,
    plain,
    read_console,
    read_flat,
    read_ndjson,
    read_parquet,
    skinny_line,
)

from ga4_analytics.sources.synthetic import (
    Sample,
    SampleSpec,
    batches,
    generate,
    tell_truth,
    write_shape,
)
from ga4_analytics.sources.synthetic.truth import write_truth

MISSING = (None, "", "(not set)")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate(SampleSpec(scale=0.004, seed=11, start=date(2020, 11, 20), days=16))


@pytest.fixture(scope="module")
def events(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    paths = write_shape(sample, tmp_path_factory.mktemp("ndjson"), "ndjson")
    assert paths[0].name == "events_20201120-000000000000.json.gz"
    assert len(paths) == 16
    return read_ndjson(paths)


def _integers(value: Any) -> None:
    """Every integer of the extract is text, as BigQuery writes INT64."""
    if isinstance(value, dict):
        for each in value.values():
            _integers(each)
    elif isinstance(value, list):
        for each in value:
            _integers(each)
    else:
        assert isinstance(value, str | float), value


def test_the_extract_writes_integers_as_text(events: list[dict[str, Any]]) -> None:
    for event in events:
        _integers(event)


def test_the_console_shape_tells_the_same_events(
    sample: Sample, events: list[dict[str, Any]], tmp_path: Path
) -> None:
    told = read_console(write_shape(sample, tmp_path, "console"))
    assert [plain(event) for event in told] == [plain(event) for event in events]


def test_the_parquet_shape_tells_the_same_events(
    sample: Sample, events: list[dict[str, Any]], tmp_path: Path
) -> None:
    paths = write_shape(sample, tmp_path, "parquet")
    assert paths[0].name == "events_20201120.parquet"
    assert [plain(event) for event in read_parquet(paths)] == [plain(event) for event in events]


def test_the_skinny_shape_tells_the_same_events(
    sample: Sample, events: list[dict[str, Any]], tmp_path: Path
) -> None:
    (path,) = write_shape(sample, tmp_path, "skinny")
    with path.open(encoding="utf-8", newline="") as file:
        lines = [tuple(line) for line in csv.reader(file)][1:]
    assert lines == [skinny_line(event) for event in events]


def test_the_flat_shape_tells_the_same_events(
    sample: Sample, events: list[dict[str, Any]], tmp_path: Path
) -> None:
    lines = read_flat(write_shape(sample, tmp_path, "flat"))
    assert len(lines) == len(events)
    scoped = {"source": "event_source", "medium": "event_medium", "campaign": "event_campaign"}
    for line, event in zip(lines, events, strict=True):
        for name, text in params(event).items():
            if name != "transaction_id":
                assert line[scoped.get(name, name)] == text
        who, _, stamp, name, country, device, source, medium, order, revenue = skinny_line(event)
        assert (line["user_pseudo_id"], line["event_timestamp"]) == (who, stamp)
        assert (line["event_name"], line["geo_country"]) == (name, country)
        assert (line["device_category"], line["traffic_source_source"]) == (device, source)
        assert (line["traffic_source_medium"], line["ecommerce_transaction_id"]) == (medium, order)
        assert line["ecommerce_purchase_revenue_in_usd"] == revenue


def test_a_day_in_parts_tells_the_same_events(
    sample: Sample,
    events: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "BATCH", 50)
    told: list[int] = []
    paths = write_shape(sample, tmp_path / "parquet", "parquet", told.append)
    assert max(told) == 50 and len(told) > 16
    assert [plain(event) for event in read_parquet(paths)] == [plain(event) for event in events]
    assert read_ndjson(write_shape(sample, tmp_path / "ndjson", "ndjson")) == events


class Recount:
    """Counts in the extract by plain loops: the definitions, written a second time."""

    def __init__(self, events: list[dict[str, Any]], first: date, days: int) -> None:
        self.events, self.days = events, days
        self.day = [(date.fromisoformat(each["event_date"]) - first).days for each in events]
        self.user = [each.get("user_pseudo_id") for each in events]
        self.session = [(each.get("user_pseudo_id"), params(each).get("ga_session_id"))
                        for each in events]  # fmt: skip
        self.name = [each["event_name"] for each in events]

    def by_day(self, values: list[int]) -> list[int]:
        counts = Counter(values)
        return [counts[day] for day in range(self.days)]

    def retention(self, out: set[str]) -> list[tuple[int, int]]:
        active: dict[str, set[int]] = defaultdict(set)
        for user, day in zip(self.user, self.day, strict=True):
            if user is not None and user not in out:
                active[user].add(day)
        cells = []
        for n in range(self.days):
            able = [seen for seen in active.values() if min(seen) + n < self.days]
            cells.append((len(able), sum(min(seen) + n in seen for seen in able)))
        return cells

    def orders(self) -> dict[str, int]:
        bought = sorted(
            (int(each["event_timestamp"]), each["user_pseudo_id"], each)
            for each in self.events
            if each["event_name"] == "purchase"
        )
        raw, loose, values = 0, [], defaultdict(list)
        for _, user, each in bought:
            money = each["ecommerce"].get("purchase_revenue_in_usd") or 0.0
            micros = round(money * 1_000_000)
            raw += micros
            order = each["ecommerce"].get("transaction_id")
            if order in MISSING:
                loose.append(micros)
            else:
                values[user, order].append(micros)
        owners = Counter(order for _, order in values)
        identified = sum(each[0] for each in values.values())
        return {
            "purchase_events": len(bought),
            "purchasing_users": len({user for _, user, _ in bought}),
            "purchase_sessions": len({key for key, name in zip(self.session, self.name, strict=True)
                                      if name == "purchase"}),
            "events_without_id": len(loose),
            "orders": len(values) + len(loose),
            "orders_with_id": len(values),
            "repeated_events": sum(len(each) - 1 for each in values.values()),
            "conflicting_orders": sum(len(set(each)) > 1 for each in values.values()),
            "ids_of_several_users": sum(count > 1 for count in owners.values()),
            "raw_revenue_micros": raw,
            "order_revenue_micros": identified + sum(loose),
            "identified_revenue_micros": identified,
        }  # fmt: skip


@pytest.fixture(scope="module")
def recount(sample: Sample, events: list[dict[str, Any]]) -> Recount:
    return Recount(events, sample.spec.start, sample.spec.days)


def test_the_truth_counts_events_users_and_sessions(sample: Sample, recount: Recount) -> None:
    truth = tell_truth(sample)
    users = [user for user in recount.user if user is not None]
    sessions = [key for key in recount.session if key[0] is not None]
    assert truth.events == len(recount.events)
    assert truth.users == len(set(users))
    assert truth.sessions == len(set(sessions))
    assert truth.events_by_name == {name: recount.name.count(name) for name in truth.events_by_name}
    assert truth.events_by_day == recount.by_day(recount.day)
    pairs = {(u, d) for u, d in zip(recount.user, recount.day, strict=True) if u is not None}
    assert truth.users_by_day == recount.by_day([day for _, day in pairs])
    begins: dict[Any, int] = {}
    for key, day in zip(recount.session, recount.day, strict=True):
        if key[0] is not None:
            begins[key] = min(day, begins.get(key, day))
    assert truth.sessions_by_day == recount.by_day(list(begins.values()))
    for name in truth.events_by_name:
        rows = [i for i, each in enumerate(recount.name) if each == name]
        assert truth.named_events_by_day[name] == recount.by_day([recount.day[i] for i in rows])
        assert truth.users_by_name[name] == len({recount.user[i] for i in rows} - {None})
        assert truth.sessions_by_name[name] == len(
            {recount.session[i] for i in rows if recount.user[i] is not None}
        )
    engaged = {key for key, event in zip(recount.session, recount.events, strict=True)
               if params(event).get("session_engaged") == "1"}  # fmt: skip
    assert truth.engaged_sessions == len(engaged)


def test_the_truth_counts_mixes(sample: Sample, events: list[dict[str, Any]]) -> None:
    truth = tell_truth(sample)
    country = {e["user_pseudo_id"]: e["geo"]["country"] for e in events if "user_pseudo_id" in e}
    assert {k: v for k, v in truth.users_by_country.items() if v} == Counter(country.values())
    known = [event for event in events if "user_pseudo_id" in event]
    source = {each["user_pseudo_id"]: f"{skinny_line(each)[6]} / {skinny_line(each)[7]}"
              for each in known}  # fmt: skip
    assert {k: v for k, v in truth.users_by_source.items() if v} == Counter(source.values())
    device = {(e["user_pseudo_id"], params(e)["ga_session_id"]): e["device"]["category"]
              for e in events if "user_pseudo_id" in e}  # fmt: skip
    assert {k: v for k, v in truth.sessions_by_device.items() if v} == Counter(device.values())


def test_the_truth_counts_new_users_and_retention(sample: Sample, recount: Recount) -> None:
    truth = tell_truth(sample)
    first = {user: day for user, day, name in zip(recount.user, recount.day, recount.name,
             strict=True) if name == "first_visit"}  # fmt: skip
    assert truth.new_users_by_day == recount.by_day(list(first.values()))
    old = {user for user in recount.user if user is not None and user not in first}
    assert truth.planted.left_truncated_users == len(old) > 0
    assert truth.retention == recount.retention(old)
    assert truth.retention_with_truncated == recount.retention(set())
    midnight = sample.spec.start_us
    for event in recount.events:
        if "user_pseudo_id" in event:
            touched = int(event["user_first_touch_timestamp"])
            assert (touched < midnight) == (event["user_pseudo_id"] in old)


def test_the_truth_counts_orders(tmp_path: Path) -> None:
    busy = generate(SampleSpec(scale=0.03, start=date(2020, 12, 7), days=8))
    events = read_ndjson(write_shape(busy, tmp_path, "ndjson"))
    told = asdict(tell_truth(busy).orders)
    assert told == Recount(events, busy.spec.start, busy.spec.days).orders()
    assert told["repeated_events"] and told["events_without_id"]
    assert told["conflicting_orders"] and told["ids_of_several_users"]


def test_the_truth_counts_what_was_planted(sample: Sample, recount: Recount) -> None:
    planted = tell_truth(sample).planted
    lines = Counter(json.dumps(event, sort_keys=True) for event in recount.events)
    twice = Counter(json.loads(line)["event_name"] for line, n in lines.items() if n == 2)
    assert max(lines.values()) == 2
    assert planted.exact_duplicates == twice
    assert planted.consentless_events == recount.user.count(None) > 0
    days = defaultdict(set)
    owners = defaultdict(set)
    for key, day in zip(recount.session, recount.day, strict=True):
        if key[0] is not None:
            days[key].add(day)
            owners[key[1]].add(key[0])
    assert planted.midnight_sessions == sum(len(each) > 1 for each in days.values()) > 0
    assert planted.shared_session_ids == sum(len(each) for each in owners.values() if len(each) > 1)
    counts = Counter(recount.user)
    assert planted.robot_events == counts[planted.robot_user_pseudo_id]


def test_the_truth_file_is_the_truth(sample: Sample, tmp_path: Path) -> None:
    path = write_truth(sample, tmp_path)
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(asdict(tell_truth(sample))))
