"""The event indexes as part of a snapshot."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ga4_analytics.errors import StaleError
from ga4_analytics.index.build import Advance, Built, Plan, build_index
from ga4_analytics.index.columns import specs_of
from ga4_analytics.index.facts import datasets_of
from ga4_analytics.index.manifest import (
    FOLDER,
    Manifest,
    folder_of,
    manifest_text,
    read_manifest,
    slug,
)
from ga4_analytics.index.open import open_index
from ga4_analytics.index.reader import Index
from ga4_analytics.settings import Settings
from ga4_analytics.storage.atomic import remove_leftovers
from ga4_analytics.transform.project import project_digest
from ga4_analytics.warehouse.base import Warehouse

_POINTER = "CURRENT"
_SNAPSHOTS = "snapshots"
_ROWS_DEPEND_ON = (
    "identity",
    "key_events",
    "engaged_session_seconds",
    "session_timeout_minutes",
    "channel_rules_date",
    "columns",
)


@dataclass(frozen=True)
class IndexBuild:
    """An index that is written and waits for its snapshot.

    Attributes:
        built: What it consists of.
        seconds: How long it took.
    """

    built: Built
    seconds: float


def build_indexes(
    warehouse: Warehouse,
    settings: Settings,
    advance: Advance = lambda rows: None,
    *,
    fresh: bool = False,
) -> list[IndexBuild]:
    """Write the index of every loaded dataset; what is published stays as it is.

    Args:
        warehouse: With built models.
        settings: The workspace's settings.
        advance: Told of rows done.
        fresh: Whether nothing of the indexes before is used.

    Raises:
        SettingsError: A column's source is not there.
        BuildError: The disk is full or cannot be written.
    """
    state = settings.state_dir
    clear_files(state, state / _SNAPSHOTS)
    made = []
    for dataset in datasets_of(warehouse):
        started = time.perf_counter()
        before = None if fresh else _live_manifest(settings, dataset)
        plan = plan_of(settings, dataset)
        built = build_index(warehouse, plan, before, advance)
        made.append(IndexBuild(built, time.perf_counter() - started))
    return made


def plan_of(settings: Settings, dataset: str) -> Plan:
    """What the index of a dataset shall be with these settings."""
    content = {name: value for name, value in asdict(settings).items() if name in _ROWS_DEPEND_ON}
    content["models"] = project_digest()
    text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
    return Plan(
        dataset=dataset,
        specs=specs_of(settings),
        identity=settings.identity,
        zone=settings.timezone,
        context=hashlib.sha256(text.encode()).hexdigest(),
        state_dir=settings.state_dir,
    )


def write_manifests(snapshot: Path, indexes: Sequence[IndexBuild]) -> dict[str, Any]:
    """Write the manifests into a snapshot's folder; gives what its status says of them."""
    facts = {}
    for index in indexes:
        manifest = index.built.manifest
        path = _manifest_path(snapshot, manifest.dataset)
        path.parent.mkdir(exist_ok=True)
        path.write_text(manifest_text(manifest), encoding="utf-8")
        facts[manifest.dataset] = {
            "rows": manifest.rows,
            "users": manifest.users,
            "bytes": manifest.bytes,
            "segments": len(manifest.segments) + len(manifest.nobody),
            "build": index.built.how,
            "rows_read": index.built.rows,
            "seconds": round(index.seconds, 3),
        }
    return facts


def open_published(snapshot: Path, dataset: str, state_dir: Path) -> Index:
    """Open the index of a dataset as a snapshot has it.

    Raises:
        StaleError: There is none, or its files are gone or of another format.
    """
    return open_index(
        published_manifest(snapshot, dataset), folder_of(state_dir, dataset), snapshot.name
    )


def published_manifest(snapshot: Path, dataset: str) -> Manifest:
    """What the index of a dataset consists of in a snapshot.

    Raises:
        StaleError: There is none, or it cannot be read.
    """
    path = _manifest_path(snapshot, dataset)
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


def clear_files(state_dir: Path, snapshots: Path) -> None:
    """Remove the index files that no snapshot names, and what dead builds left."""
    needed: dict[Path, set[str]] = {}
    for path in snapshots.glob(f"[!.]*/{FOLDER}/*.json"):
        try:
            manifest = read_manifest(path)
        except StaleError:
            # Of another version, which reads its files by itself.
            continue
        root = folder_of(state_dir, manifest.dataset)
        needed.setdefault(root, set()).update(facts.file for facts in manifest.files)
    for root in (state_dir / FOLDER).glob("*"):
        for folder in root.glob("*"):
            remove_leftovers(folder)
        for path in root.glob("*/[!.]*"):
            if path.relative_to(root).as_posix() not in needed.get(root, set()):
                path.unlink(missing_ok=True)


def _live_manifest(settings: Settings, dataset: str) -> Manifest | None:
    pointer = settings.state_dir / _POINTER
    if not pointer.is_file():
        return None
    live = pointer.read_text(encoding="utf-8").strip()
    try:
        return published_manifest(settings.state_dir / _SNAPSHOTS / live, dataset)
    except StaleError:
        return None


def _manifest_path(snapshot: Path, dataset: str) -> Path:
    return snapshot / FOLDER / f"{slug(dataset)}.json"


def _dataset_of(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8")).get("dataset"))
