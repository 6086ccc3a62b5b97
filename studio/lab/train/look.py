"""Looking at a film model in training: sections under several prompts, as a sheet. It measures nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from studio.backbones.animatic.codec import AnimaticCodec
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.diffusion.flow import noise
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.world import film
from studio.memory.snapshot import Snapshot

if TYPE_CHECKING:
    from studio.lab.train.film import Objective

PROMPTS = (
    ("the camera pans left", "the camera pans right"), ("the camera tilts up", "night falls"),
    ("the camera zooms in", "fog rolls in"),
    ("the camera zooms out", "the sun rises"), ("a warm lamp is lit", "the lamp flickers"), ("wind", "it snows"),
    ("the figure walks to the left", "the figure hops"),
)
FRAMES = (0, 4, 12, 24, 36, 48, 72)
SCENES = (900_000_001, 900_000_007)


@torch.no_grad()
def generate(
    objective: Objective, codec: AnimaticCodec, picture: Tensor, prompts: tuple[str, ...], steps: int = 4, seed: int = 0,
) -> Tensor:
    """The film [3, 1 + 36 n, H, W] in [-1, 1] of one section per prompt, from a picture [3, H, W], as the engine makes it."""
    backbone, conditioner = objective.backbone, objective.conditioner()
    device = backbone.autoencoder.components.device
    start = codec.encode(picture[None].to(device))
    snapshot = Snapshot.initial(start)
    latents = [start]
    for index, prompt in enumerate(prompts):
        shape = (1, start.shape[1], 9, *start.shape[3:])
        sampling = Sampling(steps=steps, guidance=1.0, window=9, shift=objective.recipe.shift)
        conditioning = conditioner(prompt, picture[None].to(device))
        for event in denoise_section(backbone, snapshot, conditioning, noise(shape, seed + index), sampling):
            if isinstance(event, SectionResult):
                snapshot = event.snapshot
                latents.append(event.latents)
    return codec.decode(torch.cat(latents, dim=2))[0].clamp(-1, 1).cpu()


def sheet(rows: list[Tensor], path: Path) -> None:
    """Strips [3, H, n W] below each other, as a PNG."""
    wide = max(row.shape[2] for row in rows)
    rows = [torch.nn.functional.pad(row, (0, wide - row.shape[2])) for row in rows]
    pixels = ((torch.cat(rows, dim=1).clamp(-1, 1) + 1) * 127.5).byte().movedim(0, -1).numpy()
    Image.fromarray(pixels).save(path)


def strips(objective: Objective, folder: Path) -> None:
    """A sheet of the present state beside the run's curve: two sections a row, from scenes it has not seen."""
    objective.eval()
    device = objective.backbone.autoencoder.components.device
    weather = objective.recipe.weather
    codec = AnimaticCodec(objective.backbone.autoencoder, WeatherSynthesis.from_pretrained(weather).to(device).eval())
    rows = []
    for scene in SCENES:
        picture = film(scene, 192, 128, 1).scene[0].float() / 127.5 - 1
        for prompts in PROMPTS:
            made = generate(objective, codec, picture, prompts)
            rows.append(torch.cat([made[:, at] for at in FRAMES], dim=2))
    sheet(rows, folder / "look.png")
    objective.train()
