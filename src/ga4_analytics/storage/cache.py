"""A folder for what can be made again, shared by all workspaces of a person.

Kernels find theirs beside it by themselves, for they import nothing of ours.
"""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(name: str) -> Path | None:
    """The folder of one kind of thing below ``XDG_CACHE_HOME`` or ``~/.cache``.

    Returns:
        The folder, made where it was missing; None where it cannot be made.
    """
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        base = Path(home) if home else Path.home() / ".cache"
        folder = base / "ga4-product-analytics" / name
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home at all is a RuntimeError
        return None
    return folder
