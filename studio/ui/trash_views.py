"""What the page draws of the trash, as JSON: takes and branches of a film, and whole films."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from studio.language import join, sentence, sentences
from studio.project import trash
from studio.project.film_trash import KEPT_SECONDS, TrashedProject
from studio.session.trash import folder_size
from studio.ui.take_views import take_words
from studio.ui.words import Json, file_url, format_length, format_size

if TYPE_CHECKING:
    from studio.project.model import Project, Take
    from studio.session import Session


def trash_view(session: Session, films: Iterable[TrashedProject], shared: bool = False) -> Json:
    """All that is in the trash, what was thrown away last first, with what it weighs on the disk.

    `shared`: on a studio that several people use, which deletes the films after some days.
    """
    takes = _takes(session)
    shelved = [_film(film) for film in films]
    return {
        "takes": takes,
        "branches": _branches(session.project),
        "films": shelved,
        "takes_weigh": format_size(sum(take["bytes"] for take in takes)),
        "films_weigh": format_size(sum(film["bytes"] for film in shelved)),
        "films_kept": round(KEPT_SECONDS / 86_400) if shared else None,
    }


def kept_note(takes: int) -> str:
    """Why so many takes stay in the trash."""
    return sentences(
        "One take stays in the trash: shots, looks or the memory of takes in the film still need them.",
        "{number} takes stay in the trash: shots, looks or the memory of takes in the film still need them.", takes)


def _takes(session: Session) -> list[Json]:
    project = session.project
    gone = [project.takes[take] for take in project.trash]
    _, needed = trash.deletable(project, project.trash)
    gone.sort(key=lambda take: (project.dropped.get(take.id, ""), take.created), reverse=True)
    return [_take(session, project, take) | {"needed": take.id in needed} for take in gone]


def _take(session: Session, project: Project, take: Take) -> Json:
    size = folder_size(session.store.take_folder(take.id))
    return {
        "id": take.id,
        "name": join(str(len(project.lineage(take.id))), take_words(take) or sentence("no prompt"), separator=" · "),
        "what": sentence(
            "Take, seed {seed}, {length}", seed=str(take.segment.seed), length=format_length(project.clock.seconds(take.frames))),
        "poster": file_url(session.films.poster(take.id)),
        "when": project.dropped.get(take.id, ""),
        "bytes": size,
        "size": format_size(size) if size else "",
        "continued": sum(1 for other in project.trash if take.id in {t.id for t in project.lineage(other)}) - 1,
    }


def _branches(project: Project) -> list[Json]:
    return [
        {
            "id": each.branch.id,
            "name": each.branch.name,
            "what": sentences("Branch, {number} segment", "Branch, {number} segments", len(each.branch.segments)),
            "when": each.when,
        }
        for each in reversed(project.dropped_branches)
    ]


def _film(film: TrashedProject) -> Json:
    size = folder_size(film.summary.folder)
    return {
        "id": film.key, "name": film.summary.name, "what": sentence("Film"), "poster": file_url(film.summary.poster),
        "when": film.when, "bytes": size, "size": format_size(size),
    }  # fmt: skip
