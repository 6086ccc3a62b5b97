"""Image quality without a reference, frame by frame, by a metric of pyiqa.

pyiqa (github.com/chaofengc/IQA-PyTorch, for non-commercial use) is not installed with the studio; the user installs it. It
downloads a metric's weights when the metric is first used. Letters: T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

BATCH = 8
"""Frames scored together."""
MISSING = (
    "No image-quality model was measured with, for pyiqa is not installed: `pip install pyiqa` (its licence is for non-commercial "
    "use), or leave --quality out."
)


@dataclass(frozen=True)
class QualityMetric:
    """An image-quality metric that needs no reference."""

    name: str
    lower_is_better: bool
    score_frames: Callable[[Tensor], list[float]]
    """A score for each of frames [T, 3, H, W] in [0, 1]."""


def load_metric(name: str) -> QualityMetric:
    """Loads pyiqa's metric `name`, such as "musiq", "clipiqa" or "piqe".

    Raises:
        ValueError: pyiqa is not installed or cannot be loaded, has no such metric or cannot load it, or the metric needs a
            reference.
    """
    try:
        import pyiqa  # an optional package that few have
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
    def score_frames(frames: Tensor) -> list[float]:
        """The score of each frame [T, 3, H, W], in batches."""
        scores: list[float] = []
        for batch in frames.clamp(0, 1).split(BATCH):
            try:
                output = metric(batch)
            except (AssertionError, RuntimeError, ValueError) as error:
                size = f"{batch.shape[3]} x {batch.shape[2]}"
                raise ValueError(f"pyiqa's '{name}' cannot score frames of {size} pixels: {error}") from error
            if not isinstance(output, Tensor) or output.numel() != len(batch):
                raise ValueError(f"pyiqa's '{name}' gives no score for each frame: it cannot be used here.")
            scores += output.flatten().float().tolist()
        return scores

    return QualityMetric(name, bool(getattr(metric, "lower_better", False)), score_frames)
