"""A project on disk: one folder, a versioned document, a folder per take.

project.json        the document, replaced in one step; project.json.bak is the one before
media/              reference images, named by content
takes/<take>/       a take's files; asked.json from before its render, take.json once it is kept, both with the plan around it
                    (take.json says as well whether the take is in the trash)
films/              joined films and exports; all of it can be made again
undo.log            the steps that undo and redo lead to; without it they begin anew
.open               claimed by the studio that has the project open
"""

from __future__ import annotations

import contextlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from studio.disk import explain, identity, link_as
from studio.language import join, sentence
from studio.project import repair
from studio.project.codec import FORMAT, parse_document, parse_project, project_table
from studio.project.files import StoreError, claim, is_free, read_json, write_bytes, write_json
from studio.project.folder_care import BACKUP, DOCUMENT, FILMS, MEDIA, TAKES, TRASH_NOTE, make_ready, set_aside
from studio.project.model import Clock, Project, Take
from studio.project.rescue import Copies, rescue
from studio.project.rules import FormatError
from studio.project.table_reader import Table
from studio.project.take_notes import (
    REQUEST_NOTE,
    TAKE_NOTE,
    note_trash,
    read_clock,
    read_dropped,
    read_plans,
    read_takes,
    write_note,
)
from studio.project.undo_log import LOG, LOST, UndoLog, read_log

__all__ = ["CLIP", "OpenedProject", "Store", "StoreError"]

CLAIM = ".open"
CLIP = "clip.mp4"
_TAKE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


@dataclass(frozen=True)
class OpenedProject:
    """A project that was read. `findings` are sentences for the artist about what was damaged or repaired."""

    project: Project
    findings: tuple[str, ...] = ()
    read_only: bool = False
    undo: UndoLog | None = None
    """Its steps of undo and redo; None: there are none yet."""


class Store:
    """The folder of one project. Not for several threads at once: whoever owns the document locks it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read_only = False
        self._held = False                                  # whether another studio has it open
        self._saved = b""
        self._written: tuple[int, ...] | None = None        # which file that is on the disk
        self._claim: IO[bytes] | None = None

    @property
    def takes(self) -> Path:
        """The folder of the takes' folders."""
        return self.folder / TAKES

    @property
    def media(self) -> Path:
        """The folder of the pictures."""
        return self.folder / MEDIA

    @property
    def films(self) -> Path:
        """The folder of joined films and exports."""
        return self.folder / FILMS

    def take_folder(self, take: str) -> Path:
        """The folder of a take. Raises StoreError: `take` is not an id."""
        if not _TAKE_ID.fullmatch(take):
            raise StoreError(sentence("This is not a take of the project. Look at the timeline again."))
        return self.takes / take

    def create(self, project: Project) -> None:
        """Make the folder and save `project` in it.

        Raises:
            StoreError: a project is there already, or the disk refuses.
        """
        if (self.folder / DOCUMENT).exists():
            raise StoreError(sentence(
                "There is a project in {folder} already. Open it, or choose another folder.", folder=self.folder))
        try:
            for folder in (self.takes, self.media, self.films):
                folder.mkdir(parents=True, exist_ok=True)
            self._claim = claim(self.folder / CLAIM)
        except OSError as error:
            raise StoreError(explain(self.folder, error)) from error
        self.save(project)

    def open(self) -> OpenedProject:
        """Read the project; damage is repaired as far as possible, and described in the findings.

        Raises:
            StoreError: there is no project, or a newer studio made it and this one cannot show it.
        """
        damage: list[str] = []
        copies: list[Table] = []
        for name in (DOCUMENT, BACKUP):
            try:
                table = read_json(self.folder / name)
                project, newer = parse_document(self.folder / name, table)
            except FileNotFoundError:
                continue
            except PermissionError as error:
                raise StoreError(sentence(
                    "{path} may not be read. Change its permissions first.", path=self.folder / name)) from error
            except FormatError as error:  # an object, but not of a project that hangs together: parts of it can be used
                damage.append(sentence("{name} is damaged ({error})", name=name, error=str(error)))
                copies.append(table)
            except (ValueError, OSError) as error:  # cut short, or not what it should be
                damage.append(sentence("{name} is damaged ({error})", name=name, error=str(error)))
            else:
                if copies:
                    copies.append(table)
                    break
                gone = [] if damage or name == DOCUMENT else [sentence("{document} is gone", document=DOCUMENT)]
                return self._opened(name, project, newer, [*damage, *gone])
        return self._rescued(copies, damage)

    def save(self, project: Project) -> Table:
        """Write the document in one step, once it was read back; the one before stays as project.json.bak.

        Returns:
            What was read back.

        Raises:
            StoreError: the project is open read-only, the disk refuses, or the project could not be opened again. The file is
                as it was.
        """
        self.check_writable()
        written: Table = {}

        def check(table: Table) -> None:
            """Compare what was written with the project; then keep the old document as a backup."""
            written.update(table)
            if parse_project(table) != project:
                raise FormatError("it reads differently from what was written")
            if self._saved:                                # only now: a document that is refused leaves both files as they are
                self._keep_backup()

        self._saved = write_json(self.folder / DOCUMENT, {"format": FORMAT, **project_table(project)}, check)
        self._written = identity(self.folder / DOCUMENT)
        return written

    def _keep_backup(self) -> None:
        """Make the document that was saved last the backup. It is on the disk: unless changed there, a second name will do."""
        if self._written and identity(self.folder / DOCUMENT) == self._written:
            with contextlib.suppress(OSError):              # a file system without second names
                link_as(self.folder / DOCUMENT, self.folder / BACKUP)
                return
        write_bytes(self.folder / BACKUP, self._saved)

    def close(self) -> None:
        """Let another studio open the project. Nothing is saved after this."""
        self.read_only = True
        if self._claim:
            self._claim.close()
            self._claim = None

    def was_let_go(self) -> bool:
        """Whether another studio had the project open when this one read it, and has not any more: it is to be read again."""
        return self._held and is_free(self.folder / CLAIM)

    def reclaim(self) -> None:
        """Take back what `close` gave up. Where another studio was faster, the project is for viewing only."""
        self.read_only = bool(self._read_only(newer=False))

    def begin_take(self, take: Take, project: Project) -> Path:
        """Make the folder of a take that will be rendered, and write what was asked, so that a crash loses nothing.

        Raises:
            StoreError: read-only, or the disk refuses.
        """
        self.check_writable()
        folder = self.take_folder(take.id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(explain(folder, error)) from error
        write_note(folder / REQUEST_NOTE, take, project)
        return folder

    def write_take(self, take: Take, project: Project) -> None:
        """Write take.json, the last file of a take: it says that the other files are complete.

        Raises:
            StoreError: read-only, or the disk refuses.
        """
        self.check_writable()
        folder = self.take_folder(take.id)
        write_note(folder / TAKE_NOTE, take, project)
        if take.state == "done":
            with contextlib.suppress(OSError):
                (folder / REQUEST_NOTE).unlink(missing_ok=True)

    def note_trash(self, project: Project) -> None:
        """Note which takes are in the trash of `project`. Where that cannot be written, the note stays as it is."""
        with contextlib.suppress(StoreError):      # the document says it: notes are for when it is lost
            note_trash(self.folder / TRASH_NOTE, project)

    def discard_take(self, take: str) -> None:
        """Remove the folder of a take without finished sections. A take with a take.json is never removed."""
        folder = self.take_folder(take)
        if not self.read_only and not (folder / TAKE_NOTE).exists():
            shutil.rmtree(folder, ignore_errors=True)

    def missing_clips(self, project: Project) -> frozenset[str]:
        """Ids of takes whose clip is not on the disk."""
        return frozenset(take for take in project.takes if not (self.take_folder(take) / CLIP).is_file())

    def begun_takes(self) -> tuple[Take, ...]:
        """Takes whose render was started and not finished, as they were asked for."""
        return read_takes(self.takes, REQUEST_NOTE)

    def request_clock(self, take: str) -> Clock | None:
        """The clock by which a take was asked for; None where its note cannot be read."""
        return read_clock(self.take_folder(take) / REQUEST_NOTE)

    def check_writable(self) -> None:
        """Raises StoreError: the project is open read-only."""
        if self.read_only:
            raise StoreError(sentence(
                "This project is open for viewing only: a newer studio made it, another one has it open, or its folder cannot be "
                "written to. Nothing was changed."))

    def _opened(self, name: str, project: Project, newer: bool, damage: list[str]) -> OpenedProject:
        """The project that a file describes without damage, with all takes that were finished since."""
        if reason := self._read_only(newer):
            self.read_only = True
            return OpenedProject(project, (reason,), read_only=True)
        make_ready(self.folder)
        undo, lost = self._undo_log(project)
        project, found = repair.add_takes(project, read_takes(self.takes, TAKE_NOTE))
        if not damage:
            self._saved = (self.folder / name).read_bytes()
            return OpenedProject(project, (*found, *lost), undo=undo)
        set_aside(self.folder, DOCUMENT)
        message = sentence(
            "{damage}. This is the version saved before it, with all takes finished since.", damage=join(*damage, separator="; "))
        return OpenedProject(project, (message, *found, *lost), undo=undo)

    def _rescued(self, copies: list[Table], damage: list[str]) -> OpenedProject:
        """The project as it can be put together, where no file describes it without damage."""
        plans, takes = read_plans(self.takes), read_takes(self.takes, TAKE_NOTE)
        if not plans and not takes and not damage and not any(self.takes.glob("*/*")):
            raise StoreError(sentence(
                "There is no project in {folder}. Choose a folder that holds a {document}.", folder=self.folder, document=DOCUMENT))
        dropped = read_dropped(self.takes, self.folder / TRASH_NOTE)
        project, repairs = rescue(self.folder, Copies(tuple(copies), plans, takes, dropped))
        what = join(*damage, separator="; ") if damage else sentence("{name} is gone", name=DOCUMENT)
        findings = (join(sentence("{damage}.", damage=what), repairs[0]), *repairs[1:])
        if reason := self._read_only(newer=False):
            self.read_only = True
            return OpenedProject(project, (reason, *findings), read_only=True)
        make_ready(self.folder)
        set_aside(self.folder, DOCUMENT)
        undo, lost = self._undo_log(project)
        return OpenedProject(project, (*findings, *lost), undo=undo)

    def _undo_log(self, project: Project) -> tuple[UndoLog | None, tuple[str, ...]]:
        """The steps of undo and redo, and what is to be said about them. A file that cannot be used is set aside."""
        try:
            return read_log(self.folder / LOG, project.id), ()
        except (OSError, ValueError):
            set_aside(self.folder, LOG)
            return None, (LOST,)

    def _read_only(self, newer: bool) -> str:
        """Why the project is for viewing only; nothing when it is not."""
        if newer:
            return sentence("This project was made by a newer studio, so it is for viewing only. Update the studio to go on.")
        try:
            self._claim = self._claim or claim(self.folder / CLAIM)
        except OSError:
            return sentence(
                "{folder} cannot be written to, so this is for viewing only. Change the folder's permissions.", folder=self.folder)
        self._held = self._claim is None
        if self._held:
            return sentence("This project is open in another studio already, so here it is for viewing only. Close it there first.")
        return ""
