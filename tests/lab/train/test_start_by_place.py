"""A memory that goes by place: what is written is found, kept, written over, missed when it is elsewhere, and can still learn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.backbones.animatic.place_memory import EXTRA_CHANNELS, MIRRORED_LEVEL, RIM_LEVEL, cell_grid
from studio.lab.train.start_by_place import start_by_place
from studio.memory.recall import Recall, RecallConfig
from studio.memory.scene_positions import WAVE_FEATURES, encode_positions, fitting_waves, slot_encodings
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from tests.memory.test_semantic_pack import Features

K, H, W = 20, 3, 5
WIDE = {"width": 64, "heads": 2, "channels": K + EXTRA_CHANNELS, "text": 6, "image": 8, "patch": (1, 1, 1), "window": (1, 2, 2),
        "keep": (1, 2, 2), "text_tokens": 2, "image_side": 2}


def memory(structure: str = "map", **changes: object) -> tuple[SemanticPack, Recall]:
    torch.manual_seed(0)
    sides = {"slots": (16, 32)} if structure == "map" else {}
    pack = SemanticPack(SemanticPackConfig(**{**WIDE, "structure": structure, **sides, **changes}))  # type: ignore[arg-type]
    recall = Recall(RecallConfig(64, K, 2))
    recall.scale.copy_(torch.linspace(0.5, 3, K))
    start_by_place(pack, recall)
    return pack.requires_grad_(False), recall.requires_grad_(False)


def view(x: int, y: int, seen: float = 1.0, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """What is memorized of a view whose first cell is at (x, y); its places [1, 15, 3], and what is there [1, 15, K]."""
    kept = torch.randn(1, K, H, W, generator=torch.Generator().manual_seed(seed)) * torch.linspace(0.5, 3, K).view(1, -1, 1, 1)
    where = cell_grid(torch.tensor([[float(x), float(y)]]), H, W)
    rows = [kept, torch.full((1, 1, H, W), seen), encode_positions(where).movedim(-1, 1)]
    return torch.cat(rows, dim=1).unsqueeze(2), where.flatten(1, 2), kept.flatten(2).transpose(1, 2)


def test_a_maps_slots_repeat_and_its_waves_fit_into_it() -> None:
    codes = slot_encodings(16, 32)
    assert codes.shape == (512, WAVE_FEATURES)
    far = encode_positions(torch.tensor([[5.0 + 32, 3 - 16, 0.0]]))[:, :WAVE_FEATURES] * fitting_waves(32, 16)
    assert torch.allclose(codes[3 * 32 + 5], far[0], atol=1e-4)
    likeness = codes @ codes.T
    own = likeness.diagonal().clone()
    likeness.fill_diagonal_(-99)
    assert (own - likeness.amax(dim=1)).min() > 1.9


@pytest.mark.parametrize("at", [(0, 0), (-7, 4), (30, -9), (100, 50)])
def test_what_is_written_somewhere_is_found_there_as_it_was(at: tuple[int, int]) -> None:
    pack, recall = memory()
    memorable, places, truth = view(*at)
    psi = pack.update(pack.squeeze.empty_maps(1), memorable)
    found = recall(psi, places)
    assert torch.allclose(found.values, truth, atol=1e-3)
    assert recall.trust(found).min() > 0.95


def test_it_is_kept_for_two_hundred_sections_and_costs_no_more_then() -> None:
    pack, recall = memory()
    memorable, places, truth = view(0, 0)
    psi = pack.update(pack.squeeze.empty_maps(1), memorable)
    for n in range(200):
        psi = pack.update(psi, view(10 + n % 3, 5, seed=n)[0])
    assert psi.shape == (1, 512, 64)
    assert torch.allclose(recall(psi, places).values, truth, atol=2e-3)


def test_what_is_seen_well_is_written_over_by_nothing_worse() -> None:
    pack, recall = memory()
    first, places, truth = view(0, 0)
    _, _, later = view(0, 0, seed=1)
    psi = pack.update(pack.squeeze.empty_maps(1), first)
    rim = pack.update(psi, view(0, 0, 0.5, seed=1)[0])
    beyond = pack.update(pack.update(pack.squeeze.empty_maps(1), view(0, 0, RIM_LEVEL)[0]), view(0, 0, MIRRORED_LEVEL, seed=1)[0])
    unseen = pack.update(psi, view(0, 0, 0.0, seed=1)[0])
    anew = pack.update(psi, view(0, 0, seed=1)[0])
    assert torch.allclose(recall(rim, places).values, truth, atol=0.02)
    assert torch.allclose(recall(beyond, places).values, truth, atol=0.02)
    assert recall.trust(recall(beyond, places)).min() > 0.95
    only = pack.update(pack.squeeze.empty_maps(1), view(0, 0, MIRRORED_LEVEL)[0])
    assert recall.trust(recall(only, places)).max() < 0.02
    assert torch.allclose(recall(unseen, places).values, truth, atol=0.02)
    assert torch.allclose(recall(anew, places).values, later, atol=0.02)
    rims = pack.update(pack.update(pack.squeeze.empty_maps(1), view(0, 0, 0.5)[0]), view(0, 0, 0.5, seed=1)[0])
    assert torch.allclose(recall(rims, places).values, later, atol=0.02)


@pytest.mark.parametrize("beside", [(20, 0), (0, 8), (32, 0), (0, 16), (64, -32)])
def test_it_knows_what_it_does_not_know(beside: tuple[int, int]) -> None:
    """Of places never seen, be they where the map repeats itself, nothing is taken."""
    pack, recall = memory()
    memorable, places, _ = view(0, 0)
    psi = pack.update(pack.squeeze.empty_maps(1), memorable)
    found = recall(psi, places + torch.tensor([*beside, 0.0]))
    assert recall.trust(found).max() < 0.02


def test_two_films_of_a_batch_have_maps_of_their_own() -> None:
    pack, recall = memory()
    one, places, truth = view(0, 0)
    two, _, other = view(0, 0, seed=1)
    psi = pack.update(pack.squeeze.empty_maps(2), torch.cat([one, two]))
    assert torch.allclose(recall(psi, places.expand(2, -1, -1)).values, torch.cat([truth, other]), atol=1e-3)


def test_a_map_is_empty_at_first_whatever_is_asked_for() -> None:
    pack, _ = memory()
    begun = [pack.begin(Features(torch.randn(1, 5, 6), torch.ones(1, 5), torch.randn(1, 4, 8))) for _ in range(2)]
    assert torch.equal(*begun) and begun[0].shape == (1, 512, 64)


@pytest.mark.parametrize("structure", ["A", "B", "C"])
def test_the_papers_structures_get_the_same_ways_in_and_out(structure: str) -> None:
    """Memorize's tokens say what lies where, and Recall finds it among them, before Squeeze has had a hand in it."""
    pack, recall = memory(structure)
    memorable, places, truth = view(3, -2)
    found = recall(pack.memorize(memorable), places)
    assert torch.allclose(found.values, truth, atol=1e-3)


def test_a_gradient_comes_from_an_answer_to_what_was_seen_long_before() -> None:
    pack, recall = memory()
    pack.requires_grad_(True)
    memorable, places, _ = view(0, 0)
    memorable = memorable.clone().requires_grad_(True)
    psi = pack.update(pack.squeeze.empty_maps(1), memorable)
    for n in range(3):
        psi = pack.update(psi, view(10, 5, seed=n)[0])
    recall(psi, places).values.square().mean().backward()  # type: ignore[no-untyped-call]
    assert memorable.grad is not None and bool((memorable.grad[:, :K].abs().sum(dim=(2, 3, 4)) > 0).all())
    assert pack.memorize.patches.weight.grad is not None and bool(pack.memorize.patches.weight.grad.any())


@pytest.mark.parametrize("changes", [{"width": 32}, {"heads": 4}])
def test_what_is_too_narrow_is_refused(changes: dict[str, int]) -> None:
    config = SemanticPackConfig(**{**WIDE, **changes})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tokens must be"):
        start_by_place(SemanticPack(config), Recall(RecallConfig(config.width, K, config.heads)))


@pytest.mark.parametrize("sides", [(0, 0), (16, 24), (16, 1)])
def test_a_map_has_powers_of_two(sides: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="powers of two"):
        SemanticPackConfig(**WIDE, structure="map", slots=sides)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="powers of two"):
        SemanticPackConfig(**WIDE, slots=(16, 16))  # type: ignore[arg-type]
