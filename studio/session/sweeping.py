"""Sweeps a public studio's shelf: at start and once in a while. It knows when, not what."""

from __future__ import annotations

import logging
import threading

from studio.session.studio import Studio

EVERY = 1800.0
"""Seconds between two sweeps."""

log = logging.getLogger(__name__)


def keep_swept(studio: Studio, every: float = EVERY) -> threading.Event:
    """Sweep the shelf in a thread of its own until the returned event is set, or the process ends."""
    stop = threading.Event()

    def sweep() -> None:
        while True:
            try:
                studio.sweep()
            except Exception:  # a sweep that fails is tried again: it must not end for good
                log.exception("the shelf could not be swept")
            if stop.wait(every):
                return

    threading.Thread(target=sweep, name="studio-sweep", daemon=True).start()
    return stop
