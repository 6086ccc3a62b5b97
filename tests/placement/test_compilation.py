"""Compiled blocks: the same output, few graphs for all inputs, and a sentence if blocks cannot be compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.backbones.framepack.placed_backbone import PlacedBackbone
from studio.backbones.framepack.sizes import published_sizes
from studio.diffusion.step_cache import first_block_cache
from studio.placement import compilation
from studio.placement.choose import choose_plan
from studio.placement.compilation import compile_blocks, why_not_compiled
from studio.placement.description import describe
from studio.placement.device.adaln import AdalnTables
from studio.placement.machine import imagine_machine
from studio.placement.profile import find_profiles, read_profile, write_profile
from tests.placement.conftest import network, randn, run

SHIPPED = {profile.name: profile for profile in find_profiles()}
WHOLE = replace(SHIPPED["card-24gb"], compile=True)
GUIDANCE = torch.tensor([6000.0])


class Graphs:
    """A backend of torch.compile that runs graphs as they are, and counts them."""

    def __init__(self) -> None:
        torch._dynamo.reset()
        self.count = 0

    def __call__(self, graph: torch.fx.GraphModule, _: Any) -> Callable[..., Any]:
        self.count += 1
        return graph.forward


@pytest.mark.slow
def test_blocks_are_compiled_once_a_kind_and_the_output_is_the_same() -> None:
    model, twin, graphs = network(num_layers=3, num_single_layers=4), network(num_layers=3, num_single_layers=4), Graphs()
    assert compile_blocks(model, graphs) == 7  # type: ignore[arg-type]
    assert torch.equal(run(model), run(twin)) and 2 <= graphs.count < 7
    known = graphs.count
    longer = {"encoder_hidden_states": randn(1, 19, 16), "encoder_attention_mask": torch.ones(1, 19)}
    other = {"hidden_states": randn(1, 4, 3, 8, 6), "latents_clean": randn(1, 4, 2, 8, 6),
             "latents_history_2x": randn(1, 4, 2, 8, 6), "latents_history_4x": randn(1, 4, 16, 8, 6)}
    for changes in (longer, other, {**other, **longer}):
        assert torch.allclose(run(model, **changes), run(twin, **changes), atol=1e-6)
    assert graphs.count <= known + 2, "neither another prompt nor another size is compiled for anew"


@pytest.mark.slow
def test_tables_of_adaln_need_no_graph_for_every_step() -> None:
    model, twin, graphs = network(), network(), Graphs()
    steps = torch.tensor([900.0, 700.0, 500.0, 300.0, 100.0])
    AdalnTables(model).prepare(steps, randn(1, 8, seed=2), GUIDANCE)
    compile_blocks(model, graphs)  # type: ignore[arg-type]
    counts = []
    for step in steps:
        assert torch.equal(run(model, timestep=step.view(1)), run(twin, timestep=step.view(1)))
        counts.append(graphs.count)
    assert counts[0] == counts[-1]


@pytest.mark.slow
def test_hooks_and_the_step_cache_stay_outside() -> None:
    model, calls = network(), []
    for index, block in enumerate(model.transformer_blocks):
        block.register_forward_pre_hook(lambda *_, index=index: calls.append(index))
    compile_blocks(model, Graphs())  # type: ignore[arg-type]
    with first_block_cache(model, 1e9) as cache:
        run(model)
        run(model)
    assert cache.skip_count == 1 and calls == [0, 1, 0]


def test_where_it_cannot_be_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def sentence_on_compiling(**changes: Any) -> str:
        plan = choose_plan(imagine_machine(80, 128, "Linux"), published_sizes(), (640, 640), override=replace(WHOLE, **changes))
        return next(sentence for sentence in describe(plan) if "ompil" in sentence)

    monkeypatch.setattr(compilation.importlib.util, "find_spec", lambda name: None)
    assert "left out, because blocks are streamed" in sentence_on_compiling(resident=5)
    assert "left out, because int8 weights" in sentence_on_compiling(weights="int8")
    assert "left out, because Triton is not installed" in sentence_on_compiling()
    monkeypatch.setattr(compilation.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(compilation.sys, "platform", "linux")
    assert "left out, because there is no C compiler" in sentence_on_compiling()
    monkeypatch.setenv("CC", "/opt/bin/cc")
    assert sentence_on_compiling() == "Blocks are compiled when they first run; what it saves was not measured."
    plan = choose_plan(imagine_machine(24, 64, "Linux"), published_sizes(), (640, 640))
    assert not any("ompil" in sentence for sentence in describe(plan))


@pytest.mark.slow
@pytest.mark.parametrize(("changes", "expected"), [({}, True), ({"compile": False}, False), ({"resident": 1}, False)])
def test_a_placed_model_is_compiled_where_its_profile_says_so(
    changes: dict[str, Any], expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs, compile = Graphs(), compilation.compile_blocks
    monkeypatch.setattr(compilation, "compile_blocks", lambda transformer: compile(transformer, graphs))
    monkeypatch.setattr(compilation.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("CC", "cc")
    profile = replace(WHOLE, adaln_table=False, **changes)
    plan = choose_plan(imagine_machine(80, 128, "Linux"), published_sizes(), (640, 640), override=profile)
    backbone = PlacedBackbone(lambda _: network(), plan, torch.device("cpu"), tmp_path)
    assert torch.equal(run(backbone.apply_plan().transformer), run(network())) and (graphs.count > 0) == expected
    backbone.release()


def test_a_profile_that_says_it_comes_back(tmp_path: Path) -> None:
    write_profile(WHOLE, tmp_path / "card-24gb.toml")
    assert read_profile(tmp_path / "card-24gb.toml") == WHOLE and not SHIPPED["card-24gb"].compile
    assert why_not_compiled(replace(WHOLE, resident=3), 60)
