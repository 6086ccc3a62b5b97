"""Registration: how the camera moved and the light changed in frames that nobody made for us. It knows no files and no captions.

A similarity says where the points of a frame lie in another: p -> d + z p with complex numbers, p and d in pixels from the
frame's middle, z = exp(-log magnification + i roll). It is found by Gauss-Newton on blurred pyramids with a gain, an offset and
robust weights (Baker and Matthews 2004; Bartoli 2008), from phase correlation or from standing still, whichever fits better.
Neighbouring frames come first; then each frame is plan over its section's base, or over a later frame where too little of
that is still in view, so that errors do not add up from frame to frame.

Letters: T = 1 + F n frames, B pairs of frames, N pixels, h = H / cell, w = W / cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

COARSE, MIDDLE, FINE = 8, 4, 2
"""Pixels of the frame to a pixel of a pyramid's level. Finer than FINE costs four times as much and was not more exact."""
OVERLAP = 0.6
"""A frame that shares less than this with its key frame gets a newer one."""
ALIKE = 0.75
"""Least correlation of a frame with its key frame plan over it, where robust weights count."""
AGREE = 0.45
"""Least share of those weights: below it most of the picture went another way."""
DOUBT = (0.3, 0.004)
"""Largest standard error: of the place in pixels, of the log magnification and roll."""


@dataclass(frozen=True)
class Registration:
    """Each frame against the base of its section: the last frame before it. Frame 0 against itself."""

    pose: Tensor                # [T, 3] float32: x, y of the view's middle in pixels of frame 0, log magnification; cumulative
    flow: Tensor                # [T, 2, h, w] float32: (dx, dy) that lead a cell's centre to the same thing in the base frame
    known: Tensor               # [T, h, w] bool: that place is in the base frame and looks the same there
    gain: Tensor                # [T, 3] float32: log gain of each channel against the base frame
    trusted: tuple[bool, ...]   # per section. False: it could not be registered, and is said to stand still with nothing known


@dataclass(frozen=True)
class _Fit:
    """Similarities of B pairs and what speaks for them."""

    shift: Tensor               # [B] complex128
    turn: Tensor                # [B] complex128
    sound: Tensor               # [B] bool


@torch.no_grad()
def register(frames: Tensor, section: int = 36, cell: int = 16) -> Registration:
    """Register frames [T, 3, H, W] uint8 of T = 1 + section * n, at least 32 pixels high and wide.

    Raises:
        ValueError: the shape is another.
    """
    total, height, width = len(frames), *frames.shape[-2:]
    if frames.dim() != 4 or total < 2 or (total - 1) % section or min(height, width) < 32:
        raise ValueError(f"register takes [1 + {section} n, 3, H, W] of at least 32 x 32 pixels, not {tuple(frames.shape)}.")
    colour = F.avg_pool2d(frames.float() / 255, FINE)
    before = torch.arange(total - 1, device=frames.device)
    levels = _levels(colour)
    shift = _first_guess(levels[MIDDLE][:-1], levels[MIDDLE][1:]) * MIDDLE
    steps = _align(levels, before, before + 1, shift, torch.ones_like(shift), ((COARSE, 6), (MIDDLE, 4), (FINE, 3)))
    bases = [max(0, (t - 1) // section * section) for t in range(total)]
    keys, shift, turn = _keys(steps, bases, (width, height))
    # Coloured light changes grey differently in every colour, which looks like motion: take the tint out, the gain may stay.
    tint = F.pad(_gains(colour, before, steps), (0, 0, 1, 0)).cumsum(0)
    tint = (tint - tint.mean(1, keepdim=True)).clamp(-1, 1)
    levels = _levels(colour * (-tint).exp()[:, :, None, None])
    fit = _align(levels, torch.tensor(keys, device=frames.device), before + 1, shift, turn, ((MIDDLE, 3), (FINE, 4)))
    slips = (fit.shift - shift).abs() > 4 + 0.1 * shift.abs()      # neighbours and key frame contradict each other
    sound = (fit.sound & ~slips).tolist()
    trusted = tuple(all(sound[at : at + section]) for at in range(0, total - 1, section))
    return _against_bases(colour, fit, keys, bases, trusted, section, cell)


def _against_bases(
    colour: Tensor, fit: _Fit, keys: list[int], bases: list[int], trusted: tuple[bool, ...], section: int, cell: int
) -> Registration:
    """Chain the pairs back to the sections' bases."""
    total, (height, width) = len(colour), (FINE * side for side in colour.shape[-2:])
    shift = torch.zeros(total, dtype=torch.complex128, device=colour.device)
    turn, gain = torch.ones_like(shift), torch.zeros(total, 3, device=colour.device)
    pairs = _gains(colour, torch.tensor(keys, device=colour.device), fit)
    pose = torch.zeros(total, 3, dtype=torch.float64, device=colour.device)
    pose[0] = torch.tensor([width / 2, height / 2, 0.0])
    for t in range(1, total):
        base, key = bases[t], keys[t - 1]
        if not trusted[base // section]:
            pose[t] = pose[base]
            continue
        at_base = key == base
        d, z = (0.0, 1.0) if at_base else (shift[key], turn[key])
        shift[t], turn[t] = d + z * fit.shift[t - 1], z * fit.turn[t - 1]
        gain[t] = pairs[t - 1] if at_base else gain[key] + pairs[t - 1]
        moved = shift[t] / pose[base, 2].exp()
        pose[t] = pose[base] + torch.stack([moved.real, moved.imag, -turn[t].abs().log()])
    spots = _spots(height // cell, width // cell, cell, colour.device)
    places = shift[:, None] + turn[:, None] * spots
    flow = (places - spots).unflatten(1, (height // cell, width // cell))
    looks = _looks(colour, torch.tensor(bases, device=colour.device), _Fit(shift, turn, fit.sound), gain, cell)
    inside = (places.real.abs() < width / 2) & (places.imag.abs() < height / 2)
    looks &= inside.unflatten(1, looks.shape[1:])
    heard = torch.tensor([trusted[base // section] for base in bases], device=colour.device)
    return Registration(
        pose.float(), torch.stack([flow.real, flow.imag], 1).float(), looks & heard[:, None, None], gain, trusted,
    )


def _levels(colour: Tensor) -> dict[int, Tensor]:
    """Grey pyramid [T, 1, h, w] of frames that are at FINE already."""
    grey = colour.mean(1, keepdim=True)
    return {scale: _soften(F.avg_pool2d(grey, scale // FINE)) for scale in (FINE, MIDDLE, COARSE)}


def _soften(pictures: Tensor) -> Tensor:
    """A small binomial blur: slopes of a bilinear picture are only smooth then."""
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=pictures.device) / 16
    return F.conv2d(F.pad(pictures, (2, 2, 2, 2), mode="replicate"), (line[:, None] * line)[None, None])


def _spots(height: int, width: int, step: float, device: torch.device) -> Tensor:
    """Centres of height x width squares as seen from their middle, [N] complex128."""
    y = (torch.arange(height, device=device, dtype=torch.float64) + 0.5 - height / 2) * step
    x = (torch.arange(width, device=device, dtype=torch.float64) + 0.5 - width / 2) * step
    return torch.complex(x.repeat(height), y.repeat_interleave(width))


def _first_guess(base: Tensor, seen: Tensor) -> Tensor:
    """Shift in pixels of `base` [B, 1, h, w], from phase correlation or none at all, [B] complex128."""
    height, width = base.shape[-2:]
    window = torch.hann_window(height, device=base.device)[:, None] * torch.hann_window(width, device=base.device)
    spectra = [torch.fft.rfft2((part - part.mean((-2, -1), keepdim=True)) * window) for part in (base, seen)]
    cross = spectra[0] * spectra[1].conj()
    low = torch.exp(-8 * (torch.fft.fftfreq(height, device=base.device)[:, None].square()
                          + torch.fft.rfftfreq(width, device=base.device).square()))
    peak = torch.fft.irfft2(cross / (cross.abs() + 1e-6) * low, s=(height, width)).flatten(1).argmax(1)
    y, x = peak // width, peak % width
    x, y = torch.where(x > width // 2, x - width, x), torch.where(y > height // 2, y - height, y)
    found = torch.complex(x.double(), y.double())
    none, turn = torch.zeros_like(found), torch.ones_like(found)
    marks = []
    for shift in (found, none):
        plan, inside = _lay(base, shift, turn)
        match = _correlation(plan[:, 0], seen.flatten(1), inside)
        marks.append(torch.where(inside.mean(1) > 0.3, match, -1))
    return torch.where(marks[0] > marks[1], found, none)


def _lay(base: Tensor, shift: Tensor, turn: Tensor) -> tuple[Tensor, Tensor]:
    """`base` [B, K, h, w] plan over the other frame: values [B, K, N] and which of them it has [B, N]; shift in its pixels."""
    height, width = base.shape[-2:]
    spots = _spots(height, width, 1.0, base.device).to(torch.complex64)
    places = shift[:, None].to(torch.complex64) + turn[:, None].to(torch.complex64) * spots
    grid = torch.stack([places.real * 2 / width, places.imag * 2 / height], dim=-1).view(-1, height, width, 2)
    plan = F.grid_sample(base, grid, padding_mode="border", align_corners=False).flatten(2)
    inside = (places.real.abs() <= width / 2 - 1) & (places.imag.abs() <= height / 2 - 1)
    return plan, inside.float()


def _correlation(one: Tensor, other: Tensor, weight: Tensor) -> Tensor:
    """Weighted correlation of [B, N] and [B, N], [B]; 0 where one of them is flat."""
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1e-6)
    one, other = (part - (weight * part).sum(1, keepdim=True) for part in (one, other))
    power = ((weight * one * one).sum(1) * (weight * other * other).sum(1)).sqrt()
    return torch.where(power > 1e-6, (weight * one * other).sum(1) / power.clamp(min=1e-6), 0.0)


def _align(
    levels: dict[int, Tensor], keys: Tensor, frames: Tensor, shift: Tensor, turn: Tensor, plan: tuple[tuple[int, int], ...]
) -> _Fit:
    """Lay frames number `keys` over `frames`, beginning at a guess; `plan`: (level, steps of Gauss-Newton), coarse to fine."""
    sound = torch.ones(len(shift), dtype=torch.bool, device=shift.device)
    for scale, steps in plan:
        level = levels[scale]
        slopes = [F.pad((level[..., 2:] - level[..., :-2]) / 2, (1, 1, 0, 0)),
                  F.pad((level[..., 2:, :] - level[..., :-2, :]) / 2, (0, 0, 1, 1))]
        base, seen = torch.cat([level, *slopes], dim=1)[keys], level[frames].flatten(1)
        shift = shift / scale
        light = _tone(*_lay(base[:, :1], shift, turn), seen)
        for step in range(steps):
            shift, turn, light, sound = _step(base, seen, shift, turn, light, (scale, step + 1 == steps))
        shift = shift * scale
    return _Fit(shift, turn, sound)


def _tone(plan: Tensor, inside: Tensor, seen: Tensor) -> Tensor:
    """Gain and offset that bring `seen` to the brightness of what lies over it, [B, 2]."""
    weight = inside / inside.sum(1, keepdim=True).clamp(min=1)
    means = [(weight * part).sum(1, keepdim=True) for part in (plan[:, 0], seen)]
    spread = [(weight * (part - mean).square()).sum(1).sqrt() for part, mean in zip((plan[:, 0], seen), means, strict=True)]
    gain = (spread[0] / spread[1].clamp(min=1e-3)).clamp(0.1, 10)
    return torch.stack([gain, means[0][:, 0] - gain * means[1][:, 0]], dim=1)


def _step(
    base: Tensor, seen: Tensor, shift: Tensor, turn: Tensor, light: Tensor, at: tuple[int, bool]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One step of Gauss-Newton for shift, turn, gain and offset; on the last one also whether the result is sound."""
    scale, last = at
    plan, inside = _lay(base, shift, turn)
    error = plan[:, 0] - light[:, :1] * seen - light[:, 1:]
    heard = torch.where(inside > 0, error.abs(), torch.nan)[:, ::5]
    width = 3 * (1.4826 * heard.nanmedian(1, keepdim=True).values).nan_to_num(1.0).clamp(min=0.004)
    weight = inside / (1 + (error / width).square()).square()
    spots = _spots(base.shape[-2], base.shape[-1], 1.0, base.device).to(torch.complex64)
    arms = turn[:, None].to(torch.complex64) * spots
    across, down = plan[:, 1], plan[:, 2]
    slopes = torch.stack([across, down, -(across * arms.real + down * arms.imag), down * arms.real - across * arms.imag,
                          -seen, -torch.ones_like(seen)], dim=1)                                        # [B, 6, N]
    weighted = slopes * weight[:, None]
    normal = (weighted @ slopes.transpose(1, 2)).double()
    normal = normal + torch.diag_embed(1e-4 * normal.diagonal(dim1=1, dim2=2) + 1e-6)
    move = torch.linalg.solve(normal, -(weighted @ error[..., None]).double())[..., 0]
    # One step may not leave the neighbourhood where the slopes say anything.
    move = move * (8 / move[:, :2].norm(dim=1).clamp(min=8))[:, None]
    move[:, 2:4] = move[:, 2:4].clamp(-0.2, 0.2)
    sound = _sound(plan[:, 0], seen, inside, weight, error, normal, scale) if last else inside[:, 0] > 0
    shift = shift + torch.complex(move[:, 0], move[:, 1])
    turn = turn * torch.exp(torch.complex(-move[:, 2], move[:, 3]))
    return shift, turn, light + move[:, 4:].float(), sound


def _sound(
    plan: Tensor, seen: Tensor, inside: Tensor, weight: Tensor, error: Tensor, normal: Tensor, scale: int
) -> Tensor:
    """Whether the pictures agree, over enough of them, and have edges enough in both directions to say so, [B] bool."""
    count = weight.sum(1).clamp(min=1)
    share = count / inside.sum(1).clamp(min=1)
    noise = ((weight * error.square()).sum(1) / count).clamp(min=2e-6)           # eight bits are not more exact
    # Blurred pixels are not independent: about one in eight counts.
    spread = (8 * noise.double()[:, None] * torch.linalg.inv(normal).diagonal(dim1=1, dim2=2)[:, :4].clamp(min=0)).sqrt()
    exact = (spread[:, :2].amax(1) * scale < DOUBT[0]) & (spread[:, 2:].amax(1) < DOUBT[1])
    return exact & (_correlation(plan, seen, weight) > ALIKE) & (share > AGREE) & (inside.mean(1) > 0.15)


def _keys(steps: _Fit, bases: list[int], size: tuple[int, int]) -> tuple[list[int], Tensor, Tensor]:
    """For each frame from 1 on: the frame to lay over it, and where the steps between neighbours lead to from there."""
    shifts, turns = steps.shift.tolist(), steps.turn.tolist()
    keys: list[int] = []
    guesses: list[tuple[complex, complex]] = []
    key, d, z = 0, 0j, 1 + 0j
    for t in range(1, len(bases)):
        if bases[t] != bases[t - 1] or t == 1:
            key, d, z = bases[t], 0j, 1 + 0j
        earlier = d, z
        d, z = d + z * shifts[t - 1], z * turns[t - 1]
        shared = math.prod(max(0.0, 1 - abs(part) / side) for part, side in zip((d.real, d.imag), size, strict=True))
        if key != t - 1 and (shared < OVERLAP or abs(math.log(abs(z))) > 0.35) and earlier != (0j, 1 + 0j):
            key, d, z = t - 1, shifts[t - 1], turns[t - 1]
        keys.append(key)
        guesses.append((d, z))
    pairs = torch.tensor(guesses, dtype=torch.complex128, device=steps.shift.device)
    return keys, pairs[:, 0], pairs[:, 1]


def _gains(colour: Tensor, keys: Tensor, fit: _Fit) -> Tensor:
    """Log gain of each channel of frames 1, 2, ... against their key frames, [T - 1, 3]: the median over pixels neither black
    nor burnt out."""
    gains = []
    for at in range(len(keys)):
        plan, inside = _lay(colour[keys[at] : keys[at] + 1], fit.shift[at : at + 1] / FINE, fit.turn[at : at + 1])
        one, other = plan[0], colour[at + 1].flatten(1)
        usable = (inside > 0) & (torch.minimum(one, other) > 0.06) & (torch.maximum(one, other) < 0.97)
        if int(usable.sum(1).min()) < 50:
            usable = (inside > 0).expand_as(one)
        ratio = ((other + 1e-3) / (one + 1e-3)).log()
        gains.append(torch.where(usable, ratio, torch.nan).nanmedian(1).values.nan_to_num(0.0))
    return torch.stack(gains)


def _looks(colour: Tensor, bases: Tensor, fit: _Fit, gain: Tensor, cell: int) -> Tensor:
    """Which cells of each frame look as the base frame does there once the gain is taken out, [T, h, w] bool."""
    cells = []
    for at in range(len(bases)):
        plan, inside = _lay(colour[bases[at] : bases[at] + 1], fit.shift[at : at + 1] / FINE, fit.turn[at : at + 1])
        plan = (plan * gain[at, :, None].exp()).clamp(0, 1).view(1, *colour.shape[1:])
        there = inside.view(1, 1, *colour.shape[2:])
        error = F.avg_pool2d((plan - colour[at]).square() * there, cell // FINE).mean(1)
        error = error / F.avg_pool2d(there, cell // FINE)[:, 0].clamp(min=0.1)
        mean = F.avg_pool2d(plan, cell // FINE)
        contrast = (F.avg_pool2d(plan.square(), cell // FINE) - mean.square()).clamp(min=0).mean(1)
        cells.append(error.sqrt() < 0.03 + 0.4 * contrast.sqrt())
    return torch.cat(cells)
