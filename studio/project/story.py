"""Stories: a whole timeline in one TOML file, for films that are made without the page.

name = "The lighthouse"      image = "lighthouse.png"     preset = "standard"
                             without an image the film begins from words alone, with a model that can
size = [320, 192]            seed = 7                      (both optional)
frame = [0.1, 0.2, 0.6, 0.6]  the part of the picture that the film begins with: x, y, width and height as shares (optional)
style = "dusk, light fog"    cast = "Anna, a girl in a red coat"   read after each segment's prompt (both optional)

beyond = true                the camera may leave the picture (optional, as all that follows)

[subject]                    what stands in front of its ground, and so moves otherwise than it when the camera moves
strokes = [[[0.4, 0.5], [0.5, 0.6]]]    ground = [[[0.1, 0.1]]]    depth = 2.0
                             strokes over it, and over what is not it; the ground lies so many times as far away
[[flows]]                    what moves by itself, along a stroke, until a prompt says "the water stops"
name = "water"               stroke = [[0.1, 0.8], [0.9, 0.8]]     width = 0.1      speed = 0.05
                             of the brush, and in a second: as shares of the picture's width
[[segment]]
prompt = "..."               seconds = 3.0 (or frames = 36)   seed = 1 (optional)
loras = [{file = "ink.safetensors", strength = 0.8}]           (optional, and so is the strength)
blend = 24                   frames over which it takes over from the segment before it (optional)
shot = "harbour.jpg"         it begins a new shot, with a hard cut to that picture; true: to the story's own; "": to none,
                             from words alone (optional)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from studio.language import join, sentence
from studio.marks import NO_MARKS, Marks
from studio.project import edits, limits
from studio.project.limits import EditError, fresh_id, fresh_seed
from studio.project.model import Clock, Frame, Project, RenderSettings, Segment
from studio.project.story_marks import read_marks
from studio.tables import checked, parse, read_toml, table

_Seed = Annotated[int, checked(limits.seed, EditError)]


class StoryError(Exception):
    """A story cannot be used; the message names file and key."""


@dataclass(frozen=True)
class StorySegment:
    """A segment of a story: its length in seconds or in frames, whichever was written."""

    prompt: str
    seconds: float | None
    frames: int | None
    seed: int | None
    loras: tuple[tuple[Path, float], ...] = ()
    """Files, which exist, and strengths."""
    blend: int = 0
    shot: Path | bool = False
    """A picture that it begins a new shot with, which exists; true: the story's own, or none; false: it continues."""
    from_words: bool = False
    """Whether the new shot begins from words alone, also where the story has a picture."""


@dataclass(frozen=True)
class Story:
    """A film as written. `image` exists, but is not read yet: it may be no picture. None: it begins from words alone."""

    path: Path
    name: str
    image: Path | None
    preset: str
    size: tuple[int, int] | None
    seed: int | None
    segments: tuple[StorySegment, ...]
    frame: Frame | None = None
    """The part of the picture that the film begins with. It may have another shape than the film, which it gets."""
    marks: Marks = NO_MARKS
    """On the picture: what stands in front, what flows, and whether the camera may leave it."""
    style: str = ""
    """How the whole film looks."""
    cast: str = ""
    """Who and what appears in the whole film."""


@table
class _StoryTable:
    """The file's keys, before files are looked for."""

    name: Annotated[str, checked(lambda name: limits.name(name, sentence("film")), EditError)]
    segment: Annotated[
        tuple[dict[str, Any], ...],
        Field(
            min_length=1, max_length=limits.SEGMENTS,
            description=sentence("a list of 1 to {most} tables, [[segment]]", most=limits.SEGMENTS))]
    image: Annotated[
        str | None, Field(min_length=1, description=sentence("the name of the picture that the film starts from"))] = None
    preset: Annotated[str, Field(description=sentence("the name of a preset"))] = "standard"
    size: Any = None
    """Width and height, which `_size` reads."""
    seed: _Seed | None = None
    frame: Annotated[Frame, checked(limits.frame, EditError)] | None = None
    beyond: Annotated[bool, Field(description=sentence("true or false"))] = False
    subject: Any = None
    flows: Any = ()
    """Tables, which `story_marks` reads, as `subject` is one."""
    style: Annotated[str, checked(lambda text: limits.film_text(text, sentence("style")), EditError)] = ""
    cast: Annotated[str, checked(lambda text: limits.film_text(text, sentence("cast")), EditError)] = ""


@table
class _SegmentTable:
    prompt: Annotated[str, checked(limits.prompt, EditError)] = ""
    seconds: Annotated[float, Field(gt=0, description=sentence("a number above zero"))] | None = None
    frames: Annotated[int, Field(gt=0, lt=2**53, description=sentence("a whole number above zero"))] | None = None
    seed: _Seed | None = None
    loras: Any = ()
    """Tables, which `_segment` reads."""
    blend: Annotated[int, Field(ge=0, lt=2**53, description=sentence("a number of frames"))] = 0
    shot: Annotated[bool | str, Field(union_mode="left_to_right", description=sentence("the name of a picture, or true"))] = False


@table
class _LoraTable:
    file: Annotated[str, Field(min_length=1, description=sentence("the name of a file"))]
    strength: Annotated[float, checked(limits.strength, EditError)] = 1.0


def read_story(path: Path, model: tuple[str, Sequence[tuple[int, int]]] | None = None) -> Story:
    """The story in `path`. Its image and its LoRAs are files in the same folder, or paths from there.

    Args:
        path: of the file.
        model: title and sizes of the model that must make the film in its size; None: any size may be written.

    Raises:
        StoryError: the file cannot be read, a key is missing, unknown or of the wrong kind, a file is not there, or the model does
            not make films of the size.
    """
    story = parse({"name": path.stem, **read_toml(path, StoryError)}, _StoryTable, str(path), StoryError)
    segments = tuple(_segment(entry, path, f"{path}: segment {number}") for number, entry in enumerate(story.segment, 1))
    if segments[0].shot:
        raise StoryError(sentence(
            "{path}: segment 1: 'shot': the first segment begins with 'image'. Leave 'shot' out there.", path=path))
    image = _file(path, story.image, f"{path}: 'image'", sentence("the picture")) if story.image else None
    size = _size(story.size, f"{path}: 'size'", model)
    marks = read_marks(story.beyond, story.subject, story.flows, str(path), StoryError)
    if image is None and (story.frame or marks.subject or marks.flows):
        raise StoryError(sentence(
            "{path}: 'frame', 'subject' and 'flows' belong to a picture, and there is no 'image'. Add one, or leave them out.",
            path=path))
    return Story(path, story.name, image, story.preset, size, story.seed, segments, story.frame, marks, story.style, story.cast)


def to_project(story: Story, model: str, size: tuple[int, int], clock: Clock, settings: RenderSettings) -> Project:
    """The story as a project of `model`, without its reference image. `size` holds where the story names none.

    A segment without a seed gets one from the story's, counted on; with neither it gets a random one.

    Raises:
        StoryError: a length or a blend the model cannot render.
    """
    segments = []
    for index, written in enumerate(story.segments):
        wanted = written.seconds * clock.fps if written.seconds is not None else written.frames
        try:
            frames = clock.section_frames if wanted is None else limits.frames(wanted, clock)
            blend = limits.blend(written.blend, clock)
        except EditError as error:
            raise StoryError(sentence(
                "{path}: segment {number}: {error}", path=story.path, number=index + 1, error=str(error))) from None
        counted = fresh_seed() if story.seed is None else (story.seed + index) % limits.SEEDS
        seed = counted if written.seed is None else written.seed
        segments.append(Segment(fresh_id(), written.prompt, frames, seed, blend=blend))
    project = edits.new(story.name, model, story.size or size, clock, settings)
    branch = replace(project.current(), segments=tuple(segments))
    return replace(project, branches=(branch,), style=story.style, cast=story.cast)


def _size(written: object, where: str, model: tuple[str, Sequence[tuple[int, int]]] | None) -> tuple[int, int] | None:
    """The size that is written, if there is one. Raises StoryError as `read_story`, naming the sizes of the model."""
    if written is None:
        return None
    remedy: str = ""
    if model:
        title, sizes = model
        known = ", ".join(f"{width}×{height}" for width, height in sizes)
        remedy = sentence(
            "{model} makes films of {known} pixels: write size = {size}, or leave 'size' out.",
            model=title, known=known, size=str(list(sizes[0])))
    try:
        size = limits.size(written)
    except EditError as error:
        raise StoryError(join(sentence("{where}: {problem}", where=where, problem=str(error)), remedy)) from None
    if model and size not in model[1]:
        raise StoryError(join(sentence(
            "{where}: the film cannot be {width}×{height} pixels.", where=where, width=size[0], height=size[1]), remedy))
    return size


def _segment(entry: dict[str, Any], path: Path, where: str) -> StorySegment:
    segment = parse(entry, _SegmentTable, where, StoryError)
    if segment.seconds is not None and segment.frames is not None:
        raise StoryError(sentence("{where}: 'seconds' and 'frames' are both given; keep one.", where=where))
    if not isinstance(segment.loras, tuple) or not all(isinstance(lora, dict) for lora in segment.loras):
        raise StoryError(sentence(
            "{where}: 'loras' is a list, such as [{{file = \"ink.safetensors\", strength = 0.8}}].", where=where))
    if len(segment.loras) > limits.LORAS:
        raise StoryError(sentence(
            "{where}: {number} LoRAs; {most} are the most.", where=where, number=len(segment.loras), most=limits.LORAS))
    loras = [parse(lora, _LoraTable, f"{where}: 'loras'", StoryError) for lora in segment.loras]
    files = tuple((_file(path, lora.file, f"{where}: 'loras'", sentence("the LoRA")), lora.strength) for lora in loras)
    from_words, shot = segment.shot == "", segment.shot if isinstance(segment.shot, bool) else True
    named = segment.shot if isinstance(segment.shot, str) else ""
    picture = _file(path, named, f"{where}: 'shot'", sentence("the picture")) if named else None
    own = segment.prompt, segment.seconds, segment.frames, segment.seed, files, segment.blend
    return StorySegment(*own, picture or shot, from_words)


def _file(story: Path, name: str, where: str, what: str) -> Path:
    """A file that a story names, from the story's folder. Raises StoryError: it is not there."""
    file = story.parent / name
    try:
        there = file.is_file()
    except (OSError, ValueError):       # a name that no disk takes: too long, or with a zero in it
        there = False
    if not there:
        raise StoryError(sentence(
            "{where}: there is no file {file}. Put {what} there, or correct the name.", where=where, file=file, what=what))
    return file
