"""Forcing: what each arm makes the next section's history of, and how far gradients go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.train.animatic_learner import AnimaticLearner
from studio.lab.train.film_objective import FilmObjective
from studio.lab.train.film_pool import collate, draw_section
from studio.lab.train.film_recipe import FilmRecipe
from studio.lab.train.forcing import ARMS, Context, Draws, FilmHistory, ForcingSettings, Prediction, force, one_step
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.velocity_learner import VelocityLearner
from studio.memory.framepack import empty_history, pack_context, slide_history
from tests.lab.train.toys import WINDOW, animatic_film, animatic_learner, randn, velocity, velocity_film


class Recording:
    """A learner that keeps the contexts and the predictions of its sections."""

    def __init__(self, inner: VelocityLearner | AnimaticLearner) -> None:
        self.inner, self.contexts, self.predictions = inner, [], []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def predict(self, films: list[LatentFilm], n: int, context: Context, draw: torch.Generator) -> Prediction:
        prediction = self.inner.predict(films, n, context, draw)
        self.contexts.append(context)
        self.predictions.append(prediction)
        return prediction


def forced(
    learner: Any, films: list[LatentFilm], arm: str, sections: int = 2, **settings: Any
) -> tuple[Recording, tuple[float, ...]]:
    listening = Recording(learner)
    found = force(listening, films, sections, arm, Draws(1, 0), ForcingSettings(**settings), torch.autograd.backward)
    return listening, found.losses


def test_one_step_comes_to_the_truth_along_the_true_velocity() -> None:
    x, noise, sigma = randn(2, 4, 3, 4, 4), randn(2, 4, 3, 4, 4, seed=1), torch.tensor([0.3, 0.9])
    wide = sigma.view(-1, 1, 1, 1, 1)
    velocity = (noise - x).requires_grad_()
    found = one_step((1 - wide) * x + wide * noise, sigma, velocity)
    assert torch.allclose(found, x, atol=1e-6)
    assert not found.requires_grad
    assert torch.equal(one_step(x, torch.zeros(2), velocity), x)


def drawn_by_velocity(films: list[LatentFilm], n: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x, noise, sigma and x_t as `VelocityLearner.predict` draws them for these draws."""
    draw = Draws(1, 0).generator("loss", n)
    x = torch.stack([each.latents[:, WINDOW * n : WINDOW * (n + 1)] for each in films])
    even = torch.sigmoid(torch.randn(len(x), generator=draw))
    sigma = 3 * even / (1 + 2 * even)
    noise = torch.randn(x.shape, generator=draw)
    wide = sigma.view(-1, 1, 1, 1, 1)
    return x, noise, sigma, (1 - wide) * x + wide * noise


def spoken(learner: VelocityLearner, films: list[LatentFilm], n: int, context: Context, x_t: Tensor, sigma: Tensor) -> Tensor:
    packed = pack_context(context.start, context.recent, WINDOW)
    return learner.model.backbone(
        x_t, 1000 * sigma, packed, learner.conditioning(films, n), torch.full((len(x_t),), 4500.0), context.psi
    )


def test_direct_forcing_remembers_x_t_minus_sigma_v_detached() -> None:
    learner, films = velocity(), [velocity_film(), velocity_film(seed=9)]
    listening, _ = forced(learner, films, "direct")
    _, _, sigma, x_t = drawn_by_velocity(films, 0)
    v = spoken(learner, films, 0, listening.contexts[0], x_t, sigma)
    recent = listening.contexts[1].recent
    wanted = x_t - sigma.view(-1, 1, 1, 1, 1) * v
    assert torch.allclose(recent[:, :, -WINDOW:], wanted, atol=1e-5)
    assert not recent.requires_grad
    assert torch.equal(recent[:, :, : -WINDOW], slide_history(empty_history(learner.start(films)), wanted)[:, :, : -WINDOW])


def test_the_embedded_models_estimate_is_its_own_velocitys_step() -> None:
    """From one forward: what the heads said in the loss, composed; the same as asking the backbone for its velocity."""
    learner, films = animatic_learner(), [animatic_film(), animatic_film(1)]
    history = FilmHistory.begin(learner.start(films))
    context = history.context(None, learner.conditioning(films, 0))
    prediction = learner.predict(films, 0, context, Draws(1, 0).generator("loss"))
    assert learner.backbone.recorded is not None
    drawn, sigma, _ = learner.backbone.recorded
    calls = []
    handle = learner.backbone.transformer.register_forward_hook(lambda *_: calls.append(1))
    estimate = prediction.estimate()
    assert not calls and not estimate.requires_grad                       # no other forward, no gradient
    x = torch.zeros(2, learner.backbone.channels, *drawn.shape[2:])
    x[:, : drawn.shape[1]] = drawn
    again = learner.denoise(films, 0, context, x, sigma)
    handle.remove()
    assert len(calls) == 2                                               # films are rendered one by one
    assert torch.allclose(estimate[:, :-1], again[:, :-1], atol=1e-4)    # all but the clock, whose start is drawn
    assert not torch.allclose(estimate, context.recent[:, :, -1:].expand_as(estimate), atol=1e-2)


def test_teacher_forcing_is_the_ordinary_loss_of_a_velocity() -> None:
    learner, films = velocity(), [velocity_film(), velocity_film(seed=9)]
    listening, losses = forced(learner, films, "teacher")
    for n in range(2):
        x, noise, sigma, x_t = drawn_by_velocity(films, n)
        start = torch.stack([each.start for each in films])
        known = torch.cat([start, *(torch.stack([f.latents[:, : WINDOW * n] for f in films]),)], dim=2)
        recent = F.pad(known, (0, 0, 0, 0, 19 - known.shape[2], 0))
        context = Context(start, recent, listening.contexts[n].psi, n)
        loss = F.mse_loss(spoken(learner, films, n, context, x_t, sigma), noise - x)
        assert losses[n] == pytest.approx(loss.item(), rel=1e-5)


def test_teacher_forcing_is_the_film_models_own_loss() -> None:
    learner, films = animatic_learner(), [animatic_film(), animatic_film(1)]
    _, losses = forced(learner, films, "teacher")
    words = learner.objective
    ordinary = FilmObjective(
        learner.model.backbone, words.tokenizer, words.text_encoder, words.image_encoder,
        FilmRecipe(run="", autoencoder="", stages=(), noisy=0.0),
    )
    for n in range(2):
        def whole(each: LatentFilm, n: int = n) -> Any:
            """The film training's cut at section n with all of its history."""
            assert each.encoded is not None
            rng = torch.Generator()
            for seed in range(1000):
                batch = draw_section(each.encoded, rng.manual_seed(seed))
                written = int(batch.recent.abs().amax(dim=(0, 1, 3, 4)).bool().sum())
                if batch.captions == [each.encoded.sections[n].caption] and written == 1 + 9 * n:
                    return batch
            raise AssertionError
        batch = collate([whole(each) for each in films])
        assert losses[n] == pytest.approx(ordinary(batch, Draws(1, 0).generator("loss", n)).loss.item(), rel=1e-4)


@pytest.mark.parametrize("make", [velocity, animatic_learner])
def test_arms_differ_in_history_and_in_nothing_else(make: Callable[[], Any]) -> None:
    films = [velocity_film()] if make is velocity else [animatic_film()]
    found = {arm: forced(make(), films, arm) for arm in ARMS}
    first = {losses[0] for _, losses in found.values()}
    assert len(first) == 1                                                # the first section has no history yet
    histories = {arm: listening.contexts[1].recent for arm, (listening, _) in found.items()}
    assert all(not recent.requires_grad for recent in histories.values())
    for arm in ARMS:
        for other in ARMS:
            assert arm == other or not torch.equal(histories[arm], histories[other]), (arm, other)
        again, losses = forced(make(), films, arm)
        assert torch.equal(again.contexts[1].recent, histories[arm]) and losses == found[arm][1]
    true = make().truth(films, 0)
    assert torch.equal(histories["teacher"][:, :, -true.shape[2] :], true)


def test_noise_is_of_the_size_it_is_said_to_have() -> None:
    learner, films = velocity(), [velocity_film()]
    true = learner.truth(films, 0)
    off = learner.add_noise(true, torch.tensor([0.5]), torch.Generator().manual_seed(0)) - true
    assert float(off.std()) == pytest.approx(0.5 * float(true.std()), rel=0.15)
    assert torch.equal(learner.add_noise(true, torch.zeros(1), torch.Generator()), true)


def test_the_embedded_models_noise_leaves_the_camera_where_it_is() -> None:
    learner, films = animatic_learner(), [animatic_film()]
    true = learner.truth(films, 0)
    off = (learner.add_noise(true, torch.tensor([0.5]), torch.Generator().manual_seed(0)) - true).abs()
    assert float(off[:, :48].mean()) > 0.01 and float(off[:, -7:-4].max()) > 0.01
    assert float(off[:, -10:-7].max()) < 1e-3 and float(off[:, -4:].max()) < 1e-3


def test_gradients_of_sections_add_up() -> None:
    films = [velocity_film()]
    learner = velocity()
    forced(learner, films, "direct", sections=2)
    got = learner.model.backbone.transformer.proj_out.weight.grad
    other = velocity()
    _, listened = Recording(other), []
    force(other, films, 2, "direct", Draws(1, 0), ForcingSettings(), lambda loss: listened.append(
        torch.autograd.grad(loss, other.model.backbone.transformer.proj_out.weight)[0]))
    assert got is not None and len(listened) == 2
    assert torch.allclose(got, listened[0] + listened[1], atol=1e-6)
    assert not torch.allclose(listened[0], listened[1], atol=1e-4)


@pytest.mark.parametrize(("reach", "reaches"), [(1, False), (2, True)])
def test_the_memorys_gradient_goes_as_far_as_reach_says(reach: int, reaches: bool) -> None:
    """psi_2 = update(update(psi_0)): with a reach of 2 the third section's loss comes to psi_0, with 1 to the newest update."""
    learner, films = velocity(), [velocity_film()]
    memory = learner.memory
    assert memory is not None
    history, first = FilmHistory.begin(learner.start(films)), learner.conditioning(films, 0)
    for n in range(2):
        history = history.append(learner.truth(films, n).requires_grad_(), memory, first, reach)
    context = history.context(memory, first)
    assert context.psi is not None and not context.recent.requires_grad
    context.psi.square().sum().backward()
    assert memory.memorize.patches.weight.grad is not None                # type: ignore[attr-defined]
    assert (memory.prompt[1].weight.grad is not None) == reaches          # type: ignore[attr-defined]
    assert len(history.newest) == reach and (history.psi_before is None) == reaches


def test_psi_is_the_same_whatever_the_reach_and_is_made_of_the_arms_history() -> None:
    films = [velocity_film()]
    psi = [forced(velocity(), films, "direct", sections=3, reach=reach)[0].contexts[2].psi for reach in (1, 2, 5)]
    assert all(torch.allclose(psi[0], other, atol=1e-5) for other in psi[1:])
    other = forced(velocity(), films, "teacher", sections=3)[0].contexts[2].psi
    assert not torch.allclose(psi[0], other, atol=1e-4)


def test_every_draw_has_a_generator_of_its_own() -> None:
    def first(draws: Draws, use: str, n: int = 0) -> float:
        return float(torch.rand((), generator=draws.generator(use, n)))

    values = [first(Draws(1, 0), "loss"), first(Draws(1, 0), "loss", 1), first(Draws(1, 0), "noise"), first(Draws(1, 1), "loss"),
              first(Draws(2, 0), "loss")]
    assert len(set(values)) == 5
    assert first(Draws(1, 0), "loss") == values[0]


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(ValueError, match="no arm 'forceful'; there are teacher, noise, direct"):
        force(velocity(), [velocity_film()], 1, "forceful", Draws(1, 0), ForcingSettings(), torch.autograd.backward)
    with pytest.raises(ValueError, match="at least 1"):
        ForcingSettings(reach=0)
    with pytest.raises(ValueError, match="made for the other kind"):
        other = replace(animatic_film(), encoded=None)
        animatic_learner().predict([other], 0, Context(randn(1), randn(1), None, 0), torch.Generator())
    with pytest.raises(TypeError, match="no animatic model"):
        AnimaticLearner(velocity().model)
