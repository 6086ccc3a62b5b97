"""Teaching the text encoder: each thing a caption asks for has a place in its code, and steps bring the code into the output."""

from __future__ import annotations

import pytest
import torch
from transformers import CLIPTextModel, PreTrainedTokenizerFast

from studio.backbones.animatic.heads import WIND_FULL, WIND_NONE
from studio.lab.train import parts
from studio.lab.train.shapes import AnimaticShape
from studio.lab.train.text_codes import SCALE, code, codes, fit_wind, train_codes
from studio.lab.world import ACTIONS, CAMERAS, LIGHTS, SPEEDS, WEATHERS, Section

SMALL = AnimaticShape(side_width=64, side_layers=1, vocabulary=600)


def test_each_thing_has_a_place_of_its_own() -> None:
    plain = codes([Section()])[0]
    asked = [Section(camera) for camera in CAMERAS] + [Section(light=light) for light in LIGHTS]
    asked += [Section(weather=weather) for weather in WEATHERS] + [Section(action=action) for action in ACTIONS]
    places = []
    for section in asked:
        added = torch.nonzero((codes([section])[0] - plain).clamp(min=0)).flatten().tolist()
        assert len(added) == (section != Section())      # to hold is the plain thing
        places += added
    assert len(set(places)) == len(places) == len(asked) - 1


def test_pace_and_ease_are_of_what_moves() -> None:
    slow, normal, fast = (code(Section("left", speed)) for speed in SPEEDS)
    assert [slow[-2], normal[-2], fast[-2]] == [-1.0, 0.0, 1.0]
    assert slow[:-2] == normal[:-2] == fast[:-2]
    assert code(Section("hold", "fast")) == code(Section("hold", "slow"))
    assert code(Section("in", eased=True))[-1] == 1.0
    assert code(Section("shake", "fast", eased=True))[-2:] == [0.0, 0.0]


Taught = tuple[PreTrainedTokenizerFast, CLIPTextModel, float, float]


@pytest.fixture(scope="module")
def taught() -> Taught:
    """A text encoder that was taught the codes with its tokenizer, and the errors at the first and the last step."""
    torch.manual_seed(0)
    words = parts.new_tokenizer(SMALL)
    encoder = parts.new_text_encoder(SMALL, len(words))
    first = train_codes(words, encoder, seed=1, steps=1, batch=32)
    return words, encoder, first, train_codes(words, encoder, seed=1, steps=150, batch=16)


def pooled(taught: Taught, said: list[str]) -> torch.Tensor:
    words, encoder, *_ = taught
    batch = words(said, padding=True, return_tensors="pt")
    with torch.no_grad():
        return encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).pooler_output


def test_teaching_lets_the_error_fall_and_tells_left_from_right(taught: Taught) -> None:
    assert taught[2] > 0.9 and taught[3] < 0.75
    left, right = pooled(taught, ["the camera pans left", "the camera pans right"])
    for name, mine, other in (("left", left, right), ("right", right, left)):
        assert mine[CAMERAS.index(name)] > other[CAMERAS.index(name)] + 0.5 * SCALE


def test_the_wind_is_read_from_what_was_taught(taught: Taught) -> None:
    words, encoder, *_ = taught
    breeze = fit_wind(words, encoder.eval(), seed=1, captions=1000)
    found = pooled(taught, ["the wind blows", "the camera pans left", "snow begins to fall", "a small house"])
    blows = found @ breeze[:-1] + breeze[-1]
    assert breeze.shape == (SMALL.side_width + 1,)
    assert blows[0] > WIND_FULL and bool((blows[1:] < WIND_NONE).all())
