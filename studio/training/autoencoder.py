"""Training the autoencoder on the procedural world: principal components first, then what convolutions can add."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from studio.diffusion.autoencoder import GROUP, PATCH, PatchVideoAutoencoder
from studio.training.keeping import Average, Curve, restore, save
from studio.training.world import film

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How an autoencoder is trained. Lengths in steps, sizes in pixels."""

    run: str
    basis_from: str = ""       # folder of an autoencoder whose basis to keep: films trained on its latents stay valid
    channels: int = 96
    coarse: int = 192          # width of the decoder at latent resolution
    blocks: int = 2
    fine: int = 48             # and at a quarter of the picture's
    seed: int = 1
    basis_films: int = 160
    width: int = 128
    height: int = 128
    batch: int = 6
    groups: int = 3
    steps: int = 900
    minutes: float = 12.0
    rate: float = 6e-4
    average: float = 0.995
    every: int = 100
    noisy: float = 0.3         # most noise on latents, in each channel's deviations: what the film model makes is not perfect
    bfloat16: bool = False
    threads: int = 2
    workers: int = 1


class Clips(Dataset[Tensor]):
    """Clip number n: 1 + 4 * groups frames of a film, [3, T, H, W] in [-1, 1]; a quarter of them starts with a still."""

    def __init__(self, seed: int, width: int, height: int, groups: int) -> None:
        self.seed, self.width, self.height, self.groups = seed, width, height, groups

    def __getitem__(self, index: int) -> Tensor:
        torch.set_num_threads(1)
        frames = film(self.seed * 10_000_000 + index, self.width, self.height, sections=1).frames
        at = 0 if index % 2 else int(torch.randint(0, 33 - GROUP * self.groups, (), generator=torch.Generator().manual_seed(index)))
        clip = frames[at : at + 1 + GROUP * self.groups]
        if index % 4 == 0:
            clip = clip[:1].expand_as(clip)
        return clip.movedim(1, 0).float() / 127.5 - 1


def loader(clips: Clips, numbers: range, batch: int, workers: int = 1) -> Iterator[Tensor]:
    """Batches [B, 3, T, H, W] of the clips with these numbers, in order, rendered beside the training."""
    return iter(DataLoader(clips, batch_size=batch, sampler=numbers, num_workers=workers, prefetch_factor=6 if workers else None))


@torch.no_grad()
def basis(recipe: Recipe) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components [C, P], deviation of their coefficients [C] and mean [P] of procedural patches."""
    total, square, count = torch.zeros(()), torch.zeros(()), 0
    clips = Clips(recipe.seed + 500, recipe.width, recipe.height, recipe.groups)
    for clip in loader(clips, range(recipe.basis_films), 4, recipe.workers):
        groups = clip[:, :, 1:].unflatten(2, (-1, GROUP)).transpose(1, 2).flatten(0, 1)      # [B n, 3, 4, H, W]
        still = clip[:, :, :1].expand(-1, -1, GROUP, -1, -1)
        patches = F.pixel_unshuffle(torch.cat([groups, still]).flatten(1, 2), PATCH).movedim(1, -1).flatten(0, 2)
        total, square, count = total + patches.sum(0), square + patches.T @ patches, count + len(patches)
    mean = total / count
    values, vectors = torch.linalg.eigh((square / count - mean[:, None] * mean[None]).double())
    top = slice(-recipe.channels, None)
    return vectors[:, top].flip(1).T.float(), values[top].flip(0).clamp(min=1e-8).sqrt().float(), mean


def empty(recipe: Recipe) -> PatchVideoAutoencoder:
    """An autoencoder of the recipe's sizes."""
    return PatchVideoAutoencoder(recipe.channels, recipe.coarse, recipe.blocks, recipe.fine)


def new(recipe: Recipe) -> PatchVideoAutoencoder:
    """An autoencoder that is its linear basis, with nothing learned yet."""
    torch.manual_seed(recipe.seed)
    model = empty(recipe)
    if recipe.basis_from:
        kept = PatchVideoAutoencoder.from_pretrained(recipe.basis_from)
        for name, buffer in kept.named_buffers():
            model.get_buffer(name).copy_(buffer)
    else:
        model.set_basis(*basis(recipe))
    return model


def difference(made: Tensor, true: Tensor) -> Tensor:
    """L1 of pixels and of their slopes, and a little L2, which is what PSNR counts."""
    error = made - true
    slopes = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + 0.5 * slopes + error.square().mean()


def train(recipe: Recipe) -> PatchVideoAutoencoder:
    """Run or resume; returns the average weights."""
    torch.set_num_threads(recipe.threads)
    folder = Path(recipe.run)
    accelerator = Accelerator(mixed_precision="bf16" if recipe.bfloat16 else "no", cpu=not torch.cuda.is_available())
    state = restore(folder / "last.pt")
    model = empty(recipe) if state else new(recipe)
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    average = Average(model, recipe.average)
    step, spent = 0, 0.0
    if state:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.restore(state["average"])
        step, spent = state["step"], state["spent"]
    model, optimizer = accelerator.prepare(model, optimizer)
    bare = accelerator.unwrap_model(model)
    curve = Curve(folder / "curve.csv", step)
    clips = Clips(recipe.seed, recipe.width, recipe.height, recipe.groups)
    batches = loader(clips, range(step * recipe.batch, recipe.steps * recipe.batch), recipe.batch, recipe.workers)
    while step < recipe.steps and spent < recipe.minutes * 60:
        begun = time.monotonic()
        progress = max(step / recipe.steps, spent / (recipe.minutes * 60))
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * min(1.0, (step + 1) / 50) * min(1.0, (1.02 - progress) / 0.5)
        frames = next(batches).to(accelerator.device)
        draw = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        with accelerator.autocast():
            loss = difference(roundtrip(bare, frames, recipe.noisy, draw).float(), frames)
        optimizer.zero_grad(set_to_none=True)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.follow(bare)
        step, spent = step + 1, spent + time.monotonic() - begun
        curve.add(step=step, loss=loss.item(), seconds=round(spent, 2))
        if step % recipe.every == 0:
            log.info("step %d  loss %.4f  %.0f s", step, loss.item(), spent)
            save(folder / "last.pt", {"model": bare.state_dict(), "optimizer": optimizer.state_dict(),
                                      "average": average.state(), "step": step, "spent": spent})
            curve.draw("loss")
    average.lend(bare)
    bare.save_pretrained(folder / "vae")
    return bare


def roundtrip(model: PatchVideoAutoencoder, frames: Tensor, noisy: float = 0.0, draw: torch.Generator | None = None) -> Tensor:
    """Frames [B, 3, 1 + 4 k, H, W] through latents and back, all groups at once; up to `noisy` noise on each clip's latents."""
    b = len(frames)
    groups = torch.cat([frames[:, :, :1].expand(-1, -1, GROUP - 1, -1, -1), frames], dim=2).unflatten(2, (-1, GROUP))
    n = groups.shape[2]
    latents = model.encode_group(groups.transpose(1, 2).flatten(0, 1)).unflatten(0, (b, n))
    if noisy and draw is not None:
        amount = noisy * torch.rand(b, generator=draw).view(b, 1, 1, 1, 1).to(latents)
        scale = latents.std(dim=(0, 1, 3, 4), keepdim=True)
        latents = latents + amount * scale * torch.randn(latents.shape, generator=draw).to(latents)
    before = torch.cat([latents[:, :1], latents[:, :-1]], dim=1)
    made = model.decode_group(latents.flatten(0, 1), before.flatten(0, 1)).unflatten(0, (b, n))
    return made.transpose(1, 2).flatten(2, 3)[:, :, GROUP - 1 :]
