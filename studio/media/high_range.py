"""High dynamic range (HDR) as 8-bit sRGB: pictures whose numbers are those of PQ or HLG, in the wide colours of BT.2020."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from studio.media.clip import EXACT

PQ, HLG = 16, 18
"""Transfer functions as files number them: SMPTE ST 2084, and ARIB STD-B67."""
WHITE = 203.0
"""Candelas a square metre of diffuse white in both of them (ITU-R BT.2408)."""
PEAK = 1000.0
"""Candelas a square metre that are shown as full white."""
ROWS = 256
"""Computed at once: a large photograph in floating point would fill the memory."""
TO_SRGB = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)
"""Linear BT.2020 to linear sRGB (ITU-R BT.2087)."""


def is_high_range(frame: av.VideoFrame) -> bool:
    """Whether the numbers of a decoded picture are those of PQ or HLG."""
    return frame.color_trc in (PQ, HLG)


def standard_range(frame: av.VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
    """A decoded picture as [height, width, 3] sRGB. Diffuse white becomes about 190 of 255, brighter light more."""
    deep = frame.reformat(width, height, format="rgb48le", interpolation=EXACT).to_ndarray()
    return to_standard_range(deep, frame.color_trc)


def to_standard_range(
    deep: NDArray[Any], transfer: int, primaries: NDArray[np.float32] = TO_SRGB
) -> NDArray[np.uint8]:
    """Numbers of PQ or HLG as [H, W, 3] sRGB.

    Args:
        deep: [H, W, 3] of 8 or 16 bits.
        transfer: PQ or HLG.
        primaries: [3, 3], from their light to that of sRGB.
    """
    curve, shown = _light(transfer), np.empty(deep.shape, np.uint8)
    for top in range(0, len(deep), ROWS):
        rows = deep[top : top + ROWS]
        light = curve[rows if rows.dtype == np.uint16 else rows.astype(np.uint16) * 257] @ primaries.T
        shown[top : top + ROWS] = _SHOWN[(light.clip(0, 1) * (len(_SHOWN) - 1)).astype(np.uint16)]
    return shown


def _light(transfer: int) -> NDArray[np.float32]:
    """The light, rolled off to 0 to 1, of each of the 65536 numbers of a channel."""
    code = np.arange(65536) / 65535
    if transfer == PQ:
        root = code ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    else:
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        nits = 1000 * scene**1.2
    level = nits / WHITE
    peak = PEAK / WHITE
    return (level * (1 + level / peak**2) / (1 + level)).clip(0, 1).astype(np.float32)      # Reinhard's curve, white at the peak


def _srgb() -> NDArray[np.uint8]:
    light = np.linspace(0, 1, 65536)
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(shown * 255).astype(np.uint8)


_SHOWN = _srgb()
"""sRGB of 65536 levels of light."""
