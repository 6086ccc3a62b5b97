"""Preview sheets of a film model in training: strips of frames of films that it makes under several prompts."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from studio.backbones.animatic.codec import AnimaticCodec
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.diffusion.flow import noise
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.train.film_objective import FilmObjective
from studio.lab.world import film
from studio.memory.snapshot import Snapshot

PROMPTS = (
    ("the camera pans left", "the camera pans right"), ("the camera tilts up", "night falls"),
    ("the camera zooms in", "fog rolls in"),
    ("the camera zooms out", "the sun rises"), ("a warm lamp is lit", "the lamp flickers"), ("wind", "it snows"),
    ("the figure walks to the left", "the figure hops"),
)
"""Prompts of films with two sections each."""
FRAMES = (0, 4, 12, 24, 36, 48, 72)
"""Frames that a strip shows."""
SCENES = (900_000_001, 900_000_007)
"""Films of the world whose first frames are the pictures; none is trained on."""


@torch.no_grad()
def generate(
    objective: FilmObjective, codec: AnimaticCodec, picture: Tensor, prompts: tuple[str, ...], steps: int = 4, seed: int = 0,
) -> Tensor:
    """Make a film of n sections as the engine does, one for each prompt.

    Args:
        objective: the model.
        codec: decodes its latents.
        picture: [3, H, W] in [-1, 1] that the film begins with.
        prompts: of the sections.
        steps: of the sampler.
        seed: of the first section's noise; the others follow.

    Returns:
        Frames [3, 1 + 36 n, H, W] in [-1, 1].
    """
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


def save_sheet(rows: list[Tensor], path: Path) -> None:
    """Write pictures [3, H, W] in [-1, 1], of one height or several, below each other as a PNG file."""
    width = max(row.shape[2] for row in rows)
    rows = [torch.nn.functional.pad(row, (0, width - row.shape[2])) for row in rows]
    pixels = ((torch.cat(rows, dim=1).clamp(-1, 1) + 1) * 127.5).byte().movedim(0, -1).numpy()
    Image.fromarray(pixels).save(path)


def save_preview(objective: FilmObjective, folder: Path) -> None:
    """Write a sheet of films of the model's present state, two sections a row, as `look.png` in a folder."""
    objective.eval()
    device = objective.backbone.autoencoder.components.device
    weather = objective.recipe.weather
    codec = AnimaticCodec(objective.backbone.autoencoder, WeatherSynthesis.from_pretrained(weather).to(device).eval())
    rows = []
    for scene in SCENES:
        picture = film(scene, 192, 128, 1).scene[0].float() / 127.5 - 1
        for prompts in PROMPTS:
            frames = generate(objective, codec, picture, prompts)
            rows.append(torch.cat([frames[:, at] for at in FRAMES], dim=2))
    save_sheet(rows, folder / "look.png")
    objective.train()
