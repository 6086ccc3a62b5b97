"""The values of how a film is kept: its trash, what it weighs, and how it drifts."""

from __future__ import annotations

from typing import TypedDict

from studio.api.values import Film


class TrashedTake(TypedDict):
    """A take in a film's trash.

    Attributes:
        id: its id.
        prompt: what it was asked for.
        index: the place in the film that it is for, from 0.
        when: it was dropped: ISO 8601, UTC; empty: not known.
        bytes: that it has on the disk.
        needed: whether it cannot be deleted, because other takes need it.
    """

    id: str
    prompt: str
    index: int
    when: str
    bytes: int
    needed: bool


class TrashedBranch(TypedDict):
    """A branch in a film's trash.

    Attributes:
        id: its id.
        name: its name.
        when: it was dropped: ISO 8601, UTC.
    """

    id: str
    name: str
    when: str


class Trash(TypedDict):
    """What is in a film's trash.

    Attributes:
        takes: in it.
        branches: in it.
    """

    takes: list[TrashedTake]
    branches: list[TrashedBranch]


class Weight(TypedDict):
    """What a film's files weigh, in bytes.

    Attributes:
        clips: the takes themselves, with their pictures.
        memory: what takes are continued from.
        media: pictures, videos and sounds that the film was given.
        films: joined films, exports and answers, which can be made again.
        trash: takes that were dropped.
        removable: the ids of takes that can do without their memory.
        freed: how much thin would remove.
    """

    clips: int
    memory: int
    media: int
    films: int
    trash: int
    removable: list[str]
    freed: int


class Thinned(TypedDict):
    """What thin removed.

    Attributes:
        film: as it is now.
        freed: bytes that were removed.
    """

    film: Film
    freed: int


class TakeDrift(TypedDict):
    """A take beside the first take of its shot. Shares of 1 are the same as there; null: there is nothing to compare.

    Attributes:
        take: its id.
        index: its place in the film, from 0.
        sharpness: over that of the first take.
        contrast: over that of the first take.
        palette: share of the colours that both have.
        identity: likeness of what is seen, from -1 to 1; without an image encoder of where edges lie.
        reference: the same with the picture that the shot shows.
        cut: whether it begins a shot.
        asked: words by which it was asked for other light or weather.
        zoomed: words by which it was asked for a zoom or another focus.
        problem: why it was not measured; empty: it was.
    """

    take: str
    index: int
    sharpness: float | None
    contrast: float | None
    palette: float | None
    identity: float | None
    reference: float | None
    cut: bool
    asked: list[str]
    zoomed: list[str]
    problem: str


class RewindPoint(TypedDict):
    """A take that a film may be rewound to, because it creeps since then.

    Attributes:
        take: its id.
        index: its place in the film, from 0.
        sentence: what has changed since.
    """

    take: str
    index: int
    sentence: str


class Drift(TypedDict):
    """How the takes of the current branch drift.

    Attributes:
        takes: in film order.
        rewind: where to, of the film up to the head; null: nothing creeps.
        encoder: the name of the image encoder that identity is measured with; empty: edges are compared.
        problem: why an encoder that is here is not used; empty: there is no trouble.
    """

    takes: list[TakeDrift]
    rewind: RewindPoint | None
    encoder: str
    problem: str
