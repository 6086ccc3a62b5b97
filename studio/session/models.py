"""What a model and a preset mean for a project: its size, its clock, its steps and guidance, the frames and marks that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from studio.backbones.registry import begins_from_words as can_begin_from_words
from studio.backbones.registry import sees_outside_frame, size_unit, step_caches, takes_frame, takes_marks
from studio.catalogue.cards import ModelCard, ModelError
from studio.language import Sentence, sentence
from studio.marks import NO_MARKS, Marks
from studio.project import edits
from studio.project.edits import EditError
from studio.project.frames import default_frame
from studio.project.model import Clock, Frame, Project, RenderSettings
from studio.project.preset import USUAL, Preset
from studio.project.sources import Reference


def set_model(project: Project, card: ModelCard, preset: Preset | None) -> Project:
    """The project on another model: in its own size if the model has it, with the model's clock and the preset's steps.

    Its frame and its marks go where the model takes none.
    """
    size = project.size if project.size in card.sizes else card.default_size
    moved = set_size(project, card, size)
    moved = moved if takes_frame(card) else edits.set_frame(moved, None)
    return edits.set_settings(moved, settings_for(preset, card)) if preset else moved


def set_size(project: Project, card: ModelCard, size: tuple[int, int]) -> Project:
    """The project on a model in one of its sizes, with the model's clock. Its marks go where the model takes none at that size.

    Raises EditError: see `check_size`.
    """
    check_size(card, size)
    moved = edits.set_model(project, card.name, Clock(*card.clock(size)), size)
    return moved if takes_marks(card, size) else edits.set_marks(moved, NO_MARKS)


def check_size(card: ModelCard, size: tuple[int, int]) -> None:
    """Raises EditError: the model makes no films of this size, or cannot, whatever its card says."""
    if size not in card.sizes:
        known = ", ".join(f"{width}×{height}" for width, height in card.sizes)
        raise EditError(sentence("{model} makes films of {known} pixels. Choose one of these.", model=card.title, known=known))
    try:
        unit = size_unit(card)
    except ModelError as error:
        raise EditError(str(error)) from error
    if size[0] % unit or size[1] % unit:
        wanted, nearest = (f"{width}×{height}" for width, height in (size, [max(unit, round(edge / unit) * unit) for edge in size]))
        raise EditError(sentence(
            "{model} makes no films of {size} pixels: width and height must be multiples of {unit}. The nearest is {nearest}; its "
            "card, model.toml, can name it. Nothing was changed.",
            model=card.title, size=wanted, unit=unit, nearest=nearest))


def begin_from_words(project: Project, card: ModelCard) -> Project:
    """The project beginning from words alone. Raises EditError: its model cannot."""
    check_beginning(card)
    return edits.begin_from_words(project)


def check_beginning(card: ModelCard) -> None:
    """Raises EditError: films of the model cannot begin from words alone."""
    if not can_begin_from_words(card):
        raise EditError(needs_picture(card))


def needs_picture(card: ModelCard) -> Sentence:
    """That films of a model begin with a picture, and what to do."""
    return sentence(
        "{model} begins films with a picture. Choose a reference picture, or a model that can begin from words alone; nothing was "
        "lost.", model=card.title)


def check_frame(card: ModelCard | None, frame: Frame | None) -> None:
    """Raises EditError: the model (None: it is not installed) takes no frame."""
    if frame is not None and not (card and takes_frame(card)):
        raise EditError(sentence(
            "This model begins with the middle of the picture. Choose another model to frame a part of it."))


def check_marks(card: ModelCard | None, size: tuple[int, int], marks: Marks) -> None:
    """Raises EditError: the model (None: it is not installed) takes no marks in films of this size."""
    if marks != NO_MARKS and not (card and takes_marks(card, size)):
        raise EditError(sentence(
            "This model cannot follow marks on the picture in films of this size. Choose a larger size, or another model. "
            "Nothing was changed."))


def first_frame(card: ModelCard | None, project: Project, picture: Reference) -> Frame | None:
    """The frame of a picture that is new to the project; None: as much of its middle as fits."""
    if card is None or not sees_outside_frame(card, project.size):
        return None
    prompts = (segment.prompt for segment in project.current().segments)
    return default_frame((picture.width, picture.height), project.size, prompts)


def lost_marks(before: Project, after: Project) -> str:
    """A sentence about marks on the picture that an edit of picture, size or model has dropped; "" if it dropped none."""
    was, now = before.marks, after.marks
    if not ((was.subject and not now.subject) or (was.flows and not now.flows) or (was.beyond and not now.beyond)):
        return ""
    pictures = [project.reference.sha256 if project.reference else "" for project in (before, after)]
    if pictures[0] != pictures[1]:
        return sentence("Subject and flows were marked on the picture before, so they went with it. Undo brings them back.")
    if before.model != after.model:
        return sentence("The marks on the picture are gone: this model cannot follow them. Undo brings them back.")
    return sentence("The marks on the picture are gone: films of this size cannot follow them. Undo brings them back.")


def installed_model(models: Iterable[ModelCard], name: str) -> ModelCard:
    """The card of the model with this name. Raises EditError: it is not installed, or not fetched."""
    card = next((card for card in models if card.name == name), None)
    if card is None:
        raise EditError(sentence(
            "The model '{name}' is not installed. Choose another one, or add its folder to models/.", name=name))
    if card.state != "ready":
        state = sentence("not fetched") if card.state == "not fetched" else sentence("incomplete")
        raise EditError(sentence(
            "The weights of {model} are {state}. {remedy}", model=card.title, state=state, remedy=card.remedy))
    return card


def known_model(models: Mapping[str, ModelCard], name: str) -> ModelCard:
    """The card of a film's or a take's model, by name. Raises EditError: it is not installed (any more)."""
    if name not in models:
        raise EditError(sentence("The model '{model}' is not installed. Choose another one, or add it to models/.", model=name))
    return models[name]


def settings_for(preset: Preset, card: ModelCard | None) -> RenderSettings:
    """Steps, guidance and step cache of a preset on a model; None: on a model that is not installed."""
    if card is None:
        return preset.settings(USUAL, RenderSettings().guidance)
    return preset.settings(card.steps, card.guidance, step_caches(card))
