"""Repairing a project: adding takes that its document lacks. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studio.language import sentences
from studio.project import edits
from studio.project.model import Project, Take

Findings = tuple[str, ...]


def add_takes(project: Project, takes: Sequence[Take]) -> tuple[Project, Findings]:
    """The project with those of `takes`, oldest first, that it lacks because the studio was stopped before it was saved.

    A take whose parent is lost becomes the start of a film of its own, so that it can still be watched.
    """
    waiting = [take for take in takes if take.id not in project.takes]
    found, orphans = len(waiting), 0
    for take in takes:
        known = project.takes.get(take.id)
        if known and known.state == "partial" and known.parent == take.parent and known.sections < take.sections:
            project, found = edits.add_take(project, take, follow=False), found + 1
    while waiting:
        ready = [take for take in waiting if take.parent is None or take.parent in project.takes]
        if not ready:
            ids = {take.id for take in waiting}
            rootless = next((take for take in waiting if take.parent not in ids), waiting[0])
            ready, orphans = [rootless], orphans + 1
        for take in ready:
            waiting.remove(take)
            rooted = take if take.parent is None or take.parent in project.takes else replace(take, parent=None)
            project = edits.add_take(project, rooted, follow=project.head == rooted.parent)
    findings = []
    if found:
        findings.append(sentences(
            "One take finished just before the studio was stopped; it is back in the film.",
            "{number} takes finished just before the studio was stopped; they are back in the film.", found))
    if orphans:
        findings.append(sentences(
            "One take continued takes that are gone; each begins a film of its own now.",
            "{number} takes continued takes that are gone; each begins a film of its own now.", orphans))
    return project, tuple(findings)
