"""How long films of a model in training hold out: the errors of each section of films it makes all by itself, against the truth.

Films are made by the studio's own section loop, prompt by prompt as the true film's captions say. It knows no training.
Measures, each a mean over a section's frames, latents or cells; the last two are of the embedded kind only:
    psnr    of the frames against the true ones, in decibels
    light   |log brightness| of the frames against the true ones'
    spread  |log| of the deviation of the latents (of the scene in them) against the first section's
    way     cells (and EDGE times the log of the magnification) by which a section's own camera move is wrong
    place   the same of where the camera is, which adds up
    gain    |log gain| of the state's light against the true light
Letters: T frames, n sections, H and W height and width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.state import FilmState, split_latents
from studio.backbones.film_model import FilmModel
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.psnr import psnr
from studio.lab.train.losses import EDGE
from studio.lab.train.serial import HeldOut
from studio.memory.snapshot import Snapshot

HIGHEST_PSNR = 99.0
LEAST = 1e-3
"""Brightness below which none is told apart, of 1."""
COLOURS = ((60, 60, 66), (38, 84, 160), (196, 88, 28), (46, 125, 80), (140, 60, 140), (120, 110, 20))


@torch.no_grad()
def shot(model: FilmModel, held: HeldOut, seed: int, steps: int = 0) -> tuple[Tensor, list[Tensor]]:
    """The film [1 + T n, 3, H, W] in [0, 1] from the first true frame and the captions, and each section's latents."""
    card = model.card
    start = (held.frames[:1].float() / 127.5 - 1).to(model.device)
    sampling = Sampling(steps or card.steps, card.guidance, card.window, card.shift)
    snapshot = Snapshot.initial(model.codec.encode(start))
    stream = model.codec.stream(snapshot.recent, 0)
    shape = (*snapshot.start.shape[:2], card.window, *snapshot.start.shape[3:])
    frames, latents = [(start.cpu() + 1) / 2], []
    for index, caption in enumerate(held.captions):
        noise = flow.noise(shape, flow.section_seed(seed, index))
        said = model.conditioner(caption, start)
        *_, last = denoise_section(
            model.backbone, snapshot, said, noise, sampling, memory=model.memory, rope=model.rope
        )
        if not isinstance(last, SectionResult):
            raise TypeError("the section loop ended without a section")
        snapshot = last.snapshot
        latents.append(last.latents.cpu())
        frames.append((stream.push(last.latents)[0].movedim(0, 1).float().cpu().clamp(-1, 1) + 1) / 2)
    return torch.cat(frames), latents


def errors(model: FilmModel, held: HeldOut, frames: Tensor, latents: Sequence[Tensor]) -> dict[str, list[float]]:
    """Each measure of each section of a film."""
    count, sections = model.card.section_frames, len(latents)
    found: dict[str, list[float]] = {"psnr": [], "light": []}
    for n in range(sections):
        at = slice(1 + count * n, 1 + count * (n + 1))
        made, true = frames[at], held.frames[at].float() / 255
        found["psnr"].append(fmean(psnr(m, t, HIGHEST_PSNR) for m, t in zip(made, true, strict=True)))
        bright = [part.mean(dim=(1, 2, 3)).clamp(min=LEAST).log() for part in (made, true)]
        found["light"].append(float((bright[0] - bright[1]).abs().mean()))
    known = [split_latents(each) for each in latents] if isinstance(model.backbone, AnimaticBackbone) else []
    spread = [float(each.std()) for each in ([scene for scene, _ in known] or latents)]
    found["spread"] = [abs(math.log(max(each, LEAST) / max(spread[0], LEAST))) for each in spread]
    if known and held.pose is not None and held.light is not None:
        found |= _states(held.pose, held.light, [state for _, state in known], count)
    return found


def _states(pose: Tensor, light: Tensor, states: Sequence[FilmState], count: int) -> dict[str, list[float]]:
    unit = torch.tensor([1.0, 1.0, EDGE])
    before_made, before_true = pose[0], pose[0]
    found: dict[str, list[float]] = {"way": [], "place": [], "gain": []}
    for n, state in enumerate(states):
        made, true = state.pose[0, -1], pose[count * (n + 1)]
        found["way"].append(float((((made - before_made) - (true - before_true)) * unit).norm()))
        found["place"].append(float(((made - true) * unit).norm()))
        stride = count // state.light.shape[1]
        ends = light[count * n + stride : count * (n + 1) + 1 : stride]
        found["gain"].append(float((state.light[0] - ends).abs().mean()))
        before_made, before_true = made, true
    return found


def measure(model: FilmModel, held: Sequence[HeldOut], seed: int, steps: int = 0) -> dict[str, Any]:
    """Of held-out films: each measure's course over the sections ("curve", a mean; "films", each), and "drift": its mean over the
    first sections, over the last, and the difference. Films of a batch have the same noise in every arm."""
    films: dict[str, list[list[float]]] = {}
    for number, each in enumerate(held):
        frames, latents = shot(model, each, 1000 * seed + number, steps)
        for name, course in errors(model, each, frames, latents).items():
            films.setdefault(name, []).append(course)
    longest = max((len(course) for courses in films.values() for course in courses), default=0)
    curve = {
        name: [fmean(course[n] for course in courses if n < len(course)) for n in range(longest)] for name, courses in films.items()
    }
    drift = {}
    for name, courses in films.items():
        first, last = fmean(course[0] for course in courses), fmean(course[-1] for course in courses)
        drift[name] = {"first": first, "last": last, "change": last - first}
    return {"drift": drift, "curve": curve, "films": films}


def told(row: dict[str, Any]) -> str:
    """A row of results in words."""
    return "  ".join(f"{name} {d['first']:.3g} -> {d['last']:.3g}" for name, d in row["drift"].items())


def draw(results: Sequence[dict[str, Any]], path: Path) -> None:
    """The measures' courses over the sections, a panel each: a thick line is the mean of an arm's seeds, thin ones are seeds."""
    arms = list(dict.fromkeys(row["arm"] for row in results))
    names = list(dict.fromkeys(name for row in results for name in row["curve"]))
    wide, tall = 420, 240
    page = Image.new("RGB", (2 * wide, tall * -(-len(names) // 2) + 24 * len(arms)), "white")
    pen = ImageDraw.Draw(page)
    for k, name in enumerate(names):
        left, top = wide * (k % 2), tall * (k // 2)
        courses = {arm: [row["curve"][name] for row in results if row["arm"] == arm and name in row["curve"]] for arm in arms}
        _panel(pen, (left, top, wide, tall), name, courses)
    for k, arm in enumerate(arms):
        y = page.height - 24 * (len(arms) - k)
        pen.line([(16, y + 10), (48, y + 10)], COLOURS[k % len(COLOURS)], 3)
        pen.text((56, y + 4), f"{arm} ({sum(row['arm'] == arm for row in results)})", "black")
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path)


def _panel(pen: ImageDraw.ImageDraw, place: tuple[int, int, int, int], name: str, courses: dict[str, list[list[float]]]) -> None:
    left, top, wide, tall = place
    values = [value for many in courses.values() for course in many for value in course]
    low, high = min(values), max(values)
    room = (high - low) or 1.0
    longest = max(len(course) for many in courses.values() for course in many)

    def at(n: int, value: float) -> tuple[float, float]:
        return left + 56 + (wide - 80) * n / max(1, longest - 1), top + tall - 28 - (tall - 60) * (value - low) / room

    pen.text((left + 56, top + 8), name, "black")
    for value in (low, high):
        pen.text((left + 8, at(0, value)[1] - 6), f"{value:.3g}", "black")
    pen.text((left + 56, top + tall - 18), f"section 1 to {longest}", "black")
    for k, many in enumerate(courses.values()):
        colour = COLOURS[k % len(COLOURS)]
        for course in many:
            pen.line([at(n, value) for n, value in enumerate(course)], colour, 1)
        if many and len({len(course) for course in many}) == 1:
            mean = [fmean(values) for values in zip(*many, strict=True)]
            pen.line([at(n, value) for n, value in enumerate(mean)], colour, 3)
