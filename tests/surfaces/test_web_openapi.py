"""schemathesis sends what the OpenAPI document allows, and what it does not."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from ga4_analytics.web.openapi import openapi

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
