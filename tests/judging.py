"""Loads worlds into a warehouse, builds the marts and holds them against the oracle."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import oracle_marts
import oracle_performance
import pyarrow as pa
from oracle_marts import Answer, Answers
from worlds import Rules, World

CUT = ("slice", "device_category", "country")
SESSIONS = ("dataset", "session_date")


@dataclass(frozen=True)
class Judged:
    """A mart: the columns that name a row, and the oracle's answer."""

    key: tuple[str, ...]
    answer: Callable[[Answers], Answer]


MARTS: dict[str, Judged] = {
    "daily_active_users": Judged(("event_date",), oracle_marts.daily_active_users),
    "cohort_retention": Judged(("cohort_date", "day_number"), oracle_marts.cohort_retention),
    "event_distribution": Judged(("event_date", "event_name"), oracle_marts.event_distribution),
    "funnel_steps": Judged(("funnel", "entry_date", "step"), oracle_marts.funnel_steps),
    "daily_metrics_by_slice": Judged((*CUT, "event_date"), oracle_marts.daily_metrics_by_slice),
    "retention_by_slice": Judged(
        (*CUT, "cohort_date", "day_number"), oracle_marts.retention_by_slice
    ),
    "funnel_by_slice": Judged((*CUT, "funnel", "entry_date", "step"), oracle_marts.funnel_by_slice),
    "channel_performance": Judged(
        ("session_date", "channel_scope", "channel_group"), oracle_performance.channel_performance
    ),
    "acquisition": Judged(
        ("session_date", "source_scope", "source", "medium", "campaign"),
        oracle_performance.acquisition,
    ),
    "landing_page_performance": Judged(
        ("session_date", "landing_page"), oracle_performance.landing_page_performance
    ),
    "page_performance": Judged(("event_date", "page_path"), oracle_performance.page_performance),
    "item_performance": Judged(
        ("event_date", "item_id", "item_name"), oracle_performance.item_performance
    ),
    "daily_orders": Judged(("order_date",), oracle_performance.daily_orders),
}

Query = Callable[[str], pa.Table]
Mart = dict[str, list[dict[str, Any]]]
"""Rows of one mart by dataset."""


def read_marts(query: Query, names: Iterable[str] = tuple(MARTS)) -> dict[str, Mart]:
    """The rows of the marts by dataset."""
    found: dict[str, Mart] = {}
    for name in names:
        rows: Mart = defaultdict(list)
        for row in query(f"select * from analytics.{name}").to_pylist():
            rows[row["dataset"]].append(row)
        found[name] = rows
    return found


def judge(marts: Mapping[str, Mart], worlds: Sequence[World], rules: Rules) -> None:
    """Fail with the smallest world that the marts get wrong, told as a story."""
    wrong = {}
    for world in worlds:
        answers = Answers(world, rules)
        found = [line for name in MARTS for line in differences(name, marts[name], answers)]
        if found:
            wrong[world.name] = (len(world.events), world, found)
    if wrong:
        _, world, found = min(wrong.values(), key=lambda entry: entry[0])
        raise AssertionError(
            f"{len(wrong)} of {len(worlds)} worlds differ, the smallest so:\n"
            + "\n".join(found[:25])
            + f"\n{rules}\n{world.tell()}\nwrong worlds: {', '.join(sorted(wrong))}"
        )


def differences(name: str, mart: Mart, answers: Answers) -> list[str]:
    """Where a mart and the oracle disagree about a world, one line each."""
    judged = MARTS[name]
    said: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in mart.get(answers.world.name, []):
        key = tuple(row[column] for column in judged.key)
        if key in said:
            return [f"{name}: two rows for {key}"]
        said[key] = row
    true = judged.answer(answers)
    found = [f"{name}{list(map(str, key))}: no such row" for key in sorted(true, key=str)
             if key not in said]  # fmt: skip
    found += [f"{name}{list(map(str, key))}: a row too many" for key in sorted(said, key=str)
              if key not in true]  # fmt: skip
    for key in sorted(set(true) & set(said), key=str):
        found += [
            f"{name}{list(map(str, key))}.{column}: mart {said[key].get(column, '(no column)')!r}, "
            f"oracle {value!r}"
            for column, value in true[key].items()
            if said[key].get(column, "(no column)") != value
        ]
    return found


Whole = dict[str, dict[str, list[tuple[Any, ...]]]]
"""By dataset and mart: sorted rows without the dataset's name."""


def everything(query: Query) -> Whole:
    """Every mart whole, with every column, to hold datasets and warehouses together."""
    names = query(
        "select table_name from information_schema.tables where table_schema = 'analytics' "
        "and table_type = 'BASE TABLE' and table_name not like 'int_%' "
        "and table_name not like 'stg_%' order by table_name"
    )
    found: Whole = defaultdict(lambda: {name: [] for name in names.column(0).to_pylist()})
    for name in names.column(0).to_pylist():
        for row in query(f"select * from analytics.{name}").to_pylist():
            if "dataset" in row:
                found[row.pop("dataset")][name].append(tuple(row.values()))
    for marts in found.values():
        for rows in marts.values():
            rows.sort(key=repr)
    return dict(found)


LEDGER = "data_quality_loads"
"""The one mart about loads, which have times and names of their own."""


def same(one: Whole, other: Whole) -> None:
    """Fail with the first rows that differ."""
    assert set(one) == set(other)
    for world in one:
        assert set(one[world]) == set(other[world])
        for mart in set(one[world]) - {LEDGER}:
            found, expected = (Counter(map(repr, each[world][mart])) for each in (one, other))
            extra, lost = list(found - expected), list(expected - found)
            assert not extra and not lost, f"{mart} of {world}: {extra[:3]}, expected {lost[:3]}"
