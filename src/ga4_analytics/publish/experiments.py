"""The experiments that a workspace's ``ga4.toml`` declares, as questions."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ga4_analytics.analyses.names import nearest
from ga4_analytics.errors import QuestionError
from ga4_analytics.questions.build_experiment import experiment, from_setting
from ga4_analytics.questions.experiment import ExperimentSpec
from ga4_analytics.questions.written import Saved
from ga4_analytics.settings import Settings
from ga4_analytics.settings_experiments import ExperimentSetting


def experiment_spec(
    settings: Settings, name: str | None, options: Mapping[str, Any], saved: Saved
) -> ExperimentSpec:
    """The question of a declared experiment, or of one that options describe.

    Args:
        settings: The workspace's settings.
        name: The experiment's name; None: options alone.
        options: Arguments of `build_experiment.experiment`, ``primary`` as a list and ``file``
            as a path; they go before what is declared.
        saved: Finds a saved segment.

    Raises:
        QuestionError: No experiment has the name, or a part cannot be read.
    """
    declared = {metric.name: metric for metric in settings.metrics}
    given = {key: value for key, value in options.items() if value not in (None, (), "")}
    if isinstance(primary := given.get("primary", ()), str):
        given["primary"] = (primary,)
    if name is None:
        given = _with_units(given, given.pop("file", ""), Path.cwd())
        return experiment(*given.pop("primary", ()), declared=declared, saved=saved, **given)
    setting = declared_experiment(settings, name)
    sources = ("variant", "units", "simulate", "file")
    told = given.keys() & set(sources)
    file = given.pop("file", "") if told else setting.file
    given = _with_units(given, file, Path.cwd() if told else settings.workspace)
    if told:
        setting = without_source(setting)
    return from_setting(setting, declared, saved=saved, **given)


def declared_experiment(settings: Settings, name: str) -> ExperimentSetting:
    """An experiment by name.

    Raises:
        QuestionError: None has the name.
    """
    for setting in settings.experiments:
        if setting.name == name:
            return setting
    known = [setting.name for setting in settings.experiments]
    raise QuestionError(
        f"name: no experiment is called {name!r}.",
        rule="Experiments are declared under [[experiments]] in ga4.toml, or told by options.",
        remedy=nearest(name, known) if known else "Declare one; docs/experiments.md says how.",
    )


def without_source(setting: ExperimentSetting) -> ExperimentSetting:
    """An experiment that does not say who is in which variant."""
    from dataclasses import replace

    return replace(setting, variant="", file="", simulate="")


def _with_units(given: dict[str, Any], file: str | Path, folder: Path) -> dict[str, Any]:
    return given | {"units": units_in(folder / file)} if file else given


def units_in(path: Path) -> list[tuple[str, str]]:
    """Units and their variants from a CSV.

    Args:
        path: UTF-8, a head and two columns: the user key, then the variant. Further columns
            are not read.

    Raises:
        QuestionError: It cannot be read, or a line lacks one of both.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _wrong(path, f"cannot be read: {error}") from error
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) < 2 or not row[0] or not row[1]:
            raise _wrong(path, f"has no unit and variant in line {number}")
        found.append((row[0], row[1]))
    if not found:
        raise _wrong(path, "names nobody")
    return found


def _wrong(path: Path, problem: str) -> QuestionError:
    return QuestionError(
        f"file: {path} {problem}.",
        rule="It is a CSV in UTF-8 with a head; each line has a user key and its variant.",
        remedy="Write it like: user_key,variant",
    )
