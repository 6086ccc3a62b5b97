"""Returns memory that was freed in this process to the system."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache


def give_back() -> bool:
    """Return freed memory to the system where the C library keeps it; False where there is no such call.

    glibc keeps freed buffers of a few MiB for later use, in a different place each time, so the resident memory of a process that
    renders section after section varies by a tenth and looks like a leak. The call takes milliseconds, once a section.
    """
    trim = _trim()
    return trim is not None and bool(trim(0))


@cache
def _trim() -> Callable[[int], int] | None:
    """glibc's malloc_trim; None on other systems and with other C libraries."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim  # type: ignore[no-any-return]
