"""What is shown of a take while it is made, and of its memory after it: latents and frames as pixels, small animations, a map."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.media import MediaError
from studio.media.picture import preview_webp, save_map
from studio.memory.snapshot import Snapshot

PREVIEW_WIDTH = 240
"""Pixels."""


def preview(model: FilmModel, clean: Tensor) -> bytes:
    """A small animated WebP of a section as it is predicted so far, latents [1, C, W, h, w]."""
    with torch.no_grad():
        small = model.codec.preview(clean)
    return animation(model.card, pixels(small.movedim(0, 1).unsqueeze(0)))


def animation(card: ModelCard, frames: NDArray[np.uint8]) -> bytes:
    """A small animated WebP of frames [T, H, W, 3] that are one latent apart."""
    return preview_webp(frames, fps=card.fps * card.window / card.section_frames, width=PREVIEW_WIDTH)


def draw_memory(model: FilmModel, snapshot: Snapshot, folder: Path) -> None:
    """Write a picture of what the memory holds, if it can be shown. A take does not fail where it cannot be written."""
    memory = model.memory
    if snapshot.psi is None or memory is None:
        return
    view = memory.view(snapshot.psi.to(model.device), snapshot.recent.to(model.device))
    if view is not None:
        with contextlib.suppress(OSError, MediaError):
            frame = pixels(view.frame[None, :, None])[0]
            save_map(frame, view.known.cpu().numpy(), view.window, folder / take_folder.MEMORY)
            if view.part:
                take_folder.write_map(folder, asdict(view.part))


def pixels(frames: Tensor) -> NDArray[np.uint8]:
    """[1, 3, T, H, W] in [-1, 1] to uint8 [T, H, W, 3]."""
    whole = frames[0].permute(1, 2, 3, 0)
    out = torch.empty(whole.shape, dtype=torch.uint8)
    for at, frame in enumerate(frames[0].unbind(1)):       # one at a time: it fits the processor's cache
        out[at] = frame.float().clamp(-1, 1).add_(1).mul_(127.5).round_().to(torch.uint8).permute(1, 2, 0)
    return out.numpy()
