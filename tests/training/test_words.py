"""Teaching the text encoder: opposite moves have opposite codes, and some steps bring the code into the pooled output."""

from __future__ import annotations

import pytest
import torch

from studio.training import parts
from studio.training.captions import Section
from studio.training.words import LOUD, code, codes, teach

SMALL = parts.Shape(side_width=32, side_layers=1, vocabulary=600)


def test_codes_of_opposite_moves() -> None:
    left, right = code(Section("left", "fast")), code(Section("right", "fast"))
    assert left[0] == -right[0] < 0
    assert left[1:] == right[1:]
    assert code(Section("down"))[1] == 1.0
    assert code(Section("in", "slow"))[2] == pytest.approx(-code(Section("out", "slow"))[2])
    assert code(Section("hold"))[:4] == [0, 0, 0, -1]


def test_light_and_weather_have_places_of_their_own() -> None:
    plain = codes([Section("hold")])
    places = [
        torch.nonzero(codes([section])[0] - plain[0]).flatten().tolist()
        for section in (Section("hold", light="dark"), Section("hold", light="warm"), Section("hold", weather="snow"))
    ]
    assert all(len(place) == 1 for place in places)
    assert len({place[0] for place in places}) == 3


def test_teaching_tells_left_from_right() -> None:
    torch.manual_seed(0)
    words = parts.tokenizer(SMALL)
    encoder = parts.text_encoder(SMALL, len(words))
    error = teach(words, encoder, seed=1, steps=120, batch=24)
    assert error < 0.8
    batch = words(["the camera pans left", "the camera pans right"], padding=True, return_tensors="pt")
    with torch.no_grad():
        left, right = encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).pooler_output[:, 0]
    assert right - left > 0.5 * LOUD
