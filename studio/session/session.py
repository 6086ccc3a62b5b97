"""One open project on one engine: the verbs of the page and of the command line. It draws nothing and renders nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from studio.backbones.registry import skips_blocks
from studio.catalogue.cards import ModelCard
from studio.engine.events import EngineStatus
from studio.project import asks, edits, limits
from studio.project.edits import EditError
from studio.project.model import Clock, Lora, Project, Settings
from studio.project.preset import USUAL, Preset
from studio.session.document import Document
from studio.session.films import Films
from studio.session.loras import LoraShelf, Shelved
from studio.session.pictures import keep_picture
from studio.session.renders import EngineProtocol, Renders
from studio.session.run import JobView


class Session:
    """One open project on one engine; two tabs share it. Every verb is saved before it returns.

    Verbs raise EditError, StoreError or MediaError with a message for the artist; then nothing has changed.
    """

    def __init__(
        self, document: Document, engine: EngineProtocol, models: Sequence[ModelCard], presets: Sequence[Preset], loras: LoraShelf
    ) -> None:
        self._document = document
        self._engine = engine
        self._models = {card.name: card for card in models}
        self._presets = {preset.name: preset for preset in presets}
        self._films = Films(document.store)
        self._loras = loras
        self._renders = Renders(document, engine, self._models, loras)
        engine.watch(lambda _: document.tell())

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def project(self) -> Project:
        return self._document.project

    @property
    def folder(self) -> Path:
        return self._document.store.folder

    @property
    def read_only(self) -> bool:
        return self._document.store.read_only

    @property
    def can_undo(self) -> bool:
        return bool(self._document.history.past)

    @property
    def can_redo(self) -> bool:
        return bool(self._document.history.future)

    @property
    def stale(self) -> frozenset[str]:
        return edits.stale(self.project)

    @property
    def missing(self) -> frozenset[str]:
        """Takes whose clip is gone from the disk."""
        return self._document.store.missing(self.project)

    @property
    def job(self) -> JobView | None:
        """The job that runs, or how the last one ended; None before the first."""
        return self._renders.view

    @property
    def engine(self) -> EngineStatus:
        return self._engine.status()

    @property
    def findings(self) -> tuple[str, ...]:
        """What was not as it should be when the project was opened, in sentences."""
        return self._document.findings

    @property
    def revision(self) -> int:
        """Rises with every visible change."""
        return self._document.revision

    def dismiss(self, finding: str) -> None:
        """The artist has read a finding: it is not told again. Raises StoreError: the mended project cannot be saved."""
        self._document.dismiss(finding)

    def close(self) -> None:
        """Let go of the folder. Nothing is saved after this."""
        self._document.store.close()

    def watch(self, revision: int, timeout: float | None = None) -> int:
        """Block until the revision is another one, or `timeout` seconds passed; returns the current one."""
        return self._document.watch(revision, timeout)

    # What is written

    def set_reference(self, path: Path | str) -> None:
        """Start the film from a picture: any file an artist drops. It is copied into the project."""
        self._document.store.check_writable()
        picture = keep_picture(Path(path), self._document.store)
        self._edit(edits.set_reference, picture)

    def clear_reference(self) -> None:
        self._edit(edits.set_reference, None)

    def rename(self, name: str, stroke: str | None = None) -> None:
        """Edits of one `stroke` (a name for typing in one go) that follow each other are one step to undo."""
        self._document.edit(lambda project: edits.rename(project, name), stroke and f"name {stroke}")

    def set_size(self, size: tuple[int, int]) -> None:
        """Width and height: one of the model's sizes."""
        size, card = limits.size(size), self._models.get(self.project.model)
        if card and size not in card.sizes:
            known = ", ".join(f"{width}×{height}" for width, height in card.sizes)
            raise EditError(f"{card.title} makes films of {known} pixels. Choose one of these.")
        self._edit(edits.set_size, size)

    def set_model(self, name: str) -> None:
        """Render with another model; segments keep their seconds."""
        card = self._models.get(name)
        if card is None:
            raise EditError(f"The model '{name}' is not installed. Choose another one, or add its folder to models/.")
        if card.state != "ready":
            raise EditError(f"The weights of {card.title} are {card.state}. {card.remedy}")
        self._edit(partial(on_model, card=card, preset=self._presets.get(self.project.settings.preset)))

    def apply_preset(self, name: str) -> None:
        preset = self._presets.get(name)
        if preset is None:
            raise EditError(f"There is no preset '{name}'. There are: {', '.join(self._presets)}.")
        card = self._models.get(self.project.model)
        self.setsettings_for(settings_for(preset, card))

    def setsettings_for(self, settings: Settings) -> None:
        self._edit(edits.set_settings, settings)

    def add_segment(
        self, index: int | None = None, prompt: str = "", frames: float | None = None, seed: int | None = None
    ) -> None:
        self._edit(edits.add_segment, index, prompt, frames, seed)

    def edit_segment(self, index: int, stroke: str | None = None, **changes: object) -> None:
        """Change prompt, frames or seed. `stroke`: as for `rename`, and of the same segment and field."""
        what = stroke and f"{index} {sorted(changes)} {stroke}"
        self._document.edit(lambda project: edits.edit_segment(project, index, **changes), what)

    # LoRAs

    def add_lora(self, index: int, path: Path, name: str = "", strength: float | None = None) -> str:
        """Put a LoRA on a segment from a file anywhere: it is copied onto the studio's shelf. A wrong file says what it is.

        Without `strength` it keeps the one that it has there already, or is 1.

        Returns:
            What of the file is left aside, in a sentence; nothing when all of it is used.
        """
        self._document.store.check_writable()
        if strength is not None:
            limits.strength(strength)
        lora, aside = self._loras.keep(path, self._card(), name)
        self._put_on(index, lora, strength)
        return aside

    def use_lora(self, index: int, sha256: str) -> None:
        """Put a LoRA that is on the shelf on a segment."""
        lora = self._loras.named(sha256)
        self._loras.check(lora, self._card())
        self._put_on(index, lora)

    def weigh_lora(self, index: int, sha256: str, strength: float, stroke: str | None = None) -> None:
        """Change a LoRA's strength on a segment; `stroke` as for `rename`."""
        def weighed(project: Project) -> Project:
            lora = _worn(project, index, sha256)
            if lora is None:
                raise EditError("This LoRA is not on the segment any more. Nothing was changed.")
            return edits.set_lora(project, index, replace(lora, strength=strength))

        self._document.edit(weighed, stroke and f"{index} {sha256} {stroke}")

    def _put_on(self, index: int, lora: Lora, strength: float | None = None) -> None:
        def put_on(project: Project) -> Project:
            there = _worn(project, index, lora.sha256)
            weight = strength if strength is not None else there.strength if there else 1.0
            return edits.set_lora(project, index, replace(lora, strength=weight))

        self._document.edit(put_on)
        self._document.tell()                                  # its file may have come back, which is no edit

    def spread_lora(self, index: int, sha256: str) -> None:
        """Put a segment's LoRA on all segments that are not rendered yet."""
        self._edit(edits.spread_lora, index, sha256)

    def drop_lora(self, index: int, sha256: str) -> None:
        """Take a LoRA off a segment; its file stays on the shelf."""
        self._edit(edits.drop_lora, index, sha256)

    def has_lora(self, lora: Lora) -> bool:
        """Whether a LoRA's file is on the shelf."""
        return self._loras.has(lora.sha256)

    def shelved_loras(self, own: bool = False) -> tuple[Shelved, ...]:
        """LoRAs to choose from, and whether they fit the project's model. `own`: those alone that the project uses or has used."""
        found = self._loras.list(self._models.get(self.project.model))
        project = self.project
        segments = [*(s for b in project.branches for s in b.segments), *(take.segment for take in project.takes.values())]
        known = {lora.sha256 for segment in segments for lora in segment.loras}
        return tuple(shelved for shelved in found if not own or shelved.sha256 in known)

    def _card(self) -> ModelCard:
        card = self._models.get(self.project.model)
        if card is None:
            raise EditError(f"The model '{self.project.model}' is not installed. Choose another one, or add it to models/.")
        return card

    def remove_segment(self, index: int) -> None:
        self._edit(edits.remove_segment, index)

    def move_segment(self, index: int, to: int) -> None:
        self._edit(edits.move_segment, index, to)

    # The tree

    def rewind(self, take: str | None) -> None:
        self._edit(edits.rewind, take)

    def branch(self, take: str | None, name: str | None = None) -> None:
        self._edit(edits.branch, take, name)

    def switch(self, branch: str) -> None:
        self._edit(edits.switch, branch)

    def rename_branch(self, branch: str, name: str) -> None:
        self._edit(edits.rename_branch, branch, name)

    def drop_branch(self, branch: str) -> None:
        self._edit(edits.drop_branch, branch)

    def undo(self) -> None:
        self._document.undo()

    def redo(self) -> None:
        self._document.redo()

    # Rendering

    def generate_next(self) -> None:
        """Render the segment after the head, or complete the partial take there."""
        self._renders.begin(asks.next_ask)

    def generate_all(self) -> None:
        """Render every segment from the head on. Those not begun can still be edited meanwhile."""
        self._renders.begin(asks.next_ask, rest=True)

    def retake(self, take: str, seed: int | None = None) -> None:
        """Another take of the same segment, with its prompt as written now and a random seed unless given."""
        self._renders.begin(lambda project: asks.retake(project, take, seed))

    def finish(self, take: str) -> None:
        """Complete a partial take."""
        self._renders.begin(lambda project: asks.finish(project, take))

    def cancel(self) -> None:
        """Stop the job, if one runs. Finished sections are kept."""
        self._renders.cancel()

    def estimate(self) -> float | None:
        """Seconds the next take will need, by the takes made so far; None before any, or when nothing is next."""
        project = self.project
        try:
            index, _ = edits.next_segment(project)
        except EditError:
            return None
        sections = project.clock.sections(project.current().segments[index].frames)
        if partial_take := edits.unfinished(project):
            sections -= partial_take.sections
        return self._renders.estimate(sections, project.settings.steps)

    # Files

    def clip(self, take: str) -> Path | None:
        return self._films.clip(take)

    def poster(self, take: str) -> Path | None:
        return self._films.poster(take)

    def memory(self, take: str) -> Path | None:
        """A picture of what the model's memory holds after a take; None if there is none."""
        return self._films.memory(take)

    def film(self, head: str | None = None) -> Path | None:
        """The playable film up to a take (None: up to the head), of the clips that are there."""
        return self._films.film(self.project, self._on_tree(head))

    def export_film(self, title: str | None = None, fade: float = 0.0, audio: Path | None = None) -> Path:
        """The film up to the head as one file, with a title card, fades of so many seconds, and music."""
        return self._films.export_film(self.project, self.project.head, title, fade, audio)

    def export_take(self, take: str, kind: str = "mp4") -> Path:
        """One take as gif, webp, mp4 or poster."""
        return self._films.export_take(self.project, take, kind)

    def export_project(self) -> Path:
        """The project as a ZIP that opens on another machine."""
        return self._films.export_project(self.project)

    def _on_tree(self, take: str | None) -> str | None:
        if take is not None and take not in self.project.takes:
            raise EditError("This take is not in the film. Look at the timeline again.")
        return self.project.head if take is None else take

    def _edit(self, verb: Callable[..., Project], *arguments: object) -> None:
        self._document.edit(lambda project: verb(project, *arguments))


def _worn(project: Project, index: int, sha256: str) -> Lora | None:
    """The LoRA of this content on a segment, if there is such a segment and such a LoRA on it."""
    segments = project.current().segments
    worn = segments[index].loras if 0 <= index < len(segments) else ()
    return next((lora for lora in worn if lora.sha256 == sha256), None)


def on_model(project: Project, card: ModelCard, preset: Preset | None) -> Project:
    """The project on another model: its size if the model has it, its own sense of time, its own steps."""
    size = project.size if project.size in card.sizes else card.sizes[0]
    moved = edits.set_model(project, card.name, Clock(card.fps, card.section_frames), size)
    return edits.set_settings(moved, settings_for(preset, card)) if preset else moved


def settings_for(preset: Preset, card: ModelCard | None) -> Settings:
    """What a preset means on a model."""
    if card is None:
        return preset.settings(USUAL, Settings().guidance)
    return preset.settings(card.steps, card.guidance, skips_blocks(card))
