"""The timbered houses on both sides of the street: ground floors, jettied upper floors, windows and doors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from alley.sight import Paint, Sight, chance
from brushes import Array, Noise, colour, ramp, smooth

JETTY, FLOOR, STOREY = 0.34, 3.0, 2.35      # how far upper floors stand out, where they begin, how high each is


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
