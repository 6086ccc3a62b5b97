"""Loads OpenCV late, with as many threads as its small pictures are worth."""

from __future__ import annotations

import os
from types import ModuleType

MOST_THREADS = 2


def opencv() -> ModuleType:
    """Returns OpenCV's module. Its threads are bounded, since whoever asks works beside a film that is being made."""
    import cv2  # late: the page opens without it

    cv2.setNumThreads(min(MOST_THREADS, os.cpu_count() or 1))
    return cv2
