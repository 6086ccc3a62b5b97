"""Recovers takes whose render was cut off because the studio was stopped: their finished sections are kept."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from studio.engine import take_folder
from studio.language import sentence, sentences
from studio.media import MediaError
from studio.media.clip import probe
from studio.project import edits
from studio.project.choices import keep_take
from studio.project.edits import EditError
from studio.project.model import Clock, Project, Take
from studio.project.store import CLIP, StoreError
from studio.session.document import Document
from studio.session.job_note import read_note

log = logging.getLogger(__name__)


def recover(document: Document) -> None:
    """Add the finished sections of interrupted takes to the project, and say so as findings.

    It never raises: a take that cannot be recovered does not keep the project from opening.
    """
    store, note = document.store, read_note(document.folder)
    auditioned = {ask.take.id for ask in note.asks if ask.audition} if note else set()
    for requested in store.begun_takes():
        folder = store.take_folder(requested.id)
        try:
            clock = store.request_clock(requested.id) or document.project.clock
            take = _finished(document.project, requested, folder, clock)
            if take is None:
                _discard(document, requested)
                continue
            store.write_take(take, document.project)
            document.repair(_finding(take), keep_take if take.id in auditioned else _add_take, take)
            if take.state == "done":
                take_folder.tidy(folder)
        except Exception as error:  # whatever is in a damaged folder, the project opens
            if not isinstance(error, (MediaError, StoreError, EditError)):
                log.exception("a take that was cut off could not be recovered")
            document.add_finding(sentence(
                "A take that was cut off could not be brought back yet; its files are in {folder}. {error}",
                folder=folder, error=str(error)))


def _finished(project: Project, requested: Take, folder: Path, clock: Clock) -> Take | None:
    """The take with its finished sections; None: there are none that the project does not know already.

    `clock`: by which the take was asked for; the project may have another model by now.

    Raises:
        MediaError: a section's clip cannot be read, or the disk is full.
    """
    known = project.takes.get(requested.id)
    if requested.copy_of or (known and known.state == "done"):      # a bridge is made again: its files may be those before it
        return None
    before = known.sections if known else 0
    sections, joined, frames = take_folder.finished_sections(folder), 0, 0
    if (folder / CLIP).is_file() and (folder / take_folder.SNAPSHOT).is_file():
        try:
            frames = probe(folder / CLIP).frames
            joined = clock.sections(frames)
        except MediaError:
            if not sections:
                raise
    if sections > before and sections >= joined:
        sections, frames = take_folder.close(folder)
    elif joined > max(before, sections):  # joined already, and some or all section files removed: only the note was not written
        sections = joined
    else:
        return None
    wanted = clock.sections(requested.segment.frames)
    return replace(requested, sections=sections, frames=frames, state="done" if sections >= wanted else "partial")


def _add_take(project: Project, take: Take) -> Project:
    """The project with the take. The head moves to it when it stands where the take begins, as it would have after the render."""
    if take.parent is not None and take.parent not in project.takes:
        take = replace(take, parent=None)
    return edits.add_take(project, take, follow=project.head in (take.parent, take.id))


def _discard(document: Document, requested: Take) -> None:
    """Remove the folder of a take without finished sections."""
    if requested.id not in document.project.takes:
        document.store.discard_take(requested.id)


def _finding(take: Take) -> str:
    if take.state == "done":
        return sentence("The studio was stopped during a render. The take was complete.")
    return sentences(
        "The studio was stopped during a render. The take kept one finished section; generate to complete it.",
        "The studio was stopped during a render. The take kept {number} finished sections; generate to complete it.", take.sections)
