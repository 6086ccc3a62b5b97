"""A model continues a given past by one section: with the memory of that past, with the memory of another past, and without one.

The past is the true film, encoded, so that everything before the measured section is known exactly. Only psi differs between the
arms: reference image, recent window, prompt and noise are the same.
Letters: T frames, C latent channels, W window, h and w latent height and width, H and W pixel height and width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from studio.backbones.animatic.family import FAMILY as ANIMATIC
from studio.backbones.animatic.state import FilmState, join_latents, split_latents
from studio.backbones.film_model import FilmModel
from studio.backbones.registry import family_of
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.measure.journeys import MemoryCase, Past
from studio.lab.measure.pose_tracking import track_pose
from studio.lab.world import CELL
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot

TRUE, PAIRED, NONE = "true", "paired", "none"
ARMS = (TRUE, PAIRED, NONE)
"""psi of the film's own past, psi of the paired past, and no psi."""
BATCH = 9
"""Groups of frames encoded together."""


@dataclass(frozen=True)
class FilmedSection:
    """A section that a model filmed."""

    frames: Tensor              # [s, 3, H, W] in [0, 1]
    pose: Tensor                # [3] of its last frame's camera, from the film's state or by registration
    from_state: bool            # whether the pose is from the film's state
    sources: int | None = None  # frames that it may be composed from; None for a model that composes none


class SectionFilmer:
    """Films the last section of cases with a model."""

    def __init__(self, model: FilmModel) -> None:
        self.model = model
        self.name = model.card.name
        self.section_frames = model.card.section_frames
        self.has_memory = model.memory is not None

    @property
    def recent_frames(self) -> int:
        """Frames in the recent window."""
        return RECENT * self.section_frames // self.model.card.window

    @torch.no_grad()
    def film(self, case: MemoryCase) -> dict[str, FilmedSection]:
        """The case's last section by arm: all of ARMS if the model has a long-term memory, else NONE alone.

        Raises:
            ValueError: the frames' size does not suit the model, or its codec cannot encode clips.
        """
        own = self.snapshot(case.past)
        if not self.has_memory:
            return {NONE: self._film_next(case, own)}
        snapshots = arm_snapshots(own, self.snapshot(case.paired_past))
        return {arm: self._film_next(case, snapshots[arm]) for arm in ARMS}

    @torch.no_grad()
    def encode_and_decode_last(self, case: MemoryCase) -> Tensor:
        """The true last frame [3, H, W], encoded and decoded by the model's codec: the best that the model can show."""
        last = encode_past(self.model, Past(case.truth[-1:], case.pose[-1:], ()))
        still = last.expand(-1, -1, RECENT, -1, -1)
        frames = self.model.codec.stream(still, 0).push(still[:, :, : self.model.card.window])
        return _to_unit(frames)[-1]

    @torch.no_grad()
    def snapshot(self, past: Past) -> Snapshot:
        """The snapshot after a true film; psi is updated section by section, as it is while filming."""
        model = self.model
        film = encode_past(model, past)
        first = (past.frames[:1].float() / 127.5 - 1).to(model.device)
        snapshot = Snapshot.initial(film[:, :, :1], model.fingerprint)
        psi = None if model.memory is None else model.memory.begin(model.conditioner(past.prompts[0], first)).float()
        for number in range(len(past.prompts)):
            begin = 1 + number * model.card.window
            newest = film[:, :, begin : begin + model.card.window]
            if model.memory is not None and psi is not None:
                psi = model.memory.update(psi, newest.to(model.device)).float()
            snapshot = snapshot.advance(newest, psi)
        return snapshot

    def _film_next(self, case: MemoryCase, snapshot: Snapshot) -> FilmedSection:
        """The section after a snapshot, with the case's prompt and noise."""
        model, card = self.model, self.model.card
        start = (case.past.frames[:1].float() / 127.5 - 1).to(model.device)
        shape = (1, snapshot.start.shape[1], card.window, *snapshot.start.shape[-2:])
        noise = flow.noise(shape, flow.section_seed(case.number, snapshot.sections))
        sampling = Sampling(card.steps, card.guidance, card.window, card.shift)
        memory = model.memory if snapshot.psi is not None else None
        conditioning = model.conditioner(case.prompt, start)
        for event in denoise_section(
            model.backbone, snapshot, conditioning, noise, sampling, memory=memory, rope=model.rope
        ):
            if isinstance(event, SectionResult):
                finished = event
        frames = _to_unit(model.codec.stream(snapshot.recent, snapshot.sections).push(finished.latents))
        if family_of(card) is ANIMATIC:      # its latents say where the camera is
            own = split_latents(finished.latents)[1].pose[0, -1].cpu() * torch.tensor([CELL, CELL, 1.0])
            pose = own + torch.cat([case.past.pose[0, :2], torch.zeros(1)])
            return FilmedSection(frames, pose, from_state=True, sources=getattr(model.backbone, "source_count", None))
        before = case.past.frames[-1:].float() / 255
        return FilmedSection(frames, track_pose(torch.cat([before, frames]), case.past.pose[-1]), from_state=False)


def arm_snapshots(own: Snapshot, other: Snapshot) -> dict[str, Snapshot]:
    """The snapshot `own` by arm: with its own psi, with the psi of `other`, and with none. Nothing else in it changes.

    Raises:
        ValueError: one of them has no psi.
    """
    if own.psi is None or other.psi is None:
        raise ValueError("Both histories must have a psi: the model has no long-term memory.")
    return {TRUE: own, PAIRED: replace(own, psi=other.psi), NONE: replace(own, psi=None)}


@torch.no_grad()
def encode_past(model: FilmModel, past: Past) -> Tensor:
    """Latents [1, C, 1 + k, h, w] of true frames [1 + 4 k, 3, H, W], float32 on the CPU, with the film's state in animatic latents.

    Raises:
        ValueError: the frames' size does not suit the model, or its codec cannot encode clips.
    """
    height, width = past.frames.shape[2:]
    codec: Any = model.codec
    if width % codec.pixels_per_latent or height % codec.pixels_per_latent:
        raise ValueError(f"The film's size must be a multiple of {codec.pixels_per_latent} pixels, not {width} x {height}.")
    autoencoder = getattr(codec, "autoencoder", None)
    if autoencoder is None:
        raise ValueError(f"The codec of '{model.card.name}' encodes no clips: its films cannot be given a past.")
    if family_of(model.card) is not ANIMATIC:
        return _encode_clip(autoencoder, past.frames, model)
    # A film's first frame is a group of its own.
    like = autoencoder.components
    group = model.card.section_frames // model.card.window
    frames = torch.cat([past.frames[:1].expand(group - 1, -1, -1, -1), past.frames]).unflatten(0, (-1, group)).transpose(1, 2)
    scene = torch.cat([autoencoder.encode_group(some.to(like) / 127.5 - 1).float().cpu() for some in frames.split(BATCH)])
    ends = past.pose[::group]
    pose = torch.cat([(ends[:, :2] - ends[:1, :2]) / CELL, ends[:, 2:]], dim=1)
    count, (h, w) = len(scene), scene.shape[-2:]
    clock = group * torch.arange(count).float()
    state = FilmState(pose[None], torch.zeros(1, count, 3, h, w), torch.zeros(1, count, 3), clock[None])
    return join_latents(scene.transpose(0, 1)[None], state)


def _encode_clip(autoencoder: Any, frames: Tensor, model: FilmModel) -> Tensor:
    """Latents of frames [T, 3, H, W] by HunyuanVideo's autoencoder: causal, the mode of the distribution, scaled."""
    pixels = (frames.float() / 127.5 - 1).movedim(0, 1)[None].to(autoencoder.device, autoencoder.dtype)
    latents = autoencoder.encode(pixels).latent_dist.mode() * autoencoder.config.scaling_factor
    stride = model.card.section_frames // model.card.window
    if latents.shape[2] != 1 + (len(frames) - 1) // stride:
        name = model.card.name
        raise ValueError(f"{len(frames)} frames became {latents.shape[2]} latents; the card of '{name}' says {stride} frames each.")
    return latents.float().cpu()


def _to_unit(frames: Tensor) -> Tensor:
    """Frames [1, 3, T, H, W] in [-1, 1] as [T, 3, H, W] in [0, 1] on the CPU."""
    return (frames[0].movedim(0, 1).float().cpu().clamp(-1, 1) + 1) / 2
