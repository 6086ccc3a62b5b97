"""Mean features and deviations of every light and weather, for `Discriminant`; names and units are in `light_features.py` and
`weather_features.py`. The command `python -m studio.lab measure learn` writes the tables: do not edit them by hand.
"""

from __future__ import annotations

LIGHT: dict[str, tuple[float, ...]] = {
    "day": (0.000, 0.000, 0.000, 0.000, 0.000),
    "dawn": (0.020, -0.172, -0.220, 0.000, 0.002),
    "dusk": (-0.220, -0.587, -0.679, -0.000, 0.008),
    "night": (-1.280, -1.113, -0.721, -0.000, 0.018),
    "lamp": (-0.851, -1.020, -1.198, 0.990, 0.017),
    "flicker": (-0.203, -0.202, -0.203, 0.000, 0.437),
    "bright": (0.452, 0.430, 0.383, 0.002, 0.007),
    "warm": (0.163, -0.020, -0.380, -0.000, 0.002),
    "cold": (-0.270, -0.050, 0.180, 0.000, 0.001),
    "deviation": (0.051, 0.053, 0.051, 0.051, 0.030),
}
WEATHER: dict[str, tuple[float, ...]] = {
    "clear": (0.000, -3.912, 0.000, 0.000, 0.000, 0.000),
    "snow": (0.023, -0.275, 0.640, 0.074, -0.007, 0.000),
    "rain": (0.016, -0.813, 0.722, 0.921, 1.279, 0.000),
    "fog": (0.496, -2.531, 0.345, 0.052, 0.027, 0.000),
    "wind": (0.000, -0.409, 0.331, 0.048, 0.262, 1.848),
    "deviation": (0.087, 0.496, 0.163, 0.181, 0.348, 0.779),
}
