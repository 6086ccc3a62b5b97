"""Reads what a take begins with: words and reference image as embeddings, and the snapshot that it continues."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.registry import begins_from_words
from studio.catalogue.cards import ModelError
from studio.diffusion.backbone import Conditioning, SceneConditioning, ScenePicture, SubjectLayer
from studio.diffusion.blend import BlendsChanges, SectionBlend, mix
from studio.diffusion.codec import BeginsFilms
from studio.diffusion.conditioning import ReadsApart, ReadsDolly
from studio.engine import take_folder
from studio.engine.events import Event, Frame, Pin, RenderRequest, ShotStart, Working
from studio.engine.scene_inputs import flow_names, scene_inputs
from studio.engine.seen_colours import change_recent
from studio.flow_words import asked_flows
from studio.full_prompt import Words
from studio.language import sentence
from studio.marks import NO_MARKS, Marks
from studio.media.clip import probe
from studio.media.picture import crop, read_picture
from studio.memory.context_sizes import RECENT
from studio.memory.pins import PinnedMemory, PinnedPlaces, SelectedMemory
from studio.memory.protocol import EditsPlaces, Memory, SectionRows, SelectsSections
from studio.memory.snapshot import Snapshot, SnapshotError, read_snapshot


@dataclass(frozen=True)
class TakeInputs:
    """What a take begins with."""

    conditioning: Conditioning
    snapshot: Snapshot
    before: Conditioning | None = None      # embeddings of the parent take's words, where they are mixed with its own
    memory: Memory | None = None            # the model's, or one that follows what is pinned and forgotten

    def section(self, blend: SectionBlend | None) -> Conditioning:
        """The embeddings for a section that lies in a blend: mixed as in the section's middle."""
        if blend is None or self.before is None:
            return self.conditioning
        return mix(self.before, self.conditioning, blend.reached(0.5))


class InputReader:
    """Reads the inputs of takes for one model. What was read last is kept: a retake changes the seed, not the words."""

    def __init__(self, model: FilmModel) -> None:
        """Read for `model`."""
        self.model = model
        self._cached_conditioning = lru_cache(maxsize=64)(self._conditioning)
        self._cached_scene = lru_cache(maxsize=2)(self._scene)

    def read(self, request: RenderRequest, first: int) -> Generator[Event, None, TakeInputs]:
        """Words and reference image as embeddings, and the snapshot before section `first` of the take.

        Raises:
            SnapshotError: the take before was rendered by another model or at another size, or its snapshot cannot be read.
            MediaError: the reference image cannot be read.
            ModelError: there is none, and the model's films begin with one.
        """
        if request.reference is None and not begins_from_words(self.model.card):
            raise ModelError(sentence(
                "{model} begins films with a picture. Choose a reference picture, or a model that can begin from words alone; "
                "nothing was lost.", model=self.model.card.title))
        yield Working(request.take, sentence("reading prompt and picture"))
        conditioning = self.conditioning(request)
        before = None
        if request.before and request.blend and not isinstance(self.model.backbone, BlendsChanges):
            before = self._cached_conditioning(request.before, False, request.reference, request.size, request.frame)
        snapshot = self._other_psi(request, self._snapshot(request, first))
        memory = self.pinned_memory(request)
        if first == 0:
            snapshot = self.edited(request, snapshot, memory)
            if request.colours:
                yield Working(request.take, sentence("holding the look"))
                snapshot = change_recent(self.model, snapshot, request.colours)
        if self.model.card.is_large(request.size):
            scene = None
            if snapshot.psi is None and request.reference is not None:
                if request.marks.beyond or request.marks.subject is not None:
                    yield Working(request.take, sentence("preparing the picture's layers"))
                scene = self._cached_scene(request.reference, request.size, request.frame, request.marks)
            conditioning = SceneConditioning(
                conditioning.text, conditioning.mask, conditioning.pooled, conditioning.image, scene,
                self._dolly(request), self._flows(request))
        return TakeInputs(conditioning, snapshot, before, memory)

    def conditioning(self, request: RenderRequest) -> Conditioning:
        """The embeddings of a take's words and reference image."""
        begins = request.style_begins and isinstance(self.model.conditioner, ReadsApart)
        return self._cached_conditioning(request.words, begins, request.reference, request.size, request.frame)

    def _dolly(self, request: RenderRequest) -> bool:
        """Whether prompt or style ask for a dolly."""
        conditioner = self.model.conditioner
        return isinstance(conditioner, ReadsDolly) and conditioner.reads_dolly(request.prompt, request.style)

    @staticmethod
    def _flows(request: RenderRequest) -> tuple[float, ...]:
        """What the prompt asks of each flow, see `SceneConditioning`."""
        names = flow_names(request.marks)
        asked = asked_flows(request.prompt, names)
        return tuple(float(asked.get(name, -1)) for name in names)

    def _snapshot(self, request: RenderRequest, first: int) -> Snapshot:
        """The state before section `first`: after this take's finished sections, after its parent, or at the reference image."""
        if first:
            path = take_folder.section_snapshot(request.folder, first - 1)
        elif request.shot:
            return self._cut(request, request.shot)
        elif request.parent:
            path = request.parent / take_folder.SNAPSHOT
        else:
            return self._beginning(request)
        return self._read_snapshot(path, request.size)

    def pinned_memory(self, request: RenderRequest) -> Memory | None:
        """The model's memory, with the places or sections of pinned takes, and without the sections of forgotten ones.

        Raises SnapshotError: the snapshot of one cannot be used.
        """
        memory, pins = self.model.memory, []
        if isinstance(memory, SelectsSections) and memory.selects and (request.pins or request.forgotten):
            pinned, forgotten = (self._section_rows(takes, request.size) for takes in (request.pins, request.forgotten))
            return SelectedMemory(memory, pinned, forgotten)
        if memory is None or not isinstance(memory, EditsPlaces):
            return memory
        for pin in request.pins:
            kept = self._read_snapshot(pin.take / take_folder.SNAPSHOT, request.size)
            if kept.psi is not None and memory.is_map(kept.psi):
                psi, own = kept.psi.to(self.model.device), min(RECENT, pin.sections * self.model.card.window)
                pins.append(PinnedPlaces(psi, memory.shown_cells(psi, kept.recent[:, :, -own:].to(psi))))
        return PinnedMemory(memory, pins) if pins else memory

    def _section_rows(self, takes: Sequence[Pin], size: tuple[int, int]) -> list[SectionRows]:
        """What the takes' own sections wrote into psi. Raises SnapshotError."""
        memory, rows = self.model.memory, list[SectionRows]()
        assert isinstance(memory, SelectsSections)
        for take in takes:
            kept = self._read_snapshot(take.take / take_folder.SNAPSHOT, size)
            if kept.psi is not None:
                section = (*kept.start.shape[:2], self.model.card.window, *kept.start.shape[3:])
                rows.append(memory.newest_sections(kept.psi.to(self.model.device), section, take.sections))
        return rows

    def edited(self, request: RenderRequest, snapshot: Snapshot, memory: Memory | None) -> Snapshot:
        """The snapshot before the take, without the places that are to be forgotten, and with the pinned ones."""
        psi = snapshot.psi
        if psi is None:                        # psi_0, which the section asks `memory` for
            return snapshot
        if request.forget and isinstance(self.model.memory, EditsPlaces) and self.model.memory.is_map(psi):
            psi = self.model.memory.forget(psi.to(self.model.device), request.forget)
        if isinstance(memory, PinnedMemory):
            psi = memory.put_in(psi)
        return replace(snapshot, psi=psi.float().cpu())    # of a map, which has no blocks

    def _other_psi(self, request: RenderRequest, snapshot: Snapshot) -> Snapshot:
        """The snapshot with the long-term memory that a memory test asks for."""
        if request.psi_of is None:
            return snapshot
        if request.psi_of == "begin":          # the section computes psi_0 where a snapshot has no psi
            return replace(snapshot, psi=None, blocks=())
        other = self._read_snapshot(request.psi_of / take_folder.SNAPSHOT, request.size)
        return replace(snapshot, psi=other.psi, blocks=other.blocks)

    def _cut(self, request: RenderRequest, shot: ShotStart) -> Snapshot:
        """The state at the beginning of a new shot: nothing recent, and the long-term memory.

        A memory that holds places goes on where the film was at this place last, and begins anew at a new place. Any other one goes
        on from the take before.
        """
        name, memory = self.model.snapshot_name(request.size), self.model.memory
        cut = Snapshot.initial(self.latent_at(shot.take, shot.at, request.size), name) if shot.take else self._beginning(request)
        source = shot.memory if memory is not None and memory.holds_places else request.parent
        if source is None:
            return cut
        kept = self._read_snapshot(source / take_folder.SNAPSHOT, request.size)
        return replace(cut, psi=kept.psi, blocks=kept.blocks)

    def _beginning(self, request: RenderRequest) -> Snapshot:
        """The state in which the take's film, or its shot, begins: at its picture, or from words alone."""
        if request.reference is None:
            latent_size = self.model.codec.latent_size(*request.size)
            return Snapshot.empty(self.model.channels, latent_size, self.model.snapshot_name(request.size))
        return self.beginning(self._picture(request.reference, request.size, request.frame), request.size)

    def beginning(self, picture: Tensor, size: tuple[int, int]) -> Snapshot:
        """The state of a film of this size that begins with a picture [1, 3, H, W] in [-1, 1]."""
        codec = self.model.codec
        start, newest = codec.begin(picture) if isinstance(codec, BeginsFilms) else (codec.encode(picture), None)
        return Snapshot.initial(start, self.model.snapshot_name(size), newest)

    def latent_at(self, take: Path, at: int, size: tuple[int, int]) -> Tensor:
        """The latent [1, C, 1, h, w] of frame `at` of the take in a folder.

        Raises:
            SnapshotError: the take's snapshot does not reach back so far, or cannot be read.
        """
        before, card, frames = self.snapshot_after(take, size), self.model.card, probe(take / take_folder.CLIP).frames
        back = card.latents_back(size, frames - 1 - at)
        if not 0 <= back < RECENT:
            raise SnapshotError(sentence("The model does not have the state of that frame any more. Choose a later frame."))
        return before.recent[:, :, -1 - back :][:, :, :1]

    def snapshot_after(self, take: Path, size: tuple[int, int]) -> Snapshot:
        """The snapshot after the take in a folder. Raises SnapshotError: it is of another model or size, or cannot be read."""
        return self._read_snapshot(take / take_folder.SNAPSHOT, size)

    def _read_snapshot(self, path: Path, size: tuple[int, int]) -> Snapshot:
        """A snapshot of this model at this size. Raises SnapshotError: it is of another one, or cannot be read."""
        name, snapshot = self.model.snapshot_name(size), read_snapshot(path)
        wanted = (1, self.model.channels, 1, *self.model.codec.latent_size(*size))
        if snapshot.model != name or tuple(snapshot.start.shape) != wanted:
            raise SnapshotError(sentence(
                "The take before this one was rendered by another model or at another size ({model}, latents {shape}), and its "
                "memory does not fit. Rewind to the start to render with the new ones, or set the old model and size again.",
                model=snapshot.model, shape=tuple(snapshot.start.shape[-2:])))
        return snapshot

    def _conditioning(
        self, words: Words, style_begins: bool, reference: Path | None, size: tuple[int, int], frame: Frame | None
    ) -> Conditioning:
        """Embeddings of a take's words and of the reference image's frame at the film's size."""
        picture, conditioner = self._picture(reference, size, frame), self.model.conditioner
        with torch.no_grad():
            if words.style and isinstance(conditioner, ReadsApart):
                return conditioner.read_apart(words.prompt, words.style, style_begins, picture)
            text = words.prompt if isinstance(conditioner, ReadsApart) else words.full()
            return conditioner(text, picture)

    def _picture(self, reference: Path | None, size: tuple[int, int], frame: Frame | None) -> Tensor:
        """The part of the reference image that the film begins with, as [1, 3, H, W] in [-1, 1]; without one a grey picture."""
        if reference is None:
            return torch.zeros(1, 3, size[1], size[0], device=self.model.device)
        if not self.model.card.is_large(size):
            return self.tensor(np.asarray(crop(read_picture(reference), frame, size)))
        whole = self._cached_scene(reference, size, frame, NO_MARKS)
        return whole.picture[..., whole.top : whole.top + whole.height, whole.left : whole.left + whole.width]

    def _scene(self, reference: Path, size: tuple[int, int], frame: Frame | None, marks: Marks) -> ScenePicture:
        """The whole reference image around the film's frame, with its marks."""
        made = scene_inputs(reference, size, frame, marks, self.model.card.fps)
        subject = flows = None
        if made.alpha is not None and made.ground is not None and marks.subject is not None:
            alpha = torch.from_numpy(made.alpha)[None, None].to(self.model.device)
            subject = SubjectLayer(alpha, self.tensor(made.ground), marks.subject.depth)
        if made.flows is not None:
            flows = torch.from_numpy(made.flows).to(self.model.device)
        return ScenePicture(self.tensor(made.picture), made.left, made.top, *size, subject, made.own, flows)

    def tensor(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Pixels [H, W, 3] as [1, 3, H, W] in [-1, 1]."""
        array = torch.from_numpy(pixels.astype(np.float32))
        return (array.movedim(2, 0).unsqueeze(0) / 127.5 - 1).to(self.model.device)
