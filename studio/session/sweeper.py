"""Calls `Studio.sweep` on a public studio: when it starts, and every 30 minutes from a background thread."""

from __future__ import annotations

import logging
import threading

from studio.session.old_films import sweep_old
from studio.session.studio import Studio

INTERVAL = 1800.0
"""Seconds between two sweeps."""

log = logging.getLogger(__name__)


def start_sweeper(studio: Studio, interval: float = INTERVAL) -> threading.Event:
    """Call `studio.sweep` now and every `interval` seconds, in a thread that ends when the returned event is set."""
    stop = threading.Event()

    def sweep() -> None:
        """Sweep until `stop` is set."""
        while True:
            try:
                studio.sweep()
                if studio.visitors:
                    sweep_old(studio)
            except Exception:  # one failure must not end the sweeping: the next sweep may succeed
                log.exception("the shelf could not be swept")
            if stop.wait(interval):
                return

    threading.Thread(target=sweep, name="studio-sweep", daemon=True).start()
    return stop
