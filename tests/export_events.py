"""Events at the limits of vendors, events that want to break a file, and what became of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

START = 1_604_188_800_000_000  # 2020-11-01T00:00:00Z
DAY_US = 86_400_000_000
NOW_US = 1_612_224_000_000_000
Lines = list[dict[str, Any]]
LONG = "x" * 1023 + "🙂é"
"""1025 characters, the last two of several bytes."""
FORMULA = "=HYPERLINK(A1)"
"""A name that a spreadsheet would run."""
REFUSED_WORDS = (
    "anonymous",
    "Unknown",
    " none ",
    "undefined",
    "LMY47D",
    "00000000-0000-0000",
    "null",
)


def parameter(key: str, value: object) -> dict[str, Any]:
    """An event parameter as Google exports it."""
    kind = {int: "int_value", float: "double_value"}.get(type(value), "string_value")
    return {"key": key, "value": {kind: str(value) if kind == "int_value" else value}}


class Told:
    """Collects events, a second apart."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(
        self, device: str | None, name: str = "page_view", params: dict[str, object] | None = None,
        **more: Any,
    ) -> None:  # fmt: skip
        """Tell of an event; ``time`` and ``day`` stand in the way of the next second."""
        number = len(self.events)
        time = more.pop("time", START + number * 1_000_000 + 999)
        event: dict[str, Any] = {
            "event_date": more.pop("day", "20201101"),
            "event_timestamp": None if time is None else str(time),
            "event_name": name,
            "user_pseudo_id": device,
            "stream_id": "1",
            "event_params": [
                parameter(key, value) for key, value in {"n": number, **(params or {})}.items()
            ],
            **more,
        }
        self.events.append(event)


def purchase(order: str, dollars: float, items: int) -> dict[str, Any]:
    """What a purchase has besides."""
    return {
        "ecommerce": {
            "transaction_id": order,
            "purchase_revenue_in_usd": dollars,
            "purchase_revenue": dollars * 2,
        },
        "items": [
            {"item_id": f"sku{n}", "item_name": f'Mug "{n}", \\ blue', "quantity": n + 1,
             "price_in_usd": 1.5}
            for n in range(items)
        ],
    }  # fmt: skip


def hostile_events() -> list[dict[str, Any]]:
    """All of them, over two days."""
    told = Told()
    for size in (4, 5, 200, 201, 255, 256, 1024, 1025):
        told.add("7" * size)
    for word in REFUSED_WORDS:
        told.add(word)
    told.add(None)
    told.add("11111.1", user_id="abcd")
    told.add("1.1", user_id="customer-1")
    told.add("22222.2", user_id="customer-2", user_properties=[
        {"key": "plan", "value": {"string_value": "gold \u2028 \"q\""}},
        {"key": "ID", "value": {"int_value": "7"}},
    ])  # fmt: skip
    for name in ("$identify", "[Amplitude] Start Session", "mp_thing", "page_view", FORMULA):
        told.add("33333.3", name)
    for text in (LONG, LONG[:1024], LONG[:1023], "=cmd|' /C calc'!A1", 'a\\b"c\nd\te\x01\x1f',
                 "null", "", "</script>", "\u202e", "{}", '{"a":{"b":[1]}}'):  # fmt: skip
        told.add("44444.4", params={"text": text})
    for size in (1022, 1023, 1024, 1025):
        told.add("55555.5", params={"k" * size: 1})
    told.add("66666.6", params={
        "time": 1, "distinct_id": "x", "token": "t", "revenue": 3, "order_id": "o", "$set": 1,
        "ga4_source": "mine", "products": "p", "uuid": "u", "ID": 1, "param_x": 1, "mp_y": 2,
    })  # fmt: skip
    for number in (2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, 0.1, 1e300, -0.0):
        told.add("77777.7", params={"number": number})
    for count in (200, 300):
        told.add("88888.8", params={f"p{n}": n for n in range(count)})
    for size in (30_000, 40_000, 950_000, 1_100_000):
        told.add("99999.9", params={"big": "y" * size})
    told.add("12121.2", time=None)
    told.add("13131.3", "purchase", **purchase("T1", 12.5, 2))
    told.add("13131.3", "purchase", **purchase("T2", 0.000001, 1))
    told.add("13131.3", "refund", ecommerce={
        "transaction_id": "T1", "refund_value_in_usd": 2.25, "refund_value": 4.5
    })  # fmt: skip
    for second in range(30):
        told.add("14141.4", "scroll", day="20201102", time=START + DAY_US + second)
    return told.events


def write_events(path: Path) -> Path:
    """Write them as newline-delimited JSON."""
    lines = [json.dumps(event, ensure_ascii=second % 2 == 0) for second, event in
             enumerate(hostile_events())]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lines(folder: Path, kind: str = "events") -> Lines:
    return [
        json.loads(line)
        for path in sorted(folder.glob(f"{kind}-*.ndjson"))
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]
    ]


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content


def properties(line: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = line.get("event_properties") or line["properties"]
    return found


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
