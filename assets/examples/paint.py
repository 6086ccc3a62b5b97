"""Paints the pictures of the sample stories: `python assets/examples/paint.py [story ...]`. Minutes; seeded; numpy and Pillow.

Each story's own `paint.py` draws its scene at twice the size; here it becomes an oil painting and a JPEG beside it.
"""

from __future__ import annotations

import io
import runpy
import sys
from pathlib import Path

import numpy as np
from brushes import halve, strokes, varnish
from PIL import Image

HERE = Path(__file__).parent
LARGEST = 300_000      # bytes: a repository is not a gallery


def main(names: list[str]) -> None:
    for name in names or sorted(path.parent.name for path in HERE.glob("*/paint.py")):
        scene = runpy.run_path(str(HERE / name / "paint.py"))
        drawing = scene["draw"](np.random.default_rng(scene["SEED"]))
        rng = np.random.default_rng(1)
        oil = strokes(halve(drawing), rng, fine=scene["FINE"])
        picture = varnish(oil, rng, bloom=scene["BLOOM"], vignette=scene["VIGNETTE"])
        (HERE / name / f"{name}.jpg").write_bytes(small(picture))
        sys.stdout.write(f"{name} is painted\n")


def small(picture: Image.Image) -> bytes:
    """The best JPEG that is not too large."""
    for quality in range(94, 60, -2):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True, subsampling=0)
        if buffer.tell() <= LARGEST:
            break
    return buffer.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
