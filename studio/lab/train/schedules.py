"""Learning rates over the steps of a run, as factors of the highest rate."""

# diffusers' schedules are none of these: their warm-up begins at rate 0 where ours begins at 1 / warmup, so they end each warm-up
# one step later; and their cosine has no level part and falls to 0.

from __future__ import annotations

import math


def warm_up(step: int, steps: int) -> float:
    """1 / steps at step 0, rising evenly to 1 at step `steps` - 1, and 1 afterwards."""
    return min(1.0, (step + 1) / steps)


def cosine(step: int, steps: int, level: float = 0.0) -> float:
    """1 during the first `level` steps, then half a cosine down to a fiftieth at step `steps`."""
    progress = min(1.0, max(0.0, (step - level) / max(1.0, steps - level)))
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))
