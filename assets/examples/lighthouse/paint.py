"""The lighthouse: a headland above the sea at dusk, clouds lit from below, a boat in the sun's path."""

from __future__ import annotations

import numpy as np
from brushes import Array, Noise, Points, blur, box, bump, field, gather, glow, mix, ramp, round_shape, shape, smooth

SEED, FINE, BLOOM, VIGNETTE = 11, 0.45, 0.25, 0.25
HORIZON, SUN = 0.60, 0.27          # v of the horizon, u of the sun behind it
TOWER, BASE, TOP = 0.748, 0.462, 0.185


def draw(rng: np.random.Generator) -> Array:
    u, v = field(2560, 1536)
    soft, rough, wave = Noise(rng, 1.9), Noise(rng, 1.45), Noise(rng, 1.5)
    picture = sky(u, v, soft)
    picture = sea(picture, u, v, wave)
    picture = far_coast(picture, u, v, soft)
    picture = headland(picture, u, v, soft, rough, wave)
    picture = lantern(tower(picture, u, v), u, v)
    picture = cottage(picture, u)
    return gulls(boat(picture, u, v), u, rng)


def sky(u: Array, v: Array, soft: Noise) -> Array:
    t, far = np.clip(v / HORIZON, 0, 1), np.abs(u - SUN)
    picture = ramp(
        t, (0, "#16224a"), (0.25, "#34417c"), (0.48, "#6d5a97"), (0.66, "#b56c90"), (0.8, "#ea8f79"), (0.92, "#ffc280"),
        (1, "#ffdf9e"),
    )
    cool = ramp(t, (0, "#131c42"), (0.4, "#2f3a72"), (0.7, "#6a5c92"), (0.9, "#a87f9c"), (1, "#cf9f9c"))
    picture = mix(picture, cool, smooth(0.12, 0.75, far) * 0.8)
    d = np.hypot((u - SUN) * 1.67, (v - HORIZON) * 1.25)
    picture = glow(picture, "#ffb45c", bump(d / 0.30) * 0.55)
    picture = glow(picture, "#fff0c0", bump(d / 0.075) * 0.8)
    for k, layer in enumerate(((0.16, 0.055, 0.45, 0.9), (0.05, 0.030, 0.10, 0.95), (0.02, 0.018, 0.05, 0.9))):
        picture = clouds(picture, u, v, soft, k, *layer)
    return picture


def clouds(
    picture: Array, u: Array, v: Array, soft: Noise, k: int, lift: float, size: float, cover: float, amount: float
) -> Array:
    """Clouds on a plane above us: they crowd towards the horizon, and the low sun lights their undersides."""

    def density(x: Array, z: Array) -> Array:
        fine = 0.26 * soft(x * 8.3, z * 8.3) + 0.12 * soft(x * 19, z * 19)
        return soft(x, z) + 0.45 * soft(x * 3.1 + 0.2, z * 3.1 + 0.5) + fine

    t, far = np.clip(v / HORIZON, 0, 1), np.abs(u - SUN)
    depth = 1 / (np.clip(HORIZON - v, 0, 1) + lift)
    x, z = (u - 0.5) * depth * size * 1.3 + k * 0.37, depth * size * 1.1 + k * 0.61
    n = density(x, z)
    sunward = density(x + (SUN - u) * 0.144 * size, z + 0.216 * size)
    lit = smooth(-0.25, 0.65, n - sunward + 0.22)
    warm = bump(far / 0.45) * (0.35 + 0.65 * smooth(0.1, 0.9, t))
    shade = ramp(t, (0, "#20274f"), (0.4, "#463f72"), (0.75, "#74507e"), (1, "#a3687e"))
    light = ramp(t, (0, "#8a7db0"), (0.35, "#e0939f"), (0.65, "#ffa57c"), (0.9, "#ffd190"), (1, "#ffe7b5"))
    tone = mix(shade, light, np.clip(lit * (0.30 + 0.95 * warm), 0, 1))
    rim = smooth(cover, cover + 0.4, n) * (1 - smooth(cover + 0.3, cover + 1.0, n))
    tone = glow(tone, "#ffcf9a", rim * warm * 0.55)
    return mix(picture, tone, smooth(cover, cover + 0.9, n) * smooth(0, 0.03 + 0.03 * k, HORIZON - v + 0.008) * amount)


def sea(picture: Array, u: Array, v: Array, wave: Noise) -> Array:
    """The sky again, broken by waves that grow towards us, with the sun's path in it."""
    down = np.clip(v - HORIZON, 0, 1)
    near = smooth(0, 0.3, down)
    depth = 1 / (down + 0.02)
    x, z = (u - 0.5) * depth * 0.10, depth * 0.30
    n = wave(x, z) * 0.5 + wave(x * 2.3 + 0.3, z * 2.5) * 0.5
    n = n + wave(x * 5 + 0.1, z * 6) * (0.35 + 0.2 * near) + wave(x * 11 + 0.6, z * 13) * 0.38 * near
    across = HORIZON - down * 1.1 - (n * 0.5 + 0.5) * 0.10 * (0.15 + near) - 0.004
    mirror = gather(picture, u + n * 0.008 * near, np.clip(across, 0, HORIZON - 0.003))
    deep = ramp(down / (1 - HORIZON), (0, "#6b6a92"), (0.3, "#2c3c68"), (1, "#0d1b3a"))
    water = mix(mirror * 0.94, deep, (0.10 + 0.62 * near) * (1 - 0.62 * smooth(-0.5, 1.1, n)))
    path = bump((u - SUN) / (0.02 + 0.24 * down))
    water = glow(water, "#ffc27a", path * smooth(0.15, 0.9, n + 0.5 * np.exp(-down * 9)) * 0.9)
    water = glow(water, "#ff8f58", path * 0.20)
    water = glow(water, "#c9a0c8", smooth(0.8, 1.6, n) * 0.22 * near)
    water = mix(water, "#e7a283", bump(down / 0.006) * 0.35)
    return np.where((v > HORIZON)[..., None], water, picture)


def far_coast(picture: Array, u: Array, v: Array, soft: Noise) -> Array:
    for lift, start, tone, k in ((0.045, 0.40, "#a3708f", 0.13), (0.03, 0.50, "#7a5580", 0.71)):
        top = HORIZON - lift * smooth(start, start + 0.35, u) * (0.7 + 0.25 * soft(u * 0.25 + k, k))
        mask = smooth(-0.0006, 0.0006, v - top) * (v < HORIZON + 0.001) * smooth(start, start + 0.02, u)
        picture = mix(picture, tone, mask * 0.85)
    return picture


def edge(u: Array, soft: Noise) -> Array:
    """Where the headland meets the sky."""
    rise = 0.685 - 0.235 * smooth(0.47, 0.70, u) ** 1.15 + 0.02 * smooth(0.8, 1.0, u)
    return rise + 0.012 * soft(u * 0.55, 0.3) + 0.005 * soft(u * 2.2, 0.7)


def headland(picture: Array, u: Array, v: Array, soft: Noise, rough: Noise, wave: Noise) -> Array:
    top = edge(u, soft)
    shore = 0.70 + 0.03 * smooth(0.55, 1, u) + 0.010 * soft(u * 0.9, 0.11) + 0.006 * rough(u * 2, 0.9)
    land = smooth(-0.0008, 0.0008, v - top) * smooth(-0.0008, 0.0008, shore - v) * smooth(0.515, 0.52, u)
    rock = cliffs(u, v, top, shore, soft, rough)
    down = np.clip(v - shore, 0, 1)
    n = wave((u - 0.5) * 1.6, v * 5) + 0.5 * wave(u * 4, v * 14)
    across = shore - down * 1.05 - n * 0.012 * smooth(0, 0.1, down) - 0.004
    mirror = gather(mix(picture, rock, land), u + n * 0.004, across)
    under = smooth(0, 0.002, down) * smooth(0.30, 0.04, down + n * 0.02) * smooth(0.47, 0.56, u)
    picture = mix(picture, mirror * 0.55 + picture * 0.12, under * 0.62)
    lamp = bump((u - TOWER + n * 0.004) / (0.010 + 0.10 * down)) * smooth(0, 0.02, down) * smooth(-0.1, 0.9, n + 0.35)
    picture = glow(picture, "#ffdf9c", lamp * np.exp(-down * 5) * 0.75)
    picture = mix(picture, rock, land)
    foam = bump((v - shore - 0.003) / (0.0035 + 0.002 * wave(u * 3, v))) * smooth(0.50, 0.56, u)
    picture = glow(picture, "#e9c9c4", foam * smooth(-0.2, 1.0, wave(u * 5, v * 9) + 0.25) * 0.7)
    swash = bump((v - shore - 0.016 - 0.004 * wave(u * 2.5, v * 2)) / 0.0022) * smooth(0.52, 0.60, u)
    return glow(picture, "#c9a3b5", swash * smooth(0.2, 1.2, wave(u * 4 + 0.4, v * 4)) * 0.55)


def cliffs(u: Array, v: Array, top: Array, shore: Array, soft: Noise, rough: Noise) -> Array:
    """Folded rock lit low from the left, with turf on its shoulders."""

    def relief(x: Array) -> Array:
        y = v - top
        folds = np.abs(soft(x * 1.1, y * 0.35 + 0.2)) + 0.55 * np.abs(soft(x * 2.6 + 0.4, y * 0.8))
        return folds + 0.30 * np.abs(rough(x * 3.5 + 0.7, y * 1.4)) + 0.12 * rough(x * 6, v * 4)

    lean = u + 0.35 * (v - top) + 0.012 * soft(u * 0.8, v * 0.8)
    light = relief(lean + 0.007) - relief(lean - 0.004)
    strata = soft(u * 0.5 + 0.1, (v - top + 0.25 * u) * 2.4)
    facing = smooth(-0.75, 0.85, light * 1.15 + 0.30 * strata + 0.35 * smooth(0.72, 0.52, u) - 0.1)
    rock = ramp(facing, (0, "#17182f"), (0.3, "#2b2442"), (0.55, "#553a50"), (0.78, "#9a5c58"), (1, "#e2946a"))
    rock = mix(rock, "#1a1d38", smooth(0.3, 1.05, np.clip((v - top) / (shore - top + 1e-3), 0, 1)) * 0.6)
    rock = mix(rock, "#3a3157", smooth(0.70, 1, u) * 0.45)
    slope = (edge(u + 0.004, soft) - top) / 0.004
    blades = 0.25 * smooth(0, 1.5, rough(u * 6, v * 2.2)) + 0.16 * smooth(0.008, 0, v - top)
    sunny = np.clip(smooth(0.2, -1.4, slope) * 0.8 + blades, 0, 1)
    grass = ramp(sunny, (0, "#22283a"), (0.3, "#3c3d42"), (0.55, "#6f5a45"), (0.8, "#b58552"), (1, "#f0b878"))
    return mix(rock, grass, smooth(0.030, 0, v - top - 0.016 * soft(u * 1.6, v * 1.2) - 0.045 * smooth(0.66, 0.78, u)))


def tower(picture: Array, u: Array, v: Array) -> Array:
    h = np.clip((v - TOP) / (BASE - TOP), 0, 1)
    half = 0.0135 + 0.0075 * h**1.3
    s = np.clip((u - TOWER) / half, -1, 1)
    white = ramp(
        s, (-1, "#f2b98e"), (-0.72, "#ffdcb4"), (-0.3, "#dcb2a4"), (0.2, "#8d7a9c"), (0.7, "#484572"), (1, "#403f6b")
    )
    red = ramp(s, (-1, "#c95f45"), (-0.7, "#d8593f"), (-0.2, "#ad4146"), (0.4, "#5f2f4c"), (1, "#3a2647"))
    bands = ((h > 0.17) & (h < 0.36)) | ((h > 0.57) & (h < 0.76))
    body = (np.abs(u - TOWER) < half) & (v > TOP) & (v < BASE)
    picture = mix(picture, mix(white, red, bands.astype(np.float32)), body.astype(np.float32))
    windows = [TOP + share * (BASE - TOP) for share in (0.27, 0.50, 0.86)]
    return mix(picture, "#241f3a", shape(u, *[part(-0.0032, y - 0.010, 0.0026, y + 0.010) for y in windows]))


def part(left: float, top: float, right: float, bottom: float) -> Points:
    """A box measured from the tower's axis."""
    return box(TOWER + left, top, TOWER + right, bottom)


def lantern(picture: Array, u: Array, v: Array) -> Array:
    """Gallery, glass, dome and the two beams."""
    picture = mix(picture, "#2a2340", shape(u, part(-0.0145, 0.187, 0.0145, 0.198)))
    picture = mix(picture, "#ffefb8", shape(u, part(-0.0095, 0.134, 0.0095, 0.184)))
    bars = [part(x - 0.0006, 0.134, x + 0.0006, 0.184) for x in (-0.0095, -0.0048, 0, 0.0048, 0.0095)]
    rails = [part(-0.0172, 0.166, 0.0172, 0.1675), part(-0.0172, 0.1775, 0.0172, 0.1785)]
    posts = [part(x - 0.0004, 0.166, x + 0.0004, 0.187) for x in np.linspace(-0.0168, 0.0168, 13)]
    picture = mix(picture, "#2a2340", shape(u, *bars, *rails, *posts, part(-0.0185, 0.185, 0.0185, 0.190)))
    dome = [(TOWER + 0.0118 * np.cos(a), 0.135 - 0.030 * np.sin(a) ** 0.8) for a in np.linspace(1e-4, np.pi - 1e-4, 30)]
    s = np.clip((u - TOWER) / 0.0135, -1, 1)
    picture = mix(picture, ramp(s, (-1, "#d2684e"), (-0.4, "#a13f43"), (1, "#3c2544")), shape(u, dome))
    tip = shape(u, part(-0.0008, 0.088, 0.0008, 0.108), round_shape(TOWER, 0.104, 0.003, 0.005))
    picture = mix(picture, "#2a2340", tip)
    x, y = (u - TOWER) * 1.667, v - 0.158
    d = np.hypot(x, y)
    picture = glow(picture, "#ffd98c", bump(d / 0.085, 1.2) * 0.75)
    picture = glow(picture, "#fff6d8", bump(d / 0.020) * 0.95)
    for way, reach in ((-1, 0.75), (1, 0.5)):
        along = np.clip(way * x, 1e-4, None)
        off = np.abs(y - along * 0.045) / (0.006 + along * 0.085)
        beam = np.exp(-(off**2) * 2.2) * np.exp(-along / reach * 2.2) * smooth(0, 0.02, way * x)
        picture = glow(picture, "#ffe9b4", beam * 0.42)
    return picture


def cottage(picture: Array, u: Array) -> Array:
    walls: list[tuple[str, Points]] = [
        ("#6d5f84", box(0.815, 0.444, 0.868, 0.487)),
        ("#d6a188", [(0.800, 0.444), (0.8085, 0.418), (0.817, 0.444), (0.817, 0.487), (0.800, 0.487)]),
        ("#2c2746", [(0.8085, 0.414), (0.860, 0.414), (0.872, 0.447), (0.8175, 0.447)]),
        ("#c98a72", [(0.7975, 0.447), (0.8085, 0.414), (0.8105, 0.414), (0.801, 0.447)]),
        ("#4a3550", box(0.845, 0.398, 0.852, 0.420)),
        ("#4b2f3f", box(0.8065, 0.458, 0.8105, 0.487)),
    ]
    for tone, points in walls:
        picture = mix(picture, tone, shape(u, points))
    lit = shape(u, box(0.826, 0.456, 0.832, 0.470), box(0.844, 0.456, 0.850, 0.470))
    return glow(mix(picture, "#ffd27a", lit), "#ffae52", blur(lit, 14) * 1.3 + blur(lit, 40) * 1.6)


def boat(picture: Array, u: Array, v: Array) -> Array:
    x, y = 0.345, 0.652
    main = [(x - 0.001, y - 0.004), (x - 0.001, y - 0.088), (x - 0.021, y - 0.006)]
    jib = [(x + 0.0015, y - 0.006), (x + 0.0015, y - 0.082), (x + 0.016, y - 0.008)]
    hull = [(x - 0.024, y - 0.003), (x + 0.022, y - 0.003), (x + 0.016, y + 0.009), (x - 0.018, y + 0.009)]
    mirrored = shape(u, *[[(a, 2 * y + 0.014 - b) for a, b in sail] for sail in (main, jib)], soft=3)
    ripples = smooth(-0.5, 0.8, np.sin(v * 2200 + np.sin(u * 900) * 2) + 0.4)
    picture = mix(picture, "#3a2540", mirrored * 0.55 * ripples)
    picture = mix(mix(picture, "#7d4a55", shape(u, main)), "#5e3a50", shape(u, jib))
    return mix(picture, "#221a33", shape(u, hull, box(x - 0.0012, y - 0.092, x + 0.0008, y)))


def gulls(picture: Array, u: Array, rng: np.random.Generator) -> Array:
    wings: list[Points] = []
    flock = ((0.62, 0.20, 0.011), (0.655, 0.235, 0.008), (0.60, 0.255, 0.007), (0.685, 0.17, 0.006), (0.56, 0.175, 0.005))
    for x, y, s in flock:
        tilt = rng.uniform(-0.3, 0.3)
        for way in (-s, s):
            up = tilt * way
            tips = ((0.55, -0.75 * s + up), (1.25, -0.15 * s + up * 1.5), (0.5, -0.35 * s + up))
            wings.append([(x, y), *[(x + way * out, y + rise) for out, rise in tips]])
    return mix(picture, "#231d3c", shape(u, *wings))
