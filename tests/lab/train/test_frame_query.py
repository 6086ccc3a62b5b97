"""Frame query: what is asked, what is masked, what the loss sees, and the two stages of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from studio.backbones.framepack.backbone import require_framepack
from studio.backbones.load import load
from studio.catalogue.cards import ADAPTER, CARD, ModelError, files_toml, read_card
from studio.lab.train import finetune, trainee, velocity_learner
from studio.lab.train.families.new_memory import add_history_encoder
from studio.lab.train.finetune import BASE, open_run, train
from studio.lab.train.forced_folder import FinishedArm
from studio.lab.train.forcing import Draws, ForcingSettings, force
from studio.lab.train.forcing_recipe import check_recipe
from studio.lab.train.frame_query import LEAST_NOISE, FrameQuery, draw_query, encode_history, mask_history, query, query_context
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.lora import add_lora
from studio.lab.train.recipe import RecipeError
from studio.lab.train.trainee import Trainee
from studio.lab.train.velocity_learner import VelocityLearner
from studio.memory.adapter import save_adapter
from studio.memory.frame_preservation import FramePreservation
from tests import folders
from tests.lab.train import toys
from tests.lab.train.query_toys import MEMORY, learner, toy, toy_trainee
from tests.lab.train.toys import WINDOW, animatic_learner, randn, velocity_film

FILMS = [velocity_film(), velocity_film(seed=9)]


@pytest.fixture(autouse=True)
def toy_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = trainee.new_trainee
    monkeypatch.setattr(finetune, "new_trainee", lambda *given: (real if given[0].model else toy_trainee)(*given))
    yield


def ask(monkeypatch: pytest.MonkeyPatch, first: int, count: int, sigma: float) -> None:
    monkeypatch.setattr(velocity_learner, "draw_query", lambda frames, draw: FrameQuery(first, count, sigma))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# What is asked, and what is masked

def test_runs_are_drawn_as_often_as_they_should_be() -> None:
    draw = generator()
    drawn = [draw_query(10, draw) for _ in range(4000)]
    shares = Counter(one.count for one in drawn)
    assert [shares[run] / 4000 for run in (1, 2, 4)] == pytest.approx([0.1, 0.3, 0.6], abs=0.03)
    for run in (1, 2, 4):
        assert {one.first for one in drawn if one.count == run} == set(range(11 - run)), "every place, none beyond the end"
    sigmas = torch.tensor([one.sigma for one in drawn])
    assert sigmas.min() >= LEAST_NOISE and sigmas.max() <= 1
    assert sigmas.mean() == pytest.approx(0.6, abs=0.02) and sigmas.std() == pytest.approx(0.8 / 12**0.5, abs=0.02)
    assert draw_query(10, generator(3)) == draw_query(10, generator(3))


def test_short_histories_have_short_runs() -> None:
    draw = generator()
    assert {draw_query(3, draw).count for _ in range(60)} == {1, 2}
    assert {(one.first, one.count) for one in (draw_query(1, draw) for _ in range(9))} == {(0, 1)}
    with pytest.raises(ValueError, match="without frames"):
        draw_query(0, draw)


def test_what_is_not_asked_for_is_masked() -> None:
    history, noise = randn(2, 4, 6, 4, 4, seed=1), randn(2, 4, 6, 4, 4, seed=2)
    before = history.clone()
    masked = mask_history(history, FrameQuery(2, 2, 0.25), noise)
    assert torch.equal(masked[:, :, 2:4], history[:, :, 2:4]) and torch.equal(history, before)
    for f in (0, 1, 4, 5):
        torch.testing.assert_close(masked[:, :, f], 0.75 * history[:, :, f] + 0.25 * noise[:, :, f])
    gone = mask_history(history, FrameQuery(2, 2, 1.0), noise)
    assert torch.equal(gone[:, :, [0, 1, 4, 5]], noise[:, :, [0, 1, 4, 5]])


def test_the_context_holds_the_start_and_the_true_time() -> None:
    packed = query_context(start := randn(1, 4, 1, 4, 4), FrameQuery(5, 2, 0.5))
    assert packed.index.tolist() == [25, 26]                  # the first section's first frame has index 20
    assert torch.equal(packed.clean, torch.cat([start, start], dim=2))
    assert not packed.history_2x.any() and not packed.history_4x.any()


@torch.no_grad()
def test_a_history_is_encoded_section_by_section() -> None:
    made = learner()
    memory, first, history = made.memory, made.conditioning(FILMS[:1], 0), randn(1, 4, 6, 4, 4)
    assert isinstance(memory, FramePreservation)
    psi = encode_history(memory, first, history, WINDOW)
    assert torch.equal(psi, torch.cat([memory(history[:, :, :3]), memory(history[:, :, 3:])], dim=1)) and psi.shape == (1, 24, 20)


# What the loss sees

def shift_frame(film: LatentFilm, frame: int) -> LatentFilm:
    latents = film.latents.clone()
    latents[:, frame] += 3
    return replace(film, latents=latents)


@pytest.mark.parametrize("changes", [{}, {"stream": "context"}, {"window": 2}, {"second_rate": (2, 2, 2)}])
@torch.no_grad()
def test_masked_frames_are_not_seen(changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """At sigma 1 no masked frame changes the loss; through a thinner mask each does, and so do the asked ones."""
    made, film = learner(stages=[4, 4, 4, 4, 4], heads=1, **changes), FILMS[0]

    def loss(film: LatentFilm) -> Tensor:
        return made.answer([film], 2, generator()).loss

    ask(monkeypatch, 2, 2, 1.0)
    plain = loss(film)
    assert [f for f in range(6) if not torch.equal(loss(shift_frame(film, f)), plain)] == [2, 3]
    ask(monkeypatch, 2, 2, 0.5)
    plain = loss(film)
    assert [f for f in range(6) if not torch.equal(loss(shift_frame(film, f)), plain)] == list(range(6))
    assert torch.equal(loss(shift_frame(film, 7)), plain), "the third section is not part of the history"


def test_asked_frames_are_predicted_at_their_time_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    made = learner()
    ask(monkeypatch, 4, 2, 0.5)
    given: list[dict[str, Any]] = []
    transformer = require_framepack(made.model.backbone).transformer
    transformer.register_forward_pre_hook(lambda _, args, kwargs: given.append(kwargs), with_kwargs=True)
    found = made.answer(FILMS[:1], 3, generator())
    (call,) = given
    assert call["hidden_states"].shape[2] == 2 and call["indices_latents"].tolist() == [24, 25]
    assert torch.equal(call["encoder_hidden_states"], FILMS[0].conditioning[1].text), "the prompt of the section they are from"
    assert found.estimate().shape == (1, 4, 2, 4, 4)


@pytest.mark.parametrize("stream", ["history", "context"])
def test_gradients_reach_the_whole_encoder(stream: str) -> None:
    made = learner(stream=stream)
    memory = made.memory
    assert isinstance(memory, FramePreservation)
    found = query(made, FILMS[:1], 3, Draws(1, 0), torch.autograd.backward)
    assert len(found.losses) == 1 and found.losses[0] > 0
    assert [name for name, p in memory.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_a_query_is_learned() -> None:
    """Encoder and LoRA on two fixed queries: the loss falls."""
    made = toy_trainee(toy(Path()), 1, "lora")
    assert isinstance(made.learner, VelocityLearner)
    optimizer = torch.optim.AdamW(made.trained.parameters(), lr=5e-3)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        losses.append(sum(query(made.learner, FILMS[:1], 2, Draws(1, k), torch.autograd.backward).losses[0] for k in range(2)))
        optimizer.step()
    assert losses[-1] < 0.9 * losses[0]


def test_without_a_memory_nothing_can_be_asked_for() -> None:
    with pytest.raises(ValueError, match="only where there is a long-term memory"):
        toys.velocity(memory=False).answer(FILMS[:1], 2, generator())


# The two stages of a run

def test_the_second_stage_goes_on_with_the_encoder_and_a_new_lora(tmp_path: Path) -> None:
    recipe = check_recipe(toy(tmp_path))
    begun = {name: tensor.clone() for name, tensor in open_run(recipe, BASE, 1).trainee.trained.state_dict().items()}
    base = train(open_run(recipe, BASE, 1), FILMS).trained.state_dict()
    assert any(not torch.equal(base[name], begun[name]) for name in base if name.startswith("memory."))
    run = open_run(recipe, "teacher", 1)
    state = run.trainee.trained.state_dict()
    assert [name for name in state if name.startswith("memory.") and not torch.equal(state[name], base[name])] == []
    assert not any(state[name].any() for name in state if name.endswith(".up.weight")), "a new LoRA changes nothing"
    assert any(base[name].any() for name in base if name.endswith(".up.weight"))
    row = run.advance(FILMS)
    assert row["forwards"] == 4, "two sections of two films: frames are asked for in the first stage only"
    after = run.trainee.trained.state_dict()
    assert [name for name in after if name.startswith("memory.") and torch.equal(after[name], base[name])] == []


def test_a_stopped_first_stage_goes_on_to_the_bit(tmp_path: Path) -> None:
    whole, stopped = (open_run(toy(tmp_path / name), BASE, 1) for name in ("whole", "stopped"))
    rows = [whole.advance(FILMS) for _ in range(3)]
    assert [row["forwards"] for row in rows] == [2, 2, 2] and [row["sections"] for row in rows] == [2, 2, 3]
    stopped.advance(FILMS)
    stopped.save()
    resumed = open_run(toy(tmp_path / "stopped"), BASE, 1)
    assert [resumed.advance(FILMS) for _ in range(2)] == rows[1:]


def test_what_was_trained_is_read_by_the_engine(tmp_path: Path) -> None:
    """The encoder's file in a model folder of the large kind: the loaded model has the same memory and the same RoPE."""
    card = folders.large(tmp_path / "model")
    recipe = toy(tmp_path / "run", model=str(card.folder), curriculum=[[2, 1]], before=[[2, 1]], average=0.5)
    train(open_run(recipe, BASE, 1), FILMS)
    done = train(open_run(recipe, "teacher", 1), FILMS)
    (card.folder / ADAPTER).write_bytes((tmp_path / "run" / "teacher-1" / ADAPTER).read_bytes())
    (card.folder / CARD).write_text((card.folder / CARD).read_text() + files_toml(card.folder, [ADAPTER]))
    again = load(read_card(card.folder), "cpu")
    assert isinstance(again.memory, FramePreservation) and isinstance(done.pack, FramePreservation)
    assert torch.equal(again.memory(latents := randn(1, 4, 3, 8, 4)), done.pack(latents))
    assert torch.equal(again.rope(2, 3), done.model.rope(2, 3)) and int(again.rope(9, 3)[-1]) == 19 + 12
    other = folders.large(tmp_path / "other")
    save_adapter(FramePreservation(replace(done.pack.config, width=24), done.pack), other.folder / ADAPTER)
    (other.folder / CARD).write_text((other.folder / CARD).read_text() + files_toml(other.folder, [ADAPTER]))
    with pytest.raises(ModelError, match=r"cannot be loaded: The adapter .* made for inner width 24, and the backbone has 20"):
        load(read_card(other.folder), "cpu")


def test_a_card_tells_which_memory_was_trained(tmp_path: Path) -> None:
    arm = FinishedArm(toy(tmp_path), "teacher", 1, tmp_path, 2)
    assert arm.summary == "teacher forcing of a LoRA of rank 2, 2 optimizer steps, seed 1"
    memory = learner().memory
    assert isinstance(memory, FramePreservation)
    save_adapter(memory, tmp_path / ADAPTER)
    assert "a LoRA of rank 2 and a history encoder, 2" in arm.summary


def test_what_a_recipe_cannot_ask_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for changes, message in (
        ({"before_task": "frames"}, "before_task is 'frames'"), ({"before": []}, "give .memory. and before"),
        ({"memory": {}}, "give .memory. and before"),
    ):
        with pytest.raises(RecipeError, match=message):
            check_recipe(toy(tmp_path, **changes))
    for table, message in (({"heads": 3}, "16 channels cannot be shared"), ({"slots": 3}, "slots")):
        with pytest.raises(RecipeError, match=rf"\[memory\] of the recipe: .*{message}"):
            add_history_encoder(learner().model, {**MEMORY, **table}, 3)
    made = animatic_learner()
    monkeypatch.setattr(finetune, "new_trainee", lambda *_: Trainee(made.model, made, nn.ModuleDict({"p": nn.Linear(1, 1)})))
    with pytest.raises(RecipeError, match="only a model of the FramePack family"):
        open_run(toy(tmp_path), BASE, 1)


# Cross-attention to psi

@pytest.mark.parametrize("stage", [BASE, "teacher"])
def test_cross_attention_to_psi_is_trained_along(stage: str) -> None:
    made = learner(cross=8)
    memory = made.memory
    assert isinstance(memory, FramePreservation) and memory.config.blocks == 2 == len(memory.psi_layers)
    begun = {name: tensor.clone() for name, tensor in memory.state_dict().items()}
    assert not any(begun[name].any() for name in begun if name.endswith("out.weight") and name.startswith("cross."))
    lora = add_lora(require_framepack(made.model.backbone).transformer.requires_grad_(False), 2)    # first sections have no psi
    trained = [p for part in (memory, *lora.values()) for p in part.requires_grad_(True).parameters()]
    optimizer = torch.optim.AdamW(trained, lr=3e-3)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        if stage == BASE:
            found = query(made, FILMS[:1], 2, Draws(1, 0), torch.autograd.backward)
        else:
            found = force(made, FILMS[:1], 3, "teacher", Draws(1, 0), ForcingSettings(), torch.autograd.backward)
        optimizer.step()
        losses.append(sum(found.losses))
    assert losses[-1] < 0.97 * losses[0]
    layers = {name: tensor for name, tensor in memory.state_dict().items() if name.startswith("cross.")}
    assert layers and [name for name, tensor in layers.items() if torch.equal(tensor, begun[name])] == []


def test_a_run_with_cross_attention_is_saved_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = folders.large(tmp_path / "model")
    recipe = toy(
        tmp_path / "run", model=str(card.folder), curriculum=[[2, 3]], before=[[2, 1]], memory={**MEMORY, "cross": 4})
    train(open_run(recipe, BASE, 1), FILMS)
    done = train(open_run(recipe, "teacher", 1), FILMS)
    assert isinstance(done.pack, FramePreservation) and all(layer.out.weight.any() for layer in done.pack.psi_layers)
    (card.folder / ADAPTER).write_bytes((tmp_path / "run" / "teacher-1" / ADAPTER).read_bytes())
    (card.folder / CARD).write_text((card.folder / CARD).read_text() + files_toml(card.folder, [ADAPTER]))
    again = load(read_card(card.folder), "cpu").memory
    assert isinstance(again, FramePreservation) and again.config == done.pack.config
    for mine, theirs in zip(again.psi_layers, done.pack.psi_layers, strict=True):
        assert torch.equal(mine.out.weight, theirs.out.weight)
