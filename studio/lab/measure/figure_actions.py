"""Recognises a figure's action in a film: the action of that true film of the same scene to which it is nearest.

Only pixels near the figure are compared: those inside its boxes in any of the true films.
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
"""Pixels around the figure's box that are compared as well."""
TRIES = 100
"""Scenes tried for each one whose figure can be seen from the beginning."""


def scenes_with_figure(count: int) -> list[Subject]:
    """Returns at most `count` held-out scenes whose figure can be seen in the first frame."""
    subjects: list[Subject] = []
    for subject in scenes(TRIES * count, first=1000):
        if len(subjects) == count:
            break
        if has_figure(subject.seed) and bool(subject.film([Section()], 192, 128).figure[0].isfinite().all()):
            subjects.append(subject)
    return subjects


def script(action: str) -> list[Section]:
    """Returns the sections that show an action. To return, a figure must have hidden first."""
    before = [Section(action="hide")] if action == "return" else []
    return [*before, Section(action="" if action == STAY else action)]


def true_films(subject: Subject, action: str, width: int, height: int) -> dict[str, Film]:
    """Returns, by action, the true film of `action` in a scene and those of the actions it could be mistaken for."""
    return _films(subject, action == "return", width, height)


@lru_cache(maxsize=2)
def _films(subject: Subject, hidden: bool, width: int, height: int) -> dict[str, Film]:
    if hidden:
        gone = [Section(action="hide"), Section()]
        return {"return": subject.film(script("return"), width, height), "hide": subject.film(gone, width, height)}
    return {name: subject.film(script(name), width, height) for name in NAMES if name != "return"}


@torch.no_grad()
def nearest_action(frames: Tensor, true: Mapping[str, Film], section: int = FRAMES) -> str:
    """Returns the action whose true film is nearest to frames [T, 3, H, W] in [0, 1], by squared error near the figure.

    Their last `section` frames are compared with the beginning of the last section of the true films.

    Raises:
        ValueError: no true film shows a figure.
    """
    last = min(FRAMES, section)
    sample = frames[-section:][:last:3]
    mask = torch.zeros(frames.shape[2:], dtype=torch.bool)
    for film in true.values():
        for left, top, right, bottom in film.figure[::3].nan_to_num(-1).round().int().tolist():
            if right > 0:
                mask[max(0, top - MARGIN) : bottom + MARGIN, max(0, left - MARGIN) : right + MARGIN] = True
    if not bool(mask.any()):
        raise ValueError("None of these films shows a figure.")

    def error(film: Film) -> float:
        """Mean squared error of the sample in the figure, beside a film's last frames."""
        frames = film.frames()
        begin = len(frames) - FRAMES
        expected = frames[begin : begin + last : 3].float() / 255
        return float((sample - expected)[:, :, mask].square().mean())

    return min(true, key=lambda name: error(true[name]))
