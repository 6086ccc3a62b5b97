"""Memory tests: what the section after a take is asked for, and the take of another branch whose memory is tried there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from studio.project import limits
from studio.project.model import Project, Segment, Take
from studio.project.take_requests import request_take


def segment_after(project: Project, tested: Take, prompt: str | None) -> Segment:
    """What is asked for after a take, without a cut: the segment planned there on the current branch, or else the take's own.

    `prompt`: another prompt for it. Raises EditError: it is not accepted.
    """
    path, segments = project.path(), project.current().segments
    after = next((number for number, take in enumerate(path, 1) if take.id == tested.id), len(segments))
    planned = segments[after] if after < len(segments) else tested.segment
    own = planned.prompt if prompt is None else limits.prompt(prompt)
    return replace(planned, shot=None, blend=0, video=None, forget=(), prompt=own)


def section_after(project: Project, tested: Take, segment: Segment) -> Take:
    """The section after a take as a take that is never added, of the same model, size and film, and with nothing pinned or
    forgotten.

    Raises:
        EditError: there is no reference image.
    """
    return replace(
        request_take(project, segment, tested.id), settings=tested.settings, model=tested.model, size=tested.size,
        reference=tested.reference, frame=tested.frame, marks=tested.marks, style=tested.style, cast=tested.cast,
        pins=(), forgotten=(),
    )  # fmt: skip


def other_tip(project: Project, tested: Take, has_memory: Callable[[str], bool]) -> Take | None:
    """The newest tip of another branch, of the same model and size; None: there is none.

    Args:
        project: that is tested.
        tested: a take. A branch that only leads to it, or goes on from it, is no other one.
        has_memory: whether the memory of the take with an id is there.
    """
    before = {take.id for take in project.lineage(tested.id)}
    tips = [
        project.takes[branch.tip] for branch in project.branches
        if branch.tip and branch.tip not in before and tested not in project.lineage(branch.tip)
    ]
    fitting = (tip for tip in tips if (tip.model, tip.size) == (tested.model, tested.size) and has_memory(tip.id))
    return max(fitting, key=lambda tip: tip.created, default=None)


def branch_of(project: Project, tip: Take | None) -> str:
    """The name of the branch that ends with a take; "" without one."""
    return next((branch.name for branch in project.branches if tip and branch.tip == tip.id), "")
