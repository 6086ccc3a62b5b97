"""A section is a pure function of snapshot, conditioning and noise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.backbones.framepack.backbone import FramePackBackbone, PsiProjection
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import DenoisingStep, NotFiniteError, Sampling, SectionResult, StoppedError, denoise_section
from studio.lab import tiny
from studio.memory.framepack import pack_context
from studio.memory.snapshot import Snapshot

SAMPLING = Sampling(steps=3, guidance=4.5, window=3)
SHAPE = (1, 4, 3, 4, 4)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def conditioning() -> Conditioning:
    return Conditioning(randn(1, 12, 16), torch.ones(1, 12), randn(1, 8), randn(1, 25, 32))


@pytest.fixture()
def backbone() -> FramePackBackbone:
    return FramePackBackbone(tiny.transformer())


@pytest.fixture()
def snapshot() -> Snapshot:
    return Snapshot.initial(randn(1, 4, 1, 4, 4)).advance(randn(*SHAPE, seed=5))


def run(backbone: FramePackBackbone, snapshot: Snapshot, conditioning: Conditioning, seed: int = 1) -> SectionResult:
    *_, last = denoise_section(backbone, snapshot, conditioning, flow.noise(SHAPE, seed), SAMPLING)
    assert isinstance(last, SectionResult)
    return last


def test_same_in_same_out_and_the_snapshot_stays(
    backbone: FramePackBackbone, snapshot: Snapshot, conditioning: Conditioning
) -> None:
    before = snapshot.recent.clone()
    first, second = run(backbone, snapshot, conditioning), run(backbone, snapshot, conditioning)
    assert torch.equal(first.latents, second.latents)
    assert torch.equal(snapshot.recent, before)
    assert first.snapshot.sections == snapshot.sections + 1
    assert torch.equal(first.snapshot.recent[:, :, -3:], first.latents)
    assert torch.equal(first.snapshot.recent[:, :, :-3], snapshot.recent[:, :, 3:])


def test_another_seed_prompt_or_history_changes_it(
    backbone: FramePackBackbone, snapshot: Snapshot, conditioning: Conditioning
) -> None:
    base = run(backbone, snapshot, conditioning).latents
    other_prompt = Conditioning(randn(1, 12, 16, seed=9), conditioning.mask, conditioning.pooled, conditioning.image)
    other_past = Snapshot(snapshot.start, snapshot.recent.roll(1, dims=2), None, snapshot.sections)
    assert not torch.equal(base, run(backbone, snapshot, conditioning, seed=2).latents)
    assert not torch.equal(base, run(backbone, snapshot, other_prompt).latents)
    assert not torch.equal(base, run(backbone, other_past, conditioning).latents)


def test_every_section_of_a_take_has_its_own_seed() -> None:
    seeds = {flow.section_seed(7, i) for i in range(50)} | {flow.section_seed(8, i) for i in range(50)}
    assert len(seeds) == 100
    assert flow.section_seed(7, 3) == flow.section_seed(7, 3)


def test_steps_are_reported_and_a_stop_ends_it(backbone: FramePackBackbone, snapshot: Snapshot, conditioning: Conditioning) -> None:
    steps_done: list[int] = []
    noise = flow.noise(SHAPE, 0)
    loop = denoise_section(backbone, snapshot, conditioning, noise, SAMPLING, should_stop=lambda: len(steps_done) == 2)
    with pytest.raises(StoppedError):
        for progress in loop:
            assert isinstance(progress, DenoisingStep)
            steps_done.append(progress.step)
    assert steps_done == [1, 2]


def test_the_last_clean_estimate_is_the_result(backbone: FramePackBackbone, snapshot: Snapshot, conditioning: Conditioning) -> None:
    *steps, last = denoise_section(backbone, snapshot, conditioning, flow.noise(SHAPE, 0), SAMPLING)
    torch.testing.assert_close(steps[-1].clean, last.latents)  # type: ignore[union-attr]


def test_not_a_number_is_an_error(backbone: FramePackBackbone, snapshot: Snapshot, conditioning: Conditioning) -> None:
    with torch.no_grad():
        backbone.transformer.proj_out.bias.fill_(float("nan"))
    with pytest.raises(NotFiniteError):
        run(backbone, snapshot, conditioning)


def test_psi_joins_the_context_and_none_is_framepack(
    backbone: FramePackBackbone, snapshot: Snapshot, conditioning: Conditioning
) -> None:
    lengths: list[int] = []
    block = backbone.transformer.transformer_blocks[0]
    block.register_forward_pre_hook(lambda _, args: lengths.append(args[1].shape[1]))
    with_psi = Snapshot(snapshot.start, snapshot.recent, randn(1, 7, 20, seed=3), snapshot.sections)
    plain, remembered = run(backbone, snapshot, conditioning), run(backbone, with_psi, conditioning)
    assert lengths[0] + 7 == lengths[-1]
    assert not torch.equal(plain.latents, remembered.latents)
    projection = backbone.transformer.image_projection
    assert isinstance(projection, PsiProjection)
    backbone.transformer.image_projection = projection.inner  # FramePack as diffusers made it
    packed = pack_context(snapshot.start, snapshot.recent, 3)
    arguments = {
        "hidden_states": flow.noise(SHAPE, 1), "timestep": torch.tensor([1000.0]), "encoder_hidden_states": conditioning.text,
        "encoder_attention_mask": conditioning.mask, "pooled_projections": conditioning.pooled,
        "image_embeds": conditioning.image, "indices_latents": packed.index, "guidance": torch.tensor([4500.0]),
        "latents_clean": packed.clean, "indices_latents_clean": packed.clean_index,
        "latents_history_2x": packed.history_2x, "indices_latents_history_2x": packed.history_2x_index,
        "latents_history_4x": packed.history_4x, "indices_latents_history_4x": packed.history_4x_index,
    }
    with torch.no_grad():
        stock = backbone.transformer(**arguments).sample
        ours = FramePackBackbone(backbone.transformer)(
            arguments["hidden_states"], arguments["timestep"], packed, conditioning, arguments["guidance"]
        )
    assert torch.equal(stock, ours)
