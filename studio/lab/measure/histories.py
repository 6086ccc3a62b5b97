"""A model that is given a film's past and films its next section: with the memory of that past, of another one, and with none.

The past is the true film, encoded, so that everything before the section that is looked at is known exactly. Between the arms only
psi differs: reference image, recent window, prompt and noise are the same. It does not know how results are judged.
Letters: T frames, C latent channels, W window, h and w latent height and width, H and W pixel height and width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from studio.backbones.animatic.state import FilmState, join_latents, split_latents
from studio.backbones.film_model import FilmModel
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab.measure.journeys import Case, Past
from studio.lab.measure.whereabouts import whereabouts
from studio.lab.measure.whole_film import sources
from studio.lab.world import CELL
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot

TRUE, PAIRED, NONE = "true", "paired", "none"
ARMS = (TRUE, PAIRED, NONE)
"""psi of the film's own past, psi of the paired one, and no psi."""
AT_ONCE = 9
"""Groups of frames encoded together."""


@dataclass(frozen=True)
class Made:
    """A section that a model filmed."""

    frames: Tensor         # [s, 3, H, W] in [0, 1]
    pose: Tensor           # [3] where its last frame is seen from, by the film's state or by registration
    by_state: bool         # the pose is the model's own
    sources: int | None = None      # frames that it might be composed from; None of a model that composes none


class Witness:
    """A film model as the measurements see it."""

    def __init__(self, model: FilmModel) -> None:
        self.model = model
        self.name = model.card.name
        self.section = model.card.section_frames
        self.remembers = model.memory is not None

    @property
    def recent(self) -> int:
        """Newest frames of a film that the recent window holds."""
        return RECENT * self.section // self.model.card.window

    @torch.no_grad()
    def film(self, case: Case) -> dict[str, Made]:
        """The case's last section by each arm that the model has: all of ARMS with a long-term memory, NONE without one.

        Raises:
            ValueError: the frames' size does not suit the model, or its codec encodes no clips.
        """
        mine = self.snapshot(case.past)
        if not self.remembers:
            return {NONE: self._next(case, mine)}
        other = self.snapshot(case.paired)
        snapshots = arms(mine, other)
        return {arm: self._next(case, snapshots[arm]) for arm in ARMS}

    @torch.no_grad()
    def ceiling(self, case: Case) -> Tensor:
        """The true last frame through the model's codec and back, [3, H, W]: better than that it cannot show it."""
        mine = latents(self.model, Past(case.truth[-1:], case.pose[-1:], ()))
        again = mine.expand(-1, -1, RECENT, -1, -1)
        frames = self.model.codec.stream(again, 0).push(again[:, :, : self.model.card.window])
        return _unit(frames)[-1]

    @torch.no_grad()
    def snapshot(self, past: Past) -> Snapshot:
        """The snapshot behind a true film; psi takes in section after section, as it does while filming."""
        model = self.model
        film = latents(model, past)
        first = (past.frames[:1].float() / 127.5 - 1).to(model.device)
        made = Snapshot.initial(film[:, :, :1], model.fingerprint)
        psi = None if model.memory is None else model.memory.begin(model.conditioner(past.prompts[0], first)).float()
        for number in range(len(past.prompts)):
            begin = 1 + number * model.card.window
            newest = film[:, :, begin : begin + model.card.window]
            if model.memory is not None and psi is not None:
                psi = model.memory.update(psi, newest.to(model.device)).float()
            made = made.advance(newest, psi)
        return made

    def _next(self, case: Case, snapshot: Snapshot) -> Made:
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
                done = event
        frames = _unit(model.codec.stream(snapshot.recent, snapshot.sections).push(done.latents))
        if card.kind == "animatic":
            own = split_latents(done.latents)[1].pose[0, -1].cpu() * torch.tensor([CELL, CELL, 1.0])
            pose = own + torch.cat([case.past.pose[0, :2], torch.zeros(1)])
            return Made(frames, pose, by_state=True, sources=sources(model.backbone))
        before = case.past.frames[-1:].float() / 255
        return Made(frames, whereabouts(torch.cat([before, frames]), case.past.pose[-1]), by_state=False)


def arms(mine: Snapshot, other: Snapshot) -> dict[str, Snapshot]:
    """The snapshot with its own psi, with the other history's psi, and with none: nothing else of it changes.

    Raises:
        ValueError: one of them has no psi.
    """
    if mine.psi is None or other.psi is None:
        raise ValueError("Both histories must have a psi: the model has no long-term memory.")
    return {TRUE: mine, PAIRED: replace(mine, psi=other.psi), NONE: replace(mine, psi=None)}


@torch.no_grad()
def latents(model: FilmModel, past: Past) -> Tensor:
    """Latents [1, C, 1 + k, h, w] of true frames [1 + 4 k, 3, H, W], float32 on the CPU; with the film's state if models have one.

    Raises:
        ValueError: the frames' size does not suit the model, or its codec encodes no clips.
    """
    height, width = past.frames.shape[2:]
    codec: Any = model.codec
    if width % codec.pixels_per_latent or height % codec.pixels_per_latent:
        raise ValueError(f"The film's size must be a multiple of {codec.pixels_per_latent} pixels, not {width} x {height}.")
    autoencoder = getattr(codec, "autoencoder", None)
    if autoencoder is None:
        raise ValueError(f"The codec of '{model.card.name}' encodes no clips: its films cannot be given a past.")
    if model.card.kind != "animatic":
        return _clip(autoencoder, past.frames, model)
    # A film's first frame is a group of its own.
    like = autoencoder.components
    group = model.card.section_frames // model.card.window
    frames = torch.cat([past.frames[:1].expand(group - 1, -1, -1, -1), past.frames]).unflatten(0, (-1, group)).transpose(1, 2)
    scene = torch.cat([autoencoder.encode_group(some.to(like) / 127.5 - 1).float().cpu() for some in frames.split(AT_ONCE)])
    ends = past.pose[::group]
    pose = torch.cat([(ends[:, :2] - ends[:1, :2]) / CELL, ends[:, 2:]], dim=1)
    count, (h, w) = len(scene), scene.shape[-2:]
    clock = group * torch.arange(count).float()
    state = FilmState(pose[None], torch.zeros(1, count, 3, h, w), torch.zeros(1, count, 3), clock[None])
    return join_latents(scene.transpose(0, 1)[None], state)


def _clip(autoencoder: Any, frames: Tensor, model: FilmModel) -> Tensor:
    """As HunyuanVideo's autoencoder encodes a clip: causally, the mode of the distribution, scaled."""
    pixels = (frames.float() / 127.5 - 1).movedim(0, 1)[None].to(autoencoder.device, autoencoder.dtype)
    made = autoencoder.encode(pixels).latent_dist.mode() * autoencoder.config.scaling_factor
    stride = model.card.section_frames // model.card.window
    if made.shape[2] != 1 + (len(frames) - 1) // stride:
        name = model.card.name
        raise ValueError(f"{len(frames)} frames became {made.shape[2]} latents; the card of '{name}' says {stride} frames each.")
    return made.float().cpu()


def _unit(frames: Tensor) -> Tensor:
    """Frames [1, 3, T, H, W] in [-1, 1] as [T, 3, H, W] in [0, 1] on the CPU."""
    return (frames[0].movedim(0, 1).float().cpu().clamp(-1, 1) + 1) / 2
