"""The memory bench: fair arms, no look ahead, runs that go on where they stopped, and figures that tell memory from none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.panorama.denoiser import DenoiserConfig
from studio.backbones.panorama.places import to_tokens
from studio.lab.__main__ import main
from studio.lab.panorama import arms, drift, evaluation, forcing, learning, training
from studio.lab.panorama.arms import ARMS, PARAMETERS, UNEQUAL, Network, count_parameters
from studio.lab.panorama.bench import carry_out, carry_out_run, read_results
from studio.lab.panorama.films import draw_films
from studio.lab.panorama.plan import Plan, plans, read_plan
from studio.lab.panorama.tables import plot, table
from studio.lab.panorama.training import Run, RunError, train
from studio.lab.panorama.world import World
from studio.lab.train.recipe import RecipeError

TINY = DenoiserConfig(width=16, heads=2, layers=1, hidden=16)
PLAN = Plan(question="?", expected="!", arms=("window", "delta"), seeds=(0, 1), steps=2, films=16)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few walks to choose from, films of few sections to measure costs with, small networks in plans."""
    monkeypatch.setattr(training, "BANK", 16)
    monkeypatch.setattr(training, "LONGEST", 8)
    monkeypatch.setattr("studio.lab.panorama.costs.SECTIONS", 20)
    monkeypatch.setattr("studio.lab.panorama.costs.LOOK", 4)
    monkeypatch.setattr("studio.lab.panorama.plan.DenoiserConfig", lambda harmonics: replace(TINY, harmonics=harmonics))
    monkeypatch.setattr(evaluation, "STEPS", 2)


def network(arm: str, config: DenoiserConfig = TINY) -> Network:
    """A network of which nothing that begins at zero hides behind it."""
    torch.manual_seed(0)
    made = Network(arm, config, "known").eval()
    for parameter in made.denoiser.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return made


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm not in UNEQUAL])
def test_every_arm_has_as_many_parameters(arm: str) -> None:
    assert count_parameters(Network(arm, DenoiserConfig(), "known")) == pytest.approx(PARAMETERS, rel=0.02)


def test_all_arms_begin_with_the_same_denoiser() -> None:
    made = []
    for arm in ("window", "delta", "A"):
        torch.manual_seed(3)
        made.append(Network(arm, TINY, "known").denoiser.state_dict())
    assert all(torch.equal(made[0][name], other[name]) for other in made[1:] for name in made[0])


@pytest.mark.parametrize("arm", ARMS)
@torch.no_grad()
def test_a_section_sees_the_newest_one_and_what_the_memory_tells_and_nothing_to_come(
    arm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arms, "WIDEST", 3)
    made = network(arm)
    films, generator = draw_films(2, 6, 1, World(), "known", 8)
    noise = torch.randn(films.tokens.shape, generator=generator)

    def film(frames: Tensor) -> Tensor:
        changed = replace(films, frames=frames)
        return learning.film_sections(made, changed, frames if made.memory else None, 2, noise)

    before = film(films.frames)
    frames = films.frames.clone()
    frames[:, 2] = torch.randn(frames[:, 2].shape, generator=generator)
    moved = (film(frames) - before).abs().amax(dim=(0, 2, 3))                  # [N]
    assert moved[:3].max() == 0 and moved[3] > 0
    if arm == "window":
        assert moved[4:].max() == 0
    elif arm != "retrieval":                                                   # which reads it only near its places
        assert moved[4:].max() > 0


def test_the_asked_frame_alone_stays_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """All other frames are hidden before the memory sees them, and the asked one comes from it alone."""
    made, seen = network("full"), []
    real = made.read_memory
    monkeypatch.setattr(made, "read_memory", lambda films, frames, places: seen.append(frames) or real(films, frames, places))
    films, generator = draw_films(4, 6, 2, World(), "known", 8)
    loss = learning.frame_query_loss(made, films, generator)
    same = (seen[0] == films.frames).flatten(3).all(dim=3)                     # [B, N, T]
    assert same.sum(dim=(1, 2)).tolist() == [1, 1, 1, 1] and not same[:, -1].any()
    loss.backward()
    assert made.memory is not None
    assert all(parameter.grad is not None for parameter in made.memory.parameters())


def test_a_run_that_was_stopped_ends_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "EVERY", 2)
    run = Run("delta", steps=4, batch=2, query=0.5, network=TINY)
    through = train(run, tmp_path / "through")
    loss, steps = learning.next_section_loss, []

    def stop(*arguments: object) -> Tensor:
        steps.append(1)
        if len(steps) > 2:
            raise KeyboardInterrupt
        return loss(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "next_section_loss", stop)
    monkeypatch.setattr(training, "frame_query_loss", lambda *_: stop(*_, 0.1) if len(_) == 2 else stop(_[0], _[1], 0.1, _[2]))
    with pytest.raises(KeyboardInterrupt):
        train(replace(run, query=0.0), tmp_path / "stopped")
    monkeypatch.undo()
    monkeypatch.setattr(training, "BANK", 16)
    monkeypatch.setattr(training, "LONGEST", 8)
    straight = train(replace(run, query=0.0), tmp_path / "straight")
    again = train(replace(run, query=0.0), tmp_path / "stopped")
    for name, value in straight.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name]), name
    assert through.steps == again.steps == 4


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    run = Run("window", steps=1, batch=2, network=TINY)
    train(run, tmp_path)
    with pytest.raises(RunError, match="of another run"):
        train(replace(run, batch=3), tmp_path)


def test_a_network_that_knows_the_truth_is_told_from_one_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of one that films whatever its memory holds: its own film, another one, or nothing."""
    def oracle(_network: Network, films: object, remembered: Tensor | None, _steps: int, noise: Tensor) -> Tensor:
        return 0 * noise if remembered is None else to_tokens(remembered)

    monkeypatch.setattr(evaluation, "film_sections", oracle)
    results = evaluation.evaluate(network("window"), Run("window", network=TINY), 16, 8)
    for gap in ("2", "3-4", "5-8"):
        assert results["own"][gap].identity == 1 and results["own"][gap].other == 0
        assert results["other"][gap].identity == 0 and results["other"][gap].other == 1
        assert results["none"][gap].psnr < 15 < results["own"][gap].psnr


def test_a_bench_writes_what_it_found_and_reads_it_back(tmp_path: Path) -> None:
    small_plan = replace(PLAN, seeds=(0,))
    results = carry_out(small_plan, tmp_path)
    assert [result.run.arm for result in results] == ["window", "delta"]
    written = tmp_path / results[1].run.name / "result.json"
    assert read_results(written) == results[1]
    before = written.stat().st_mtime_ns
    assert carry_out(small_plan, tmp_path)[1] == results[1] and written.stat().st_mtime_ns == before
    longer = carry_out_run(results[0].run, replace(small_plan, sections=(10, 11)), tmp_path)
    assert set(longer.results) == {10, 11}
    assert "| delta-2 | 1 | " in table(results, 10)
    plot(results, [10], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000
    costs = results[1].costs
    assert costs.tokens_first == costs.tokens_last == 32 and costs.bytes_first == costs.bytes_last == 4 * TINY.heads * 64 * 64


def test_plans_can_be_read_and_say_what_was_expected() -> None:
    assert {"gaps", "off-grid", "blind"} <= set(plans())
    for name in plans():
        plan = read_plan(name)
        assert plan.question.endswith(("?", ".")) and len(plan.expected) > 40
        assert len({run.name for run in plan.runs()}) == len(plan.runs())


def test_a_wrong_plan_or_arm_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('question = "?"\nexpected = "!"\narms = ["delta", "dream"]\n')
    with pytest.raises(RecipeError, match="there is no arm 'dream'"):
        read_plan(str(path))
    assert main(["measure", "memory-bench", str(path), "-o", str(tmp_path)]) == 2
    assert main(["measure", "memory-bench", "gaps", "--arms", "dream", "-o", str(tmp_path)]) == 2
    assert "no arm 'dream'" in capsys.readouterr().err
    assert main(["measure", "memory-bench"]) == 0
    assert "gaps: Which memories" in capsys.readouterr().out


@pytest.mark.slow
def test_the_command_carries_out_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "quick.toml"
    path.write_text('question = "Quick?"\nexpected = "Yes."\narms = ["delta"]\nseeds = [0]\nsteps = 2\nbatch = 1\nfilms = 16\n')
    assert main(["measure", "memory-bench", str(path), "--seeds", "4", "-o", str(tmp_path / "out")]) == 0
    assert "Expected before the runs: Yes." in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "delta-2-4" / "result.json").read_text())["run"]["arm"] == "delta"
    assert (tmp_path / "out" / "quick.md").is_file() and (tmp_path / "out" / "quick.png").is_file()


@pytest.mark.parametrize("arm", ["window", "delta", "full", "snapshots"])
@torch.no_grad()
def test_a_film_made_alone_is_the_one_made_at_once_from_its_own_frames(arm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Section by section with psi that is updated, as a studio does it; and all at once, from the frames that came out."""
    monkeypatch.setattr(arms, "WIDEST", 3)
    made = network(arm)
    films, generator = draw_films(2, 5, 1, World(), "known", 8)
    noise = torch.randn(films.tokens.shape, generator=generator)
    alone = forcing.film_alone(made, films, 2, noise)
    assert torch.equal(alone[:, 0], films.frames[:, 0])
    at_once = learning.film_sections(made, replace(films, frames=alone), alone if made.memory else None, 2, noise)
    torch.testing.assert_close(to_tokens(alone)[:, 1:], at_once[:, 1:], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", forcing.FORCINGS)
def test_a_history_is_true_noisy_or_the_networks_own(name: str) -> None:
    made = network("delta")
    films, generator = draw_films(2, 5, 1, World(), "known", 8)
    history = forcing.FORCINGS[name](made, films, generator)
    assert history.shape == films.frames.shape and not history.requires_grad
    assert torch.equal(history, films.frames) == (name == "teacher")
    assert torch.equal(history[:, 0], films.frames[:, 0]) == (name != "noise")
    forcing.forced_loss(made, films, forcing.FORCINGS[name], 0.1, generator).backward()
    assert made.denoiser.clean.weight.grad is not None


def test_teacher_forcing_is_the_usual_loss() -> None:
    made, losses = network("delta"), []
    for loss in (lambda f, g: learning.next_section_loss(made, f, 0.1, g),
                 lambda f, g: forcing.forced_loss(made, f, forcing.teacher, 0.1, g)):
        films, generator = draw_films(2, 5, 1, World(), "known", 8)
        losses.append(float(loss(films, generator).detach()))
    assert losses[1] == pytest.approx(losses[0], rel=0.3)


def test_films_that_keep_their_first_section_do_not_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.lab.panorama.drift.film_alone", lambda _network, films, _steps, _drawn: films.frames)
    kept = drift.measure_drift(network("window"), Run("window", network=TINY), 16, 20)
    assert kept["11-20"].identity == 1 and kept["11-20"].contrast == pytest.approx(1, abs=0.1) and kept["11-20"].parts > 10
    monkeypatch.setattr("studio.lab.panorama.drift.film_alone", lambda _network, films, _steps, _drawn: films.frames.roll(1, 0))
    lost = drift.measure_drift(network("window"), Run("window", network=TINY), 16, 20)
    assert lost["11-20"].identity < 0.3 and lost["11-20"].psnr < 15


@pytest.mark.parametrize("arm", ARMS)
def test_everything_is_computed_on_the_networks_device(arm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the device without numbers, which refuses those of any other device, as a graphics card would."""
    monkeypatch.setattr(arms, "WIDEST", 3)
    made = network(arm).to("meta")
    films, generator = draw_films(2, 3, 1, World(), "known", 8)
    there = films.to("meta")
    losses = [learning.next_section_loss(made, there, 0.1, generator)]
    losses += [forcing.forced_loss(made, there, forcing.FORCINGS[name], 0.1, generator) for name in ("noise", "direct")]
    if made.memory is not None:
        losses.append(learning.frame_query_loss(made, there, generator))
    for loss in losses:
        loss.backward()
        assert loss.device.type == "meta"
    noise = torch.randn(films.tokens.shape, generator=generator).to("meta")
    assert forcing.film_alone(made, there, 1, noise).device.type == "meta"
