"""Where the cells of a frame lie, and what of a section is memorized."""

from __future__ import annotations

import torch

from studio.diffusion.composition import CELL, looked_up
from studio.diffusion.heads import DRAWN
from studio.diffusion.places import MEMORABLE, PlaceMemory, cells, memorable
from studio.diffusion.state import FilmState, join
from studio.memory.recall import Recall, RecallConfig, waves
from studio.memory.semantic_pack import SemanticPack, SemanticPackConfig


def test_a_place_stays_where_it_is_whatever_the_camera_does() -> None:
    """What two frames see at the same place is what the composition looks up from one in the other."""
    here, there = torch.tensor([[2.0, -1.0, 0.0]]), torch.tensor([[3.5, 0.25, 0.4]])
    h, w = 4, 6
    at = looked_up(there.unsqueeze(1), here, h * CELL, w * CELL)[0, 0]   # [H, W, 2] pixels from the middle of `here`
    middles = at.view(h, CELL, w, CELL, 2).mean(dim=(1, 3)) / CELL
    seen = cells(there.unsqueeze(1), h, w)[0, 0]
    assert torch.allclose(middles + here[0, :2], seen[..., :2], atol=1e-4)
    assert torch.allclose(seen[..., 2], torch.full((h, w), 0.4))


def test_of_a_section_the_last_latent_is_memorized_with_its_places() -> None:
    scene, pose = torch.randn(2, DRAWN, 9, 4, 6), torch.randn(2, 9, 3)
    made = memorable(scene, pose)
    assert made.shape == (2, MEMORABLE, 1, 4, 6)
    assert torch.equal(made[:, :DRAWN, 0], scene[:, :, 8])
    assert torch.allclose(made[1, DRAWN:, 0, 3, 4], waves(cells(pose[:, 8:], 4, 6)[1, 0, 3, 4]))


def test_a_sections_latents_are_taken_in_with_the_pose_of_their_state() -> None:
    torch.manual_seed(0)
    pack = SemanticPack(SemanticPackConfig(
        width=16, channels=MEMORABLE, text=6, image=8, heads=2, patch=(1, 1, 1), window=(1, 2, 2), keep=(1, 1, 1)))
    memory = PlaceMemory(pack, Recall(RecallConfig(16, DRAWN, 2)))
    scene, pose, psi = torch.randn(1, 40, 9, 4, 6), torch.randn(1, 9, 3).round(decimals=1), torch.randn(1, 5, 16)

    def written(pose: torch.Tensor) -> torch.Tensor:
        state = FilmState(pose, torch.zeros(1, 9, 3, 4, 6), torch.zeros(1, 9, 3), torch.zeros(1, 9))
        return memory.update(psi, join(scene, state))

    first = written(pose)
    assert first.shape == (1, 6, 16)
    assert torch.equal(first, written(pose)) and not torch.allclose(first, written(pose + 3), atol=1e-3)
