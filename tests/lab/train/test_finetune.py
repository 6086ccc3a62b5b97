"""The forcing loop on toys: it learns, a stopped run goes on to the bit, arms begin alike, and what it writes the engine reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from studio.backbones.animatic.context_memory import ContextMemory
from studio.backbones.animatic.network_channels import MEMORY_CHANNELS
from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.backbones.load import load
from studio.catalogue.cards import ADAPTER, CARD, files_toml, read_card
from studio.diffusion.lora_branches import ActiveLoras, LoraBranches
from studio.diffusion.lora_files import read_lora
from studio.lab.commands.train import RECIPES
from studio.lab.train import finetune, trainee
from studio.lab.train.animatic_learner import AnimaticLearner
from studio.lab.train.families.new_memory import add_memory
from studio.lab.train.finetune import BASE, ForcingRun, draw_films, open_run, train
from studio.lab.train.forcing import Draws
from studio.lab.train.forcing_recipe import ForcingRecipe, check_recipe, sections_at
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.processes import Processes
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.lab.train.trainee import LORA, WEIGHTS, Trainee
from studio.lab.train.velocity_learner import VelocityLearner
from studio.memory.adapter import load_adapter
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from tests import folders
from tests.lab.train.forcing_toys import parts, toy
from tests.lab.train.toys import animatic_film, animatic_learner, animatic_model, velocity, velocity_film

FILMS = [velocity_film(), velocity_film(seed=9), velocity_film(seed=20)]


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Recipes without a model's folder begin with the toy; others as they say."""
    real = trainee.new_trainee

    def toy_trainee(recipe: ForcingRecipe, seed: int, part: str) -> Trainee:
        if recipe.model:
            return real(recipe, seed, part)
        torch.manual_seed(seed)
        return parts(velocity(), recipe, part)

    monkeypatch.setattr(finetune, "new_trainee", toy_trainee)
    yield


def weights(run: ForcingRun) -> dict[str, Tensor]:
    state = run.trainee.trained.state_dict()
    return {**state, **{f"average.{name}": tensor for name, tensor in run.average.weights.items()}}


@pytest.mark.parametrize("part", ["output", "lora"])
def test_a_resumed_run_is_the_run_that_was_not_stopped(tmp_path: Path, part: str) -> None:
    whole = open_run(toy(tmp_path / "whole", part=part, rank=2), "direct", 1)
    before = {name: tensor.clone() for name, tensor in weights(whole).items()}
    found = [whole.advance(FILMS) for _ in range(4)]
    stopped = open_run(toy(tmp_path / "stopped", part=part, rank=2), "direct", 1)
    first = [stopped.advance(FILMS) for _ in range(2)]
    stopped.save()
    resumed = open_run(toy(tmp_path / "stopped", part=part, rank=2), "direct", 1)
    assert resumed.step == 2 and resumed.forwards == stopped.forwards == 4           # two films a step
    assert first + [resumed.advance(FILMS) for _ in range(2)] == found
    ends, again = weights(whole), weights(resumed)
    assert [name for name in ends if not torch.equal(ends[name], again[name])] == []
    assert sum(not torch.equal(ends[name], before[name]) for name in ends) > len(ends) / 2


def test_the_curriculum_goes_from_one_section_to_many(tmp_path: Path) -> None:
    assert [sections_at([[1, 2], [3, 1], [2, 1]], step) for step in range(6)] == [1, 1, 3, 2, 2, 2]
    run = open_run(toy(tmp_path), "direct", 1)
    found = [run.advance(FILMS) for _ in range(4)]
    assert [row["sections"] for row in found] == [1, 1, 3, 3]
    assert [row["forwards"] for row in found] == [2, 2, 6, 6]                 # of two films; Direct Forcing costs no forward
    slow = open_run(toy(tmp_path / "student"), "student", 1)
    assert [slow.advance(FILMS)["forwards"] for _ in range(3)] == [2, 2, 2 * (3 + 2 * 5)]


@pytest.mark.parametrize("arm", ["direct", "student"])
def test_a_step_is_the_mean_of_its_films_each_with_its_own_noise(tmp_path: Path, arm: str) -> None:
    """What a film gives does not depend on the films beside it: so they may be shared out."""
    recipe = toy(tmp_path, batch=3, curriculum=[[2, 1]], warmup=1)
    run = open_run(recipe, arm, 1)
    alone = open_run(recipe, arm, 1).trainee
    chosen = draw_films(FILMS, 2, 3, Draws(1, 0))
    losses = []
    for k in (2, 0, 1):                                     # in whatever order
        settings = finetune.ForcingSettings(recipe.noisy, recipe.student_steps, recipe.level, recipe.reach)
        losses += finetune.force(
            alone.learner, [chosen[k]], 2, arm, Draws(1, 0, k), settings, lambda loss: torch.autograd.backward(loss / 3)).losses
    row = run.advance(FILMS)
    assert row["loss"] == pytest.approx(sum(losses) / 6, rel=1e-5)
    norm = float(nn.utils.clip_grad_norm_(alone.trained.parameters(), 1.0))
    assert row["norm"] == pytest.approx(norm, rel=1e-4)
    ours, theirs = (dict(each.trained.named_parameters()) for each in (run.trainee, alone))
    for name, parameter in theirs.items():
        grad = ours[name].grad
        assert grad is not None and parameter.grad is not None and torch.allclose(grad, parameter.grad, atol=1e-6), name
    again = Draws(1, 0, 2).generator("loss")
    assert torch.equal(torch.rand(3, generator=again), torch.rand(3, generator=Draws(1, 0).for_film(2).generator("loss")))
    first, second = (torch.rand(3, generator=Draws(1, 0, film).generator("loss")) for film in (0, 1))
    assert not torch.equal(first, second)


def test_processes_share_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes, imitated: each film is one's, gradients and numbers are sums, and what nobody has a gradient of stays so."""
    def of(index: int, other: list[Tensor]) -> Processes:
        made = Processes(cpu=True)
        made.accelerator = SimpleNamespace(
            num_processes=2, process_index=index, device=torch.device("cpu"), reduce=lambda mine, how: mine + other.pop(0))
        return made

    shares = [list(of(index, []).share(5)) for index in range(2)]
    assert shares == [[0, 2, 4], [1, 3]] and list(Processes(cpu=True).share(3)) == [0, 1, 2]
    mine = [nn.Parameter(torch.zeros(2)) for _ in range(3)]
    mine[0].grad = torch.ones(2)
    of(0, [torch.tensor([1.0, 1.0, 0.0]).double(), torch.full((2,), 3.0), torch.full((2,), 5.0)]).sum_gradients(mine)
    assert [None if p.grad is None else p.grad.tolist() for p in mine] == [[4, 4], [5, 5], None]
    assert of(1, [torch.tensor([0.5, 2.0]).double()]).sum([1, 2]) == [1.5, 4]
    monkeypatch.setattr(Processes, "count", 3)
    with pytest.raises(RecipeError, match="3 processes cannot share the films of a step: batch is 2"):
        open_run(toy(tmp_path), "direct", 1)


def test_a_run_that_drew_other_noise_is_not_gone_on_with(tmp_path: Path) -> None:
    run = open_run(toy(tmp_path), "direct", 1)
    run.step = 2
    run.save()
    path = tmp_path / "direct-1" / "last.pt"
    state = torch.load(path)
    assert state.pop("drawn") == "by film"
    torch.save(state, path)
    with pytest.raises(RecipeError, match=r"still drew their noise together.* Delete it"):
        open_run(toy(tmp_path), "direct", 1)
    torch.save({**state, "step": 4}, path)
    assert open_run(toy(tmp_path), "direct", 1).step == 4                # it is done: nothing is drawn any more
    torch.save(state, path)
    assert open_run(toy(tmp_path, batch=1), "direct", 1).step == 2       # one film draws as it always did


@pytest.mark.parametrize("arm", ["teacher", "direct"])
def test_a_velocity_is_learned(tmp_path: Path, arm: str) -> None:
    """One film of one constant latent, again and again: the loss falls by a third."""
    film = velocity_film()
    film = replace(film, latents=torch.ones_like(film.latents), start=torch.ones_like(film.start))
    run = ForcingRun(
        recipe := toy(tmp_path, batch=1, warmup=1), arm, 1, tmp_path, made := parts(velocity(), recipe, "all"), [[2, 16]],
        torch.optim.AdamW([{"params": list(made.trained.parameters()), "share": 1.5e-2}]),
        finetune.WeightAverage(made.trained, 0.9),
    )
    losses = [run.advance([film])["loss"] for _ in range(16)]
    assert sum(losses[-4:]) < 0.67 * sum(losses[:4])


def test_the_embedded_model_is_learned(tmp_path: Path) -> None:
    made = parts(animatic_learner(), recipe := toy(tmp_path, batch=1), "all")
    run = ForcingRun(
        recipe, "direct", 1, tmp_path, made, [[2, 12]],
        torch.optim.AdamW([{"params": list(made.trained.parameters()), "share": 1e-2}]), finetune.WeightAverage(made.trained, 0.9),
    )
    found = [run.advance([animatic_film()]) for _ in range(12)]
    losses = [row["loss"] for row in found]
    assert sum(losses[-3:]) < 0.8 * sum(losses[:3])
    assert {"way", "light"} <= set(found[0])


def test_a_memory_in_the_embedded_models_context_is_learned_along(tmp_path: Path) -> None:
    """Its gradient comes through the network's context; what was learned is a file that a model folder can hold."""
    card = folders.small(tmp_path / "model")
    table = {"heads": 2, "window": [3, 1, 2], "keep": [1, 1, 1], "text_tokens": 2, "image_side": 2}
    made = trainee.new_trainee(toy(tmp_path, model=str(card.folder), memory=table), 1, "output")
    assert made.pack is not None and isinstance(made.learner, AnimaticLearner)
    learner = AnimaticLearner(replace(animatic_model(), memory=ContextMemory(SemanticPack(SemanticPackConfig(
        width=32, channels=MEMORY_CHANNELS, text=32, image=32, heads=2,
        window=(3, 1, 2), keep=(1, 1, 1), text_tokens=2, image_side=2,
    )))))
    finetune.force(learner, [animatic_film()], 2, "direct", Draws(1, 0), finetune.ForcingSettings(), torch.autograd.backward)
    pack = cast(ContextMemory, learner.memory).pack
    assert all(p.grad is not None and bool(p.grad.any()) for p in pack.memorize.patches.parameters())
    trainee.save_trained(made, tmp_path / "out")
    kept = load_adapter(tmp_path / "out" / ADAPTER, made.pack.config.widths)
    assert all(torch.equal(kept.state_dict()[name], tensor) for name, tensor in made.pack.state_dict().items())


def test_arms_begin_with_what_the_stage_before_gave(tmp_path: Path) -> None:
    recipe = toy(tmp_path, before=[[1, 3]], before_rate=1e-2, arms=["teacher", "direct", "noise"])
    with pytest.raises(FileNotFoundError, match="stage before has not been trained"):
        open_run(recipe, "direct", 1)
    base = train(open_run(recipe, BASE, 1), FILMS)
    kept = {name: tensor.clone() for name, tensor in base.model.backbone.transformer.state_dict().items()}
    runs = [open_run(recipe, arm, 1) for arm in recipe.arms]
    for run in runs:
        state = run.trainee.model.backbone.transformer.state_dict()
        assert [name for name in kept if not torch.equal(kept[name], state[name])] == []
        pack, own = base.pack, run.trainee.pack
        assert pack is not None and own is not None
        assert torch.equal(pack.squeeze.norm.weight, own.squeeze.norm.weight)
    first = {run.advance(FILMS)["first"] for run in runs}
    assert len(first) == 1
    lora = open_run(replace(recipe, part="lora", rank=2), "direct", 1)
    assert lora.trainee.lora and lora.advance(FILMS)["first"] == pytest.approx(first.pop(), rel=1e-5)     # new: it changes nothing
    inner = lora.trainee.model.backbone.transformer.transformer_blocks[0].attn.to_q.inner.weight
    assert torch.equal(inner, kept["transformer_blocks.0.attn.to_q.weight"])


def test_only_what_is_to_be_trained_changes(tmp_path: Path) -> None:
    run = open_run(toy(tmp_path, curriculum=[[3, 2]]), "direct", 1)
    before = {name: tensor.clone() for name, tensor in run.trainee.model.backbone.transformer.state_dict().items()}
    memory = {name: tensor.clone() for name, tensor in run.trainee.trained["memory"].state_dict().items()}
    train(run, FILMS)
    after = run.trainee.model.backbone.transformer.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and {name.split(".")[0] for name in changed} == {"norm_out", "proj_out"}
    assert any(not torch.equal(memory[name], tensor) for name, tensor in run.trainee.trained["memory"].state_dict().items())
    assert (tmp_path / "direct-1" / WEIGHTS).is_file() and (tmp_path / "direct-1" / ADAPTER).is_file()
    lines = (tmp_path / "direct-1" / "curve.csv").read_text().splitlines()
    assert lines[0] == "step,sections,loss,first,last,norm,forwards,seconds" and len(lines) == 3


def test_the_engine_loads_what_was_trained(tmp_path: Path) -> None:
    """A LoRA and a SemanticPack trained on a small FramePack-F1, from a folder of its kind and back into one."""
    card = folders.large(tmp_path / "large")
    recipe = toy(
        tmp_path / "run", model=str(card.folder), part="lora", rank=2, curriculum=[[2, 3]], rate=1e-2,
        memory={"heads": 2, "window": [3, 1, 1], "keep": [1, 1, 1], "text_tokens": 2, "image_side": 1, "trained_index": 28},
    )
    run = open_run(recipe, "direct", 1)
    films = [replace(film, conditioning=tuple(replace(c, image=c.image[:, :, :32]) for c in film.conditioning)) for film in FILMS]
    done = train(run, films)
    folder = tmp_path / "run" / "direct-1"
    (card.folder / ADAPTER).write_bytes((folder / ADAPTER).read_bytes())
    text = (card.folder / CARD).read_text()
    (card.folder / CARD).write_text(text + files_toml(card.folder, [ADAPTER]))
    again = load(read_card(card.folder), "cpu")
    assert done.pack is not None and isinstance(again.memory, nn.Module)
    own = done.pack.state_dict()
    assert [name for name, tensor in again.memory.state_dict().items() if not torch.equal(tensor, own[name])] == []
    assert torch.equal(again.rope(5, 3), run.trainee.model.rope(5, 3)) and int(again.rope(5, 3)[-1]) == 28
    transformer = again.backbone.transformer
    loaded = read_lora(folder / LORA, FramePackLayers(transformer.config), "Toy")
    assert loaded.keys() == done.lora.keys()
    assert any(bool(low.up.any()) for low in loaded.values())
    LoraBranches(transformer, ActiveLoras(layers={name: [low] for name, low in loaded.items()}), again.device, torch.float32)
    other = VelocityLearner(again, again.memory, again.rope)
    with torch.no_grad():
        ours, theirs = (
            finetune.force(learner, films[:1], 2, "direct", Draws(3, 0), finetune.ForcingSettings(), lambda _: None).losses
            for learner in (done.learner, other)
        )
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_what_a_recipe_cannot_ask_for(tmp_path: Path) -> None:
    good = toy(tmp_path)
    assert check_recipe(good) is good
    for changes, message in (
        ({"arms": ["forceful"]}, "no arm 'forceful'"), ({"part": "some"}, "part is 'some'"),
        ({"curriculum": [[4, 1]]}, r"curriculum holds \[4, 1\].* 3 sections"), ({"before": [[1]]}, "before holds"),
        ({"curriculum": []}, "needs arms"), ({"part": "lora", "before_part": "output"}, "before_part is 'output'"),
    ):
        with pytest.raises(RecipeError, match=message):
            check_recipe(toy(tmp_path, **changes))
    with pytest.raises(RecipeError, match="No film has 9 sections"):
        draw_films(FILMS, 9, 1, Draws(1, 0))
    with pytest.raises(RecipeError, match=r"\[memory\] of the recipe"):
        add_memory(velocity().model, {"heads": 3})


def test_recipes_that_ship_can_be_read() -> None:
    found = sorted(RECIPES.glob("force-*.toml"))
    assert len(found) >= 3
    for path in found:
        check_recipe(read_recipe(path, ForcingRecipe))
        assert any(said in path.read_text().lower() for said in ("not run", "never run", "report.md")), "what came of it"


def test_films_that_are_too_short_are_passed_over() -> None:
    short: list[LatentFilm] = [velocity_film(1), velocity_film(3)]
    assert all(len(each.conditioning) == 3 for seed in range(8) for each in draw_films(short, 2, 2, Draws(seed, 0)))
