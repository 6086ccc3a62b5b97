"""Training the weather's texture networks on the world's overlays, by sliced Wasserstein distance. It knows no films or latents."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.weather import KINDS, TextureNetwork, WeatherSynthesis
from studio.lab.train.keeping import Average, Curve, restore, save
from studio.lab.world.weather import layers

log = logging.getLogger(__name__)

SCALES = {"snow": ((1, 1), (1, 9), (2, 7)), "rain": ((1, 1), (1, 9), (3, 9)), "fog": ((1, 1), (4, 7), (16, 3))}
"""Of each kind: how much smaller the texture is made, and the side of the patches that are then compared."""
FAR_RAIN = 0.6             # of the near rain's strength
WISPS = 3.0                # times the world's contrast, whose fog is nearly even


@dataclass(frozen=True)
class Recipe:
    """How the textures are trained. Sizes in pixels."""

    run: str
    depths: tuple[int, ...] | list[int] = (3, 2, 2)
    widths: tuple[int, ...] | list[int] = (8, 8, 12)
    size: int = 512            # of the tori that the model draws from
    seed: int = 1
    steps: int = 500
    height: int = 192          # of the frames whose weather this is
    width: int = 128           # of the textures compared in a step
    directions: int = 32       # that patches are projected on, drawn anew each step
    rate: float = 4e-3
    average: float = 0.98
    every: int = 50
    threads: int = 1


def views(kind: str, rng: np.random.Generator, height: int, width: int) -> list[tuple[Tensor, tuple[float, float]]]:
    """What each depth of a kind hides, [1, 1, h, w] in 0..1, farthest first, and its velocity x, y in pixels a frame.

    Rain and fog, of one depth in the world, get a second behind it: the same, half as large and half as fast. Two veils of fog
    together hide what the world's one does, and billow as one passes the other.
    """
    width *= {"snow": 2, "rain": 1, "fog": 2}[kind]    # near flakes are few, and a veil's waves wider than a frame is high
    near = layers(kind, rng, 1, height, width)
    seen = [(overlay.alpha, 1.0, overlay.velocity) for overlay in near]
    if kind != "snow":
        seen.insert(0, (layers(kind, rng, 1, height // 2, 2 * width)[0].alpha, 0.5, near[0].velocity))
    if kind == "rain":
        seen[0] = (FAR_RAIN * seen[0][0], *seen[0][1:])
    if kind == "fog":
        seen = [(_veil(alpha), scale, way) for alpha, scale, way in seen]
    return [(alpha, (scale * way[0], scale * way[1])) for alpha, scale, way in seen]


def _veil(alpha: Tensor) -> Tensor:
    half = 1 - (1 - alpha).sqrt()
    return torch.lerp(half.mean(), half, WISPS).clamp(0.05, 0.7)


def sliced(made: Tensor, true: Tensor, scales: tuple[tuple[int, int], ...], directions: int, draw: torch.Generator) -> Tensor:
    """Sliced Wasserstein distance of the patches of textures [N, 1, H, W], summed over scales.

    As in Heitz et al. 2020, arXiv:2006.07229: patches of both are projected on random directions and sorted, then compared.
    """
    total = made.new_zeros(())
    for smaller, side in scales:
        lines = torch.randn(directions if side > 1 else 1, 1, side, side, generator=draw).to(made)
        lines = lines / lines.square().sum(dim=(1, 2, 3), keepdim=True).sqrt()
        ranks = [F.conv2d(F.avg_pool2d(x, smaller), lines, stride=1 + (side > 5)).movedim(1, 0).flatten(1).sort().values
                 for x in (made, true)]
        total = total + (ranks[0] - ranks[1]).square().mean()
    return total


def texture(model: WeatherSynthesis, depth: int, draw: torch.Generator, like: Tensor) -> Tensor:
    """A texture of a depth from fresh noise, of the size of `like` [1, 1, H, W]."""
    network = model.network(depth)
    coarse = network.unit
    height, width = like.shape[2:]
    noise = network.noise(draw, -(-height // coarse) * coarse, -(-width // coarse) * coarse)
    return network(noise)[:, :, :height, :width]


@torch.no_grad()
def begin(network: TextureNetwork, way: tuple[float, float]) -> None:
    """Begin near clear weather. Sparse things: soft spots where a rare value of the noise is; tall ones along the way they fall."""
    network.finish.bias.fill_(0.0 if network.sparse else 0.3)  # type: ignore[union-attr]
    if not network.sparse:
        network.finish.weight *= 0.15
        return
    network.pick.weight /= network.pick.weight.norm(dim=1, keepdim=True)
    torch.nn.init.uniform_(network.pick.bias, -3.7, -3.1)  # type: ignore[arg-type]
    tall, wide = network.shape.kernel_size
    y, x = torch.arange(tall)[:, None] - tall // 2, torch.arange(wide) - wide // 2
    slant = way[0] / way[1] if tall > wide else 0.0
    spot = torch.exp(-((y / (0.2 * tall)) ** 2) - ((x - slant * y) / (0.2 * wide)) ** 2)
    network.shape.weight.copy_(spot * torch.empty(*network.shape.weight.shape[:2], 1, 1).uniform_(0.5, 1.5))
    network.finish.weight.fill_(1 / network.finish.weight.shape[1])


def new(recipe: Recipe) -> WeatherSynthesis:
    """A model with nothing learned but how fast each depth moves."""
    torch.manual_seed(recipe.seed)
    model = WeatherSynthesis(kinds=KINDS, depths=list(recipe.depths), widths=list(recipe.widths), size=recipe.size)
    rng = np.random.default_rng(recipe.seed)
    ways = [way for kind in KINDS for _, way in views(kind, rng, recipe.height, recipe.width)]
    model.velocities.copy_(torch.tensor(ways))
    for network, way in zip(model.textures, ways, strict=True):
        begin(network, way)
    return model.train()


def distances(model: WeatherSynthesis, recipe: Recipe, step: int) -> Tensor:
    """Of the textures of every depth of every kind to the world's, [depths], from fresh noise and fresh overlays."""
    losses, at = [], 0
    draw = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    rng = np.random.default_rng([recipe.seed, step])
    for kind in KINDS:
        for alpha, _ in views(kind, rng, recipe.height, recipe.width):
            made = texture(model, at, draw, alpha)
            losses.append(sliced(made, alpha, SCALES[kind], recipe.directions, draw) / alpha.square().mean())
            at += 1
    return torch.stack(losses)


def train(recipe: Recipe) -> WeatherSynthesis:
    """Run or resume; returns the average weights."""
    torch.set_num_threads(recipe.threads)
    folder = Path(recipe.run)
    model = new(recipe)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98))
    average = Average(model, recipe.average)
    step, spent = 0, 0.0
    if state := restore(folder / "last.pt"):
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.restore(state["average"])
        step, spent = state["step"], state["spent"]
    curve = Curve(folder / "curve.csv", step)
    while step < recipe.steps:
        begun = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * min(1.0, (step + 1) / 20) * min(1.0, (1.02 - step / recipe.steps) / 0.5)
        losses = distances(model, recipe, step)
        optimizer.zero_grad(set_to_none=True)
        losses.sum().backward()
        for network in model.textures:
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        average.follow(model)
        step, spent = step + 1, spent + time.monotonic() - begun
        curve.add(step=step, loss=losses.sum().item(), seconds=round(spent, 2))
        if step % recipe.every == 0:
            log.info("step %d  %s  %.0f s", step, " ".join(f"{loss:.3f}" for loss in losses.tolist()), spent)
            save(folder / "last.pt", {"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                                      "average": average.state(), "step": step, "spent": spent})
            curve.draw("loss")
    average.lend(model)
    model.eval()
    strip(model, folder / "textures.png", recipe)
    model.save_pretrained(folder / "model")
    return model


@torch.no_grad()
def strip(model: WeatherSynthesis, path: Path, recipe: Recipe) -> None:
    """A picture of the textures: made above, the world's below, a column a depth."""
    columns: list[Tensor] = []
    side = recipe.height // 2
    draw, rng = torch.Generator().manual_seed(recipe.seed), np.random.default_rng(recipe.seed)
    for kind in KINDS:
        for alpha, _ in views(kind, rng, recipe.height, recipe.width):
            made = texture(model, len(columns), draw, alpha)
            columns.append(torch.cat([made[0, 0, :side, :side], torch.ones(4, side), alpha[0, 0, :side, :side]]))
    picture = torch.cat(columns, dim=1).clamp(0, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((picture * 255).byte().numpy()).save(path)
