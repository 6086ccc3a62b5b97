"""Auditions: several takes of one segment from one snapshot, which differ in what the artist varies, to choose from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError, fresh_seed
from studio.project.model import Project, RenderSettings, Segment
from studio.project.staleness import find_same_take
from studio.project.take_requests import TakeRequest, request_take
from studio.project.tree import check_parent, next_segment, planned_segment, usable_take

MOST = 9
"""Takes of one audition."""


@dataclass(frozen=True)
class Variations:
    """What is varied: every combination becomes a take. Empty: as the plan says."""

    seeds: int = 1
    """The first is the plan's, the others are drawn."""
    prompts: tuple[str, ...] = ()
    settings: tuple[RenderSettings, ...] = ()
    lora: str = ""
    """The checksum of the LoRA of which `strengths` are."""
    strengths: tuple[float, ...] = ()

    def count(self) -> int:
        """The number of takes."""
        return self.seeds * max(1, len(self.prompts)) * max(1, len(self.settings)) * max(1, len(self.strengths))


def audition(project: Project, take: str | None, variations: Variations) -> tuple[TakeRequest, ...]:
    """The requests for an audition of the next segment (`take` None), or of a take's segment after the same parent.

    Raises:
        EditError: less than 2 takes or more than MOST, a value that is not accepted, no reference image, nothing is next, or the
            take before cannot be continued.
    """
    if not 2 <= variations.count() <= MOST:
        raise EditError(sentence(
            "An audition has 2 to {most} takes; these would be {count}. Vary less, or more.", most=MOST, count=variations.count()))
    if take is None:
        index, parent = next_segment(project)
        segment = project.current().segments[index]
    else:
        parent, segment = usable_take(project, take).parent, planned_segment(project, take)
        index = len(project.lineage(parent))
        check_parent(project, parent)
    if segment.video:
        raise EditError(sentence(
            "This segment is a video of yours: all takes of it would be the same. Audition the segment after it."))
    requests = []
    seeds = [segment.seed, *(fresh_seed() for _ in range(variations.seeds - 1))]
    for prompt in variations.prompts or (segment.prompt,):
        for settings in variations.settings or (project.settings,):
            for strength in variations.strengths or (None,):
                for seed in seeds:
                    varied = replace(_with_strength(segment, variations.lora, strength), prompt=limits.prompt(prompt), seed=seed)
                    requests.append(_request(replace(project, settings=settings), varied, parent, index))
    return tuple(requests)


def _with_strength(segment: Segment, lora: str, strength: float | None) -> Segment:
    """The segment with one of its LoRAs at another strength.

    Raises:
        EditError: it has no such LoRA, or the strength is out of range.
    """
    if strength is None:
        return segment
    if all(one.sha256 != lora for one in segment.loras):
        raise EditError(sentence("The LoRA that is to be varied is not on this segment any more. Nothing was started."))
    strength = limits.strength(strength)
    return replace(segment, loras=tuple(replace(one, strength=strength) if one.sha256 == lora else one for one in segment.loras))


def _request(project: Project, segment: Segment, parent: str | None, index: int) -> TakeRequest:
    """A request for the segment, with another seed where it would only repeat a take."""
    if find_same_take(project, segment, parent):
        segment = replace(segment, seed=fresh_seed())
    return TakeRequest(request_take(project, segment, parent), project.clock.sections(segment.frames), index, audition=True)
