"""Writes the HEIC pictures in `cases`, each below 3 kB: `python tests/media/heic_cases.py`.

They were written once, by pillow-heif 1.4.0. pi-heif writes none, and pillow-heif brings x265 (GPL), so it is no dependency of the
studio or of its tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CASES = Path(__file__).parent / "cases"
LEFT, RIGHT, P3_RED = (200, 40, 30), (20, 60, 190), (230, 30, 30)
EXACT: dict[str, Any] = {"quality": -1, "chroma": 444}


def main() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    halves = Image.new("RGB", (64, 40), RIGHT)
    halves.paste(LEFT, (0, 0, 32, 40))
    halves.save(CASES / "halves.heic", **EXACT)
    tags = Image.Exif()
    tags[0x0112], tags[0x010F] = 6, "maker"
    halves.save(CASES / "turned.heic", exif=tags.tobytes(), **EXACT)
    clear = halves.convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 20, 64, 40))
    clear.save(CASES / "clear.heic", **EXACT)
    with Image.open(CASES / "p3_rgb.png") as image:
        profile = image.info["icc_profile"]
    Image.new("RGB", (64, 64), P3_RED).save(CASES / "p3.heic", icc_profile=profile, **EXACT)
    Image.new("L", (64, 40), 128).save(CASES / "grey.heic", quality=-1)
    Image.new("RGB", (12, 12), LEFT).save(CASES / "small.heic", **EXACT)
    several = pillow_heif.from_pillow(Image.new("RGB", (48, 48), (0, 255, 0)))
    several.add_from_pillow(halves)
    several.save(CASES / "several.heic", primary_index=1, **EXACT)
    ramp = np.tile(np.linspace(0, 65535, 64).astype("<u2")[None, :, None], (32, 1, 3))
    deep = pillow_heif.from_bytes(mode="RGB;16", size=(64, 32), data=ramp.tobytes())
    deep.save(CASES / "ramp10.heic", **EXACT)


if __name__ == "__main__":
    main()
