"""The reader of a figure's actions: true films are known also when they are blurred, dimmed by noise, and cut short."""

import pytest
import torch

from studio.lab.measure import figure_actions
from studio.lab.measure.filming import Subject


@pytest.fixture(scope="module")
def subject() -> Subject:
    return figure_actions.scenes_with_figure(1)[0]


def test_true_films_are_known_through_blur_and_noise(subject: Subject) -> None:
    draw = torch.Generator().manual_seed(0)
    for action in figure_actions.NAMES[1:]:
        true = figure_actions.true_films(subject, action, 192, 128)
        frames = torch.nn.functional.avg_pool2d(true[action].frames().float() / 255, 3, 1, 1)
        frames = frames + 0.05 * torch.randn(frames.shape, generator=draw)
        assert figure_actions.nearest_action(frames, true) == action


def test_a_picture_that_stands_still_is_told(subject: Subject) -> None:
    true = figure_actions.true_films(subject, "hop", 192, 128)
    still = subject.picture(192, 128).expand(37, -1, -1, -1)
    assert figure_actions.nearest_action(still, true) == "stay"
