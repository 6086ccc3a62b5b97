"""The data classes of the document: project, segment, take, branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.marks import NO_MARKS, Marks
from studio.project.sources import Lora, Reference, Sound, Video
from studio.project.unknown_fields import no_fields

Frame = tuple[float, float, float, float]
"""A part of a picture: x, y, width and height as shares, from 0 to 1, of the picture's width and height."""


@dataclass(frozen=True)
class Clock:
    """Frames per second of a model, and the pixel frames of one of its sections."""

    fps: int = 12
    section_frames: int = 36
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)

    def sections(self, frames: int) -> int:
        """Whole sections that will really be rendered for `frames` wanted frames (nearest, at least one)."""
        return max(1, round(frames / self.section_frames))

    def rendered(self, frames: int) -> int:
        """Frames that will really be rendered for `frames` wanted ones."""
        return self.sections(frames) * self.section_frames

    def seconds(self, frames: int) -> float:
        """Seconds that so many frames last."""
        return frames / self.fps

    def timecode(self, frames: int) -> str:
        """So many frames as hours, minutes, seconds and frames: 00:01:02:03. No numbers are dropped; a clock's rate is whole."""
        seconds, rest = divmod(frames, self.fps)
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest:02d}"


@dataclass(frozen=True)
class RenderSettings:
    """How a segment is rendered: the preset it came from and the numbers it holds."""

    preset: str = "standard"
    steps: int = 8
    guidance: float = 1.0
    cache: float = 0.0     # change between steps up to which blocks of a large model are skipped; 0: none is
    cache_rule: str = "first-block"    # by which change: of the first block, or "magnitude", as it was measured before
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


VoteResult = Literal["left", "right", "alike"]


@dataclass(frozen=True)
class Shot:
    """Where a new shot begins: at a picture of its own, at a frame of a take, from words alone, or, without these, as its film."""

    picture: Reference | None = None
    frame: Frame | None = None    # the part of that picture; None: as much of its middle as fits
    take: str | None = None
    at: int = 0                   # the frame of that take
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)
    from_words: bool = field(default=False, repr=False)   # words alone. Not in its text: older documents have checksums of that


@dataclass(frozen=True)
class Segment:
    """A segment of the timeline, as the artist writes it. `frames` is the wanted length in whole frames."""

    id: str
    prompt: str = ""
    frames: int = 36
    seed: int = 0
    loras: tuple[Lora, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)  # of a newer format, written back
    blend: int = 0                # frames over which it takes over from the segment before it; 0: at once
    shot: Shot | None = None      # it begins a new shot, with a hard cut; None: it continues the one before it
    video: Video | None = None    # its takes are this video's end; None: they are rendered
    forget: tuple[int, ...] = ()  # cells of the memory's map that are forgotten before it


TakeState = Literal["done", "partial"]


@dataclass(frozen=True)
class ContextLook:
    """The look of the take before, in which a take saw the film's recent frames: what it was matched to, and how they were changed.

    The change is multiplied to, and added to, each channel of CIELAB, see `ColourChange`.
    """

    match: str                    # FIRST_FRAME, REFERENCE, or the id of a take
    strength: float
    gain: tuple[float, ...]       # of L, a and b
    offset: tuple[float, ...]
    latents: int                  # the newest ones, which were changed
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


@dataclass(frozen=True)
class Take:
    """One rendered segment, immutable once `done`. A `partial` one holds the finished sections of an interrupted render."""

    id: str
    parent: str | None            # take it continues; None: it is the film's first one
    segment: Segment              # what was asked, as it was asked
    settings: RenderSettings
    model: str
    reference: str                # SHA-256 of the reference image that its film began with; "": it began from words alone
    sections: int                 # finished sections
    frames: int                   # frames in its clip
    state: TakeState = "done"
    seconds: float = 0.0            # wall time of the render
    created: str = ""               # ISO 8601, UTC
    size: tuple[int, int] = (0, 0)  # width, height in pixels, as it was rendered
    frame: Frame | None = None      # the part of the reference image that it began with; None: its middle
    marks: Marks = NO_MARKS         # on the reference image, as it was rendered
    at_edge: bool = False           # the picture's edge held the camera up
    copy_of: str | None = None      # the take whose clip and memory this one has, after another parent
    bridge: int = 0                 # frames at its beginning that move over from what its parent leads to, to that take's clip
    style: str = ""                 # of the whole film, as it was rendered
    cast: str = ""
    thinned: bool = False           # its snapshot was removed to save room, and can be made again from its parent
    words: str = ""                 # the segment's prompt with its wildcards replaced; "": it has none
    style_words: str = ""           # the style likewise
    cast_words: str = ""            # the cast likewise
    pins: tuple[str, ...] = ()      # takes that were pinned when it was made
    forgotten: tuple[str, ...] = ()     # takes whose sections its memory did not read
    context_look: ContextLook | None = None     # the look in which it saw the frames before it; None: as they were made
    step_ratios: tuple[tuple[float, ...], ...] = ()     # by which its steps were left out, see `catalogue.step_ratios`
    profile_cache: float | None = None  # threshold of the first block's cache that the machine's profile asked for; None: not known
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)

    @property
    def lacks_ratios(self) -> bool:
        """Whether steps are left out by ratios that it does not name: it is not begun yet, or older than that takes name them."""
        measured = self.settings.cache > 0 and self.settings.cache_rule == "magnitude"
        return measured and not self.step_ratios and self.segment.video is None


@dataclass(frozen=True)
class Branch:
    """A named path through the tree: it ends at the take `tip`, and plans `segments` from the first one on.

    Segment i of the plan belongs to take i of the path. Everything after the path is still to be rendered.
    """

    id: str
    name: str
    segments: tuple[Segment, ...] = ()
    tip: str | None = None
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


@dataclass(frozen=True)
class Vote:
    """Which of two takes is better, for somebody who saw them side by side without their names; or that they are alike."""

    left: str                     # id of the take
    right: str
    result: VoteResult
    created: str                  # ISO 8601, UTC
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


Measure = Literal["sharpness", "contrast", "palette", "identity"]


@dataclass(frozen=True)
class Retries:
    """Takes are made again up to `times` times while a measure is worse than a share of their shot's first take."""

    times: int = 0                # 0: takes are kept as they come
    measure: Measure = "sharpness"
    threshold: float = 0.8        # 1 is as good as the first take
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


@dataclass(frozen=True)
class DroppedBranch:
    """A branch in the trash, as it was."""

    branch: Branch
    when: str = ""                # ISO 8601, UTC
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


FIRST_FRAME, REFERENCE = "first", "reference"
"""What a look matches, beside takes: the first frame of the take's shot, and the picture that the shot shows."""


@dataclass(frozen=True)
class Look:
    """The look that a take is held to when it is shown: its colours and contrast are matched to another picture."""

    match: str                    # FIRST_FRAME, REFERENCE, or the id of a take
    strength: float = 1.0         # from 0, as it was made, to 1
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)
    context: bool = False         # the section after it sees it so too


Loop = Literal["once", "repeat", "there and back"]


@dataclass(frozen=True)
class Trim:
    """What the film shows of a take: its frames from `first` to before `end`, played `times` times in a row.

    There and back, every second time is played backwards, and no frame is shown twice where the direction changes.
    """

    first: int = 0
    end: int = 0                  # 0: to the take's end
    loop: Loop = "once"
    times: int = 1
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)


@dataclass(frozen=True)
class Project:
    """The document of one film. `branch` is the current branch; `head` is a take on its path, or None for the start."""

    id: str
    name: str = "Untitled film"
    model: str = "memorypack-mini"
    size: tuple[int, int] = (320, 192)                     # width, height in pixels
    clock: Clock = Clock()
    settings: RenderSettings = RenderSettings()
    reference: Reference | None = None
    frame: Frame | None = None      # the part of the reference image that the film begins with; None: as much of its middle as fits
    marks: Marks = NO_MARKS         # on the reference image
    from_words: bool = False        # it begins from words alone, where the model can; it has no reference image then
    takes: Mapping[str, Take] = field(default_factory=no_fields)  # every take, without those that the artist deleted for good
    branches: tuple[Branch, ...] = ()
    branch: str = ""
    head: str | None = None
    stars: frozenset[str] = frozenset()     # takes that the artist marked
    trash: frozenset[str] = frozenset()     # takes that are not shown, until they are restored; none lies on a branch
    dropped: Mapping[str, str] = field(default_factory=no_fields)      # when takes came into the trash: ISO 8601, UTC
    dropped_branches: tuple[DroppedBranch, ...] = ()                # the branches in the trash, the one dropped last at the end
    style: str = ""                 # how the whole film looks; a model reads it after each segment's prompt, see `full_prompt`
    cast: str = ""                  # who and what appears in the whole film
    votes: tuple[Vote, ...] = ()    # in the order in which they were given
    accepted: Mapping[str, str] = field(default_factory=no_fields)  # stale takes to be kept: what was asked then, see `staleness`
    looks: Mapping[str, Look] = field(default_factory=no_fields)  # by take: those that are shown otherwise than they were made
    trims: Mapping[str, Trim] = field(default_factory=no_fields)  # by take: those of which the film shows a part, or several times
    later_looks: Mapping[str, Look] = field(default_factory=no_fields)     # of takes that are still to be made, see `later`
    later_trims: Mapping[str, Trim] = field(default_factory=no_fields)
    retries: Retries = Retries()
    pins: tuple[str, ...] = ()      # takes whose places or sections the memory keeps; of places the last one outweighs the others
    forgotten: tuple[str, ...] = ()         # takes whose sections the memory does not read
    sound: Sound | None = None              # heard with the film
    markers: tuple[float, ...] = ()         # moments of the film, in seconds, that segments can end at; in order
    tags: tuple[str, ...] = ()              # words by which it is found among other films
    go_on: bool = False                     # a job goes on by itself when the studio was stopped and is started again
    unknown: Mapping[str, Any] = field(default_factory=no_fields, compare=False)

    def current(self) -> Branch:
        """The current branch."""
        return next(b for b in self.branches if b.id == self.branch)

    def lineage(self, take: str | None) -> tuple[Take, ...]:
        """Takes from the first one to `take`, in film order."""
        path: list[Take] = []
        while take is not None:
            path.append(self.takes[take])
            take = path[-1].parent
        return tuple(reversed(path))

    def path(self) -> tuple[Take, ...]:
        """Takes of the current branch, in film order (beyond the head too)."""
        return self.lineage(self.current().tip)

    def film(self) -> tuple[Take, ...]:
        """Takes up to the head, in film order: what plays and what is exported."""
        return self.lineage(self.head)

    def siblings(self, parent: str | None) -> tuple[Take, ...]:
        """The takes that continue a take and are not in the trash, oldest first; of None: those at the film's beginning."""
        return tuple(sorted((t for t in self.children(parent) if t.id not in self.trash), key=lambda t: t.created))

    def children(self, take: str | None) -> Iterator[Take]:
        """The takes that continue a take; of None: those at the film's beginning."""
        return (t for t in self.takes.values() if t.parent == take)
