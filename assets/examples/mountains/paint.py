"""Morning in the mountains: ridge behind ridge in the mist, firs, a cabin with lit windows, flowers in the grass."""

from __future__ import annotations

import numpy as np
from brushes import Array, Noise, Points, blur, bump, colour, field, gather, glow, mix, ramp, round_shape, shape, smooth

SEED, FINE, BLOOM, VIGNETTE = 5, 0.5, 0.25, 0.2
SUN = (0.36, 0.335)
# level of the ridge, its height, its scale, colour of the rock, colour of the mist, where in the noise, trees
RIDGES = (
    (0.43, 0.075, 1.4, "#b9c4d6", "#f3dcc0", 0.15, 0),
    (0.47, 0.10, 1.1, "#9fb0c9", "#ecd2bb", 0.4, 0),
    (0.52, 0.12, 0.9, "#8097b4", "#dcc6b8", 0.63, 0),
    (0.585, 0.10, 0.8, "#5f7c99", "#c9bdb8", 0.05, 1),
    (0.655, 0.07, 0.7, "#41627d", "#b4b3b6", 0.3, 2),
)


def draw(rng: np.random.Generator) -> Array:
    u, v = field(2560, 1536)
    soft, rough = Noise(rng, 1.9), Noise(rng, 1.5)
    picture = sky(u, v, soft)
    for level, rise, scale, dark, mist, shift, trees in RIDGES:
        line = crest(u[0], soft, rough, level, rise, scale, shift)
        tops = line - firs(u[0], rng, soft, shift, trees) + 0.004 * trees if trees else line
        body = mountainside(u, v, soft, rough, line, scale, dark, mist, shift, trees)
        picture = mix(picture, body, smooth(-0.0007, 0.0007, v - tops[None]))
    picture = meadow(picture, u, v, rng, soft, rough)
    picture = cabin(picture, u, v, rough)
    picture = grass(picture, u, rng, soft)
    return lone_fir(picture, u, v, rng, rough)


def sky(u: Array, v: Array, soft: Noise) -> Array:
    picture = ramp(v, (0, "#6f93b8"), (0.15, "#9db5c8"), (0.27, "#d8cfc4"), (0.38, "#f7dcb4"), (0.5, "#f9e6c6"))
    cool = ramp(v, (0, "#56799f"), (0.3, "#b9b3ba"), (0.5, "#e8cdb8"))
    picture = mix(picture, cool, smooth(0.1, 0.75, np.abs(u - SUN[0])) * 0.6)
    for k, (size, cover) in enumerate(((0.9, 0.2), (0.6, 0.5))):
        x, y = u * 0.5 * size + k * 0.3, v * 1.9 * size + 0.12 * u + k * 0.4
        n = soft(x, y) + 0.4 * soft(x * 2.7, y * 2.7) + 0.2 * soft(x * 7, y * 7)
        sx, sy = x + (SUN[0] - u) * 0.03, y + 0.03
        lit = smooth(-0.3, 0.5, n - (soft(sx, sy) + 0.4 * soft(sx * 2.7, sy * 2.7)))
        tone = mix(ramp(v, (0, "#8fa3bd"), (0.4, "#cdb9b4")), ramp(v, (0, "#f6e3d2"), (0.3, "#ffe9c6")), lit)
        picture = mix(picture, tone, smooth(cover, cover + 1.1, n) * 0.8 * smooth(0.5, 0.2, v))
    d = np.hypot((u - SUN[0]) * 1.667, v - SUN[1])
    picture = glow(picture, "#ffcf86", bump(d / 0.33, 1.5) * 0.6)
    return glow(picture, "#fff6da", smooth(0.042, 0.034, d) * 0.95 + bump(d / 0.09, 1.4) * 0.55)


def crest(x: Array, soft: Noise, rough: Noise, level: float, rise: float, scale: float, shift: float) -> Array:
    peaks = 1 - np.abs(soft(x * 0.55 * scale + shift, shift)) * 1.2 + 0.25 * soft(x * 1.9 * scale + shift, shift + 0.3)
    return level - rise * peaks - 0.010 * rough(x * 3 * scale, shift + 0.5)


def firs(x: Array, rng: np.random.Generator, soft: Noise, shift: float, near: int) -> Array:
    """How much a forest adds to a crest: taller the nearer, in groves."""
    added = np.zeros_like(x)
    for place in rng.uniform(0, 1, 2 * (150 * (3 - near) + 110)):
        if rng.random() < 0.25 + 0.6 * smooth(-0.4, 0.8, soft(place * 0.8, shift + 0.8)):
            tall = (0.014 + 0.030 * rng.random()) * (0.5 + 0.42 * near)
            off = np.abs(x - place) / (tall * 0.17)
            added = np.maximum(added, tall * np.clip(1 - off, 0, 1) * (1 - 0.25 * ((off * 9) % 1)))
    return added


def mountainside(
    u: Array, v: Array, soft: Noise, rough: Noise, line: Array, scale: float, dark: str, mist: str, shift: float, trees: int
) -> Array:
    """Folds lit from the sun's side, sinking into mist."""
    below = np.clip((v - line[None] + 0.012) / 0.19, 0, 1)
    x, y = u * 1.1 * scale + shift, (v - line[None]) * 1.2

    def fold(x: Array) -> Array:
        return soft(x + 0.4 * y, y * 0.7) + 0.5 * rough(x * 1.7 + 0.5 * y, y * 1.5)

    side = np.sign(SUN[0] - u) * (fold(x + 0.012) - fold(x))
    body = np.broadcast_to(colour(dark), (*u.shape, 3))
    body = mix(body, body * 0.80, smooth(0, 0.9, side) * (1 - 0.2 * trees))
    sunny = smooth(0, 0.9, -side) * (0.12 if trees else 0.30) * smooth(0.75, 0.1, np.abs(u - SUN[0]))
    body = mix(body, "#ffe0b4", sunny)
    near = bump((u - SUN[0]) / 0.28)
    wisps = 0.20 * soft(u * 0.9 + shift, v * 2.6) + 0.10 * soft(u * 2.4, v * 6 + shift)
    body = mix(body, ramp(near, (0, mist), (1, "#ffe7c0")), np.clip(smooth(0.15, 0.95, below + wisps) * 0.97, 0, 1))
    return glow(body, "#ffd79a", near * bump(below / 0.5) * 0.16)


def conifer(rng: np.random.Generator, x: float, base: float, tall: float, wide: float) -> list[Points]:
    """Boughs that droop, longer towards the ground, no two alike."""
    trunk = 0.008 * tall
    foot, top = base + 0.004, base - tall
    parts: list[Points] = [[(x - trunk, foot), (x - 0.0005, top), (x + 0.0005, top), (x + trunk, foot)]]
    levels = int(24 + tall * 80)
    for i in range(levels):
        t = (i + 0.6) / levels
        y = base - tall * (1 - t * 0.93)
        for way in (-1, 1):
            short = 1 - 0.55 * max(0, t - 0.9) / 0.1
            reach = wide * (0.015 + 0.985 * t**0.85) * rng.uniform(0.42, 1.12) * short
            droop = reach * rng.uniform(0.25, 0.65) * (0.6 + t)
            thick = tall * 0.021 * (0.10 + t**0.8)
            out = way * reach
            parts.append([
                (x, y - thick), (x + out * 0.55, y + droop * 0.35 - thick * 0.5), (x + out, y + droop),
                (x + out * 0.6, y + droop * 0.55 + thick * 0.55), (x + out * 0.25, y + thick * 0.9), (x, y + thick),
            ])
            for _ in range(3):
                s = rng.uniform(0.35, 0.95)
                px, py = x + out * s, y + droop * s**1.3
                tip = (px + out * 0.10, py + thick * rng.uniform(0.8, 1.7))
                parts.append([(px, py - thick * 0.3), tip, (px - out * 0.05, py + thick * 0.3)])
    return parts


def hill(u: Array | float, soft: Noise) -> Array:
    u = np.asarray(u, np.float32)
    return 0.80 - 0.055 * np.cos((u - 0.18) * 4.2) + 0.018 * soft(u * 0.5, 0.77) - 0.054 * smooth(0.55, 1, u)


def meadow(picture: Array, u: Array, v: Array, rng: np.random.Generator, soft: Noise, rough: Noise) -> Array:
    top = hill(u, soft)
    n = 0.6 * soft(u * 1.2, v * 2.5) + 0.5 * rough(u * 3, v * 7) + 0.35 * rough(u * 9, v * 16)
    deep = np.clip((v - top) / 0.28, 0, 1)
    light = np.clip(0.62 * smooth(0.9, 0, deep) + 0.125 * n + 0.30 * bump((u - SUN[0]) / 0.3), 0, 1)
    green = ramp(light, (0, "#16262d"), (0.3, "#2b4038"), (0.55, "#566341"), (0.78, "#9a9358"), (1, "#e6cd86"))
    picture = mix(picture, green, smooth(-0.0008, 0.0008, v - top))
    trees: list[Points] = []
    for place in [*np.sort(rng.uniform(0, 0.17, 10)), 0.375, 0.40, 0.43, 0.455, 0.60, 0.64]:
        tall = rng.uniform(0.07, 0.14)
        trees += conifer(rng, place, float(hill(place, soft)) + 0.008, tall, tall * 0.19)
    picture = mix(picture, ramp(smooth(0.5, 0.85, v), (0, "#33505c"), (1, "#20363f")), shape(u, *trees))
    ground_mist = bump((v - top) / 0.05) * smooth(-0.6, 1, soft(u * 0.8 + 0.2, v * 1.5) + 0.2)
    return mix(picture, "#e7cfae", ground_mist * 0.42)


def cabin(picture: Array, u: Array, v: Array, rough: Noise) -> Array:
    """Log walls, a worn roof, warm windows; its own coordinates, seen from the front corner."""
    left, base, scale = 0.225, 0.752, 0.86

    def at(*points: tuple[float, float]) -> Points:
        return [(left + x * 0.62 * scale, base + y * scale) for x, y in points]

    def upright(x0: float, y0: float, x1: float, y1: float, slant: float = 0.0) -> Points:
        return at((x0, y0), (x1, y0 + slant), (x1, y1 + slant), (x0, y1))

    worn, logs = smooth(-1.5, 1.5, rough(u * 7, v * 3)), smooth(0.7, 1, 0.5 + 0.5 * np.sin((v - base) * 1500))
    shadow = shape(u, at((-0.115, 0.012), (0, 0.020), (0.16, 0.008), (0.36, 0.075), (0.15, 0.085)), soft=14)
    picture = mix(picture, "#1b2b2c", shadow * 0.75)
    dark, pale = ramp(worn, (0, "#3a2a2c"), (1, "#5a4038")), ramp(worn, (0, "#6f4f40"), (1, "#a0714f"))
    picture = mix(picture, mix(dark, "#2a1d22", logs * 0.7), shape(u, at((0, -0.072), (0.15, -0.066), (0.15, 0.012), (0, 0.022))))
    front = at((-0.105, -0.072), (-0.052, -0.142), (0, -0.072), (0, 0.022), (-0.105, 0.016))
    picture = mix(picture, mix(pale, "#4a3330", logs * 0.6), shape(u, front))
    shingles = ramp(smooth(-1, 2, rough(u * 8, v * 8)), (0, "#2b3038"), (1, "#5b5a58"))
    picture = mix(picture, shingles, shape(u, at((-0.058, -0.152), (0.118, -0.140), (0.166, -0.058), (0.004, -0.062))))
    parts: list[tuple[str, Points]] = [
        ("#d8b184", at((-0.116, -0.060), (-0.058, -0.152), (-0.052, -0.152), (-0.052, -0.140), (-0.106, -0.056))),
        ("#3b3532", at((-0.058, -0.152), (-0.052, -0.152), (0.008, -0.060), (0, -0.058))),
        ("#59504f", upright(0.060, -0.188, 0.082, -0.131)),
        ("#8a7568", upright(0.060, -0.188, 0.066, -0.131)),
    ]
    for tone, points in parts:
        picture = mix(picture, tone, shape(u, points))
    glass = [(-0.068, -0.036, 0.0), (0.035, 0.066, 0.001), (0.095, 0.122, 0.001)]
    panes = shape(u, *[upright(a, -0.049, b, -0.015, slant) for a, b, slant in glass])
    picture = mix(picture, "#ffcf73", panes)
    middles = [upright((a + b) / 2 - 0.0012, -0.052, (a + b) / 2 + 0.0012, -0.012) for a, b, _ in glass]
    sashes = [upright(a, -0.033, b, -0.031, slant) for a, b, slant in glass]
    picture = mix(picture, "#3a2622", shape(u, *middles, *sashes) * 0.9)
    return glow(picture, "#ffab4a", blur(panes, 12) * 1.1 + blur(panes, 45) * 1.9)


def grass(picture: Array, u: Array, rng: np.random.Generator, soft: Noise) -> Array:
    """Blades in three depths, dark and sunlit, with flowers between."""
    blades: list[tuple[float, Points]] = []
    flowers: list[Points] = []
    for _ in range(5200):
        x, t = rng.uniform(-0.01, 1.01), rng.random() ** 0.6
        y = float(hill(x, soft)) + 0.014 + t * 0.26
        s = 0.006 + 0.024 * t**1.6
        lean = rng.normal(0.15, 0.5) * s * 0.6
        blades.append((t, [(x - s * 0.045, y), (x + lean, y - s * rng.uniform(0.7, 1.3)), (x + s * 0.045, y)]))
        if rng.random() < 0.035:
            size = 0.0008 + 0.0021 * t
            flowers.append(round_shape(x + lean, y - s, size, size * 1.5, 8))
    sunny = bump((u - SUN[0]) / 0.35)
    for low, high in ((0, 0.35), (0.35, 0.7), (0.7, 1.01)):
        dark = [points for t, points in blades[::2] if low <= t < high]
        pale = [points for t, points in blades[1::2] if low <= t < high]
        picture = mix(picture, "#22352f" if low < 0.6 else "#14242a", shape(u, *dark) * 0.75)
        tone = ramp(sunny * (1 - 0.45 * low), (0, "#56663f"), (0.6, "#a89a55"), (1, "#ead58c"))
        picture = mix(picture, tone, shape(u, *pale) * (0.75 - 0.3 * low))
    for k, tone in enumerate(("#f5e7d0", "#d9896b", "#9d8ac0")):
        picture = mix(picture, tone, shape(u, *flowers[k::3]) * 0.85)
    return picture


def lone_fir(picture: Array, u: Array, v: Array, rng: np.random.Generator, rough: Noise) -> Array:
    needles = shape(u, *conifer(rng, 0.79, 0.925, 0.62, 0.082))
    rim = np.clip(needles - gather(blur(needles, 1), u - 0.0035, v - 0.0015), 0, 1)
    picture = mix(picture, ramp(np.clip(0.35 + 0.22 * rough(u * 5, v * 6), 0, 1), (0, "#0d1c24"), (1, "#27413f")), needles)
    return glow(picture, "#e0b06a", rim * smooth(0.95, 0.3, v) * 0.55)
