"""The embedded model's autoencoder: 16 x 16 patches of 4 frames on a linear basis, decoded with convolutions. It knows no files.

Letters: B batch, T frames, k latent frames after the first, C latent channels, H and W pixel height and width, h = H / 16,
w = W / 16, P = 3 * 4 * 16 * 16 values of a patch.
"""

from __future__ import annotations

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F

PATCH = 16
GROUP = 4
VALUES = 3 * GROUP * PATCH * PATCH


class Block(nn.Module):
    """A residual block. Its norm is over channels at each place: the picture's size and its other parts do not matter."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))
        self.first = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate")
        self.second = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate")
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.float().square().mean(dim=1, keepdim=True) + 1e-6).to(x.dtype)
        y = x * scale * self.gain.view(1, -1, 1, 1)
        return x + self.second(F.silu(self.first(y)))


class PatchVideoAutoencoder(ModelMixin, ConfigMixin):
    """Frames [B, 3, 1 + 4 k, H, W] in [-1, 1] <-> latents [B, C, 1 + k, h, w].

    The first frame is a group of its own (repeated to four); then every four frames are a group. Each group is encoded alone.
    A latent is decoded with the one before it in sight, so a film can be decoded as it grows. Encoding is linear: the basis
    comes from principal components; a channel is divided by the root of its deviation, so coarse structure stays larger than
    fine detail.
    """

    config_name = "config.json"
    analysis: Tensor
    synthesis: Tensor
    mean: Tensor

    @register_to_config
    def __init__(
        self, latent_channels: int = 96, width: int = 256, blocks: int = 3, fine_width: int = 64, fine_blocks: int = 2
    ) -> None:
        super().__init__()
        self.register_buffer("analysis", torch.zeros(latent_channels, VALUES))    # [C, P]
        self.register_buffer("synthesis", torch.zeros(VALUES, latent_channels))   # [P, C]
        self.register_buffer("mean", torch.zeros(VALUES))                         # [P]
        self.begin = nn.Conv2d(2 * latent_channels, width, 1)
        self.coarse = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.spread = nn.Sequential(nn.Conv2d(width, fine_width * 16, 1), nn.PixelShuffle(4))
        self.fine = nn.Sequential(*(Block(fine_width) for _ in range(fine_blocks)))
        self.finish = _zero(nn.Conv2d(fine_width, 3 * GROUP * 16, 3, padding=1, padding_mode="replicate"))

    @torch.no_grad()
    def set_basis(self, components: Tensor, deviation: Tensor, mean: Tensor) -> None:
        """Begin at orthonormal `components` [C, P] whose coefficients have `deviation` [C]."""
        scale = (deviation * deviation.mean()).sqrt()
        self.analysis.copy_(components / scale[:, None])
        self.synthesis.copy_((components * scale[:, None]).T)
        self.mean.copy_(mean)

    def encode(self, frames: Tensor) -> Tensor:
        """Latents [B, C, 1 + k, h, w] of frames [B, 3, 1 + 4 k, H, W]."""
        if (frames.shape[2] - 1) % GROUP or frames.shape[3] % PATCH or frames.shape[4] % PATCH:
            raise ValueError(f"frames are {tuple(frames.shape[2:])}; they must be 1 + 4 k frames of multiples of 16 pixels")
        groups = torch.cat([frames[:, :, :1].expand(-1, -1, GROUP - 1, -1, -1), frames], dim=2).split(GROUP, dim=2)
        return torch.stack([self.encode_group(group) for group in groups], dim=2)

    def decode(self, latents: Tensor) -> Tensor:
        """Frames [B, 3, 1 + 4 k, H, W] of latents [B, C, 1 + k, h, w]."""
        first = latents[:, :, :1]
        opening = self.decode_group(first[:, :, 0], first[:, :, 0])[:, :, -1:]
        return opening if latents.shape[2] == 1 else torch.cat([opening, self.decode_next(latents[:, :, 1:], first)], dim=2)

    def decode_next(self, latents: Tensor, previous: Tensor) -> Tensor:
        """Frames [B, 3, 4 n, H, W] of latents [B, C, n, h, w] that follow `previous` [B, C, 1, h, w].

        One latent at a time, so that the frames are the same bits however a film is cut into calls.
        """
        line = torch.cat([previous, latents], dim=2).unbind(dim=2)
        return torch.cat([self.decode_group(line[i + 1], line[i]) for i in range(len(line) - 1)], dim=2)

    def linear_rgb(self, latents: Tensor) -> Tensor:
        """A quick look at the last frame of each latent, [B, 3, T, 4 h, 4 w] in [-1, 1], from the basis alone."""
        b, c, t, h, w = latents.shape
        small = self.synthesis.view(3, GROUP, 4, 4, 4, 4, c)[:, -1].mean(dim=(2, 4)).reshape(48, c)  # 4 x 4 pixels of 4 x 4
        mean = self.mean.view(3, GROUP, 4, 4, 4, 4)[:, -1].mean(dim=(2, 4)).reshape(48)
        values = torch.einsum("pc,bcthw->btphw", small, latents) + mean.view(48, 1, 1)
        return F.pixel_shuffle(values.flatten(0, 1), 4).view(b, t, 3, 4 * h, 4 * w).transpose(1, 2).clamp(-1, 1)

    def encode_group(self, group: Tensor) -> Tensor:
        """Latent [B, C, h, w] of four frames [B, 3, 4, H, W]."""
        patches = F.pixel_unshuffle(group.flatten(1, 2), PATCH) - self.mean.view(1, -1, 1, 1)   # [B, P, h, w]
        return F.conv2d(patches, self.analysis[:, :, None, None])

    def decode_group(self, latent: Tensor, previous: Tensor) -> Tensor:
        """Four frames [B, 3, 4, H, W] of a latent and the one before it, [B, C, h, w] both."""
        linear = F.conv2d(latent, self.synthesis[:, :, None, None]) + self.mean.view(1, -1, 1, 1)
        pixels = F.pixel_shuffle(linear, PATCH)
        deep = self.spread(self.coarse(self.begin(torch.cat([latent, previous], dim=1))))
        pixels = pixels + F.pixel_shuffle(self.finish(self.fine(deep)), 4)
        return pixels.unflatten(1, (3, GROUP))


def _zero(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
