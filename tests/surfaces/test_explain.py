"""`ga4 load --explain` and its page: what is told is what is done."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from test_cli import ROOT, ga4

from ga4_analytics.sources.mapping import ALIASES, FALLBACKS, NOT_GUESSED

CSV = """\
Client ID;eventName;timestamp;traffic_source_source;utm_source;revenue_usd;shoe size;\
device.vendor_id
1.10;purchase;2026-03-01 13:34:38;google;news;1.234,50;43;v
"""
RULES = {
    "Client ID": ("user_pseudo_id", "alias"),
    "eventName": ("event_name", "canonical name"),
    "timestamp": ("event_timestamp", "fallback"),
    "traffic_source_source": ("first_user_source", "Google's path"),
    "utm_source": ("source", "alias"),
    "revenue_usd": ("purchase_revenue_usd_micros", "alias"),
    "shoe size": ("event_params", "kept as parameter"),
    "device.vendor_id": ("other_fields", "kept in other_fields"),
}


def test_explain_tells_what_load_then_does(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(CSV.encode("utf-16"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "orders.csv", "orders.csv")
    ga4("init", "--timezone", "Europe/Berlin", cwd=tmp_path)
    flags = ("--timestamps-in", "Europe/Berlin", "--json")
    (told,) = json.loads(ga4("load", "a.zip", "--explain", *flags, cwd=tmp_path).stdout)
    assert (told["name"], told["shape"], told["compression"]) == (
        "a.zip/orders.csv", "flat CSV", "zip")  # fmt: skip
    assert (told["encoding"], told["delimiter"], told["decimal"]) == (
        "utf-16-le with byte order mark", ";", "comma")  # fmt: skip
    assert {each["header"]: (each["goes_to"], each["rule"]) for each in told["columns"]} == RULES
    assert "ga_session_id" in told["null_columns"]
    assert "session id" in told["cannot_answer"]
    assert "revenue" not in told["cannot_answer"]
    shown = ga4("load", "a.zip", "--explain", cwd=tmp_path).stdout
    assert "Client ID -> user_pseudo_id  (alias)" in shown
    assert not list(tmp_path.rglob("unpacked"))
    status = json.loads(ga4("status", "--json", cwd=tmp_path).stdout)
    assert "orders" not in json.dumps(status)
    loaded = json.loads(ga4("load", "a.zip", *flags, cwd=tmp_path).stdout)
    assert (loaded["events"], loaded["rejected"]) == (1, {})
    null = {name for name in told["null_columns"] if name != "event_date"}
    assert null == set(loaded["missing"]) - {"event_date"}


def test_explain_of_nested_files_names_their_paths(tmp_path: Path) -> None:
    event = {"event_name": "x", "event_date": "20201101", "geo": {"country": "Peru", "new": 1},
             "event_params": [], "fresh": {"a": 1}}  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(event) + "\n")
    (told,) = json.loads(ga4("load", "a.json", "--explain", "--json", cwd=tmp_path).stdout)
    assert {each["header"]: each["goes_to"] for each in told["columns"]} == {
        "event_date": "event_date", "event_name": "event_name", "event_params": "event_params",
        "fresh": "event_params", "geo.country": "country", "geo.new": "other_fields",
    }  # fmt: skip


def test_a_wrong_zone_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("event_name,event_date\nx,20201101\n")
    done = ga4("load", "a.csv", "--timestamps-in", "Berlin", cwd=tmp_path, code=2)
    assert "IANA" in done.stderr


def test_the_page_has_exactly_the_rules_of_the_code() -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    tables = [
        dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", part, re.M))
        for part in page.split("\n### ")[1:]
    ]
    for table, rules in zip(tables, (ALIASES, FALLBACKS), strict=False):
        assert table == {name: f"`{to.removesuffix('_micros')}`" for name, to in rules.items()}
    assert tables[2] == NOT_GUESSED
