"""Two moons: striped dunes at dusk, drawn in perspective from a landscape of heights, and a tent with a light in it."""

from __future__ import annotations

import numpy as np
from brushes import Array, Noise, Points, blur, box, bump, field, gather, glow, mix, ramp, round_shape, shape, smooth

SEED, FINE, BLOOM, VIGNETTE = 4, 0.5, 0.25, 0.25
WIDTH, HEIGHT = 2560, 1536
HORIZON, EYE, WIDE = 0.53, 7.0, 1.5     # v of the horizon, height of the eye, width of the view at distance 1
SUNLIGHT = np.array([-0.86, 0.30, 0.42]) / np.linalg.norm([-0.86, 0.30, 0.42])
# u, v, radius, bright side, dark side, where in the noise
MOONS = ((0.70, 0.185, 0.125, "#ffe2bd", "#4a3f7d", 0.2), (0.515, 0.10, 0.034, "#d8c8f4", "#37357a", 0.7))


def draw(rng: np.random.Generator) -> Array:
    u, v = field(WIDTH, HEIGHT)
    soft, rough, silk = Noise(rng, 2.0), Noise(rng, 1.5), Noise(rng, 3.0)
    picture = moons(stars(sky(u, v, soft), v, rng), u, v, soft)
    x, z, ground = seen(u, v, silk)
    picture = mix(picture, sand(u, x, z, silk, rough), ground)
    return camp(picture, u, v).astype(np.float32)


def sky(u: Array, v: Array, soft: Noise) -> Array:
    t = np.clip(v / 0.50, 0, 1)
    picture = ramp(
        t, (0, "#141a44"), (0.3, "#2b2f6b"), (0.55, "#5c4a8c"), (0.75, "#a8648f"), (0.9, "#ee9480"), (1, "#ffc994")
    )
    cool = ramp(t, (0, "#0f153a"), (0.5, "#3a3672"), (0.85, "#8a5f92"), (1, "#c98a9a"))
    picture = mix(picture, cool, smooth(0.1, 1, u) * 0.7)
    nebula = smooth(0.1, 1.4, soft(u * 0.6 + 0.2, v * 0.9 - u * 0.35) + 0.5 * soft(u * 2, v * 3 - u))
    picture = glow(picture, "#7f74c8", nebula * smooth(0.9, 0.2, t) * 0.28)
    n = soft(u * 0.5, v * 4 + 0.3) + 0.5 * soft(u * 1.7, v * 11) + 0.25 * soft(u * 4, v * 25)
    veil = ramp(t, (0, "#57508f"), (0.6, "#d07f92"), (1, "#ffdcae"))
    return mix(picture, veil, smooth(0.4, 1.6, n) * smooth(0.25, 0.6, t) * 0.6)


def stars(picture: Array, v: Array, rng: np.random.Generator) -> Array:
    mask = np.zeros_like(v)
    for _ in range(420):
        x, y, size = rng.uniform(0, 1), rng.uniform(0, 0.42), rng.random() ** 4
        i, j, r = int(y * HEIGHT), int(x * WIDTH), 2 + round(size * 4)
        mask[i : i + r, j : j + r] = (0.35 + 0.65 * size) * (1 - y / 0.46) ** 0.7
    return glow(picture, "#fff4e0", mask)


def moons(picture: Array, u: Array, v: Array, soft: Noise) -> Array:
    for across, down, radius, bright, dark, k in MOONS:
        x, y = (u - across) * WIDTH / HEIGHT / radius, (v - down) / radius
        d = np.hypot(x, y)
        light = smooth(-0.12, 0.85, -x * 0.72 + y * 0.48 + np.sqrt(np.clip(1 - d * d, 0, 1)) * 0.30)
        bands = 0.5 + 0.5 * np.sin((y * 0.92 + x * 0.30) * 9 + 1.2 * soft(x * 0.12 + k, y * 0.12)) if k < 0.5 else 0.5
        craters = 0.10 * soft(x * 0.25 + k, y * 0.25 + k) + 0.07 * soft(x * 0.8, y * 0.8)
        face = ramp(np.clip(light * (0.84 + 0.20 * bands + craters), 0, 1), (0, dark), (0.45, "#a8749a"), (1, bright))
        picture = glow(picture, bright, np.exp(-((np.clip(d - 1, 0, 9) / 0.55) ** 0.9)) * 0.20 * (d >= 1))
        picture = mix(picture, face, smooth(1.003, 0.997, d) * (0.35 + 0.65 * smooth(0, 0.35, light)))
    return picture


def height(x: Array, z: Array, silk: Noise) -> Array:
    """Great dunes with sharp crests, small ones between them, a plain before us."""
    far, side = z + 13 * silk(x * 0.006 + 0.6, z * 0.0045 + 0.2), x + 8 * silk(x * 0.004 + 0.1, z * 0.006 + 0.5)
    great = 1 - np.abs(np.sin(np.pi * (far * 0.0165 + side * 0.0085 + 0.30)))
    small = 1 - np.abs(np.sin(np.pi * (far * 0.041 - side * 0.017 + 0.1)))
    tall = 0.75 + 0.45 * silk(x * 0.0035 + 0.2, z * 0.003 + 0.4)
    raised = 12.5 * tall * great**1.15 * smooth(15, 75, z)
    return (raised + 2.6 * small * (0.7 + 0.3 * silk(x * 0.01, z * 0.01)) * (1 - 0.6 * great) - 0.6) * smooth(5, 34, z)


def seen(u: Array, v: Array, silk: Noise) -> tuple[Array, Array, Array]:
    """Where each pixel's line of sight meets the sand (x, z), and whether it does.

    The landscape is cut into slices from near to far; a pixel shows the first slice whose top is not below it.
    """
    depths = np.geomspace(7, 700, 4500).astype(np.float32)
    x = (u[0] - 0.5)[None] * WIDE * depths[:, None]
    z = np.broadcast_to(depths[:, None], x.shape)
    tops = HORIZON - (height(x, z, silk) - EYE) / z * 0.9
    skyline = np.minimum.accumulate(tops, 0)
    rows = v[:, 0]
    first = np.stack([np.searchsorted(-skyline[:, c], -rows, side="left") for c in range(WIDTH)], 1)
    ground = (first < len(depths)).astype(np.float32)
    k, columns = np.clip(first, 1, len(depths) - 1), np.arange(WIDTH)[None]
    before, at = skyline[k - 1, columns], tops[k, columns]
    t = np.where(k > 1, np.clip((before - v) / np.maximum(before - at, 1e-6), 0, 1), 1)
    z = depths[k - 1] + (depths[k] - depths[k - 1]) * t
    return (u - 0.5) * WIDE * z, z, ground


def sand(u: Array, x: Array, z: Array, silk: Noise, rough: Noise) -> Array:
    """Light from the left, layers of two sands, wind ripples near us, haze far away."""
    h, step = height(x, z, silk), 0.05 + 0.010 * z
    across, along = (height(x + step, z, silk) - h) / step, (height(x, z + step, silk) - h) / step
    ripples = np.sin((x * 0.35 + z + 3 * silk(x * 0.02, z * 0.02)) * 5) * np.exp(-z / 30) * 0.09
    nx, nz = -across - ripples, -along - ripples * 0.6
    size = np.sqrt(nx * nx + 1 + nz * nz)
    lit = smooth(0.02, 0.62, (nx * SUNLIGHT[0] + SUNLIGHT[1] + nz * SUNLIGHT[2]) / size)
    band = smooth(-0.35, 0.35, np.sin(h * 2.4 + 1.6 * silk(x * 0.012, z * 0.012) + 0.15 * rough(x * 0.05, z * 0.05)))
    pale = ramp(lit, (0, "#4b2f5a"), (0.3, "#8a4a5e"), (0.65, "#dc8456"), (1, "#ffc680"))
    red = ramp(lit, (0, "#3a2650"), (0.3, "#6d3552"), (0.65, "#b95a44"), (1, "#ef9a5f"))
    sky_side = smooth(-0.2, 0.9, (nx * 0.5 + 0.3 - nz * 0.5) / size)
    tone = glow(mix(pale, red, band * 0.85), "#5d63b0", sky_side * (1 - lit) * 0.35)
    tone = glow(tone, "#ffd9a0", smooth(0.4, 1.4, rough(x * 0.4, z * 0.4)) * lit * 0.10)
    haze = ramp(bump((u + 0.05) / 0.6), (0, "#b07a96"), (1, "#ffbf92"))
    return mix(tone, haze, (1 - np.exp(-((z / 170) ** 1.1))) * 0.9)


def camp(picture: Array, u: Array, v: Array) -> Array:
    """A striped tent with a lamp inside, a flag, and someone looking at the moons."""
    left, base = 0.245, 0.700

    def at(*points: tuple[float, float]) -> Points:
        return [(left + x * 0.6, base + y) for x, y in points]

    peak = (-0.005, -0.105)
    picture = mix(picture, "#2a1a3c", shape(u, at((-0.06, 0.005), (0.09, -0.002), (0.24, 0.035), (0.06, 0.030)), soft=8) * 0.6)
    cloth: list[tuple[str, list[Points]]] = [
        ("#f0d6a8", [at((-0.07, 0.006), peak, (0.028, 0.012))]),
        ("#a4573f", [at((0.028, 0.012), peak, (0.085, -0.004))]),
        ("#d98a55", [at((-0.055, 0.0065), peak, (-0.036, 0.0085)), at((-0.018, 0.0095), peak, (0.004, 0.0105))]),
    ]
    for tone, pieces in cloth:
        picture = mix(picture, tone, shape(u, *pieces))
    door = shape(u, at((-0.030, 0.0085), (-0.006, -0.062), (-0.005, 0.0100)))
    picture = glow(mix(picture, "#ffd074", door), "#ff9a44", blur(door, 9) + blur(door, 34) * 2.4)
    pole = box(left - 0.0039, base - 0.125, left - 0.0021, base - 0.10)
    flag = at((-0.0035, -0.125), (0.022, -0.119), (-0.0035, -0.112))
    picture = mix(mix(picture, "#33203c", shape(u, pole)), "#e0643c", shape(u, flag))
    shadow = shape(u, at((0.125, 0.018), (0.152, 0.018), (0.30, 0.055), (0.285, 0.058)), soft=4)
    cloak = at((0.120, 0.018), (0.128, -0.030), (0.134, -0.036), (0.141, -0.030), (0.152, 0.020))
    figure = shape(u, cloak, round_shape(left + 0.0807, base - 0.043, 0.0045, 0.0078))
    picture = mix(mix(picture, "#2a1a3c", shadow * 0.55), "#31203f", figure)
    return glow(picture, "#ffc07a", np.clip(figure - gather(figure, u - 0.0016, v), 0, 1) * 0.7)
