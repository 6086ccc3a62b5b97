"""Rendering a take: section after section from the parent's snapshot, each safe on disk. It knows neither document nor queue."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.registry import skips_blocks
from studio.catalogue.loras import LoraError
from studio.diffusion import flow
from studio.diffusion.backbone import AppliesLoras, Conditioning, SkipsBlocks
from studio.diffusion.codec import FrameStream
from studio.diffusion.lora_branches import NO_LORAS
from studio.diffusion.section import DenoisingStep, Sampling, SectionResult, StoppedError, denoise_section
from studio.diffusion.step_cache import DEFAULT_THRESHOLD
from studio.engine import heap, take_folder
from studio.engine.events import Cancelled, Event, Failed, PlacementReduced, RenderRequest, SectionDone, Step, TakeDone, Working
from studio.engine.failures import explain
from studio.engine.lora_weights import LoraWeights
from studio.engine.pace import Pace
from studio.media import MediaError
from studio.media.clip import write_clip
from studio.media.picture import fit, map_webp, preview_webp, read_picture
from studio.memory.snapshot import Snapshot, SnapshotError, read_snapshot
from studio.placement.choose import Stage
from studio.placement.device.memory_errors import is_out_of_memory

PREVIEW_WIDTH = 240


class Renderer:
    """Renders takes on one model."""

    def __init__(self, model: FilmModel) -> None:
        self.model = model
        self.pace = Pace()
        self._stride = max(1, model.card.section_frames // model.card.window)  # frames of one latent
        self._loras: LoraWeights | None = None
        # A retake changes the seed, not the words: the encoders run once per prompt and picture.
        self._condition = lru_cache(maxsize=64)(self._conditioning)

    def render(self, request: RenderRequest, stop: threading.Event) -> Iterator[Event]:
        """Render one take. Continues after sections that already lie in its folder.

        Yields:
            `Working`, `Step`, `SectionDone` as it goes, and one of `TakeDone`, `Cancelled`, `Failed` last. Never raises.
        """
        began = time.monotonic()
        try:
            yield from self._sections(request, stop)
            yield Working(request.take, "saving")
            sections, frames = take_folder.close(request.folder)
            take_folder.tidy(request.folder)
            yield TakeDone(request.take, sections, frames, time.monotonic() - began)
        except StoppedError:
            sections, frames = _keep(request.folder)
            yield Cancelled(request.take, sections, frames, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - every failure becomes an event that says what to do
            message, remedy = explain(error, request, self.model.card.sizes)
            sections, frames = _keep(request.folder)
            yield Failed(request.take, message, remedy, sections, frames, time.monotonic() - began)

    def _sections(self, request: RenderRequest, stop: threading.Event) -> Iterator[Event]:
        begun = take_folder.finished_sections(request.folder)
        if stop.is_set() and begun < request.sections:
            raise StoppedError
        self._suit(request)
        read = None
        while read is None:
            read = yield from self._read(request, begun)
        conditioning, snapshot = read
        stream = self.model.codec.stream(snapshot.recent, snapshot.sections)
        for index in range(begun, request.sections):
            done = None
            while done is None:
                done = yield from self._denoised(request, index, snapshot, conditioning, stop)
            ready = None
            while ready is None:
                ready = yield from self._decoded(request, index, done, stream)
                if ready is None:
                    stream = self.model.codec.stream(snapshot.recent, snapshot.sections)
            snapshot = done.snapshot
            yield ready
            heap.give_back()
        self._draw_memory(request, snapshot)

    def _suit(self, request: RenderRequest) -> None:
        """The model as this take wants it: placed for its size, with its LoRAs and no others.

        Raises:
            LoraError: a LoRA cannot be used. PlanError: this does not fit the card.
        """
        backbone, loras = self.model.backbone, NO_LORAS
        if isinstance(backbone, AppliesLoras):
            if self._loras is None:
                self._loras = LoraWeights(backbone.lora_layers, self.model.card.title)
            loras = self._loras.active(request.loras)
        elif request.loras:
            raise LoraError(f"{self.model.card.title} takes no LoRAs. Take them off the segment, or choose another model.")
        if self.model.placement is not None:
            self.model.placement.replan(request.size, request.cache > 0, loras.size(self.model.backbone.dtype))
        if isinstance(backbone, AppliesLoras):
            backbone.apply_loras(loras)

    def _read(
        self, request: RenderRequest, begun: int
    ) -> Generator[Event, None, tuple[Conditioning, Snapshot] | None]:
        """Prompt and picture, and where to go on; None when the card's memory ran out and the model has become leaner."""
        yield Working(request.take, "reading prompt and picture")
        try:
            return self._condition(request.prompt, request.reference, request.size), self._snapshot(request, begun)
        except RuntimeError as error:
            if self.model.placement is None or not is_out_of_memory(error):
                raise
        yield self._reduced(request, begun, "reading")
        return None

    def _draw_memory(self, request: RenderRequest, snapshot: Snapshot) -> None:
        """A picture of what the memory holds, if it can be seen. No take fails for want of it."""
        memory = self.model.memory
        if snapshot.psi is None or memory is None:
            return
        view = memory.view(snapshot.psi.to(self.model.device), snapshot.recent.to(self.model.device))
        if view is not None:
            with contextlib.suppress(OSError, MediaError):
                frame = pixels(view.frame[None, :, None])[0]
                map_webp(frame, view.known.cpu().numpy(), view.window, request.folder / take_folder.MEMORY)

    def _denoised(
        self, request: RenderRequest, index: int, snapshot: Snapshot, conditioning: Conditioning, stop: threading.Event
    ) -> Generator[Event, None, SectionResult | None]:
        """A section's steps, and the section; None when the card's memory ran out and the model has become leaner."""
        placement = self.model.placement
        try:
            if placement is not None and not placement.backbone.is_in_place:
                yield Working(request.take, "placing the model")
                placement.backbone.apply_plan()
            yield Working(request.take, "denoising")
            for progress in self._denoise(request, index, snapshot, conditioning, stop):
                if isinstance(progress, SectionResult):
                    return progress
                yield progress
        except RuntimeError as error:
            if placement is None or not is_out_of_memory(error):
                raise
        yield self._reduced(request, index, "denoising")      # by now nothing holds what the section had made
        return None

    def _decoded(
        self, request: RenderRequest, index: int, done: SectionResult, stream: FrameStream
    ) -> Generator[Event, None, SectionDone | None]:
        """The section on disk; None when the card's memory ran out and the model has become leaner."""
        yield Working(request.take, "decoding")
        try:
            return self._finish(request, index, done, stream)
        except RuntimeError as error:
            if self.model.placement is None or not is_out_of_memory(error):
                raise
        yield self._reduced(request, index, "decoding")
        return None

    def _reduced(self, request: RenderRequest, index: int, doing: Stage) -> PlacementReduced:
        """Raises CannotReduceError: the model cannot become leaner."""
        assert self.model.placement is not None, "only a placed model becomes leaner"
        return PlacementReduced(request.take, index, self.model.placement.reduce(doing))

    def _denoise(
        self, request: RenderRequest, index: int, snapshot: Snapshot, conditioning: Conditioning, stop: threading.Event
    ) -> Iterator[Step | SectionResult]:
        """One section's steps, as events with a preview and the time left."""
        card = self.model.card
        sampling = Sampling(request.steps, request.guidance, card.window, card.shift, self._cache(request))
        shape = (1, self.model.channels, card.window, *snapshot.start.shape[-2:])
        noise = flow.noise(shape, flow.section_seed(request.seed, index))
        clock = time.monotonic()
        memory, positions = self.model.memory, self.model.positions
        backbone = self.model.backbone
        for progress in denoise_section(backbone, snapshot, conditioning, noise, sampling, stop.is_set, memory, positions):
            if isinstance(progress, SectionResult):
                yield progress
                return
            self.pace.stepped(request.size, time.monotonic() - clock)
            left = self.pace.left(request.size, request.steps, progress.step, request.sections - index)
            picture = self._preview(progress)
            yield Step(request.take, index, request.sections, progress.step, progress.steps, left, picture)
            clock = time.monotonic()

    def _cache(self, request: RenderRequest) -> float:
        """Threshold of the step cache: the take's own, or the usual one where the machine's profile asks for it."""
        if not isinstance(self.model.backbone, SkipsBlocks) or not skips_blocks(self.model.card):
            return 0.0
        placement = self.model.placement
        wanted = placement is not None and placement.plan.profile.cache != "none"
        return request.cache or (DEFAULT_THRESHOLD if wanted else 0.0)

    def _finish(self, request: RenderRequest, index: int, done: SectionResult, stream: FrameStream) -> SectionDone:
        """Decode a finished section and put its clip and snapshot on disk; the snapshot comes last and makes it count."""
        clock = time.monotonic()
        frames = pixels(stream.push(done.latents))
        clip = take_folder.section_clip(request.folder, index)
        write_clip(clip, frames, self.model.card.fps)
        done.snapshot.write(take_folder.section_snapshot(request.folder, index))
        self.pace.finished(request.size, time.monotonic() - clock)
        left = self.pace.left(request.size, request.steps, request.steps, request.sections - index, decoded=True)
        return SectionDone(request.take, index, request.sections, len(frames), clip, left, self._small(frames[:: self._stride]))

    def _snapshot(self, request: RenderRequest, begun: int) -> Snapshot:
        """Where to go on: behind the finished sections of this take, behind its parent, or at the reference image."""
        if begun:
            path = take_folder.section_snapshot(request.folder, begun - 1)
        elif request.parent:
            path = request.parent / take_folder.SNAPSHOT
        else:
            return Snapshot.begin(self.model.codec.encode(self._picture(request.reference, request.size)), self.model.fingerprint)
        snapshot = read_snapshot(path)
        width, height = request.size
        wanted = (1, self.model.channels, 1, height // self.model.codec.spatial, width // self.model.codec.spatial)
        if snapshot.model != self.model.fingerprint or tuple(snapshot.start.shape) != wanted:
            raise SnapshotError(
                f"The take before this one was rendered by another model or at another size ({snapshot.model}, "
                f"latents {tuple(snapshot.start.shape[-2:])}), and its memory does not fit. "
                "Rewind to the start to render with the new ones, or set the old model and size again."
            )
        return snapshot

    def _conditioning(self, prompt: str, reference: Path, size: tuple[int, int]) -> Conditioning:
        with torch.no_grad():
            return self.model.conditioner(prompt, self._picture(reference, size))

    def _picture(self, reference: Path, size: tuple[int, int]) -> Tensor:
        """The reference image as [1, 3, H, W] in [-1, 1]."""
        array = np.asarray(fit(read_picture(reference), size), dtype=np.float32)
        return (torch.from_numpy(array).movedim(2, 0).unsqueeze(0) / 127.5 - 1).to(self.model.device)

    def _preview(self, progress: DenoisingStep) -> bytes:
        with torch.no_grad():
            small = self.model.codec.preview(progress.clean)
        return self._small(pixels(small.movedim(0, 1).unsqueeze(0)))

    def _small(self, frames: NDArray[np.uint8]) -> bytes:
        """One frame per latent, as a small animation."""
        return preview_webp(frames, fps=self.model.card.fps / self._stride, width=PREVIEW_WIDTH)


def pixels(frames: Tensor) -> NDArray[np.uint8]:
    """[1, 3, T, H, W] in [-1, 1] to uint8 [T, H, W, 3]."""
    rounded = ((frames[0].float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return rounded.permute(1, 2, 3, 0).cpu().numpy()


def _keep(folder: Path) -> tuple[int, int]:
    """Close what is finished of a take cut short; when even that fails, the section files still lie there."""
    try:
        return take_folder.close(folder)
    except Exception:  # noqa: BLE001 - the first failure is the one to report
        return 0, 0
