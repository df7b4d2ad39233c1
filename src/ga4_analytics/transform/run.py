"""Runs ``dbt build`` in this process and tells what went wrong in the project's words."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ga4_analytics.errors import BuildError
from ga4_analytics.progress import Advance, Progress, Silent
from ga4_analytics.settings import Settings
from ga4_analytics.storage.atomic import write_text
from ga4_analytics.transform.parsed import keep_parsed, place_of, read_parsed
from ga4_analytics.transform.project import project_dir
from ga4_analytics.warehouse.base import Warehouse

SHOWN = 5
GOOD = {"success", "pass", "warn", "skipped", "partial success", "no-op"}


@dataclass(frozen=True)
class BuildResult:
    """What a build did.

    Attributes:
        models: Models built.
        tests: Tests passed.
        warnings: Tests that warned, by name, with their message.
        seconds: Seconds that each model took, slowest first.
    """

    models: int
    tests: int
    warnings: dict[str, str]
    seconds: dict[str, float]


def build_models(
    warehouse: Warehouse,
    settings: Settings,
    *,
    progress: Progress | None = None,
    unit_tests: bool = False,
) -> BuildResult:
    """Build and test every model.

    Args:
        warehouse: Where; it is released while dbt has it.
        settings: The workspace's settings; they become dbt's variables.
        progress: Where to show progress.
        unit_tests: Whether dbt's own unit tests run too.

    Raises:
        BuildError: A model or a test failed; the message names the first ones.
    """
    show = progress or Silent()
    folder = settings.state_dir / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    output = warehouse.dbt_output()
    profile = {"ga4_analytics": {"target": "ga4", "outputs": {"ga4": output}}}
    # JSON is YAML; secrets stand in it only as env_var(...) calls.
    write_text(folder / "profiles.yml", json.dumps(profile, indent=1))
    arguments = _arguments(folder, settings, unit_tests)
    with (
        show.phase("Building models", None, "models") as advance,
        _environment(warehouse.dbt_environment()),
        warehouse.released(),
    ):
        place = place_of(output, settings.dbt_vars())
        outcome = _invoke(arguments, advance, read_parsed(place))
        keep_parsed(folder / "target" / "partial_parse.msgpack", place)
    return _result(outcome)


def _arguments(folder: Path, settings: Settings, unit_tests: bool) -> list[str]:
    arguments = [
        "--log-level", "none",
        "--log-level-file", "info",
        "build",
        "--project-dir", str(project_dir()),
        "--profiles-dir", str(folder),
        "--target-path", str(folder / "target"),
        "--log-path", str(folder / "logs"),
        "--vars", json.dumps(settings.dbt_vars()),
    ]  # fmt: skip
    if not unit_tests:
        arguments += ["--exclude-resource-type", "unit_test"]
    return arguments


def _invoke(arguments: list[str], advance: Advance, parsed: Any) -> Any:
    from dbt.cli.main import dbtRunner  # takes seconds to import, so only for a build

    def told(event: Any) -> None:
        if event.info.name == "NodeFinished":
            advance(1)

    outcome = dbtRunner(parsed, callbacks=[told]).invoke(arguments)
    if outcome.exception is not None:
        raise BuildError(
            f"dbt stopped: {outcome.exception}",
            rule="The dbt project must parse and the warehouse must answer.",
            remedy="See .ga4/dbt/logs/dbt.log.",
        ) from outcome.exception
    return outcome.result


def _result(outcome: Any) -> BuildResult:
    bad: list[str] = []
    warnings: dict[str, str] = {}
    seconds: dict[str, float] = {}
    tests = 0
    for each in outcome.results:
        status, name = str(each.status), each.node.name
        if status not in GOOD:
            bad.append(f"{name}: {' '.join(str(each.message).split())}")
        elif status == "warn":
            warnings[name] = str(each.message)
        if each.node.resource_type in {"model", "seed"}:
            seconds[name] = round(each.execution_time, 3)
        elif status == "pass":
            tests += 1
    if bad:
        more = f" (and {len(bad) - SHOWN} more)" if len(bad) > SHOWN else ""
        raise BuildError(
            f"{'; '.join(bad[:SHOWN])}{more}",
            rule="Every model must build and every test must pass; what was published stays.",
            remedy="See .ga4/dbt/logs/dbt.log.",
        )
    slowest = dict(sorted(seconds.items(), key=lambda item: -item[1]))
    return BuildResult(len(seconds), tests, warnings, slowest)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the time of a build; dbt reads secrets only there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
