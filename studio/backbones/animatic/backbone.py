"""The embedded model's backbone: a small transformer that says how the film goes on, and frames composed as it says.

The network is diffusers' FramePack transformer at small size, with the packed context of the large one. A network of this size
cannot carry a picture through its tokens, so it does not have to: it says, for each latent frame, the camera's way, the scene's
own movement, light and weather, and what is new where nothing was seen (`Heads`; how hard the wind blows, the prompt says). Frames
are composed from those in the snapshot (`composition`) and encoded. What no frame in the snapshot shows any more, the long-term
memory is asked for (`places`); one that cannot be asked joins the network's context, as in the paper (`ContextMemory`). All of it
is one estimate of x, so section loop and schedule see a velocity as from any model.
Letters: B batch, C scene channels, D drawn ones, W window, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.composition import Source, compose
from studio.backbones.animatic.heads import DRAWN_CHANNELS, WIND_REACH, Heads, read_heads, wind_flow
from studio.backbones.animatic.place_memory import PlaceMemory
from studio.backbones.animatic.state import STATE_CHANNELS, FilmState, interpolate_state, join_latents, split_latents
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion.backbone import Conditioning
from studio.memory.framepack import PackedContext
from studio.memory.protocol import ConditioningFeatures
from studio.memory.semantic_pack import SemanticPack

VISIBLE_CHANNELS = 48
"""Channels of the scene that the network sees."""
INPUT_CHANNELS = DRAWN_CHANNELS + VISIBLE_CHANNELS + 6 + 3
MEMORY_CHANNELS = VISIBLE_CHANNELS + STATE_CHANNELS
TRUST = 0.15
"""Share of the deviation by which x_t is trusted."""
RECOMPOSE_ABOVE, ZOOM_REACH = 0.125, 8.0
"""Frames are composed again when they would change by more than so many cells; a magnification is felt so far from the middle."""
OLDER_FRAMES = (-7, -13, -19)
"""Which recent latents are looked up beside the newest and the start."""
EXTRA_SOURCES = frozenset({"older", "start"})
"""What frames are composed from beside the newest one: older ones of the packed context, and the film's first."""


class AnimaticBackbone(FramePackBackbone):
    """x of a section as composed frames, encoded, plus what is drawn where nothing was seen.

    For the drawn channels the estimate is the preconditioning of Karras et al. (2206.00364, section 5) for a flow of known base:

        x = base + k (x_t - (1 - sigma) base) + c F,   k = (1 - sigma) V / U,   c = sigma sqrt(V / U),
        U = (1 - sigma)^2 V + sigma^2,

    where V is the variance of (x - base) where nothing was seen, and 0 where something was, and F the network's output. In k the
    deviation is told as smaller than it is (`TRUST`): a small network cannot take all of the noise away again.
    """

    deviation: Tensor

    def __init__(
        self, transformer: HunyuanVideoFramepackTransformer3DModel, autoencoder: LappedAutoencoder, deviation: Tensor
    ) -> None:
        super().__init__(transformer)
        self.autoencoder = autoencoder
        self.register_buffer("deviation", deviation.float(), persistent=False)  # [D], sqrt of V
        self.wind_weights: Tensor | None = None     # [E + 1] strength of the wind, linear in the prompt's pooled feature [E]
        self.memory: PlaceMemory | None = None      # how psi is asked for places; without it psi joins the context
        self.extra_sources: frozenset[str] = EXTRA_SOURCES
        self._sources: tuple[PackedContext, _SectionSources] | None = None

    @property
    def channels(self) -> int:
        return self.autoencoder.channels + STATE_CHANNELS

    @property
    def source_count(self) -> int | None:
        """How many frames the newest section may be composed from; None before the first section."""
        return None if self._sources is None else 1 + len(self._sources[1].older)

    def forward(
        self, x: Tensor, timestep: Tensor, packed: PackedContext, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """Velocity of x_t [B, C + 10, W, h, w], float32; arguments as for every backbone."""
        sigma = (timestep.float() / 1000).clamp(min=1e-3)
        if self._sources is None or self._sources[0] is not packed:
            self._sources = (packed, self._read_sources(packed, x, psi))      # once a section: the frames behind it do not change
        seen = self._sources[1]
        context_psi = psi if self.memory is None else None
        heads = self.predict_heads(x[:, :DRAWN_CHANNELS], sigma, packed, conditioning, context_psi).suppress_small()
        return (x.float() - self.estimate(x, sigma, heads, seen)) / sigma.view(-1, 1, 1, 1, 1)

    def predict_heads(
        self, drawn: Tensor, sigma: Tensor, packed: PackedContext, conditioning: Conditioning, psi: Tensor | None = None
    ) -> Heads:
        """What the network says; `drawn` [B, D, W, h, w] are the drawn channels of x_t, sigma [B]; psi joins its context."""
        said = self.network(network_input(drawn, packed), 1000 * sigma, network_context(packed), conditioning, psi=psi).float()
        heads = read_heads(said)
        if self.wind_weights is None:
            return heads
        pooled, breeze = conditioning.pooled.float(), self.wind_weights.to(conditioning.pooled.device)
        return replace(heads, wind=pooled @ breeze[:-1] + breeze[-1])

    def estimate(self, x: Tensor, sigma: Tensor, heads: Heads, seen: _SectionSources) -> Tensor:
        """x [B, C + 10, W, h, w] as the heads say."""
        if seen.composed is None or seen.composed.apart(heads) > RECOMPOSE_ABOVE:
            seen.composed = self._compose(heads, seen)
        composed = seen.composed
        deviation = self.deviation.view(1, -1, 1, 1, 1) * (1 - composed.known)
        drawn = precondition(
            x[:, :DRAWN_CHANNELS].float(), sigma.view(-1, 1, 1, 1, 1), composed.scene[:, :DRAWN_CHANNELS], heads.drawn, deviation)
        state = replace(heads, camera=composed.camera).film_state(seen.state)
        return join_latents(torch.cat([drawn, composed.scene[:, DRAWN_CHANNELS:]], dim=1), state)

    def _compose(self, heads: Heads, seen: _SectionSources) -> _Composition:
        """The section's frames from those that were seen, encoded."""
        if seen.still is not None and not bool(heads.camera.any()) and not bool(heads.flow.any()) and not bool(heads.wind.any()):
            scene = seen.still.expand(-1, -1, heads.camera.shape[1], -1, -1)
            return _Composition(heads.camera, heads.flow, heads.wind, scene, torch.ones_like(scene[:, :1]))
        pose = interpolate_state(follow(seen.state, heads.film_state(seen.state)), GROUP).pose
        remembered = None
        if seen.psi is not None and self.memory is not None:
            remembered = partial(self.memory.recall_source, seen.psi, pose, *heads.flow.shape[-2:])
        flow = _interpolate_flow(heads.flow)
        flow = flow + wind_flow(heads.wind, flow.shape[1], *flow.shape[-2:])
        frames, known = compose(seen.newest, seen.older, pose, flow, remembered)
        groups = frames.unflatten(2, (-1, GROUP)).transpose(1, 2).flatten(0, 1)
        scene = self.autoencoder.encode_group(groups.contiguous()).unflatten(0, (len(frames), -1)).transpose(1, 2)
        known = known.unflatten(2, (-1, GROUP)).mean(dim=3)
        return _Composition(heads.camera, heads.flow, heads.wind, scene, known)

    def _read_sources(self, packed: PackedContext, x: Tensor, psi: Tensor | None) -> _SectionSources:
        """Decode the frames that the section will be composed from."""
        recent = torch.cat([packed.history_4x, packed.history_2x, packed.clean[:, :, -1:]], dim=2)
        newest = self._source(recent[:, :, -1:])
        written = [at for at in OLDER_FRAMES if "older" in self.extra_sources and bool(recent[:, :, at].any())]
        older = [self._source(recent[:, :, at].unsqueeze(2)) for at in written]
        state = split_latents(recent[:, :, -1:])[1]
        if not bool(state.weather.any()):      # a new shower: its pattern is this section's own
            state = FilmState(state.pose, state.light, state.weather, x[:, -1, 0, 0, :1].float() * 1000)
        scene, before = (split_latents(recent[:, :, at : at + 1 or None])[0].float() for at in (-1, -2))
        still = not bool(before.any()) or torch.allclose(scene, before, atol=1e-4)
        start = [self._source(packed.clean[:, :, :1])] if "start" in self.extra_sources else []
        return _SectionSources(newest, [*older, *start], state, scene if still else None, psi)

    def _source(self, latent: Tensor) -> Source:
        scene, state = split_latents(latent)
        like = self.autoencoder.components
        return Source(self.autoencoder.decode_group(scene[:, :, 0].to(like))[:, :, -1].float(), state.pose[:, 0])


class ContextMemory(nn.Module):
    """A `Memory` as the paper has it: psi joins the network's context. It is given of a section what the network sees."""

    def __init__(self, pack: SemanticPack) -> None:
        super().__init__()
        self.pack = pack

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0, [B, M, D]."""
        return self.pack.begin(conditioning)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} from psi_n [B, M, D] and the section's latents [B, C + 10, T, h, w]."""
        return self.pack.update(psi, memory_input(latents))

    def view(self, psi: Tensor, recent: Tensor) -> None:
        """None: psi's tokens are features, not places, and cannot be shown."""


@dataclass(frozen=True)
class _Composition:
    """A section's scene as composed for one way and flow."""

    camera: Tensor        # [B, W, 3]
    flow: Tensor       # [B, W, 2, h, w]
    wind: Tensor       # [B]
    scene: Tensor      # [B, C, W, h, w]
    known: Tensor      # [B, 1, W, h, w]

    def apart(self, heads: Heads) -> float:
        """By how many cells the frames would be looked up elsewhere now, at most."""
        way = (heads.camera - self.camera).abs().amax(dim=(0, 1))
        flow, wind = (heads.flow - self.flow).abs().amax(), (heads.wind - self.wind).abs().amax()
        return float(way[:2].amax() + ZOOM_REACH * way[2] + flow + WIND_REACH * wind)


@dataclass
class _SectionSources:
    """What a section goes on from; and its frames, once composed: the way is settled in the first steps, and composing is dear."""

    newest: Source
    older: list[Source]
    state: FilmState
    still: Tensor | None    # [B, C, 1, h, w] the newest scene if it stands: encoded again and again it would wear off
    psi: Tensor | None      # [B, M, D] the long-term memory
    composed: _Composition | None = None


def network_input(drawn: Tensor, packed: PackedContext) -> Tensor:
    """The network's view of the section in flight [B, INPUTS, W, h, w]: x_t, and the newest frame's scene, light and weather."""
    newest = _visible(packed.clean[:, :, -1:])
    window = drawn.shape[2]
    return add_coordinates(torch.cat([drawn.to(newest), newest.expand(-1, -1, window, -1, -1)], dim=1), packed.index)


def network_context(packed: PackedContext) -> PackedContext:
    """The packed context as the network sees it."""

    def part(latents: Tensor, index: Tensor) -> Tensor:
        shown = _visible(latents)
        return add_coordinates(F.pad(shown, (0, 0, 0, 0, 0, 0, DRAWN_CHANNELS, 0)), index)

    return PackedContext(
        part(packed.clean, packed.clean_index), packed.clean_index,
        part(packed.history_2x, packed.history_2x_index), packed.history_2x_index,
        part(packed.history_4x, packed.history_4x_index), packed.history_4x_index,
        packed.index,
    )


def memory_input(latents: Tensor) -> Tensor:
    """Of latents [B, C + 10, T, h, w] what the network sees, [B, NOTICED, T, h, w]: the coarse scene, and the state."""
    return torch.cat([latents[:, :VISIBLE_CHANNELS], latents[:, -STATE_CHANNELS:]], dim=1)


def _visible(latents: Tensor) -> Tensor:
    """Coarse scene, light and weather of latents, [B, SEEN + 6, T, h, w]."""
    scene, state = latents[:, :VISIBLE_CHANNELS], latents[:, -STATE_CHANNELS:]
    return torch.cat([scene, state[:, 3:9]], dim=1)


def add_coordinates(latents: Tensor, index: Tensor) -> Tensor:
    """Latents with frame, row and column as three more channels: rotary phases alone are slow to teach how far, and where."""
    b, _, t, h, w = latents.shape
    frame = (index.to(latents) / 10 - 2).view(1, 1, t, 1, 1).expand(b, 1, t, h, w)
    row = ((torch.arange(h, device=latents.device) - (h - 1) / 2) / 8).to(latents).view(1, 1, 1, h, 1).expand(b, 1, t, h, w)
    column = ((torch.arange(w, device=latents.device) - (w - 1) / 2) / 8).to(latents).view(1, 1, 1, 1, w).expand(b, 1, t, h, w)
    return torch.cat([latents, frame, row, column], dim=1)


def precondition(x: Tensor, sigma: Tensor, base: Tensor, output: Tensor, deviation: Tensor) -> Tensor:
    """x from x_t, the base, the network's output F and the deviation of (x - base); see the class."""
    told = (TRUST * deviation) ** 2
    wiener = (1 - sigma) * told / ((1 - sigma) ** 2 * told + sigma**2)
    scale = sigma * deviation * ((1 - sigma) ** 2 * deviation**2 + sigma**2).rsqrt()
    return base + wiener * (x - (1 - sigma) * base) + scale * output.float()


def follow(before: FilmState, after: FilmState) -> FilmState:
    """A state [B, 1] and those that follow it [B, W], as one."""
    return FilmState(
        torch.cat([before.pose, after.pose], 1), torch.cat([before.light, after.light], 1),
        torch.cat([before.weather, after.weather], 1), torch.cat([before.clock, after.clock], 1),
    )


def _interpolate_flow(flow: Tensor) -> Tensor:
    """Flow [B, W, 2, h, w] at every frame, [B, 4 W, 2, h, w], from none at the newest frame."""
    ends = F.pad(flow, (0, 0, 0, 0, 0, 0, 1, 0))
    share = (torch.arange(1, GROUP + 1, device=flow.device) / GROUP).view(1, 1, -1, 1, 1, 1)
    return (ends[:, :-1].unsqueeze(2) + share * (ends[:, 1:] - ends[:, :-1]).unsqueeze(2)).flatten(1, 2)
