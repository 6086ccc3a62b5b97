"""The long-term memory's training: what is asked for, what the arms keep, that it learns, and that a stopped run goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.diffusion.backbone import Conditioning
from studio.diffusion.heads import DRAWN
from studio.training import study
from studio.training.recollection import ARMS, Films, Keeper, Shape, ages, asked, curve, loss_of, moved
from studio.training.study import Recipe, train

SMALL = Shape(width=16, heads=2, layers=1, recall_layers=1, text_tokens=2, image_side=2)


def made(count: int = 4, sections: int = 3) -> Films:
    """Films of noise that pan to the right by a frame's width a section."""
    rng = torch.Generator().manual_seed(0)
    t = 1 + 9 * sections
    pose = torch.zeros(count, t, 3)
    pose[..., 0] = torch.arange(t) * 4 / 9
    said = Conditioning(
        torch.randn(count, 5, 6, generator=rng), torch.ones(count, 5), torch.randn(count, 6, generator=rng),
        torch.randn(count, 4, 8, generator=rng),
    )
    return Films(torch.randn(count, DRAWN, t, 2, 4, generator=rng), pose, said)


def keeper(arm: str = "A") -> Keeper:
    torch.manual_seed(0)
    return Keeper(arm, SMALL, 6, 8, torch.ones(DRAWN))


def test_what_is_asked_for_was_there() -> None:
    films = made()
    places, truth, latent = asked(films, 1, 50, torch.Generator().manual_seed(1))
    assert int(latent.min()) >= 1 and int(latent.max()) <= 18
    for b in range(4):
        for place, what, t in list(zip(places[b], truth[b], latent[b], strict=True))[:10]:
            column, row = round(float(place[0] - films.pose[b, t, 0]) + 1.5), round(float(place[1]) + 0.5)
            assert torch.equal(what, films.scene[b, :, t, row, column])


def test_ages_count_sections_since_a_place_was_in_view() -> None:
    places = torch.tensor([[[12.0, 0, 0], [7.0, 0, 0], [5.0, 0, 0], [1.0, 0, 0]]]).expand(4, -1, -1)
    assert ages(made(), places)[0].tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("arm", ARMS)
def test_arms_keep_as_their_names_say(arm: str) -> None:
    films, kept = made(), keeper(arm)
    psi = [kept.pack.begin(films.conditioning)]
    for n in range(3):
        psi.append(kept.update(psi[-1], *films.section(n)))
    tokens = [len(p[0]) for p in psi]
    other = films.scene.clone()
    other[:, :, 1:10] += 1                                                    # another first section
    again = replace(films, scene=other)
    first = kept.update(psi[0], *again.section(0))
    second = kept.update(first, *again.section(1))
    if arm == "nothing":
        assert all(torch.equal(p, psi[0]) for p in psi)
    else:
        assert not torch.allclose(second, psi[2], atol=1e-6)                  # what is long past still tells
    if arm == "everything":
        assert tokens[3] - tokens[2] == tokens[2] - tokens[1] > 0
    else:
        assert tokens[2] == tokens[3]
    loss = loss_of(kept, films, 8, torch.Generator().manual_seed(0))
    assert bool(loss.isfinite())


def test_moving_the_origin_moves_places_and_nothing_else() -> None:
    films = made()
    there = moved(films, torch.Generator().manual_seed(3))
    shift = there.pose - films.pose
    assert torch.allclose(shift, shift[:, :1].expand_as(shift), atol=1e-4) and float(shift[..., :2].abs().max()) > 1
    assert not shift[..., 2].any() and torch.equal(there.scene, films.scene)


def toy(run: Path, **changes: object) -> Recipe:
    return replace(Recipe(
        run=str(run), film="", arms=["A"], seeds=[1], shape=vars(SMALL), steps=4, batch=2, queries=8, save_every=2, warmup=1,
        bfloat16=False,
    ), **changes)  # type: ignore[arg-type]


def test_a_stopped_run_goes_on_to_the_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    films, scale = made(), torch.ones(DRAWN)
    whole = train(toy(tmp_path / "whole"), "A", 1, films, scale)

    class CutError(Exception):
        pass

    real, calls = study.save, []

    def once(path: Path, state: dict[str, object]) -> None:
        real(path, state)
        calls.append(path)
        raise CutError

    monkeypatch.setattr(study, "save", once)
    with pytest.raises(CutError):
        train(toy(tmp_path / "cut"), "A", 1, films, scale)
    monkeypatch.setattr(study, "save", real)
    again = train(toy(tmp_path / "cut"), "A", 1, films, scale)
    assert len(calls) == 1
    assert [name for name, tensor in whole.state_dict().items() if not torch.equal(tensor, again.state_dict()[name])] == []
    other = train(toy(tmp_path / "other"), "A", 2, films, scale)
    assert not torch.equal(other.recall.answer.weight, whole.recall.answer.weight)


def test_it_learns_and_the_curve_tells(tmp_path: Path) -> None:
    """Two films of one colour each: recalled with their own psi, not with the other's."""
    films = made(2, sections=2)
    colours = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1, 1) * films.scene[:1, :, :1, :1, :1]
    films = replace(films, scene=colours.expand_as(films.scene).contiguous())
    kept = train(toy(tmp_path, steps=120, batch=4, queries=16, rate=3e-3, average=0.9), "A", 1, films, torch.ones(DRAWN))
    rows = curve(kept, films, distractors=2)
    assert [row["age"] for row in rows] == [0, 1]
    for row in rows:
        assert row["error"] < 0.5 < row["paired"]
        assert row["identity"] == 1.0 and 0.6 < row["share"] < 1
