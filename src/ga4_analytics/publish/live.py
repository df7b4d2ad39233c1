"""Which snapshot is live, and its indexes.

Apart from the publishing, because who only asks imports no warehouse.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ga4_analytics.errors import StaleError
from ga4_analytics.index.manifest import FOLDER, Manifest, folder_of, read_manifest, slug
from ga4_analytics.index.open import open_index
from ga4_analytics.index.reader import Index
from ga4_analytics.settings import Settings

POINTER = "CURRENT"
SNAPSHOTS = "snapshots"
STATUS = "status.json"


def live_id(settings: Settings) -> str | None:
    """Name of the live snapshot, or None where nothing was published."""
    pointer = settings.state_dir / POINTER
    return pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else None


def live_folder(settings: Settings) -> Path:
    """The folder of the live snapshot.

    Raises:
        StaleError: Nothing was published yet.
    """
    live = live_id(settings)
    if live is None:
        raise StaleError(
            f"Nothing has been published in {settings.workspace} yet.",
            rule="Answers, reports and summaries read a published snapshot.",
            remedy="Run `ga4 build` (or `ga4 run PATH`) first.",
        )
    return snapshot_folder(settings, live)


def snapshot_folder(settings: Settings, name: str) -> Path:
    """The folder of a snapshot."""
    return settings.state_dir / SNAPSHOTS / name


def open_published(snapshot: Path, dataset: str, state_dir: Path) -> Index:
    """Open the index of a dataset as a snapshot has it.

    Raises:
        StaleError: There is none, or its files are gone or of another format.
    """
    manifest = published_manifest(snapshot, dataset)
    return open_index(manifest, folder_of(state_dir, dataset), snapshot.name)


def published_manifest(snapshot: Path, dataset: str) -> Manifest:
    """What the index of a dataset consists of in a snapshot.

    Raises:
        StaleError: There is none, or it cannot be read.
    """
    path = manifest_path(snapshot, dataset)
    if not path.is_file():
        there = sorted(_dataset_of(each) for each in path.parent.glob("*.json"))
        raise StaleError(
            f"Snapshot {snapshot.name} has no event index of dataset {dataset!r}.",
            rule=f"It has one of {', '.join(there)}." if there else "It has none at all.",
            remedy="Build it with `ga4 build`."
            if not there
            else "Name another dataset, or load this one and run `ga4 build`.",
        )
    return read_manifest(path)


def live_manifest(settings: Settings, dataset: str) -> Manifest | None:
    """What the published index of a dataset consists of, or None where there is none."""
    live = live_id(settings)
    try:
        return published_manifest(snapshot_folder(settings, live), dataset) if live else None
    except StaleError:
        return None


def manifest_path(snapshot: Path, dataset: str) -> Path:
    """The file that says what the index of a dataset consists of."""
    return snapshot / FOLDER / f"{slug(dataset)}.json"


def _dataset_of(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8")).get("dataset"))


def snapshot_status(folder: Path) -> dict[str, Any]:
    """What a snapshot says of itself: the content of its ``status.json``.

    Raises:
        StaleError: It cannot be read.
    """
    try:
        found: dict[str, Any] = json.loads((folder / STATUS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StaleError(
            f"The snapshot {folder} cannot be read: {error}.",
            rule="A snapshot is published whole.",
            remedy="Publish again with `ga4 build`.",
        ) from error
    return found
