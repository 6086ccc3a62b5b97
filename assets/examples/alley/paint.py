"""The lantern street: timbered houses at night after rain. Every pixel's line of sight is followed to a wall or the ground.

Lengths are in metres: x to the right, y upwards, z away from us; the eye is at x = 0, z = 0. Wet cobbles follow the line
of sight a second time, mirrored, so what they show is what is really there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from alley.houses import HOUSES, build
from alley.sight import Sight, Vector, chance, dot
from brushes import Array, Noise, bump, colour, field, glow, mix, ramp, smooth
from PIL import Image, ImageDraw

SEED, FINE, BLOOM, VIGNETTE = 3, 0.55, 0.35, 0.25
WIDTH, HEIGHT = 1536, 2560
EYE, HORIZON, WIDE = 1.62, 0.565, 0.92      # height of the eye, v of the horizon, width of the view at distance 1
NIGHT, HAZE = "#27376a", "#4a4470"


@dataclass(frozen=True)
class Lamp:
    x: float
    y: float
    z: float
    radius: float
    tone: str
    power: float


STRINGS = ((6.6, 0.55, 4), (10.5, 0.6, 5), (15.0, 0.55, 5), (20.5, 0.5, 5), (27.0, 0.5, 5))     # distance, sag, lanterns
PAPER = ("#ff9a3c", "#ff6a3a", "#ffb54a", "#ff7f45", "#ffc860")


def lamps() -> list[Lamp]:
    """Paper lanterns on strings across the street, and lamps on the walls."""
    hung = []
    for z, sag, count in STRINGS:
        for i in range(count):
            t = (i + 0.5) / count * 2 - 1
            x, y, away = t * 1.75 + 0.05 * np.sin(z + i), 4.75 - sag * (1 - t * t), z + 0.15 * np.sin(i * 2.1)
            hung.append(Lamp(x, y, away, 0.20 + 0.035 * np.sin(i * 5 + z), PAPER[(i * 3 + int(z)) % 5], 1.5))
    walls = ((-1, 5.4), (1, 8.2), (-1, 11.6), (1, 16.0), (-1, 18.0), (1, 23.0), (-1, 25.0))
    return hung + [Lamp(side * 1.72, 2.75, z, 0.15, "#ffc270", 2.6) for side, z in walls]


LAMPS = lamps()


def draw(rng: np.random.Generator) -> Array:
    u, v = field(WIDTH, HEIGHT)
    noise = Noise(rng, 1.6)
    rays = ((u - 0.5) * WIDE).ravel(), ((HORIZON - v) * WIDE * HEIGHT / WIDTH).ravel(), np.ones(u.size, np.float32)
    length = np.sqrt(dot(rays, rays))
    rays = tuple(axis / length for axis in rays)
    eye = tuple(np.full(u.size, at, np.float32) for at in (0, EYE, 0))
    picture, reach = look(eye, rays, noise)
    far = np.where(rays[1] < -1e-4, -EYE / np.minimum(rays[1], -1e-4), 1e6)
    seen = np.flatnonzero((far < reach) & (far * rays[2] < 44))
    picture[seen] = wet_ground(tuple(axis[seen] for axis in rays), far[seen], rng, noise)
    picture = strings(picture.reshape(HEIGHT, WIDTH, 3))
    picture = np.clip((1 - np.exp(-picture * 1.55)) * 1.15, 0, 1)          # as film takes light
    return (picture * (0.55 + 0.45 * smooth(0, 0.75, picture))).astype(np.float32)


def look(origin: Vector, ray: Vector, noise: Noise) -> tuple[Array, Array]:
    """Colours along rays, the ground left out, and how far each ray went."""
    sight = Sight(origin, ray)
    for house in HOUSES:
        build(sight, house, noise)
    gate(sight, noise)
    walker(sight)
    place = tuple(origin[k] + sight.far * ray[k] for k in range(3))
    tone = sight.albedo * (lamplight(place, sight.normal) + colour(NIGHT) * 0.50) + sight.shine
    tone = np.where(sight.solid[:, None], tone, night(ray, noise))
    haze = 1 - np.exp(-((sight.far / 46) ** 1.3))
    tone = mix(tone, HAZE, np.where(sight.solid, haze * 0.62, 0))
    return halos(tone, origin, ray, sight.far), sight.far


def gate(sight: Sight, noise: Noise) -> None:
    """The end of the street: a tower with an arch and a clock, and a warm square behind it."""

    def inside(x: Array, y: Array, z: Array) -> Array:
        roof = 12.5 + 5 * np.clip(1 - np.abs(x) / 3.9, 0, 1)
        arch = ((np.abs(x) < 1.35) & (y < 2.4)) | (np.hypot(x, y - 2.4) < 1.35)
        return (np.abs(x) < 3.6) & (y >= 0) & (y < roof) & ~arch

    def stones(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        joints = (np.mod(y, 0.5) < 0.06) | (np.mod(x + 0.5 * np.floor(y / 0.5), 1.0) < 0.06)
        tone = colour("#8a8086") * (0.8 + 0.15 * noise(x * 0.1, y * 0.1) - 0.25 * joints)[:, None]
        tone = np.where((y > 12.5)[:, None], colour("#4d4250"), tone)
        from_clock = np.hypot(x, y - 9.2)
        hands = ((np.abs(x) < 0.07) & (y > 9.2) & (y < 10.1)) | ((np.abs(y - 9.2) < 0.07) & (x > 0) & (x < 0.6))
        tone = np.where(((from_clock >= 1.15) & (from_clock < 1.35))[:, None], colour("#3a3038"), tone)
        shine = np.where(((from_clock < 1.15) & ~hands)[:, None], colour("#ffe2a0") * 0.95, 0)
        return tone.astype(np.float32), shine.astype(np.float32)

    def square(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        light = colour("#ffb560") * bump((y - 1.2) / 2.2)[:, None] * 0.9
        return np.zeros_like(light), light

    sight.plane(2, 36.0, inside, stones, (0, 0, -1))
    sight.plane(2, 44.0, lambda x, y, z: (np.abs(x) < 3) & (y >= 0) & (y < 6), square, (0, 0, -1))


def walker(sight: Sight) -> None:
    """Someone on the way home under a red umbrella."""

    def inside(x: Array, y: Array, z: Array) -> Array:
        x = x - 0.28
        coat = (np.abs(x) < 0.15 + 0.12 * np.clip((1.05 - y) / 0.75, 0, 1)) & (y > 0.34) & (y < 1.42)
        coat &= (y <= 1.3) | (np.abs(x) <= 0.16)
        legs = (np.abs(np.abs(x) - 0.07 - 0.05 * np.clip(0.3 - y, 0, 1)) < 0.045) & (y > 0) & (y < 0.4)
        head = np.hypot(x, y - 1.55) < 0.115
        cloth = (np.hypot(x - 0.10, (y - 1.72) * 1.25) < 0.62) & (y > 1.74 + 0.035 * np.abs(np.sin((x - 0.1) * 10.1)))
        stick = (np.abs(x - 0.10) < 0.014) & (y > 1.1) & (y < 2.28)
        return coat | legs | head | cloth | stick

    def dress(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        cloth = (y > 1.74)[:, None]
        red = colour("#a8322c") * (0.65 + 0.5 * np.clip((y - 1.74) / 0.5, 0, 1))[:, None]
        tone = np.where(cloth, red, colour("#26222c"))
        return tone.astype(np.float32), np.where(cloth, colour("#5a140e") * 0.5, 0).astype(np.float32)

    sight.plane(2, 11.5, inside, dress, (0, 0.4, -0.9))


def night(ray: Vector, noise: Noise) -> Array:
    up, ahead = ray[1], np.maximum(ray[2], 0.05)
    x, y = ray[0] / ahead, ray[1] / ahead
    tone = ramp(up, (0, "#57507f"), (0.18, "#3a4276"), (0.4, "#1e2b58"), (0.65, "#101a3d"))
    cloud = smooth(0.1, 1.5, noise(x * 0.25 + 0.2, up * 0.5 + 0.1) + 0.4 * noise(x * 0.8, up * 1.7))
    tone = mix(tone, "#7a6c92", cloud * 0.38)
    off = np.hypot(x - 0.045, y - 0.66)
    tone = glow(tone, "#c8d4f0", bump(off / 0.12, 1.2) * 0.5)
    seas = 0.1 * np.clip(noise(x * 2, up * 2), -1, 1)
    tone = glow(tone, "#f4f1e0", smooth(0.030, 0.028, off) * (0.92 - seas))
    column, row = np.floor(x * 620), np.floor(up * 620)
    stars = (chance(column, row, 1.0) > 0.9985) & (up > 0.25)
    return glow(tone, "#e8ecff", stars * (1 - cloud) * chance(column, row, 2.0) * 0.8)


def lamplight(place: Vector, normal: Vector) -> Array:
    light = np.zeros((len(place[0]), 3), np.float32)
    for lamp in LAMPS:
        to = lamp.x - place[0], lamp.y - place[1], lamp.z - place[2]
        square = dot(to, to) + 0.05
        facing = np.clip(dot(to, normal) / np.sqrt(square), 0, 1) * 0.85 + 0.15
        light += colour(lamp.tone) * (lamp.power * facing / (square + 0.5))[:, None]
    return light * 0.62


def halos(tone: Array, origin: Vector, ray: Vector, reach: Array) -> Array:
    """The lamps themselves, and the damp air that glows around them."""
    for lamp in LAMPS:
        to = lamp.x - origin[0], lamp.y - origin[1], lamp.z - origin[2]
        along = dot(to, ray)
        off = np.sqrt(np.maximum(dot(to, to) - along * along, 0)) / lamp.radius
        seen = (along > 0) & (along < reach + 0.4)
        tone = glow(tone, lamp.tone, bump(off / 2.6, 1.1) * 0.34 * seen)
        core = (np.clip(1 - off**2, 0, 1) ** 2 * 0.6)[:, None]
        body = colour(lamp.tone) * 1.25 * (1 - core) + colour("#fff0c0") * 1.7 * core
        tone = mix(tone, body, smooth(1.06, 0.94, off) * seen)
    return tone.astype(np.float32)


def wet_ground(ray: Vector, far: Array, rng: np.random.Generator, noise: Noise) -> Array:
    """Cobbles and puddles: a rough mirror where they are stones, a calm one where water stands."""
    x, z = far * ray[0], far * ray[2]
    a, b, stone, tone = cobbles(x, z)
    distant = smooth(4, 18, z)
    water = noise(x * 0.10 + 0.3, z * 0.045) + 0.35 * noise(x * 0.3, z * 0.15)
    puddle = smooth(0.05, 0.9, water + 0.55 * bump(x / 0.5) - 0.1)
    rough = (1 - puddle) * (1 - 0.75 * distant)
    nx = a * 0.16 * rough + 0.02 * rng.standard_normal(len(x)) * rough + 0.0035 * noise(x * 1.3, z * 1.3) * puddle
    nz = b * 0.20 * rough + 0.05 * rng.standard_normal(len(x)) * (rough + 0.25 * distant)
    nz = nz + 0.007 * noise(x * 1.5 + 0.5, z * 1.5) * puddle
    size = np.sqrt(1 + nx * nx + nz * nz)
    normal = (nx / size).astype(np.float32), (1 / size).astype(np.float32), (nz / size).astype(np.float32)
    steep = dot(ray, normal)
    mirrored = [ray[k] - 2 * steep * normal[k] for k in range(3)]
    mirrored[1] = np.maximum(mirrored[1], 0.02)
    shown, _ = look((x, np.full_like(x, 0.01), z), tuple(mirrored), noise)
    light = lamplight((x, np.zeros_like(x), z), normal)
    albedo = ramp(tone, (0, "#4a4650"), (0.5, "#605a60"), (1, "#77706e"))
    albedo = albedo * ((0.45 + 0.55 * stone * (1 - 0.6 * distant) + 0.4 * distant) * (1 - 0.45 * puddle))[:, None]
    fresnel = 0.16 + 0.84 * (1 - np.clip(-steep, 0, 1)) ** 2.6
    wet = np.clip(fresnel * (0.85 + 0.6 * puddle) * (0.5 + 0.5 * np.maximum(stone, puddle)), 0, 1)[:, None]
    ground = albedo * (light * 0.75 + colour(NIGHT) * 0.6) * (1 - 0.6 * wet) + shown * wet
    ground = mix(ground, "#5a5078", (1 - np.exp(-((z / 42) ** 1.2))) * 0.7)
    return halos(ground, tuple(np.full_like(x, at) for at in (0, EYE, 0)), ray, far)


def cobbles(x: Array, z: Array) -> tuple[Array, Array, Array, Array]:
    """Place within a stone (twice), how much it is stone and not joint, and the stone's own tone."""
    row = np.floor(z / 0.21)
    shifted = x + 0.13 * np.mod(row, 2)
    a, b = np.mod(shifted, 0.26) / 0.26 - 0.5, np.mod(z, 0.21) / 0.21 - 0.5
    return a, b, smooth(0.5, 0.40, np.maximum(np.abs(a), np.abs(b))), chance(np.floor(shifted / 0.26), row, 5.0)


def strings(picture: Array) -> Array:
    image = Image.new("L", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(image)
    for z, sag, _ in STRINGS:
        t = np.linspace(-1, 1, 24)
        y = 4.98 - sag * (1 - t * t)
        across, down = (0.5 + t * 2.05 / z / WIDE) * WIDTH, (HORIZON - (y - EYE) / z / WIDE * WIDTH / HEIGHT) * HEIGHT
        pen.line(list(zip(across, down, strict=True)), fill=255, width=max(1, round(WIDTH * 0.02 / z)))
    return mix(picture, "#1a1620", np.asarray(image, np.float32) / 255 * 0.7)
