"""Training of the weather's texture networks on the procedural world's overlays, by sliced Wasserstein distance.

Letters: N textures, H and W or h and w height and width in pixels.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.weather import KINDS, TextureNetwork, WeatherSynthesis
from studio.lab.train.checkpoints import WeightAverage, load_checkpoint, save_checkpoint
from studio.lab.train.curve import Curve
from studio.lab.train.recipe import RecipeError
from studio.lab.train.schedules import warm_up
from studio.lab.world.weather import overlays
from studio.tables import table

log = logging.getLogger(__name__)

SCALES = {"snow": ((1, 1), (1, 9), (2, 7)), "rain": ((1, 1), (1, 9), (3, 9)), "fog": ((1, 1), (4, 7), (16, 3))}
"""Scales of each kind: by how much the texture is reduced, and the side of the patches that are then compared."""
FAR_RAIN = 0.6
"""Strength of the far rain, as a share of the near rain's."""
FOG_CONTRAST = 3.0
"""Contrast of the fog, in multiples of the world's, whose fog is nearly even."""
LEAST_HEIGHT, LEAST_WIDTH = 96, 32
"""The smallest textures that hold the patches of all `SCALES`; a far texture is half as high."""


@table
class WeatherRecipe:
    """How the textures are trained. Sizes in pixels."""

    run: str
    depths: tuple[int, ...] = (3, 2, 2)       # networks of each kind, one behind the other
    widths: tuple[int, ...] = (8, 8, 12)      # of the networks of each kind, in channels
    size: int = 512                           # of the periodic textures that the model draws from
    seed: int = 1
    steps: int = 500
    height: int = 192          # of the frames whose weather this is
    width: int = 128           # of the textures compared in a step
    directions: int = 32       # random ones that patches are projected on, drawn anew each step
    rate: float = 4e-3
    average: float = 0.98
    every: int = 50
    threads: int = 1


def target_textures(kind: str, rng: np.random.Generator, height: int, width: int) -> list[tuple[Tensor, tuple[float, float]]]:
    """The textures that the networks of a kind are to learn, farthest first.

    In the world, rain and fog have one depth. Here a second one lies behind it, half as large and half as fast. Both veils of fog
    together hide as much as the world's one does.

    Returns:
        For each depth its opacity [1, 1, h, w] in 0..1, and its velocity x, y in pixels a frame.
    """
    width *= {"snow": 2, "rain": 1, "fog": 2}[kind]    # near flakes are few, and the fog's waves are wide
    near = overlays(kind, rng, 1, height, width)
    textures = [(overlay.alpha, 1.0, overlay.velocity) for overlay in near]
    if kind != "snow":
        textures.insert(0, (overlays(kind, rng, 1, height // 2, 2 * width)[0].alpha, 0.5, near[0].velocity))
    if kind == "rain":
        textures[0] = (FAR_RAIN * textures[0][0], *textures[0][1:])
    if kind == "fog":
        textures = [(_veil(alpha), scale, velocity) for alpha, scale, velocity in textures]
    return [(alpha, (scale * velocity[0], scale * velocity[1])) for alpha, scale, velocity in textures]


def _veil(alpha: Tensor) -> Tensor:
    """One of two equal veils of fog that together have this opacity, with more contrast."""
    half = 1 - (1 - alpha).sqrt()
    return torch.lerp(half.mean(), half, FOG_CONTRAST).clamp(0.05, 0.7)


def sliced_wasserstein(
    generated: Tensor, true: Tensor, scales: tuple[tuple[int, int], ...], directions: int, draw: torch.Generator
) -> Tensor:
    """Sliced Wasserstein distance between the patches of two sets of textures [N, 1, H, W], summed over scales.

    As in Heitz et al. 2020 (2006.07229): the patches of both are projected on random directions, sorted and compared.

    Args:
        generated: the network's textures.
        true: the world's.
        scales: for each, the factor by which textures are reduced and the side of the patches; see SCALES.
        directions: how many.
        draw: for the directions.
    """
    total = generated.new_zeros(())
    for factor, side in scales:
        lines = torch.randn(directions if side > 1 else 1, 1, side, side, generator=draw).to(generated)
        lines = lines / lines.square().sum(dim=(1, 2, 3), keepdim=True).sqrt()
        ranks = [F.conv2d(F.avg_pool2d(x, factor), lines, stride=1 + (side > 5)).movedim(1, 0).flatten(1).sort().values
                 for x in (generated, true)]
        total = total + (ranks[0] - ranks[1]).square().mean()
    return total


def draw_texture(model: WeatherSynthesis, depth: int, draw: torch.Generator, like: Tensor) -> Tensor:
    """A texture of a depth's network from new noise, of the size of `like` [1, 1, H, W]."""
    network = model.network(depth)
    coarse = network.unit
    height, width = like.shape[2:]
    noise = network.noise(draw, -(-height // coarse) * coarse, -(-width // coarse) * coarse)
    return network(noise)[:, :, :height, :width]


@torch.no_grad()
def initialize(network: TextureNetwork, velocity: tuple[float, float]) -> None:
    """Set a network's weights so that it begins near clear weather.

    A network of sparse things (flakes, drops) begins with soft spots where the noise has rare values; drops slant along the
    velocity x, y with which they fall.
    """
    network.finish.bias.fill_(0.0 if network.sparse else 0.3)  # type: ignore[union-attr]
    if not network.sparse:
        network.finish.weight *= 0.15
        return
    network.pick.weight /= network.pick.weight.norm(dim=1, keepdim=True)
    torch.nn.init.uniform_(network.pick.bias, -3.7, -3.1)  # type: ignore[arg-type]
    tall, wide = network.shape.kernel_size
    y, x = torch.arange(tall)[:, None] - tall // 2, torch.arange(wide) - wide // 2
    slant = velocity[0] / velocity[1] if tall > wide else 0.0
    spot = torch.exp(-((y / (0.2 * tall)) ** 2) - ((x - slant * y) / (0.2 * wide)) ** 2)
    network.shape.weight.copy_(spot * torch.empty(*network.shape.weight.shape[:2], 1, 1).uniform_(0.5, 1.5))
    network.finish.weight.fill_(1 / network.finish.weight.shape[1])


def new_model(recipe: WeatherRecipe) -> WeatherSynthesis:
    """A model with new weights and the world's velocities."""
    torch.manual_seed(recipe.seed)
    model = WeatherSynthesis(kinds=KINDS, depths=list(recipe.depths), widths=list(recipe.widths), size=recipe.size)
    rng = np.random.default_rng(recipe.seed)
    velocities = [velocity for kind in KINDS for _, velocity in target_textures(kind, rng, recipe.height, recipe.width)]
    model.velocities.copy_(torch.tensor(velocities))
    for network, velocity in zip(model.textures, velocities, strict=True):
        initialize(network, velocity)
    return model.train()


def distances(model: WeatherSynthesis, recipe: WeatherRecipe, step: int) -> Tensor:
    """The loss of each depth of each kind, [depths]: a new texture's distance from the world's, relative to its mean square."""
    losses, at = [], 0
    draw = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    rng = np.random.default_rng([recipe.seed, step])
    for kind in KINDS:
        for alpha, _ in target_textures(kind, rng, recipe.height, recipe.width):
            generated = draw_texture(model, at, draw, alpha)
            distance = sliced_wasserstein(generated, alpha, SCALES[kind], recipe.directions, draw)
            losses.append(distance / alpha.square().mean())
            at += 1
    return torch.stack(losses)


def train(recipe: WeatherRecipe) -> WeatherSynthesis:
    """Begin or resume the recipe's run and train to the last step.

    Returns:
        The model with its average weights, which is also written to the folder `model` of the run.

    Raises:
        RecipeError: the textures are too small for the patches that are compared.
    """
    if recipe.height < LEAST_HEIGHT or recipe.width < LEAST_WIDTH:
        raise RecipeError(f"height must be {LEAST_HEIGHT} or more and width {LEAST_WIDTH} or more, not {recipe.height} and "
                          f"{recipe.width}: smaller textures do not hold the patches that are compared")
    torch.set_num_threads(recipe.threads)
    folder = Path(recipe.run)
    model = new_model(recipe)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98))
    average = WeightAverage(model, recipe.average)
    step, spent = 0, 0.0
    if state := load_checkpoint(folder / "last.pt"):
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.load_state_dict(state["average"])
        step, spent = state["step"], state["spent"]
    curve = Curve(folder / "curve.csv", step)
    while step < recipe.steps:
        begun = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * warm_up(step, 20) * min(1.0, (1.02 - step / recipe.steps) / 0.5)
        losses = distances(model, recipe, step)
        optimizer.zero_grad(set_to_none=True)
        losses.sum().backward()
        for network in model.textures:
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        average.step(model)
        step, spent = step + 1, spent + time.monotonic() - begun
        curve.add(step=step, loss=losses.sum().item(), seconds=round(spent, 2))
        if step % recipe.every == 0:
            log.info("step %d  %s  %.0f s", step, " ".join(f"{loss:.3f}" for loss in losses.tolist()), spent)
            save_checkpoint(folder / "last.pt", {
                "model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average.state_dict(), "step": step,
                "spent": spent,
            })
            curve.draw("loss")
    average.copy_to(model)
    model.eval()
    save_comparison(model, folder / "textures.png", recipe)
    model.save_pretrained(folder / "model")
    return model


@torch.no_grad()
def save_comparison(model: WeatherSynthesis, path: Path, recipe: WeatherRecipe) -> None:
    """Write a picture of the textures, a column for each depth: the model's above, the world's below."""
    columns: list[Tensor] = []
    side = min(recipe.height // 2, recipe.width)
    draw, rng = torch.Generator().manual_seed(recipe.seed), np.random.default_rng(recipe.seed)
    for kind in KINDS:
        for alpha, _ in target_textures(kind, rng, recipe.height, recipe.width):
            generated = draw_texture(model, len(columns), draw, alpha)
            columns.append(torch.cat([generated[0, 0, :side, :side], torch.ones(4, side), alpha[0, 0, :side, :side]]))
    picture = torch.cat(columns, dim=1).clamp(0, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((picture * 255).byte().numpy()).save(path)
