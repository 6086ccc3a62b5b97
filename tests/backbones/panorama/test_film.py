"""Films of the panorama model that ships: exact places, pure sections, and a memory that brings back what was out of view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.panorama.backbone import newest_section
from studio.backbones.panorama.film_memory import PanoramaMemory
from studio.backbones.panorama.latents import Views, to_latents, to_views
from studio.diffusion.backbone import RecallsPlaces, RoundsLatents
from studio.diffusion.blend import mix
from studio.memory.framepack import pack_context
from studio.memory.snapshot import Snapshot, read_snapshot
from tests.backbones.panorama.conftest import begin, film, section

RIGHT, LEFT, HOLD, FAST = "the camera pans right", "the camera pans left", "static shot", "the camera pans right fast"


def psnr(a: Tensor, b: Tensor) -> float:
    """Decibels, of values in [-1, 1]."""
    return float(10 * torch.log10(4 / (a - b).square().mean()))


def view(latents: Tensor) -> Tensor:
    """[3, 16, 16] the last view of latents."""
    return latents[0, :3, -1]


def same(a: Snapshot, b: Snapshot) -> bool:
    assert a.psi is not None and b.psi is not None
    return torch.equal(a.recent, b.recent) and torch.equal(a.start, b.start) and torch.equal(a.psi, b.psi)


def test_places_are_exact_whole_numbers_and_the_world_closes_on_itself(model: FilmModel, picture: Tensor) -> None:
    prompts = (RIGHT, FAST, f"{LEFT} slowly", HOLD, FAST, LEFT)
    planes = torch.cat([each.latents[0, 3:] for each in film(model, picture, *prompts)], dim=1)
    assert torch.equal(planes, planes[..., :1, :1].expand_as(planes))
    columns, moves = planes[..., 0, 0].tolist()
    assert moves == [8, 8, 16, 16, -4, -4, 0, 0, 16, 16, -8, -8]
    assert columns == [8, 16, 32, 48, 44, 40, 40, 40, 56, 8, 0, 56]


def test_a_section_is_a_function_of_its_snapshot(model: FilmModel, picture: Tensor, tmp_path: Path) -> None:
    """Rewinding and branching, over the disk too, give the same bits; and nothing that is given is changed."""
    first, second, third = film(model, picture, RIGHT, FAST, HOLD)
    kept = replace(first.snapshot, recent=first.snapshot.recent.clone(), psi=None if first.snapshot.psi is None else
                   first.snapshot.psi.clone())
    section(model, picture, first.snapshot, LEFT, 9)
    assert same(first.snapshot, kept)
    first.snapshot.write(tmp_path / "snapshot.safetensors")
    read = read_snapshot(tmp_path / "snapshot.safetensors")
    assert same(read, first.snapshot) and read.model == model.fingerprint
    again = section(model, picture, read, FAST, 1)
    assert torch.equal(again.latents, second.latents) and same(again.snapshot, second.snapshot)
    assert same(section(model, picture, again.snapshot, HOLD, 2).snapshot, third.snapshot)
    assert not torch.equal(section(model, picture, read, FAST, 2).latents, second.latents), "another seed"


def test_psi_lies_in_the_snapshot_and_its_size_does_not_grow(model: FilmModel, picture: Tensor) -> None:
    made = film(model, picture, RIGHT, RIGHT)
    shapes = {tuple(each.snapshot.psi.shape) for each in made if each.snapshot.psi is not None}
    config = model.backbone.network.config          # type: ignore[attr-defined]
    assert shapes == {(1, config.memory_heads * config.memory_key, config.memory_value)}
    assert not torch.equal(*(each.snapshot.psi for each in made))       # type: ignore[arg-type]


def test_the_memory_brings_back_what_was_out_of_view(model: FilmModel, picture: Tensor) -> None:
    """Three pans to the right, three back: the start is there again, and is not where the last pan finds an empty memory."""
    start, away = view(begin(model, picture).start), film(model, picture, RIGHT, RIGHT, RIGHT, LEFT, LEFT)
    back = section(model, picture, away[-1].snapshot, LEFT, 5)
    assert model.memory is not None
    empty = torch.zeros_like(model.memory.begin(model.conditioner(LEFT, picture)))
    lost = section(model, picture, replace(away[-1].snapshot, psi=empty), LEFT, 5)
    assert to_views(back.latents).columns[0, -1] == 0
    assert psnr(view(back.latents), start) > 15
    assert psnr(view(back.latents), start) > psnr(view(lost.latents), start) + 4


def test_the_memory_brings_back_what_the_film_invented(model: FilmModel, picture: Tensor) -> None:
    """A view that the reference does not show comes back with the film's psi, and not with psi_0, which holds the reference."""
    made = film(model, picture, RIGHT, FAST, HOLD)
    invented, away = view(made[0].latents), made[-1].snapshot
    assert to_views(made[0].latents).columns[0, -1] == 16 and to_views(away.recent).columns[0, -2:].tolist() == [48, 48]
    own = section(model, picture, away, f"{LEFT} fast", 3).latents
    begun = section(model, picture, replace(away, psi=None), f"{LEFT} fast", 3).latents
    assert to_views(own).columns[0, -1] == 16
    assert psnr(view(own), invented) > 15
    assert psnr(view(own), invented) > psnr(view(begun), invented) + 4


def test_the_memorys_picture_tells_what_was_shown(model: FilmModel, picture: Tensor) -> None:
    memory = model.memory
    assert isinstance(memory, PanoramaMemory)
    snapshot = film(model, picture, RIGHT)[-1].snapshot
    assert snapshot.psi is not None
    ring, known = memory.panorama(snapshot.psi)
    assert known[:32].min() > 0.7 and known[36:].max() < 0.5        # columns 0 to 31 were in view
    assert psnr(ring[:, :, :16], view(snapshot.start)) > 15
    shown = memory.view(snapshot.psi, snapshot.recent)
    left, top, right, bottom = (round(edge / 10) for edge in shown.window)
    assert (right - left, top, bottom) == (16, 0, 16) and tuple(shown.frame.shape[1:]) == tuple(shown.known.shape) == (160, 640)
    inside = shown.frame[:, ::10, ::10][:, :, left:right]
    assert torch.equal(inside, ring[:, :, 16:32]), "the camera's view, at column 16"
    assert torch.equal(memory.panorama(snapshot.psi)[0], ring)


def test_the_newest_section_of_a_film_without_sections_is_its_start_held_still() -> None:
    start = to_latents(Views(torch.rand(1, 1, 3, 16, 16), torch.tensor([[24.0]]), torch.tensor([[8.0]])))
    views = newest_section(pack_context(start, Snapshot.initial(start).recent, 2))
    assert views.columns.tolist() == [[24, 24]] and views.moves.tolist() == [[0, 0]]
    assert torch.equal(views.frames[:, 0], start[:, :3, 0]) and torch.equal(views.frames[:, 1], start[:, :3, 0])


def test_a_blend_eases_the_camera_by_columns_that_the_network_knows(model: FilmModel, picture: Tensor) -> None:
    hold, fast = (model.conditioner(prompt, picture) for prompt in (HOLD, FAST))
    moves = []
    for share in (0.0, 0.3, 0.6, 1.0):
        packed = pack_context(begin(model, picture).start, begin(model, picture).recent, 2)
        x = torch.zeros(1, 5, 2, 16, 16)
        clean = x - model.backbone(x, torch.tensor([1000.0]), packed, mix(hold, fast, share))
        moves.append(float(clean[0, 4, 0, 0, 0]))
    grid = model.backbone.network.config.grid       # type: ignore[attr-defined]
    assert moves[0] == 0 and moves[-1] == 16 and moves == sorted(moves) and all(move % grid == 0 for move in moves)
    assert 0 < moves[1] < moves[2] < 16


def test_rounding_keeps_columns_within_the_world(model: FilmModel) -> None:
    assert isinstance(model.backbone, RoundsLatents)
    views = Views(torch.rand(1, 2, 3, 16, 16), torch.tensor([[63.0, 0.0]]), torch.tensor([[16.0, 0.0]]))
    nearly = to_latents(views)
    nearly[:, 3:] += torch.tensor([1e-5, -1e-5]).view(1, 1, 2, 1, 1)
    kept = to_views(model.backbone.round_latents(nearly, None))
    assert torch.equal(kept.columns, views.columns) and torch.equal(kept.moves, views.moves)
    assert (kept.frames - views.frames).abs().max() < 1e-3 and torch.equal(kept.frames.half().float(), kept.frames)


@pytest.mark.parametrize("section_count", [1, 3])
def test_without_a_memory_a_film_goes_on(model: FilmModel, picture: Tensor, section_count: int) -> None:
    bare = replace(model, memory=None)
    made = film(bare, picture, *[RIGHT] * section_count)
    assert made[-1].snapshot.psi is None and made[-1].snapshot.sections == section_count


def test_the_pixels_that_only_the_memory_knows(model: FilmModel, picture: Tensor) -> None:
    """After pans to column 48 and a hold there, a pan back shows columns 32 to 47 again, which the newest section does not."""
    assert isinstance(model.backbone, RecallsPlaces)
    made = film(model, picture, FAST, RIGHT, HOLD)
    section(model, picture, made[-1].snapshot, LEFT, 7)                 # by 16 columns in 24 frames
    recalled = model.backbone.recalled_pixels()
    assert recalled is not None and recalled.shape == (24, 256, 256)
    share = recalled.float().mean(dim=(1, 2))
    assert share[0] < 0.1 and share[-1] == 1 and (share.diff() >= 0).all()
    assert abs(float(share[11]) - 0.5) < 0.01, "half of the view after half of the way"
    section(model, picture, made[-1].snapshot, HOLD, 7)
    nothing = model.backbone.recalled_pixels()
    assert nothing is not None and not nothing.any()
    section(model, picture, made[-1].snapshot, RIGHT, 7)                # to column 64, where the reference is again
    around = model.backbone.recalled_pixels()
    assert around is not None and around[-1].all()
    section(replace(model, memory=None), picture, replace(made[-1].snapshot, psi=None), HOLD, 7)
    assert model.backbone.recalled_pixels() is None
