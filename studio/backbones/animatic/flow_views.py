"""Things that flow: a picture's pixels move along a field of velocities that does not change, in a loop without a visible restart.

Eulerian motion fields as in "Animating Pictures with Eulerian Motion Fields" (Holynski et al., 2011.15128), section 4: two phases
of the loop, one moved forward from its start and one backward from its end, are blended, each with the weight 0 where it restarts.
Letters: F flows, T frames, H and W pixel height and width. The field is a grid of `rows` x `columns` patches.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.same_sums import bilinear
from studio.backbones.animatic.scene_state import LOOP

STEPS = 12
"""Steps in which a velocity is integrated over the loop."""
SLIGHT = 0.02
"""Patches of motion within the loop below which a place does not flow."""
DETAIL = 16
"""Pixels of the squares within which the contrast of two blended phases is kept."""
FAINT = 1e-4
"""Variance that is not kept."""


class FlowField:
    """Says where the pixels of a picture came from, at any time of the flows' loops."""

    def __init__(self, velocity: Tensor) -> None:
        """`velocity`: [F, 2, rows, columns], x and y in patches in a frame of the trained rate."""
        self._velocity = velocity
        speed = velocity.norm(dim=1)                                                        # [F, rows, columns]
        self._share = speed / speed.sum(dim=0).clamp(min=1e-9)                              # of each flow at each place
        self.flowing = LOOP * speed.sum(dim=0) > SLIGHT                                     # [rows, columns]
        self._map = lru_cache(maxsize=4 * LOOP)(self._map_at)              # a loop comes back to the same times

    def maps(self, times: Tensor) -> Tensor:
        """Maps of the two phases at `times` [T, F]: [T, 6, rows, columns].

        The first two channels say where a place of the forward phase came from, in patches; the next two the same of the backward
        phase; the fifth is the weight of the backward phase; the sixth is 1 where the picture flows.
        """
        return torch.cat([self._map(tuple(row)) for row in times[:, : len(self._velocity)].tolist()])

    def _map_at(self, times: tuple[float, ...]) -> Tensor:
        """The map [1, 6, rows, columns] at one time of each flow."""
        forward, backward = (
            torch.stack([self._origins(flow, time - away) for flow, time in enumerate(times)]).sum(dim=0) for away in (0, LOOP))
        weight = torch.einsum("f,fyx->yx", self._share.new_tensor(times) / LOOP, self._share)
        return torch.cat([forward, backward, weight[None], self.flowing[None].to(weight)]).unsqueeze(0)

    def _origins(self, flow: int, time: float) -> Tensor:
        """Offsets [2, rows, columns] in patches to where a flow's pixels were `time` frames ago: minus the path's integral."""
        step = self._velocity[flow : flow + 1] * (time / STEPS)
        offset, at = torch.zeros_like(step), _in_grid(_places(-step), *step.shape[-2:])
        for _ in range(STEPS):
            offset = _sample(offset, at) - step
        return offset[0]


def _places(offset: Tensor) -> Tensor:
    """Each cell's own place plus an offset [T, 2, rows, columns], as coordinates [T, rows, columns, 2] in cells from the corner."""
    rows, columns = offset.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(rows, device=offset.device) + 0.5, torch.arange(columns, device=offset.device) + 0.5, indexing="ij")
    return offset.movedim(1, -1) + torch.stack([x, y], dim=-1)


def sample_grid(values: Tensor, at: Tensor) -> Tensor:
    """Values [T, N, H', W'] of a grid [T, N, rows, columns] at [T, H', W', 2] in cells from its corner, linearly."""
    return _sample(values, _in_grid(at, *values.shape[-2:]))


def _in_grid(at: Tensor, rows: int, columns: int) -> Tensor:
    """Coordinates in cells from a grid's corner as from -1 to 1, which Torch counts in."""
    return 2 * at / at.new_tensor([columns, rows]) - 1


def _sample(values: Tensor, at: Tensor) -> Tensor:
    """As `sample_grid`, at coordinates from -1 to 1."""
    return F.grid_sample(values, at, mode="bilinear", padding_mode="border", align_corners=False)


def blend_phases(forward: Tensor, backward: Tensor, weight: Tensor) -> Tensor:
    """Two phases [T, N, H, W] blended, `weight` [T, 1, H, W] of the backward one, without the loss of contrast of a plain mean.

    The mean of two pictures that do not match has less contrast than each, so a loop would pulse. As in the blending of textures by
    Heitz and Neyret (2018), the deviation from the local mean is made larger; by as much as the local variances and the covariance
    say that it became smaller, so that what is equal in both phases stays as it is.
    """
    mixed = torch.lerp(forward, backward, weight)
    first, second, share = forward.mean(dim=1, keepdim=True), backward.mean(dim=1, keepdim=True), pool(weight)
    means = pool(first), pool(second)
    variances = [pool(phase.square()) - mean.square() for phase, mean in zip((first, second), means, strict=True)]
    covariance = pool(first * second) - means[0] * means[1]
    wanted = torch.lerp(variances[0], variances[1], share)
    left = (1 - share).square() * variances[0] + share.square() * variances[1] + 2 * share * (1 - share) * covariance
    gain = ((wanted + FAINT) / (left + FAINT)).clamp(1, 2).sqrt()
    size = mixed.shape[-2:]
    gain, smooth = (bilinear(coarse, *size) for coarse in (gain, pool(mixed)))
    return smooth + (mixed - smooth) * gain


def pool(picture: Tensor) -> Tensor:
    """The means of a picture [T, N, H, W] over squares of `DETAIL` pixels."""
    return F.avg_pool2d(picture, DETAIL, ceil_mode=True, count_include_pad=False)
