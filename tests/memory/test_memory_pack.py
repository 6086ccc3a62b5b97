"""MemoryPack: psi in the section loop, in snapshots on disk, and next to the 13B backbone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import NotFiniteError, Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.memory.context_sizes import RECENT
from studio.memory.framepack import pack_context
from studio.memory.protocol import Memory
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import FRAMEPACK_F1, SemanticPackConfig
from studio.memory.snapshot import Snapshot, SnapshotError, read_snapshot

SHAPE = (1, 4, 3, 4, 4)
CONFIG = SemanticPackConfig(
    width=20, channels=4, text=16, image=32, heads=2, window=(3, 2, 1), keep=(1, 1, 1), text_tokens=3, image_side=2,
)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def backbone() -> FramePackBackbone:
    return FramePackBackbone(tiny.transformer())


@pytest.fixture()
def memory() -> SemanticPack:
    torch.manual_seed(0)
    return SemanticPack(CONFIG).eval()


@pytest.fixture(scope="module")
def conditioning() -> Conditioning:
    return Conditioning(randn(1, 12, 16), torch.ones(1, 12), randn(1, 8), randn(1, 25, 32))


@pytest.fixture()
def start() -> Snapshot:
    return Snapshot.initial(randn(1, 4, 1, 4, 4))


@dataclass(frozen=True)
class Film:
    """A film in the making: what `film.shoot` needs beside snapshot and seed."""

    backbone: FramePackBackbone
    conditioning: Conditioning

    def shoot(self, snapshot: Snapshot, seed: int, memory: Memory | None = None) -> SectionResult:
        *_, last = denoise_section(
            self.backbone, snapshot, self.conditioning, flow.noise(SHAPE, seed), Sampling(2, 4.5, 3), memory=memory
        )
        assert isinstance(last, SectionResult)
        return last


@pytest.fixture()
def film(backbone: FramePackBackbone, conditioning: Conditioning) -> Film:
    return Film(backbone, conditioning)


def psi_of(snapshot: Snapshot) -> Tensor:
    assert snapshot.psi is not None
    return snapshot.psi


@torch.no_grad()
def test_psi_follows_the_equation(film: Film, memory: SemanticPack, start: Snapshot, conditioning: Conditioning) -> None:
    lengths: list[int] = []
    block = film.backbone.transformer.transformer_blocks[0]
    hook = block.register_forward_pre_hook(lambda _, args: lengths.append(args[1].shape[1]))
    first = film.shoot(start, 1, memory)
    second = film.shoot(first.snapshot, 2, memory)
    hook.remove()
    assert lengths == [25 + 12 + 7] * 2 + [25 + 12 + 2] * 2        # image, text, psi_0; then psi_1 of two windows
    psi_1 = memory.update(memory.begin(conditioning), first.latents)
    assert torch.equal(psi_of(first.snapshot), psi_1)
    assert torch.equal(psi_of(second.snapshot), memory.update(psi_1, second.latents))
    assert start.psi is None


@torch.no_grad()
def test_of_a_readable_memory_the_context_has_the_same_tokens_whatever_the_films_length(
    film: Film, start: Snapshot, conditioning: Conditioning
) -> None:
    torch.manual_seed(0)
    memory, lengths = SemanticPack(replace(CONFIG, readable=4)).eval(), list[int]()
    block = film.backbone.transformer.transformer_blocks[0]
    hook = block.register_forward_pre_hook(lambda _, args: lengths.append(args[1].shape[1]))
    first = film.shoot(start, 1, memory)
    second = film.shoot(first.snapshot, 2, memory)
    hook.remove()
    assert lengths == [25 + 12 + 4] * 4
    assert psi_of(second.snapshot).shape[1] == 7 + 2 + 2
    assert torch.equal(psi_of(second.snapshot)[:, : 7 + 2], psi_of(first.snapshot))
    forgetful = replace(first.snapshot, psi=memory.begin(conditioning), blocks=())
    assert not torch.equal(film.shoot(forgetful, 2, memory).latents, second.latents)


def test_what_lies_outside_the_window_reaches_the_film_by_psi_alone(film: Film, memory: SemanticPack) -> None:
    """Two films with the same recent frames and start, and another past: FramePack cannot tell them apart, MemoryPack does."""
    recent, begin = randn(1, 4, RECENT, 4, 4, seed=4), randn(1, 4, 1, 4, 4)
    with torch.no_grad():
        psi = [memory.update(randn(1, 7, 20), randn(*SHAPE, seed=past)) for past in (5, 6)]
    one, other = (Snapshot(begin, recent, p, 9) for p in psi)
    assert torch.equal(*(film.shoot(replace(s, psi=None), 1).latents for s in (one, other)))
    assert not torch.equal(*(film.shoot(s, 1, memory).latents for s in (one, other)))


def test_without_psi_it_is_framepack_bit_for_bit(film: Film, memory: SemanticPack, start: Snapshot) -> None:
    untouched = Film(FramePackBackbone(tiny.transformer()), film.conditioning)
    film.shoot(start, 3, memory)                                   # psi was in this backbone before
    ours, theirs = start, start
    for seed in range(2):
        ours, theirs = film.shoot(ours, seed).snapshot, untouched.shoot(theirs, seed).snapshot
        assert torch.equal(ours.recent, theirs.recent)
        assert ours.psi is None
    assert not torch.equal(film.shoot(start, 0, memory).latents, film.shoot(start, 0).latents)


@pytest.mark.parametrize("readable", [0, 4])
def test_rewinding_restores_psi_and_branches_have_their_own(film: Film, readable: int, start: Snapshot, tmp_path: Path) -> None:
    """All through files, as the studio does it; with the newest psi, and with the psi of all sections."""
    torch.manual_seed(0)
    memory = SemanticPack(replace(CONFIG, readable=readable)).eval()

    def shoot(parent: str, name: str, seed: int) -> SectionResult:
        done = film.shoot(read_snapshot(tmp_path / parent), seed, memory)
        done.snapshot.write(tmp_path / name)
        return done

    start.write(tmp_path / "start")
    shoot("start", "a", 1)
    before = (tmp_path / "a").read_bytes()
    once = shoot("a", "ab", 2)
    branch = shoot("a", "ac", 3)                                   # rewound to a, and on with another seed
    again = shoot("a", "ab2", 2)                                   # rewound to a, and the first way once more
    assert (tmp_path / "a").read_bytes() == before
    assert torch.equal(psi_of(read_snapshot(tmp_path / "ab")), psi_of(read_snapshot(tmp_path / "ab2")))
    assert torch.equal(once.latents, again.latents)
    assert not torch.equal(psi_of(branch.snapshot), psi_of(once.snapshot))
    assert torch.equal(psi_of(read_snapshot(tmp_path / "ac")), psi_of(branch.snapshot))
    continued = film.shoot(film.shoot(start, 1, memory).snapshot, 2, memory)    # never on disk
    assert torch.equal(psi_of(continued.snapshot), psi_of(read_snapshot(tmp_path / "ab")))


def test_a_memory_can_be_left_out_or_come_late(film: Film, memory: SemanticPack, start: Snapshot) -> None:
    remembered = film.shoot(start, 1, memory).snapshot
    assert torch.equal(psi_of(film.shoot(remembered, 2).snapshot), psi_of(remembered))     # read, and handed on
    late = film.shoot(film.shoot(start, 1).snapshot, 2, memory).snapshot                   # begins to remember here
    assert psi_of(late).shape == (1, 2, 20)


def test_a_memory_in_half_precision_is_kept_exactly(film: Film, memory: SemanticPack, start: Snapshot, tmp_path: Path) -> None:
    memory.bfloat16()
    done = film.shoot(start, 1, memory).snapshot
    done.write(tmp_path / "s")
    assert psi_of(done).dtype == torch.float32
    assert torch.equal(psi_of(read_snapshot(tmp_path / "s")).bfloat16(), psi_of(done).bfloat16())


def test_a_memory_that_is_not_a_number_stops_the_film(film: Film, memory: SemanticPack, start: Snapshot) -> None:
    with torch.no_grad():
        memory.memorize.patches.bias.fill_(float("nan"))
    with pytest.raises(NotFiniteError):
        film.shoot(start, 1, memory)


def test_a_memory_of_another_shape_is_refused(film: Film, memory: SemanticPack, start: Snapshot, tmp_path: Path) -> None:
    replace(start, psi=randn(2, 3, 20)).write(tmp_path / "s")
    with pytest.raises(SnapshotError, match=r"memory of shape \(2, 3, 20\)"):
        read_snapshot(tmp_path / "s")


@torch.no_grad()
def test_the_13b_backbone_takes_psi_without_a_change() -> None:
    """FramePack-F1 as published at 480 x 832, all 60 blocks, on the meta device: shapes and operations, no weights."""
    with torch.device("meta"):
        backbone = FramePackBackbone(HunyuanVideoFramepackTransformer3DModel(has_image_proj=True, has_clean_x_embedder=True))
        memory = SemanticPack(FRAMEPACK_F1)
        text, pooled, image = torch.empty(1, 256, 4096), torch.empty(1, 768), torch.empty(1, 729, 1152)
        start, recent = torch.empty(1, 16, 1, 60, 104), torch.empty(1, 16, RECENT, 60, 104)
        noise, timestep, guidance = torch.empty(1, 16, 9, 60, 104), torch.empty(1), torch.empty(1)
    transformer = backbone.transformer
    assert 12.8e9 < sum(p.numel() for p in transformer.parameters()) < 12.9e9
    mask = torch.ones(1, 256)                     # the transformer cuts the text by its values, which meta tensors do not have
    transformer.context_embedder.register_forward_pre_hook(lambda _, args: tuple(a.to("meta") for a in args))
    lengths: list[int] = []
    transformer.transformer_blocks[0].register_forward_pre_hook(lambda _, args: lengths.append(args[1].shape[1]))
    conditioning = Conditioning(text, mask, pooled, image)
    psi = memory.begin(replace(conditioning, mask=mask.to("meta")))
    with FlopCounterMode(display=False) as step:
        velocity = backbone(noise, timestep, pack_context(start, recent, 9), conditioning, guidance, psi)
    with FlopCounterMode(display=False) as update:
        after = memory.update(psi, velocity)
    backbone(noise, timestep, pack_context(start, recent, 9), conditioning, guidance, after)
    assert velocity.shape == noise.shape
    assert psi.shape == (1, 8 + 16, 3072) and after.shape == (1, 112, 3072)
    assert lengths == [729 + 256 + 24, 729 + 256 + 112]
    assert update.get_total_flops() < 0.01 * step.get_total_flops()      # of one step of 25
