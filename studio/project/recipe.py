"""The recipe of a film: all that is needed to make its takes again elsewhere, as a document without files.

A recipe is a project that holds the film's takes and those that they need: takes that were copied, shots that begin at a frame of
another take, takes whose memory was pinned or forgotten, takes whose colours others are matched to. It says how its takes are shown
(looks, trims), and names its sound and its markers. Other branches, votes and tags are not part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from studio.project.codec import FORMAT, parse_project, project_table
from studio.project.later import plan_later
from studio.project.limits import fresh_id
from studio.project.model import Branch, Project, Take
from studio.project.rules import FormatError
from studio.project.sources import Reference
from studio.project.table_reader import Table
from studio.project.take_requests import TakeRequest

MOST = 4000
"""Takes of a recipe, at most."""


def public_id(project: str) -> str:
    """What exported files say of a project's id: it tells two films apart, and does not open one.

    On a shared studio the id is a film's address, which whoever gets the film must not learn.
    """
    return hashlib.sha256(f"film {project}".encode()).hexdigest()[:12]


def make_recipe(project: Project, takes: Sequence[Take], reference: Reference | None) -> Project:
    """The recipe of a film, whose head is the take at which the film ends.

    Args:
        project: that the takes belong to.
        takes: a film, in order, or takes to choose from: then the recipe ends at the first of them. At least one.
        reference: the picture that the film begins with.
    """
    last = last_take(project, takes)
    path = project.lineage(last.id)
    needed = {take.id: take for take in _needed(project, (*takes, last))}
    looks = {take: look for take, look in project.looks.items() if take in needed}
    matched = [project.takes[look.match] for look in looks.values() if look.match in project.takes]
    needed |= {take.id: take for take in _needed(project, matched)}
    branch = Branch(project.current().id, project.current().name, tuple(take.segment for take in path), last.id)
    return Project(
        id=public_id(project.id), name=project.name, model=last.model, size=last.size, clock=project.clock, settings=last.settings,
        reference=reference, frame=path[0].frame, marks=path[0].marks, takes=needed, branches=(branch,), branch=branch.id,
        head=last.id, style=last.style, cast=last.cast,
        looks=looks,
        trims={take: trim for take, trim in project.trims.items() if take in needed},
        sound=project.sound, markers=project.markers, from_words=not path[0].reference,
    )  # fmt: skip


def last_take(project: Project, takes: Sequence[Take]) -> Take:
    """Where a film ends; of takes to choose from, the first."""
    line = {take.id for take in project.lineage(takes[-1].id)}
    return takes[-1] if takes[0].id in line else takes[0]


def recipe_table(recipe: Project) -> Table:
    """A recipe as a JSON object."""
    return {"format": FORMAT, **project_table(recipe)}


def parse_recipe(table: object) -> Project:
    """The recipe in a JSON object of unknown origin.

    Raises:
        FormatError: it is none, it does not hang together, or it is far longer than any film.
    """
    if not isinstance(table, dict) or not isinstance(table.get("takes"), list) or len(table["takes"]) > MOST:
        raise FormatError("the recipe is no film")
    recipe = parse_project(table)
    if recipe.head is None:
        raise FormatError("the recipe ends nowhere")
    return recipe


def begin(recipe: Project) -> tuple[Project, tuple[TakeRequest, ...]]:
    """A new film that plans what a recipe says, and requests that make its takes as they were made, each after those it needs."""
    branch = replace(recipe.current(), tip=None)
    empty = replace(recipe, id=fresh_id(), takes={}, branches=(branch,), head=None, looks={}, trims={})
    planned = plan_later(empty, recipe.looks, recipe.trims)
    film = {take.id for take in recipe.film()}
    ordered = _needed(recipe, (*recipe.takes.values(),))
    return planned, tuple(
        TakeRequest(
            replace(take, sections=0, frames=0, seconds=0.0, state="partial", thinned=False, at_edge=False),
            max(1, take.sections), len(recipe.lineage(take.id)) - 1, audition=take.id not in film, exact=True)
        for take in ordered
    )  # fmt: skip


def _needed(project: Project, takes: Sequence[Take]) -> list[Take]:
    """The takes and all that they need to be made, each after those that it needs."""
    found: dict[str, Take] = {}
    begun: set[str] = set()
    waiting = [take.id for take in reversed(takes)]
    while waiting:
        take = waiting[-1]
        lacking = [need for need in _needs(project.takes[take]) if need in project.takes and need not in begun]
        if take in begun or not lacking:
            found.setdefault(waiting.pop(), project.takes[take])
        else:
            waiting += reversed(lacking)
        begun.add(take)
    return list(found.values())


def _needs(take: Take) -> tuple[str, ...]:
    shot = take.segment.shot
    return tuple(each for each in (take.parent, take.copy_of, shot and shot.take, *take.pins, *take.forgotten) if each)
