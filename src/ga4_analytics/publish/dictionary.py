"""The data dictionary: every model with its grain and columns, from the dbt project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ga4_analytics.transform.project import project_dir

SECTIONS = (
    ("marts", "Marts", "What dashboards and people read. Each mart has a contract and tests."),
    ("index", "Index", "The relation that the event index is built from."),
    ("staging", "Staging", "Raw rows, cleaned by stated rules."),
    ("intermediate", "Intermediate", "Sessions, users and orders, on the way to the marts."),
)


def data_dictionary() -> str:
    """The page as Markdown, made from the YAML beside the models."""
    parts = [
        "# Data dictionary",
        "Written by `ga4 docs` from the dbt project; change the YAML there, not this page. "
        "Rates are fractions in [0, 1], `_usd` is US dollars, `_usd_micros` their millionths, "
        "times are microseconds UTC, dates are those of the property's zone. What verifies a "
        "column of a mart: `index`, each build recounts it from the event index (`ga4 verify`); "
        "`oracle`, the tests count it in plain Python from the exported events; `tests`, examples "
        "only.",
    ]
    for folder, title, about in SECTIONS:
        models = models_of(folder)
        if models:
            parts += [f"## {title}", about, *(_model(model) for model in models)]
    return "\n\n".join(parts) + "\n"


def models_of(folder: str) -> list[dict[str, Any]]:
    """The models of a folder of the dbt project, by name, as its YAML has them.

    Args:
        folder: One of those in `SECTIONS`.
    """
    return _listed(project_dir() / "models" / folder, "models")


def seeds() -> list[dict[str, Any]]:
    """The seeds of the dbt project, by name, as its YAML has them."""
    return _listed(project_dir() / "seeds", "seeds")


def _listed(folder: Path, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(folder.rglob("*.yml")):
        found += yaml.safe_load(path.read_text(encoding="utf-8")).get(kind) or []
    return sorted(found, key=lambda each: str(each["name"]))


def _model(model: dict[str, Any]) -> str:
    lines = [f"### {model['name']}", "", flat(model.get("description")), ""]
    if columns := model.get("columns"):
        lines += ["| column | type | meaning | verified by |", "|---|---|---|---|"]
        lines += [
            f"| `{column['name']}` | {column.get('data_type', '')} | "
            f"{flat(column.get('description')).replace('|', chr(92) + '|')} | {_judge(column)} |"
            for column in columns
        ]
    return "\n".join(lines).rstrip()


def _judge(column: dict[str, Any]) -> str:
    """What holds a column of a mart against the truth."""
    return str(column.get("config", {}).get("meta", {}).get("verified_by", ""))


def flat(text: str | None) -> str:
    """A text on one line."""
    return " ".join((text or "").split())
