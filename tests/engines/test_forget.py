"""Erasing a person: nothing of them is left, and everything of the others is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from test_load import START, rows, workspace  # noqa: F401

from ga4_analytics.workspace import Workspace

ANN, PHONE, SHARED, OTHER = "1111111.2222222", "3333333.4444444", "5555555.6666666", "777777.8888"


def event(device: str, second: int, user: str | None = None, **more: Any) -> dict[str, Any]:
    params = [{"key": "ga_session_id", "value": {"int_value": "1"}}]
    params += [{"key": key, "value": {"string_value": text}} for key, text in more.items()]
    return {
        "event_date": "20201101",
        "event_timestamp": str(START + second * 1_000_000),
        "event_name": "page_view",
        "user_pseudo_id": device,
        "user_id": user,
        "event_params": params,
        "items": [{"item_id": f"cup-{device}-{second}"}],
    }


EVENTS = [
    event(ANN, 0),
    event(ANN, 1, "customer-ann"),
    event(PHONE, 2, "customer-ann"),
    event(SHARED, 3, "customer-ann"),
    event(SHARED, 4, "customer-bob"),
    event(SHARED, 5),
    event(OTHER, 6),
]


def write(folder: Path, name: str, events: list[dict[str, Any]], *more: str) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(each) + "\n" for each in events) + "".join(more))
    return path


def loaded(workspace: Workspace, tmp_path: Path) -> Path:  # noqa: F811
    """A day that was loaded twice, once with a broken line that names the person."""
    broken = f'{{"user_pseudo_id": "{ANN}", cut off\n'
    workspace.load([write(tmp_path, "a.json", EVENTS[:6], broken)])
    path = write(tmp_path, "b.json", EVENTS)
    workspace.load([path])
    return path


def test_a_person_and_their_devices_go(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    loaded(workspace, tmp_path)
    person, traces = workspace.forget("customer-ann")
    assert (person.devices, person.shared_devices) == ((ANN, PHONE), (SHARED,))
    assert (person.events, person.copies, person.rejects) == (4, 4, 1)
    assert traces.found == {}
    kept = rows(workspace, "event_date, event_id, user_pseudo_id, user_id")
    assert sorted((row["user_pseudo_id"], row["user_id"] or "") for row in kept) == [
        (SHARED, ""), (SHARED, "customer-bob"), (OTHER, "")]  # fmt: skip
    items = {row["item_id"] for row in rows(workspace, "*", "ga4_items")}
    assert items == {f"cup-{SHARED}-4", f"cup-{SHARED}-5", f"cup-{OTHER}-6"}
    day = rows(workspace, "event_date, dataset, events, items", "ga4_days")[0]
    assert (day["events"], day["items"]) == (3, 3)


def test_later_loads_do_not_bring_them_back(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    loaded(workspace, tmp_path)
    workspace.forget(ANN)
    more = [*EVENTS, event(ANN, 86_399), event(OTHER, 7)]
    result = workspace.load([write(tmp_path, "c.json", more)])
    assert (result.events, result.left_out.forgotten) == (6, 3)
    users = {row["user_pseudo_id"] for row in rows(workspace)}
    assert users == {PHONE, SHARED, OTHER}
    stones = json.dumps(rows(workspace, "*", "forgotten"), default=str)
    assert ANN not in stones


def test_a_device_means_that_device_only(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    loaded(workspace, tmp_path)
    person = workspace.person(PHONE)
    assert (person.devices, person.user_ids, person.events) == ((PHONE,), (), 1)
    stranger = workspace.person("nobody-at-all")
    assert (stranger.events, stranger.copies, stranger.rejects) == (0, 0, 0)


def test_a_mention_by_others_is_told(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    """An event of somebody else whose parameter names the person is not theirs, but is found."""
    path = write(tmp_path, "a.json", [*EVENTS, event(OTHER, 9, referred_by="customer-ann")])
    workspace.load([path])
    person, traces = workspace.forget("customer-ann")
    assert person.mentions == 1
    assert traces.found["raw.ga4_events"] == 1


def test_everything_that_was_built_forgets(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    """Models, snapshot, outputs and report, searched again here without the program's search."""
    loaded(workspace, tmp_path)
    workspace.build()
    workspace.export()
    assert any(ANN in path.read_text() for path in workspace.settings.outputs_dir.glob("*.csv"))
    _, traces = workspace.forget("customer-ann")
    assert (traces.found, traces.tables > 30) == ({}, True)
    users = workspace.warehouse.query("select user_key from analytics.int_users").to_pylist()
    assert len(users) == 2
    view = workspace.warehouse.query("select count(*) as n from analytics.stg_ga4_events")
    assert view.column("n")[0].as_py() == 3
    sought = [text.encode() for text in (ANN, PHONE, "customer-ann")]
    files = [path for path in workspace.settings.workspace.rglob("*") if path.is_file()]
    assert any(path.suffix == ".csv" for path in files)
    for path in files:
        content = path.read_bytes()
        assert not any(text in content for text in sought), path


def test_the_searched_day_is_still_loaded(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    """Forgetting is no load: the same file is still known, apart from the person."""
    path = loaded(workspace, tmp_path)
    workspace.forget(ANN)
    assert workspace.load([path]).load_id is None
