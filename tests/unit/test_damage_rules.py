"""docs/damage.md says every rule that the code has, and says it right."""

from __future__ import annotations

import ast
import random
import re
from pathlib import Path

import pytest

from ga4_analytics.sources.lost_digits import id_digits_left, time_zeros
from ga4_analytics.sources.rules import RULES

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "ga4_analytics" / "sources"


def documented() -> dict[str, tuple[str, ...]]:
    """The rows of the page's table."""
    text = (ROOT / "docs" / "damage.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+?) \| (\w+) \| (.+?) \|$", text, re.MULTILINE)
    return {row[0]: row[1:] for row in rows}


def test_the_page_says_every_rule_as_the_code_has_it() -> None:
    assert documented() == {
        rule.name: (rule.scope, rule.means, rule.verdict, rule.accepted) for rule in RULES.values()
    }


def test_every_rule_that_a_reader_gives_is_a_rule() -> None:
    """Rules written out as an argument of `Reject` or `CellError`, or as a key of reasons."""
    given = set()
    for path in [*SOURCES.glob("*.py"), *(SOURCES.parent / "ingest").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reject":
                given |= {each.value for each in node.args[2:3] if isinstance(each, ast.Constant)}
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "CellError":
                given |= {each.value for each in node.args if isinstance(each, ast.Constant)}
            elif (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Dict)
                and getattr(node.targets[0], "id", "") in {"_REASONS", "MISSHAPEN"}
            ):
                given |= {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
    expected = {"ragged_line", "invalid_utf8", "elided_cell", "not_a_record", "unreadable_file"}
    assert expected <= given <= set(RULES)


def client_ids(count: int, seed: int) -> list[str]:
    """Ids as Google's tag makes them: a random number and the second of the first visit."""
    rng = random.Random(seed)
    return [
        f"{rng.randrange(1 << 31)}.{1_600_000_000 + rng.randrange(90_000_000)}"
        for _ in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(50))
def test_whole_ids_are_never_taken_for_damaged(seed: int) -> None:
    ids = client_ids(random.Random(seed).randrange(20, 300), seed)
    assert id_digits_left(ids) is None
    # A part of a file can hold short ids only, as the first rows of a sorted one do.
    short = [f"{each.partition('.')[0][:7]}.{each.partition('.')[2]}" for each in ids]
    assert id_digits_left(short) is None


@pytest.mark.parametrize(
    ("written", "digits"),
    [("{:.15g}", 15), ("{!r}", 17), ("{:.17g}", 17), ("{:.10g}", 10)],
)
def test_ids_that_were_floats_are(written: str, digits: int) -> None:
    """As a spreadsheet keeps them, as Python and C write them, as a spreadsheet shows them."""
    ids = {written.format(float(each) / 37) for each in client_ids(60, 1)}
    found = id_digits_left(ids)
    assert found is not None and abs(found - digits) <= 1


@pytest.mark.parametrize(("step", "zeros"), [
    (1_000_000, None), (1_000, None), (60_000_000, None), (86_400_000_000, None),
    (10, 1), (1, None), (1_000_000_000, 9),
])  # fmt: skip
def test_zeros_at_the_end_of_times(step: int, zeros: int | None) -> None:
    rng = random.Random(step)
    start = 1_604_188_000_000_000 // step * step
    times = {start + rng.randrange(10**6) * step for _ in range(200)}
    assert time_zeros(times) == zeros
