"""The dbt project as the publisher sees it: which marts there are, and which models."""

from __future__ import annotations

import hashlib
from pathlib import Path

import ga4_analytics
from ga4_analytics.errors import BuildError

_SUFFIXES = {".sql", ".yml", ".csv"}
_BUILT_FROM = ("models", "macros", "seeds")
_PARSED_FROM = (*_BUILT_FROM, "tests")


def project_dir() -> Path:
    """Where the dbt project is: inside the installed package, else beside the sources.

    Raises:
        BuildError: It is in neither place.
    """
    package = Path(ga4_analytics.__file__).parent
    for folder in (package / "_dbt_project", package.parents[1] / "ga4_analytics_dbt"):
        if (folder / "dbt_project.yml").is_file():
            return folder
    raise BuildError(
        f"The dbt project is not beside {package}.",
        rule="It is installed with the package.",
        remedy="Install the package again.",
    )


def mart_names() -> tuple[str, ...]:
    """The marts' names in order: one SQL file is one mart."""
    return tuple(sorted(path.stem for path in (project_dir() / "models/marts").rglob("*.sql")))


def project_digest(*, with_tests: bool = False) -> str:
    """SHA-256 over the files that the marts are built from.

    Args:
        with_tests: Whether the files of tests count, which dbt parses as well.
    """
    folder = project_dir()
    files = [folder / "dbt_project.yml"]
    for name in _PARSED_FROM if with_tests else _BUILT_FROM:
        files += [path for path in (folder / name).rglob("*") if path.suffix in _SUFFIXES]
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
