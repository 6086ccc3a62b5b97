"""Makes a take of a video: its end as the take's clip, section after section, and the state from which the film goes on.

A model whose codec encodes frames that move gets the video as if it had made it: start is the video's first frame, each section's
latents join the recent window and the long-term memory. Any other one goes on as at a new shot: start is the section's last frame,
nothing is recent, and the memory begins anew with that frame as the place. Either way each section is safe on disk, with its
snapshot, before the next one begins, so a take is cut short, recovered and completed like any other.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.diffusion.codec import EncodesVideo
from studio.diffusion.section import NotFiniteError, StoppedError
from studio.engine import heap, take_folder
from studio.engine.events import Event, RenderRequest, SectionDone, Step, VideoSource, Working
from studio.engine.input_reader import InputReader
from studio.engine.jobs import Stop
from studio.engine.shown import PREVIEW_WIDTH
from studio.language import sentence
from studio.media.clip import ClipWriter
from studio.media.picture import crop, preview_webp, save_png
from studio.media.video import frames, measure
from studio.memory.snapshot import Snapshot, read_snapshot

Pixels = NDArray[np.uint8]
Attempt = Callable[[int, Callable[[], Generator[Event, None, Snapshot]]], Generator[Event, None, Snapshot]]
"""Runs an attempt at a section again where the GPU's memory ran out and the model could be placed with less on it."""
READING = sentence("reading the video")
"""The phase in which frames are read, cropped and written."""
BEAT = 6
"""Frames between two reports of progress."""


class VideoTakes:
    """Makes takes of videos for one model."""

    def __init__(self, model: FilmModel, inputs: InputReader) -> None:
        """For `model`, whose prompts and pictures `inputs` reads."""
        self._model = model
        self._inputs = inputs

    def sections(
        self, request: RenderRequest, video: VideoSource, begin: int, stop: Stop, attempt: Attempt
    ) -> Generator[Event, None, None]:
        """Make the sections of the take from number `begin` on.

        Raises:
            MediaError: the video cannot be read, or the disk is full. StoppedError: `stop` is set.
            SnapshotError: the section before cannot be read.
        """
        yield Working(request.take, READING)
        made = _Progress(request.sections - begin)
        film = _Film(request, video, begin, self._model)
        snapshot = read_snapshot(take_folder.section_snapshot(request.folder, begin - 1)) if begin else None
        for index in range(begin, request.sections):
            if stop.before_next_section:
                raise StoppedError
            clip = take_folder.section_clip(request.folder, index)
            with ClipWriter(clip, film.fps) as writer:
                for number, frame in enumerate(film.section(), 1):
                    if stop.is_set():
                        raise StoppedError
                    writer.write(frame[None])
                    if number % BEAT == 0:
                        left = made.left(number / film.section_frames)
                        yield Step(request.take, index, request.sections, number, film.section_frames, left, None, READING)
            yield Working(request.take, sentence("encoding"))
            before = snapshot
            snapshot = yield from attempt(index, lambda: self._advance(request, before, film))      # noqa: B023 - called at once
            if not isinstance(self._model.codec, EncodesVideo):
                save_png(Image.fromarray(film.shown[-1]), take_folder.section_picture(request.folder, index))
            snapshot.write(take_folder.section_snapshot(request.folder, index))
            made.sections += 1
            preview = preview_webp(np.stack(film.shown[:: film.step]), film.fps / film.step, PREVIEW_WIDTH)
            yield SectionDone(request.take, index, request.sections, film.section_frames, clip, made.left(0.0), preview)
            yield Working(request.take, READING)
            heap.give_back()

    def _advance(self, request: RenderRequest, before: Snapshot | None, film: _Film) -> Generator[Event, None, Snapshot]:
        """The state after the section that `film` has read last."""
        yield from ()
        codec, memory, name = self._model.codec, self._model.memory, self._model.snapshot_name(request.size)
        with torch.no_grad():
            if not isinstance(codec, EncodesVideo):
                return self._inputs.beginning(self._inputs.tensor(film.shown[-1]), request.size)
            if before is None:
                before = Snapshot.initial(codec.encode(self._inputs.tensor(film.first)), name)
            latents = codec.encode_next(self._film_tensor(film.shown), self._film_tensor(film.before))
            psi = before.psi
            if memory is not None:
                psi = memory.begin(self._inputs.conditioning(request)).float() if psi is None else psi.to(self._model.device)
                psi = memory.update(psi, latents)
        if not torch.isfinite(latents).all() or not (psi is None or torch.isfinite(psi).all()):
            raise NotFiniteError
        return before.advance(latents, psi)

    def _film_tensor(self, shown: list[Pixels]) -> Tensor:
        """Frames as [1, 3, T, H, W] in [-1, 1]."""
        return torch.stack([self._inputs.tensor(frame) for frame in shown], dim=2)


class _Film:
    """The frames of a take, read section after section; only those of one are kept."""

    def __init__(self, request: RenderRequest, video: VideoSource, begin: int, model: FilmModel) -> None:
        """Read the frames from section `begin` on."""
        self.fps, self.section_frames = model.card.clock(request.size)
        self.step = model.card.frames_of_latent(request.size)
        self.shown: list[Pixels] = []                                    # of the newest section
        context = model.codec.frames_before if isinstance(model.codec, EncodesVideo) else 1
        spare = measure(video.path, video.name).frames(self.fps) - request.sections * self.section_frames
        at = max(0, spare) + begin * self.section_frames
        early = min(context, begin * self.section_frames)
        _, _, wide, high = request.frame or (0.0, 0.0, 1.0, 1.0)
        least = math.ceil(request.size[0] / wide), math.ceil(request.size[1] / high)
        shown = frames(video.path, video.name, self.fps, at - early, least)
        self._frames = _without_end(np.asarray(crop(image, request.frame, request.size)) for image in shown)
        self._newest: deque[Pixels] = deque((next(self._frames) for _ in range(early)), maxlen=context)
        self.before: list[Pixels] = []                                   # the frames before the newest section

    @property
    def first(self) -> Pixels:
        """The frame before the newest section, which at the take's beginning is its own first one."""
        return self.before[-1]

    def section(self) -> Iterator[Pixels]:
        """The next section's frames."""
        self.before, self.shown = list(self._newest), []
        for _ in range(self.section_frames):
            frame = next(self._frames)
            self.before = self.before or [frame]
            self.shown.append(frame)
            self._newest.append(frame)
            yield frame


@dataclass
class _Progress:
    """Estimates the time left from the time that has passed."""

    wanted: int                    # sections
    sections: int = 0              # finished
    began: float = field(default_factory=time.monotonic)

    def left(self, share: float) -> float:
        """Seconds left when so much of the section in progress is done."""
        done = self.sections + share
        return (time.monotonic() - self.began) * (self.wanted - done) / max(done, 1e-3)


def _without_end(shown: Iterator[Pixels]) -> Iterator[Pixels]:
    """The frames, and then the last one for ever: a video may be shorter than its take."""
    last = None
    for last in shown:
        yield last
    while last is not None:
        yield last
