"""Edits of a choice between takes: keep a take without a branch, make it the film's next one, star it, drop it, restore it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from studio.language import sentence
from studio.project import limits
from studio.project.later import show_later
from studio.project.limits import EditError
from studio.project.model import Branch, DroppedBranch, Project, Take
from studio.project.tree import known_take, replace_branch, rewind, usable_take


def keep_take(project: Project, take: Take) -> Project:
    """Keep a take that the artist has not chosen: on no branch, and the head stays. A `partial` one is replaced by its longer self.

    Raises:
        EditError: its parent is unknown, or a finished take of that id is there already.
    """
    if take.parent is not None:
        known_take(project, take.parent)
    before = project.takes.get(take.id)
    if before and (before.state == "done" or before.parent != take.parent):
        raise EditError(sentence("This take is finished already; finished takes do not change. Retake it to get another one."))
    return show_later(replace(project, takes={**project.takes, take.id: take}))


def use_take(project: Project, take: str) -> Project:
    """Go on from a take. One on no branch continues the current branch where it ends before it; elsewhere see `rewind`.

    The plan takes over what the take was asked for.

    Raises:
        EditError: no such take, or it is in the trash.
    """
    chosen = usable_take(project, take)
    now = project.current()
    if now.tip != chosen.parent or any(take in (t.id for t in project.lineage(b.tip)) for b in project.branches):
        return rewind(project, take)
    index = len(project.lineage(chosen.parent))
    rest = tuple(s for s in now.segments[index + 1 :] if s.id != chosen.segment.id)
    grown = replace(now, tip=take, segments=(*now.segments[:index], chosen.segment, *rest))
    return replace(replace_branch(project, grown), head=take)


def set_star(project: Project, take: str, star: bool) -> Project:
    """Mark a take with a star, or take its star away. Raises EditError: no such take."""
    known_take(project, take)
    return replace(project, stars=project.stars | {take} if star else project.stars - {take})


def drop_takes(project: Project, takes: Collection[str]) -> Project:
    """Put takes into the trash, with all that continue them. Their files stay until the trash is emptied.

    A branch ends before the first of its takes that goes, and plans it again. One whose other takes are all on another branch is
    removed, into the trash too, unless it is the current one.

    Raises:
        EditError: no such take.
    """
    for take in takes:
        known_take(project, take)
    gone = frozenset(with_followers(project, takes)) | project.trash
    cut = {branch.id: _until(project, branch, gone) for branch in project.branches}
    kept = [branch for branch in project.branches if cut[branch.id].tip == branch.tip]
    for branch in sorted(project.branches, key=lambda b: b.id != project.branch):       # the current one is never removed
        tip = cut[branch.id].tip
        paths = {take.id for other in kept for take in project.lineage(cut[other.id].tip)} | {None}
        if branch not in kept and (branch.id == project.branch or tip not in paths):
            kept.append(branch)
    head = next((t.id for t in reversed(project.film()) if t.id not in gone), None)
    lost = tuple(DroppedBranch(branch, limits.now()) for branch in project.branches if branch not in kept)
    return replace(
        project, trash=gone, stars=project.stars - gone, head=head,
        dropped={**project.dropped, **dict.fromkeys(gone - project.trash, limits.now())},
        dropped_branches=project.dropped_branches + lost,
        branches=tuple(cut[branch.id] for branch in project.branches if branch in kept),
    )  # fmt: skip


def restore_takes(project: Project, takes: Collection[str]) -> Project:
    """Take takes out of the trash, and those that they continue. They are on no branch until the artist goes on from them.

    Raises:
        EditError: no such take.
    """
    back = {t.id for take in takes for t in project.lineage(known_take(project, take).id)}
    dropped = {take: when for take, when in project.dropped.items() if take not in back}
    return replace(project, trash=project.trash - back, dropped=dropped)


def _until(project: Project, branch: Branch, gone: frozenset[str]) -> Branch:
    """The branch up to the first of its takes that is gone."""
    left = [take for take in project.lineage(branch.tip) if take.id not in gone]
    return replace(branch, tip=left[-1].id if left else None)


def with_followers(project: Project, takes: Iterable[str]) -> set[str]:
    """The takes, and those that continue them."""
    found = set(takes)
    waiting = list(found)
    while waiting:
        more = [take.id for take in project.children(waiting.pop()) if take.id not in found]
        found.update(more)
        waiting += more
    return found
