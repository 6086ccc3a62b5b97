"""One open project on one engine: what the page and the command line can do that needs the engine, the disk or the LoRAs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from studio.backbones.registry import takes_marks
from studio.catalogue.cards import ModelCard
from studio.engine.events import EngineStatus
from studio.engine.identity import Identity
from studio.language import sentence
from studio.marks import Marks
from studio.names import readable
from studio.project import edits, limits, shots
from studio.project.auditions import Variations
from studio.project.lora_edits import named_loras
from studio.project.mark_edits import keep_unknown
from studio.project.model import Frame, RenderSettings, Shot
from studio.project.preset import USUAL
from studio.project.preset_shelf import PresetShelf
from studio.project.store import OpenedProject, Store
from studio.project.styles import Styles
from studio.project.wildcards import Wildcards
from studio.session.awaited import Awaiting
from studio.session.context_looks import ContextLooks
from studio.session.document import Document
from studio.session.exports.exports import Exports
from studio.session.films import Films
from studio.session.held_looks import HeldLooks
from studio.session.job_manager import EngineProtocol, JobManager
from studio.session.looks import Looks
from studio.session.loras import LoraEntry, LoraShelf
from studio.session.memory_map import MemoryEdits
from studio.session.memory_test import MemoryTests
from studio.session.memory_use import MemoryUses
from studio.session.models import (
    begin_from_words,
    check_frame,
    check_marks,
    first_frame,
    installed_model,
    known_model,
    set_model,
    set_size,
    settings_for,
)
from studio.session.moments import Moments
from studio.session.pictures import import_picture
from studio.session.render_job import JobView
from studio.session.retrier import Retrier
from studio.session.shots import frame_shot, picture_shot
from studio.session.sounds import Sounds
from studio.session.subject_mask import subject_mask
from studio.session.thinning import Snapshots
from studio.session.videos import import_video, video_sum


class Session(Document):
    """One open project on one engine; all pages that show the project share it.

    Whatever needs the project alone is a function of `studio.project.edits`: `session.edit(edits.rename, "Sea")`.
    Every method has saved its change when it returns. Methods raise EditError, StoreError or MediaError with a message for
    the artist; then nothing has changed.
    """

    def __init__(
        self, store: Store, opened: OpenedProject, engine: EngineProtocol, models: Sequence[ModelCard], presets: PresetShelf,
        loras: LoraShelf, wildcards: Wildcards, styles: Styles, identity: Identity,
    ) -> None:  # fmt: skip
        """Take over a project that `store` has opened or created, to be rendered by `engine` with one of `models`."""
        super().__init__(store, opened)
        self.looks = Looks(store, identity)
        self.held_looks = HeldLooks(self, self.looks)
        self.films = Films(self, self.held_looks)
        self.exports = Exports(self, self.films)
        self.sounds = Sounds(self)
        self.loras = loras
        self.wildcards = wildcards
        self.styles = styles
        self._engine = engine
        self._models = {card.name: card for card in models}
        self.presets = presets
        self.context_looks = ContextLooks(self, self.held_looks, self._models)
        self.jobs = JobManager(self, engine, self._models, loras, wildcards, Retrier(self, self.looks), self.context_looks)
        self.memory_edits = MemoryEdits(self, self._models)
        shelves = (engine, self._models, loras, wildcards)
        self.memory_tests = MemoryTests(self, *shelves)
        self.memory_uses = MemoryUses(self, *shelves)
        self.moments = Moments(self, *shelves)
        self.snapshots = Snapshots(self, *shelves)
        self.awaiting = Awaiting(self, self.jobs)
        engine.watch(lambda _: self.notify())

    @property
    def job(self) -> JobView | None:
        """The job that runs, or how the last one ended; None before the first."""
        return self.jobs.view

    @property
    def engine(self) -> EngineStatus:
        """Whether the engine can render now, and on what."""
        return self._engine.status()

    def check_idle(self) -> None:
        """Raises BusyError: takes of this film are being made, or a test or an answer of its memory, which need its files."""
        for jobs in (self.jobs, self.snapshots, self.memory_tests, self.memory_uses, self.moments):
            jobs.check_idle()

    # Picture, size, model

    @property
    def card(self) -> ModelCard | None:
        """The card of the film's model; None: it is not installed."""
        return self._models.get(self.project.model)

    def set_reference(self, path: Path | str, frame: Frame | None = None) -> None:
        """Start the film from a picture: any picture file, which is copied into the project. Marks go with the picture before.

        Args:
            path: of the file.
            frame: the part of it that the film begins with. None: the frame stays where the picture is the same; another picture
                gets the default one where the model knows what lies outside of it, and its whole middle elsewhere.

        Raises:
            MediaError: it is no picture, or the disk is full.
            EditError: the frame is not accepted.
            StoreError: the project cannot be saved.
        """
        check_frame(self.card, frame)
        self.store.check_writable()
        missing = self.awaiting.missing("picture")
        picture = import_picture(Path(path), self.store)
        facts = sentence("{width}×{height} pixels", width=picture.width, height=picture.height)
        if self.awaiting.came(missing, picture.sha256, facts):
            return
        before = self.project.reference
        if frame is None and before and before.sha256 == picture.sha256:
            frame = self.project.frame
        elif frame is None:
            frame = first_frame(self.card, self.project, picture)
        self.edit(edits.set_reference, picture, frame)

    def begin_from_words(self) -> None:
        """Begin the film from words alone, without a reference. Raises EditError: its model cannot, or is not installed."""
        self.edit(begin_from_words, known_model(self._models, self.project.model))

    def begin_with_video(self, path: Path, name: str | None = None) -> str:
        """Let this empty film begin with a video, and make its first take of it; returns what is to be said about that.

        Args:
            path: of the video, which is copied into the project.
            name: of the file for people; None: that of `path`.

        Raises:
            EditError: the film has takes, or is generating. MediaError: the video cannot be used, or the disk is full.
            StoreError: the project cannot be saved.
        """
        edits.check_empty(self.project)
        self.jobs.check_idle()
        self.store.check_writable()
        came = bool(missing := self.awaiting.missing("video")) and self.awaiting.came(missing, video_sum(path))
        beginning = import_video(path, readable(name or path.name), self.store, self.project)
        if came:
            self.notify()
            return ""
        beyond = self.card is not None and takes_marks(self.card, self.project.size)
        self.edit(edits.begin_with_video, beginning.video, beginning.first, beginning.frames, beyond)
        self.jobs.generate_next()
        return beginning.note

    def set_frame(self, frame: Frame | None, stroke: str | None = None) -> None:
        """Set the part of the picture that the film begins with, in the film's shape; None: as much of its middle as fits.

        Args:
            frame: x, y, width and height as shares of the picture.
            stroke: frames of one stroke are one step to undo, as in `edit_in_stroke`.

        Raises:
            EditError: the model takes no frame, there is no picture, or the frame leads out of it or is too small.
        """
        check_frame(self.card, frame)
        self.edit_in_stroke(stroke, edits.set_frame, frame)

    def set_marks(self, marks: Marks, stroke: str | None = None) -> None:
        """Set all marks on the picture: its subject, its flows, and whether the camera may leave it.

        Args:
            marks: all of them; those that are left out are removed.
            stroke: marks of one stroke are one step to undo, as in `edit_in_stroke`.

        Raises:
            EditError: the model takes no marks at the film's size, there is no picture, or a mark is not accepted.
        """
        check_marks(self.card, self.project.size, marks)
        self.edit_in_stroke(stroke, edits.set_marks, keep_unknown(marks, self.project.marks))

    def subject_mask(self) -> bytes | None:
        """What of the picture belongs to its subject, as a white PNG that is opaque there; None if no subject is marked.

        Raises:
            EditError: nothing under the strokes can be told from its ground.
            MediaError: the picture cannot be read.
        """
        return subject_mask(self.folder, self.project)

    def set_size(self, size: tuple[int, int]) -> None:
        """Set width and height in pixels. Raises EditError: the model does not have this size."""
        if self.card is None:
            self.edit(edits.set_size, size)
        else:
            self.edit(set_size, self.card, limits.size(size))

    def set_model(self, name: str) -> None:
        """Render with another model; segments keep their seconds. Raises EditError: it is not installed, or not fetched."""
        card = installed_model(self._models.values(), name)
        self.edit(set_model, card, self.presets.find(self.project.settings.preset))

    def apply_preset(self, name: str) -> None:
        """Set steps, guidance and step cache to those of a preset. Raises EditError: there is no preset of this name."""
        self.edit(edits.set_settings, self._settings_of(name))

    def save_preset(self, title: str, steps: int, guidance: float, cache: float, rule: str = RenderSettings.cache_rule) -> None:
        """Save settings for the film's model as a preset of the artist's own, and set the film to it.

        Raises:
            EditError: a value is not accepted, or the preset cannot be saved.
        """
        usual, own = (self.card.steps, self.card.guidance) if self.card else (USUAL, None)
        preset = self.presets.save(title, steps, None if guidance == own else guidance, cache, usual, rule)
        self.edit(edits.set_settings, settings_for(preset, self.card))

    def set_shot(self, index: int, shot: Shot | None) -> None:
        """Let a segment begin a new shot, or continue. Raises EditError: see `studio.project.shots.set_shot`."""
        self.edit(shots.set_shot, index, shot)

    def picture_shot(self, path: Path, frame: Frame | None = None) -> Shot:
        """A shot that begins at a picture; see `studio.session.shots.picture_shot`."""
        self.store.check_writable()
        return picture_shot(self.store, self.project, self.card, path, frame)

    def frame_shot(self, take: str, at: int) -> Shot:
        """A shot that begins at a frame of a take; see `studio.session.shots.frame_shot`."""
        self.store.check_writable()
        return frame_shot(self.store, self.project, self.card, take, at)

    def audition(self, take: str | None, variations: Variations, presets: Sequence[str] = ()) -> None:
        """Render several takes to choose from, of the next segment (`take` None) or of a take's; see `JobManager.audition`.

        `presets`: names of those whose settings are varied.

        Raises:
            EditError: there is no preset of such a name; and what `studio.project.auditions.audition` raises.
        """
        settings = tuple(self._settings_of(name) for name in presets)
        self.jobs.audition(take, replace(variations, settings=settings))

    def _settings_of(self, preset: str) -> RenderSettings:
        """The settings of a preset on the project's model. Raises EditError: there is no preset of this name."""
        return settings_for(self.presets.named(preset), self.card)

    # LoRAs

    def add_lora(self, index: int, path: Path, name: str = "", strength: float | None = None) -> str:
        """Put a LoRA on a segment from a file anywhere, which is copied onto the studio's shelf.

        Without `strength` it keeps the one that it has there already, or is 1.

        Returns:
            Which layers of the file are not used, in a sentence; "" when all of them are.

        Raises:
            LoraError: the file is no LoRA, does not fit the model, or holds values that are not numbers.
            EditError: the strength is out of range, there is no such segment, or it has too many LoRAs.
        """
        self.store.check_writable()
        if strength is not None:
            limits.strength(strength)
        lora, aside = self.loras.add(path, known_model(self._models, self.project.model), name)
        self.edit(edits.add_lora, index, lora, strength)
        self.notify()                                          # its file may have come back, which is no edit
        return aside

    def use_lora(self, index: int, sha256: str, strength: float | None = None) -> None:
        """Put a LoRA that is on the shelf on a segment, as strong as `add_lora` says.

        Raises:
            EditError: it is gone, does not fit the model, or what `add_lora` raises.
        """
        lora = self.loras.find(sha256)
        self.loras.check(lora, known_model(self._models, self.project.model), whole=True)
        self.edit(edits.add_lora, index, lora, strength)
        self.notify()

    def shelved_loras(self, own: bool = False) -> tuple[LoraEntry, ...]:
        """LoRAs to choose from, and whether they fit the project's model. `own`: only those that the project uses or has used."""
        found = self.loras.list(self.card)
        known = named_loras(self.project)
        return tuple(entry for entry in found if not own or entry.sha256 in known)
