"""The lantern street: timbered houses at night after rain. Every pixel's line of sight is followed to a wall or the ground.

Lengths are in metres: x to the right, y upwards, z away from us; the eye is at x = 0, z = 0. Wet cobbles follow the line
of sight a second time, mirrored, so what they show is what is really there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from brushes import Array, Noise, bump, colour, field, glow, mix, ramp, smooth
from PIL import Image, ImageDraw

SEED, FINE, BLOOM, VIGNETTE = 3, 0.55, 0.35, 0.25
WIDTH, HEIGHT = 1536, 2560
EYE, HORIZON, WIDE = 1.62, 0.565, 0.92      # height of the eye, v of the horizon, width of the view at distance 1
JETTY, FLOOR, STOREY = 0.34, 3.0, 2.35      # how far upper floors stand out, where they begin, how high each is
NIGHT, HAZE = "#27376a", "#4a4470"

Vector = tuple[Array, Array, Array]
Paint = Callable[[Array, Array, Array], tuple[Array, Array]]      # albedo and own light at x, y, z


@dataclass(frozen=True)
class House:
    side: int            # -1 left, 1 right
    near: float
    far: float
    wall: float          # distance from the middle of the street
    high: float
    paint: str
    shutter: str
    number: int


@dataclass(frozen=True)
class Lamp:
    x: float
    y: float
    z: float
    radius: float
    tone: str
    power: float


LEFT = (
    (2.5, 9.2, 2.3, 7.6, "#c99a5a", "#2f5a57"), (9.2, 14.6, 2.05, 9.6, "#b9685a", "#31465f"),
    (14.6, 20.5, 2.4, 7.0, "#d2b88c", "#6b3b34"), (20.5, 27, 1.9, 9.0, "#8e9f96", "#5a4a35"),
    (27, 36, 2.3, 8.0, "#c08a5e", "#2f5a57"),
)
RIGHT = (
    (2.5, 7.4, 2.25, 8.6, "#a9b4a0", "#7a3a34"), (7.4, 13.4, 2.45, 6.6, "#d8a878", "#2e4a66"),
    (13.4, 18.6, 2.0, 9.4, "#b8744f", "#3d5a3c"), (18.6, 25.5, 2.3, 7.6, "#cfc0a0", "#6b3b34"),
    (25.5, 36, 1.8, 8.8, "#a87f6a", "#31465f"),
)
HOUSES = [House(-1, *house, i) for i, house in enumerate(LEFT)] + [House(1, *house, i + 10) for i, house in enumerate(RIGHT)]
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


def dot(a: Vector, b: Vector) -> Array:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def chance(a: Array, b: Array | float, k: float) -> Array:
    """A number from 0 to 1 that only depends on its arguments."""
    return np.mod(np.sin(a * 127.1 + b * 311.7 + k * 74.7) * 43758.5453, 1)


class Sight:
    """What each ray meets first."""

    def __init__(self, origin: Vector, ray: Vector) -> None:
        n = len(ray[0])
        self.origin, self.ray = origin, ray
        self.far, self.solid = np.full(n, 60, np.float32), np.zeros(n, bool)
        self.albedo, self.shine = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
        self.normal = tuple(np.zeros(n, np.float32) for _ in range(3))

    def plane(
        self, axis: int, at: float, inside: Callable[[Array, Array, Array], Array], paint: Paint, normal: tuple[float, float, float]
    ) -> None:
        """Add the part of a plane across `axis` that is `inside`."""
        with np.errstate(all="ignore"):
            far = (at - self.origin[axis]) / self.ray[axis]
        nearer = np.flatnonzero((far > 0.02) & (far < self.far))
        place = [self.origin[k][nearer] + far[nearer] * self.ray[k][nearer] for k in range(3)]
        kept = inside(*place)
        nearer = nearer[kept]
        if len(nearer):
            self.far[nearer], self.solid[nearer] = far[nearer], True
            self.albedo[nearer], self.shine[nearer] = paint(*[k[kept] for k in place])
            for k in range(3):
                self.normal[k][nearer] = normal[k]


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


def build(sight: Sight, house: House, noise: Noise) -> None:
    """Ground floor, jettied upper floors, eaves, and the gable that looks at us over a lower neighbour."""
    s, w, n = house.side, house.wall, (float(-house.side), 0.0, 0.0)
    out, length = w - JETTY, house.far - house.near

    def along(z: Array) -> Array:
        return (z > house.near) & (z < house.far)

    def gable(x: Array) -> Array:
        return house.high + 2.9 * np.clip(1 - np.abs(s * x - w - 2.6) / 3.2, 0, 1)

    lower, upper = partial(facade, house, noise, False), partial(facade, house, noise, True)
    sight.plane(
        0, s * w, lambda x, y, z: along(z) & (y >= 0) & (y < FLOOR),
        lambda x, y, z: lower(z - house.near, y, length), n,
    )
    sight.plane(
        0, s * out, lambda x, y, z: along(z) & (y >= FLOOR) & (y < house.high),
        lambda x, y, z: upper(z - house.near, y, length), n,
    )
    sight.plane(1, FLOOR, lambda x, y, z: along(z) & (s * x > out) & (s * x < w + 0.1), plain("#3a2a20"), (0, -1, 0))
    eaves = house.high - 0.08
    sight.plane(0, s * (out - 0.28), lambda x, y, z: along(z) & (y > eaves) & (y < eaves + 0.2), plain("#3b2d2c"), n)
    sight.plane(1, eaves, lambda x, y, z: along(z) & (s * x > out - 0.28) & (s * x < w), plain("#2c211c"), (0, -1, 0))
    front = (0.0, 0.0, -1.0)
    sight.plane(
        2, house.near, lambda x, y, z: (s * x > w) & (s * x < w + 7) & (y >= 0) & (y < FLOOR),
        lambda x, y, z: lower(s * x - w, y, 7.0), front,
    )
    sight.plane(
        2, house.near, lambda x, y, z: (s * x > out) & (s * x < w + 6) & (y >= FLOOR) & (y < gable(x)),
        lambda x, y, z: upper(s * x - out, y, 6.0), front,
    )
    sight.plane(
        2, house.near - 0.12,
        lambda x, y, z: (s * x > out - 0.35) & (s * x < w + 6) & (np.abs(y - gable(x)) < 0.12) & (y > house.high - 0.3),
        plain("#4a3836"), front,
    )


def plain(tone: str) -> Paint:
    return lambda x, y, z: (np.broadcast_to(colour(tone), (len(x), 3)), np.zeros((len(x), 3), np.float32))


def facade(house: House, noise: Noise, upper: bool, a: Array, b: Array, length: float) -> tuple[Array, Array]:
    """A wall, `a` metres along and `b` up: plaster, timber or stone, then windows and doors."""
    k = house.number
    width = length / max(1, round(length / 2.0))
    cell = np.floor(a / width)
    off = a - (cell + 0.5) * width
    base = np.where(b < FLOOR, 0, FLOOR + np.floor((b - FLOOR) / STOREY) * STOREY)
    up, storey = b - base, np.round(base)
    grain = noise(a * 0.11 + k * 0.37, b * 0.11) + 0.5 * noise(a * 0.5, b * 0.5 + k * 0.21)
    wall = colour(house.paint) * ((0.80 + 0.10 * grain) * (0.72 + 0.28 * smooth(0, 1.2, b)))[:, None]
    if upper:
        beam = (np.abs(off) > width / 2 - 0.09) | (up < 0.16) | (up > 2.27) | (a < 0.12) | (a > length - 0.12)
        brace = (chance(cell, storey, k + 0.3) < 0.5) & (np.abs(np.abs(off) - 0.62 - (up - 0.2) * 0.12) < 0.05)
        wall = np.where((beam | brace)[:, None], colour("#3a2a22") * (0.8 + 0.2 * grain[:, None]), wall)
    else:
        joints = (np.mod(b, 0.30) < 0.025) | (np.mod(a + 0.31 * np.floor(b / 0.30), 0.62) < 0.025)
        stone = colour("#6d6a6c") * (0.75 + 0.2 * grain - 0.35 * joints)[:, None]
        wall = np.where((b < 0.9)[:, None], stone, wall)
    return openings(house, noise, upper, wall, a, b, cell, off, up, storey)


def openings(
    house: House, noise: Noise, upper: bool, wall: Array, a: Array, b: Array, cell: Array, off: Array, up: Array, storey: Array
) -> tuple[Array, Array]:
    """Windows, most of them lit, with shutters and flower boxes; doors with a fanlight."""
    k, across = house.number, np.abs(off)
    door = np.zeros_like(cell, bool) if upper else chance(cell, 7.0, k) < 0.34
    wide = np.where(door, 0.46, 0.40 if upper else 0.56)
    low, high = np.where(door, -0.1, 0.72 if upper else 0.95), np.where(door, 2.15, 1.88 if upper else 2.25)
    inside = (across < wide) & (up > low) & (up < high)
    frame = (across < wide + 0.09) & (up > low - 0.09) & (up < high + 0.09) & ~inside
    wall = np.where(frame[:, None], colour("#7a5a40") * 0.8, wall)
    if upper:
        shutter = (across > wide + 0.11) & (across < wide + 0.42) & (up > low - 0.03) & (up < high + 0.03)
        wall = np.where(shutter[:, None], colour(house.shutter) * (0.75 + 0.25 * (np.mod(up, 0.09) < 0.055))[:, None], wall)
        ledge = (across < wide + 0.08) & (up > low - 0.22) & (up < low - 0.02) & (chance(cell, storey, k + 0.7) < 0.6)
        flowers = np.where((noise(a * 2.3, b * 2.3) > 0.5)[:, None], colour("#d0604f"), colour("#34503a"))
        wall = np.where(ledge[:, None], flowers, wall)
    bars = (across < 0.022) | (np.abs(up - (low + high) / 2 - 0.12) < 0.022) | ((np.abs(across - wide / 2) < 0.014) & (not upper))
    panes = inside & ~bars & ~door
    lit = chance(cell, storey, k) < (0.62 if upper else 0.8)
    mood = chance(cell + 3, storey, k)
    warm = ramp(mood, (0, "#ffb050"), (0.5, "#ffcb78"), (1, "#ff9440"))
    room = 0.62 + 0.38 * smooth(high.max(), low.min(), up) + 0.16 * noise(a * 0.7 + k, b * 0.7)
    room = room * (1 - smooth(0.45, 1.0, across / wide) * 0.45) * (0.55 + 0.6 * mood)
    shine = np.where((panes & lit)[:, None], warm * room[:, None], 0)
    wall = np.where((panes & ~lit)[:, None], colour("#26344f"), wall)
    boards = colour(house.shutter) * (0.7 + 0.2 * (np.mod(off, 0.23) < 0.2))[:, None]
    wall = np.where((inside & (bars | door))[:, None], np.where(door[:, None], boards, colour("#4a3526")), wall)
    shine = np.where((door & inside & (up > 1.8))[:, None], warm * 0.8, shine)
    return wall.astype(np.float32), shine.astype(np.float32)


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
