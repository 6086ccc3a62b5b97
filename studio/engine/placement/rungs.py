"""The way down when a card runs out of memory in the middle of a film: what becomes leaner, in words. It moves nothing."""

from __future__ import annotations

from dataclasses import replace

from studio.engine.cards import ModelError
from studio.engine.placement.laid import Plan, margin
from studio.engine.placement.plan import step_down


class NoRungError(ModelError):
    """Nothing more can be made leaner without changing the film: the message says so, and what would."""


def descend(laid: Plan, decoding: bool) -> Plan:
    """The plan after memory ran out: smaller tiles, then fewer resident blocks. Weights and size stay: they are the artist's.

    The card in it is as large as it has proved to be, so that plans for other sizes are made for that one.

    Raises:
        NoRungError: only other weights or a smaller film would need less.
    """
    lower = step_down(laid, decoding)
    if lower is None:
        raise NoRungError(_ended(laid, "use a card with more memory"))
    if lower.profile.weights != laid.profile.weights:
        raise NoRungError(_ended(laid, "choose a profile with int8 weights, or a smaller size"))
    if lower.offered:
        raise NoRungError(_ended(laid, f"choose {lower.size[0]} x {lower.size[1]} or smaller"))
    gpu = lower.machine.gpu
    if gpu is None:
        return lower
    proved = replace(lower.machine, gpu=replace(gpu, free=min(gpu.free, lower.peak + margin(lower.machine))))
    return replace(lower, machine=proved, budget=min(lower.budget, lower.peak))


def told(before: Plan, after: Plan, decoding: bool) -> str:
    """What became leaner between two plans."""
    now = []
    if after.profile.vae_tile != before.profile.vae_tile:
        now.append(f"frames are decoded in tiles of {after.profile.vae_tile} pixels")
    if after.profile.resident != before.profile.resident:
        blocks = after.model.transformer.blocks
        source = "memory" if after.profile.stream == "ram" else "disk"
        now.append(f"{after.profile.resident} of {blocks} blocks stay on the card, and the others are streamed from {source}")
    doing = "decoding" if decoding else "denoising"
    return f"The graphics card ran out of memory while {doing}: from now on {' and '.join(now)}. Nothing is lost."


def _ended(laid: Plan, remedy: str) -> str:
    (width, height), profile = laid.size, laid.profile
    return (
        f"The graphics card has not enough memory for {laid.model.title} at {width} x {height}, even with {profile.resident} of "
        f"{laid.model.transformer.blocks} blocks on it and frames decoded in tiles of {profile.vae_tile} pixels. "
        f"What to change: close other programs that use the card, or {remedy}."
    )
