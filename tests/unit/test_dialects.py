"""Encodings, delimiters, decimal marks, compressions: the same events from every one."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from shape_files import Canonical, canonical, events, ndjson

from ga4_analytics.errors import DamagedFileError, SourceError
from ga4_analytics.sources.lines import blocks
from ga4_analytics.sources.mapping import ColumnOptions
from ga4_analytics.sources.times import to_utc

HEADER = ("user_id", "event_date", "event_timestamp", "event_name", "country",
          "purchase_revenue_usd", "engagement_time_msec")  # fmt: skip
ROWS = [
    (f"{at}.0010", "20201101", str(1_604_188_800_000_000 + at), "purchase",
     ("Türkiye", "say \"hi\"", "a;b,c|d\te", "日本")[at % 4], f"{at * 1234.5:.2f}", str(at * 1000))
    for at in range(40)
]  # fmt: skip


def text(delimiter: str = ",", end: str = "\n", comma: bool = False, group: str = "") -> str:
    """The rows in a dialect."""
    lines = [delimiter.join(HEADER)]
    for row in ROWS:
        cells = [*row]
        if comma:
            cells[5] = f"{float(row[5]):,.2f}".replace(",", "\0").replace(".", ",")
            cells[5] = cells[5].replace("\0", group)
            cells[6] = f"{int(row[6]):,}".replace(",", group)
        lines.append(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells))
    return end.join(lines) + end


def at(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


@pytest.fixture
def truth(tmp_path: Path) -> Canonical:
    found = canonical(at(tmp_path / "truth.csv", text().encode()))
    assert len(found[0]) == len(ROWS)
    assert [row["purchase_revenue_usd_micros"] for row in found[0]] == [
        at * 1_234_500_000 for at in range(40)
    ]
    return found


@pytest.mark.parametrize(
    "content",
    [
        text(end="\r\n").encode("utf-8-sig"),
        text(end="\r").encode(),
        text().encode("utf-16"),
        text(end="\r\n").encode("utf-16-le"),
        b"\xfe\xff" + text(end="\r").encode("utf-16-be"),
        text().encode("utf-16-be"),
        text(";").encode(),
        text("\t").encode("utf-16"),
        text("|").encode(),
        text(";", comma=True).encode(),
        text(";", comma=True, group=".").encode(),
        text("\t", comma=True, group="\u202f").encode(),
        gzip.compress(text(";").encode("utf-16")),
        zstd(text().encode()),
        zstd(text()[:700].encode()) + zstd(text()[700:].encode()),
    ],
)
def test_a_dialect_changes_nothing(tmp_path: Path, truth: Canonical, content: bytes) -> None:
    assert canonical(at(tmp_path / "x", content)) == truth


def test_ndjson_in_other_dialects(tmp_path: Path) -> None:
    path = ndjson(events(20, seed=9), tmp_path / "a.json")
    truth, content = canonical(path), path.read_text()
    for made in (content.encode("utf-16"), content.replace("\n", "\r\n").encode("utf-8-sig"),
                 zstd(content.encode()), content.replace("\n", "\r").encode()):  # fmt: skip
        assert canonical(at(tmp_path / "b", made)) == truth


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
@pytest.mark.parametrize("size", [1, 3, 64, 1 << 20])
def test_utf16_keeps_line_numbers_whatever_the_blocks(
    tmp_path: Path, encoding: str, size: int
) -> None:
    content = 'event_name,é\n"two\nlines",𝄞\n' * 9
    path = at(tmp_path / "x", content.encode(encoding))
    found = list(blocks(path, quoted=True, size=size))
    assert b"".join(block.data for block in found).decode() == content
    seen = 0
    for block in found:
        assert block.first_line == seen + 1
        seen += block.data.count(b"\n")


def test_bad_utf16_is_one_reject_or_a_cut_file(tmp_path: Path) -> None:
    whole = text().encode("utf-16-le")
    at_purchase = whole.index('"purchase"'.encode("utf-16-le")) + 2
    lone = whole[:at_purchase] + b"\x00\xd8" + whole[at_purchase + 2 :]
    found, _, rejects = canonical(at(tmp_path / "a", b"\xff\xfe" + lone))
    assert len(found) == len(ROWS) - 1
    assert [(reject.line, reject.rule) for reject in rejects] == [(2, "invalid_utf8")]
    with pytest.raises(DamagedFileError, match="cut off"):
        canonical(at(tmp_path / "b", b"\xff\xfe" + whole[:-1]))


def test_cut_compressed_files_say_so(tmp_path: Path) -> None:
    long = (text() * 1).encode() + text().partition("\n")[2].encode() * 3000
    for name, packed in (("gzip", gzip.compress(long)), ("zstd", zstd(long))):
        for content in (packed[: len(packed) // 2], packed[:-3], packed + packed[:-3]):
            with pytest.raises(DamagedFileError, match=f"damaged {name}"):
                canonical(at(tmp_path / name, content))


def one(tmp_path: Path, *amounts: str, delimiter: str = ";", decimal: str | None = None) -> list:
    """The amounts of a file, or the rules that they break."""
    lines = [delimiter.join(("event_name", "event_date", "purchase_revenue_usd", "geo"))]
    lines += [delimiter.join(("x", "20201101", f'"{amount}"', "y")) for amount in amounts]
    path = at(tmp_path / "amounts.csv", "\n".join(lines).encode())
    found, _, rejects = canonical(path, ColumnOptions({}, {}, decimal=decimal))  # type: ignore[arg-type]
    return [row.get("purchase_revenue_usd_micros") for row in found] + [
        (reject.line, reject.rule) for reject in rejects
    ]


M = 1_000_000


@pytest.mark.parametrize(
    ("amounts", "micros"),
    [
        (("12,5", "1.234", "7"), [12_500_000, 1234 * M, 7 * M]),
        (("12.5", "1.234", "1,234", "-1,234.5"), [12_500_000, 1_234_000, 1234 * M, -1_234_500_000]),
        (("1.234.567", "0"), [1_234_567 * M, 0]),
        (("1.234,56", "-0,125"), [1_234_560_000, -125_000]),
        (("1’234.50", "2"), [1_234_500_000, 2 * M]),
        (("7", "", "8"), [7 * M, None, 8 * M]),
    ],
)
def test_the_numbers_of_a_file_tell_its_decimal_mark(
    tmp_path: Path, amounts: tuple[str, ...], micros: list[int]
) -> None:
    assert one(tmp_path, *amounts) == micros
    assert one(tmp_path, *reversed(amounts)) == micros[::-1]


def test_doubt_about_the_mark_is_not_resolved_by_guessing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"1.234 can be read") as caught:
        one(tmp_path, "1.234", "7")
    assert "--decimal" in caught.value.remedy
    with pytest.raises(SourceError, match=r"comma .12,5. and with a decimal point .12.5."):
        one(tmp_path, "12,5", "12.5")
    assert one(tmp_path, "1.234", decimal="comma") == [1234 * M]
    assert one(tmp_path, "1.234", decimal="point") == [1_234_000]
    assert one(tmp_path, "12,5", "12.5", decimal="comma") == [12_500_000, (3, "not_an_amount")]
    assert one(tmp_path, "12,5", delimiter=",") == [(2, "not_an_amount")]
    assert one(tmp_path, "12,5", delimiter=",", decimal="comma") == [12_500_000]


def stamps(tmp_path: Path, *texts: str, **said: str) -> list:
    lines = ["event_name;event_date;timestamp", *(f"x;20201101;{each}" for each in texts)]
    path = at(tmp_path / "stamps.csv", "\n".join(lines).encode())
    found, _, rejects = canonical(path, ColumnOptions({}, {}, **said))  # type: ignore[arg-type]
    return [row["event_timestamp"] for row in found] + [reject.rule for reject in rejects]


def test_times_without_a_zone_are_read_as_said(tmp_path: Path) -> None:
    texts = ("2026-03-01 13:34:38", "2026-07-01T13:34:38.5", "2026-07-01T13:34:38Z", "2026-07-01")
    zone = ZoneInfo("Europe/Berlin")
    moments = [datetime(2026, 3, 1, 13, 34, 38, tzinfo=zone),
               datetime(2026, 7, 1, 13, 34, 38, 500_000, tzinfo=zone),
               datetime(2026, 7, 1, 13, 34, 38, tzinfo=UTC)]  # fmt: skip
    micros = [int(each.timestamp() * 10) * 100_000 for each in moments]
    assert stamps(tmp_path, *texts, timestamps_in="Europe/Berlin") == [*micros, "not_a_timestamp"]
    assert stamps(tmp_path, *texts[:2]) == ["timestamp_without_zone"] * 2
    assert stamps(tmp_path, "2026-03-29 02:30:00", timestamps_in="Europe/Berlin") == [
        "not_a_timestamp"
    ]


def test_seconds_and_milliseconds_are_read_as_said(tmp_path: Path) -> None:
    assert stamps(tmp_path, "1604188804", "1604188804.579566", timestamp_unit="s") == [
        1604188804000000, 1604188804579566]  # fmt: skip
    assert stamps(tmp_path, "1604188804579", timestamp_unit="ms") == [1604188804579000]
    assert stamps(tmp_path, "1604188804", timestamp_unit="ms") == ["timestamp_unit"]
    assert stamps(tmp_path, "1604188804579") == ["timestamp_unit"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                                  "Asia/Kolkata", "America/Sao_Paulo", "UTC"])  # fmt: skip
def test_wall_clocks_agree_with_python(zone: str) -> None:
    """Every quarter of an hour of two years, against zoneinfo's rules (fold 0)."""
    first = datetime(2017, 1, 1)
    walls = [first + timedelta(minutes=15 * step) for step in range(2 * 365 * 96)]
    epoch = datetime(1970, 1, 1)
    local = np.array([int((wall - epoch).total_seconds()) * M for wall in walls], np.int64)
    moments, exists = to_utc(local, zone)
    for wall, moment, real in zip(walls, moments, exists, strict=True):
        aware = wall.replace(tzinfo=ZoneInfo(zone))
        back = datetime.fromtimestamp(aware.timestamp(), ZoneInfo(zone)).replace(tzinfo=None)
        assert real == (back == wall), wall
        assert not real or moment == int(aware.timestamp()) * M, wall
