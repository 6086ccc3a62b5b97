"""A fake engine for tests: real jobs and real files of a few frames, but no model. It can be slowed down, stopped or broken."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.catalogue.cards import ModelCard
from studio.engine import bridge, take_folder
from studio.engine.events import (
    Cancelled,
    EngineStatus,
    Event,
    Failed,
    PlacementReduced,
    RenderRequest,
    SectionDone,
    Step,
    TakeDone,
    Working,
)
from studio.engine.jobs import Job, Listen, Stop, Worker
from studio.engine.rates import Rates
from studio.media.clip import read_frame, write_clip
from studio.media.picture import crop, preview_webp, save_png
from studio.media.video import frames as video_frames
from studio.media.video import measure

FPS = 12
READY = EngineStatus("ready", "Tiny is ready.", "CPU")
LIGHTER = (
    "The graphics card ran out of memory while decoding: from now on frames are decoded in tiles of 192 pixels. Nothing is lost."
)


def card(name: str = "tiny", **changes: object) -> ModelCard:
    """A model card for tests; four frames a section keep the clips small."""
    values: dict[str, object] = {
        "folder": Path(name), "name": name, "title": "Tiny", "summary": "For tests.", "licence": "Apache-2.0",
        "fps": FPS, "window": 1, "section_frames": 4, "sizes": ((64, 48), (48, 64)), "steps": 8, "guidance": 1.0,
        "shift": 1.0, "kind": "animatic", "prompt_tokens": 16,
        "phrases": {"camera": ("pans left", "moves closer")},
    }  # fmt: skip
    return ModelCard(**(values | changes))  # type: ignore[arg-type]


class FakeEngine:
    """Renders flat colours, made from prompt, seed and section, with all files and events of a real engine.

    Args:
        step_seconds: how long a denoising step takes.
        section_frames: frames of a section, as the card says.
        ready: ready at once; otherwise `wake` makes it so.
    """

    def __init__(self, step_seconds: float = 0.0, section_frames: int = 4, ready: bool = True) -> None:
        self.step_seconds = step_seconds
        self.section_frames = section_frames
        self.rates = Rates()
        self.requests: list[RenderRequest] = []
        self.gate: threading.Semaphore | None = None       # one permit per step, for tests that stop in the middle
        self.fail_at: tuple[int, int] | None = None        # (section, step) at which rendering fails
        self.out_of_memory_at: tuple[int, int] | None = None        # (section, step) before which the GPU runs out of memory, once
        self.colours: list[tuple[int, int, int]] = []      # of the next takes; of later ones made from the request
        self.recalls = True                                # of a memory test it says that a quarter came from memory
        self._given: dict[str, tuple[int, int, int]] = {}
        self._videos: dict[str, NDArray[np.uint8]] = {}
        self._status = READY if ready else EngineStatus("starting", "Warming up.")
        self._watchers: list[Callable[[EngineStatus], None]] = []
        self._worker = Worker(self._render)
        self.lanes = 1                                     # as `Engine.lanes`

    def status(self) -> EngineStatus:
        """As `Engine.status`."""
        return self._status

    def watch(self, listen: Callable[[EngineStatus], None]) -> None:
        """As `Engine.watch`."""
        self._watchers.append(listen)

    def start(self) -> None:
        """As `Engine.start`."""

    def wake(self, status: EngineStatus | None = None) -> None:
        """Set a new status (ready, unless another one is given) and report it."""
        self._status = status or READY
        for listen in self._watchers:
            listen(self._status)

    def submit(self, requests: Iterator[RenderRequest], listen: Listen) -> Job:
        """As `Engine.submit`."""
        self._worker.grow(self.lanes)
        return self._worker.submit(Job(requests, listen))

    def _render(self, request: RenderRequest, stop: Stop) -> Iterator[Event]:
        self.requests.append(request)
        if self.colours:
            self._given[request.take] = self.colours.pop(0)
        began = time.monotonic()
        yield Working(request.take, "reading prompt and picture")
        if request.parent and not (request.parent / take_folder.SNAPSHOT).is_file():
            raise FileNotFoundError(request.parent / take_folder.SNAPSHOT)
        if request.moment:
            if self._wait(0, 1, stop):
                yield Cancelled(request.take, 0, 0, time.monotonic() - began)
                return
            shown = Image.fromarray(read_frame(request.moment.take / take_folder.CLIP, request.moment.at))
            save_png(shown, request.folder / take_folder.SHOWN)
            shown.putalpha(Image.new("L", shown.size, 102))
            save_png(shown, request.folder / take_folder.REMEMBERED)
            yield TakeDone(request.take, 0, 0, time.monotonic() - began)
            return
        left = request.left_out
        if left and not left.replays and request.parent not in left.folders:          # it reads the newest take alone
            yield TakeDone(request.take, 0, 0, time.monotonic() - began)
            return
        for section in range(take_folder.finished_sections(request.folder), request.sections):
            if stop.before_next_section:
                counts = take_folder.close(request.folder)
                yield Cancelled(request.take, *counts, time.monotonic() - began)
                return
            yield Working(request.take, "denoising")
            for step in range(1, request.steps + 1):
                if self.out_of_memory_at == (section, step):
                    self.out_of_memory_at = None
                    yield PlacementReduced(request.take, section, LIGHTER)
                ended = self._wait(section, step, stop)
                if ended:
                    counts = take_folder.close(request.folder)
                    spent = time.monotonic() - began
                    if ended == "stopped":
                        yield Cancelled(request.take, *counts, spent)
                    else:
                        yield Failed(request.take, "Out of memory.", "Choose a smaller size.", *counts, spent)
                    return
                left = self.step_seconds * (request.steps - step + request.steps * (request.sections - section - 1))
                preview = preview_webp(self._frames(request, section), FPS, 32)
                yield Step(request.take, section, request.sections, step, request.steps, left, preview)
            yield Working(request.take, "decoding")
            frames = self._frames(request, section)
            if request.video:
                save_png(Image.fromarray(frames[-1]), take_folder.section_picture(request.folder, section))
            clip = take_folder.section_clip(request.folder, section)
            write_clip(clip, frames, FPS)
            take_folder.section_snapshot(request.folder, section).write_bytes(b"snapshot after %d" % section)
            left = self.step_seconds * request.steps * (request.sections - section - 1)
            yield SectionDone(request.take, section, request.sections, len(frames), clip, left)
        yield Working(request.take, "saving")
        counts = take_folder.close(request.folder)
        if request.bridge:
            counts = request.bridge.sections, bridge.build(request.folder, request.bridge)
        take_folder.tidy(request.folder)
        if request.psi_of and self.recalls:
            recalled = np.zeros((self.section_frames, *reversed(request.size)), bool)
            recalled[:, :, : request.size[0] // 4] = True
            take_folder.write_recalled(request.folder, recalled)
        yield TakeDone(request.take, *counts, time.monotonic() - began)

    def _wait(self, section: int, step: int, stop: threading.Event) -> str:
        """Spend a step's time; 'stopped' or 'failed' when the render ends here."""
        if self.fail_at == (section, step):
            return "failed"
        if gate := self.gate:
            while self.gate is gate and not gate.acquire(timeout=0.01):  # a test opens it for good by taking it away
                if stop.is_set():
                    return "stopped"
        elif self.step_seconds:
            stop.wait(self.step_seconds)
        return "stopped" if stop.is_set() else ""

    def _video_frames(self, request: RenderRequest) -> NDArray[np.uint8]:
        """The end of the video in the film's shape; a short one is held."""
        assert request.video
        wanted = request.sections * self.section_frames
        spare = measure(request.video.path, "").frames(FPS) - wanted
        pictures = list(video_frames(request.video.path, "", FPS, max(0, spare)))[:wanted]
        pictures += pictures[-1:] * (wanted - len(pictures))
        return np.stack([np.asarray(crop(picture, None, request.size)) for picture in pictures])

    def _frames(self, request: RenderRequest, section: int) -> NDArray[np.uint8]:
        if request.video:
            if request.take not in self._videos:              # once for all its steps
                self._videos = {request.take: self._video_frames(request)}
            return self._videos[request.take][section * self.section_frames :][: self.section_frames]
        width, height = request.size
        if colour := self._given.get(request.take):
            return np.broadcast_to(np.array(colour, np.uint8), (self.section_frames, height, width, 3)).copy()
        key = f"{request.prompt}/{request.seed}/{section}/{request.parent and request.parent.name}"
        key += f"/{request.psi_of}" if request.psi_of else ""
        key += f"/{sorted(request.left_out.folders)}" if request.left_out else ""
        colour = np.frombuffer(hashlib.sha256(key.encode()).digest()[:3], np.uint8)
        return np.broadcast_to(colour, (self.section_frames, height, width, 3)).copy()
