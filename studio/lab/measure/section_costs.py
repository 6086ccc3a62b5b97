"""Measures the seconds per section of a model, part by part, rendered by the engine as for the studio.

Every section is a take of its own, which goes on after the take before it, as when an artist generates one after the other.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from studio.backbones.film_model import FilmModel
from studio.diffusion import flow
from studio.diffusion.codec import Codec, FrameStream
from studio.engine.events import Event, Failed, RenderRequest, SectionDone, Step, TakeDone, Working
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.engine.take_folder import SNAPSHOT
from studio.media.scene import Frame, middle_frame
from studio.memory.framepack import pack_context
from studio.memory.snapshot import Snapshot, read_snapshot

REFERENCE = Path(__file__).parents[3] / "assets" / "examples" / "lighthouse" / "lighthouse.jpg"
"""The picture of all timed films. They begin in its middle, at half its width or height."""
PROMPTS = ("the camera pans slowly to the left", "the camera pans slowly to the right")
"""Of the sections, in turn: so the camera moves in every section and never comes to the picture's edge."""
Size = tuple[int, int]


def time_call(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Returns the seconds that `work(*arguments)` took, and its result."""
    clock = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - clock, result


def median_around(values: list[float], at: int) -> float:
    """Returns the median of five values around `at`, which smooths the noise of a busy machine."""
    return statistics.median(values[max(0, at - 2) : at + 3])


def matrix_peak(n: int = 1536, repeats: int = 5) -> float:
    """Returns the FLOP/s of a plain float32 matrix product of n x n, the best of `repeats`."""
    a, b = torch.randn(n, n), torch.randn(n, n)
    return max(2 * n**3 / time_call(torch.matmul, a, b)[0] for _ in range(repeats))


def picture(model: FilmModel) -> torch.Tensor:
    """Returns a smooth colourful test picture of the model's first size, [1, 3, H, W] in [-1, 1]."""
    width, height = model.card.sizes[0]
    small = np.random.default_rng(0).integers(0, 255, (6, 10, 3), dtype=np.uint8)
    array = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    return torch.from_numpy(array).movedim(2, 0).unsqueeze(0) / 127.5 - 1


def half_frame(size: Size) -> Frame:
    """Returns the frame in the middle of the reference picture that is half as wide as the largest one."""
    with Image.open(REFERENCE) as image:
        x, y, width, height = middle_frame(image.size, size)
    return x + width / 4, y + height / 4, width / 2, height / 2


@dataclass
class TimedCodec:
    """A codec that counts the seconds in which its streams decode. It stands in the place of the codec it is given."""

    codec: Codec
    seconds: float = 0.0

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> FrameStream:
        """See `Codec.stream`; the time counts."""
        seconds, stream = time_call(self.codec.stream, recent, sections, psi)
        self.seconds += seconds
        return TimedStream(self, stream, stream.piece)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the codec's own."""
        return getattr(self.codec, name)


@dataclass
class TimedStream:
    """A stream of a `TimedCodec`."""

    timed: TimedCodec
    stream: FrameStream
    piece: int | None

    def push(self, latents: Tensor) -> Tensor:
        """See `FrameStream.push`; the time counts."""
        seconds, frames = time_call(self.stream.push, latents)
        self.timed.seconds += seconds
        return frames  # type: ignore[no-any-return]


@dataclass
class SectionRenderer:
    """Renders a film section by section, each as a take of its own, and times it."""

    model: FilmModel
    size: Size
    folder: Path
    count: int = 0
    before: Path | None = None
    _codec: TimedCodec = field(init=False)
    _renderer: Renderer = field(init=False)

    def __post_init__(self) -> None:
        """Puts a timed codec into the model."""
        self._codec = TimedCodec(self.model.codec)
        self._renderer = Renderer(replace(self.model, codec=self._codec))  # type: ignore[arg-type]

    def begin(self) -> None:
        """Begins a new film: the next section starts at the reference picture."""
        self.before = None

    def next(self, prompt: str) -> dict[str, float]:
        """Renders the next section.

        Returns:
            the seconds of the section, of its whole take and of their parts (`first picture` is when the first preview came), those
            that processors worked, the MB of its snapshot, and the MiB of resident memory after it.

        Raises:
            RuntimeError: the engine could not render it.
        """
        take, before = self.folder / f"take-{self.count}", self.before
        take.mkdir(parents=True)
        card = self.model.card
        request = RenderRequest(
            take.name, card.name, prompt, 1 + self.count, 1, card.steps, card.guidance, self.size, REFERENCE, before, take,
            frame=half_frame(self.size))
        self._codec.seconds, processor = 0.0, time.process_time()
        row = self._time(request)
        row["processor"] = time.process_time() - processor
        row["snapshot MB"] = (take / SNAPSHOT).stat().st_size / 1e6
        row["resident_mib"] = float(psutil.Process().memory_info().rss) / 2**20
        self.count, self.before = self.count + 1, take
        return row

    def _time(self, request: RenderRequest) -> dict[str, float]:
        marks: dict[str, float] = {}
        clock = time.perf_counter()
        for event in self._renderer.render(request, Stop()):
            if isinstance(event, Failed):
                raise RuntimeError(f"a section of {request.size[0]}x{request.size[1]} failed: {event.message} {event.remedy}")
            if (name := _mark(event)) not in marks:
                marks[name] = time.perf_counter() - clock
        decoding = self._codec.seconds
        saving, _ = time_call(read_snapshot(request.folder / SNAPSHOT).write, request.folder / "again.safetensors")
        return {
            "section": marks["section done"], "take": marks["done"], "first picture": marks["picture"],
            "reading": marks["denoising"], "denoising": marks["decoding"] - marks["denoising"], "decoding": decoding,
            "encoding": marks["section done"] - marks["decoding"] - decoding - saving, "snapshot": saving,
            "closing": marks["done"] - marks["section done"],
        }


def _mark(event: Event) -> str:
    """What an event marks the beginning or the end of."""
    if isinstance(event, Working):
        return event.doing
    names: dict[type[Event], str] = {Step: "picture", SectionDone: "section done", TakeDone: "done"}
    return names.get(type(event), "other")


PARTS = ("reading", "denoising", "decoding", "encoding", "snapshot", "closing")
"""The parts of a section's seconds: prompt and picture; steps with their previews; frames; clip; snapshot. And, once a take,
closing it: joining its clip, drawing its poster and the picture of its memory."""


def most_resident_mb() -> float:
    """Returns the most MB of memory that this process ever had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def denoising_flop(model: FilmModel) -> int:
    """Returns the floating-point operations of denoising one section of the first size, counted by torch.

    Large films with latents of the same size take as many.
    """
    image = picture(model)
    with torch.no_grad():
        conditioning = model.conditioner("pan left", image)
        snapshot = Snapshot.initial(model.codec.encode(image))
        packed = pack_context(snapshot.start, snapshot.recent, model.card.window)
        noise = flow.noise((1, model.channels, model.card.window, *snapshot.start.shape[-2:]), 0)
        guidance = torch.full((1,), model.card.guidance * 1000.0)
        with FlopCounterMode(display=False) as counter:
            model.backbone(noise, torch.tensor([900.0]), packed, conditioning, guidance)
    return counter.get_total_flops() * model.card.steps


def render_sections(renderer: SectionRenderer, count: int, prompts: Sequence[str] = PROMPTS) -> list[dict[str, float]]:
    """Renders the first `count` sections of a new film; see `SectionRenderer.next` for the rows."""
    renderer.begin()
    return [renderer.next(prompts[n % len(prompts)]) for n in range(count)]


def measure(model: FilmModel, size: Size, count: int, folder: Path) -> dict[str, Any]:
    """Returns the seconds of a section's parts, and the share of a matrix product's speed that denoising reaches.

    Args:
        model: to measure, on a CPU.
        size: of the films.
        count: of sections, 2 or more. The first warms up.
        folder: for the takes.
    """
    renderer = SectionRenderer(model, size, folder)
    before = matrix_peak()
    rows = render_sections(renderer, count)[1:]
    peak = max(before, matrix_peak())
    middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    speed = denoising_flop(model) / middle["denoising"]
    return {
        "seconds_per_section": middle["section"], "parts": {part: middle[part] for part in PARTS},
        "denoising_gflop_per_second": speed / 1e9, "matrix_product_gflop_per_second": peak / 1e9,
        "share_of_matrix_product": speed / peak,
    }
