"""Edits of the tree of takes: rewind, branch, switch, add a take; and which segment is rendered next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from studio.language import sentence
from studio.project import limits
from studio.project.later import show_later
from studio.project.limits import EditError, fresh_id
from studio.project.model import Branch, DroppedBranch, Project, Segment, Take
from studio.project.staleness import differs


def replace_branch(project: Project, changed: Branch) -> Project:
    """The project with the branch of that id replaced."""
    return replace(project, branches=tuple(changed if b.id == changed.id else b for b in project.branches))


def with_segments(project: Project, segments: tuple[Segment, ...]) -> Project:
    """The project with other segments on the current branch."""
    return replace_branch(project, replace(project.current(), segments=segments))


def segment_index(index: object, count: int) -> int:
    """`index`, if it is the index of one of `count` segments. Raises EditError: it is not."""
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count:
        raise EditError(sentence("There is no such segment any more. Look at the timeline again."))
    return index


def rewind(project: Project, take: str | None) -> Project:
    """Put the head on a take (None: the start). If it is not on the current branch, switch to a branch that it is on.

    A take that is on no branch, since an undo, gets a branch of its own.

    Raises:
        EditError: no such take, or it is in the trash.
    """
    if take is None or _lies_on(project, project.current(), take):
        return replace(project, head=take)
    usable_take(project, take)
    home = next((b for b in project.branches if _lies_on(project, b, take)), None)
    return replace(project, branch=home.id, head=take) if home else branch(project, take)


def branch(project: Project, take: str | None, name: str | None = None) -> Project:
    """A new branch that ends at a take (None: the start) and becomes the current one; the head stands on its end.

    It plans what its takes were asked for, then what is planned after them where the artist comes from.

    Raises:
        EditError: no such take, it is in the trash, or a name that is not accepted.
    """
    if take is not None:
        usable_take(project, take)
    path = project.lineage(take)
    source = project.current()
    if not _lies_on(project, source, take):
        source = next((b for b in project.branches if _lies_on(project, b, take)), source)
    plan = _plan((t.segment for t in path), source.segments[len(path) :])
    made = Branch(fresh_id(), fresh_name(project) if name is None else limits.name(name, sentence("branch")), plan, take)
    return replace(project, branches=(*project.branches, made), branch=made.id, head=take)


def switch(project: Project, branch: str) -> Project:
    """Make another branch the current one; the head goes to its end.

    Raises:
        EditError: no such branch.
    """
    found = _branch(project, branch)
    return replace(project, branch=found.id, head=found.tip)


def rename_branch(project: Project, branch: str, name: str) -> Project:
    """Rename a branch. Raises EditError: no such branch, or a name that is not accepted."""
    return replace_branch(project, replace(_branch(project, branch), name=limits.name(name, sentence("branch"))))


def drop_branch(project: Project, branch: str) -> Project:
    """Put a branch into the trash. Its takes stay, also those on no other branch. The branch before it becomes the current one.

    Raises:
        EditError: no such branch, or it is the only one.
    """
    _branch(project, branch)
    if len(project.branches) == 1:
        raise EditError(sentence("This is the only branch of the film, so it stays. Make another one first."))
    place = next(i for i, b in enumerate(project.branches) if b.id == branch)
    left = project.branches[:place] + project.branches[place + 1 :]
    gone = DroppedBranch(project.branches[place], limits.now())
    dropped = replace(project, branches=left, dropped_branches=(*project.dropped_branches, gone))
    return switch(dropped, left[max(0, place - 1)].id) if project.branch == branch else dropped


def add_take(
    project: Project, take: Take, branch: str | None = None, follow: bool = True, new_seed: bool = False
) -> Project:
    """Keep a take. At the end of `branch` (or of the current one) that branch grows; elsewhere it opens a new one.

    The branch left behind by a new one gets back what its takes were asked for: the edits that led to the new take
    live on in the new branch. A take that was `partial` is replaced by its longer self. One whose parent was dropped meanwhile
    goes into the trash too.

    Args:
        branch: the branch it was rendered for; None, or one that is gone: the current one.
        follow: put the head on the take, and switch to its branch. Otherwise head and current branch stay.
        new_seed: its seed was drawn for it, and the plan takes it over.

    Raises:
        EditError: its parent is unknown, or a finished take of that id is there already.
    """
    if take.parent is not None:
        known_take(project, take.parent)
    if take.id in project.takes:
        return _replaced(project, take, follow)
    kept = show_later(_shown_alike(replace(project, takes={**project.takes, take.id: take}), take))
    if take.parent in project.trash:
        return replace(kept, trash=project.trash | {take.id})
    index = len(project.lineage(take.parent))
    wanted = [b for b in project.branches if b.id == branch]
    grown = next((b for b in [*wanted, project.current()] if b.tip == take.parent), None)
    if grown:
        grown = replace(grown, tip=take.id, segments=_made_room(grown.segments, index, take.segment, new_seed))
        kept = replace_branch(kept, grown)
    else:
        source = (wanted or [project.current()])[0]
        shared = source.segments[:index] if _lies_on(project, source, take.parent) else [
            t.segment for t in project.lineage(take.parent)
        ]
        plan = _plan([*shared, take.segment], source.segments[index + 1 :])
        grown = Branch(fresh_id(), fresh_name(project), plan, take.id)
        kept = replace_branch(kept, as_rendered(project, source, index))
        kept = replace(kept, branches=(*kept.branches, grown))
    return replace(kept, branch=grown.id, head=take.id) if follow else kept


def next_segment(project: Project) -> tuple[int, str | None]:
    """What is rendered next: the index of the segment after the head, and the take it continues.

    On a partial take that nothing continues, that is its own segment again: see `unfinished_take`.

    Raises:
        EditError: the plan has no segment there, or the take cannot be continued: see `check_parent`.
    """
    depth = len(project.film())
    head = project.takes[project.head] if project.head else None
    index, parent = depth, project.head
    if head and head.state == "partial" and not any(project.children(head.id)):
        wanted = project.current().segments[depth - 1]
        if project.clock.sections(wanted.frames) != head.sections or differs(project, wanted, head):
            index, parent = depth - 1, head.parent
    if index >= len(project.current().segments):
        raise EditError(sentence("Every segment up to here is rendered. Add a segment to the timeline to go on."))
    check_parent(project, parent)
    return index, parent


def unfinished_take(project: Project) -> Take | None:
    """The partial take at the head that the next render completes: nothing continues it, and it is still wanted so."""
    head = project.takes[project.head] if project.head else None
    if head is None or head.state == "done" or any(project.children(head.id)):
        return None
    wanted = project.current().segments[len(project.film()) - 1]
    longer = project.clock.sections(wanted.frames) > head.sections
    return head if longer and not differs(project, wanted, head) else None


def check_parent(project: Project, parent: str | None) -> None:
    """Check that a take can be continued with the project's picture, frame, marks, size and model.

    Raises:
        EditError: it was made from another picture or another part of it, with other marks on it, in another size or by
            another model, or its memory was removed.
    """
    if parent is None:
        return
    take = project.takes[parent]
    check_memory(project, take)
    now = project.reference.sha256 if project.reference else "" if project.from_words else take.reference
    other = sentence("from another picture") if now else sentence("from a picture")
    for was, asked, what in (
        (take.model, project.model, sentence("by another model")),
        (take.size, project.size, sentence("in another size")),
        (take.reference, now, other if take.reference else sentence("from words alone")),
        (take.frame, project.frame if project.reference else take.frame, sentence("from another part of the picture")),
        (take.marks, project.marks if project.reference else take.marks, sentence("with other marks on the picture")),
    ):
        if was != asked:
            raise EditError(sentence(
                "The film up to here was made {what}, so it cannot be continued. Rewind to the start to begin anew, or undo the "
                "change. Every take is kept.", what=what))


def _shown_alike(project: Project, take: Take) -> Project:
    """The project in which a copy is shown as the take that it is a copy of: in the same colours, and the same part of it."""
    look, trim = project.looks.get(take.copy_of or ""), project.trims.get(take.copy_of or "")
    looks = {**project.looks, take.id: look} if look else project.looks
    return replace(project, looks=looks, trims={**project.trims, take.id: trim} if trim else project.trims)


def check_memory(project: Project, take: Take) -> None:
    """Check that the memory after a take is there. Raises EditError: it was removed to save room."""
    if take.thinned:
        raise EditError(sentence(
            "The memory after the take of segment {number} was removed to save room. Rewind to it, and press “Make its memory "
            "again” there; the film is as it was.", number=len(project.lineage(take.id))))


def planned_segment(project: Project, take: str) -> Segment:
    """The segment as planned now for a take: on the current branch, else on one it lies on, else as it was asked."""
    depth = len(project.lineage(take))
    for home in (project.current(), *project.branches):
        if _lies_on(project, home, take):
            return home.segments[depth - 1]
    return project.takes[take].segment


def _replaced(project: Project, take: Take, follow: bool) -> Project:
    known = project.takes[take.id]
    if known.state == "done" or known.parent != take.parent:
        raise EditError(sentence("This take is finished already; finished takes do not change. Retake it to get another one."))
    longer = replace(project, takes={**project.takes, take.id: take})
    return rewind(longer, take.id) if follow and take.id not in project.trash else longer


def _plan(first: Iterable[Segment], rest: Iterable[Segment]) -> tuple[Segment, ...]:
    """`first`, then those of `rest` that are not among them."""
    plan = tuple(first)
    ids = {segment.id for segment in plan}
    return plan + tuple(segment for segment in rest if segment.id not in ids)


def _made_room(segments: tuple[Segment, ...], index: int, rendered: Segment, new_seed: bool) -> tuple[Segment, ...]:
    """The plan with the rendered segment at `index`, wherever it was moved (or removed) while it was rendering."""
    place = next((i for i, segment in enumerate(segments) if segment.id == rendered.id), None)
    if new_seed and place is not None:
        segments = (*segments[:place], replace(segments[place], seed=rendered.seed), *segments[place + 1 :])
    if place == index:
        return segments
    if place is None or place < index:
        segment, rest = replace(rendered, id=rendered.id if place is None else fresh_id()), segments
    else:
        segment, rest = segments[place], segments[:place] + segments[place + 1 :]
    return (*rest[:index], segment, *rest[index:])


def as_rendered(project: Project, branch: Branch, index: int) -> Branch:
    """The branch with its rendered segments from `index` on as its takes were asked for."""
    path = project.lineage(branch.tip)
    asked = tuple(take.segment for take in path[index:])
    return replace(branch, segments=branch.segments[:index] + asked + branch.segments[len(path) :]) if asked else branch


def _lies_on(project: Project, branch: Branch, take: str | None) -> bool:
    return take is None or any(t.id == take for t in project.lineage(branch.tip))


def _branch(project: Project, branch: str) -> Branch:
    for found in project.branches:
        if found.id == branch:
            return found
    raise EditError(sentence("This branch is not there any more. Look at the list of branches again."))


def known_take(project: Project, take: str) -> Take:
    """The take of that id. Raises EditError: there is none."""
    if take not in project.takes:
        raise EditError(sentence("This take is not in the film. Look at the timeline again."))
    return project.takes[take]


def usable_take(project: Project, take: str) -> Take:
    """The take of that id. Raises EditError: there is none, or it is in the trash."""
    found = known_take(project, take)
    if take in project.trash:
        raise EditError(sentence("This take is in the trash. Restore it first."))
    return found


def fresh_name(project: Project) -> str:
    """A name for another branch."""
    taken = {b.name for b in project.branches}
    return next(name for n in range(2, len(taken) + 3) if (name := f"Branch {n}") not in taken)
