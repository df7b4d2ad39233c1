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
    folder_of,
    manifest_text,
    read_manifest,
)
from ga4_analytics.publish.live import SNAPSHOTS, live_manifest, manifest_path
from ga4_analytics.settings import Settings
from ga4_analytics.storage.atomic import remove_leftovers
from ga4_analytics.transform.project import project_digest
from ga4_analytics.warehouse.base import Warehouse

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
    clear_files(state, state / SNAPSHOTS)
    made = []
    for dataset in datasets_of(warehouse):
        started = time.perf_counter()
        before = None if fresh else live_manifest(settings, dataset)
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
        path = manifest_path(snapshot, manifest.dataset)
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
