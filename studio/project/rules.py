"""The rules of a consistent project, checked whenever one is read."""

from __future__ import annotations

from collections.abc import Container, Iterable

from studio.project.model import Project, Vote


class FormatError(ValueError):
    """Not a document this studio can read: the message names the field."""


def check_project(project: Project) -> None:
    """Check the tree: every take leads back to the reference image, plans cover paths, the head is on the current branch.

    Raises:
        FormatError: names the first rule that is broken.
    """
    for take in project.takes.values():
        if take.parent is not None and take.parent not in project.takes:
            raise FormatError(f"take {take.id} continues a take that is not there")
    rooted: set[str | None] = {None}
    for take in project.takes.values():
        trail: list[str] = []
        at: str | None = take.id
        while at not in rooted:
            trail.append(str(at))
            if len(trail) > len(project.takes):
                raise FormatError(f"take {take.id} continues itself")
            at = project.takes[str(at)].parent
        rooted.update(trail)
    ids = {branch.id for branch in project.branches}
    if len(ids) != len(project.branches) or project.branch not in ids:
        raise FormatError("the current branch is not among the branches")
    for branch in project.branches:
        if branch.tip is not None and branch.tip not in project.takes:
            raise FormatError(f"branch {branch.id} ends at a take that is not there")
        if len(branch.segments) < len(project.lineage(branch.tip)):
            raise FormatError(f"branch {branch.id} plans less than it has takes")
        if any(take.id in project.trash for take in project.lineage(branch.tip)):
            raise FormatError(f"branch {branch.id} holds a take that is in the trash")
    if project.head is not None and all(take.id != project.head for take in project.path()):
        raise FormatError("the head is not on the current branch")


def known_votes(votes: Iterable[Vote], takes: Container[str]) -> tuple[Vote, ...]:
    """The votes on two of these takes, given by their ids. Those on takes that are gone say nothing any more, and are left out."""
    return tuple(vote for vote in votes if vote.left in takes and vote.right in takes and vote.left != vote.right)
