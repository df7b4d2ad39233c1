"""How functions are compiled that kernels call for every user, session or event."""

from __future__ import annotations

from typing import Any

from numba import njit

_LEAN: dict[str, Any] = {
    "nogil": True, "cache": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
    "_nrt": False,
}  # fmt: skip
inner = njit(**_LEAN)
"""For functions that kernels call for every unit. They own no memory: to count the references
to some twenty arrays took longer than the work itself."""
inlined = njit(**_LEAN, forceinline=True)
"""The same for those that pass so many arrays that the call takes longer than the work."""
