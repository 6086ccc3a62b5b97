"""What sections do to a picture that should stay: sharpness, drift, and prompts that mean nothing. It knows no moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.lab.measure.filming import Subject, film
from studio.lab.measure.registration import box, grey
from studio.lab.psnr import psnr

HOLD = "the camera holds still"
STORY = ("the camera pans slowly to the right", "night falls", "the camera zooms in", "snow begins to fall", "daylight returns",
         "the camera pans to the left, the snow stops")
NONSENSE = ("a quiet old library by the sea", "the purple seven of yesterday", "xyzzy", "")


def sharpness(frame: Tensor) -> float:
    """Deviation of the fine detail of a frame [3, H, W], in units of the coarse picture's deviation: light does not count."""
    luma = grey(frame[None].float())
    coarse = box(luma[:, None], 2)[:, 0]
    return float((luma - coarse).std() / coarse.std().clamp(min=1e-6))


def course(frames: Tensor, section: int) -> list[float]:
    """Sharpness of the last frame of each section of so many frames over the first frame's, of a film [T, 3, H, W]."""
    first = max(sharpness(frames[0]), 1e-6)
    return [sharpness(frame) / first for frame in frames[section::section]]


@torch.no_grad()
def measure(model: FilmModel, subjects: Sequence[Subject], width: int, height: int, sections: int, nonsense: int) -> dict[str, Any]:
    """Holds and a story of `sections` sections from each subject, and `nonsense` prompts that must move nothing."""
    holds, stories, idle, each = {}, {}, {}, model.card.section_frames
    for subject in subjects:
        picture = subject.picture(width, height)
        still = film(model, picture, [HOLD] * sections, subject.seed)
        told = film(model, picture, [STORY[n % len(STORY)] for n in range(sections)], subject.seed)
        holds[subject.name] = {"sharpness": course(still, each), "psnr": [psnr(frame, picture) for frame in still[each::each]]}
        stories[subject.name] = {"sharpness": course(told, each)}
    picture = subjects[0].picture(width, height)
    for prompt in NONSENSE[:nonsense]:
        idle[prompt] = psnr(film(model, picture, [prompt], 1)[-1], picture)
    return {"sections": sections, "hold": holds, "story": stories, "nonsense psnr": idle}
