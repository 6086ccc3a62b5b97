"""A story file as a project, with everything that it names checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from studio.backbones.registry import begins_from_words, lora_layers, takes_frame, takes_marks
from studio.catalogue.cards import ModelCard
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import inspect_whole
from studio.language import join, sentence
from studio.marks import NO_MARKS, Marks
from studio.media.picture import read_picture
from studio.project import edits, story
from studio.project.edits import EditError
from studio.project.frames import check_large_enough
from studio.project.limits import SEEDS
from studio.project.model import Clock, Project
from studio.project.preset import Preset
from studio.project.story import Story, StoryError
from studio.session.models import check_size, installed_model, settings_for


@dataclass(frozen=True)
class StoryChanges:
    """What is different from a story's file; None: as it is written there."""

    image: Path | None = None
    """Another picture; the story's frame and its marks, which are on its own picture, are left out then."""
    preset: str | None = None
    seed: int | None = None
    """Of the first segment; the others count on from there."""
    any_size: bool = False
    """Whether the film gets the model's own size where the model does not make the story's, and no marks where it follows none."""


def plan_story(
    path: Path, model: str | None, changes: StoryChanges, models: Sequence[ModelCard], presets: Sequence[Preset]
) -> tuple[Story, Project]:
    """The story in a file, and a project of it without its picture and its LoRAs.

    Args:
        path: of the file.
        model: the name of the model; None: the first one.
        changes: what is different from the file.
        models, presets: those to choose from.

    Raises:
        StoryError: the story, its size, its frame, its marks or a LoRA of it cannot be used.
        EditError: it names a preset or model that is not here.
        MediaError: its picture cannot be read.
    """
    card = installed_model(models, model) if model else next(iter(models), None)
    written = story.read_story(path, None if card is None or changes.any_size else (card.title, card.sizes))
    if card is None:
        raise EditError(sentence(
            "{path}: no model is installed, so it cannot be rendered. Add a model's folder to models/.", path=path))
    written = _changed(written, changes)
    preset = next((preset for preset in presets if preset.name == written.preset), None)
    if preset is None:
        where = "" if changes.preset else f"{path}:"
        raise EditError(join(where, sentence(
            "There is no preset '{preset}'. There are: {presets}.",
            preset=written.preset, presets=", ".join(p.name for p in presets))))
    if written.size not in card.sizes:
        written = replace(written, size=None)
    check_size(card, written.size or card.default_size)
    clock = Clock(*card.clock(written.size or card.default_size))
    project = story.to_project(written, card.name, card.default_size, clock, settings_for(preset, card))
    if changes.any_size and not takes_marks(card, project.size):
        written = replace(written, marks=NO_MARKS)
    for number, segment in enumerate(written.segments, 1):
        if isinstance(segment.shot, Path):
            read_picture(segment.shot)
        if segment.from_words and not begins_from_words(card):
            raise StoryError(sentence(
                "{path}: segment {number}: 'shot' names no picture, and {model} begins shots with one. Name a picture, or leave "
                "'shot' out.", path=written.path, number=number, model=card.title))
    if written.image is None:
        if not begins_from_words(card):
            raise StoryError(sentence(
                "{path}: there is no 'image', and {model} begins films with a picture. Add image = \"picture.png\", or choose a "
                "model that can begin from words alone.", path=written.path, model=card.title))
        project = edits.begin_from_words(project)
    else:
        _check_frame(written, card, read_picture(written.image).size, project.size)
    _check_marks(written, card, project.size)
    _check_loras(written, card)
    return written, project


def _changed(written: Story, changes: StoryChanges) -> Story:
    if changes.seed is not None:
        segments = tuple(replace(segment, seed=None) for segment in written.segments)
        written = replace(written, seed=changes.seed % SEEDS, segments=segments)
    if changes.image:
        written = replace(written, image=changes.image, frame=None, marks=Marks(beyond=written.marks.beyond))
    return replace(written, preset=changes.preset or written.preset)


def _check_frame(written: Story, card: ModelCard, picture: tuple[int, int], film: tuple[int, int]) -> None:
    """Raises StoryError: the frame of the story is too small in its picture, or the model takes none."""
    if written.frame is None:
        return
    where = f"{written.path}: 'frame':"
    if not takes_frame(card):
        raise StoryError(sentence(
            "{where} {model} begins with the middle of the picture. Leave 'frame' out.", where=where, model=card.title))
    try:
        check_large_enough(written.frame, picture, film)
    except EditError as error:
        raise StoryError(sentence("{where} {error}", where=where, error=str(error))) from None


def _check_marks(written: Story, card: ModelCard, film: tuple[int, int]) -> None:
    """Raises StoryError: the model cannot follow the story's marks in films of this size."""
    if written.marks == NO_MARKS or takes_marks(card, film):
        return
    large = next((size for size in card.sizes if takes_marks(card, size)), None)
    remedy = sentence("Write size = {size}, or leave them out.", size=str(list(large))) if large else sentence("Leave them out.")
    raise StoryError(sentence(
        "{path}: 'beyond', 'subject' and 'flows' are marks on the picture, which {model} cannot follow in films of "
        "{width}×{height} pixels. {remedy}", path=written.path, model=card.title, width=film[0], height=film[1], remedy=remedy))


def _check_loras(written: Story, card: ModelCard) -> None:
    """Raises StoryError: a LoRA of the story cannot be used on this model."""
    for number, segment in enumerate(written.segments, 1):
        for file, _ in segment.loras:
            try:
                inspect_whole(file, lora_layers(card), card.title)
            except LoraError as error:
                raise StoryError(sentence(
                    "{path}: segment {number}: 'loras': {error}",
                    path=written.path, number=number, error=str(error))) from None
