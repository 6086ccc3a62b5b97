"""The embedded model's autoencoder: a linear basis for lapped patches of 16 x 16 pixels and 4 frames.

Letters: B batch, T frames, k latent frames after the first, C latent channels, H and W pixel height and width, h = H / 16,
w = W / 16, P = 3 * 4 * 16 * 16 values of a patch.
"""

from __future__ import annotations

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.lapped import border_rotation, filter_borders
from studio.backbones.animatic.same_sums import point_convolution

GROUP = 4
"""Frames of a latent."""
VALUES = 3 * GROUP * PATCH * PATCH
"""P: values of a patch."""


class LappedAutoencoder(ModelMixin, ConfigMixin):
    """Frames [B, 3, 1 + 4 k, H, W] in [-1, 1] <-> latents [B, C, 1 + k, h, w].

    The first frame is a group of its own (repeated to four frames); after it every four frames are a group. Each group is encoded
    alone, so encoding and decoding a film piece by piece gives the same bits as at once. The basis is orthonormal, from principal
    components of procedural clips, coarsest first: encoding a decoded latent gives the latent again. Each channel is divided by the
    square root of its deviation, so coarse structure stays larger than fine detail.
    """

    config_name = "config.json"
    components: Tensor
    scale: Tensor
    mean: Tensor
    turn: Tensor

    @register_to_config
    def __init__(self, latent_channels: int = 320) -> None:
        """An empty basis of `latent_channels` components; see `set_basis`."""
        super().__init__()
        self.register_buffer("components", torch.zeros(latent_channels, VALUES))   # [C, P], orthonormal rows
        self.register_buffer("scale", torch.ones(latent_channels))                 # [C]
        self.register_buffer("mean", torch.zeros(VALUES))                          # [P]
        self.register_buffer("turn", border_rotation(PATCH), persistent=False)     # [16, 16]

    @torch.no_grad()
    def set_basis(self, components: Tensor, deviation: Tensor, mean: Tensor) -> None:
        """Set the basis.

        Args:
            components: [C, P] orthonormal.
            deviation: [C] of the patches' coefficients.
            mean: [P] of the patches.
        """
        self.components.copy_(components)
        self.scale.copy_((deviation * deviation.mean()).sqrt())
        self.mean.copy_(mean)

    @property
    def channels(self) -> int:
        """C, the number of latent channels."""
        return len(self.scale)

    def encode(self, frames: Tensor) -> Tensor:
        """Latents [B, C, 1 + k, h, w] of frames [B, 3, 1 + 4 k, H, W].

        Raises:
            ValueError: the number of frames is not 1 + 4 k, or height or width is no multiple of 16 pixels.
        """
        if (frames.shape[2] - 1) % GROUP or frames.shape[3] % PATCH or frames.shape[4] % PATCH:
            raise ValueError(f"frames are {tuple(frames.shape[2:])}; they must be 1 + 4 k frames of multiples of 16 pixels")
        groups = torch.cat([frames[:, :, :1].expand(-1, -1, GROUP - 1, -1, -1), frames], dim=2).split(GROUP, dim=2)
        return torch.stack([self.encode_group(group) for group in groups], dim=2)

    def decode(self, latents: Tensor) -> Tensor:
        """Frames [B, 3, 1 + 4 k, H, W] of latents [B, C, 1 + k, h, w]."""
        groups = [self.decode_group(latent) for latent in latents.unbind(dim=2)]
        return torch.cat([groups[0][:, :, -1:], *groups[1:]], dim=2)

    def encode_group(self, group: Tensor, channels: int | None = None) -> Tensor:
        """The latent [B, C, h, w] of four frames [B, 3, 4, H, W]; only its first `channels` channels if given."""
        filtered = filter_borders(group, self.turn).flatten(1, 2)
        patches = F.pixel_unshuffle(filtered, PATCH) - self.mean.view(1, -1, 1, 1)                # [B, P, h, w]
        basis = (self.components / self.scale[:, None])[:channels]
        return point_convolution(patches, basis)

    def decode_group(self, latent: Tensor) -> Tensor:
        """Four frames [B, 3, 4, H, W] of a latent [B, C, h, w]."""
        basis = (self.components * self.scale[:, None]).T
        patches = point_convolution(latent, basis) + self.mean.view(1, -1, 1, 1)
        return filter_borders(F.pixel_shuffle(patches, PATCH).unflatten(1, (3, GROUP)), self.turn.T)

    def preview(self, latents: Tensor) -> Tensor:
        """Small pictures [B, 3, T, 4 h, 4 w] in [-1, 1] of the last frame of each latent [B, C, T, h, w].

        The border filter is left out, so the grid of patches may show.
        """
        b, c, t, h, w = latents.shape
        basis = (self.components * self.scale[:, None]).T.reshape(3, GROUP, 4, 4, 4, 4, c)
        small = basis[:, -1].mean(dim=(2, 4)).reshape(48, c)                                      # means over 4 x 4 pixels each
        mean = self.mean.view(3, GROUP, 4, 4, 4, 4)[:, -1].mean(dim=(2, 4)).reshape(48)
        values = torch.einsum("pc,bcthw->btphw", small, latents) + mean.view(48, 1, 1)
        return F.pixel_shuffle(values.flatten(0, 1), 4).view(b, t, 3, 4 * h, 4 * w).transpose(1, 2).clamp(-1, 1)
