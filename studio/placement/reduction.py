"""The way down when a card runs out of memory in the middle of a film: what becomes leaner, in words. It moves nothing."""

from __future__ import annotations

from dataclasses import replace

from studio.catalogue.cards import ModelError
from studio.placement.choose import Stage, step_down
from studio.placement.plan import Plan, margin

READ = {
    "streamed": "the text encoder passes through the card layer by layer, from disk",
    "cpu": "prompts are read on the processor",
}
DOING: dict[Stage, str] = {"reading": "reading the prompt and the picture", "denoising": "denoising", "decoding": "decoding"}


class CannotReduceError(ModelError):
    """Nothing more can be made leaner without changing the film: the message says so, and `remedy` what would help."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def reduce_plan(plan: Plan, doing: Stage) -> Plan:
    """The plan after memory ran out: the text encoder elsewhere, smaller tiles, fewer resident blocks, as it helps.

    Weights and size stay: they are the artist's.

    The card in it is as large as it has proved to be, so that plans for other sizes are made for that one.

    Raises:
        CannotReduceError: only other weights or a smaller film would need less.
    """
    lower = step_down(plan, doing)
    if lower is None or lower.profile.weights != plan.profile.weights or lower.size != plan.size:
        raise CannotReduceError(_ended(plan), _remedy(plan, lower, doing))
    gpu = lower.machine.gpu
    if gpu is None:
        return lower
    proved = replace(lower.machine, gpu=replace(gpu, free=min(gpu.free, lower.peak + margin(lower.machine))))
    return replace(lower, machine=proved, budget=min(lower.budget, lower.peak))


def describe_change(before: Plan, after: Plan, doing: Stage) -> str:
    """What became leaner between two plans."""
    now = []
    if after.profile.text_encoder != before.profile.text_encoder:
        now.append(READ[after.profile.text_encoder])
    if after.profile.vae_tile != before.profile.vae_tile:
        now.append(f"frames are decoded in tiles of {after.profile.vae_tile} pixels")
    if after.profile.resident != before.profile.resident:
        blocks = after.model.transformer.blocks
        source = "memory" if after.profile.stream == "ram" else "disk"
        now.append(f"{after.profile.resident} of {blocks} blocks stay on the card, and the others are streamed from {source}")
    return f"The graphics card ran out of memory while {DOING[doing]}: from now on {' and '.join(now)}. Nothing is lost."


def _remedy(plan: Plan, lower: Plan | None, doing: Stage) -> str:
    """What a person can change: other weights, and the next size below that the plan says needs less."""
    choices: list[str] = []
    while lower is not None and lower.size == plan.size:
        if lower.profile.weights != plan.profile.weights and not choices:
            choices.append("choose a profile with int8 weights")
        lower = step_down(lower, doing)
    if lower is not None:
        choices.append(f"choose the size {lower.size[0]} x {lower.size[1]} or a smaller one")
    return f"Close other programs that use the card, or {', or '.join(choices or ['use a card with more memory'])}."


def _ended(plan: Plan) -> str:
    (width, height), profile = plan.size, plan.profile
    return (
        f"The graphics card has not enough memory for {plan.model.title} at {width} x {height}, even with {profile.resident} of "
        f"{plan.model.transformer.blocks} blocks on it and frames decoded in tiles of {profile.vae_tile} pixels."
    )
