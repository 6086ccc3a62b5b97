"""The score of an image-quality model that the user has installed (pyiqa), frame by frame. It knows no truth, and brings no model.

pyiqa (github.com/chaofengc/IQA-PyTorch, for non-commercial use) is no dependency of the studio. It fetches a metric's weights by
itself when that metric is first used. Letters: T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

AT_ONCE = 8
"""Frames scored together."""
MISSING = (
    "No image-quality model was measured with, for pyiqa is not installed: `pip install pyiqa` (its licence is for non-commercial "
    "use), or leave --quality out."
)


@dataclass(frozen=True)
class Quality:
    """An image-quality metric without a reference."""

    name: str
    lower_better: bool
    scores: Callable[[Tensor], list[float]]       # of frames [T, 3, H, W] in [0, 1]


def installed(name: str) -> Quality:
    """pyiqa's metric of that name ("musiq", "clipiqa", "piqe").

    Raises:
        ValueError: pyiqa is not installed or cannot be loaded, has no such metric or cannot make it ready, or the metric compares
            with a reference.
    """
    try:
        import pyiqa  # nothing else needs it, and few have it
    except ModuleNotFoundError as error:
        raise ValueError(MISSING if error.name == "pyiqa" else f"pyiqa cannot be loaded: it misses {error.name}.") from error
    except (ImportError, RuntimeError) as error:
        raise ValueError(f"pyiqa is installed, but cannot be loaded: {error}") from error
    try:
        metric: Any = pyiqa.create_metric(name, device=torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    except (AssertionError, KeyError) as error:
        raise ValueError(f"pyiqa has no metric '{name}' ({error}); pyiqa.list_models('NR') names those to be used.") from error
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        raise ValueError(f"pyiqa cannot make its metric '{name}' ready (it fetches its own weights): {error}") from error
    if getattr(metric, "metric_mode", "NR") == "FR":
        raise ValueError(f"pyiqa's '{name}' compares with a reference; --quality wants one without: pyiqa.list_models('NR').")

    @torch.no_grad()
    def scores(frames: Tensor) -> list[float]:
        found: list[float] = []
        for some in frames.clamp(0, 1).split(AT_ONCE):
            try:
                said = metric(some)
            except (AssertionError, RuntimeError, ValueError) as error:
                size = f"{some.shape[3]} x {some.shape[2]}"
                raise ValueError(f"pyiqa's '{name}' cannot score frames of {size} pixels: {error}") from error
            if not isinstance(said, Tensor) or said.numel() != len(some):
                raise ValueError(f"pyiqa's '{name}' gives no score for each frame: it cannot be used here.")
            found += said.flatten().float().tolist()
        return found

    return Quality(name, bool(getattr(metric, "lower_better", False)), scores)
