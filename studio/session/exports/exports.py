"""Exports of one project for other programs, by what they are for. Each is a file of its own in the project's folder."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from studio.language import sentence
from studio.language.lists import with_or
from studio.media import MediaError
from studio.media.contact_sheet import draw_contact_sheet
from studio.media.credentials import add_credentials, check_credentials
from studio.media.disk import atomic_write
from studio.media.fonts import missing_letters
from studio.media.image_sequence import write_sequence
from studio.media.join import join
from studio.media.masters import MASTERS, check_master, write_master
from studio.media.storyboard import PAPERS, Panel, draw_storyboard
from studio.media.title import NAMED
from studio.names import slug
from studio.project.edits import EditError
from studio.project.model import Project, Take
from studio.session.document import Document
from studio.session.exports import timeline
from studio.session.exports.cut import Cut, film_cuts, is_looped, take_notes, take_text
from studio.session.exports.shot_list import write_shot_list
from studio.session.films import Films
from studio.session.lineage import caption, film_record, metadata
from studio.session.sounds import own_sound

if TYPE_CHECKING:
    from opentimelineio.schema import Timeline

SHOTS = "shots"
"""The folder of clips of whole shots, beside the timeline."""


@dataclass(frozen=True)
class Options:
    """What an export may be asked for. Each export reads what concerns it."""

    fps: int | None = None        # of an MP4; None: the film's own
    label: str = ""               # in the corner of an MP4's frames; blank: none
    invisible_mark: bool = False  # in all frames of an MP4
    blend: bool = False           # neighbouring frames are mixed at another rate; else the nearest one is shown
    first: int = 1                # the number of the first frame, of numbered pictures
    paper: str = "a4"             # of a storyboard: a4 or letter


@dataclass(frozen=True)
class Exported:
    """A file that was made, and what is to be said about it; empty: nothing."""

    path: Path
    aside: str = ""


class Exports:
    """Exports of one document's film, up to the head. Safe to call from several threads."""

    def __init__(self, document: Document, films: Films) -> None:
        """Export `document`'s film, whose clips `films` knows."""
        self._document = document
        self._films = films

    @property
    def kinds(self) -> Mapping[str, Callable[[Options], Exported]]:
        """What can be made, by name."""
        return {
            "film": self.film,
            "otio": self.otio,
            "xml": self.final_cut,
            "edl": self.edl,
            "shots": self.shot_list,
            "storyboard": self.storyboard,
            "sheet": self.contact_sheet,
            "frames": self.frames,
            **{name: partial(self._master, name) for name in MASTERS},
        }

    def make(self, kind: str, options: Options | None = None) -> Exported:
        """Make an export.

        Raises:
            EditError: no such export, there is no film yet, or it cannot be told in this form.
            MediaError: a clip is missing or damaged, or the disk is full.
        """
        if kind not in self.kinds:
            raise EditError(sentence("There is no export '{kind}'. Choose one of {kinds}.", kind=kind, kinds=", ".join(self.kinds)))
        return self.kinds[kind](options or Options())

    def problems(self) -> dict[str, str]:
        """Exports that this film, or this machine, cannot have, and why."""
        project = self._document.project
        checks: dict[str, Callable[[], None]] = {
            "edl": lambda: timeline.check_edl(project),
            "xml": lambda: timeline.check_final_cut(project),
            **{name: partial(check_master, name) for name in MASTERS},
        }
        found = {}
        for kind, check in checks.items():
            try:
                check()
            except (EditError, MediaError) as error:
                found[kind] = str(error)
        return found

    def film(self, options: Options) -> Exported:
        """The film as an MP4, without extras."""
        film = self._films.export_film(
            fps=options.fps, blend=options.blend, label=options.label, invisible_mark=options.invisible_mark)
        return Exported(film, self._films.mark_aside(film) if options.invisible_mark else "")

    def otio(self, _: Options) -> Exported:
        """An OpenTimelineIO timeline, with the film's clips, its shots and the other takes of its segments, as a ZIP."""
        return self._pack("otio", lambda project, line: timeline.otio_text(line), alternates=True)

    def final_cut(self, _: Options) -> Exported:
        """A Final Cut Pro 7 XML, with the film's clips and its shots, as a ZIP."""
        timeline.check_final_cut(self._document.project)
        return self._pack("xml", timeline.fcp_text)

    def edl(self, _: Options) -> Exported:
        """A CMX 3600 EDL, with the film's clips and its shots, as a ZIP."""
        timeline.check_edl(self._document.project)
        return self._pack("edl", timeline.edl_text)

    def shot_list(self, _: Options) -> Exported:
        """The segments as a CSV file."""
        project = self._document.project
        if not project.film():
            raise EditError(sentence("There is no film yet. Generate a segment first."))
        out = self._films.export_path(f"{slug(project.name)}-shots.csv")
        write_shot_list(project, out)
        return Exported(out)

    def storyboard(self, options: Options) -> Exported:
        """The segments as panels on paper, a PDF: picture, prompt, length, take and notes of each."""
        if options.paper not in PAPERS:
            raise EditError(sentence(
                "A storyboard is drawn on {papers}, not on '{paper}'.", papers=with_or(list(PAPERS)), paper=options.paper))
        project = self._document.project
        self._films.whole_film(project)
        cuts = film_cuts(project)
        panels = [self._panel(project, cut) for cut in cuts]
        out = self._films.export_path(f"{slug(project.name)}-storyboard.pdf")
        segments = "1 segment" if len(cuts) == 1 else f"{len(cuts)} segments"
        length = f"{segments}  ·  {project.clock.timecode(cuts[-1].end)}  ·  {project.clock.fps} frames a second"
        draw_storyboard(project.name, length, panels, out, options.paper)
        missing = missing_letters(project.name + "".join(panel.text + panel.facts + panel.notes for panel in panels))
        aside = sentence(
            "No font of this machine has these letters, which were left out: {letters}", letters=" ".join(missing[:NAMED])
        ) if missing else ""
        return Exported(out, aside)

    def contact_sheet(self, _: Options) -> Exported:
        """A PNG with a row of frames for each segment, and what it was asked for above it."""
        project = self._document.project
        takes = self._films.whole_film(project)
        rows = [
            (f"{number} · {caption(project, take)}", self._films.shown_clip(project, take)) for number, take in enumerate(takes, 1)]
        out = self._films.export_path(f"{slug(project.name)}-sheet.png")
        draw_contact_sheet(project.name, rows, out, metadata(project, takes, self._document.store))
        add_credentials(out, project.name, film_record(project, takes, self._document.store))
        return Exported(out)

    def frames(self, options: Options) -> Exported:
        """Every frame as a PNG, numbered from `options.first`, as a ZIP."""
        project, film = self._film()
        name = slug(project.name)
        out = self._films.export_path(f"{name}-frames.zip")
        write_sequence(film, out, name, options.first)
        return Exported(out)

    def _master(self, form: str, _: Options) -> Exported:
        """The film in a codec for editing, as this machine can write it."""
        check_master(form)
        check_credentials(f".{MASTERS[form].ending}")
        project, film = self._film()
        out = self._films.export_path(f"{slug(project.name)}.{MASTERS[form].ending}")
        write_master(film, out, form)
        add_credentials(out, project.name, film_record(project, project.film(), self._document.store))
        self._films.know_again(out, project.film()[-1].id)
        return Exported(out)

    def _film(self) -> tuple[Project, Path]:
        """The project, and its film, joined. Another tab may change the project while a file is made of it."""
        project = self._document.project
        return project, self._films.joined(project, self._films.whole_film(project))

    def _panel(self, project: Project, cut: Cut) -> Panel:
        clock, take, starred = project.clock, cut.take, cut.take.id in project.stars
        return Panel(
            clip=self._films.shown_clip(project, take),
            head=f"{cut.number}  ·  shot {cut.shot}  ·  {clock.timecode(cut.start)}  ·  {clock.seconds(cut.frames):.1f} s",
            text=take_text(take) or "no prompt",
            facts=f"{'Starred take' if starred else 'Take'} {cut.name}  ·  seed {take.segment.seed}  ·  {take.model}",
            notes=take_notes(project, take),
        )

    def _pack(self, ending: str, write: Callable[[Project, Timeline], str], alternates: bool = False) -> Exported:
        """A ZIP of a timeline and its clips, all in one folder. Clips are joined without being encoded again."""
        project = self._document.project
        self._films.whole_film(project)
        cuts = film_cuts(project)
        text = write(project, timeline.build_timeline(project, cuts, lambda take: alternates and self._has_clip(take)))
        stems = dict(_stems(cuts))
        if alternates:
            stems |= {timeline.alternate_file(cut.number, other): (other,)
                      for cut in cuts for other in cut.alternates if self._has_clip(other)}
        clips = {name: [self._stem(project, name, take) for take in takes] for name, takes in stems.items()}
        sound = own_sound(self._document.store, project)
        name = slug(project.name)
        out = self._films.export_path(f"{name}-{ending}.zip")
        size = sum(clip.stat().st_size for found in clips.values() for clip in found) + (sound.stat().st_size if sound else 0)
        with (
            atomic_write(out, need=2 * size) as temporary,
            TemporaryDirectory(dir=out.parent, prefix=".parts-") as folder,
            zipfile.ZipFile(temporary, "w") as archive,
        ):
            archive.writestr(f"{name}/{name}.{ending}", text.encode(), zipfile.ZIP_DEFLATED)
            if sound:
                archive.write(sound, f"{name}/{timeline.sound_file(project)}")
            for file, takes in stems.items():
                part = Path(folder) / "part.mp4"
                join(clips[file], part, metadata(project, takes))
                archive.write(part, f"{name}/{file}")
        return Exported(out)

    def _stem(self, project: Project, name: str, take: Take) -> Path:
        """A take's clip for a file of that name. A segment's has all of it, to move its ends, unless it is played several times."""
        if name.startswith(f"{SHOTS}/") or (name.startswith(f"{timeline.SEGMENTS}/") and is_looped(project, take)):
            return self._films.shown_clip(project, take)
        return self._films.whole_clip(project, take)

    def _has_clip(self, take: Take) -> bool:
        return self._films.clip(take.id) is not None


def _stems(cuts: tuple[Cut, ...]) -> Iterator[tuple[str, tuple[Take, ...]]]:
    """The files of segments and of shots, and the takes of each."""
    for cut in cuts:
        yield timeline.segment_file(cut), (cut.take,)
    for shot, found in groupby(cuts, key=lambda cut: cut.shot):
        yield f"{SHOTS}/shot-{shot:02d}.mp4", tuple(cut.take for cut in found)
