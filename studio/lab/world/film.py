"""Films of the procedural world with their exact truth: a scene, a camera's path through it, light and weather.

Letters: T = 1 + 36 n frames, H and W height and width of a frame, h and w the same in cells of 16 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from studio.lab.world import light as lights
from studio.lab.world import weather as weathers
from studio.lab.world.acting import figure_motion, visible_figure
from studio.lab.world.camera import CameraPath, camera_path
from studio.lab.world.canvas import Layer
from studio.lab.world.random_script import random_script
from studio.lab.world.rendering import render, visible_area, visible_layers
from studio.lab.world.scenes import Scene, has_figure, scene
from studio.lab.world.section import CELL, Section
from studio.lab.world.truth import ScenePart, trace


@dataclass(frozen=True)
class Film:
    """A film, what each of its n sections does, and the truth about its frames."""

    scene: Tensor                     # [T, 3, H, W] uint8: without light and weather, but with the wind's sway
    sections: tuple[Section, ...]
    pose: Tensor                      # [T, 3]: x, y of the view's middle on the reference plane in pixels, log magnification
    flow: Tensor                      # [T, 2, h, w]: from a cell's middle to its point in the last frame before the section
    known: Tensor                     # [T, h, w] bool: that frame showed the point: it was inside the frame and not hidden
    figure: Tensor                    # [T, 4]: left, top, right, bottom of the figure in pixels; NaN where it is not visible
    light: Tensor                     # [T, 3, h, w]: log of the gain of the scene's colours
    weather: Tensor                   # [T, 3]: amounts 0..1 of snow, rain, fog
    seed: int = 0

    def frames(self) -> Tensor:
        """Returns the film as one sees it, [T, 3, H, W] uint8: the scene, the weather over it, and the light on both."""
        rng = np.random.default_rng([self.seed, 2])
        frames = weathers.draw_weather(self.scene.float() / 255, self.weather, rng)
        return (lights.apply_light(frames, self.light.to(frames.device)) * 255 + 0.5).to(torch.uint8)


def film(
    seed: int, width: int, height: int, sections: int = 3, device: str | torch.device = "cpu", calm: bool = False,
    late_return: bool = False,
) -> Film:
    """Returns film number `seed`, which is the same for the same arguments on any machine.

    Args:
        seed: number of the scene, and of its random script.
        width, height: of a frame, multiples of 16 pixels.
        sections: of 36 frames each.
        device: of the frames.
        calm, late_return: see `random_script`.

    Raises:
        ScriptError: too few sections for a late return.
    """
    script = random_script(np.random.default_rng([seed, 0]), sections, calm, has_figure(seed), late_return)
    return shoot(script, width, height, seed, device=device)


def shoot(
    script: Sequence[Section], width: int, height: int, seed: int, picture: Tensor | None = None,
    device: str | torch.device = "cpu",
) -> Film:
    """Films a script in a drawn scene or a photograph.

    Args:
        script: the sections.
        width, height: of a frame, multiples of 16 pixels.
        seed: number of the drawn scene, and of the weather's flakes and drops.
        picture: a photograph [3, Hc, Wc] uint8 to film instead, not smaller than the frame. The camera begins in its middle; beyond
            its edges the photograph is mirrored.
        device: of the frames.

    Raises:
        ValueError: the script is empty, the size is no multiple of 16 pixels, or the photograph is smaller than the frame.
    """
    if not script:
        raise ValueError("the script has no sections: give at least one")
    if width < CELL or height < CELL or width % CELL or height % CELL:
        raise ValueError(f"width and height must be multiples of {CELL} pixels, not {width} x {height}")
    path = camera_path(script)
    if picture is None:
        with_figure = has_figure(seed) or any(section.action for section in script)
        view = scene(seed, lambda near: visible_area(path, near, width, height), with_figure, float(path.view(1.0)[1].amax()))
        least = visible_area(path, 1.0, width, height)
        origin = (-least.left, -least.top)
    else:
        view, origin = Scene([_photograph(picture, width, height)]), (picture.shape[2] // 2, picture.shape[1] // 2)
    layers = visible_layers(path, view.layers, width, height, device)
    figure = None
    if view.stage is not None and view.pictures is not None:
        motion = figure_motion(view.stage, script, path, width)
        figure = visible_figure(view.pictures.to(device), motion, view.stage.height, path, width, height)
    cut = len(layers) - view.front
    parts: list[ScenePart] = [*layers[:cut], *([figure] if figure is not None else []), *layers[cut:]]
    flow, known = trace(parts, len(path.zoom), width, height)
    frames, boxes = render(layers, path, figure, view.front)
    return Film(
        scene=frames, sections=tuple(script), pose=path.pose() + torch.tensor([*origin, 0.0]), flow=flow, known=known, figure=boxes,
        light=lights.gains(script, height // CELL, width // CELL), weather=weathers.amounts(script), seed=seed,
    )


def still(seed: int, width: int, height: int, room: tuple[int, int, int, int]) -> Tensor:
    """Draws scene number `seed` as the first frame of its films shows it, and what lies around that frame.

    Args:
        seed: number of the drawn scene.
        width, height: of the frame.
        room: pixels to the left of the frame, above it, to its right and below it.

    Returns:
        the picture [3, top + height + bottom, left + width + right] uint8.
    """
    left, top, right, bottom = room
    path = camera_path([Section()])
    first = CameraPath(path.position[:1], path.zoom[:1], path.dolly[:1], path.gust[:1])
    # The camera looks at the frame's middle, so the drawing has the larger of both rooms on each side, and is cut to size.
    aside, above = max(left, right), max(top, bottom)
    wide, tall = width + 2 * aside, height + 2 * above
    # Things are drawn as large as for the frame.
    unit = visible_area(first, 1.0, width, height).unit
    view = scene(seed, lambda near: replace(visible_area(first, near, wide, tall), unit=unit), has_figure(seed))
    layers, figure = visible_layers(first, view.layers, wide, tall), None
    if view.stage is not None and view.pictures is not None:
        motion = figure_motion(view.stage, [Section()], path, width)
        figure = visible_figure(view.pictures, motion, view.stage.height, path, wide, tall)
    frames, _ = render(layers, first, figure, view.front)
    return frames[0, :, above - top : above + height + bottom, aside - left : aside + width + right]


def _photograph(picture: Tensor, width: int, height: int) -> Layer:
    tall, wide = picture.shape[1:]
    if picture.shape[0] != 3 or tall < height or wide < width:
        raise ValueError(f"the picture must be [3, H, W] and at least {width} x {height} pixels, not {list(picture.shape)}")
    return Layer(picture.float() / 255, (-(wide // 2), -(tall // 2)), 1.0)

