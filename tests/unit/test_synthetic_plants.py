"""What is planted is in the files: read in plain Python, compared with the truth file."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from planted_samples import Truth, daily, lines, short, written
from synthetic_readers import (
    Event,
    local_day,
    moment,
    order_of,
    params,
    plain,
    read_console,
    read_flat,
    read_ndjson,
    read_parquet,
)

from ga4_analytics.sources.synthetic import (
    PLANTS,
    SampleSpec,
    Shape,
    generate,
)

ZONE = "America/New_York"
WHOLE = SampleSpec(
    scale=0.002, seed=5, start=date(2020, 10, 25), days=147, zone=ZONE, plants=PLANTS
)
MISSING = (None, "", "(not set)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything at once, as NDJSON."""
    folder = tmp_path_factory.mktemp("planted")
    written(WHOLE, folder)
    return folder


@pytest.fixture(scope="module")
def plants(folder: Path) -> Truth:
    truth: Truth = json.loads((folder / "_truth.json").read_text(encoding="utf-8"))["plants"]
    return truth


@pytest.fixture(scope="module")
def events(folder: Path) -> list[Event]:
    return daily(folder)


@pytest.fixture(scope="module")
def once(events: list[Event]) -> list[Event]:
    """The events without their exact repeats."""
    return [json.loads(line) for line in lines(events)]


@pytest.fixture(scope="module")
def sessions(once: list[Event]) -> dict[tuple[str, str], list[Event]]:
    found: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in once:
        if "user_pseudo_id" in event:
            found[event["user_pseudo_id"], params(event)["ga_session_id"]].append(event)
    return found


def test_every_plant_tells_its_truth(plants: Truth) -> None:
    assert sorted(plants) == sorted(PLANTS)


def test_dates_are_those_of_the_zone(events: list[Event]) -> None:
    assert all(local_day(event, ZONE) == date.fromisoformat(event["event_date"])
               for event in events)  # fmt: skip


def test_the_whole_truth_is_of_the_planted_sample(folder: Path, events: list[Event]) -> None:
    truth = json.loads((folder / "_truth.json").read_text(encoding="utf-8"))
    names = Counter(event["event_name"] for event in events)
    assert truth["zone"] == ZONE and truth["events"] == len(events)
    assert {name: n for name, n in truth["events_by_name"].items() if n} == names
    days = Counter(event["event_date"] for event in events)
    dates = [WHOLE.start + timedelta(days=i) for i in range(WHOLE.days)]
    assert truth["events_by_day"] == [days[f"{each:%Y%m%d}"] for each in dates]
    assert truth["users"] == len({e["user_pseudo_id"] for e in events if "user_pseudo_id" in e})


def test_the_truth_counts_sessions_of_a_planted_sample(
    folder: Path, sessions: dict[tuple[str, str], list[Event]]
) -> None:
    truth = json.loads((folder / "_truth.json").read_text(encoding="utf-8"))
    begins = Counter(min(e["event_date"] for e in each) for each in sessions.values())
    dates = [WHOLE.start + timedelta(days=i) for i in range(WHOLE.days)]
    assert truth["sessions"] == len(sessions)
    assert truth["sessions_by_day"] == [begins[f"{each:%Y%m%d}"] for each in dates]
    engaged = [each for each in sessions.values()
               if any(params(e).get("session_engaged") == "1" for e in each)]  # fmt: skip
    assert truth["engaged_sessions"] == len(engaged)


def test_experiments_have_their_users_and_conversions(plants: Truth, once: list[Event]) -> None:
    exposed: dict[str, dict[str, tuple[str, int]]] = defaultdict(dict)
    bought: dict[str, int] = {}
    for event in once:
        user, told = event.get("user_pseudo_id", ""), params(event)
        if event["event_name"] == "experiment_viewed":
            assert user not in exposed[told["experiment_id"]], "exposed once"
            exposed[told["experiment_id"]][user] = told["variant_id"], moment(event)
        elif event["event_name"] == "purchase":
            bought[user] = max(moment(event), bought.get(user, 0))
    assert {name: each["relative_lift"] for name, each in plants["experiment"].items()} == {
        "express_checkout": 0.5, "blue_header": 0.0}  # fmt: skip
    for name, trial in plants["experiment"].items():
        users = Counter(variant for variant, _ in exposed[name].values())
        converted = Counter(variant for user, (variant, at) in exposed[name].items()
                            if bought.get(user, -1) >= at)  # fmt: skip
        told = trial["variants"]
        assert {variant: each["users"] for variant, each in told.items()} == users
        assert {variant: each["converted"] for variant, each in told.items()} == converted


def test_the_exposure_is_the_first_thing_a_user_sees(tmp_path: Path) -> None:
    written(short("experiment"), tmp_path)
    seen: dict[str, list[Event]] = defaultdict(list)
    for event in daily(tmp_path):
        seen[event.get("user_pseudo_id", "")].append(event)
    del seen[""]
    for of_user in seen.values():
        shown = [e for e in of_user if e["event_name"] == "experiment_viewed"]
        assert len(shown) == 2
        assert {moment(each) for each in shown} == {min(map(moment, of_user))}


def test_the_lift_is_the_planted_one_within_its_standard_error() -> None:
    spec = SampleSpec(scale=0.3, seed=1, days=60, plants=("experiment",))
    sample = generate(spec)
    told = sample.plants[0].tell(sample)
    for trial in told.values():
        (n, k), (m, j) = ((v["users"], v["converted"]) for v in trial["variants"].values())
        ratio = (j / m) / (k / n)
        error = ratio * (1 / j + 1 / k) ** 0.5
        assert abs(ratio - 1 - trial["relative_lift"]) < 3 * error < 0.4
        assert abs(n - m) < 4 * (n + m) ** 0.5


def test_members_come_every_week_until_they_churn(tmp_path: Path) -> None:
    truth = written(short("churn"), tmp_path)
    _judge_members(truth["plants"]["churn"], daily(tmp_path), short().start, 21)


def test_the_hazard_is_the_planted_one_within_its_standard_error() -> None:
    sample = generate(SampleSpec(scale=0.25, seed=1, days=92, plants=("churn",)))
    for each in sample.plants[0].tell(sample)["segments"].values():
        risk, hazard = each["weeks_at_risk"], each["hazard"]
        error = (hazard * (1 - hazard) / risk) ** 0.5
        assert abs(each["churned"] / risk - hazard) < 3 * error < 0.1


def _judge_members(churn: Truth, events: list[Event], start: date, days: int) -> None:
    """Weeks at risk and leavers, counted from the events of each member."""
    seen: dict[str, set[int]] = defaultdict(set)
    kind = {}
    for event in events:
        if "user_pseudo_id" in event:
            user, day = event["user_pseudo_id"], date.fromisoformat(event["event_date"])
            seen[user].add((day - start).days)
            kind[user] = event["device"]["category"]
    risk: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for member in churn["members"]:
        active = seen[member["user_pseudo_id"]]
        first, last = min(active), max(active)
        assert member["segment"] == kind[member["user_pseudo_id"]]
        assert member["first_day"] == str(start + timedelta(days=first))
        assert member["last_active_day"] == str(start + timedelta(days=last))
        weeks = {(day - first) // 7 for day in active}
        assert weeks == set(range(max(weeks) + 1)), "no week is left out"
        whole = (days - first) // 7
        stayed = [week for week in range(whole - 1) if week in weeks]
        risk[member["segment"]] += len(stayed)
        gone = any(week + 1 not in weeks for week in stayed)
        left[member["segment"]] += gone
        assert member["churned"] == gone
    for name, told in churn["segments"].items():
        assert (told["weeks_at_risk"], told["churned"]) == (risk[name], left[name])
        assert told["weekly_return_probability"] == pytest.approx(1 - told["hazard"])
    assert sum(left.values()) > 0


@pytest.mark.parametrize("shape", ["ndjson", "parquet", "flat", "console"])
def test_duplicates_are_repeated_to_the_letter(shape: Shape, tmp_path: Path) -> None:
    told = written(short("duplicates"), tmp_path, shape)["plants"]["duplicates"]
    files = sorted(path for path in tmp_path.iterdir() if not path.name.startswith("_"))
    readers = {"ndjson": read_ndjson, "parquet": read_parquet, "flat": read_flat,
               "console": read_console}  # fmt: skip
    events = readers[shape](files)
    counts = Counter(json.dumps(plain(event), sort_keys=True) for event in events)
    repeated = {line: n - 1 for line, n in counts.items() if n > 1}
    assert sum(repeated.values()) == told["extra_rows"] > 0
    assert len(repeated) == told["repeated_events"]
    by_day: Counter[str] = Counter()
    by_name: Counter[str] = Counter()
    for line, n in repeated.items():
        event = json.loads(line)
        by_day[str(date.fromisoformat(event["event_date"]))] += n
        by_name[event["event_name"]] += n
    assert {day: n for day, n in told["extra_rows_by_day"].items() if n} == by_day
    assert told["extra_rows_by_name"] == by_name


def test_consentless_events_have_neither_user_nor_session(
    plants: Truth, events: list[Event]
) -> None:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        assert ("user_pseudo_id" in event) == ("ga_session_id" in params(event))
        if "user_pseudo_id" not in event:
            found[str(date.fromisoformat(event["event_date"]))][event["event_name"]] += 1
            assert event["privacy_info"]["analytics_storage"] == "No"
    told = plants["consentless"]
    assert {day: n for day, n in told["events_by_day_and_name"].items() if n} == found
    assert told["events"] == sum(map(Counter.total, found.values())) > 200


def test_orders_are_repeated_and_lack_ids_as_planted(plants: Truth, once: list[Event]) -> None:
    told, loose, first = plants["orders"], Counter[str](), {}
    raw = ruled = 0
    by_day: Counter[str] = Counter()
    bought = sorted((e for e in once if e["event_name"] == "purchase"), key=moment)
    for event in bought:
        micros = round(event["ecommerce"].get("purchase_revenue_in_usd", 0) * 1_000_000)
        raw += micros
        order = event["ecommerce"].get("transaction_id")
        if order in MISSING:
            loose[{None: "null", "": "empty"}.get(order, str(order))] += 1
        if order in MISSING or (event["user_pseudo_id"], order) not in first:
            first[event["user_pseudo_id"], order] = micros
            by_day[str(date.fromisoformat(event["event_date"]))] += 1
            ruled += micros
    assert told["purchase_events"] == len(bought)
    assert told["without_id"] == {name: loose[name] for name in ("(not set)", "null", "empty")}
    assert told["orders"] == by_day.total()
    assert told["repeated_events"] == len(bought) - by_day.total() >= told["added_repeats"] > 0
    assert {day: n for day, n in told["orders_by_day"].items() if n} == by_day
    assert (told["raw_revenue_micros"], told["order_revenue_micros"]) == (raw, ruled)
    assert told["added_without_id"] > 0


def test_sessions_run_over_midnight(
    plants: Truth, sessions: dict[tuple[str, str], list[Event]]
) -> None:
    days = [sorted({local_day(e, ZONE) for e in each}) for each in sessions.values()]
    crossing = Counter(str(each[0]) for each in days if len(each) == 2)
    assert max(map(len, days)) == 2
    told = plants["midnight"]
    assert told["sessions_by_first_day"] == crossing
    assert told["sessions"] == crossing.total() >= 24


def test_sessions_run_over_both_changes_of_the_clocks(
    plants: Truth, sessions: dict[tuple[str, str], list[Event]]
) -> None:
    changes = plants["dst"]["changes"]
    assert [each["date"] for each in changes] == ["2020-11-01", "2021-03-14"]
    for change in changes:
        at, zone = change["at_us"], ZoneInfo(ZONE)
        for side, minutes in ((at - 1, "offset_min_before"), (at, "offset_min_after")):
            assert local_day({"event_timestamp": side}, ZONE) == date.fromisoformat(change["date"])
            offset = datetime.fromtimestamp(side // 1_000_000, zone).utcoffset()
            assert offset is not None and offset.total_seconds() / 60 == change[minutes]
        over = [each for each in sessions.values()
                if min(map(moment, each)) < at <= max(map(moment, each))]  # fmt: skip
        assert len(over) == change["sessions"] >= change["added_sessions"] >= 12


def test_an_outage_leaves_a_hole(tmp_path: Path) -> None:
    truth = written(short("outage"), tmp_path / "planted")
    written(short(), tmp_path / "whole")
    whole, left = daily(tmp_path / "whole"), daily(tmp_path / "planted")
    lost = lines(whole) - lines(left)
    assert not lines(left) - lines(whole)
    windows = truth["plants"]["outage"]["windows"]
    assert [window["event_name"] for window in windows] == [None, "scroll"]
    in_windows = 0
    for window in windows:
        inside = [e for e in whole if window["start_us"] <= moment(e) < window["end_us"]
                  and window["event_name"] in (None, e["event_name"])]  # fmt: skip
        assert window["lost_events"] == len(inside) > 0
        assert {str(date.fromisoformat(e["event_date"])) for e in inside} == {window["day"]}
        assert not lines(inside) - lost
        in_windows += len(inside)
    assert in_windows == lost.total()


def test_batch_columns_tell_the_order_of_ties(tmp_path: Path) -> None:
    truth = written(short("ties"), tmp_path / "planted")["plants"]["ties"]
    written(short(), tmp_path / "whole")
    whole, moved = daily(tmp_path / "whole"), daily(tmp_path / "planted")
    lost_order = ("event_timestamp", "event_bundle_sequence_id")
    batch = ("batch_event_index", "batch_page_id", "batch_ordering_id")
    assert lines(whole, *lost_order) == lines(moved, *lost_order, *batch)
    sessions: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in moved:
        assert ("user_pseudo_id" in event) == all(name in event for name in batch)
        if "user_pseudo_id" in event:
            sessions[event["user_pseudo_id"], params(event)["ga_session_id"]].append(event)
    in_file = 0
    for told in truth["sessions"]:
        found = sessions[told["user_pseudo_id"], str(told["ga_session_id"])]
        unique = [json.loads(line) for line in lines(found)]
        names = [e["event_name"] for e in sorted(unique, key=order_of)]
        assert names == told["event_names"]
        in_file += names == [e["event_name"] for e in sorted(found, key=moment)]
    assert 20 < len(truth["sessions"]) <= 50
    assert in_file < len(truth["sessions"]), "time alone does not tell the order"
    tied = 0
    for found in sessions.values():
        _judge_requests([json.loads(line) for line in lines(found)])
        times = Counter(map(moment, found))
        tied += sum(n for n in times.values() if n > 1)
    assert tied == truth["tied_events"] > truth["moved_events"] > 100


def _judge_requests(session: list[Event]) -> None:
    """A page's requests count from 1, so do a request's events; a request has one time."""
    pages: dict[str, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in session:
        pages[event["batch_page_id"]][int(event["batch_ordering_id"])].append(event)
    views = {moment(e) for e in session if e["event_name"] == "page_view"}
    assert len(pages) in (len(views), len(views) + 1), "a page view opens a page"
    for requests in pages.values():
        assert sorted(requests) == list(range(1, len(requests) + 1))
        for events in requests.values():
            assert len({moment(each) for each in events}) == 1
            numbers = sorted(int(each["batch_event_index"]) for each in events)
            assert numbers == list(range(1, len(events) + 1))


def test_the_last_days_come_again_with_more(folder: Path, plants: Truth) -> None:
    again = sorted((folder / "_late").iterdir())
    assert len(again) == len(plants["late"]["days"]) == 3
    for path, (day, told) in zip(again, plants["late"]["days"].items(), strict=True):
        first, last = read_ndjson([folder / path.name]), read_ndjson([path])
        assert {e["event_date"] for e in last} == {day.replace("-", "")}
        assert (told["first_rows"], told["last_rows"]) == (len(first), len(last))
        assert told["first"] == Counter(e["event_name"] for e in first)
        assert told["last"] == Counter(e["event_name"] for e in last)
        assert not lines(first) - lines(last), "what was there is there again"
    assert any(each["last_rows"] > each["first_rows"] for each in plants["late"]["days"].values())


@pytest.mark.parametrize("shape", ["ndjson", "parquet"])
def test_intraday_tables_lie_beside_the_daily_ones(shape: Shape, tmp_path: Path) -> None:
    told = written(short("intraday"), tmp_path, shape)["plants"]["intraday"]
    read = read_ndjson if shape == "ndjson" else read_parquet
    streamed = sorted(tmp_path.glob("events_intraday_*"))
    assert len(streamed) == len(told["days"]) == 3
    for path, (day, rows) in zip(streamed, told["days"].items(), strict=True):
        assert f"events_intraday_{day.replace('-', '')}" in path.name
        own = read([tmp_path / path.name.replace("_intraday", "")])
        part = read([path])
        assert (rows["rows"], rows["intraday_rows"]) == (len(own), len(part))
        assert rows["by_name"] == Counter(e["event_name"] for e in own)
        assert rows["intraday_by_name"] == Counter(e["event_name"] for e in part)
        assert 0 < len(part) < len(own) and rows["wins"] == "daily"
        missing = ("traffic_source", "user_ltv")
        assert all(e.get(name) is None for e in part for name in missing)
        assert all(e.get("user_ltv") for e in own if e.get("user_pseudo_id"))
        bare = [{k: v for k, v in e.items() if k not in missing} for e in own]
        assert not (lines([plain(e) for e in part], *missing) - lines([plain(e) for e in bare]))
