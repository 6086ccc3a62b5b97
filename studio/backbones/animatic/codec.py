"""The embedded model's codec: pictures to latents, and latents to frames with light and weather drawn over the scene.

Letters: B batch, C latent channels, n latent frames, h and w latent height and width, H and W pixel height and width, T frames.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.film_size import PATCH, latent_size, view_factor
from studio.backbones.animatic.picture_views import PictureStream
from studio.backbones.animatic.same_sums import bilinear
from studio.backbones.animatic.scene_picture import PictureMemory
from studio.backbones.animatic.scene_state import first_scene_state, write_scene_state
from studio.backbones.animatic.state import FilmState, interpolate_state, join_latents, split_latents, with_neutral_state
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.diffusion.codec import FrameStream


class AnimaticCodec:
    """The autoencoder for scenes. Light and weather, which are numbers in the latents' state, are drawn over the decoded frames."""

    def __init__(self, autoencoder: LappedAutoencoder, weather: WeatherSynthesis, large_group: int = GROUP) -> None:
        """Both modules must be on the same device. `large_group`: frames of a latent of large films."""
        self._large_group = large_group
        self.autoencoder = autoencoder
        self.weather = weather
        self.pixels_per_latent = PATCH
        self.pictures = PictureMemory(autoencoder)

    def latent_size(self, width: int, height: int) -> tuple[int, int]:
        """Height and width of the latents of frames of width x height pixels."""
        return latent_size(width, height)

    def encode(self, picture: Tensor) -> Tensor:
        """Start latent [1, C, 1, h, w] of a picture [1, 3, H, W] in [-1, 1], with a neutral state."""
        factor = view_factor(picture.shape[3], picture.shape[2])
        small = F.avg_pool2d(picture, factor) if factor > 1 else picture
        scene = self.autoencoder.encode(small.unsqueeze(2).to(self.autoencoder.components)).float()
        if factor == 1:
            return with_neutral_state(scene)
        latent = with_neutral_state(scene.half().float())
        write_scene_state(latent, first_scene_state(latent))
        return latent

    def decode(self, latents: Tensor) -> Tensor:
        """All frames [B, 3, 1 + 4 k, H, W] of a film's latents [B, C, 1 + k, h, w], at once."""
        first = latents[:, :, :1]
        opening = self.decode_next(first, first)[:, :, -1:]
        return opening if latents.shape[2] == 1 else torch.cat([opening, self.decode_next(latents[:, :, 1:], first)], dim=2)

    def decode_next(self, latents: Tensor, previous: Tensor) -> Tensor:
        """Frames [B, 3, 4 n, H, W] of latents [B, C, n, h, w] that follow `previous` [B, C, 1, h, w].

        One latent at a time, so that the frames have the same bits however a film is divided into calls.
        """
        line = torch.cat([previous, latents], dim=2)
        return torch.cat([self._group(line[:, :, at : at + 2]) for at in range(latents.shape[2])], dim=2)

    def decode_apart(self, latents: Tensor) -> Tensor:
        """See `ChangesFrames`: four frames of each latent, in its light but without weather. Not for large films."""
        scene, state = split_latents(latents)
        groups = [self.autoencoder.decode_group(scene[:, :, at].to(self.autoencoder.components)) for at in range(scene.shape[2])]
        return apply_light(torch.cat(groups, dim=2).float(), _for_each_frame(state.light))

    def encode_apart(self, frames: Tensor, like: Tensor) -> Tensor:
        """See `ChangesFrames`: the scene without its light, beside the state of the latents `like`."""
        state = split_latents(like)[1]
        groups = apply_light(frames, -_for_each_frame(state.light)).to(self.autoencoder.components).split(GROUP, dim=2)
        scene = torch.stack([self.autoencoder.encode_group(group.contiguous()) for group in groups], dim=2)
        return join_latents(scene.float(), state)

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> FrameStream:
        """A stream that continues after the newest latent of `recent` [1, C, T, h, w]. A large film is decoded with its psi."""
        if psi is not None and self.pictures.holds(psi):
            return PictureStream(
                self.pictures, self.weather, psi.to(self.autoencoder.components.device), recent[:, :, -1:], self._large_group)
        return AnimaticStream(self, recent[:, :, -1:])

    def preview(self, latents: Tensor) -> Tensor:
        """Small pictures [n, 3, 4 h, 4 w] in [-1, 1] of latents [1, C, n, h, w], with their light but without weather."""
        scene, state = split_latents(latents)
        small = self.autoencoder.preview(scene.to(self.autoencoder.components)).float()
        return apply_light(small, state.light)[0].movedim(1, 0).clamp(-1, 1)

    def _group(self, pair: Tensor) -> Tensor:
        """The four frames of the second of two latents [B, C, 2, h, w]. Light and weather begin as in the first."""
        scene, state = split_latents(pair)
        frames = self.autoencoder.decode_group(scene[:, :, 1].to(self.autoencoder.components)).float()
        now: FilmState = interpolate_state(state, GROUP)
        return self.weather(apply_light(frames, now.light), now.weather, now.clock).clamp(-1, 1)


class AnimaticStream:
    """Decodes a film latent by latent; its only memory is the newest latent."""

    piece: int | None = 1

    def __init__(self, codec: AnimaticCodec, newest: Tensor) -> None:
        """`newest`: [1, C, 1, h, w], the latent that the stream continues after."""
        self._codec = codec
        self._newest = newest

    def push(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, 4 n, H, W] in [-1, 1] of the next n latent frames [1, C, n, h, w]."""
        latents = latents.to(self._codec.autoencoder.components.device).float()
        frames = self._codec.decode_next(latents, self._newest.to(latents))
        self._newest = latents[:, :, -1:]
        return frames


def _for_each_frame(light: Tensor) -> Tensor:
    """The light of each latent, [B, n, 3, h, w], for each of its frames: [B, 4 n, 3, h, w]."""
    return light.repeat_interleave(GROUP, dim=1)


def apply_light(frames: Tensor, light: Tensor) -> Tensor:
    """Frames [B, 3, T, H, W] in [-1, 1] with their colours multiplied by exp(light), light [B, T, 3, h, w]."""
    if not bool(light.any()):
        return frames
    gain = bilinear(light.flatten(0, 1), *frames.shape[-2:]).exp()
    return (frames + 1) * gain.unflatten(0, light.shape[:2]).transpose(1, 2) - 1
