"""Edits of the looks that takes are held to, each a function Project -> Project. The takes stay as they were made."""

from __future__ import annotations

from dataclasses import replace

from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError
from studio.project.model import FIRST_FRAME, REFERENCE, Look, Project
from studio.project.tree import known_take, usable_take


def set_look(
    project: Project, take: str, match: str, strength: float = 1.0, after: bool = False, context: bool | None = None
) -> Project:
    """Hold a take to a look: its colours and contrast are matched to another picture of the film.

    Args:
        project: the project.
        take: id of the take.
        match: FIRST_FRAME, REFERENCE, or the id of another take.
        strength: how much, from 0 to 1.
        after: hold all takes after it on the current branch to the same look. The one that is matched to stays as it is.
        context: whether the section after it sees it so too; None: as it was, and at first not.

    Raises:
        EditError: no such take, it is matched to itself or to a take in the trash, or the strength is out of range.
    """
    usable_take(project, take)
    if match not in (FIRST_FRAME, REFERENCE):
        usable_take(project, match)
        if match == take:
            raise EditError(sentence("A take cannot be matched to itself. Choose another one, or the first frame."))
    share = limits.within((0, 1), strength, sentence("The strength of a look"))
    held = [one for one in _reach(project, take, after) if one != match]
    before = project.looks
    seen = (before[take].context if take in before else False) if context is None else context
    looks = {one: replace(before.get(one, Look(match)), match=match, strength=share, context=seen) for one in held}
    return replace(project, looks={**before, **looks})


def drop_look(project: Project, take: str, after: bool = False) -> Project:
    """Show a take as it was made again. `after`: also all takes after it on the current branch. Raises EditError: no such take."""
    known_take(project, take)
    gone = _reach(project, take, after)
    return replace(project, looks={one: look for one, look in project.looks.items() if one not in gone})


def _reach(project: Project, take: str, after: bool) -> list[str]:
    """The take, and with `after` those that follow it on the current branch."""
    path = [one.id for one in project.path()]
    return path[path.index(take) :] if after and take in path else [take]
