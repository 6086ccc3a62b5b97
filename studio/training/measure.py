"""Measuring a model folder: how well its autoencoder keeps photographs, and whether its films do what their prompts say.

It uses scikit-image's photographs, which no training sees. Run it with `python -m studio.training measure`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from studio.diffusion.codec import PatchCodec
from studio.diffusion.conditioning import SmallConditioner
from studio.engine.cards import read_card
from studio.engine.load import FilmModel, load
from studio.training.export import FOLDER
from studio.training.look import PROMPTS, generate, nearest, sheet, strip, truths
from studio.training.photographs import NAMES, photograph, psnr

MOVED = ("astronaut", "chelsea", "coffee", "rocket")
LIGHTS = {"dark": "night falls", "bright": "it gets brighter", "warm": "the light turns warm", "cold": "the light turns cold"}


def report(recipe: Path, folder: Path = FOLDER, out: Path = Path("runs/measure")) -> None:
    """All measurements of the model in `folder`, to standard output; the strips they were taken from, to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model = load(read_card(folder))
    _say(reconstruction(model))
    _say(moves(model, out))
    _say(lights(model))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


@torch.no_grad()
def reconstruction(model: FilmModel, width: int = 320, height: int = 192) -> Iterable[str]:
    """PSNR and SSIM of photographs after encoding and decoding."""
    from skimage.metrics import structural_similarity  # only measuring needs it

    codec = cast(PatchCodec, model.codec)
    decibels, alike = [], []
    for name in NAMES:
        true = photograph(name, width, height)
        made = codec.autoencoder.decode(codec.autoencoder.encode(true[None, :, None]))[0, :, 0].clamp(-1, 1)
        decibels.append(psnr(made, true))
        alike.append(float(structural_similarity(true.numpy(), made.numpy(), channel_axis=0, data_range=2.0)))
        yield f"autoencoder {name}: PSNR {decibels[-1]:.2f} dB, SSIM {alike[-1]:.3f}"
    mean, mean_alike = sum(decibels) / len(decibels), sum(alike) / len(alike)
    yield f"autoencoder mean: PSNR {mean:.2f} dB (worst {min(decibels):.2f}), SSIM {mean_alike:.3f}"


def film_of(model: FilmModel, picture: Tensor, prompts: list[str], seed: int = 0) -> Tensor:
    """A film as the engine makes it, [3, T, H, W]."""
    codec, conditioner = cast(PatchCodec, model.codec), cast(SmallConditioner, model.conditioner)
    return generate(
        model.backbone, conditioner, codec.autoencoder, picture, prompts, model.card.steps, model.card.shift, seed
    )


def moves(model: FilmModel, out: Path, width: int = 320, height: int = 192) -> Iterable[str]:
    """Of seven camera prompts on photographs: whose true film is nearest, PSNR to it, and the speed of the picture."""
    right, decibels, count, begun = 0, [], 0, time.monotonic()
    for name in MOVED:
        true = truths(name, width, height)
        rows = []
        for move, prompt in PROMPTS.items():
            made = film_of(model, true[move][:, 0], [prompt])
            found = nearest(made, true)
            right, count = right + (found == move), count + 1
            decibels.append(psnr(made[:, 1:], true[move][:, 1:]))
            x, y = speed(made)
            rows.append(strip(made))
            yield f"move {name} '{prompt}': nearest '{found}', {decibels[-1]:.2f} dB, picture moves {x:+.1f}, {y:+.1f} px/frame"
        sheet(rows, out / f"{name}.png")
    spent = (time.monotonic() - begun) / count
    yield f"moves: {right} of {count} right, mean PSNR {sum(decibels) / len(decibels):.2f} dB, {spent:.1f} s a section"


def speed(made: Tensor, apart: int = 4, reach: int = 40) -> tuple[float, float]:
    """Median shift of the picture in pixels per frame (x to the right, y down), by phase correlation of frames `apart`."""
    grey = made.mean(0)
    grey = (grey - grey.mean(dim=(1, 2), keepdim=True)) * torch.outer(*(torch.hann_window(n) for n in grey.shape[1:]))
    shifts = []
    for at in range(0, grey.shape[0] - apart, apart):
        cross = torch.fft.rfft2(grey[at + apart]) * torch.fft.rfft2(grey[at]).conj()
        peak = torch.fft.irfft2(cross / (cross.abs() + 1e-3), s=grey.shape[1:])
        peak = peak.roll((reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
        y, x = divmod(int(peak.argmax()), peak.shape[1])
        shifts.append((x - reach, y - reach))
    both = torch.tensor(shifts, dtype=torch.float32).median(0).values / apart
    return float(both[0]), float(both[1])


def lights(model: FilmModel, width: int = 320, height: int = 192) -> Iterable[str]:
    """What light and weather prompts do to brightness, colour and contrast by the end of a section."""
    picture = photograph("coffee", width, height)
    for prompt in (*LIGHTS.values(), "fog rolls in", "snow begins to fall", "rain begins to fall"):
        made = (film_of(model, picture, [prompt]) + 1) / 2
        first, last = made[:, 0], made[:, -4:].mean(1)
        bright = float(last.mean() / first.mean())
        tint = float((last[0].mean() / last[2].mean()) / (first[0].mean() / first[2].mean()))
        contrast = float(last.std() / first.std())
        flicker = float(made[:, -12:].diff(dim=1).abs().mean() / made[:, :1].std())
        facts = f"brightness x {bright:.2f}, red to blue x {tint:.2f}, contrast x {contrast:.2f}, stir {flicker:.3f}"
        yield f"light '{prompt}': {facts}"
