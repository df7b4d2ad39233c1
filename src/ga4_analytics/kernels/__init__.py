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
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
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


def _load_blas_alone() -> None:
    """Load the module of SciPy that Numba looks for, without the package around it.

    Before it runs its first function Numba imports `scipy.linalg.cython_blas` to see whether
    there is one: with all of `scipy.linalg` that is a fifth of the way to a first answer, and
    no kernel does linear algebra. Who imports `scipy.linalg` later finds it as it is.
    """
    package, name = find_spec("scipy"), "scipy.linalg.cython_blas"
    if package is None or "scipy.linalg" in sys.modules or name in sys.modules:
        return
    folders = package.submodule_search_locations or ()
    found = PathFinder.find_spec(name, [str(Path(folder) / "linalg") for folder in folders])
    if found is None or found.loader is None:
        return
    try:
        sys.modules[name] = module_from_spec(found)
        found.loader.exec_module(sys.modules[name])
    except ImportError:
        # A SciPy whose module needs the package after all: Numba loads both.
        sys.modules.pop(name, None)


_load_blas_alone()
numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]
