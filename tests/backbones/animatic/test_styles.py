"""What the embedded model makes of a film's style: light and weather where it begins, and no camera unless the style names one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.load import load_reader
from studio.backbones.animatic.words import Wish, WordReader
from studio.catalogue.cards import read_card
from studio.project import styles, wildcards
from studio.project.styles import Styles
from tests.backbones.animatic.test_words import reader
from tests.lab.train import toys

ROOT = Path(__file__).parents[3]
LOOKS = (
    "watercolour painting, soft edges", "cinematic, anamorphic, teal and orange", "35mm film, shallow depth of field, grain",
    "film noir, high contrast, black and white", "vintage super 8 footage", "sweeping panoramas", "zoom lens", "tracking shots",
    "slow pans", "documentary", "comic book, bold lines", "close-ups", "drone shots", "wide angle",
    "shot on a vintage camera, grain",
)


@pytest.fixture(scope="module")
def shipped() -> WordReader:
    made = load_reader(read_card(ROOT / "models" / "memorypack-mini"), torch.device("cpu"))
    assert made is not None
    return made


@pytest.mark.parametrize("style", LOOKS)
def test_a_look_moves_no_camera(shipped: WordReader, style: str) -> None:
    wish = shipped.read_style("a boat on the sea", style, True)
    assert (wish.camera, wish.speed, wish.eased) == ("hold", "normal", False)


def test_a_style_that_names_the_camera_moves_it_where_the_prompt_does_not(shipped: WordReader) -> None:
    assert shipped.read_style("a boat", "handheld camera, 16mm", True).camera == "shake"
    assert shipped.read_style("the camera pans left", "handheld camera, 16mm", True).camera == "hold"
    assert shipped.styled_caption("the camera pans left", "handheld camera", True) == shipped.caption("the camera pans left")


def test_light_and_weather_are_asked_for_where_the_style_begins(shipped: WordReader) -> None:
    style = "night, falling snow"
    assert shipped.read_style("a boat", style, True) == Wish(light="night", weather="snow")
    assert shipped.read_style("a boat", style, False) == Wish()
    assert shipped.read_style("dawn breaks", style, True) == Wish(weather="snow")
    assert shipped.read_style("dawn breaks, rain begins to fall", style, True) == Wish()


def test_what_passes_is_asked_for_in_every_segment(shipped: WordReader) -> None:
    for begins in (True, False):
        assert shipped.read_style("a boat", "an old film that flickers", begins) == Wish(light="flicker")
        assert shipped.read_style("a boat", "a windy day", begins) == Wish(weather="wind")


def test_prompt_and_style_become_one_caption() -> None:
    """However the words of both would be read together."""
    silent = reader({"light": ("night", 0.9)})
    assert silent.styled_caption("", "", True) == "night falls"
    assert silent.styled_prompt("My own words.", "", True) == "My own words.", "its light is the prompt's own"
    asks: WordReader = reader({})
    asks.read = lambda text: Wish(light="night") if text == "dark" else Wish("left") if text == "turn" else Wish()  # type: ignore[method-assign]
    assert asks.styled_caption("turn", "dark", True) == "the camera pans left, night falls"
    assert asks.styled_prompt("Turn, Anna.", "dark", True) == "Turn, Anna, night falls"
    assert asks.styled_prompt("Turn, Anna.", "dark", False) == "Turn, Anna."
    assert asks.styled_prompt("", "dark", True) == "night falls"


@pytest.mark.parametrize(("size", "expected"), [
    ((384, 640), "the camera pans left, night falls"), ((192, 320), "turn, night falls"),
])
def test_the_conditioner_reads_them_apart(size: tuple[int, int], expected: str) -> None:
    plain, asks = toys.conditioner(), reader({})
    asks.read = lambda text: Wish(light="night") if text == "dark" else Wish("left") if text == "turn" else Wish()  # type: ignore[method-assign]
    reading = SmallConditioner(plain.tokenizer, plain.text_encoder, plain.image_encoder, plain.tokens, asks)
    picture = torch.rand(1, 3, *size) * 2 - 1
    with torch.no_grad():
        assert torch.equal(reading.read_apart("turn", "dark", True, picture).text, plain(expected, picture).text)
        assert torch.equal(reading.read_apart("turn", "loud", True, picture).text, reading("turn", picture).text)
        assert torch.equal(plain.read_apart("turn", "dark", True, picture).text, plain("turn. dark", picture).text), "no reader"


def test_a_dolly_of_the_style(shipped: WordReader) -> None:
    plain = toys.conditioner()
    reading = SmallConditioner(plain.tokenizer, plain.text_encoder, plain.image_encoder, plain.tokens, shipped)
    assert reading.reads_dolly("the camera dollies in") and not reading.reads_dolly("a boat", "tracking shots")
    assert reading.reads_dolly("a boat", "the camera dollies in")
    assert not reading.reads_dolly("the camera pans left", "the camera dollies in")


SHIPPED_STYLES = {
    "golden-hour": Wish(light="warm"), "moonlit-fog": Wish(light="night", weather="fog"),
    "winter-day": Wish(light="cold", weather="snow"), "rainy-dusk": Wish(light="dusk", weather="rain"),
    "misty-dawn": Wish(light="dawn", weather="fog"), "high-summer": Wish(light="bright", weather="clear"),
    "lamplight": Wish(light="lamp"), "old-film": Wish(light="flicker"),
}


def test_the_shipped_styles_ask_for_what_they_say(shipped: WordReader) -> None:
    found, _ = Styles((styles.SHIPPED,)).find()
    assert {style.name: shipped.read_style("a boat", style.style, True) for style in found} == SHIPPED_STYLES


def test_every_line_of_the_shipped_lists_asks_for_something(shipped: WordReader) -> None:
    for name, blank in (("light", 0), ("weather", 0), ("camera", 1)):
        lines = [line for line in (wildcards.SHIPPED / f"{name}.txt").read_text().splitlines() if not line.startswith("#")]
        wishes = [shipped.read(line) for line in lines]
        assert len(set(wishes)) == len(lines) and wishes.count(Wish()) == blank, name       # a static shot asks for nothing
