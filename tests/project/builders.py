"""Small real projects for the tests of the document."""

from __future__ import annotations

from dataclasses import replace

from studio.project import edits
from studio.project.limits import fresh_id
from studio.project.model import Project, Segment, Take
from studio.project.sources import Reference

REFERENCE = Reference("media/0123456789abcdef.png", "0123456789abcdef" * 4, 64, 48, "sea.png")


def film(*prompts: str) -> Project:
    """A project with a reference image and one segment per prompt, nothing rendered."""
    project = edits.set_reference(edits.new("A film"), REFERENCE)
    project = edits.remove_segment(project, 0)
    for seed, prompt in enumerate(prompts):
        project = edits.add_segment(project, prompt=prompt, seed=seed)
    return project


def rendered(project: Project, segment: Segment, parent: str | None, **changes: object) -> Take:
    """A finished take of `segment`, as the session would keep it."""
    sections = project.clock.sections(segment.frames)
    take = Take(
        id=fresh_id(),
        parent=parent,
        segment=segment,
        settings=project.settings,
        model=project.model,
        reference=project.reference.sha256 if project.reference else "",
        sections=sections,
        frames=sections * project.clock.section_frames,
        size=project.size,
        seconds=2.0,
        created=f"2026-01-01T00:00:{len(project.takes):02d}+00:00",
    )
    return replace(take, **changes)  # type: ignore[arg-type]


def generated(project: Project, times: int = 1) -> Project:
    """The project after `times` presses of Generate next."""
    for _ in range(times):
        index, parent = edits.next_segment(project)
        project = edits.add_take(project, rendered(project, project.current().segments[index], parent))
    return project


def prompts(project: Project) -> list[str]:
    return [segment.prompt for segment in project.current().segments]
