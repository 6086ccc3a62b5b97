"""Rendering a take: section after section from the parent's snapshot, each safe on disk before the next one begins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.registry import step_caches
from studio.catalogue.loras import LoraError
from studio.catalogue.step_ratios import FIRST_BLOCK, FIRST_BLOCK_THRESHOLD, MAGNITUDE, read_ratios
from studio.diffusion import flow
from studio.diffusion.backbone import AppliesLoras, IgnoresThreads, RecallsPlaces, StopsAtEdge
from studio.diffusion.blend import section_blend
from studio.diffusion.lora_branches import NO_LORAS
from studio.diffusion.magnitude_cache import Stages
from studio.diffusion.section import Sampling, SectionResult, StoppedError, denoise_section
from studio.engine import bridge, heap, take_folder
from studio.engine.events import (
    Cancelled,
    Event,
    Failed,
    PlacementReduced,
    RenderRequest,
    SectionDone,
    Step,
    TakeDone,
    Working,
)
from studio.engine.failures import explain
from studio.engine.input_reader import InputReader, TakeInputs
from studio.engine.jobs import Stop
from studio.engine.left_out import leave_out
from studio.engine.lora_weights import LoraWeights
from studio.engine.moments import ask_memory
from studio.engine.pace import Pace
from studio.engine.processor_share import ProcessorShare
from studio.engine.section_decoder import SectionDecoder
from studio.engine.shown import animation, draw_memory, pixels, preview
from studio.engine.video_take import VideoTakes
from studio.language import sentence
from studio.media.clip import write_clip
from studio.memory.snapshot import Snapshot
from studio.placement.choose import Stage
from studio.placement.device.memory_errors import is_out_of_memory

T = TypeVar("T")


class Renderer:
    """Renders takes on one model."""

    def __init__(self, model: FilmModel) -> None:
        """`model` may be placed on a GPU part by part; then `render` changes its placement as a take needs it."""
        self.model = model
        self.pace = Pace()
        self._share = ProcessorShare(False)
        self._loras: LoraWeights | None = None
        self._inputs = InputReader(model)
        self._videos = VideoTakes(model, self._inputs)

    def render(self, request: RenderRequest, stop: Stop) -> Iterator[Event]:
        """Render one take. Continues after sections that already lie in its folder.

        Yields:
            `Working`, `Step`, `SectionDone` as it goes, and one of `TakeDone`, `Cancelled`, `Failed` last. Never raises.
        """
        began, backbone = time.monotonic(), self.model.backbone
        self._share = ProcessorShare(isinstance(backbone, IgnoresThreads) and backbone.ignores_threads(bool(request.loras)))
        self._share.adapt()
        try:
            if request.moment and request.parent:
                yield Working(request.take, sentence("asking the memory"))
                ask_memory(self.model, self._inputs, request.moment, request.parent, request.size, request.folder)
                yield TakeDone(request.take, 0, 0, time.monotonic() - began)
                return
            at_edge = yield from self._sections(request, stop)
            yield Working(request.take, sentence("saving"))
            sections, frames = take_folder.close(request.folder)
            if request.bridge:
                sections, frames = request.bridge.sections, bridge.build(request.folder, request.bridge)
            take_folder.tidy(request.folder)
            yield TakeDone(request.take, sections, frames, time.monotonic() - began, at_edge)
        except StoppedError:
            sections, frames = _close_finished(request.folder)
            yield Cancelled(request.take, sections, frames, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - every failure becomes an event that says what to do
            message, remedy = explain(error, request, self.model.card.sizes)
            sections, frames = _close_finished(request.folder)
            yield Failed(request.take, message, remedy, sections, frames, time.monotonic() - began)
        finally:
            self._share.end()

    def _sections(self, request: RenderRequest, stop: Stop) -> Generator[Event, None, bool]:
        """All sections of the take that are not on disk yet, and the picture of the memory behind the last one.

        Returns whether the picture's edge stopped the camera.
        """
        at_edge = False
        first = take_folder.finished_sections(request.folder)
        if stop.is_set() and first < request.sections:
            raise StoppedError
        self._prepare_model(request)
        if request.video:
            yield from self._videos.sections(
                request, request.video, first, stop, lambda index, attempt: self._retry(request, index, "reading", attempt))
            return False
        inputs = yield from self._retry(request, first, "reading", partial(self._inputs.read, request, first))
        if request.left_out:
            remake = partial(self._latents, stop=stop)
            leave = partial(leave_out, self.model, self._inputs, request, request.left_out, inputs, remake)
            without = yield from self._retry(request, first, "denoising", leave)
            if without is None:
                return False
            self._prepare_model(request)
            inputs = without
        snapshot = inputs.snapshot
        decoder = SectionDecoder(self.model.codec)
        for index in range(first, request.sections):
            if stop.before_next_section:
                raise StoppedError
            denoise = partial(self._denoise, request, index, snapshot, inputs, stop)
            finished = yield from self._retry(request, index, "denoising", denoise)
            save = partial(self._save_section, request, index, finished, decoder, snapshot)
            yield (yield from self._retry(request, index, "decoding", save))
            snapshot = finished.snapshot
            at_edge = at_edge or (isinstance(self.model.backbone, StopsAtEdge) and self.model.backbone.stopped_at_edge)
            heap.give_back()
        if request.psi_of is None and request.left_out is None:
            draw_memory(self.model, snapshot, request.folder)
        elif request.psi_of and isinstance(self.model.backbone, RecallsPlaces):
            recalled = self.model.backbone.recalled_pixels()
            if recalled is not None:
                take_folder.write_recalled(request.folder, recalled.cpu().numpy())
        return at_edge

    def _retry(
        self, request: RenderRequest, section: int, doing: Stage, attempt: Callable[[], Generator[Event, None, T]]
    ) -> Generator[Event, None, T]:
        """Run `attempt` until it succeeds; each time the GPU's memory runs out, place the model with less on the GPU first.

        Args:
            request, section: the take and its section, for the event.
            doing: what is attempted.
            attempt: yields events and returns a result. It leaves no trace when it fails.

        Raises:
            CannotReduceError: the model cannot do with less memory. Everything else that `attempt` raises.
        """
        while True:
            try:
                return (yield from attempt())
            except RuntimeError as error:
                if self.model.placement is None or not is_out_of_memory(error):
                    raise
            # The error is gone here, and with it what the attempt held on the GPU.
            yield PlacementReduced(request.take, section, self.model.placement.reduce(doing))

    def _prepare_model(self, request: RenderRequest) -> None:
        """Place the model for the take's size, with the take's LoRAs and no others.

        Raises:
            LoraError: a LoRA cannot be used. PlanError: the model does not fit the GPU at this size.
            ModelError: the take's step cache was not measured of the model.
        """
        self._step_cache(request)
        backbone, loras = self.model.backbone, NO_LORAS
        if isinstance(backbone, AppliesLoras):
            if self._loras is None:
                self._loras = LoraWeights(backbone.lora_layers, self.model.card.title)
            loras = self._loras.active(request.loras)
        elif request.loras:
            raise LoraError(sentence(
                "{model} takes no LoRAs. Take them off the segment, or choose another model.", model=self.model.card.title))
        if self.model.placement is not None:
            self.model.placement.replan(
                request.size, request.cache > 0 or bool(request.profile_cache), loras.size(self.model.backbone.dtype),
                request.sections_before + request.sections, request.film_sections)
        if isinstance(backbone, AppliesLoras):
            backbone.apply_loras(loras)

    def _denoise(
        self, request: RenderRequest, index: int, snapshot: Snapshot, inputs: TakeInputs, stop: threading.Event
    ) -> Generator[Event, None, SectionResult]:
        """One section's steps as events, and the finished section."""
        placement = self.model.placement
        if placement is not None and not placement.backbone.is_in_place:
            yield Working(request.take, sentence("placing the model"))
            placement.backbone.apply_plan()
        yield Working(request.take, sentence("denoising"))
        self._share.adapt()
        card = self.model.card
        blend = section_blend(request.blend, index, card.clock(request.size)[1]) if request.before else None
        seed = flow.section_seed(request.seed, index)
        threshold, ratios = self._step_cache(request)
        sampling = Sampling(request.steps, request.guidance, card.window, card.shift, threshold, ratios, blend, seed)
        shape = (1, self.model.channels, card.window, *snapshot.start.shape[-2:])
        noise = flow.noise(shape, seed)
        backbone, memory, rope = self.model.backbone, inputs.memory, self.model.rope
        clock = time.monotonic()
        for progress in denoise_section(backbone, snapshot, inputs.section(blend), noise, sampling, stop.is_set, memory, rope):
            if isinstance(progress, SectionResult):
                return progress
            self.pace.stepped(request.size, time.monotonic() - clock)
            steps = progress.steps - progress.step + request.steps * (request.sections - index - 1)
            left = self.pace.left(request.size, steps, request.sections - index)
            picture = preview(self.model, progress.clean)
            yield Step(request.take, index, request.sections, progress.step, progress.steps, left, picture)
            self._share.adapt()
            clock = time.monotonic()
        raise AssertionError("a section ends with its result")

    def _latents(self, request: RenderRequest, stop: Stop) -> Generator[Event, None, list[Tensor]]:
        """The latents [1, C, W, h, w] of each section of a take, made again: a section is a pure function."""
        self._prepare_model(request)
        inputs = yield from self._inputs.read(request, 0)
        snapshot, found = inputs.snapshot, list[Tensor]()
        for index in range(request.sections):
            finished = yield from self._denoise(request, index, snapshot, inputs, stop)
            snapshot = finished.snapshot
            found.append(finished.latents)
        return found

    def _step_cache(self, request: RenderRequest) -> tuple[float, Stages]:
        """Threshold and ratios of the step cache: the take's own, or what the machine's profile asked for when it was begun.

        Raises:
            ModelError: the take's rule needs ratios, and neither the take has any nor were they measured of the model.
        """
        rules, placement = step_caches(self.model.card), self.model.placement
        if request.cache and request.cache_rule in rules:
            if request.cache_rule != MAGNITUDE:
                return request.cache, ()
            return request.cache, request.step_ratios or read_ratios(self.model.card).stages
        asked = request.profile_cache
        if asked is None:                   # a take that is older than that takes keep it
            asked = FIRST_BLOCK_THRESHOLD if placement is not None and placement.plan.profile.cache != "none" else 0.0
        return asked if not request.cache and FIRST_BLOCK in rules else 0.0, ()

    def _save_section(
        self, request: RenderRequest, index: int, finished: SectionResult, decoder: SectionDecoder, before: Snapshot
    ) -> Generator[Event, None, SectionDone]:
        """Decode a finished section and write its clip and its snapshot. The section counts once the snapshot is there."""
        yield Working(request.take, sentence("decoding"))
        self._share.adapt()
        clock = time.monotonic()
        fps, section_frames = self.model.card.clock(request.size)
        with decoder.stream(before, finished.snapshot.psi) as stream:
            # In pieces: a section of large frames in floating point fills the memory.
            pieces = finished.latents.split(stream.piece or self.model.card.window, dim=2)
            frames = np.concatenate([pixels(stream.push(piece)) for piece in pieces])
            clip = take_folder.section_clip(request.folder, index)
            write_clip(clip, frames, fps)
            finished.snapshot.write(take_folder.section_snapshot(request.folder, index))
        self.pace.finished(request.size, time.monotonic() - clock)
        steps = request.steps * (request.sections - index - 1)
        left = self.pace.left(request.size, steps, request.sections - index, decoded=True)
        animated = animation(self.model.card, frames[:: max(1, section_frames // self.model.card.window)])
        return SectionDone(request.take, index, request.sections, len(frames), clip, left, animated)

def _close_finished(folder: Path) -> tuple[int, int]:
    """(sections, frames) of a take that was cut short, closed over its finished sections; (0, 0) where closing fails too.

    The section files stay in the folder either way, so the take can be completed later.
    """
    try:
        return take_folder.close(folder)
    except Exception:  # noqa: BLE001 - the first failure is the one to report
        return 0, 0
