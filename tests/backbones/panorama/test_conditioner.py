"""What prompts ask of the camera, and what does not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.panorama.conditioner import read_move
from studio.diffusion.conditioning import ReadsApart


@pytest.mark.parametrize(("prompt", "move"), [
    ("the camera pans left", -8), ("The camera pans right.", 8), ("pan right", 8), ("slow pan to the left", -4),
    ("the camera pans right slowly", 4), ("slowly, the camera pans right", 4),
    ("the camera pans left fast, easing in and out", -16),
    ("a quick panning shot to the right", 16), ("the camera moves to the left", -8), ("the camera gently drifts right", 4),
    ("night falls. The camera pans right fast", 16), ("the camera pans left, then right", -8),
    ("static shot", 0), ("", 0), ("the camera holds still", 0), ("the camera tilts up", 0), ("a man on the left", 0),
    ("she looks to the right, fast", 0), ("the camera does not pan left", 0), ("the camera stops panning right", 0),
    ("the camera rests, and she goes left", 0),
])
def test_moves(prompt: str, move: int) -> None:
    assert read_move(prompt) == move


def test_all_phrases_of_the_card_ask_for_something_of_their_own(model: FilmModel) -> None:
    moves = [read_move(phrase) for phrase in model.card.phrases["camera"]]
    assert sorted(moves) == [-16, -8, -4, 0, 4, 8, 16]


def test_the_reference_is_carried_as_tokens_and_a_style_is_not_read(model: FilmModel, picture: Tensor) -> None:
    read = model.conditioner("pan right", picture)
    assert read.text.flatten().tolist() == [8] and read.image.shape == (1, 16, 48)
    assert torch.allclose(read.image.mean(), picture.mean(), atol=1e-4)
    assert isinstance(model.conditioner, ReadsApart)
    styled = model.conditioner.read_apart("pan right", "the camera pans left fast", True, picture)
    assert torch.equal(styled.text, read.text)
