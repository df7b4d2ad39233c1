"""How the C library keeps the memory that a load has let go of."""

from __future__ import annotations

import ctypes

import pyarrow as pa

_M_MMAP_THRESHOLD = -3
_THRESHOLD = 1 << 20


def return_large_blocks() -> None:
    """Let the system have large blocks back as soon as they are freed.

    Of itself glibc raises the size from which it asks the system for a block (mallopt(3),
    M_MMAP_THRESHOLD) up to 32 MB and keeps what is smaller in its heaps, where the parts of a
    load, all of different sizes, leave holes: half as much memory again after fifty parts.
    Other C libraries have no such setting and are left alone.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, _THRESHOLD)


def return_free_memory() -> None:
    """Let the system have all memory that is free: what comes next needs memory of another kind."""
    pa.default_memory_pool().release_unused()
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
