"""Keeps the model of churn that scores users, with its answer, as JSON that is checked.

Nothing stored runs: a model is numbers, and they are only taken where their SHA-256 is the
one that was written when the model was trained.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from ga4_analytics.analyses.churn import Trained, model_id
from ga4_analytics.analyses.churn_models import FORMAT, Fitted
from ga4_analytics.errors import QuestionError, StaleError
from ga4_analytics.index.manifest import slug
from ga4_analytics.questions.churn import ChurnResult
from ga4_analytics.questions.codec import decode, encode
from ga4_analytics.settings import Settings
from ga4_analytics.storage.atomic import write_text
from ga4_analytics.storage.checksums import sha256_texts

_POINTER = "CURRENT"
_KEPT = 5
"""Models of a property that are kept, the newest first."""


@dataclass(frozen=True)
class Stored:
    """A model as it was trained.

    Attributes:
        result: How well it does.
        fitted: The model.
    """

    result: ChurnResult
    fitted: Fitted


def folder_of_models(settings: Settings) -> Path:
    """Where the models of the settings' property are."""
    return settings.state_dir / "churn" / slug(settings.dataset)


def save(trained: Trained, settings: Settings) -> Path:
    """Keep a model and make it the one that scores users.

    Args:
        trained: An answer with a model.
        settings: Name the property.

    Returns:
        The model's file. It holds no user, and the same training writes the same bytes.
    """
    assert trained.fitted is not None
    # How long it took is not a part of what was found.
    result = replace(trained.result, seconds=0.0)
    content = {"fitted": encode(trained.fitted), "result": encode(result)}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n"
    folder = folder_of_models(settings)
    path = folder / f"{result.model_id}.json"
    write_text(path, text)
    pointer = {"model_id": result.model_id, "sha256": sha256_texts([text])}
    write_text(folder / _POINTER, json.dumps(pointer) + "\n")
    others = sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime_ns)
    for old in others[:-_KEPT]:
        if old != path:
            old.unlink(missing_ok=True)
    return path


def current(settings: Settings) -> Stored | None:
    """The model that scores users; None where none was trained.

    Raises:
        StaleError: Its file was changed, or is of another version.
    """
    folder = folder_of_models(settings)
    try:
        pointer = json.loads((folder / _POINTER).read_text(encoding="utf-8"))
        path = folder / f"{pointer['model_id']}.json"
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _stale(folder, f"cannot be read: {error}") from error
    if sha256_texts([text]) != pointer.get("sha256"):
        raise _stale(path, "was changed since it was trained")
    try:
        content = json.loads(text)
        found = Stored(decode(ChurnResult, content["result"]), decode(Fitted, content["fitted"]))
    except (ValueError, KeyError, QuestionError) as error:
        raise _stale(path, f"cannot be read: {error}") from error
    if found.fitted.format != FORMAT or model_id(found.fitted) != pointer["model_id"]:
        raise _stale(path, "is not the model that its name says")
    return found


def required(settings: Settings) -> Stored:
    """The model that scores users.

    Raises:
        StaleError: None was trained, or its file was changed.
    """
    found = current(settings)
    if found is None:
        raise StaleError(
            f"No model of churn was trained for {settings.dataset!r} yet.",
            rule="Users are scored, and cards written, with a trained model.",
            remedy="Run `ga4 churn train`; where it refuses, it says what is missing.",
        )
    return found


def _stale(path: Path, problem: str) -> StaleError:
    return StaleError(
        f"The model of churn {path} {problem}.",
        rule="A model is only used as it was trained.",
        remedy="Train it again with `ga4 churn train`.",
    )
