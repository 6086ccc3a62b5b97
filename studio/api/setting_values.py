"""The values of what a film is given: marks on its picture, a sound, styles and texts, and when takes are made again."""

from __future__ import annotations

from typing import TypedDict


class Subject(TypedDict):
    """What stands in front of its ground. Points are x and y as shares of the picture, from 0 to 1.

    Attributes:
        strokes: lists of points, each the way of a brush over the subject; a click is a stroke of one point.
        ground: strokes over what does not belong to it.
        depth: the ground lies so many times as far from the camera, from 1 to 5.
    """

    strokes: list[list[list[float]]]
    ground: list[list[list[float]]]
    depth: float


class Flow(TypedDict):
    """A part of the picture that moves by itself.

    Attributes:
        name: what prompts call it, such as water: "the water stops".
        stroke: points along which it flows, as those of a subject.
        width: of the brush, as a share of the picture's width, from 0.01 to 0.5.
        speed: shares of the picture's width in a second, from 0.005 to 0.5.
    """

    name: str
    stroke: list[list[float]]
    width: float
    speed: float


class Marks(TypedDict):
    """All that is marked on the reference picture.

    Attributes:
        beyond: whether the camera may leave the picture; the ground there is made up.
        subject: what stands in front of its ground; null: nothing is marked.
        flows: what moves by itself.
    """

    beyond: bool
    subject: Subject | None
    flows: list[Flow]


class Style(TypedDict):
    """A style to choose from.

    Attributes:
        name: to be given to use_style.
        title: for people.
        description: of it.
        style: the words for the whole film.
        cast: the words for who is in it; empty: the film keeps its own.
    """

    name: str
    title: str
    description: str
    style: str
    cast: str


class Styles(TypedDict):
    """The styles of this studio, and what is wrong with files that are none.

    Attributes:
        styles: by their titles.
        problems: sentences about files that cannot be used.
    """

    styles: list[Style]
    problems: list[str]


class TextSegment(TypedDict):
    """A segment that a text describes.

    Attributes:
        prompt: what happens in it.
        seconds: that its take will last: whole sections.
    """

    prompt: str
    seconds: float


class TimelineText(TypedDict):
    """What a text would become on the timeline.

    Attributes:
        segments: of it; empty: it is plain text.
        seconds: that they last together.
        replaced: segments with a prompt that they would take the place of.
        notes: sentences about what is understood otherwise than it was meant.
    """

    segments: list[TextSegment]
    seconds: float
    replaced: int
    notes: list[str]


class Sound(TypedDict):
    """The sound that is heard with the film.

    Attributes:
        name: of its file.
        seconds: that it lasts.
        offset: seconds of the film at which it begins; negative: the film begins so far into it.
        gain: decibels by which it is made louder.
    """

    name: str
    seconds: float
    offset: float
    gain: float


class Retries(TypedDict):
    """When a take is made again by itself, with other seeds; the best is kept.

    Attributes:
        times: at most, from 0 (takes stay as they come) to 4.
        measure: by which it is judged: sharpness, contrast, palette or identity.
        threshold: the share of its shot's first take below which it is made again, from 0.5 to 0.99.
    """

    times: int
    measure: str
    threshold: float
