"""Films and exports of one project as files: joined from the takes' clips, cached, and marked with how they were made."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from studio.language import sentence
from studio.media import MediaError, export
from studio.media.contact_sheet import draw_contact_sheet
from studio.media.credentials import add_credentials, check_credentials
from studio.media.frame_rate import Rate
from studio.media.join import join
from studio.media.packets import packet_sum
from studio.media.title import check_title
from studio.names import slug
from studio.project import limits
from studio.project.edits import EditError
from studio.project.export_log import note_export
from studio.project.model import Project, Take
from studio.project.recipe import parse_recipe
from studio.project.store import CLIP
from studio.project.votes import Contest
from studio.session.document import Document
from studio.session.held_looks import HeldLooks
from studio.session.invisible_marks import mark_number, mark_problem
from studio.session.lineage import VERSION, caption, film_record, metadata
from studio.session.project_zip import pack
from studio.session.sidecar import write_sidecar
from studio.session.sounds import own_sound
from studio.session.trimmed import Trimmed
from studio.session.votes import rating_rows, write_ratings

JOINED = 12
"""Joined films kept on disk; an older one is joined again when it is needed."""
EXPORTS = 24
"""Exports kept in the project's folder; older ones are removed."""


class Films:
    """The films of one document. Safe to call from several threads; one file is made at a time."""

    def __init__(self, document: Document, looks: HeldLooks) -> None:
        """Make films of `document`'s takes, as the looks show them that they are held to, and keep them in its folder."""
        self._document = document
        self._looks = looks
        self._store = document.store
        self._trimmed = Trimmed(document.store)
        self._lock = threading.Lock()

    def clip(self, take: str) -> Path | None:
        """The clip of a take as it was made; None if it is not on the disk."""
        return self._file_of(take, CLIP)

    def poster(self, take: str) -> Path | None:
        """A still picture of a take; None if it is not on the disk."""
        return self._file_of(take, "poster.webp")

    def memory_picture(self, take: str) -> Path | None:
        """A picture of what the model's memory holds after a take; None if there is none."""
        return self._file_of(take, "memory.webp")

    def film(self, head: str | None = None) -> Path | None:
        """The film up to a take (None: up to the head), joined from the clips that are there; None when there are none.

        Raises:
            EditError: no such take.
            MediaError: a clip is damaged, or the disk is full.
        """
        project = self._document.project
        if head is not None and head not in project.takes:
            raise EditError(sentence("This take is not in the film. Look at the timeline again."))
        takes = [take for take in project.lineage(project.head if head is None else head) if self.clip(take.id)]
        return self.joined(project, takes) if takes else None

    def export_film(
        self, title: str | None = None, fade: float = 0.0, audio: Path | None = None, fps: int | None = None, blend: bool = False,
        label: str = "", invisible_mark: bool = False,
    ) -> Path:
        """The film up to the head as one file.

        Args:
            title: text of a title card; None or blank: no title card.
            fade: seconds of fading in and out.
            audio: a sound file to play with it; None: the film's own sound, if it has one.
            fps: another frame rate, at which it lasts as long as at its own; None: its own.
            blend: whether neighbouring frames are mixed at another rate; else the nearest one is shown.
            label: a text in the corner of all frames, such as “Made with AI”; blank: none.
            invisible_mark: whether all frames bear one; its number tells the film, see `mark_number`.

        Raises:
            EditError: there is no film yet, or the title or the label is too long.
            MediaError: a clip is missing or damaged, the title or the label has letters that cannot be drawn, the audio cannot be
                read, the frames are too small for an invisible mark, or the disk is full.
        """
        project = self._document.project
        title = limits.title(title) if title else None
        label = limits.title(label)
        check_title((title or "") + label)
        check_credentials(".mp4")
        takes = self.whole_film(project)
        out = self.export_path(f"{slug(project.name)}.mp4")
        own = project.sound if audio is None else None
        audio = own_sound(self._store, project) if own else audio
        rate = None if fps is None else Rate(fps, blend)
        export.compose(
            self.joined(project, takes), out, title, fade, audio, rate, own.offset if own else None, own.gain if own else 0.0,
            label, mark_number(project.id) if invisible_mark else None)
        add_credentials(out, project.name, film_record(project, takes, self._store))
        self.know_again(out, takes[-1].id)
        return out

    def know_again(self, film: Path, take: str) -> None:
        """Note what an exported film's coded frames are, so that it is known again when its tags are gone. `take`: its last one."""
        if not self._store.read_only and (packets := packet_sum(film)):
            note_export(self._store.folder, packets, take)

    def sidecar(self, film: Path) -> Path:
        """Write the sidecar of the film up to the head beside an export of it; returns its path.

        Raises:
            EditError: there is no film. MediaError: a clip is missing, or the disk is full.
        """
        project = self._document.project
        record = film_record(project, self.whole_film(project), self._store)
        return write_sidecar(film, record, parse_recipe(record["recipe"]), self._store)

    def whole_film(self, project: Project) -> tuple[Take, ...]:
        """The takes up to the head, in film order, at least one, each with its clip.

        Raises:
            EditError: there is no film yet.
            MediaError: a clip is missing.
        """
        takes = project.film()
        if not takes:
            raise EditError(sentence("There is no film yet. Generate a segment first."))
        for number, take in enumerate(takes, 1):
            if not self.clip(take.id):
                raise MediaError(sentence(
                    "The clip of segment {number} is missing, so the film has a gap. Retake it first.", number=number))
        return takes

    def shown_clip(self, project: Project, take: Take) -> Path:
        """What the film shows of a take: its clip in the colours it is held to, and of that the part, as often as wanted.

        Raises:
            MediaError: the clip is missing or damaged, or the disk is full.
        """
        return self._trimmed.clip(project, take, self.whole_clip(project, take))

    def whole_clip(self, project: Project, take: Take) -> Path:
        """All of a take's clip, in the colours that it is held to.

        Raises:
            MediaError: the clip is missing or damaged, or the disk is full.
        """
        return self._looks.clip(project, take)

    def joined(self, project: Project, takes: Sequence[Take]) -> Path:
        """The clips of `takes`, as they are shown, as one file, from the cache if it is there.

        Raises:
            MediaError: a clip is missing or damaged, or the disk is full.
        """
        clips = [self.shown_clip(project, take) for take in takes]
        content = [f"record {VERSION}", project.name, *(f"{take.id}:{take.sections}" for take in takes)]
        content += [clip.name for clip in clips if clip.name != CLIP]
        path = self._store.films / f"{hashlib.sha256(chr(0).join(content).encode()).hexdigest()[:16]}.mp4"
        with self._lock:
            if path.is_file():
                path.touch()
            else:
                join(clips, path, metadata(project, takes, self._store))
                self._prune(path)
        return path

    def fade_aside(self, fade: float, title: str | None = None) -> str:
        """What to say beside an exported film about fades of so many seconds; empty where they are as long as wanted.

        Raises:
            MediaError: a clip of the film is damaged, or the disk is full.
        """
        film = self.film() if fade else None
        most = export.longest_fade(film, title) if film else fade
        if fade <= most:
            return ""
        return sentence(
            "The film is shorter than two fades of {fade:g} seconds, so each was shortened to half of it: {most:.3g} seconds.",
            fade=fade, most=most)

    def mark_aside(self, film: Path) -> str:
        """What to say beside an exported film that was to bear the invisible mark; empty where it can be read there.

        Raises:
            MediaError: the film cannot be read.
        """
        return mark_problem(film, self._document.project.id)

    def export_take(self, take: str, kind: str = "mp4") -> Path:
        """One take as a file: gif, webp, mp4 or poster.

        Raises:
            EditError: no such take, or no such kind.
            MediaError: its clip is missing or damaged, or the disk is full.
        """
        project = self._document.project
        if take not in project.takes:
            raise EditError(sentence("This take is not in the film. Look at the timeline again."))
        if kind not in ("gif", "webp", "mp4", "poster"):
            raise EditError(sentence("A take is exported as gif, webp, mp4 or poster, not as '{kind}'.", kind=kind))
        if self.clip(take) is None:
            raise MediaError(sentence("The clip of this take is missing. Retake it to see it again."))
        ending = "-poster.webp" if kind == "poster" else f".{kind}"
        out = self.export_path(f"{slug(project.name)}-{len(project.lineage(take))}-{take[:4]}{ending}")
        if kind == "poster":
            export.still(self.shown_clip(project, project.takes[take]), out)
        elif kind == "mp4":
            join([self.shown_clip(project, project.takes[take])], out, metadata(project, [project.takes[take]], self._store))
        else:  # from a joined copy, which has the metadata: gif and webp take it over
            (export.gif if kind == "gif" else export.webp)(self.joined(project, [project.takes[take]]), out)
        add_credentials(out, project.name, film_record(project, [project.takes[take]], self._store))
        if kind == "mp4":
            self.know_again(out, take)
        return out

    def contact_sheet(self, takes: Sequence[str]) -> Path:
        """A PNG with a row of frames for each take, and what it was asked for above it.

        Raises:
            EditError: there is no take, or no such take.
            MediaError: a clip is missing or damaged, or the disk is full.
        """
        project = self._document.project
        if not takes:
            raise EditError(sentence("There are no takes for a contact sheet yet. Generate a segment first."))
        for take in takes:
            if take not in project.takes:
                raise EditError(sentence("This take is not in the film. Look at the timeline again."))
            if self.clip(take) is None:
                raise MediaError(sentence(
                    "The clip of a take is missing, so the contact sheet would have a gap. Retake it, or drop it."))
        depth = len(project.lineage(takes[0]))
        rows = [(caption(project, project.takes[take]), self.shown_clip(project, project.takes[take])) for take in takes]
        out = self.export_path(f"{slug(project.name)}-{depth}-takes.png")
        draw_contact_sheet(f"{project.name} · segment {depth}", rows, out,
                           metadata(project, [project.takes[take] for take in takes], self._store))
        add_credentials(out, project.name, film_record(project, [project.takes[take] for take in takes], self._store))
        return out

    def export_project(self) -> Path:
        """The whole project as a ZIP that opens on another machine: document, pictures and takes, without films.

        Raises:
            MediaError: the disk is full or cannot be written.
        """
        project = self._document.project
        out = self.export_path(f"{slug(project.name)}.zip")
        pack(project, self._store, out, f"{slug(project.name)}-{project.id}")
        return out

    def export_ratings(self, contest: Contest) -> Path:
        """The ratings of what was voted on as a CSV file, a line for each take or branch.

        Raises:
            EditError: nothing was voted on, or a branch is not there.
            MediaError: the disk is full or cannot be written.
        """
        rows = rating_rows(self._document.project, contest)
        if not rows:
            raise EditError(sentence("There are no votes here yet. Vote on a pair first; nothing was exported."))
        out = self.export_path(f"{slug(self._document.project.name)}-ratings.csv")
        write_ratings(rows, out)
        return out

    def _prune(self, newest: Path) -> None:
        """Remove the oldest joined films. `newest` stays, also where the clock was set back."""
        joined = [p for p in self._store.films.glob("*.mp4") if re.fullmatch(r"[0-9a-f]{16}", p.stem) and p != newest]
        for path in sorted(joined, key=lambda p: p.stat().st_mtime)[: 1 - JOINED]:
            path.unlink(missing_ok=True)

    def _file_of(self, take: str, name: str) -> Path | None:
        path = self._store.take_folder(take) / name
        return path if path.is_file() else None

    def export_path(self, name: str) -> Path:
        """A path for an export, in a folder of its own, so that its name can be the film's. Old exports are removed."""
        exports = self._store.films / "exports"
        for folder in sorted(exports.glob("*"), key=lambda p: p.stat().st_mtime)[: -EXPORTS + 1]:
            shutil.rmtree(folder, ignore_errors=True)
        return exports / secrets.token_hex(4) / name
