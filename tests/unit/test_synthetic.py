"""The sample is the same everywhere, and has the quirks that real exports have."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from synthetic_readers import read_console, skinny_line

from ga4_analytics.errors import SettingsError
from ga4_analytics.sources.schema import SKINNY_COLUMNS
from ga4_analytics.sources.synthetic import SHAPES, Sample, SampleSpec, generate, write_sample
from ga4_analytics.sources.synthetic.published import CODE
from ga4_analytics.sources.synthetic.sessions import DAY_US

ROOT = Path(__file__).parents[2]
TINY = SampleSpec(scale=0.001, seed=3, days=20)
DIGESTS = """
import hashlib, sys
from pathlib import Path
from ga4_analytics.sources.synthetic import SHAPES, SampleSpec, write_sample
for shape in SHAPES:
    paths = write_sample(SampleSpec(scale=0.001, seed=3, days=20), Path(sys.argv[1]) / shape, shape)
    print(hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest())
"""


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate(SampleSpec(scale=0.02, seed=7))


def test_the_same_seed_gives_the_same_bytes_in_another_time_zone(tmp_path: Path) -> None:
    here = []
    for shape in SHAPES:
        paths = write_sample(TINY, tmp_path / "here" / shape, shape)
        here.append(hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest())
    elsewhere = subprocess.run(
        [sys.executable, "-c", DIGESTS, str(tmp_path / "there")],
        env={**os.environ, "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "1",
             "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert elsewhere.stdout.split() == here


def test_another_seed_gives_other_people_who_do_as_much() -> None:
    one, other = (generate(SampleSpec(scale=0.002, seed=seed)) for seed in (1, 2))
    assert abs(len(one.events) - len(other.events)) < 10
    assert not set(one.user_pseudo_ids()) & set(other.user_pseudo_ids())


def test_progress_adds_up_to_the_events(tmp_path: Path) -> None:
    for shape in SHAPES:
        told: list[int] = []
        write_sample(TINY, tmp_path / shape, shape, told.append)
        assert sum(told) == len(generate(TINY).events)


@pytest.mark.parametrize("days", [1, 7, 200])
def test_any_number_of_days_works(days: int) -> None:
    sample = generate(SampleSpec(scale=0.002, start=date(2024, 2, 26), days=days))
    assert len(sample.day_edges) == days + 1
    assert (np.diff(sample.day_edges) > 0).all()


@pytest.mark.parametrize("spec", [{"scale": 0.0}, {"scale": 21.0}, {"days": 0}, {"days": 1001}])
def test_a_senseless_size_is_refused(spec: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="sample"):
        SampleSpec(**spec)  # type: ignore[arg-type]


def test_client_ids_are_unique_text_that_a_number_would_ruin(sample: Sample) -> None:
    ids = sample.user_pseudo_ids()
    assert len(set(ids)) == len(ids)
    assert any(text.endswith("0") for text in ids)
    assert any(str(float(text)) != text for text in ids)


def test_a_users_sessions_keep_half_an_hour_apart(sample: Sample) -> None:
    known = sample.events.session >= 0
    session, ts = sample.events.session[known], sample.events.ts[known]
    begin = np.full(len(sample.sessions), np.iinfo(np.int64).max)
    end = np.zeros(len(sample.sessions), np.int64)
    np.minimum.at(begin, session, ts)
    np.maximum.at(end, session, ts)
    same_user = np.diff(sample.sessions.user) == 0
    assert (begin[1:] - end[:-1])[same_user].min() > 30 * 60 * 1_000_000
    order = np.lexsort((ts, session))
    gaps = np.diff(ts[order])[np.diff(session[order]) == 0]
    assert gaps.max() < 30 * 60 * 1_000_000
    assert (begin // DAY_US == sample.sessions.day).all()
    crosses = begin // DAY_US != end // DAY_US
    assert (crosses == sample.sessions.crosses).all() and crosses.any()


def test_session_numbers_count_on_and_ids_are_a_users_own(sample: Sample) -> None:
    seen: dict[int, int] = {}
    pairs = set()
    for user, number, name in zip(sample.sessions.user.tolist(), sample.sessions.number.tolist(),
                                  sample.session_id.tolist(), strict=True):  # fmt: skip
        expected = seen.get(user)
        assert expected is None or number == expected + 1
        seen[user] = number
        assert (user, name) not in pairs
        pairs.add((user, name))
    assert len({name for _, name in pairs}) < len(pairs), "some ids belong to two users"


def test_the_first_batch_shares_one_microsecond(sample: Sample) -> None:
    events = sample.events
    times = {}
    for name in ("first_visit", "session_start", "page_view"):
        of = (events.code == CODE[name]) & (events.session >= 0)
        session, first = np.unique(events.session[of], return_index=True)
        times[name] = dict(zip(session.tolist(), events.ts[of][first].tolist(), strict=True))
    for session, ts in times["first_visit"].items():
        for name in ("session_start", "page_view"):
            assert times[name].get(session, ts) == ts


def test_funnels_of_sessions_go_forward(sample: Sample) -> None:
    events = sample.events
    first = {}
    for name in ("view_item", "add_to_cart", "begin_checkout", "purchase"):
        of = np.flatnonzero(events.code == CODE[name])[::-1]
        first[name] = dict(zip(events.session[of].tolist(), events.ts[of].tolist(), strict=True))
    for earlier, later in (("view_item", "add_to_cart"), ("add_to_cart", "begin_checkout"),
                           ("begin_checkout", "purchase")):  # fmt: skip
        both = first[earlier].keys() & first[later].keys()
        assert both
        assert all(first[earlier][session] < first[later][session] for session in both)


def test_the_committed_files_are_made_again_byte_for_byte(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "scripts/00_make_sample_data.py"), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=True, capture_output=True,
    )  # fmt: skip
    total = 0
    for name in ("ga4_raw.csv", "ga4_events_skinny.csv"):
        committed = (ROOT / "data" / name).read_bytes()
        assert (tmp_path / name).read_bytes() == committed
        total += len(committed)
    assert total < 1_000_000


def test_the_committed_skinny_file_is_the_raw_one_in_ten_columns() -> None:
    with (ROOT / "data/ga4_events_skinny.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert tuple(header) == SKINNY_COLUMNS
    events = read_console([ROOT / "data/ga4_raw.csv"])
    assert [tuple(line) for line in lines] == [skinny_line(event) for event in events]
