"""Takes whose render was cut off as the studio was stopped: what is finished of them comes back. It renders nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.engine import take_folder
from studio.media import MediaError
from studio.media.clip import probe
from studio.project import edits
from studio.project.edits import EditError
from studio.project.model import Project, Take
from studio.project.store import CLIP, StoreError
from studio.session.document import Document


def recover(document: Document) -> None:
    """Keep what was finished of takes cut off, and say so as findings. Never raises: the project opens all the same."""
    store = document.store
    for asked in store.asked():
        folder = store.take_folder(asked.id)
        try:
            take = _finished(document.project, asked, folder)
            if take is None:
                _clear(document, asked)
                continue
            store.write_take(take, document.project)
            document.repair(_told(take), _kept, take)
            if take.state == "done":
                take_folder.tidy(folder)
        except (MediaError, StoreError, EditError) as error:
            document.add_finding(f"A take that was cut off could not be brought back yet; its files are in {folder}. {error}")


def _finished(project: Project, asked: Take, folder: Path) -> Take | None:
    """The take over its finished sections; None: there are none that the project does not know already.

    Raises:
        MediaError: a section's clip cannot be read, or the disk is full.
    """
    known = project.takes.get(asked.id)
    if known and known.state == "done":
        return None
    wanted = project.clock.sections(asked.segment.frames)
    sections = take_folder.finished_sections(folder)
    if sections > (known.sections if known else 0):
        sections, frames = take_folder.close(folder)
    elif not sections and (folder / CLIP).is_file() and (folder / take_folder.SNAPSHOT).is_file():
        frames = probe(folder / CLIP).frames  # closed and tidied already: only the note was missing
        sections = project.clock.sections(frames)
    else:
        return None
    return replace(asked, sections=sections, frames=frames, state="done" if sections >= wanted else "partial")


def _kept(project: Project, take: Take) -> Project:
    """The project with the take. The head follows when it stands where the take begins, as it would have."""
    if take.parent is not None and take.parent not in project.takes:
        take = replace(take, parent=None)
    return edits.add_take(project, take, follow=project.head in (take.parent, take.id))


def _clear(document: Document, asked: Take) -> None:
    """A take that came to nothing leaves no folder behind."""
    if asked.id not in document.project.takes:
        document.store.discard(asked.id)


def _told(take: Take) -> str:
    sections = "one finished section" if take.sections == 1 else f"{take.sections} finished sections"
    what = "was complete" if take.state == "done" else f"kept {sections}; generate to complete it"
    return f"The studio was stopped during a render. The take {what}."
