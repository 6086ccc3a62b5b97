"""Plans that need less GPU memory, for when it runs out in the middle of a film, and a description of what changes."""

from __future__ import annotations

from dataclasses import replace

from studio.catalogue.cards import ModelError
from studio.language import sentence
from studio.language.lists import with_and, with_or_else
from studio.placement.choose import Stage, step_down
from studio.placement.plan import Plan, margin

TEXT_ENCODER = {
    "streamed": sentence("the text encoder passes through the card layer by layer, from disk"),
    "cpu": sentence("prompts are read on the processor"),
}
STAGES: dict[Stage, str] = {
    "reading": sentence("reading the prompt and the picture"), "denoising": sentence("denoising"), "decoding": sentence("decoding"),
}


class CannotReduceError(ModelError):
    """No plan needs less memory without changing the film. `remedy` says what a person can do."""

    def __init__(self, message: str, remedy: str) -> None:
        """Takes what happened, and what a person can do."""
        super().__init__(message)
        self.remedy = remedy


def reduce_plan(plan: Plan, stage: Stage) -> Plan:
    """A plan that needs less GPU memory than `plan`: it moves the text encoder, or has smaller tiles or fewer resident blocks.

    The precision of the weights and the film's size stay, because they change the film. The GPU of the new plan's machine has only
    as much free memory as it proved to have, so that plans for other sizes keep to that as well.

    Args:
        plan: the plan with which the memory ran out.
        stage: what the engine was doing then.

    Raises:
        CannotReduceError: only other weights or a smaller film would need less.
    """
    lower = step_down(plan, stage)
    if lower is None or lower.profile.weights != plan.profile.weights or lower.size != plan.size:
        raise CannotReduceError(_message(plan), _remedy(plan, lower, stage))
    gpu = lower.machine.gpu
    if gpu is None:
        return lower
    smaller = replace(lower.machine, gpu=replace(gpu, free=min(gpu.free, lower.peak + margin(lower.machine))))
    return replace(lower, machine=smaller, budget=min(lower.budget, lower.peak))


def describe_change(before: Plan, after: Plan, stage: Stage) -> str:
    """A sentence that says what differs between two plans."""
    changes = []
    if after.profile.text_encoder != before.profile.text_encoder:
        changes.append(TEXT_ENCODER[after.profile.text_encoder])
    if after.profile.vae_tile != before.profile.vae_tile:
        changes.append(sentence("frames are decoded in tiles of {tile} pixels", tile=after.profile.vae_tile))
    if after.profile.resident != before.profile.resident:
        blocks = after.model.transformer.blocks
        changes.append(sentence(
            "{resident} of {blocks} blocks stay on the card, and the others are streamed from {source}",
            resident=after.profile.resident, blocks=blocks,
            source=sentence("memory") if after.profile.stream == "ram" else sentence("disk")))
    return sentence(
        "The graphics card ran out of memory while {stage}: from now on {changes}. Nothing is lost.",
        stage=STAGES[stage], changes=with_and(changes) if changes else "")


def _remedy(plan: Plan, lower: Plan | None, stage: Stage) -> str:
    """What a person can do: choose other weights, or the next smaller size that needs less."""
    choices: list[str] = []
    while lower is not None and lower.size == plan.size:
        if lower.profile.weights != plan.profile.weights and not choices:
            choices.append(sentence("choose a profile with int8 weights"))
        lower = step_down(lower, stage)
    if lower is not None:
        choices.append(sentence("choose the size {width} x {height} or a smaller one", width=lower.size[0], height=lower.size[1]))
    return sentence(
        "Close other programs that use the card, or {choices}.",
        choices=with_or_else(choices or [sentence("use a card with more memory")]))


def _message(plan: Plan) -> str:
    (width, height), profile = plan.size, plan.profile
    return sentence(
        "The graphics card has not enough memory for {model} at {width} x {height}, even with {resident} of {blocks} blocks on it "
        "and frames decoded in tiles of {tile} pixels.", model=plan.model.title, width=width, height=height,
        resident=profile.resident, blocks=plan.model.transformer.blocks, tile=profile.vae_tile)
