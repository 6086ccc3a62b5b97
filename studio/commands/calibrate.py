"""`python app.py models calibrate`: measures once which steps a large model can leave out, for the preset that does so."""

from __future__ import annotations

from pathlib import Path

from studio.catalogue.cards import ModelCard, ModelError
from studio.catalogue.step_ratios import StepRatios, read_ratios, write_ratios
from studio.commands.guard import STOPPED, complain, say
from studio.commands.models import find_model
from studio.media import MediaError
from studio.placement.choose import PlanError

PICTURE = Path(__file__).parents[2] / "assets/examples/lighthouse/lighthouse.jpg"
PROMPT = "Waves roll against the rocks below the lighthouse while clouds drift by."


def calibrate(
    name: str, models: Path, again: bool = False, picture: Path | None = None, prompt: str = PROMPT,
    size: tuple[int, int] | None = None,
) -> int:
    """Measure a model's weights and write what was found beside them. Returns the process's exit status.

    Args:
        name: of the model.
        models: the folder of the models.
        again: measure also what was measured already. Takes keep the ratios that they were made with.
        picture, prompt: what is filmed; None: the lighthouse.
        size: width and height in pixels; None: the model's first one.
    """
    try:
        card = find_model(name, models)
        if not again and (known := _known(card)):
            say(f"{card.title} was measured already. {_describe(known)} To measure it again, add --again: new takes use what is "
                 f"measured then, and older ones keep what they were made with.")
            return 0
        if card.state != "ready":
            raise ModelError(f"The weights of {card.title} are not here. {card.remedy}")
        from studio.engine.step_ratios import check_calibrates, load_and_measure

        check_calibrates(card)
        at = size or card.sizes[0]
        say(f"{card.title}: two sections at {at[0]} x {at[1]} with {card.steps} steps each are made, and thrown away.")
        try:
            ratios = load_and_measure(card, picture or PICTURE, prompt, at, say)
        except (MediaError, PlanError) as error:
            raise ModelError(str(error)) from error
        path = write_ratios(card, ratios)
        say(f"{_describe(ratios)} Written to {path}.")
        return 0
    except ModelError as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return complain("Stopped. Nothing was written.", STOPPED)


def _known(card: ModelCard) -> StepRatios | None:
    """The ratios that are there already."""
    try:
        return read_ratios(card)
    except ModelError:
        return None


def _describe(ratios: StepRatios) -> str:
    """What the shipped preset saves with these ratios."""
    from studio.engine.step_ratios import count_left_out

    threshold, left_out, steps = count_left_out(ratios)
    return f"With the preset's threshold of {threshold:g} {left_out} of {steps} steps are left out."
