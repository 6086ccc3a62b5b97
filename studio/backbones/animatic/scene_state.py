"""What changes in a large film besides the film state: the wind, how far the camera went by dolly, and the flows.

It lies in the finest channels of the scene, which nothing else reads in a large film, for the last frame of each latent. All values
are exact in float16, as the scene is.
Letters: B batch, C latent channels, F flows, T latent frames, W window, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import GROUP
from studio.backbones.animatic.state import STATE_CHANNELS

MOST_FLOWS = 4
FIRST = -STATE_CHANNELS - 3 - 2 * MOST_FLOWS
"""The first of these channels, from the end: the wind, its time, the dolly, and each flow's rate and time."""
LOOP = 24
"""Frames of the trained rate after which a flow's loop begins again."""
UNBEGUN = 2.0
"""The rate of flows before the film's first section, in which they start or stop at once."""
RAMP = 0.25
"""Change of a flow's rate in a latent, when it starts or stops."""


@dataclass(frozen=True)
class SceneState:
    """The state at the last frame of each latent."""

    wind: Tensor        # [B, T] strength of the section's wind
    wind_time: Tensor   # [B, T] frames since it began
    dolly: Tensor       # [B, T] log of the magnification of the ground that came from going forward
    rate: Tensor        # [B, T, F] 1: the flow flows at its own speed, 0: it stands
    time: Tensor        # [B, T, F] in frames of the trained rate, within its loop

    def __getitem__(self, at: slice) -> SceneState:
        """The state of some of its latents."""
        return SceneState(*(getattr(self, field.name)[:, at] for field in fields(self)))

    def after(self, before: SceneState) -> SceneState:
        """The latents of `before` and after them these."""
        return SceneState(*(torch.cat([getattr(before, f.name), getattr(self, f.name)], dim=1) for f in fields(self)))


def read_scene_state(latents: Tensor) -> SceneState:
    """The state in latents [B, C, T, h, w] of a large film."""
    values = latents[:, FIRST:-STATE_CHANNELS, :, 0, 0].float().transpose(1, 2)               # [B, T, 3 + 2 F]
    wind, wind_time, dolly = values[..., :3].unbind(dim=-1)
    return SceneState(wind, wind_time, dolly, values[..., 3 : 3 + MOST_FLOWS], values[..., 3 + MOST_FLOWS :])


def write_scene_state(latents: Tensor, state: SceneState) -> None:
    """Put the state into latents [B, C, T, h, w], in place."""
    values = torch.cat([torch.stack([state.wind, state.wind_time, state.dolly], dim=-1), state.rate, state.time], dim=-1)
    latents[:, FIRST:-STATE_CHANNELS] = values.transpose(1, 2)[..., None, None].to(latents)


def first_scene_state(like: Tensor) -> SceneState:
    """Before the first section, for latents [B, C, T, h, w]: no wind, no dolly, and flows that did not begin."""
    still = like.new_zeros(like.shape[0], like.shape[2])
    flows = still.unsqueeze(-1).expand(-1, -1, MOST_FLOWS)
    return SceneState(still, still, still, torch.full_like(flows, UNBEGUN), torch.zeros_like(flows))


def next_flows(before: SceneState, asked: tuple[float, ...], window: int) -> tuple[Tensor, Tensor]:
    """Rate and time [B, W, F] of the flows in a section.

    Args:
        before: of the newest latent, [B, 1].
        asked: for each flow of the scene: 1 it starts, 0 it stops, -1 it goes on as it was.
        window: W.
    """
    rate, wanted = before.rate[:, 0], before.rate.new_full((MOST_FLOWS,), -1.0)
    wanted[: len(asked)] = wanted.new_tensor(asked)
    target = torch.where(wanted >= 0, wanted, (rate > 0).to(rate))
    steps = RAMP * torch.arange(1, window + 1, device=rate.device).view(1, -1, 1)
    away = target - rate
    rates = rate.unsqueeze(1) + away.sign().unsqueeze(1) * torch.minimum(steps, away.abs().unsqueeze(1))
    rates = torch.where(rate.unsqueeze(1) > 1, target.unsqueeze(1), rates)
    line = torch.cat([before.rate, rates], dim=1)
    passed = GROUP * _mean_rate(line[:, :-1], line[:, 1:], 1.0)
    return rates, (before.time + passed.cumsum(dim=1)).remainder(LOOP)


def interpolate_scene_state(state: SceneState, frames: int) -> tuple[Tensor, Tensor]:
    """Dolly and times of the flows in each of the `frames` frames of every latent after the first.

    Args:
        state: [B, T].
        frames: of each latent.

    Returns:
        [B, (T - 1) frames] and [B, (T - 1) frames, F].
    """
    share = torch.arange(1, frames + 1, device=state.dolly.device) / frames
    before, after = state.dolly[:, :-1, None], state.dolly[:, 1:, None]
    dolly = before + share * (after - before)
    share = share.view(1, 1, -1, 1)
    passed = GROUP * share * _mean_rate(state.rate[:, :-1, None], state.rate[:, 1:, None], share)
    return dolly.flatten(1, 2), (state.time[:, :-1, None] + passed).remainder(LOOP).flatten(1, 2)


def _mean_rate(before: Tensor, after: Tensor, share: Tensor | float) -> Tensor:
    """The mean rate over the first `share` of a latent in which it goes linearly from `before` to `after`."""
    before = torch.where(before > 1, after, before)
    return before + (after - before) * share / 2
