"""Lets the thread that renders give way to those that answer people. It needs no torch: the page opens without it."""

from __future__ import annotations

import contextlib
import os
import sys


def give_way() -> None:
    """Let threads that answer people run as soon as they have something to do, instead of when this one and its own next wait.

    On Linux the calling thread becomes one of SCHED_BATCH, and so do threads and processes that it starts from then on. They have
    as much of the processor as before, but when they wake up they push nobody aside; OpenMP's wake up thousands of times a second.
    Elsewhere, and where it is not allowed, nothing happens.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
