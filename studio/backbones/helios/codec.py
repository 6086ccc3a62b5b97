"""Wan's codec as Helios uses it: every section is decoded by itself, and a film begins with a noisy picture.

Letters: C latent channels, n latent frames, h and w latent height and width, H and W pixel height and width.
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from studio.backbones.large_codec import LargeCodec, PreviewMethod

SEED = 0
"""Of the noise that is mixed into a film's beginning. It is always the same: the same picture must always give the same latents."""
NOISE = (0.111, 0.135)
"""Least and greatest share of that noise: the pipeline's own, and that of the histories which Helios was trained with."""


class WanCodec(LargeCodec):
    """Wan's autoencoder. A section of n latents is decoded to 4 (n - 1) + 1 frames, without a look at the section before it."""

    def __init__(self, autoencoder: AutoencoderKLWan, window: int, previews: PreviewMethod | None = None) -> None:
        """Wrap an autoencoder.

        Args:
            autoencoder: diffusers' Wan autoencoder.
            window: latent frames per section.
            previews: how previews are made; None: by `rough_preview`.
        """
        super().__init__(autoencoder, int(autoencoder.config.scale_factor_spatial), previews)
        self.window = window
        self.frames_per_latent = int(autoencoder.config.scale_factor_temporal)

    @property
    def section_frames(self) -> int:
        """Pixel frames of a section."""
        return (self.window - 1) * self.frames_per_latent + 1

    def encode(self, picture: Tensor) -> Tensor:
        """Start latent [1, C, 1, h, w] of a picture [1, 3, H, W] in [-1, 1], as a film begins with it."""
        return self.begin(picture)[0]

    def begin(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """See `BeginsFilms`. The newest latent is the last one of a section that shows the picture standing still."""
        return self.begin_with(picture, torch.Generator("cpu").manual_seed(SEED))

    def begin_with(self, picture: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """As `begin`, with all randomness from `generator`, in the order in which diffusers' pipelines draw it.

        Both latents are drawn from the encoder's distribution. Then noise is mixed in: x = sigma noise + (1 - sigma) x, with sigma
        uniform in `NOISE`.
        """
        frame = picture.unsqueeze(2).to(self.autoencoder.device, self.autoencoder.dtype)
        start = self._encode(frame, generator)
        newest = self._encode(frame.repeat(1, 1, self.section_frames, 1, 1), generator)[:, :, -1:]
        return _mix(start.float(), generator), _mix(newest.float(), generator)

    def _encode(self, frames: Tensor, generator: torch.Generator) -> Tensor:
        """Latents of frames, drawn from the encoder's distribution and standardized."""
        with self.without_tiles():
            latents = self.autoencoder.encode(frames).latent_dist.sample(generator=generator)
        mean, scale = self._statistics()
        return (latents - mean) * scale

    def _statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and inverse deviation of the autoencoder's latents, [1, C, 1, 1, 1] each: diffusion sees them standardized."""
        config, vae = self.autoencoder.config, self.autoencoder
        mean = torch.tensor(config.latents_mean).view(1, config.z_dim, 1, 1, 1)
        deviation = torch.tensor(config.latents_std).view(1, config.z_dim, 1, 1, 1)
        return mean.to(vae.device, vae.dtype), 1.0 / deviation.to(vae.device, vae.dtype)

    def decode(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, 4 (n - 1) + 1, H, W] in [-1, 1] of the latents [1, C, n, h, w] of a section."""
        mean, scale = self._statistics()
        scaled = latents.to(self.autoencoder.device, self.autoencoder.dtype) / scale + mean
        frames = self.autoencoder.decode(scaled, return_dict=False)[0].float()
        if self.previews is not None:
            # Previews learn four frames a latent: the first latent's one frame counts four times.
            first = frames[:, :, :1].expand(-1, -1, self.frames_per_latent - 1, -1, -1)
            self.previews.learn(latents, torch.cat([first, frames], dim=2))
        return frames

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> WanStream:
        """A stream; what precedes a section does not count."""
        return WanStream(self)


class WanStream:
    """Decodes section after section. It keeps nothing between them."""

    piece: int | None = None

    def __init__(self, codec: WanCodec) -> None:
        self._codec = codec

    def push(self, latents: Tensor) -> Tensor:
        """Frames of a whole section, see `WanCodec.decode`."""
        return self._codec.decode(latents)


def _mix(latents: Tensor, generator: torch.Generator) -> Tensor:
    """The latents with noise mixed in."""
    least, greatest = NOISE
    sigma = torch.rand(1, generator=generator) * (greatest - least) + least
    noise = torch.randn(latents.shape, generator=generator)
    return sigma.to(latents) * noise.to(latents) + (1 - sigma.to(latents)) * latents
