"""Compiled functions that make one pass over a part of a segment: arrays in, counts out.

Each is single-threaded and lets go of the interpreter's lock, so that a pool of threads
runs it on several parts at once; what it returns adds up over parts. Compiled code is
kept on disk in a folder named by the sources of all kernels together, because Numba by
itself looks at one file at a time and would keep a caller with an old callee.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import numba


def _cache_folder() -> Path:
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    home = os.environ.get("GA4_KERNEL_CACHE") or os.environ.get("XDG_CACHE_HOME")
    base = Path(home) if home else Path.home() / ".cache"
    folder = base / "ga4-product-analytics" / "kernels" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        # Nobody else may write there: what stands in it is run.
        return Path(tempfile.mkdtemp(prefix="ga4-kernels-"))
    return folder


numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]
