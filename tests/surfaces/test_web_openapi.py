"""schemathesis sends what the OpenAPI document allows, and what it does not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from ga4_analytics.publish import saved_boards, saved_segments
from ga4_analytics.web.openapi import openapi
from ga4_analytics.workspace import Workspace

TAKING_NOTHING = ("/api/v1/saved-segments", "/api/v1/boards", "/api/v1/warming")
EXAMPLES = {GenerationMode.POSITIVE: 10, GenerationMode.NEGATIVE: 6}
DOCUMENT = schemathesis.openapi.from_dict(openapi())
OPERATIONS = [
    (path, method, mode)
    for path, operations in openapi()["paths"].items()
    for method in operations
    for mode in GenerationMode
    if method != "parameters"
    # What takes nothing can be sent nothing wrong.
    and (path not in TAKING_NOTHING or mode is not GenerationMode.NEGATIVE)
]
LEFT_OUT = [
    # A question may be well formed and still name what is not in the data: then 422 is right.
    checks.positive_data_acceptance,
]


@pytest.fixture(autouse=True)
def as_it_was(published: Workspace, tmp_path: Path) -> Iterator[None]:
    """What is saved or deleted here is undone: other tests share the workspace."""
    folders = [
        published.settings.workspace / each.FOLDER for each in (saved_boards, saved_segments)
    ]
    for folder in folders:
        if folder.exists():
            shutil.copytree(folder, tmp_path / folder.name)
    yield
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        if (tmp_path / folder.name).exists():
            shutil.copytree(tmp_path / folder.name, folder)


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_operation_keeps_its_word(
    address: str, path: str, method: str, mode: GenerationMode
) -> None:
    """No 500; statuses, types and contents as described; what is not described is refused."""
    operation = DOCUMENT[path][method.upper()]
    try:
        cases = operation.as_strategy(generation_mode=mode)
    except schemathesis.errors.SchemathesisError:
        assert mode is GenerationMode.NEGATIVE
        return

    @given(cases)
    @settings(
        max_examples=3 if path.endswith("calls") else EXAMPLES[mode],
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def keeps(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=address, excluded_checks=LEFT_OUT, timeout=120)

    keeps()
