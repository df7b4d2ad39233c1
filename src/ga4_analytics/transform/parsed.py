"""The parsed dbt project, kept from one workspace to the next.

dbt takes seven seconds to parse the project and keeps what it parsed beside the workspace's other
files, so each new workspace paid them again. What it keeps is the same wherever the project's
files, the versions, the variables and the names of the database are the same; those make the name
of the file here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ga4_analytics.storage.atomic import atomic_file
from ga4_analytics.storage.cache import cache_folder
from ga4_analytics.transform.project import project_digest, project_dir

KEPT = 12
"""How many are kept: one for each way in which a person sets variables and databases."""
_VERSIONED = ("dbt-core", "dbt-adapters", "dbt-duckdb", "dbt-postgres")


def place_of(output: Mapping[str, Any], variables: Mapping[str, Any]) -> Path | None:
    """Where the parsed project is kept for a profile and variables.

    Args:
        output: The profile's output; of it the engine and names count, not the address.
        variables: dbt's variables.

    Returns:
        A file that may not be there, or None where nothing can be kept.
    """
    folder = cache_folder("dbt")
    if folder is None:
        return None
    named = [output["type"], output.get("dbname") or Path(output["path"]).stem, output["schema"]]
    versions = [f"{name} {version(name)}" for name in _VERSIONED]
    known = [
        sys.version, *versions, *named, json.dumps(variables, sort_keys=True),
        str(project_dir()),  # dbt keeps the project's own path for its seeds
        project_digest(with_tests=True),
    ]  # fmt: skip
    digest = hashlib.sha256("\n".join(known).encode())
    return folder / f"{digest.hexdigest()[:32]}.msgpack"


def read_parsed(place: Path | None) -> Any:
    """The parsed project that is kept there, for `dbtRunner`; None where there is none."""
    if place is None or not place.is_file():
        return None
    from dbt.contracts.graph.manifest import Manifest  # loads slowly

    try:
        manifest = Manifest.from_msgpack(place.read_bytes())
        manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    except Exception:  # whatever is wrong with the file, dbt parses as if it were not there
        with contextlib.suppress(OSError):
            place.unlink()
        return None
    return manifest


def keep_parsed(made: Path, place: Path | None) -> None:
    """Keep what dbt parsed, and drop the oldest beyond `KEPT`.

    Args:
        made: The file in which dbt keeps it.
        place: See `place_of`.
    """
    if place is None or not made.is_file():
        return
    # A cache that cannot be written costs time, not the build.
    with contextlib.suppress(OSError):
        with atomic_file(place) as path:
            shutil.copyfile(made, path)
        kept = sorted(place.parent.glob("*.msgpack"), key=lambda path: path.stat().st_mtime)
        for old in kept[:-KEPT]:
            old.unlink(missing_ok=True)
