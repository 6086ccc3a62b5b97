"""Stories: a whole timeline in one TOML file, for films made without the page. It knows neither pictures nor models.

name = "The lighthouse"      image = "lighthouse.png"     preset = "standard"
size = [320, 192]            seed = 7                      (both optional)

[[segment]]
prompt = "..."               seconds = 3.0 (or frames = 36)   seed = 1 (optional)
loras = [{file = "ink.safetensors", strength = 0.8}]           (optional, and so is the strength)
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.project import edits, limits
from studio.project.limits import EditError, fresh_id, fresh_seed
from studio.project.model import Clock, Project, Segment, Settings

LARGEST = 2**20
_KEYS = {"name", "image", "preset", "size", "seed", "segment"}
_SEGMENT_KEYS = {"prompt", "seconds", "frames", "seed", "loras"}


class StoryError(Exception):
    """A story cannot be used; the message names file and key."""


@dataclass(frozen=True)
class Beat:
    """A segment of a story: its length in seconds or in frames, whichever was written."""

    prompt: str
    seconds: float | None
    frames: int | None
    seed: int | None
    loras: tuple[tuple[Path, float], ...] = ()     # files, which exist, and strengths


@dataclass(frozen=True)
class Story:
    """A film as written. `image` exists; whether it is a picture shows when it is read."""

    path: Path
    name: str
    image: Path
    preset: str
    size: tuple[int, int] | None
    seed: int | None
    segments: tuple[Beat, ...]


def read_story(path: Path) -> Story:
    """The story in `path`; its image is looked for beside it.

    Raises:
        StoryError: the file cannot be read, a key is missing, unknown or of the wrong kind, or the image is not there.
    """
    table = _table(path)
    _only(table, _KEYS, path, "")
    entries = table.get("segment", [])
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise StoryError(f"{path}: a story needs at least one [[segment]].")
    if len(entries) > limits.SEGMENTS:
        raise StoryError(f"{path}: {len(entries):,} segments; {limits.SEGMENTS} are the most.")
    preset = table.get("preset", "standard")
    if not isinstance(preset, str):
        raise StoryError(f"{path}: 'preset' is not a text.")
    try:
        key = "name"
        name = limits.name(table.get("name", path.stem), "film")
        key = "size"
        size = limits.size(table["size"]) if "size" in table else None
        key = "seed"
        seed = limits.seed(table["seed"]) if "seed" in table else None
    except EditError as error:
        raise StoryError(f"{path}: '{key}': {error}") from None
    beats = tuple(_beat(entry, path, f"segment {number}: ") for number, entry in enumerate(entries, 1))
    return Story(path, name, _image(table, path), preset, size, seed, beats)


def to_project(story: Story, model: str, size: tuple[int, int], clock: Clock, settings: Settings) -> Project:
    """The story as a project of `model`, without its reference image. `size` holds where the story names none.

    A segment without a seed gets one from the story's, counted on; with neither it gets a random one.

    Raises:
        StoryError: a length the model cannot render.
    """
    segments = []
    for index, beat in enumerate(story.segments):
        wanted = beat.seconds * clock.fps if beat.seconds is not None else beat.frames
        try:
            frames = clock.section_frames if wanted is None else limits.frames(wanted, clock)
        except EditError as error:
            raise StoryError(f"{story.path}: segment {index + 1}: {error}") from None
        counted = fresh_seed() if story.seed is None else (story.seed + index) % limits.SEEDS
        segments.append(Segment(fresh_id(), beat.prompt, frames, counted if beat.seed is None else beat.seed))
    project = edits.new(story.name, model, story.size or size, clock, settings)
    return replace(project, branches=(replace(project.current(), segments=tuple(segments)),))


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise StoryError(f"{path} is too large to be a story.")
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise StoryError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StoryError(f"{path} is not valid TOML: {error}.") from None
    except (RecursionError, ValueError) as error:
        raise StoryError(f"{path} cannot be read: {error}.") from None


def _beat(entry: dict[str, Any], path: Path, where: str) -> Beat:
    _only(entry, _SEGMENT_KEYS, path, where)
    if "seconds" in entry and "frames" in entry:
        raise StoryError(f"{path}: {where}'seconds' and 'frames' are both given; keep one.")
    key = "prompt"
    try:
        prompt = limits.prompt(entry.get("prompt", ""))
        key = "seed"
        seed = limits.seed(entry["seed"]) if "seed" in entry else None
        key = "frames"
        frames = limits.whole(entry["frames"], "A length in frames") if "frames" in entry else None
        key = "seconds"
        seconds = limits.positive(entry["seconds"], "A length in seconds") if "seconds" in entry else None
    except EditError as error:
        raise StoryError(f"{path}: {where}'{key}': {error}") from None
    return Beat(prompt, seconds, frames, seed, _loras(entry, path, where))


def _loras(entry: dict[str, Any], path: Path, where: str) -> tuple[tuple[Path, float], ...]:
    """The LoRAs of a segment; their files are looked for beside the story."""
    tables = entry.get("loras", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise StoryError(f'{path}: {where}\'loras\' is a list, such as [{{file = "ink.safetensors", strength = 0.8}}].')
    if len(tables) > limits.LORAS:
        raise StoryError(f"{path}: {where}{len(tables)} LoRAs; {limits.LORAS} are the most.")
    found = []
    for table in tables:
        _only(table, {"file", "strength"}, path, f"{where}'loras': ")
        file = _beside(path, table.get("file"), f"{where}'loras': ", "'file' is missing. Name the LoRA's file.", "the LoRA")
        try:
            found.append((file, limits.strength(table.get("strength", 1.0))))
        except EditError as error:
            raise StoryError(f"{path}: {where}'loras': 'strength': {error}") from None
    return tuple(found)


def _image(table: dict[str, Any], path: Path) -> Path:
    return _beside(path, table.get("image"), "'image': ", "it is missing. Name the picture the film starts from.", "the picture")


def _beside(path: Path, name: object, where: str, missing: str, what: str) -> Path:
    """The file that a story names, beside it."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise StoryError(f"{path}: {where}{missing}")
    file = path.parent / name
    if not file.is_file():
        raise StoryError(f"{path}: {where}there is no file {file}. Put {what} there, or correct the name.")
    return file


def _only(table: dict[str, Any], keys: set[str], path: Path, where: str) -> None:
    if strangers := sorted(set(table) - keys):
        raise StoryError(f"{path}: {where}unknown key '{strangers[0]}'. Known ones: {', '.join(sorted(keys))}.")
