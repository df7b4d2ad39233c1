"""CSV with nested cells: the same events as the NDJSON of the same table, to the last id."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shape_files import canonical, events, inspected, json_csv, ndjson, python_csv, table_csv

from ga4_analytics.sources.repr_cells import CellError, json_of_repr

ROWS = events(60, seed=3)


def test_json_cells_are_the_same_events_as_ndjson(tmp_path: Path) -> None:
    truth = canonical(ndjson(ROWS, tmp_path / "a.json"))
    for name, options in {"a.csv": {}, "b.csv": {"indent": 2}, "c.csv": {"delimiter": ";"}}.items():
        path = json_csv(ROWS, tmp_path / name, **options)
        assert inspected(path)[0].detected.shape == "JSON CSV"
        assert canonical(path) == truth
    assert len(truth[0]) == 60
    assert len(truth[1]) == sum(len(row["items"]) for row in ROWS)
    assert truth[2] == []
    assert {row["id_scheme"] for row in truth[0]} == {"ga4"}


def test_python_cells_are_the_same_events_as_ndjson(tmp_path: Path) -> None:
    path = python_csv(ROWS, tmp_path / "frame.csv")
    assert inspected(path)[0].detected.shape == "Python CSV"
    assert canonical(path) == canonical(ndjson(ROWS, tmp_path / "a.json"))


def test_dotted_scalars_stand_beside_json(tmp_path: Path) -> None:
    flat = [
        {name: each for name, each in row.items() if name != "geo"}
        | {"geo.country": row["geo"]["country"]}
        for row in ROWS
    ]
    dotted = canonical(json_csv(flat, tmp_path / "a.csv"))
    assert dotted == canonical(ndjson(ROWS, tmp_path / "a.json"))


def test_a_bad_json_cell_rejects_its_record_alone(tmp_path: Path) -> None:
    rows = [dict(row) for row in events(5, seed=1)]
    text = json_csv(rows, tmp_path / "whole.csv").read_text()
    whole = canonical(tmp_path / "whole.csv")[0]
    broken = text.replace("T2", "T2\\", 1)
    path = tmp_path / "broken.csv"
    path.write_text(broken)
    found, _, rejects = canonical(path)
    assert found == [row for row in whole if row["transaction_id"] != "T2"]
    assert [(reject.column, reject.rule) for reject in rejects] == [("ecommerce", "invalid_json")]
    at = broken[: broken.index("T2\\")].count("\n") + 1
    assert rejects[0].line <= at < rejects[0].line + rejects[0].raw_text.count("\n") + 1
    assert rejects[0].raw_text in broken


@pytest.mark.parametrize(
    ("cell", "column", "rule"),
    [
        ('{"key": "x"}', "event_params", "not_a_list"),
        ('["x"]', "geo", "not_a_record"),
        ("desktop", "geo", "invalid_json"),
    ],
)
def test_a_cell_of_another_kind_is_a_reject(
    tmp_path: Path, cell: str, column: str, rule: str
) -> None:
    good = {"event_date": "20201101", "event_name": "x", "event_params": "[]", "geo": "{}"}
    path = table_csv([good, good | {column: cell}, good], tmp_path / "a.csv", ",")
    found, _, rejects = canonical(path)
    assert len(found) == 2
    assert [(r.line, r.column, r.rule) for r in rejects] == [(3, column, rule)]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("[{'a': 1}\n {'a': 2}]", [{"a": 1}, {"a": 2}]),
        ("array([{'a': 1}, {'a': array([], dtype=object)}], dtype=object)", [{"a": 1}, {"a": []}]),
        ("[{'a': Decimal('1.50'), 'b': Decimal('NaN')}]", [{"a": 1.5, "b": None}]),
        ("{'t': datetime.datetime(2020, 11, 1, 2, 3)}", {"t": "2020-11-01T02:03:00"}),
        ("{'t': Timestamp('2020-11-01 00:00:00+0000', tz='UTC'), 'd': datetime.date(2020, 1, 2)}",
         {"t": "2020-11-01 00:00:00+0000", "d": "2020-01-02"}),
        ("{'n': np.int64(5), 'f': np.float64(-2.5), 's': np.str_('x'), 'm': <NA>, 'i': -inf}",
         {"n": 5, "f": -2.5, "s": "x", "m": None, "i": "-Infinity"}),
        ("[True, False, None, nan]", [True, False, None, None]),
    ],
)  # fmt: skip
def test_what_python_prints_is_read(cell: str, value: object) -> None:
    assert json.loads(json_of_repr(cell) or "null") == value


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("__import__('os').system('touch x')", "invalid_python"),
        ("[open('x')]", "invalid_python"),
        ("{'a': 1", "invalid_python"),
        ("[x for x in y]", "invalid_python"),
        ("{'a': 1 + 1}", "invalid_python"),
        ("{**{'a': 1}}", "invalid_python"),
        ("[{'a': 1} ... {'a': 9}]", "elided_cell"),
        ("[" * 5000 + "]" * 5000, "cell_too_large"),
        ("-" * 900 + "1", "invalid_python"),
        ("-" * 100_000 + "1", "invalid_python"),
        ("'" + "x" * 5_000_000 + "'", "cell_too_large"),
    ],
)
def test_what_is_no_literal_is_refused(cell: str, rule: str) -> None:
    with pytest.raises(CellError) as caught:
        json_of_repr(cell)
    assert caught.value.rule == rule


def test_an_elided_cell_is_a_reject(tmp_path: Path) -> None:
    rows = events(3, seed=2)
    path = python_csv(rows, tmp_path / "a.csv")
    before = canonical(path)[0]
    lines = path.read_text().replace("}\n {'key'", "} ... {'key'", 1)
    path.write_text(lines)
    found, _, rejects = canonical(path)
    assert found == before[1:]
    assert [(r.line, r.column, r.rule) for r in rejects] == [(2, "event_params", "elided_cell")]
    assert "NDJSON" in rejects[0].reason
