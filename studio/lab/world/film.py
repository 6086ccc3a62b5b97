"""Films of the procedural world with their exact truth: a scene, a camera's way through it, light and weather. No models.

Letters: T = 1 + 36 n frames, H and W height and width of a frame, h and w the same in cells of 16 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.lab.world import light as lights
from studio.lab.world import weather as weathers
from studio.lab.world.acting import act, actor
from studio.lab.world.camera import way
from studio.lab.world.exposure import expose, see, seen_area
from studio.lab.world.plan import plan
from studio.lab.world.scenes import Scene, has_figure, scene
from studio.lab.world.section import CELL, Section
from studio.lab.world.sheet import Layer
from studio.lab.world.truth import Part, trace


@dataclass(frozen=True)
class Film:
    """A film, what each of its n sections does, and the truth about its frames."""

    scene: Tensor                     # [T, 3, H, W] uint8: with neither light nor weather, but with the wind's sway
    sections: tuple[Section, ...]
    pose: Tensor                      # [T, 3]: x, y of the view's middle on the reference plane in pixels, log magnification
    flow: Tensor                      # [T, 2, h, w]: from a cell's middle to where the same thing was in the section's base frame
    known: Tensor                     # [T, h, w] bool: it was inside that frame, and not hidden
    figure: Tensor                    # [T, 4]: left, top, right, bottom of the figure in pixels; NaN where it is not seen
    light: Tensor                     # [T, 3, h, w]: log of the gain of the scene's colours
    weather: Tensor                   # [T, 3]: amounts 0..1 of snow, rain, fog
    seed: int = 0

    def frames(self) -> Tensor:
        """The film as one sees it, [T, 3, H, W] uint8: the scene, its weather over it, and the light on both."""
        rng = np.random.default_rng([self.seed, 2])
        made = weathers.drawn(self.scene.float() / 255, self.weather, rng)
        return (lights.lit(made, self.light.to(made.device)) * 255 + 0.5).to(torch.uint8)


def film(
    seed: int, width: int, height: int, sections: int = 3, device: str | torch.device = "cpu", calm: bool = False,
    away: bool = False,
) -> Film:
    """Film number `seed`: the same for the same arguments, on any machine. For `calm` and `away` see `plan`."""
    script = plan(np.random.default_rng([seed, 0]), sections, calm, has_figure(seed), away)
    return shoot(script, width, height, seed, device=device)


def shoot(
    script: Sequence[Section], width: int, height: int, seed: int, picture: Tensor | None = None,
    device: str | torch.device = "cpu",
) -> Film:
    """Film a script in scene number `seed`, or over a photograph [3, Hc, Wc] uint8 larger than the frame.

    The way begins in a photograph's middle; beyond its edges it goes on mirrored. Raises ValueError for an empty script, for a
    size that is no multiple of 16 pixels, and for a photograph smaller than the frame.
    """
    if not script:
        raise ValueError("the script has no sections: give at least one")
    if width < CELL or height < CELL or width % CELL or height % CELL:
        raise ValueError(f"width and height must be multiples of {CELL} pixels, not {width} x {height}")
    path = way(script)
    if picture is None:
        peopled = has_figure(seed) or any(section.action for section in script)
        made = scene(seed, lambda near: seen_area(path, near, width, height), peopled, float(path.view(1.0)[1].amax()))
        least = seen_area(path, 1.0, width, height)
        origin = (-least.left, -least.top)
    else:
        made, origin = Scene([_photograph(picture, width, height)]), (picture.shape[2] // 2, picture.shape[1] // 2)
    seen = see(path, made.layers, width, height, device)
    figure = None
    if made.stage is not None and made.pictures is not None:
        acting = act(made.stage, script, path, width)
        figure = actor(made.pictures.to(device), acting, made.stage.height, path, width, height)
    cut = len(seen) - made.front
    parts: list[Part] = [*seen[:cut], *([figure] if figure is not None else []), *seen[cut:]]
    flow, known = trace(parts, len(path.zoom), width, height)
    shown, boxes = expose(seen, path, figure, made.front)
    return Film(
        scene=shown, sections=tuple(script), pose=path.pose() + torch.tensor([*origin, 0.0]), flow=flow, known=known, figure=boxes,
        light=lights.gains(script, height // CELL, width // CELL), weather=weathers.amounts(script), seed=seed,
    )


def _photograph(picture: Tensor, width: int, height: int) -> Layer:
    tall, wide = picture.shape[1:]
    if picture.shape[0] != 3 or tall < height or wide < width:
        raise ValueError(f"the picture must be [3, H, W] and at least {width} x {height} pixels, not {list(picture.shape)}")
    return Layer(picture.float() / 255, (-(wide // 2), -(tall // 2)), 1.0)

