"""The continuation: no velocity, no change; a cell a frame, a cell a frame; slow drifts count as standing still."""

from __future__ import annotations

import torch

from studio.diffusion.continuation import FIRST, Continuation, move

NEWEST = torch.randn(1, 4, 1, 6, 8, generator=torch.Generator().manual_seed(0))


def test_without_velocity_the_newest_frame_stays() -> None:
    stays = Continuation(8).eval()(NEWEST, torch.randn(1, 8), 9)
    torch.testing.assert_close(stays, NEWEST.expand(1, 4, 9, 6, 8), rtol=0, atol=1e-5)


def test_a_camera_to_the_right_moves_the_picture_to_the_left() -> None:
    speed = 1 / FIRST    # so that the first frame is one cell away
    moved = move(NEWEST, torch.tensor([[speed, 0.0, 0.0]]), 1)
    torch.testing.assert_close(moved[0, :, 0, :, :-1], NEWEST[0, :, 0, :, 1:], rtol=0, atol=1e-4)
    torch.testing.assert_close(moved[0, :, 0, :, -1], NEWEST[0, :, 0, :, -1], rtol=0, atol=1e-4)


def test_a_drift_counts_as_standing_still_but_not_while_learning() -> None:
    continuation = Continuation(8)
    with torch.no_grad():
        continuation.motion[2].bias.copy_(torch.tensor([0.1, 0.0, 0.0]))
    pooled = torch.zeros(1, 8)
    assert torch.allclose(continuation.eval()(NEWEST, pooled, 1), NEWEST, atol=1e-5)
    assert not torch.allclose(continuation.train()(NEWEST, pooled, 1), NEWEST, atol=1e-3)
