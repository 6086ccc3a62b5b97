"""How a picture that should stay changes over sections: sharpness, drift, and the effect of prompts without meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.lab.measure.filming import Subject, film
from studio.lab.measure.scene_pictures import FilmSize, first_frame, scene_picture
from studio.lab.psnr import psnr
from studio.media.look import sharpness as array_sharpness

HOLD = "the camera holds still"
STORY = ("the camera pans slowly to the right", "night falls", "the camera zooms in", "snow begins to fall", "daylight returns",
         "the camera pans to the left, the snow stops")
NONSENSE = ("a quiet old library by the sea", "the purple seven of yesterday", "xyzzy", "")


def sharpness(frame: Tensor) -> float:
    """Returns the sharpness of a frame [3, H, W] in [0, 1]; see `studio.media.look.sharpness`."""
    return array_sharpness(frame.float().movedim(0, 2).numpy())


def sharpness_by_section(frames: Tensor, section: int) -> list[float]:
    """Returns the sharpness of each section's last frame over the first frame's, of a film [T, 3, H, W].

    `section` is the number of frames of a section.
    """
    first = max(sharpness(frames[0]), 1e-6)
    return [sharpness(frame) / first for frame in frames[section::section]]


@torch.no_grad()
def measure(model: FilmModel, subjects: Sequence[Subject], size: FilmSize, sections: int, nonsense: int) -> dict[str, Any]:
    """Films a hold and a story of `sections` sections from each subject, and `nonsense` prompts that must move nothing.

    Returns their figures as they are written to the JSON file.
    """
    holds, stories, nonsense_psnr = {}, {}, {}
    # Large films are looked at once a latent: all their frames would fill the memory.
    length = model.card.window if size.large else model.card.section_frames
    for subject in subjects:
        scene = scene_picture(subject, size) if size.large else None
        picture = first_frame(scene) if scene is not None else subject.picture(size.width, size.height)
        look = _last if scene is not None else _all
        still = film(model, picture, [HOLD] * sections, subject.seed, scene, look)
        story = film(model, picture, [STORY[n % len(STORY)] for n in range(sections)], subject.seed, scene, look)
        holds[subject.name] = {
            "sharpness": sharpness_by_section(still, length), "psnr": [psnr(frame, picture) for frame in still[length::length]],
        }
        stories[subject.name] = {"sharpness": sharpness_by_section(story, length)}
        if subject is subjects[0]:
            for prompt in NONSENSE[:nonsense]:
                nonsense_psnr[prompt] = psnr(film(model, picture, [prompt], 1, scene, look)[-1], picture)
    return {"sections": sections, "hold": holds, "story": stories, "nonsense psnr": nonsense_psnr}


def _last(frames: Tensor) -> Tensor:
    return frames[-1:]


def _all(frames: Tensor) -> Tensor:
    return frames
