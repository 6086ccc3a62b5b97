"""Films whose camera leaves a place and comes back to it, over two wide pictures that are equal where the film begins.

A film begins at place B, so that its first frame does not show place A, pans to A and back; after a gap it pans to A again. The two
pictures are equal in B's view and differ beyond its left edge. So the two films over them (paired histories) have the same first
frame and, once A was left for longer than the recent window reaches, the same recent window: they differ only in what lies further
back. In every case A is taken from another picture than B, so that none of the candidates for A is more similar to B than others.
Letters: K candidates, T frames, n sections, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from studio.lab.measure.filming import HELD_OUT
from studio.lab.measure.views import unseen_mask, view
from studio.lab.photographs import COLOURFUL, photograph
from studio.lab.world import FRAMES, Section, shoot
from studio.lab.world.camera import camera_path

DISTANCE = 144
"""Pixels from B to A: a pan at the normal pace for one section."""
MARGIN, BLEND = 16, 16
"""Pixels beyond B's left edge in which the pictures are still equal, and over which one then blends into the other.

The recent window reaches one latent frame beyond two sections: the last 12 pixels of the pan back to B.
"""
CANDIDATES = 4
"""Pictures that may lie at A: the true one, that of the paired history, and others."""
KINDS = ("return", "loop", "updated", "changed", "hold")
FIRST_SCENE = 2_000_000
"""Number, among the held-out scenes, of the first scene for journeys."""
LEFT, RIGHT, STAY = (Section(name) for name in ("left", "right", "hold"))
BACK = Section("left", "fast")
PROMPTS = {LEFT: "the camera pans left", RIGHT: "the camera pans right", STAY: "the camera holds still",
           BACK: "the camera pans quickly to the left"}
"""The prompt of each section. None of them says what is to be seen, which only memory can supply."""


@dataclass(frozen=True)
class Past:
    """The true film before the section that is measured."""

    frames: Tensor               # [1 + s n, 3, H, W] uint8, s frames a section
    pose: Tensor                 # [1 + s n, 3]
    prompts: tuple[str, ...]     # of the n sections


@dataclass(frozen=True)
class MemoryCase:
    """A film up to its last section, the same of the paired history, and what the last section truly shows."""

    kind: str                    # one of KINDS, or of `absences.KINDS`
    gap: int                     # sections between leaving and going back
    name: str                    # of the picture or scene
    number: int                  # of the case; the seed of the noise
    section_frames: int
    past: Past
    paired_past: Past
    prompt: str                          # of the last section
    truth: Tensor                        # [s, 3, H, W] uint8, the last section
    pose: Tensor                         # [s, 3] true poses of the last section
    candidates: tuple[Tensor, ...]       # K x [3, H, W] in [0, 1]: what the last frame may show
    true_index: int                      # of the true candidate
    paired_index: int                    # of the candidate that the paired history showed
    canvases: tuple[Tensor, ...] = ()    # K x [3, Hc, Wc]: the wide pictures, for views from other poses
    part: Tensor | None = None           # [H, W] bool: where the candidates differ, unless that follows from the poses
    background: Tensor | None = None     # [3, H, W]: the last frame without the figure that comes back

    def recent_poses(self, recent: int) -> Tensor:
        """Poses [N, 3] of the reference image and of the newest `recent` frames before the last section."""
        return torch.cat([self.past.pose[:1], self.past.pose[-recent:]])

    def memory_mask(self, recent: int, pose: Tensor | None = None) -> Tensor:
        """[H, W] bool: the part of the last frame that only memory can supply.

        This is what neither the reference image nor the newest `recent` frames show, or `part` if the case has one.

        Args:
            recent: frames in the recent window.
            pose: [3] of the camera; None: the true pose of the last frame.
        """
        height, width = self.truth.shape[2:]
        if self.part is not None:
            return self.part
        return unseen_mask(self.pose[-1] if pose is None else pose, self.recent_poses(recent), width, height)

    def candidates_at(self, pose: Tensor) -> tuple[Tensor, ...]:
        """The K candidates as seen at `pose` [3]; unchanged if the case has no wide pictures."""
        height, width = self.truth.shape[2:]
        return tuple(view(canvas, pose, width, height) for canvas in self.canvases) or self.candidates


def script(kind: str, gap: int, moves: bool) -> tuple[Section, ...]:
    """The sections of a film; the last one is the one that is measured.

    Args:
        kind: one of KINDS.
        gap: sections between leaving A and going back to it.
        moves: whether the camera pans during the gap (else it holds).

    Raises:
        ValueError: the kind is unknown, or the gap shorter than a section.
    """
    if gap < 1:
        raise ValueError(f"A gap has at least one section, not {gap}.")
    between = (RIGHT, LEFT) * (gap // 2) + (STAY,) * (gap % 2) if moves else (STAY,) * gap
    if kind in ("return", "changed"):
        return (LEFT, RIGHT, *between, LEFT)
    if kind == "hold":
        return (LEFT, RIGHT, *between, STAY)
    if kind == "updated":
        return (LEFT, RIGHT, LEFT, RIGHT, *between, LEFT)
    if kind == "loop":        # A B C A: back by the direct way
        return (LEFT, RIGHT, RIGHT, *(STAY,) * gap, BACK)
    raise ValueError(f"There is no journey '{kind}'. There are: {', '.join(KINDS)}.")


@lru_cache(maxsize=2)
def wide_pictures(name: str, width: int, height: int) -> tuple[Tensor, ...]:
    """K pictures [3, H, W + 2 DISTANCE] uint8 that are equal from B on and differ to its left.

    Args:
        name: of what lies at B: a photograph, which has other photographs to its left, or a scene ("scene 3"), which has scenes.
        width, height: of a frame.
    """
    full_width = width + 2 * DISTANCE
    if name in COLOURFUL:
        at = COLOURFUL.index(name)
        sources = [photograph(COLOURFUL[(at + k) % len(COLOURFUL)], full_width, height) for k in range(CANDIDATES + 1)]
    else:
        first = int(name.removeprefix("scene ")) * (CANDIDATES + 1)
        numbers = range(first, first + CANDIDATES + 1)
        sources = [shoot([Section()], full_width, height, HELD_OUT + FIRST_SCENE + n).frames()[0].float() / 255 for n in numbers]
    share = ((DISTANCE - MARGIN - (torch.arange(full_width) + 0.5)) / BLEND).clamp(0, 1)      # 1 left of the blend, 0 from B on
    return tuple((torch.lerp(sources[0], other, share) * 255 + 0.5).byte() for other in sources[1:])


def journey(kind: str, gap: int, name: str, number: int, width: int, height: int, section_frames: int = FRAMES) -> MemoryCase:
    """The case of a kind, a gap and a picture.

    The kinds, by the places that the film visits (.. is the gap):

        return   B A B .. A
        loop     B A B C .. A
        hold     B A B .. B
        changed  B A B .. A, but A changed while it was out of view, which nobody can know
        updated  B A B A B .. A, and A changed between its two visits: the newer picture is the true one

    Args:
        kind: one of KINDS.
        gap: sections between leaving A and going back to it.
        name: of the picture at B; see `wide_pictures`.
        number: of the case. The camera pans during the gap in cases with odd numbers, and holds in those with even ones.
        width, height: of a frame.
        section_frames: frames of a section of the model.

    Raises:
        ValueError: the kind is unknown, the gap too short, the world's section no multiple of the model's, or the size odd.
    """
    sections = script(kind, gap, moves=number % 2 == 1)
    stride = world_stride(section_frames)
    canvases = wide_pictures(name, width, height)
    true_index, paired_index = number % CANDIDATES, (number + 1) % CANDIDATES
    (true, pose), (paired, _) = (pan_film(canvases[k], sections, width, height, stride) for k in (true_index, paired_index))
    cut = 1 + section_frames * (len(sections) - 1)
    if kind == "changed":                       # the film showed the other picture at A
        past, paired_past, truth = paired[:cut], true[:cut], true[cut:]
    elif kind == "updated":
        turn = 1 + section_frames * 2           # between the two visits, at B
        past = torch.cat([paired[:turn], true[turn:cut]])
        paired_past = torch.cat([true[:turn], paired[turn:cut]])
        truth = true[cut:]
    else:
        past, paired_past, truth = true[:cut], paired[:cut], true[cut:]
    prompts = tuple(PROMPTS[each] for each in sections)
    floats = tuple(canvas.float() / 255 for canvas in canvases)
    return MemoryCase(
        kind, gap, name, number, section_frames, Past(past, pose[:cut], prompts[:-1]), Past(paired_past, pose[:cut], prompts[:-1]),
        prompts[-1], truth, pose[cut:], tuple(view(canvas, pose[-1], width, height) for canvas in floats), true_index, paired_index,
        floats,
    )


def pan_film(canvas: Tensor, sections: Sequence[Section], width: int, height: int, stride: int) -> tuple[Tensor, Tensor]:
    """Every `stride`-th frame [T, 3, H, W] and pose [T, 3] of a film of pans over a wide picture [3, Hc, Wc] uint8.

    The frames equal those of the world's `shoot`, but are only cut out: its flow and light are not needed and take most of its
    time.

    Raises:
        ValueError: the camera zooms, or leaves the picture.
    """
    canvas_height, canvas_width = canvas.shape[1:]
    pose = camera_path(sections).pose()[::stride] + torch.tensor([canvas_width // 2, canvas_height // 2, 0.0])
    corners = pose[:, :2] - torch.tensor([width / 2, height / 2])
    room = torch.tensor([canvas_width - width, canvas_height - height])
    integral = bool((corners == corners.round()).all())
    if bool(pose[:, 2].any()) or not integral or bool((corners < 0).any()) or bool((corners > room).any()):
        raise ValueError("Only pans by whole pixels within the picture can be cut out of it.")
    frames = [canvas[:, y : y + height, x : x + width] for x, y in corners.int().tolist()]
    return torch.stack(frames), pose


def world_stride(section_frames: int) -> int:
    """Frames of the world's films for one frame of a model whose sections have `section_frames` frames and last as long.

    Raises:
        ValueError: the world's section is no multiple of the model's.
    """
    if section_frames < 1 or FRAMES % section_frames:
        raise ValueError(
            f"Sections of {section_frames} frames cannot be compared with true films: {FRAMES} frames must be a multiple.")
    return FRAMES // section_frames


def picture_names(photographs: int, scenes: int) -> list[str]:
    """Names of so many photographs and scenes that journeys begin with, alternating."""
    photos: Sequence[str] = [COLOURFUL[n % len(COLOURFUL)] for n in range(min(photographs, len(COLOURFUL)))]
    drawn = [f"scene {n}" for n in range(scenes)]
    pairs = [name for pair in zip(photos, drawn, strict=False) for name in pair]
    return [*pairs, *[name for name in (*photos, *drawn) if name not in pairs]]
