"""How sharp the frames of large films are, beside what is best possible: the picture's own pixels at the camera's view.

The picture is resampled with a Lanczos filter at the camera's view. Where the camera has not zoomed and stands on whole pixels,
that is the picture itself. Letters: H and W height and width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from studio.backbones.animatic.state import split_latents
from studio.backbones.film_model import FilmModel
from studio.lab.measure.filming import HELD_OUT, film_sections
from studio.lab.measure.frame_motion import grey
from studio.lab.measure.scene_pictures import FilmSize, first_frame, own_view, sharp_scenes
from studio.lab.psnr import psnr

HOLD = "the camera holds still"
STORY = ("the camera pans slowly to the right", "the camera zooms in slowly", "the camera tilts up slowly",
         "the camera pans slowly to the left", "the camera zooms out slowly", "the camera tilts down slowly")
"""The camera moves alone: light and weather change a frame's detail too."""
SCENES = (HELD_OUT + 2,)
"""Numbers of the drawn scenes."""


def gradient_energy(frame: Tensor) -> float:
    """Returns the mean squared step between neighbouring pixels of a frame [3, H, W]."""
    luma = grey(frame[None].float())[0]
    return float(luma.diff(dim=0).square().mean() + luma.diff(dim=1).square().mean())


def fine_energy(frame: Tensor) -> float:
    """Returns the energy of a frame [3, H, W] above half the Nyquist frequency, along rows or along columns.

    A window takes away the step from the frame's one edge to the other, which is no detail of the picture.
    """
    luma = grey(frame[None].float())[0]
    height, width = luma.shape
    window = torch.hann_window(height)[:, None] * torch.hann_window(width)
    spectrum = torch.fft.fft2((luma - luma.mean()) * window).abs().square()
    down, across = torch.fft.fftfreq(height).abs()[:, None], torch.fft.fftfreq(width).abs()
    return float(spectrum[torch.maximum(down, across) > 0.25].sum())


def compare(frame: Tensor, own: Tensor) -> dict[str, float]:
    """Returns a frame's gradient energy and fine energy over those of the picture's own view, and the PSNR to it."""
    return {
        "gradient": gradient_energy(frame) / max(gradient_energy(own), 1e-12),
        "fine": fine_energy(frame) / max(fine_energy(own), 1e-12), "psnr": psnr(frame, own),
    }


def measure(model: FilmModel, size: FilmSize, sections: int, scenes: tuple[int, ...] = SCENES) -> dict[str, Any]:
    """Films a hold and a way of the camera from pictures with all detail that their size can have.

    Returns for each picture and film the figures of each section's last frame, see `compare`.
    """
    films: dict[str, Any] = {}
    for number, (name, scene) in enumerate(sharp_scenes(size, scenes).items()):
        for film, prompts in (("hold", [HOLD] * sections), ("way", [STORY[n % len(STORY)] for n in range(sections)])):
            rows = []
            for stretch in film_sections(model, first_frame(scene), prompts, number, scene, lambda frames: frames[-1:]):
                pose = split_latents(stretch.snapshot.recent[:, :, -1:])[1].pose[0, 0]
                rows.append(compare(stretch.frames[-1], own_view(scene, pose, size.factor)))
            films.setdefault(film, {})[name] = rows
    return {"sections": sections, **films}
