"""AdaLN tables: a transformer with them has the same output as without them, or raises an error."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import nn

from studio.catalogue.cards import ModelError
from studio.placement.device.adaln import AdalnTables, UnpreparedError, layers_from_file
from studio.placement.device.int8 import quantize
from tests.placement.conftest import network, randn, relative, run

Transformer = HunyuanVideoFramepackTransformer3DModel
STEPS = torch.tensor([1000.0, 938.7246, 500.0, 120.25])
POOLED, GUIDANCE = randn(1, 8, seed=2), torch.tensor([6000.0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_output_is_the_twins_bit_for_bit(model: Transformer, dtype: torch.dtype) -> None:
    model.to(dtype)
    changes = {"pooled_projections": POOLED.to(dtype), "guidance": GUIDANCE.to(dtype)}
    rest = {"hidden_states": (1, 4, 3, 4, 4), "image_embeds": (1, 5, 32), "encoder_hidden_states": (1, 12, 16),
            "latents_clean": (1, 4, 2, 4, 4), "latents_history_2x": (1, 4, 2, 4, 4), "latents_history_4x": (1, 4, 16, 4, 4)}
    changes |= {name: randn(*shape, seed=7).to(dtype) for name, shape in rest.items()}
    twin = [run(model, timestep=t.view(1), **changes) for t in STEPS]
    tables = AdalnTables(model)
    assert tables.prepare(STEPS, changes["pooled_projections"], changes["guidance"])
    assert all(torch.equal(run(model, timestep=t.view(1), **changes), exact) for t, exact in zip(STEPS, twin, strict=True))
    assert len({float(t.sum()) for t in twin}) == len(STEPS)


def test_all_steps_together_round_a_little_otherwise(model: Transformer) -> None:
    twin = [run(model, timestep=t.view(1)) for t in STEPS]
    AdalnTables(model).prepare(STEPS, POOLED, GUIDANCE, one_product=True)
    assert max(relative(run(model, timestep=t.view(1)), exact) for t, exact in zip(STEPS, twin, strict=True)) < 5e-5


def test_the_weights_are_gone_and_rows_are_small(model: Transformer) -> None:
    def weigh() -> int:
        return sum(p.numel() * p.element_size() for p in model.parameters())

    before = weigh()
    tables = AdalnTables(model)
    assert tables.table_bytes == 0
    tables.prepare(STEPS, POOLED, GUIDANCE)
    assert weigh() == before - tables.freed_bytes
    rows = 2 * 2 * 6 + 3 * 3 + 2          # widths D of: two norms in each double block, one in each single, the last
    assert tables.table_bytes == len(STEPS) * rows * 20 * 4


def test_a_batch_takes_its_rows(model: Transformer) -> None:
    other = {"hidden_states": randn(2, 4, 3, 4, 4), "encoder_attention_mask": torch.ones(2, 12), "guidance": GUIDANCE.expand(2)}
    shapes = {"encoder_hidden_states": (12, 16), "image_embeds": (5, 32), "latents_clean": (4, 2, 4, 4),
              "latents_history_2x": (4, 2, 4, 4), "latents_history_4x": (4, 16, 4, 4)}
    other |= {name: randn(2, *shape, seed=8) for name, shape in shapes.items()}
    other |= {"pooled_projections": POOLED.expand(2, -1), "timestep": STEPS[[2, 0]]}
    twin = run(model, **other)
    AdalnTables(model).prepare(STEPS, POOLED, GUIDANCE)
    assert relative(run(model, **other), twin) < 5e-5


def test_it_never_answers_for_something_else(model: Transformer) -> None:
    tables = AdalnTables(model)
    with pytest.raises(UnpreparedError, match="no rows yet"):
        run(model)
    tables.prepare(STEPS, POOLED, GUIDANCE)
    with pytest.raises(UnpreparedError, match=r"no row for timestep 500\.001, only for 1000, 938\.725, 500, 120\.25: call prepare"):
        run(model, timestep=torch.tensor([500.001]))
    for changed in ({"pooled_projections": POOLED + 1e-6}, {"guidance": GUIDANCE + 1}):
        with pytest.raises(UnpreparedError, match="another prompt or guidance"):
            run(model, **changed)
    run(model)


def test_a_new_prompt_and_schedule_are_prepared_again(model: Transformer) -> None:
    pooled, steps = randn(1, 8, seed=11), torch.tensor([321.0])
    twin = run(model, timestep=steps, pooled_projections=pooled)
    tables = AdalnTables(model)
    assert tables.prepare(STEPS, POOLED, GUIDANCE)
    assert not tables.prepare(STEPS.clone(), POOLED.clone(), GUIDANCE.clone())
    assert tables.prepare(steps, pooled, GUIDANCE)
    assert torch.equal(run(model, timestep=steps, pooled_projections=pooled), twin)
    with pytest.raises(UnpreparedError):
        run(model)


def test_without_guidance(model: Transformer) -> None:
    model = network(guidance_embeds=False)
    nothing = {"guidance": None}
    twin = run(model, **nothing)  # type: ignore[arg-type]
    AdalnTables(model).prepare(STEPS, POOLED)
    assert torch.equal(run(model, **nothing), twin)  # type: ignore[arg-type]
    with pytest.raises(UnpreparedError):
        run(model)


def test_detached_it_is_the_old_transformer(model: Transformer) -> None:
    before, twin = model.state_dict(), run(model)
    tables = AdalnTables(model)
    with pytest.raises(ValueError, match="none yet"):
        AdalnTables(model)
    tables.prepare(STEPS, POOLED, GUIDANCE)
    tables.detach()
    after = model.state_dict()
    assert list(before) == list(after) and all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(run(model), twin) and torch.isfinite(run(model, timestep=torch.tensor([1.0]))).all()


@pytest.mark.parametrize("shards", [1, 3])
def test_layers_are_read_from_the_checkpoint(model: Transformer, tmp_path: Path, shards: int) -> None:
    total = sum(p.numel() * p.element_size() for p in model.parameters())
    model.save_pretrained(tmp_path, max_shard_size=total // shards + 1000)
    name = "diffusion_pytorch_model.safetensors" + (".index.json" if shards > 1 else "")
    assert (tmp_path / name).exists()
    twin = run(model)
    tables = AdalnTables(model, layer_source=layers_from_file(tmp_path / name, model))
    tables.prepare(STEPS, POOLED, GUIDANCE)
    assert torch.equal(run(model), twin)
    tables.detach()
    assert torch.equal(run(model), twin)


def test_a_missing_file_is_named_and_nothing_is_answered(model: Transformer, tmp_path: Path) -> None:
    tables = AdalnTables(model, layer_source=layers_from_file(tmp_path / "gone.safetensors", model))
    with pytest.raises(ModelError, match=r"gone\.safetensors is missing or damaged .* Get the file again"):
        tables.prepare(STEPS, POOLED, GUIDANCE)
    with pytest.raises(UnpreparedError):
        run(model)


def test_int8_modulation_works_too(model: Transformer) -> None:
    quantize(model, skip=())
    twin = run(model)
    AdalnTables(model).prepare(STEPS, POOLED, GUIDANCE)
    assert torch.equal(run(model), twin)
    assert not any(isinstance(part, nn.Linear) for part in model.transformer_blocks.modules())
