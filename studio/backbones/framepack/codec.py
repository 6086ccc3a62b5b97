"""HunyuanVideo's codec, decoding section by section.

Letters: C latent channels, n latent frames, h and w latent height and width, H and W pixel height and width.
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderKLHunyuanVideo
from torch import Tensor

from studio.backbones.large_codec import LargeCodec, PreviewMethod
from studio.diffusion.codec import FrameStream


class HunyuanCodec(LargeCodec):
    """HunyuanVideo's autoencoder. Frames are decoded in temporal tiles of 5 latents every 3, so a section of 9 is 3 new tiles."""

    def __init__(self, autoencoder: AutoencoderKLHunyuanVideo, window: int, previews: PreviewMethod | None = None) -> None:
        """Wrap an autoencoder.

        Args:
            autoencoder: diffusers' HunyuanVideo autoencoder.
            window: latent frames per section.
            previews: how previews are made; None: by `rough_preview`.

        Raises:
            ValueError: a section is not a whole number of temporal tiles.
        """
        super().__init__(autoencoder, int(autoencoder.spatial_compression_ratio), previews)
        self.stride = autoencoder.tile_sample_stride_num_frames // autoencoder.temporal_compression_ratio
        if window % self.stride:
            raise ValueError(f"a window of {window} latent frames is not a whole number of temporal tiles of {self.stride}")

    def encode(self, picture: Tensor) -> Tensor:
        """Start latent [1, C, 1, h, w] of a picture [1, 3, H, W] in [-1, 1]."""
        pixels = picture.unsqueeze(2).to(self.autoencoder.device, self.autoencoder.dtype)
        with self.without_tiles():
            # The mode, where the stock pipeline draws a sample: the same picture must always give the same latent.
            latents = self.autoencoder.encode(pixels).latent_dist.mode()
        return (latents * self.autoencoder.config.scaling_factor).float()

    @property
    def frames_before(self) -> int:
        """A temporal tile, and the frame from which its first latent goes on."""
        return 1 + int(self.autoencoder.tile_sample_stride_num_frames)

    def encode_next(self, frames: Tensor, before: Tensor) -> Tensor:
        """Latents [1, C, n, h, w] of the next 4 n frames [1, 3, 4 n, H, W] in [-1, 1] after `before` [1, 3, 1 + 4 k, H, W].

        diffusers encodes in temporal tiles of 17 frames every 12, each blended over the end of the one before. With a tile before
        them, the latents have the bits of the one-shot encoding of the film up to these frames; in that of a longer film the last
        tile is longer, so the last three differ slightly.
        """
        pixels = torch.cat([before, frames], dim=2).to(self.autoencoder.device, self.autoencoder.dtype)
        count = frames.shape[2] // self.autoencoder.temporal_compression_ratio
        latents = self.autoencoder.encode(pixels).latent_dist.mode()[:, :, -count:]
        return (latents * self.autoencoder.config.scaling_factor).float()

    def decode_apart(self, latents: Tensor) -> Tensor:
        """See `ChangesFrames`: 4 n - 3 frames of n latents, as of a film that begins with them."""
        scaled = latents.to(self.autoencoder.device, self.autoencoder.dtype) / self.autoencoder.config.scaling_factor
        frames: Tensor = self.autoencoder.decode(scaled).sample
        return frames.float()

    def encode_apart(self, frames: Tensor, like: Tensor) -> Tensor:
        """See `ChangesFrames`."""
        latents = self.autoencoder.encode(frames.to(self.autoencoder.device, self.autoencoder.dtype)).latent_dist.mode()
        return (latents * self.autoencoder.config.scaling_factor).float()

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> FrameStream:
        """A stream that continues after the latents `recent` [1, C, T, h, w], when `sections` sections are finished."""
        return HunyuanStream(self.autoencoder, recent, self.stride, begun=sections > 0, previews=self.previews)


class HunyuanStream:
    """diffusers' temporal tiling, tile by tile: each new tile is blended over the end of the tile before.

    By hand, because diffusers decodes a whole film only. The frames of each section have the bits of the one-shot decode of the
    film up to its end. In the one-shot decode of a longer film that last tile is longer, so its frames differ slightly (the
    decoder's group norms run over the whole tile); a clip does not wait for that.
    """

    piece: int | None = None

    def __init__(
        self, autoencoder: AutoencoderKLHunyuanVideo, recent: Tensor, stride: int, begun: bool,
        previews: PreviewMethod | None = None,
    ) -> None:
        """A stream after the latents `recent`.

        Args:
            autoencoder: decodes.
            recent: [1, C, T, h, w].
            stride: latents from one temporal tile to the next.
            begun: whether a section is finished already.
            previews: learn from what is decoded.
        """
        self._autoencoder = autoencoder
        self._previews = previews
        self._stride = stride
        self._size = autoencoder.tile_sample_min_num_frames // autoencoder.temporal_compression_ratio
        self._overlap = autoencoder.tile_sample_min_num_frames - autoencoder.tile_sample_stride_num_frames
        # The last tile before the section is decoded again, now one latent longer, to blend over its end.
        keep = stride + 1 if begun else 1
        self._tail = recent[:, :, -keep:]

    def push(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, 4 n, H, W] in [-1, 1] of the next n latent frames [1, C, n, h, w], n a multiple of the stride."""
        context = torch.cat([self._tail.to(latents), latents], dim=2)
        first = self._tail.shape[2] > 1
        offset = self._stride if first else 0
        previous = self._decode(context[:, :, : self._size + 1]) if first else None
        out = []
        for at in range(offset, context.shape[2] - 1, self._stride):
            frames = self._decode(context[:, :, at : at + self._size + 1])[:, :, 1:]
            if previous is not None:
                frames = self._autoencoder.blend_t(previous, frames, self._overlap)
            out.append(frames[:, :, : self._stride * self._autoencoder.temporal_compression_ratio])
            previous = frames
        self._tail = context[:, :, -(self._stride + 1) :]
        frames = torch.cat(out, dim=2).float()
        if self._previews is not None:
            self._previews.learn(latents, frames)
        return frames

    def _decode(self, latents: Tensor) -> Tensor:
        """Frames of the latents of one temporal tile, in spatial tiles if the autoencoder is set to."""
        latents = latents.to(self._autoencoder.device, self._autoencoder.dtype) / self._autoencoder.config.scaling_factor
        if self._autoencoder.use_tiling:
            return self._autoencoder.tiled_decode(latents).sample
        return self._autoencoder.decoder(self._autoencoder.post_quant_conv(latents))
