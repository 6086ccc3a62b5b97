"""The long-term memory's training: what is asked for, what the arms keep, that it learns, and that a stopped run goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.diffusion.backbone import Conditioning
from studio.lab.train import study
from studio.lab.train.parts import parameter_count
from studio.lab.train.recipe import RecipeError
from studio.lab.train.recollection import (
    ARMS,
    MemoryArm,
    MemoryFilms,
    MemoryShape,
    ages,
    draw_queries,
    error_by_age,
    recall_loss,
    shift_origins,
)
from studio.lab.train.study import MemoryRecipe, train
from tests import folders

K = 12
SMALL = MemoryShape(width=64, heads=2, layers=1, recall_layers=1, window=(1, 2, 2), keep=(1, 2, 2), slots=(8, 16), text_tokens=2,
              image_side=2)


def made(count: int = 4, sections: int = 3) -> MemoryFilms:
    """MemoryFilms of noise that pan to the right by a frame's width a section; the last column was seen half well."""
    rng = torch.Generator().manual_seed(0)
    said = Conditioning(
        torch.randn(count, 5, 6, generator=rng), torch.ones(count, 5), torch.randn(count, 6, generator=rng),
        torch.randn(count, 4, 8, generator=rng),
    )
    kept = torch.randn(count, sections, K + 1, 2, 4, generator=rng)
    kept[:, :, -1] = 1
    kept[:, :, -1, :, -1] = 0.5
    low = torch.stack([4 * torch.arange(sections), torch.zeros(sections, dtype=torch.long)], dim=1).expand(count, -1, -1)
    return MemoryFilms(kept, low, said)


def keeper(arm: str = "A") -> MemoryArm:
    torch.manual_seed(0)
    return MemoryArm(arm, SMALL, 6, 8, torch.ones(K))


def test_what_is_asked_for_was_seen_well_and_is_there() -> None:
    films = made()
    places, truth = draw_queries(films, 1, 80, torch.Generator().manual_seed(1), unseen=0.0)
    assert places.shape == (4, 80, 3) and int(places[..., 0].max()) <= 6
    for b in range(4):
        for place, what in zip(places[b].long(), truth[b], strict=True):
            section, column = divmod(int(place[0]), 4)
            assert column < 3
            assert torch.equal(what, films.cells[b, section, :-1, place[1], column])
    later = draw_queries(films, 0, 400, torch.Generator().manual_seed(1), unseen=0.6)[0][..., 0] >= 4
    assert 0.3 < float(later.float().mean()) < 0.5          # two thirds of the films are new then


def test_a_film_in_which_nothing_was_seen_well_does_not_stop_it() -> None:
    films = made()
    films.cells[:, :, -1] = 0.5
    places, truth = draw_queries(films, 0, 5, torch.Generator().manual_seed(1))
    assert bool(places.isfinite().all()) and truth.shape == (4, 5, K)


def test_ages_count_sections_since_a_place_was_seen() -> None:
    places = torch.tensor([[[12.0, 0, 0], [10.0, 0, 0], [5.0, 1, 0], [1.0, 0, 0], [1.0, 2, 0]]]).expand(4, -1, -1)
    assert ages(made(), places, 2)[0].tolist() == [-1, 0, 1, 2, -1]
    assert ages(made(), places, 1)[0].tolist() == [-1, -1, 0, 1, -1]


@pytest.mark.parametrize("arm", ARMS)
def test_arms_keep_as_their_names_say(arm: str) -> None:
    films, kept = made(), keeper(arm)
    psi = [kept.pack.begin(films.conditioning)]
    for n in range(3):
        psi.append(kept.update(psi[-1], films.memorable(n)))
    tokens = [len(p[0]) for p in psi]
    other = films.cells.clone()
    other[:, 0, :-1] += 1                                                     # another first section
    again = replace(films, cells=other)
    first = kept.update(psi[0], again.memorable(0))
    second = kept.update(first, again.memorable(1))
    if arm == "nothing":
        assert all(torch.equal(p, psi[0]) for p in psi)
    elif arm == "literal":
        assert torch.allclose(second, psi[2], atol=0.2)                       # hardly: it cannot write what is new
    else:
        assert not torch.allclose(second, psi[2], atol=1e-3)                  # what is long past still tells
    if arm == "everything":
        assert tokens[3] - tokens[2] == tokens[2] - tokens[1] > 0
    else:
        assert tokens[2] == tokens[3]
    loss = recall_loss(kept, films, 8, torch.Generator().manual_seed(0))
    assert bool(loss.isfinite())


@pytest.mark.parametrize("arm", ARMS)
def test_arms_have_as_many_parameters_as_the_papers_own(arm: str) -> None:
    shape = MemoryShape(slots=(8, 16), text_tokens=2, image_side=2)
    most, mine = (parameter_count(MemoryArm(each, shape, 128, 128, torch.ones(K))) for each in ("A", arm))
    assert abs(mine / most - 1) < 0.001
    if arm in ("map", "literal", "zero"):
        plain = parameter_count(MemoryArm(arm, replace(shape, matched=False), 128, 128, torch.ones(K)))
        assert plain / most < 0.98


def test_the_study_needs_a_model_of_the_embedded_kind(tmp_path: Path) -> None:
    card = folders.large(tmp_path / "large")
    (tmp_path / "memory.toml").write_text(
        f'run = "{tmp_path}/memory"\nmodel = "{card.folder}"\narms = ["A"]\nseeds = [1]\n[shape]\n')
    with pytest.raises(RecipeError, match="no model of the embedded kind"):
        study.study(tmp_path / "memory.toml")


def test_moving_the_origin_moves_places_and_nothing_else() -> None:
    films = made()
    there = shift_origins(films, torch.Generator().manual_seed(3))
    shift = there.corner - films.corner
    assert torch.equal(shift, shift[:, :1].expand_as(shift)) and int(shift.abs().max()) > 1
    assert torch.equal(there.cells, films.cells)


@pytest.mark.parametrize("arm", ["map", "everything"])
def test_a_memory_that_goes_by_place_needs_no_training_to_be_right(arm: str) -> None:
    rows = error_by_age(keeper(arm), made(sections=4), distractors=4)
    assert [row["age"] for row in rows] == [-1, 0, 1, 2]
    for row in rows[1:]:
        assert row["error"] < 0.01 < 1 < row["paired"]
        assert row["identity"] == 1.0 and row["share"] > 0.9


def toy(run: Path, **changes: object) -> MemoryRecipe:
    return replace(MemoryRecipe(
        run=str(run), model="", arms=("A",), seeds=(1,), shape=SMALL, steps=4, batch=2, queries=8, save_every=2, warmup=1,
        bfloat16=False,
    ), **changes)  # type: ignore[arg-type]


def test_a_stopped_run_goes_on_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    films, scale = made(), torch.ones(K)
    whole = train(toy(tmp_path / "whole"), "A", 1, films, scale)

    class CutError(Exception):
        pass

    real, calls = study.save_checkpoint, []

    def once(path: Path, state: dict[str, object]) -> None:
        real(path, state)
        calls.append(path)
        raise CutError

    monkeypatch.setattr(study, "save_checkpoint", once)
    with pytest.raises(CutError):
        train(toy(tmp_path / "cut"), "A", 1, films, scale)
    monkeypatch.setattr(study, "save_checkpoint", real)
    again = train(toy(tmp_path / "cut"), "A", 1, films, scale)
    assert len(calls) == 1
    assert [name for name, tensor in whole.state_dict().items() if not torch.equal(tensor, again.state_dict()[name])] == []
    other = train(toy(tmp_path / "other"), "A", 2, films, scale)
    assert not torch.equal(other.recall.answer.weight, whole.recall.answer.weight)


def test_it_learns_and_the_curve_tells(tmp_path: Path) -> None:
    """Two films of one colour each: recalled with their own psi, not with the other's. The paper's A must learn to keep."""
    films = made(2, sections=3)
    films.cells[:, :, :-1] = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1, 1) * films.cells[:1, :1, :-1, :1, :1]
    kept = train(toy(tmp_path, steps=45, batch=2, queries=16, rate=8e-3, average=0.9), "A", 1, films, torch.ones(K))
    rows = error_by_age(kept, films, distractors=2)
    assert [row["age"] for row in rows] == [-1, 0, 1]
    for row in rows:
        assert row["error"] < 0.5 < row["paired"]
        assert row["identity"] == 1.0
