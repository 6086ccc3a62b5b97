"""The embedded model's backbone: a small transformer that predicts motion, light and weather, and frames composed from them.

The transformer is diffusers' FramePack transformer at small size, with the packed context of the large one. A network of this size
cannot carry a picture through its tokens, so it need not. For each latent frame it predicts the camera's motion, the scene's own
motion, light and weather, and new content where no source shows anything (`Heads`; the strength of the wind is read from the
prompt). Frames are composed from the frames in the snapshot (`composition`) and encoded. Where none of these shows a place, the
long-term memory is queried (`place_memory`); a memory that cannot be queried joins the transformer's context, as in the paper
(`ContextMemory`). All of it together is one estimate of x_0, so section loop and schedule see a velocity as from any model.

Letters: B batch, C scene channels, D drawn channels, W window, h and w latent height and width, E width of the pooled feature.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.blend import blend_heads, pace
from studio.backbones.animatic.composition import Source, compose, recalled_share
from studio.backbones.animatic.heads import DRAWN_CHANNELS, WIND_REACH, Heads, read_heads, wind_flow
from studio.backbones.animatic.network_channels import network_context, network_input
from studio.backbones.animatic.place_memory import PlaceMemory
from studio.backbones.animatic.same_sums import CONVOLUTIONS, FEW_COLUMNS, layer_products, same_on_any_threads
from studio.backbones.animatic.scene_picture import PictureMemory
from studio.backbones.animatic.scene_section import SceneSection
from studio.backbones.animatic.scene_state import write_scene_state
from studio.backbones.animatic.state import (
    STATE_CHANNELS,
    FilmState,
    concatenate_states,
    interpolate_state,
    join_latents,
    split_latents,
)
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion.backbone import Conditioning
from studio.diffusion.blend import SectionBlend
from studio.memory.framepack import PackedContext

TRUST = 0.15
"""Factor on the deviation in the weight k of x_t, see `AnimaticBackbone`."""
RECOMPOSE_ABOVE = 0.125
"""Cells of motion from which on the frames are composed again."""
ZOOM_REACH = 8.0
"""Cells from the frame's middle at which a zoom is compared with a pan."""
OLDER_FRAMES = (-7, -13, -19)
"""Latents of the history that are decoded as sources, besides the newest one."""
EXTRA_SOURCES = frozenset({"older", "start"})
"""Sources besides the newest frame: `OLDER_FRAMES` of the history, and the film's first frame."""


class AnimaticBackbone(FramePackBackbone):
    """x_0 of a section: composed frames, encoded, and in the D drawn channels new content where no source shows anything.

    It is a FramePackBackbone because its transformer is FramePack's, with the same psi input, step cache and LoRA layers.

    For the drawn channels the estimate is the preconditioning of Karras et al. (2206.00364, section 5), for a flow with a known
    base:

        x_0 = base + k (x_t - (1 - sigma) base) + c F,   k = (1 - sigma) V / U,   c = sigma sqrt(V / U),
        U = (1 - sigma)^2 V + sigma^2,

    where F is the network's output, and V the variance of (x_0 - base) where no source shows anything, 0 elsewhere. In k, V is
    reduced by the factor `TRUST`^2, which is ours: a small network cannot remove all the noise that k would let in.
    """

    deviation: Tensor

    def __init__(
        self, transformer: HunyuanVideoFramepackTransformer3DModel, autoencoder: LappedAutoencoder, deviation: Tensor
    ) -> None:
        """`deviation`: [D] sqrt(V) of each drawn channel."""
        super().__init__(transformer)
        self.autoencoder = autoencoder
        self.register_buffer("deviation", deviation.float(), persistent=False)  # [D], sqrt of V
        self.wind_weights: Tensor | None = None     # [E + 1] strength of the wind, linear in the prompt's pooled feature [E]
        self.memory: PlaceMemory | None = None      # queries psi by place; None: psi joins the transformer's context
        self.pictures = PictureMemory(autoencoder)  # reads psi of a large film
        self.extra_sources: frozenset[str] = EXTRA_SOURCES
        self._sources: tuple[PackedContext, _SectionSources] | None = None
        self._blend: SectionBlend | None = None

    @property
    def channels(self) -> int:
        """C + 10: the scene's channels and the state's."""
        return self.autoencoder.channels + STATE_CHANNELS

    @property
    def source_count(self) -> int | None:
        """How many frames the newest section may be composed from; None before the first section."""
        return None if self._sources is None else 1 + len(self._sources[1].older)

    @property
    def stopped_at_edge(self) -> bool:
        """Whether the picture's edge stopped the camera in the newest section."""
        return self._sources is not None and self._sources[1].scene is not None and self._sources[1].scene.stopped

    def ignores_threads(self, loras: bool) -> bool:
        """See `IgnoresThreads`."""
        return same_on_any_threads(layer_products(self.transformer) + CONVOLUTIONS + (FEW_COLUMNS if loras else ()))

    def recalled_pixels(self) -> Tensor | None:
        """See `RecallsPlaces`."""
        sources = None if self._sources is None else self._sources[1]
        if sources is None or sources.scene is not None or sources.composition is None or self.memory is None:
            return None
        made, (height, width) = sources.composition, sources.newest.frame.shape[-2:]
        if made.pose is None or made.motion is None or sources.psi is None:       # nothing moves: the newest frame again
            return torch.zeros(GROUP * made.camera.shape[1], height, width, dtype=torch.bool)
        recall = partial(self.memory.recall_source, sources.psi, made.pose, *made.flow.shape[-2:])
        with torch.no_grad():
            return recalled_share(sources.newest, sources.older, made.pose, made.motion, recall)[0] > 0.5

    def forward(
        self, x: Tensor, timestep: Tensor, packed: PackedContext, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """Velocity of x_t [B, C + 10, W, h, w], float32. Arguments as for every `Backbone`; guidance is not used."""
        sigma = (timestep.float() / 1000).clamp(min=1e-3)
        if self._sources is None or self._sources[0] is not packed:
            # Once per section: its history does not change.
            self._sources = (packed, self._read_scene(packed, x, psi, conditioning) or self._read_sources(packed, x, psi))
        sources = self._sources[1]
        context_psi = psi if self.memory is None else None
        heads = self.predict_heads(x[:, :DRAWN_CHANNELS], sigma, packed, conditioning, context_psi).suppress_small()
        if self._blend is not None:
            heads = blend_heads(heads, pace(packed.history_2x[:, :, -1:], packed.clean[:, :, -1:]), self._blend)
        if sources.scene is not None:       # a large film: its frames are views of a picture that does not change
            heads = sources.scene.stop_camera(heads)
        return (x.float() - self.estimate(x, sigma, heads, sources)) / sigma.view(-1, 1, 1, 1, 1)

    @contextmanager
    def blend(self, blend: SectionBlend) -> Iterator[None]:
        """A context for the steps of one section that lies in a blend: light, weather and the camera's pace ease over it."""
        self._blend = blend
        try:
            yield
        finally:
            self._blend = None

    def predict_heads(
        self, drawn: Tensor, sigma: Tensor, packed: PackedContext, conditioning: Conditioning, psi: Tensor | None = None
    ) -> Heads:
        """The network's prediction.

        Args:
            drawn: [B, D, W, h, w] the drawn channels of x_t.
            sigma: [B].
            packed, conditioning: as for every `Backbone`.
            psi: joins the transformer's context.
        """
        context = network_context(packed)
        prediction = self.run_transformer(network_input(drawn, packed), 1000 * sigma, context, conditioning, psi=psi).float()
        heads = read_heads(prediction)
        if self.wind_weights is None:
            return heads
        pooled, weights = conditioning.pooled.float(), self.wind_weights.to(conditioning.pooled.device)
        return replace(heads, wind=pooled @ weights[:-1] + weights[-1])

    def estimate(self, x: Tensor, sigma: Tensor, heads: Heads, sources: _SectionSources) -> Tensor:
        """The clean latents x_0 [B, C + 10, W, h, w] estimated from x_t, sigma [B], the heads and the section's sources."""
        if sources.composition is None or sources.composition.distance(heads) > RECOMPOSE_ABOVE:
            sources.composition = self._compose(heads, sources)
        composition = sources.composition
        deviation = self.deviation.view(1, -1, 1, 1, 1) * (1 - composition.known)
        base = composition.scene[:, :DRAWN_CHANNELS]
        drawn = precondition(x[:, :DRAWN_CHANNELS].float(), sigma.view(-1, 1, 1, 1, 1), base, heads.drawn, deviation)
        state = replace(heads, camera=composition.camera).film_state(sources.state)
        x_0 = join_latents(torch.cat([drawn, composition.scene[:, DRAWN_CHANNELS:]], dim=1), state)
        if sources.scene is not None:
            write_scene_state(x_0, sources.scene.state(replace(heads, camera=composition.camera, wind=composition.wind)))
        return x_0

    def round_latents(self, latents: Tensor, psi: Tensor | None) -> Tensor:
        """A large film's scene is exact in float16 and its state in steps of 1 / 4096; others are as they were."""
        if psi is None or not self.pictures.holds(psi):
            return latents
        scene, state = split_latents(latents)
        return join_latents(scene.half().float(), state)

    def _compose(self, heads: Heads, sources: _SectionSources) -> _Composition:
        """The section's frames, composed from its sources and encoded."""
        if sources.still_scene is not None and not heads.moves():
            scene = sources.still_scene.expand(-1, -1, heads.camera.shape[1], -1, -1)
            return _Composition(heads.camera, heads.flow, heads.wind, scene, torch.ones_like(scene[:, :1]))
        pose = interpolate_state(concatenate_states(sources.state, heads.film_state(sources.state)), GROUP).pose
        recall = None
        if sources.scene is None and sources.psi is not None and self.memory is not None:
            recall = partial(self.memory.recall_source, sources.psi, pose, *heads.flow.shape[-2:])
        flow = _interpolate_flow(heads.flow)
        flow = flow + wind_flow(heads.wind, flow.shape[1], *flow.shape[-2:])
        if sources.scene is not None:
            frames = sources.scene.frames(heads, flow)
            known = torch.ones_like(flow[:, None, :, 0])
        else:
            frames, known = compose(sources.newest, sources.older, pose, flow, recall)
        groups = frames.unflatten(2, (-1, GROUP)).transpose(1, 2).flatten(0, 1)
        scene = self.autoencoder.encode_group(groups.contiguous()).unflatten(0, (len(frames), -1)).transpose(1, 2)
        known = known.unflatten(2, (-1, GROUP)).mean(dim=3)
        return _Composition(heads.camera, heads.flow, heads.wind, scene, known, pose, flow)

    def _read_scene(
        self, packed: PackedContext, x: Tensor, psi: Tensor | None, conditioning: Conditioning
    ) -> _SectionSources | None:
        """The scene that psi holds, the only source of a large film; None for films of the trained size."""
        if psi is None or not self.pictures.holds(psi):
            return None
        state = _with_clock(split_latents(packed.clean[:, :, -1:])[1], x)
        scene = SceneSection(self.pictures, psi, packed.clean[:, :, -1:], state, conditioning)
        return _SectionSources(scene.newest(), [], state, None, psi, scene=scene)

    def _read_sources(self, packed: PackedContext, x: Tensor, psi: Tensor | None) -> _SectionSources:
        """Decode the frames that the section will be composed from."""
        recent = torch.cat([packed.history_4x, packed.history_2x, packed.clean[:, :, -1:]], dim=2)
        newest = self._source(recent[:, :, -1:])
        filled = [at for at in OLDER_FRAMES if "older" in self.extra_sources and bool(recent[:, :, at].any())]
        older = [self._source(recent[:, :, at].unsqueeze(2)) for at in filled]
        state = split_latents(recent[:, :, -1:])[1]
        state = _with_clock(state, x)
        scene, before = (split_latents(recent[:, :, at : at + 1 or None])[0].float() for at in (-1, -2))
        still = not bool(before.any()) or torch.allclose(scene, before, atol=1e-4)
        start = [self._source(packed.clean[:, :, :1])] if "start" in self.extra_sources else []
        return _SectionSources(newest, [*older, *start], state, scene if still else None, psi)

    def _source(self, latent: Tensor) -> Source:
        """The last frame of a latent [B, C + 10, 1, h, w], with its pose."""
        scene, state = split_latents(latent)
        like = self.autoencoder.components
        return Source(self.autoencoder.decode_group(scene[:, :, 0].to(like))[:, :, -1].float(), state.pose[:, 0])


@dataclass(frozen=True)
class _Composition:
    """A section's scene, composed for one motion of camera, scene and wind."""

    camera: Tensor     # [B, W, 3], see `Heads`
    flow: Tensor       # [B, W, 2, h, w]
    wind: Tensor       # [B]
    scene: Tensor      # [B, C, W, h, w] the encoded frames
    known: Tensor      # [B, 1, W, h, w] share of each cell that a source shows; the rest is mirrored
    pose: Tensor | None = None     # [B, T, 3] of each frame; None: the newest frame's
    motion: Tensor | None = None   # [B, T, 2, h, w] of the scene and the wind in each frame, in cells; None: there is none

    def distance(self, heads: Heads) -> float:
        """The largest distance in cells between where these frames were looked up and where `heads` would look them up."""
        camera = (heads.camera - self.camera).abs().amax(dim=(0, 1))
        flow, wind = (heads.flow - self.flow).abs().amax(), (heads.wind - self.wind).abs().amax()
        return float(camera[:2].amax() + ZOOM_REACH * camera[2] + flow + WIND_REACH * wind)


@dataclass
class _SectionSources:
    """What a section continues from, and its composition.

    Composition is slow and the motion hardly changes after the first steps, so the composition is cached.
    """

    newest: Source
    older: list[Source]
    state: FilmState                # of the newest frame
    still_scene: Tensor | None      # [B, C, 1, h, w] the newest scene where nothing moved: encoding it again would lose detail
    psi: Tensor | None              # [B, M, D] the long-term memory
    scene: SceneSection | None = None       # of a large film
    composition: _Composition | None = None


def _with_clock(state: FilmState, x: Tensor) -> FilmState:
    """The newest frame's state. Weather that begins in this section gets a clock, and so a pattern, from the noise x."""
    return state if bool(state.weather.any()) else replace(state, clock=x[:, -1, 0, 0, :1].float() * 1000)


def precondition(x: Tensor, sigma: Tensor, base: Tensor, output: Tensor, deviation: Tensor) -> Tensor:
    """x_0 from x_t, sigma, the base, the network's output F and the deviation sqrt(V); see `AnimaticBackbone`."""
    variance = (TRUST * deviation) ** 2
    k = (1 - sigma) * variance / ((1 - sigma) ** 2 * variance + sigma**2)
    c = sigma * deviation * ((1 - sigma) ** 2 * deviation**2 + sigma**2).rsqrt()
    return base + k * (x - (1 - sigma) * base) + c * output.float()


def _interpolate_flow(flow: Tensor) -> Tensor:
    """Flow [B, W, 2, h, w] of the latents, linearly interpolated for every frame from 0 at the newest: [B, 4 W, 2, h, w]."""
    ends = F.pad(flow, (0, 0, 0, 0, 0, 0, 1, 0))
    share = (torch.arange(1, GROUP + 1, device=flow.device) / GROUP).view(1, 1, -1, 1, 1, 1)
    return (ends[:, :-1].unsqueeze(2) + share * (ends[:, 1:] - ends[:, :-1]).unsqueeze(2)).flatten(1, 2)
