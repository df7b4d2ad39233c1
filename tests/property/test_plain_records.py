"""Plain records are what the SQL says of them, and every other record is left to the SQL."""

from __future__ import annotations

import random
from unittest.mock import patch

import pyarrow as pa
import pytest

from ga4_analytics.sources import normalise
from ga4_analytics.sources.batches import ITEM, ITEM_FIELDS, LINE, PARAM, PROPERTY, TEXT, RawBatch
from ga4_analytics.sources.normalise import Normalised, Normaliser
from ga4_analytics.sources.readings import Judging

CLOCK_US = 1_772_366_400_000_000  # 2026-03-01 12:00 UTC
DATES = ["20260301", "2026-03-01", "20050101", "20240229", "20260302"]
ODD_DATES = ["20041231", "20260303", "20230229", "20261301", "2026-3-1", "00010101", " 20260301",
             "2026030x", "1.77e+15", "2026-03x01", "", None]  # fmt: skip
STAMPS = ["1772366400000000", "1104537600000000", "1772452800000000"]
ODD_STAMPS = ["1104537599999999", "1772452800000001", "0172366400000000", "1772366400", "x",
              "1772366400000000.0", "2026-03-01T10:00:00Z", " 1772366400000000", None]  # fmt: skip
NAMES = ["page_view", "Z", "a" * 200, "zé"]
ODD_NAMES = ["", None, "1", "é", "_x", "a" * 201, "é" * 150, "[x", "@", "2026-03-01T10:00", "{"]
IDS = ["1.2", "abc", "", "0", 'a"b', "\x1f\\", "1772366400", "é😀"]
ODD_IDS = ["1.6E+15", "a+b", "12.0", "3.00", "+", None]
WHOLE = ["0", "7", "999999999999999999", "10"]
ODD_WHOLE = ["-1", "007", "00", "1.0", "1000000000000000000", "9999999999999999999", "x", " 5",
             "1e3", "1.5E+10", "", None]  # fmt: skip
AMOUNTS = ["0", "0.0", "12.5", "-3.25", "999999999.999999", "0.000001", "-0", "1.10", "007"]
ODD_AMOUNTS = ["1e-05", "0.0000005", "1000000000", "999999.9999995", "+1", ".5", "1.", "-", "nan",
               " 1", "1,5", "12345678901234567890123456", "", None]  # fmt: skip
FLAGS = ["true", "FALSE", "1", "0", "Yes", "nO"]
ODD_FLAGS = ["1.0", "0.0", " true", "maybe", "", "TRUe1", None]
PLACES = [
    "https://a.b/c?d#e",
    "http://a.b",
    "https://",
    "https://x?y",
    "http://x#/y",
    "https://x/é",
]
ODD_PLACES = ["app://x/y", "/only", "HTTPS://a/b", "https:/a", "http:/", "x", "", None]
TEXTS = ["a", "ü", 'say "x"', "\\", "\x01\n", "", None]


class Dice:
    """Makes batches that are nearly as exports are."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.rows = self.dice.randrange(1, 40)
        self.odd = self.dice.choice([0.0, 0.02, 0.3])

    def text(self, plain: list[str], odd: list[str | None]) -> str | None:
        return self.dice.choice(odd if self.dice.random() < self.odd else plain)

    def column(self, plain: list[str], odd: list[str | None]) -> pa.Array:
        return pa.array([self.text(plain, odd) for _ in range(self.rows)], TEXT)

    def params(self) -> list[dict[str, str | None]] | None:
        keys = [
            "ga_session_id", "ga_session_number", "session_engaged", "page_location", "currency",
            "engagement_time_msec", "transaction_id", "mine", "page_title",
        ]  # fmt: skip
        if self.dice.random() < 0.1:
            return self.dice.choice([None, []])
        chosen = self.dice.sample(keys, self.dice.randrange(1, 6))
        if self.dice.random() < self.odd:
            chosen.append(chosen[0])
        return [self.param(key) for key in chosen]

    def param(self, key: str) -> dict[str, str | None]:
        found: dict[str, str | None] = dict.fromkeys(
            ("string_value", "int_value", "float_value", "double_value")
        )
        if key == "page_location":
            found["string_value"] = self.text(PLACES, ODD_PLACES)
        elif key == "ga_session_id":
            found["int_value"] = self.text(WHOLE, ODD_IDS)
        elif key in ("ga_session_number", "engagement_time_msec"):
            found["int_value"] = self.text(WHOLE, ODD_WHOLE)
        elif key == "session_engaged":
            found["string_value"] = self.text(FLAGS, ODD_FLAGS)
        else:
            slot = self.dice.choice(["string_value", "int_value", "double_value"])
            plain, odd = (IDS, ODD_IDS) if slot == "string_value" else (WHOLE, ODD_WHOLE)
            found[slot] = self.text(plain, odd)
        return {"key": key, **found}

    def item(self) -> dict[str, object]:
        made: dict[str, object] = {name: self.text(["a", "b"], [None]) for name in ITEM_FIELDS}
        for name in ("quantity", "price", "item_revenue_in_usd"):
            pools = (WHOLE, ODD_WHOLE) if name == "quantity" else (AMOUNTS, ODD_AMOUNTS)
            made[name] = self.text(*pools)
        for name in ("price_in_usd", "item_revenue", "item_refund", "item_refund_in_usd"):
            made[name] = None
        made["item_params"] = self.params()
        return made

    def items(self) -> list[dict[str, object] | None] | None:
        if self.dice.random() < 0.6:
            return self.dice.choice([None, []])
        return [self.item() for _ in range(self.dice.randrange(1, 4))]

    def flat(self) -> RawBatch:
        """A batch as from a flat file, with names of ours, of Google's and of nobody's."""
        columns = {
            LINE: pa.array(range(1, self.rows + 1)),
            "=event_date": self.column(DATES, ODD_DATES),
            "=event_name": self.column(NAMES, ODD_NAMES),
            "=event_timestamp": self.column(STAMPS, ODD_STAMPS),
            "=user_pseudo_id": self.column(IDS, ODD_IDS),
            "=country": self.column(["DE"], TEXTS),
            "geo.country": self.column(["FR"], TEXTS),
            "=purchase_revenue_usd_micros": self.column(AMOUNTS, ODD_AMOUNTS),
            "=is_active_user": self.column(FLAGS, ODD_FLAGS),
            "geo.metro": self.column(["x"], TEXTS),
            "@ga_session_id": self.column(WHOLE, ODD_IDS),
            "@ga_session_number": self.column(WHOLE, ODD_WHOLE),
            "@page_location": self.column(PLACES, ODD_PLACES),
            "@mine": self.column(["x"], TEXTS),
            "@Ädd": self.column(["x"], TEXTS),
        }
        if self.dice.random() < 0.4:
            items = [self.items() for _ in range(self.rows)]
            columns["items"] = pa.array(items, pa.list_(ITEM))
        for name in list(columns)[3:]:
            if self.dice.random() < 0.15:
                del columns[name]
        return RawBatch(pa.table(columns), lambda row: f"row {row}")

    def batch(self) -> RawBatch:
        columns = {
            LINE: pa.array(range(1, self.rows + 1)),
            "event_date": self.column(DATES, ODD_DATES),
            "event_timestamp": self.column(STAMPS, ODD_STAMPS),
            "event_name": self.column(NAMES, ODD_NAMES),
            "event_params": pa.array([self.params() for _ in range(self.rows)], pa.list_(PARAM)),
            "user_pseudo_id": self.column(IDS, ODD_IDS),
            "stream_id": self.column(IDS, ODD_IDS),
            "is_active_user": self.column(FLAGS, ODD_FLAGS),
            "batch_page_id": self.column(WHOLE, ODD_WHOLE),
            "ecommerce.purchase_revenue_in_usd": self.column(AMOUNTS, ODD_AMOUNTS),
            "device.web_info.browser": self.column(["Chrome"], [None]),
            "device.browser": self.column(["Safari"], [None]),
            "geo.metro": self.column(["x"], TEXTS),
            "privacy_info.uses_transient_token": self.column(["No"], TEXTS),
        }
        if self.dice.random() < 0.7:
            items = [self.items() for _ in range(self.rows)]
            columns["items"] = pa.array(items, pa.list_(ITEM))
        if self.dice.random() < 0.7:
            kind = pa.list_(PROPERTY)
            columns["user_properties"] = pa.array([self.params() for _ in range(self.rows)], kind)
        for name in list(columns)[4:]:
            if self.dice.random() < 0.1:
                del columns[name]
        return RawBatch(pa.table(columns), lambda row: f"row {row}")


def both(batch: RawBatch, judging: Judging) -> tuple[Normalised, Normalised]:
    """A batch made canonical, and the same by the SQL alone."""
    normaliser = Normaliser((), judging)
    try:
        found = normaliser.normalise(batch, 100)
        with patch.object(normalise, "plain_records", lambda *given: None):
            return found, normaliser.normalise(batch, 100)
    finally:
        normaliser.close()


@pytest.mark.parametrize("shape", ["batch", "flat"])
@pytest.mark.parametrize("seed", range(100))
def test_both_ways_agree(shape: str, seed: int) -> None:
    batch: RawBatch = getattr(Dice(seed), shape)()
    found, wanted = both(batch, Judging(CLOCK_US))
    assert found.rejects == wanted.rejects
    assert found.events.schema.equals(wanted.events.schema)
    assert found.events.to_pylist() == wanted.events.to_pylist()
    assert (found.items is None) == (wanted.items is None)
    if found.items is not None and wanted.items is not None:
        assert found.items.schema.equals(wanted.items.schema)
        assert found.items.to_pylist() == wanted.items.to_pylist()


@pytest.mark.parametrize("shape", ["batch", "flat"])
def test_plain_records_are_not_left_to_the_sql(shape: str) -> None:
    dice = Dice(1)
    dice.odd = 0.0
    with patch.object(Normaliser, "_by_sql", side_effect=AssertionError):
        made = Normaliser((), Judging(CLOCK_US)).normalise(getattr(dice, shape)())
    assert made.events.num_rows == dice.rows
