"""This process's memory: when Python looks for garbage in it, and what was freed is returned to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def keep_all() -> Iterator[None]:
    """Look for no garbage while modules are imported or a model is loaded, and afterwards never at what is there then.

    Imports make hundreds of thousands of objects that stay. Python would search them all for garbage, again and again: a tenth of
    the page's start and a second of the engine's, and later a third of a second for each full search, in which no thread runs.
    `free_all` takes it back. After an error everything is looked at as before.
    """
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if looked:
            gc.enable()


def free_all() -> None:
    """Look for garbage everywhere, also among what `keep_all` kept: for when something large was given up."""
    gc.unfreeze()
    gc.collect()


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
