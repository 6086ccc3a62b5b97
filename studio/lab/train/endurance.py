"""The drift of a model in training: how the errors of films that it makes grow from section to section.

The films are rendered by the studio's own section loop from the first frame and the captions of true films, and compared with them.
Measures, each a mean over a section's frames, latents or cells; the last three only for models with states, the embedded family:
    psnr    of the frames against the true ones, in decibels
    light   |log brightness| of the frames against that of the true ones
    spread  |log| of the standard deviation of the latents (of the scene in them) against the first section's
    way     error of the section's own camera move in cells, with the log of the magnification times EDGE
    place   the same of the camera's pose, in which errors of all sections add up
    gain    error of the light's log gain
Letters: T frames, n sections, H and W height and width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from studio.backbones.animatic.state import FilmState
from studio.backbones.film_model import FilmModel
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.plots import Line, Panel, save_plot
from studio.lab.psnr import psnr
from studio.lab.train.families import training_family
from studio.lab.train.film_store import HeldOutFilm
from studio.lab.train.losses import EDGE
from studio.memory.snapshot import Snapshot

HIGHEST_PSNR = 99.0
"""Of a frame that equals the true one, in decibels."""
LEAST = 1e-3
"""Brightness and deviations below this count as this, so that their logarithms stay finite."""


@torch.no_grad()
def render_film(model: FilmModel, true: HeldOutFilm, seed: int, steps: int = 0) -> tuple[Tensor, list[Tensor]]:
    """Render a film from the first frame and the captions of a true one.

    Args:
        model: renders it.
        true: the true film.
        seed: of the noise.
        steps: of the sampler; 0: the card's.

    Returns:
        Frames [1 + T n, 3, H, W] in [0, 1], and the latents of each section.
    """
    card = model.card
    start = (true.frames[:1].float() / 127.5 - 1).to(model.device)
    sampling = Sampling(steps or card.steps, card.guidance, card.window, card.shift)
    snapshot = Snapshot.initial(model.codec.encode(start))
    stream = model.codec.stream(snapshot.recent, 0)
    shape = (*snapshot.start.shape[:2], card.window, *snapshot.start.shape[3:])
    frames, latents = [(start.cpu() + 1) / 2], []
    for index, caption in enumerate(true.captions):
        noise = flow.noise(shape, flow.section_seed(seed, index))
        conditioning = model.conditioner(caption, start)
        *_, last = denoise_section(
            model.backbone, snapshot, conditioning, noise, sampling, memory=model.memory, rope=model.rope
        )
        if not isinstance(last, SectionResult):
            raise TypeError("the section loop ended without a section")
        snapshot = last.snapshot
        latents.append(last.latents.cpu())
        frames.append((stream.push(last.latents)[0].movedim(0, 1).float().cpu().clamp(-1, 1) + 1) / 2)
    return torch.cat(frames), latents


def section_errors(model: FilmModel, true: HeldOutFilm, frames: Tensor, latents: Sequence[Tensor]) -> dict[str, list[float]]:
    """Each measure of each section of a film that `render_film` gave."""
    count, sections = model.card.section_frames, len(latents)
    errors: dict[str, list[float]] = {"psnr": [], "light": []}
    for n in range(sections):
        at = slice(1 + count * n, 1 + count * (n + 1))
        rendered, wanted = frames[at], true.frames[at].float() / 255
        errors["psnr"].append(fmean(psnr(one, other, HIGHEST_PSNR) for one, other in zip(rendered, wanted, strict=True)))
        bright = [part.mean(dim=(1, 2, 3)).clamp(min=LEAST).log() for part in (rendered, wanted)]
        errors["light"].append(float((bright[0] - bright[1]).abs().mean()))
    states = training_family(model.card).states(latents)
    spread = [float(each.std()) for each in ([scene for scene, _ in states] or latents)]
    errors["spread"] = [abs(math.log(max(each, LEAST) / max(spread[0], LEAST))) for each in spread]
    if states and true.pose is not None and true.light is not None:
        errors |= _state_errors(true.pose, true.light, [state for _, state in states], count)
    return errors


def _state_errors(pose: Tensor, light: Tensor, states: Sequence[FilmState], count: int) -> dict[str, list[float]]:
    """The measures of camera and light, from the true pose and light and each section's states; `count` frames a section."""
    unit = torch.tensor([1.0, 1.0, EDGE])
    before, true_before = pose[0], pose[0]
    errors: dict[str, list[float]] = {"way": [], "place": [], "gain": []}
    for n, state in enumerate(states):
        after, true_after = state.pose[0, -1], pose[count * (n + 1)]
        errors["way"].append(float((((after - before) - (true_after - true_before)) * unit).norm()))
        errors["place"].append(float(((after - true_after) * unit).norm()))
        stride = count // state.light.shape[1]
        ends = light[count * n + stride : count * (n + 1) + 1 : stride]
        errors["gain"].append(float((state.light[0] - ends).abs().mean()))
        before, true_before = after, true_after
    return errors


def measure(model: FilmModel, true_films: Sequence[HeldOutFilm], seed: int, steps: int = 0) -> dict[str, Any]:
    """The drift of a model over held-out films. With the same seed every arm gets the same noise.

    Args:
        model: renders the films.
        true_films: what they are compared with.
        seed: of the noise.
        steps: of the sampler; 0: the card's.

    Returns:
        By measure: "films", the values of each film's sections; "curve", their mean over the films; "drift", the means over the
        first and over the last sections, and the change between them.
    """
    films: dict[str, list[list[float]]] = {}
    for number, true in enumerate(true_films):
        frames, latents = render_film(model, true, 1000 * seed + number, steps)
        for name, values in section_errors(model, true, frames, latents).items():
            films.setdefault(name, []).append(values)
    longest = max((len(values) for each in films.values() for values in each), default=0)
    curve = {name: [fmean(values[n] for values in each if n < len(values)) for n in range(longest)] for name, each in films.items()}
    drift = {}
    for name, each in films.items():
        first, last = fmean(values[0] for values in each), fmean(values[-1] for values in each)
        drift[name] = {"first": first, "last": last, "change": last - first}
    return {"drift": drift, "curve": curve, "films": films}


def summary(row: dict[str, Any]) -> str:
    """One line for the log: each measure in the first and in the last section."""
    return "  ".join(f"{name} {d['first']:.3g} -> {d['last']:.3g}" for name, d in row["drift"].items())


def plot_drift(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Plot each measure over the sections as a PNG file: thin lines for an arm's seeds, a thick one for their mean."""
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    names = list(dict.fromkeys(name for row in rows for name in row["curve"]))
    panels = []
    for name in names:
        lines = []
        for color, arm in enumerate(arms):
            curves = [row["curve"][name] for row in rows if row["arm"] == arm and name in row["curve"]]
            lines += [Line("", range(1, len(curve) + 1), curve, color=color, width=0.8) for curve in curves]
            if curves and len({len(curve) for curve in curves}) == 1:
                mean = [fmean(values) for values in zip(*curves, strict=True)]
                count = sum(row["arm"] == arm for row in rows)
                lines.append(Line(f"{arm} ({count})", range(1, len(mean) + 1), mean, color=color))
        panels.append(Panel(name, lines, xlabel="section"))
    save_plot(path, panels, panel_size=(420, 264))
