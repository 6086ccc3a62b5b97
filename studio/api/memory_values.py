"""The values of a film's memory as it can be edited, and of the questions about it."""

from __future__ import annotations

from typing import TypedDict

from studio.api.values import File, Progress


class MemoryComparison(TypedDict):
    """A section that was made with another memory, beside the one with the film's own.

    Attributes:
        memory: begin (as it was before the film began) or other (that of another branch).
        name: of it, for people.
        clip: the section.
        difference: a picture of where it differs.
        whole: how alike both are: PSNR in decibels; null: they are the same.
        part: the same of the part that memory supplied; null: they are the same there, or there is no such part.
    """

    memory: str
    name: str
    clip: File
    difference: File
    whole: float | None
    part: float | None


class MemoryTestResult(TypedDict):
    """What a memory test found.

    Attributes:
        sentence: what it means.
        basis: what the part is: recalled (what the model says came from memory alone) or different (what differs visibly).
        share: of the section's pixels that are the part, from 0 to 1; 0: there is no such part.
        branch: the name of the other branch; empty: there is none with a memory of its own.
        clip: the section with the film's own memory.
        comparisons: the sections with others.
    """

    sentence: str
    basis: str
    share: float
    branch: str
    clip: File
    comparisons: list[MemoryComparison]


class MemoryTest(TypedDict):
    """What a memory test of a take would be.

    Attributes:
        take: the take's id.
        problem: why there is none; empty: it can be made.
        prompt: of the section that is made after the take.
        branch: the name of the branch whose memory is tried too; empty: there is none.
        seconds: that it takes, estimated; null: not known.
        result: of the same test, if it was made before; null: it was not.
    """

    take: str
    problem: str
    prompt: str
    branch: str
    seconds: float | None
    result: MemoryTestResult | None


class MemoryTestProgress(Progress):
    """How far a memory test is. A section is one of those that are compared; finished and planned count tests.

    Attributes:
        result: what was found, when it is done; null before.
    """

    result: MemoryTestResult | None


class SegmentUse(TypedDict):
    """How much a take uses an earlier segment.

    Attributes:
        index: the segment's place in the film, from 0.
        take: the id of its take.
        prompt: of that.
        problem: why it is not known; empty: it is, or is not asked yet.
        known: whether it is.
        read: whether the take's section reads anything of it.
        change: of the section without it, in levels of 255, in the mean.
        decibels: how alike the section without it is: PSNR; null: it is the same.
    """

    index: int
    take: str
    prompt: str
    problem: str
    known: bool
    read: bool
    change: float
    decibels: float | None


class MemoryUse(TypedDict):
    """What a take uses of earlier segments, or what finding it out would be.

    Attributes:
        take: the take's id.
        problem: why it cannot be found out; empty: it can.
        way: how a segment is left out of the long-term memory, in a sentence.
        seconds: that it takes, estimated; null: not known, or it was found out before.
        known: whether it was found out before.
        segments: those before the take.
        sentence: what the figures mean; empty: there are none.
    """

    take: str
    problem: str
    way: str
    seconds: float | None
    known: bool
    segments: list[SegmentUse]
    sentence: str


class MemoryUseProgress(Progress):
    """How far the question is what a take uses. A section is one without a segment; finished and planned count questions.

    Attributes:
        segments: those before the take; those that are answered are known.
        sentence: what the figures mean, when it is done; empty before.
    """

    segments: list[SegmentUse]
    sentence: str


class MapPart(TypedDict):
    """Which part of the memory's map its picture shows, in cells. Beyond its edges the map repeats.

    Attributes:
        rows: of the whole map.
        columns: of the whole map; the cell in a row and a column is number row * columns + column.
        left: the column at the picture's left edge.
        top: the row at the picture's upper edge.
        width: columns that the picture shows.
        height: rows that the picture shows.
    """

    rows: int
    columns: int
    left: float
    top: float
    width: float
    height: float


class MemoryMap(TypedDict):
    """What a film remembers after the head, and what of it can be edited.

    Attributes:
        problem: why nothing can be pinned or forgotten; empty: something can.
        whole_takes: whether whole takes are pinned and forgotten, and no places of a map.
        picture: of what is remembered; null: there is none.
        part: of the map that the picture shows; null: there is no such picture.
        segment: the id of the segment that follows the head, before which places are forgotten; null: there is none.
        forget: the cells that are forgotten before that segment.
        pins: the ids of pinned takes.
        forgotten: the ids of forgotten takes.
        asks: whether ask_moment can ask it for places.
    """

    problem: str
    whole_takes: bool
    picture: File | None
    part: MapPart | None
    segment: str | None
    forget: list[int]
    pins: list[str]
    forgotten: list[str]
    asks: bool


class Moment(TypedDict):
    """What is remembered of a moment.

    Attributes:
        at: the number of the frame that is compared, from 0.
        frame: a picture of it.
        remembered: what the memory gives back for its place, as opaque as it is known.
        decibels: how alike both are: PSNR; null: they are the same.
        known: share of the picture that the memory holds, from 0 to 1.
        sentence: what that means.
    """

    at: int
    frame: File
    remembered: File
    decibels: float | None
    known: float
    sentence: str


class MomentProgress(Progress):
    """How far the question is what is remembered of a moment; finished and planned count questions.

    Attributes:
        result: the answer, when it is done; null before.
    """

    result: Moment | None
