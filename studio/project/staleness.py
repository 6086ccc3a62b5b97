"""Comparing takes with the document: which takes are not what it asks for any more."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from studio.project.context_looks import look_before
from studio.project.model import Look, Project, RenderSettings, Segment, Shot, Take


def stale_takes(project: Project) -> frozenset[str]:
    """Takes of the current branch that differ from what the document asks for now, and all takes after such a take.

    A take that the artist keeps as it is, for what is asked now, is none.
    """
    found: set[str] = set()
    for segment, take in zip(project.current().segments, project.path(), strict=False):
        if take.parent in found or (differs(project, segment, take) and project.accepted.get(take.id) != _asked(project, segment)):
            found.add(take.id)
    return frozenset(found)


def keep_stale(project: Project) -> Project:
    """The project with its stale takes kept as they are. They become stale again when something else is asked for."""
    pairs = zip(project.current().segments, project.path(), strict=False)
    kept = {take.id: _asked(project, segment) for segment, take in pairs if differs(project, segment, take)}
    return replace(project, accepted={**project.accepted, **kept})


def _asked(project: Project, segment: Segment) -> str:
    """What is asked of a segment now, as a checksum."""
    reference = project.reference.sha256 if project.reference else ""
    own = (segment.prompt, segment.frames, segment.seed, segment.blend, segment.shot, sorted(_active_loras(segment)))
    video = (segment.video,) if segment.video else ()       # only then: in older documents there are checksums without one
    forget = (segment.forget,) if segment.forget else ()    # likewise
    words = ("from words",) if segment.shot and segment.shot.from_words else ()
    asked = (*own, *video, *forget, *words, _numbers(project.settings), project.model, project.size, reference, project.frame,
             project.marks, project.style, project.cast)  # fmt: skip
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


def find_same_take(project: Project, segment: Segment, parent: str | None) -> Take | None:
    """A finished take that rendering `segment` after `parent` would only repeat, if there is one."""
    kept, look = (project.pins, set(project.forgotten)), look_before(project, segment, parent)
    return next(
        (t for t in project.children(parent)
         if t.state == "done" and (t.pins, set(t.forgotten)) == kept and _sees(t, look) and not differs(project, segment, t)),
        None,
    )


def _sees(take: Take, look: Look | None) -> bool:
    """Whether a take saw the frames before it in a look; None: as they were made."""
    seen = take.context_look
    return (seen and (seen.match, seen.strength)) == (look and (look.match, look.strength))


def differs(project: Project, segment: Segment, take: Take) -> bool:
    """Whether rendering `segment` now would give another clip than `take` (a partial take may be shorter)."""
    sections = project.clock.sections(segment.frames)
    lasting = sections >= take.sections if take.state == "partial" else sections == take.sections
    if segment.video != take.segment.video:
        return True
    if segment.video is not None:                     # words, seed and steps change nothing in it
        place = project.reference.sha256 if project.reference else "", project.frame, project.marks
        return not lasting or (*place, project.model, project.size) != (
            take.reference, take.frame, take.marks, take.model, take.size)
    return not lasting or (
        (segment.prompt, segment.seed, _active_loras(segment), _numbers(project.settings), project.model, project.size)
        != (take.segment.prompt, take.segment.seed, _active_loras(take.segment), _numbers(take.settings), take.model, take.size)
        or (take.parent is not None and _entry(segment) != _entry(take.segment))        # the first segment has none
        or (project.reference.sha256 if project.reference else "", project.frame, project.marks, project.style, project.cast)
        != (take.reference, take.frame, take.marks, take.style, take.cast)
    )


def _entry(segment: Segment) -> tuple[int, Shot | None, tuple[int, ...]]:
    """How a segment takes over from the one before it."""
    return segment.blend, segment.shot, segment.forget


def _active_loras(segment: Segment) -> frozenset[tuple[str, float]]:
    """The LoRAs of a strength other than 0, by content. Their order does not matter."""
    return frozenset((lora.sha256, lora.strength) for lora in segment.loras if lora.strength)


def _numbers(settings: RenderSettings) -> tuple[int, float, float, str]:
    """The settings that change the film; the preset's name does not."""
    return settings.steps, settings.guidance, settings.cache, settings.cache_rule if settings.cache else ""
