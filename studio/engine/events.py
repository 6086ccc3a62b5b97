"""Plain values that go in and out of the engine: the request for a take, and the events while it is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.full_prompt import Words
from studio.language import sentence
from studio.marks import NO_MARKS, Marks

Frame = tuple[float, float, float, float]
"""A part of a picture: x, y, width and height as shares, from 0 to 1, of the picture's width and height."""


@dataclass(frozen=True)
class LoraFile:
    """A LoRA that acts on a take."""

    name: str                      # of the artist's file
    path: Path
    sha256: str                    # of its content
    strength: float


@dataclass(frozen=True)
class Bridge:
    """The older take that a take moves over into, see `studio.engine.bridge`."""

    take: Path                     # its folder
    sections: int                  # it has
    frames: int                    # over which the clips are blended: at most a section's


@dataclass(frozen=True)
class ShotStart:
    """A hard cut at the beginning of a take: the recent window is dropped, the long-term memory is kept."""

    memory: Path | None            # folder of the newest take of the same place; None: the film has not been there
    take: Path | None = None       # folder of the take at whose frame the shot begins; None: it begins at the reference image
    at: int = 0                    # that frame


@dataclass(frozen=True)
class VideoSource:
    """A video whose end a take is."""

    path: Path
    name: str                      # of the artist's file


@dataclass(frozen=True)
class Pin:
    """A take whose places or sections the long-term memory keeps, or, of sections, does not read; see `studio.memory.pins`."""

    take: Path                     # its folder
    sections: int                  # it has


@dataclass(frozen=True)
class Moment:
    """A frame of the film for whose place the memory is asked, see `studio.engine.moments`."""

    take: Path                     # its folder
    at: int                        # the frame, the last one of its latent


@dataclass(frozen=True)
class SeenColours:
    """How the colours of the recent frames are changed before a take sees them, see `studio.engine.seen_colours`."""

    gain: tuple[float, ...]        # of L, a and b
    offset: tuple[float, ...]
    latents: int                   # the newest ones, which are changed


@dataclass(frozen=True)
class LeftOut:
    """An earlier take that is left out of what a section reads, see `studio.engine.left_out`."""

    folders: frozenset[Path]       # of the take, and of copies of it
    made: tuple[RenderRequest, ...]     # how the takes before the section were made, each with its folder and its sections
    replays: bool                  # whether the long-term memory changes with what the film shows


@dataclass(frozen=True)
class RenderRequest:
    """One take to render: everything the engine needs, nothing of the document."""

    take: str
    model: str
    prompt: str
    seed: int
    sections: int                  # wanted in all
    steps: int
    guidance: float
    size: tuple[int, int]          # width, height in pixels
    reference: Path | None         # the reference image; None: the film, or the shot, begins from words alone
    parent: Path | None            # folder of the parent take; None: start from the reference
    folder: Path                   # this take's folder (exists); clip.mp4, snapshot.safetensors, poster.webp go there
    loras: tuple[LoraFile, ...] = ()
    frame: Frame | None = None     # the part of the reference image that the film begins with; None: as much of its middle as fits
    cache: float = 0.0             # change between steps up to which blocks are skipped, where the model can; 0: none is
    cache_rule: str = "first-block"    # by which change: of the first block, or "magnitude", as it was measured before
    step_ratios: tuple[tuple[float, ...], ...] = ()     # as they were measured; (): not known, so those that are there now
    profile_cache: float | None = None     # where `cache` is 0: what a profile asks for; None: not known, so this machine's does
    marks: Marks = NO_MARKS        # on the reference image: what stands in front, what flows, whether the camera may leave it
    bridge: Bridge | None = None   # None: the take is its own
    shot: ShotStart | None = None  # it begins a new shot; then `reference`, `frame` and `marks` are those of the shot's place
    style: str = ""                # of the whole film
    cast: str = ""                 # of the whole film
    before: Words | None = None    # what the parent take was asked for; None: start from the reference
    blend: int = 0                 # frames over which the words take over from those of the parent take; 0: at once
    forget: tuple[int, ...] = ()   # cells of the memory's map that are forgotten before the take; see `EditsPlaces`
    pins: tuple[Pin, ...] = ()     # a later one outweighs an earlier one
    forgotten: tuple[Pin, ...] = ()    # takes whose sections are not read; see `SelectsSections`
    psi_of: Path | Literal["begin"] | None = None    # a memory test: folder of the take whose psi it is given; "begin": psi_0
    video: VideoSource | None = None    # None: the take is rendered
    film_sections: int = 0         # of the whole film, with what is planned after this take; 0: not known
    sections_before: int = 0       # of the film before this take
    moment: Moment | None = None   # no take is made: the parent's memory is asked for the place of a frame
    colours: SeenColours | None = None  # None: the take sees the recent frames as they were made
    left_out: LeftOut | None = None     # the section without an earlier take; none is made where it reads nothing of that

    @property
    def words(self) -> Words:
        """What the take is asked for in words."""
        return Words(self.prompt, self.cast, self.style)

    @property
    def style_begins(self) -> bool:
        """Whether the film had another style before this take, or none."""
        return self.style != (self.before.style if self.before else "")


@dataclass(frozen=True)
class Event:
    """Something that happened to a take."""

    take: str


@dataclass(frozen=True)
class Working(Event):
    """A phase began: 'loading the model', 'placing the model', 'reading prompt and picture', 'denoising', 'decoding',
    'reading the video', 'encoding', 'asking the memory', 'saving'."""

    doing: str


@dataclass(frozen=True)
class Step(Event):
    """One denoising step is done, or a frame of a video is read.

    `seconds_left` is for this take; None until a step of this size was measured.
    """

    section: int                   # 0-based, the one in flight
    sections: int
    step: int                      # 1-based: steps finished in this section
    steps: int
    seconds_left: float | None
    preview: bytes | None          # animated WebP of the section as predicted so far
    doing: str = sentence("denoising")       # the phase


@dataclass(frozen=True)
class PlacementReduced(Event):
    """The GPU's memory ran out: less of the model lies on it now, and the section is made again from its snapshot."""

    section: int                   # 0-based
    message: str                   # what happened, and what has changed


@dataclass(frozen=True)
class CardGone(Event):
    """The card that is lent for each section is not lent for now: the job pauses, and `message` says when to go on."""

    message: str


@dataclass(frozen=True)
class SectionDone(Event):
    """One section is finished and safe on disk."""

    section: int                   # 0-based
    sections: int
    frames: int
    clip: Path                     # this section's frames as MP4
    seconds_left: float | None
    preview: bytes | None = None   # animated WebP of the section as it came out


@dataclass(frozen=True)
class TakeDone(Event):
    """The take is finished: clip.mp4, snapshot.safetensors and poster.webp lie in its folder."""

    sections: int
    frames: int
    seconds: float
    at_edge: bool = False          # the picture's edge held the camera up


@dataclass(frozen=True)
class Cancelled(Event):
    """The take was stopped. The section in flight is discarded; `sections` finished ones are kept in its folder (0: none)."""

    sections: int
    frames: int
    seconds: float


@dataclass(frozen=True)
class Failed(Event):
    """The take failed: what happened and what to do. `sections` finished ones are kept in its folder (0: none)."""

    message: str
    remedy: str
    sections: int
    frames: int
    seconds: float


@dataclass(frozen=True)
class WorkerStatus:
    """One worker of a farm, see `studio.farm`."""

    name: str                            # of its machine, with a number where there are several
    state: Literal["starting", "free", "busy", "lost", "refused"]
    take: str = ""                       # that it renders
    note: str = ""                       # why it is refused


@dataclass(frozen=True)
class EngineStatus:
    """The engine's state: 'starting' while it loads, 'ready', or 'failed' with the reason and the remedy in `note`."""

    state: Literal["starting", "ready", "failed"]
    note: str = ""
    device: str = ""
    placement: tuple[str, ...] = ()      # where a large model's parts lie, in sentences
    workers: tuple[WorkerStatus, ...] = ()      # of a farm; empty: takes are rendered in this process
    waiting: int = 0                     # jobs that wait for a worker
