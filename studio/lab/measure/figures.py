"""A figure's action, seen from a film: which of the true films of the same scene it is nearest to, around the figure.

The truth's boxes say where to look: everywhere the figure would be in any of them. It knows no prompts and no models.
Letters: T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor

from studio.lab.measure.filming import Subject, scenes
from studio.lab.world import ACTIONS, FRAMES, Film, Section
from studio.lab.world.scenes import has_figure

STAY = "stay"
NAMES = (STAY, *ACTIONS)
MARGIN = 3
TRIES = 100
"""Scenes looked at for each one whose figure can be seen from the beginning."""


def cast(count: int) -> list[Subject]:
    """Held-out scenes with a figure that can be seen, at most `count`."""
    found: list[Subject] = []
    for subject in scenes(TRIES * count, first=1000):
        if len(found) == count:
            break
        if has_figure(subject.seed) and bool(subject.film([Section()], 192, 128).figure[0].isfinite().all()):
            found.append(subject)
    return found


def script(action: str) -> list[Section]:
    """What is asked for to see an action: who returns must have gone before."""
    before = [Section(action="hide")] if action == "return" else []
    return [*before, Section(action="" if action == STAY else action)]


def truths(subject: Subject, action: str, width: int, height: int) -> dict[str, Film]:
    """The true films of one scene that an asked action could be mistaken for, and its own."""
    return _films(subject, action == "return", width, height)


@lru_cache(maxsize=2)
def _films(subject: Subject, hidden: bool, width: int, height: int) -> dict[str, Film]:
    if hidden:
        gone = [Section(action="hide"), Section()]
        return {"return": subject.film(script("return"), width, height), "hide": subject.film(gone, width, height)}
    return {name: subject.film(script(name), width, height) for name in NAMES if name != "return"}


@torch.no_grad()
def nearest(frames: Tensor, true: Mapping[str, Film], section: int = FRAMES) -> str:
    """Whose true film frames [T, 3, H, W] in [0, 1] are nearest to, where a figure is in any of them.

    Their last `section` frames are compared with the beginning of the last section of the true films.

    Raises:
        ValueError: no figure is seen in any of the true films.
    """
    last = min(FRAMES, section)
    made = frames[-section:][:last:3]
    mask = torch.zeros(frames.shape[2:], dtype=torch.bool)
    for film in true.values():
        for left, top, right, bottom in film.figure[::3].nan_to_num(-1).round().int().tolist():
            if right > 0:
                mask[max(0, top - MARGIN) : bottom + MARGIN, max(0, left - MARGIN) : right + MARGIN] = True
    if not bool(mask.any()):
        raise ValueError("None of these films shows a figure.")

    def away(film: Film) -> float:
        whole = film.frames()
        begun = len(whole) - FRAMES
        shown = whole[begun : begun + last : 3].float() / 255
        return float((made - shown)[:, :, mask].square().mean())

    return min(true, key=lambda name: away(true[name]))
