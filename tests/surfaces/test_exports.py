"""The files for other tools: whole, exact, and nothing a vendor would refuse."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ga4_analytics.exports.amplitude_heap import export_amplitude_heap
from ga4_analytics.exports.base import csv_lines, write_pieces
from ga4_analytics.exports.cells import decimal_text
from ga4_analytics.exports.product import export_product
from ga4_analytics.exports.run import export_all
from ga4_analytics.exports.source import Chunk, Source
from ga4_analytics.sources.schema import SKINNY_COLUMNS
from ga4_analytics.workspace import Workspace

Rows = list[dict[str, str]]

AMPLITUDE_REFUSES = {
    "anonymous", "nil", "none", "null", "n/a", "na", "undefined", "unknown", "lmy47d", "{}", "0",
    "-1", "00000000-0000-0000-0000-000000000000", "",
}  # fmt: skip


@pytest.fixture(scope="module")
def files(published: Workspace) -> dict[str, Any]:
    results = export_all(published.warehouse, published.settings)
    return {result.path.name: result for result in results}


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def product(files: dict[str, Any]) -> Rows:
    return read(files["events_product_analytics.csv"].path)


@pytest.fixture(scope="module")
def amplitude(files: dict[str, Any]) -> Rows:
    return read(files["amplitude_heap_events.csv"].path)


def staged(workspace: Workspace) -> list[dict[str, Any]]:
    return workspace.warehouse.query("select * from analytics.stg_ga4_events").to_pylist()


def test_results_tell_the_truth_about_the_files(files: dict[str, Any]) -> None:
    for result in files.values():
        content = result.path.read_bytes()
        assert result.bytes == len(content)
        assert result.sha256 == hashlib.sha256(content).hexdigest()
        assert result.rows == len(read(result.path))
    manifest = json.loads((result.path.parent / "manifest.json").read_text())
    assert {file["file"]: file["sha256"] for file in manifest["files"]} == {
        name: result.sha256 for name, result in files.items()
    }


def test_every_event_is_a_row_with_the_skinny_columns_first(
    published: Workspace, product: Rows
) -> None:
    assert tuple(product[0])[:10] == SKINNY_COLUMNS
    events = {row["event_id"]: row for row in staged(published)}
    assert {row["event_id"] for row in product} == set(events)
    assert len(product) == len(events)
    for row in product:
        event = events[row["event_id"]]
        assert row["user_id"] == (event["user_pseudo_id"] or "")
        assert row["country"] == (event["country"] or "")
        assert row["event_date"] == event["event_date"].isoformat()
        micros = event["purchase_revenue_usd_micros"]
        told = Decimal(row["purchase_revenue_usd"]) * 1_000_000 if micros is not None else None
        assert told == micros
        assert micros is not None or row["purchase_revenue_usd"] == ""


def test_the_files_are_the_same_however_many_days_are_read_together(
    published: Workspace, files: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, seen = Source.chunks, []

    def small(source: Source) -> list[Chunk]:
        chunks = whole(source, 20)
        seen.append(len(chunks))
        return chunks

    monkeypatch.setattr(Source, "chunks", small)
    written = [
        export_product(published.warehouse, tmp_path),
        export_amplitude_heap(published.warehouse, tmp_path),
    ]
    again = {each.path.name: each for each in written}
    assert max(seen) > 5
    for name, result in files.items():
        assert again[name].sha256 == result.sha256
        assert again[name].left_out == result.left_out
        assert again[name].emptied == result.emptied


def test_loading_the_product_file_again_gives_the_ten_columns(
    published: Workspace, files: dict[str, Any], tmp_path: Path
) -> None:
    again = Workspace.open(tmp_path, timezone="UTC")
    again.load([files["events_product_analytics.csv"].path])
    raw = "user_pseudo_id", *SKINNY_COLUMNS[1:9], "purchase_revenue_usd_micros"
    columns = ", ".join(raw)
    loaded = again.warehouse.query(f"select {columns} from raw.ga4_events").to_pylist()
    given = published.warehouse.query(f"select {columns} from analytics.stg_ga4_events").to_pylist()
    assert sorted(map(repr, loaded)) == sorted(map(repr, given))
    again.close()


def test_what_amplitude_would_refuse_is_out_and_counted(
    published: Workspace, amplitude: Rows, files: dict[str, Any]
) -> None:
    result = files["amplitude_heap_events.csv"]
    assert sum(result.left_out.values()) + len(amplitude) == len(staged(published))
    # Of the ugly file: no time; $identify; and no id, 7.8 (too short), anonymous.
    assert result.left_out["without a time"] >= 1
    assert result.left_out["reserved name"] == 1
    assert result.left_out["without an id"] >= 3
    assert len({row["insert_id"] for row in amplitude}) == len(amplitude)
    for row in amplitude:
        ids = [row[name] for name in ("user_id", "device_id") if row[name]]
        assert ids
        assert all(5 <= len(value) <= 255 for value in ids)
        assert not {value.lower() for value in ids} & AMPLITUDE_REFUSES
        assert not row["event_type"].startswith(("$", "[Amplitude]"))
        assert not {row[name] for name in ("country", "platform", "revenue")} & {"null", "None"}


def test_times_are_floored_milliseconds_and_sessions_named_by_their_start(
    published: Workspace, amplitude: Rows
) -> None:
    events = {row["event_id"]: row for row in staged(published)}
    sessions = {
        row["event_id"]: (row["dataset"], row["session_key"])
        for row in published.warehouse.query(
            "select dataset, event_id, session_key from analytics.int_events"
        ).to_pylist()
        if row["session_key"] is not None
    }
    starts: dict[tuple[str, str], int] = {}
    for event_id, session in sessions.items():
        time = events[event_id]["event_timestamp"]
        starts[session] = min(starts.get(session, time), time)
    for row in amplitude:
        assert int(row["time"]) == events[row["insert_id"]]["event_timestamp"] // 1000
        session = sessions.get(row["insert_id"])
        assert row["session_id"] == (str(starts[session] // 1000) if session else "")
    assert any(row["session_id"] for row in amplitude)


def test_properties_hold_every_parameter_and_the_source(
    published: Workspace, amplitude: Rows
) -> None:
    events = {row["event_id"]: row for row in staged(published)}
    seen = 0
    for row in amplitude:
        event = events[row["insert_id"]]
        told = json.loads(row["event_properties"])
        own = {key: value for key, value in told.items() if not key.startswith("ga4_")}
        assert own == json.loads(event["event_params"] or "{}")
        seen += len(own)
        for name in ("source", "medium", "campaign", "transaction_id"):
            assert told.get(f"ga4_{name}") == event[name]
    assert seen > 100


def test_revenue_adds_up_to_the_raw_sum(published: Workspace, amplitude: Rows) -> None:
    kept = {row["insert_id"] for row in amplitude}
    micros = sum(
        row["purchase_revenue_usd_micros"] or 0
        for row in staged(published)
        if row["event_name"] == "purchase" and row["event_id"] in kept
    )
    assert micros > 0
    assert sum(Decimal(row["revenue"] or 0) for row in amplitude) * 1_000_000 == micros


def test_the_same_data_give_the_same_bytes(published: Workspace, files: dict[str, Any]) -> None:
    again = export_all(published.warehouse, published.settings)
    assert {result.path.name: result.sha256 for result in again} == {
        name: result.sha256 for name, result in files.items()
    }


def test_a_broken_stream_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "events.csv"
    target.write_text("old")

    def pieces() -> Iterator[tuple[bytes, int]]:
        yield b"1\n", 1
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_pieces(target, ("a",), pieces())
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0")),
                  st.none() | st.text(alphabet='ab",\n\r =')),
        max_size=8,
    )
)  # fmt: skip
def test_a_csv_reader_gives_back_what_was_written(rows: list[tuple[str, str | None]]) -> None:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] or [
        pa.array([], pa.string()), pa.array([], pa.string())
    ]  # fmt: skip
    written = csv_lines(pa.RecordBatch.from_arrays(columns, names=["a", "b"])).decode("utf-8")
    found = list(csv.reader(_lines(written), strict=True))
    assert found == [[first, second or ""] for first, second in rows]


def _lines(written: str) -> list[str]:
    """Lines as a file opened with newline='' gives them: ended by \\n alone."""
    return [line + "\n" for line in written.split("\n")[:-1]]


@given(st.lists(st.none() | st.integers(-(2**63) + 1, 2**63 - 1)))
def test_money_is_exact_and_short(micros: list[int | None]) -> None:
    for text, value in zip(
        decimal_text(pa.array(micros, pa.int64())).to_pylist(), micros, strict=True
    ):
        if value is None:
            assert text is None
            continue
        assert Decimal(text) * 1_000_000 == value
        assert "e" not in text.lower()
        assert not text.endswith((".", "0")) or "." not in text
