"""Self-hosted product analytics for Google Analytics 4 exports."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ga4_analytics.workspace import Workspace

__version__ = "0.1.0"


def open(folder: str | Path = ".", **settings: Any) -> Workspace:
    """Open a workspace: its settings, its warehouse and what it published.

    Args:
        folder: The workspace; without a ``ga4.toml`` all settings have their defaults.
        **settings: Settings that win over the file and the environment.

    Raises:
        SettingsError: A setting is not valid.
    """
    # Imported late: whoever asks for the version needs none of it.
    module = import_module("ga4_analytics.workspace")
    opened: Workspace = module.Workspace.open(Path(folder), **settings)
    return opened
