"""Gives a segment what another take was made with."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from studio.language import sentence
from studio.project.limits import EditError, fresh_seed
from studio.project.model import Project
from studio.project.tree import segment_index, usable_take, with_segments

Part = Literal["all", "prompt", "seed", "remix"]
"""What is taken over: everything; the prompt; the seed; everything but the seed, which is drawn anew."""


def take_over(project: Project, index: int, take: str, part: Part) -> Project:
    """Give a segment the prompt, length, blend, LoRAs and seed of a take, and the film its settings, or a part of that.

    The settings are taken over where the take is of the film's model. Shots, and what the memory forgets, belong to their place and
    are not.

    Raises:
        EditError: no such segment or take, the take is in the trash, or one of them is a video.
    """
    source = usable_take(project, take)
    segments = project.current().segments
    index = segment_index(index, len(segments))
    own, made = segments[index], source.segment
    if own.video or (made.video and part != "seed"):
        raise EditError(sentence("A video is shown as it is: it has no prompt to take over. Nothing was changed."))
    if part == "prompt":
        changed = replace(own, prompt=made.prompt)
    elif part == "seed":
        changed = replace(own, seed=made.seed)
    else:
        seed = made.seed if part == "all" else fresh_seed()
        blend = made.blend if index else own.blend
        changed = replace(own, prompt=made.prompt, frames=made.frames, blend=blend, loras=made.loras, seed=seed)
        if source.model == project.model:
            project = replace(project, settings=source.settings)
    return with_segments(project, (*segments[:index], changed, *segments[index + 1 :]))
