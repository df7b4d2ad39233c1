"""Plants keep out of each other's way, come again with the same seed, and are refused in words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from planted_samples import daily, lines, short, written
from synthetic_readers import params, read_flat

from ga4_analytics.errors import SettingsError
from ga4_analytics.sources.synthetic import SHAPES, SampleSpec, Shape, parse_plants

ADDING = ("experiment", "churn", "duplicates", "consentless", "orders", "midnight")


def test_plants_add_up_and_leave_the_rest_as_it_is(tmp_path: Path) -> None:
    written(short(), tmp_path / "bare")
    bare = lines(daily(tmp_path / "bare"))
    expected = Counter(bare)
    for name in ADDING:
        written(short(name), tmp_path / name)
        planted = lines(daily(tmp_path / name))
        assert not bare - planted, f"{name} changes other events"
        assert planted - bare, f"{name} adds nothing"
        expected += planted - bare
    written(short(*ADDING), tmp_path / "all")
    assert lines(daily(tmp_path / "all")) == expected


def test_another_delivery_leaves_the_first_one_as_it_is(tmp_path: Path) -> None:
    written(short(), tmp_path / "bare")
    written(short("late", "intraday"), tmp_path / "planted")
    for path in (tmp_path / "bare").glob("events_2*"):
        assert (tmp_path / "planted" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_seed_plants_the_same_bytes(shape: Shape, tmp_path: Path) -> None:
    spec = short(*(name for name in parse_plants("all", shape) if name != "dst"))
    for name in ("one", "two"):
        written(spec, tmp_path / name, shape)
    one = sorted(path for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert any(path.parent.name == "_late" for path in one)
    for path in one:
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert twin.read_bytes() == path.read_bytes()


def test_flat_files_get_columns_for_what_is_planted(tmp_path: Path) -> None:
    written(short("experiment", "ties"), tmp_path / "ndjson")
    written(short("experiment", "ties"), tmp_path / "flat", "flat")
    rows = read_flat([tmp_path / "flat/ga4_events_flat.csv"])
    for row, event in zip(rows, daily(tmp_path / "ndjson"), strict=True):
        told = params(event)
        assert row["experiment_id"] == told.get("experiment_id", "")
        assert row["variant_id"] == told.get("variant_id", "")
        assert row["batch_event_index"] == event.get("batch_event_index", "")


def test_what_cannot_be_planted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'lifts'"):
        parse_plants("lifts", "ndjson")
    with pytest.raises(SettingsError, match="cannot carry"):
        parse_plants("intraday", "flat")
    with pytest.raises(SettingsError, match="cannot carry"):
        written(short("ties"), tmp_path, "skinny")
    with pytest.raises(SettingsError, match="do not change both ways"):
        short("dst")
    with pytest.raises(SettingsError, match="too few"):
        SampleSpec(days=3, plants=("outage",))
    with pytest.raises(SettingsError, match="IANA"):
        SampleSpec(zone="Middle/Earth")
    assert not list(tmp_path.iterdir())
