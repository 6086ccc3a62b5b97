"""Colours that files describe by numbers, without an ICC profile: primaries and white as chromaticities, and a curve.

The numbers of ITU-T H.273 are those of PNG's cICP, and of "nclx" in HEIC and AVIF.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Chromaticities = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""x and y, in CIE 1931, of white, red, green and blue."""

D65, C = (0.3127, 0.329), (0.31, 0.316)
SRGB: Chromaticities = (D65, (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
_NTSC: Chromaticities = (D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07))
PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB,
    4: (C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (D65, (0.64, 0.33), (0.29, 0.6), (0.15, 0.06)),
    6: _NTSC,
    7: _NTSC,
    8: (C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: (D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: (D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    22: (D65, (0.63, 0.34), (0.295, 0.605), (0.155, 0.077)),
}
"""H.273's colour primaries, but for XYZ (10), in which no picture is drawn."""
SRGB_CURVE = 0.0
"""Stands for sRGB's own curve where a gamma is asked for."""
GAMMAS: dict[int, float] = {1: SRGB_CURVE, 4: 2.2, 5: 2.8, 6: SRGB_CURVE, 7: SRGB_CURVE, 8: 1.0, 11: SRGB_CURVE, 12: SRGB_CURVE,
                            13: SRGB_CURVE, 14: SRGB_CURVE, 15: SRGB_CURVE, 17: 2.6}
"""From H.273's transfer functions to the gamma of a screen. The curves of cameras (1, 6, 7, 11, 12, 14, 15) are shown as sRGB, as
browsers show them. PQ and HLG (16 and 18) are in `high_range`; logarithmic ones and those without a number are in neither."""
PLAIN = 0.002
"""Chromaticities that differ by less are those of sRGB, rounded."""

_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = np.array([0.9642, 1.0, 0.8249])


def is_srgb(colours: Chromaticities) -> bool:
    """Whether these are sRGB's, but for rounding."""
    return bool(np.abs(np.subtract(colours, SRGB)).max() < PLAIN)


def to_xyz(colours: Chromaticities) -> NDArray[np.float64]:
    """[3, 3] from light of red, green and blue to XYZ, with white adapted to D50 as ICC profiles have it (Bradford).

    Raises:
        ValueError: no light has these chromaticities, or the three colours do not span any.
    """
    if not all(0 < x < 1 and 0 < y < 1 and x + y <= 1.0001 for x, y in colours):
        raise ValueError("no chromaticities")
    white, red, green, blue = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in colours)
    pure = np.stack([red, green, blue], axis=1)
    if abs(np.linalg.det(pure)) < 1e-4:
        raise ValueError("these colours span nothing")
    cones = _BRADFORD @ white
    adapt = np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / cones) @ _BRADFORD
    matrix: NDArray[np.float64] = adapt @ (pure * np.linalg.solve(pure, white))
    if not (np.isfinite(matrix).all() and np.abs(matrix).max() < 100):
        raise ValueError("no colours of a screen")
    return matrix


def to_linear_srgb(colours: Chromaticities) -> NDArray[np.float32]:
    """[3, 3] from light of these colours to that of sRGB. Raises ValueError, see `to_xyz`."""
    return (np.linalg.inv(to_xyz(SRGB)) @ to_xyz(colours)).astype(np.float32)


def icc_profile(colours: Chromaticities, gamma: float) -> bytes:
    """An ICC profile of these colours.

    Args:
        colours: of white, red, green and blue.
        gamma: the exponent from the file's numbers to light, or SRGB_CURVE.

    Raises:
        ValueError: see `to_xyz`.
    """
    curve = (3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045) if gamma == SRGB_CURVE else (0, gamma)
    coded = b"para" + struct.pack(">IHH", 0, int(curve[0]), 0) + _fixed(curve[1:])
    xyz = to_xyz(colours)
    parts = {b"wtpt": b"XYZ " + bytes(4) + _fixed(_D50)}
    parts |= {name: b"XYZ " + bytes(4) + _fixed(xyz[:, at]) for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    parts |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), coded)
    index, body, start = b"", b"", 128 + 4 + 12 * len(parts)
    for name, part in parts.items():
        index += name + struct.pack(">II", start + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    head = struct.pack(">I4sI4s4s4s12s4s", start + len(body), b"lcms", 0x04300000, b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp")
    head += bytes(28) + _fixed(_D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(parts)) + index + body


def _fixed(numbers: Sequence[float] | NDArray[np.float64]) -> bytes:
    """Numbers as ICC profiles hold them: 16 bits before and 16 behind the point."""
    return struct.pack(f">{len(numbers)}i", *(round(float(number) * 65536) for number in numbers))
