"""Registration of footage: how the camera moved and the light changed in films that were not made by our own world.

A similarity says where the points of one frame lie in another: p -> d + z p with complex numbers, p and d in pixels from the
frame's middle, z = exp(-log magnification + i roll). It is found by Gauss-Newton on blurred pyramids with a gain, an offset and
robust weights (Baker and Matthews 2004; Bartoli 2008), from the peak of the phase correlation or from no motion, whichever fits
better; its steps are in `lab/registration.py`. Neighbouring frames are registered first. Then each frame is registered to the base
of its section, or to a later key frame where too little of the base is still in view, so that errors do not add up over frames.

Letters: T = 1 + F n frames, B pairs of frames, N pixels, h = H / cell, w = W / cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.registration import cross_spectrum, gradients, masked_median, normal_equations, peak_shift, robust_weight

COARSE, MIDDLE, FINE = 8, 4, 2
"""Pixels of the frame to one pixel of a pyramid level. Levels finer than FINE cost four times as much and were not more exact."""
OVERLAP = 0.6
"""A frame that shares less than this with its key frame gets a newer key frame."""
MIN_CORRELATION = 0.75
"""Least correlation, by robust weights, of a frame with its key frame warped over it."""
MIN_WEIGHT = 0.45
"""Least mean of the robust weights: below it most of the picture moved in another way."""
MAX_ERRORS = (0.3, 0.004)
"""Largest standard errors: of the position in pixels, and of log magnification and roll."""


@dataclass(frozen=True)
class Registration:
    """Each frame against the base of its section, which is the last frame before the section. Frame 0 against itself."""

    pose: Tensor                # [T, 3] float32: x, y of the view's middle in pixels of frame 0, log magnification; cumulative
    flow: Tensor                # [T, 2, h, w] float32: (dx, dy) from a cell's centre to the same thing in the base frame
    known: Tensor               # [T, h, w] bool: that place is inside the base frame and looks the same there
    gain: Tensor                # [T, 3] float32: log gain of each channel against the base frame
    trusted: tuple[bool, ...]   # per section. False: it could not be registered; it counts as standing still with nothing known


@dataclass(frozen=True)
class _Fit:
    """Similarities of B pairs, and whether each is sound."""

    shift: Tensor               # [B] complex128
    turn: Tensor                # [B] complex128
    sound: Tensor               # [B] bool


@torch.no_grad()
def register(frames: Tensor, section: int = 36, cell: int = 16) -> Registration:
    """Registers frames [T, 3, H, W] uint8 with T = 1 + section * n, at least 32 pixels high and wide, in cells of `cell` pixels.

    Raises:
        ValueError: the frames have another shape.
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
    keys, shift, turn = _key_frames(steps, bases, (width, height))
    # Coloured light changes the grey of different colours differently, which looks like motion: remove the tint, not the gain.
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
    """Chains the pairs back to the bases of the sections, and measures flow, gain and visibility against them."""
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
    centres = _centres(height // cell, width // cell, cell, colour.device)
    places = shift[:, None] + turn[:, None] * centres
    flow = (places - centres).unflatten(1, (height // cell, width // cell))
    same = _looks_same(colour, torch.tensor(bases, device=colour.device), _Fit(shift, turn, fit.sound), gain, cell)
    inside = (places.real.abs() < width / 2) & (places.imag.abs() < height / 2)
    same &= inside.unflatten(1, same.shape[1:])
    in_trusted = torch.tensor([trusted[base // section] for base in bases], device=colour.device)
    return Registration(
        pose.float(), torch.stack([flow.real, flow.imag], 1).float(), same & in_trusted[:, None, None], gain, trusted,
    )


def _levels(colour: Tensor) -> dict[int, Tensor]:
    """Returns the grey pyramid, level to [T, 1, h, w], of frames that are reduced to FINE already."""
    grey = colour.mean(1, keepdim=True)
    return {scale: _blur(F.avg_pool2d(grey, scale // FINE)) for scale in (FINE, MIDDLE, COARSE)}


def _blur(pictures: Tensor) -> Tensor:
    """Applies a small binomial blur, because a bilinear picture has smooth gradients only then."""
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=pictures.device) / 16
    return F.conv2d(F.pad(pictures, (2, 2, 2, 2), mode="replicate"), (line[:, None] * line)[None, None])


def _centres(height: int, width: int, step: float, device: torch.device) -> Tensor:
    """Returns the centres of height x width squares relative to their common middle, [N] complex128."""
    y = (torch.arange(height, device=device, dtype=torch.float64) + 0.5 - height / 2) * step
    x = (torch.arange(width, device=device, dtype=torch.float64) + 0.5 - width / 2) * step
    return torch.complex(x.repeat(height), y.repeat_interleave(width))


def _first_guess(base: Tensor, target: Tensor) -> Tensor:
    """Returns the shift in pixels of `base` [B, 1, h, w], from phase correlation or zero, whichever fits better, [B] complex128."""
    height, width = base.shape[-2:]
    centred = [(part - part.mean((-2, -1), keepdim=True))[:, 0] for part in (target, base)]
    cross = cross_spectrum(*centred)
    low = torch.exp(-8 * (torch.fft.fftfreq(height, device=base.device)[:, None].square()
                          + torch.fft.rfftfreq(width, device=base.device).square()))
    peak = peak_shift(torch.fft.irfft2(cross / (cross.abs() + 1e-6) * low, s=(height, width))).double()
    found = torch.complex(peak[:, 0], peak[:, 1])
    none, turn = torch.zeros_like(found), torch.ones_like(found)
    scores = []
    for shift in (found, none):
        warped, inside = _warp(base, shift, turn)
        match = _correlation(warped[:, 0], target.flatten(1), inside)
        scores.append(torch.where(inside.mean(1) > 0.3, match, -1))
    return torch.where(scores[0] > scores[1], found, none)


def _warp(base: Tensor, shift: Tensor, turn: Tensor) -> tuple[Tensor, Tensor]:
    """Warps `base` [B, K, h, w] over the other frame, the shift in its own pixels.

    Returns:
        The values [B, K, N], and which of them lie inside `base`, [B, N] of 0 and 1.
    """
    height, width = base.shape[-2:]
    centres = _centres(height, width, 1.0, base.device).to(torch.complex64)
    places = shift[:, None].to(torch.complex64) + turn[:, None].to(torch.complex64) * centres
    grid = torch.stack([places.real * 2 / width, places.imag * 2 / height], dim=-1).view(-1, height, width, 2)
    warped = F.grid_sample(base, grid, padding_mode="border", align_corners=False).flatten(2)
    inside = (places.real.abs() <= width / 2 - 1) & (places.imag.abs() <= height / 2 - 1)
    return warped, inside.float()


def _correlation(one: Tensor, other: Tensor, weight: Tensor) -> Tensor:
    """Returns the weighted correlation [B] of [B, N] and [B, N]; 0 where one of them is constant."""
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1e-6)
    one, other = (part - (weight * part).sum(1, keepdim=True) for part in (one, other))
    power = ((weight * one * one).sum(1) * (weight * other * other).sum(1)).sqrt()
    return torch.where(power > 1e-6, (weight * one * other).sum(1) / power.clamp(min=1e-6), 0.0)


def _align(
    levels: dict[int, Tensor], keys: Tensor, frames: Tensor, shift: Tensor, turn: Tensor, schedule: tuple[tuple[int, int], ...]
) -> _Fit:
    """Registers frames number `keys` to `frames`, beginning at a guess.

    `schedule` lists (level, Gauss-Newton steps) from coarse to fine.
    """
    sound = torch.ones(len(shift), dtype=torch.bool, device=shift.device)
    for scale, steps in schedule:
        level = levels[scale]
        base, target = torch.cat([level, *gradients(level)], dim=1)[keys], level[frames].flatten(1)
        shift = shift / scale
        light = _gain_and_offset(*_warp(base[:, :1], shift, turn), target)
        for step in range(steps):
            shift, turn, light, sound = _step(base, target, shift, turn, light, (scale, step + 1 == steps))
        shift = shift * scale
    return _Fit(shift, turn, sound)


def _gain_and_offset(warped: Tensor, inside: Tensor, target: Tensor) -> Tensor:
    """Returns gain and offset [B, 2] that bring `target` to the brightness of the frame warped over it."""
    weight = inside / inside.sum(1, keepdim=True).clamp(min=1)
    means = [(weight * part).sum(1, keepdim=True) for part in (warped[:, 0], target)]
    spread = [(weight * (part - mean).square()).sum(1).sqrt() for part, mean in zip((warped[:, 0], target), means, strict=True)]
    gain = (spread[0] / spread[1].clamp(min=1e-3)).clamp(0.1, 10)
    return torch.stack([gain, means[0][:, 0] - gain * means[1][:, 0]], dim=1)


def _step(
    base: Tensor, target: Tensor, shift: Tensor, turn: Tensor, light: Tensor, at: tuple[int, bool]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Makes one Gauss-Newton step for shift, turn, gain and offset; on the last one it also judges whether the result is sound."""
    scale, last = at
    warped, inside = _warp(base, shift, turn)
    error = warped[:, 0] - light[:, :1] * target - light[:, 1:]
    width = 3 * (1.4826 * masked_median(error.abs(), inside > 0, stride=5)).nan_to_num(1.0).clamp(min=0.004)
    weight = robust_weight(error, width, inside)
    centres = _centres(base.shape[-2], base.shape[-1], 1.0, base.device).to(torch.complex64)
    arms = turn[:, None].to(torch.complex64) * centres
    across, down = warped[:, 1], warped[:, 2]
    slopes = torch.stack([across, down, -(across * arms.real + down * arms.imag), down * arms.real - across * arms.imag,
                          -target, -torch.ones_like(target)], dim=1)                                    # [B, 6, N]
    matrix, right_side = (part.double() for part in normal_equations(slopes, weight, error))
    matrix = matrix + torch.diag_embed(1e-4 * matrix.diagonal(dim1=1, dim2=2) + 1e-6)
    move = torch.linalg.solve(matrix, -right_side)[..., 0]
    # One step may not leave the neighbourhood in which the gradients are meaningful.
    move = move * (8 / move[:, :2].norm(dim=1).clamp(min=8))[:, None]
    move[:, 2:4] = move[:, 2:4].clamp(-0.2, 0.2)
    sound = _is_sound(warped[:, 0], target, inside, weight, error, matrix, scale) if last else inside[:, 0] > 0
    shift = shift + torch.complex(move[:, 0], move[:, 1])
    turn = turn * torch.exp(torch.complex(-move[:, 2], move[:, 3]))
    return shift, turn, light + move[:, 4:].float(), sound


def _is_sound(
    warped: Tensor, target: Tensor, inside: Tensor, weight: Tensor, error: Tensor, matrix: Tensor, scale: int
) -> Tensor:
    """Returns [B] bool: the pictures agree, over enough of them, and have enough edges in both directions to be certain."""
    count = weight.sum(1).clamp(min=1)
    share = count / inside.sum(1).clamp(min=1)
    noise = ((weight * error.square()).sum(1) / count).clamp(min=2e-6)           # eight bits are not more exact
    # Blurred pixels are not independent: about one in eight counts.
    spread = (8 * noise.double()[:, None] * torch.linalg.inv(matrix).diagonal(dim1=1, dim2=2)[:, :4].clamp(min=0)).sqrt()
    exact = (spread[:, :2].amax(1) * scale < MAX_ERRORS[0]) & (spread[:, 2:].amax(1) < MAX_ERRORS[1])
    return exact & (_correlation(warped, target, weight) > MIN_CORRELATION) & (share > MIN_WEIGHT) & (inside.mean(1) > 0.15)


def _key_frames(steps: _Fit, bases: list[int], size: tuple[int, int]) -> tuple[list[int], Tensor, Tensor]:
    """Returns the key frame of each frame from 1 on, and the shift and turn that the steps between neighbours add up to from it."""
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
    """Returns the log gain [T - 1, 3] of each channel of frames 1, 2, ... against their key frames.

    It is the median over the pixels that are neither black nor clipped.
    """
    gains = []
    for at in range(len(keys)):
        warped, inside = _warp(colour[keys[at] : keys[at] + 1], fit.shift[at : at + 1] / FINE, fit.turn[at : at + 1])
        one, other = warped[0], colour[at + 1].flatten(1)
        usable = (inside > 0) & (torch.minimum(one, other) > 0.06) & (torch.maximum(one, other) < 0.97)
        if int(usable.sum(1).min()) < 50:
            usable = (inside > 0).expand_as(one)
        ratio = ((other + 1e-3) / (one + 1e-3)).log()
        gains.append(torch.where(usable, ratio, torch.nan).nanmedian(1).values.nan_to_num(0.0))
    return torch.stack(gains)


def _looks_same(colour: Tensor, bases: Tensor, fit: _Fit, gain: Tensor, cell: int) -> Tensor:
    """Returns which cells of each frame look like the base frame at the same place after the gain, [T, h, w] bool."""
    cells = []
    for at in range(len(bases)):
        warped, inside = _warp(colour[bases[at] : bases[at] + 1], fit.shift[at : at + 1] / FINE, fit.turn[at : at + 1])
        warped = (warped * gain[at, :, None].exp()).clamp(0, 1).view(1, *colour.shape[1:])
        there = inside.view(1, 1, *colour.shape[2:])
        error = F.avg_pool2d((warped - colour[at]).square() * there, cell // FINE).mean(1)
        error = error / F.avg_pool2d(there, cell // FINE)[:, 0].clamp(min=0.1)
        mean = F.avg_pool2d(warped, cell // FINE)
        contrast = (F.avg_pool2d(warped.square(), cell // FINE) - mean.square()).clamp(min=0).mean(1)
        cells.append(error.sqrt() < 0.03 + 0.4 * contrast.sqrt())
    return torch.cat(cells)
