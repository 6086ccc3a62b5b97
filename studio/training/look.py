"""Looking at a film model: sections from a photograph and a scene under several prompts, as strips of frames and as numbers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.diffusion.backbone import Backbone
from studio.diffusion.conditioning import SmallConditioner
from studio.diffusion.flow import noise
from studio.diffusion.section import Finished, Sampling, section
from studio.memory.snapshot import Snapshot
from studio.training.captions import Section
from studio.training.photographs import photograph, psnr
from studio.training.textures import Layer
from studio.training.world import film, shoot

if TYPE_CHECKING:
    from studio.training.film import Objective

log = logging.getLogger(__name__)

PROMPTS = {
    "hold": "the camera holds still", "left": "the camera pans left", "right": "the camera pans right", "up": "the camera tilts up",
    "down": "the camera tilts down", "in": "the camera zooms in", "out": "the camera zooms out",
}


@torch.no_grad()
def generate(
    backbone: Backbone, conditioner: SmallConditioner, autoencoder: PatchVideoAutoencoder, picture: Tensor, prompts: list[str],
    steps: int = 8, shift: float = 3.0, seed: int = 0,
) -> Tensor:
    """The film [3, 1 + 36 n, H, W] in [-1, 1] of one section per prompt, from a picture [3, H, W], as the engine makes it."""
    start = autoencoder.encode(picture[None, :, None])
    snapshot = Snapshot.begin(start)
    latents = [start]
    for index, prompt in enumerate(prompts):
        shape = (1, start.shape[1], 9, *start.shape[3:])
        sampling = Sampling(steps=steps, guidance=1.0, window=9, shift=shift)
        for event in section(backbone, snapshot, conditioner(prompt, picture[None]), noise(shape, seed + index), sampling):
            if isinstance(event, Finished):
                snapshot = event.snapshot
                latents.append(event.latents)
    return autoencoder.decode(torch.cat(latents, dim=2))[0].clamp(-1, 1)


def truths(name: str, width: int, height: int) -> dict[str, Tensor]:
    """What each of the seven moves shows of a photograph large enough for all of them, [3, 37, H, W] in [-1, 1]."""
    canvas = (photograph(name, width + 320, height + 320) + 1) / 2
    rng = np.random.default_rng(0)
    return {
        move: shoot(rng, [Section(move)], width, height, [Layer(canvas, None, 1.0)]).frames.movedim(1, 0).float() / 127.5 - 1
        for move in PROMPTS
    }


def nearest(made: Tensor, true: dict[str, Tensor]) -> str:
    """The move whose true frames are nearest to the made ones."""
    return min(true, key=lambda move: float((made[:, 4::4] - true[move][:, 4::4]).square().mean()))


def strip(made: Tensor, frames: tuple[int, ...] = (0, 4, 8, 12, 20, 28, 36)) -> Tensor:
    """Frames side by side, [3, H, n W]."""
    return torch.cat([made[:, at] for at in frames if at < made.shape[1]], dim=2)


def sheet(rows: list[Tensor], path: Path) -> None:
    """Strips below each other, as a PNG."""
    wide = max(row.shape[2] for row in rows)
    rows = [torch.nn.functional.pad(row, (0, wide - row.shape[2])) for row in rows]
    pixels = ((torch.cat(rows, dim=1).clamp(-1, 1) + 1) * 127.5).byte().movedim(0, -1).numpy()
    Image.fromarray(pixels).save(path)


def strips(objective: Objective, folder: Path) -> None:
    """A sheet of the present state beside the run's curve, and how many moves come out right."""
    autoencoder = PatchVideoAutoencoder.from_pretrained(objective.recipe.autoencoder).eval()
    objective.eval()
    conditioner = objective.conditioner()
    rows, right, decibels = [], 0, []
    true = truths("astronaut", 192, 128)
    for move, prompt in PROMPTS.items():
        made = generate(objective.backbone, conditioner, autoencoder, true[move][:, 0], [prompt])
        right += nearest(made, true) == move
        decibels.append(psnr(made[:, 1:], true[move][:, 1:]))
        rows += [strip(made)] if move in ("hold", "right", "up", "in", "out") else []
    scene = film(12345, 192, 128, 1).frames[0].float() / 127.5 - 1
    two = ["the camera pans right", "night falls, it starts to snow"]
    made = generate(objective.backbone, conditioner, autoencoder, scene, two)
    rows += [strip(made), strip(made[:, 36:])]
    log.info("moves right %d of 7, psnr %.2f", right, sum(decibels) / len(decibels))
    sheet(rows, folder / "look.png")
    objective.train()
