"""Films that leave a place and come back to it, over two wide pictures that are alike where the film begins. It films no model.

A film begins at B, so that its first frame does not show A, goes to A, and back; after a gap it comes to A again. The pictures are
alike in B's view and differ beyond its left edge. So two films over them have the same first frame and, once A is left for longer
than the recent window reaches, the same recent window: what tells them apart lies further back (paired histories). What lies at A
is taken from other pictures in every case, so that none of them is more like B than another one is.
Letters: K candidates, T frames, n sections, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from studio.lab.measure.filming import HELD_OUT
from studio.lab.measure.views import unseen, view
from studio.lab.photographs import COLOURFUL, photograph
from studio.lab.world import FRAMES, Section, shoot
from studio.lab.world.camera import way

REACH = 144
"""Pixels from B to A: a pan at the normal pace for one section."""
EDGE, SEAM = 16, 16
"""Pixels beyond B's left edge in which the pictures are still alike, and over which one then gives way to the other.

The recent window reaches one latent frame beyond two sections: the last 12 pixels of the way back to B.
"""
CANDIDATES = 4
"""Pictures that may lie at A: the true one, that of the paired history, and others."""
KINDS = ("return", "loop", "updated", "changed", "hold")
SCENES = 2_000_000
"""Held-out scenes from here on, counted within the held-out ones, are for journeys."""
LEFT, RIGHT, STAY = (Section(name) for name in ("left", "right", "hold"))
BACK = Section("left", "fast")
WORDS = {LEFT: "the camera pans left", RIGHT: "the camera pans right", STAY: "the camera holds still",
         BACK: "the camera pans quickly to the left"}
"""No prompt says what there is to be seen: only memory can supply that."""


@dataclass(frozen=True)
class Past:
    """What happened before the section that is looked at, and its truth."""

    frames: Tensor               # [1 + s n, 3, H, W] uint8, s frames a section
    pose: Tensor                 # [1 + s n, 3]
    prompts: tuple[str, ...]     # of the n sections


@dataclass(frozen=True)
class Case:
    """A film up to its last section, the same of the paired history, and what the last section truly shows."""

    kind: str
    gap: int                     # sections between leaving and going back
    name: str                    # of the picture or scene
    number: int                  # seed of the noise
    section: int                 # frames
    past: Past
    paired: Past
    prompt: str                  # of the last section
    truth: Tensor                # [s, 3, H, W] uint8
    pose: Tensor                 # [s, 3] true poses of the last section
    views: tuple[Tensor, ...]    # K x [3, H, W] in [0, 1]: what may be seen in the last frame; the true one is `right`
    right: int
    other: int                   # the paired history's
    canvases: tuple[Tensor, ...] = ()    # K x [3, Hc, Wc]: the wide pictures, for views from elsewhere
    part: Tensor | None = None   # [H, W] bool: where the views differ, if that does not follow from the poses
    plate: Tensor | None = None  # [3, H, W]: the last frame without what comes back

    def known(self, recent: int) -> Tensor:
        """Poses [N, 3] of the reference image and of the newest `recent` frames."""
        return torch.cat([self.past.pose[:1], self.past.pose[-recent:]])

    def needed(self, recent: int, pose: Tensor | None = None) -> Tensor:
        """Where memory alone can supply what is seen at `pose` [3] (the true one if None), [H, W] bool.

        That is neither in the reference image nor in the newest `recent` frames. A figure's case has a `part` of its own.
        """
        height, width = self.truth.shape[2:]
        if self.part is not None:
            return self.part
        return unseen(self.pose[-1] if pose is None else pose, self.known(recent), width, height)

    def seen_from(self, pose: Tensor) -> tuple[Tensor, ...]:
        """The K candidates seen at `pose` [3]; as they are where there is no wide picture."""
        height, width = self.truth.shape[2:]
        return tuple(view(canvas, pose, width, height) for canvas in self.canvases) or self.views


def script(kind: str, gap: int, moves: bool) -> tuple[Section, ...]:
    """The sections of a film; the last one is looked at. `moves`: the camera goes on looking around while away.

    Raises:
        ValueError: the kind is unknown, or the gap shorter than a section.
    """
    if gap < 1:
        raise ValueError(f"A gap has at least one section, not {gap}.")
    around = (RIGHT, LEFT) * (gap // 2) + (STAY,) * (gap % 2) if moves else (STAY,) * gap
    if kind in ("return", "changed"):
        return (LEFT, RIGHT, *around, LEFT)
    if kind == "hold":
        return (LEFT, RIGHT, *around, STAY)
    if kind == "updated":
        return (LEFT, RIGHT, LEFT, RIGHT, *around, LEFT)
    if kind == "loop":        # A B C A: back by the direct way
        return (LEFT, RIGHT, RIGHT, *(STAY,) * gap, BACK)
    raise ValueError(f"There is no journey '{kind}'. There are: {', '.join(KINDS)}.")


@lru_cache(maxsize=2)
def pictures(name: str, width: int, height: int) -> tuple[Tensor, ...]:
    """K wide pictures [3, H, W + 2 REACH] uint8 that are alike from B on; `name` is what lies there.

    A photograph has other photographs beyond the edge, a scene ("scene 3") other scenes.
    """
    wide = width + 2 * REACH
    if name in COLOURFUL:
        at = COLOURFUL.index(name)
        whole = [photograph(COLOURFUL[(at + k) % len(COLOURFUL)], wide, height) for k in range(CANDIDATES + 1)]
    else:
        first = int(name.removeprefix("scene ")) * (CANDIDATES + 1)
        numbers = range(first, first + CANDIDATES + 1)
        whole = [shoot([Section()], wide, height, HELD_OUT + SCENES + n).frames()[0].float() / 255 for n in numbers]
    share = ((REACH - EDGE - (torch.arange(wide) + 0.5)) / SEAM).clamp(0, 1)      # 1 beyond the seam, 0 from B on
    return tuple((torch.lerp(whole[0], other, share) * 255 + 0.5).byte() for other in whole[1:])


def journey(kind: str, gap: int, name: str, number: int, width: int, height: int, section: int = FRAMES) -> Case:
    """The case of a kind, a gap and a picture. Odd numbers look around while away, even ones hold.

    return: B A B .. A. loop: B A B C .. A. hold: B A B .. B. changed: as return, but A has changed while it was not seen: nobody
    can know. updated: A was seen again after it had changed, and the newer one is the true one.

    Raises:
        ValueError: the kind is unknown, the gap too short, a section's length no divisor of the world's, or the size odd.
    """
    sections = script(kind, gap, moves=number % 2 == 1)
    stride = pace(section)
    canvases = pictures(name, width, height)
    right, other = number % CANDIDATES, (number + 1) % CANDIDATES
    (true, pose), (paired, _) = (panned(canvases[k], sections, width, height, stride) for k in (right, other))
    cut = 1 + section * (len(sections) - 1)
    if kind == "changed":                       # it saw the other picture at A; what is there now, nobody saw
        before, instead, truth = paired[:cut], true[:cut], true[cut:]
    elif kind == "updated":
        turn = 1 + section * 2                  # between the two visits, at B
        before = torch.cat([paired[:turn], true[turn:cut]])
        instead = torch.cat([true[:turn], paired[turn:cut]])
        truth = true[cut:]
    else:
        before, instead, truth = true[:cut], paired[:cut], true[cut:]
    words = tuple(WORDS[each] for each in sections)
    floats = tuple(canvas.float() / 255 for canvas in canvases)
    return Case(
        kind, gap, name, number, section, Past(before, pose[:cut], words[:-1]), Past(instead, pose[:cut], words[:-1]), words[-1],
        truth, pose[cut:], tuple(view(canvas, pose[-1], width, height) for canvas in floats), right, other, floats,
    )


def panned(canvas: Tensor, sections: Sequence[Section], width: int, height: int, stride: int) -> tuple[Tensor, Tensor]:
    """Every `stride`-th frame [T, 3, H, W] and pose [T, 3] of a film of pans over a wide picture [3, Hc, Wc] uint8.

    As the world's `shoot` films them, but cut out only: its flow and light are not needed, and take most of its time.

    Raises:
        ValueError: the camera zooms, or leaves the picture.
    """
    tall, wide = canvas.shape[1:]
    pose = way(sections).pose()[::stride] + torch.tensor([wide // 2, tall // 2, 0.0])
    corners = pose[:, :2] - torch.tensor([width / 2, height / 2])
    room = torch.tensor([wide - width, tall - height])
    whole = bool((corners == corners.round()).all())
    if bool(pose[:, 2].any()) or not whole or bool((corners < 0).any()) or bool((corners > room).any()):
        raise ValueError("Only pans by whole pixels within the picture can be cut out of it.")
    cut = [canvas[:, y : y + height, x : x + width] for x, y in corners.int().tolist()]
    return torch.stack(cut), pose


def pace(section: int) -> int:
    """Of so many frames of the world one is taken, so that a section of the model is a section of the world.

    Raises:
        ValueError: the model's section is no whole part of the world's.
    """
    if section < 1 or FRAMES % section:
        raise ValueError(f"Sections of {section} frames cannot be compared with true films: {FRAMES} frames must be a multiple.")
    return FRAMES // section


def names(photographs: int, scenes: int) -> list[str]:
    """Pictures that journeys begin with, photographs and scenes in turns."""
    photos: Sequence[str] = [COLOURFUL[n % len(COLOURFUL)] for n in range(min(photographs, len(COLOURFUL)))]
    drawn = [f"scene {n}" for n in range(scenes)]
    both = [name for pair in zip(photos, drawn, strict=False) for name in pair]
    return [*both, *[name for name in (*photos, *drawn) if name not in both]]
