"""Films with all their sections in order, as a model's own latents: made once, kept in a folder. It knows no training.

Letters: C latent channels, W window, n sections, h and w latent height and width, T frames, H and W height and width in pixels.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.state import join_latents, split_latents
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.codec import HunyuanCodec
from studio.diffusion.backbone import Conditioning
from studio.lab.train.coarse import CoarseCodec
from studio.lab.train.encoded import Encoded, Shot, Truth, encoded
from studio.lab.train.footage import Footage
from studio.lab.train.keeping import restore, save
from studio.lab.train.learners import Serial
from studio.lab.train.shots import RATE, fit
from studio.lab.train.sidecars import FootageError
from studio.lab.world import CELL, FRAMES, Film, Section, film
from studio.media.clip import open_clip

log = logging.getLogger(__name__)

FIRST = 600_000_000
"""Films of the world from this number on are for forcing."""
HELD_OUT = 850_000_000
"""Films of the world from this number on are for measuring only."""


@dataclass(frozen=True)
class Played:
    """Frames and what is said of them."""

    frames: Tensor                  # [1 + T n, 3, H, W] uint8
    captions: tuple[str, ...]       # of each section


def made(
    model: FilmModel, folder: Path, numbers: Sequence[int], size: tuple[int, int], sections: int, footage: str = "",
    away: float = 0.0,
) -> list[Serial]:
    """Films by number, with up to `sections` sections, for this model; those that the folder holds are not made again.

    Of the procedural world (a share of them `away`, see `world.plan`), or of a folder of videos with captions (`footage`).

    Raises:
        FootageError: nothing in the folder can be used.
    """
    clips = Footage(Path(footage), folder / "footage.json", sections=_pieces(model, sections)) if footage else None
    begun, fresh, out = time.monotonic(), 0, []
    for number in numbers:
        gone = goes_away(number, away)
        path = folder / f"{_key(model, size, sections, footage)}{'-away' * gone}-{number}.pt"
        kept = restore(path)
        if kept is None:
            kept = _plain(_make(model, number, size, sections, clips, gone))
            save(path, kept)
            fresh += 1
            if fresh % 8 == 0:
                log.info("%d films made, %.0f s", fresh, time.monotonic() - begun)
        out.append(_whole(kept))
    return out


def goes_away(number: int, share: float) -> bool:
    """Whether the world's film of this number is one of the share that look again at what has long been out of view."""
    return bool(np.random.default_rng([number, 8]).random() < share)


@dataclass(frozen=True)
class HeldOut:
    """A film that is measured against: its frames, and, of the world's, the camera's way and the light."""

    frames: Tensor                  # [1 + T n, 3, H, W] uint8
    captions: tuple[str, ...]       # of each section
    pose: Tensor | None             # [1 + T n, 3] from the first frame: cells at magnification 1, log of the magnification
    light: Tensor | None            # [1 + T n, 3, h, w] log of the gain


def held_out(
    model: FilmModel, folder: Path, first: int, count: int, size: tuple[int, int], sections: int, footage: str = "",
    away: float = 0.0,
) -> list[HeldOut]:
    """So many films that no training sees, as `made` makes them: the world's from HELD_OUT on, or footage from film `first` on.

    Raises:
        FootageError: the folder has not enough films for both.
    """
    if not count:
        return []
    clips = Footage(Path(footage), folder / "footage.json", sections=_pieces(model, sections)) if footage else None
    if clips is not None:
        if first + count > len(clips):
            raise FootageError(f"{footage} holds {len(clips)} films: too few for {first} to learn from and {count} held out.")
        taken = [_taken(model, clips, first + k, size, sections) for k in range(count)]
        return [HeldOut(each.frames, each.captions, None, None) for each in taken]
    out = []
    for number in range(count):
        gone = goes_away(number, away)
        path = folder / f"held-out{'-away' * gone}-{number}-{size[0]}x{size[1]}-{model.card.section_frames}-{sections}.pt"
        kept = restore(path)
        if kept is None:
            whole = film(HELD_OUT + number, *size, -(-model.card.section_frames * sections // FRAMES), away=gone)
            shown = played(whole, model.card.section_frames, sections)
            many = len(shown.frames)
            pose = torch.cat([(whole.pose[:, :2] - whole.pose[:1, :2]) / CELL, whole.pose[:, 2:]], dim=1)[:many].float()
            kept = {"frames": shown.frames, "captions": list(shown.captions), "pose": pose, "light": whole.light[:many].half()}
            save(path, kept)
        out.append(HeldOut(kept["frames"], tuple(kept["captions"]), kept["pose"], kept["light"].float()))
    return out


@torch.no_grad()
def _make(
    model: FilmModel, number: int, size: tuple[int, int], sections: int, clips: Footage | None, away: bool
) -> Serial:
    if isinstance(model.backbone, AnimaticBackbone):
        if clips is None:
            shot = Shot(film(FIRST + number, *size, sections, away=away), (True,) * sections)
        else:
            clip = clips.film(number, *size)
            shot = Shot(clip.film, clip.trusted, lit=True)
        return animatic(model, shot)
    if clips is not None:
        return velocity(model, _taken(model, clips, number, size, sections))
    return velocity(model, _world(model, number, size, sections, away))


def animatic(model: FilmModel, shot: Shot) -> Serial:
    """A film with its truths, for the embedded kind of model. The start latent has all channels, as the codec gives it."""
    words = model.conditioner
    if not isinstance(model.backbone, AnimaticBackbone) or not isinstance(words, SmallConditioner):
        raise TypeError(f"{model.card.name} is no animatic model")
    autoencoder = model.backbone.autoencoder
    known = encoded(shot, autoencoder, words.image_encoder.config.image_size)
    picture = shot.film.scene[:1].float().movedim(1, 0)[None] / 127.5 - 1                  # [1, 3, 1, H, W]
    scene = autoencoder.encode(picture.to(autoencoder.components)).float().cpu()
    start = join_latents(scene, split_latents(known.stills[None, :, :1].float())[1])[0]
    return Serial(start, known.latents.cpu(), (), known)


def velocity(model: FilmModel, played: Played) -> Serial:
    """A film as a velocity model's latents, and what its encoders say of prompts and first picture."""
    frames = played.frames.float().movedim(1, 0)[None] / 127.5 - 1                          # [1, 3, 1 + T n, H, W]
    picture = frames[:, :, 0].to(model.device)
    said = tuple(_here(model.conditioner(caption, picture)) for caption in played.captions)
    latents = _latents(model, frames.to(model.device))[0].cpu()
    start = model.codec.encode(picture)[0].float().cpu()
    return Serial(start, latents[:, 1 : 1 + model.card.window * len(said)], said)


def _latents(model: FilmModel, frames: Tensor) -> Tensor:
    """[1, C, 1 + W n, h, w] of frames [1, 3, 1 + T n, H, W] in [-1, 1]."""
    codec = model.codec
    if isinstance(codec, CoarseCodec):
        return codec.film(frames)
    if isinstance(codec, HunyuanCodec):
        vae = codec.autoencoder
        return (vae.encode(frames.to(vae.device, vae.dtype)).latent_dist.mode() * vae.config.scaling_factor).float()
    raise TypeError(f"no films can be encoded for {model.card.name}: its codec has only pictures")


def _world(model: FilmModel, number: int, size: tuple[int, int], sections: int, away: bool) -> Played:
    """A film of the world in the model's sections, frame by frame."""
    count = model.card.section_frames
    return played(film(FIRST + number, *size, -(-count * sections // FRAMES), away=away), count, sections)


def played(whole: Film, count: int, sections: int) -> Played:
    """The first `sections` sections of `count` frames of a film, each with the caption of what is going on as it begins."""
    captions = tuple(whole.sections[n * count // FRAMES].caption for n in range(sections))
    return Played(whole.frames()[: 1 + count * sections].cpu(), captions)


def _pieces(model: FilmModel, sections: int) -> int:
    """Of the footage's own sections (three seconds), as many as hold so many of the model's."""
    return max(1, -(-sections * model.card.section_frames * RATE // (model.card.fps * FRAMES)))


def _taken(model: FilmModel, clips: Footage, number: int, size: tuple[int, int], sections: int) -> Played:
    """A film of footage at the model's own frame rate."""
    piece, card = clips.piece(number), model.card
    seconds = FRAMES * piece.sections / RATE
    there = min(sections, int(seconds * card.fps) // card.section_frames)
    if there < 1:
        raise FootageError(f"{piece.file}: {seconds:.1f} seconds are no section of {card.title}.")
    begin, long = piece.begin / RATE, card.section_frames / card.fps
    frames = list(frames_at(clips.folder / piece.file, begin, 1 + card.section_frames * there, card.fps, *size))
    there = min(there, (len(frames) - 1) // card.section_frames)
    if there < 1:
        raise FootageError(f"{piece.file} ends too soon: convert it, or take it out of the folder.")
    said = clips.captions[piece.file]
    middles = [begin + (n + 0.5) * long for n in range(there)]
    captions = tuple(
        next((part.caption for part in said if part.begin <= middle < part.end), said[0].caption) for middle in middles
    )
    stacked = torch.from_numpy(np.stack(frames[: 1 + card.section_frames * there])).movedim(3, 1).contiguous()
    return Played(stacked, captions)


def frames_at(path: Path, begin: float, count: int, rate: float, width: int, height: int) -> Iterator[np.ndarray]:
    """What is on screen at begin + k / rate seconds, k = 0 .. count - 1, fitted, [H, W, 3]; fewer where the file ends.

    Raises:
        MediaError: it cannot be read.
    """
    with open_clip(path) as container:
        stream = container.streams.video[0]
        origin: float | None = None
        held: np.ndarray | None = None
        at = 0
        for frame in container.decode(stream):
            origin = frame.time or 0.0 if origin is None else origin
            # A millisecond's mercy: time stamps are rounded.
            while held is not None and at < count and origin + begin + at / rate < (frame.time or 0.0) - 1e-3:
                yield held
                at += 1
            if at == count:
                return
            if (frame.time or 0.0) - origin + 1 >= begin:
                held = np.ascontiguousarray(fit(frame, float(stream.sample_aspect_ratio or 1), width, height))
        if held is not None and at < count:
            yield held


def _here(said: Conditioning) -> Conditioning:
    return Conditioning(*(getattr(said, field.name).detach().float().cpu() for field in fields(Conditioning)))


def _key(model: FilmModel, size: tuple[int, int], sections: int, footage: str) -> str:
    """Films are of use to the model they were made for only."""
    parts = (model.fingerprint, *size, sections, footage, *(field.name for field in fields(Truth)))
    return f"{model.card.kind}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:10]}"


def _plain(serial: Serial) -> dict[str, Any]:
    """A film as tensors and texts only, so that reading it runs no code."""
    known = serial.encoded
    return {
        "start": serial.start, "latents": serial.latents, "said": [_table(one) for one in serial.said],
        "encoded": None if known is None else {
            "stills": known.stills, "pictures": known.pictures, "truths": [_table(truth) for truth in known.truths],
            "sections": [asdict(each) for each in known.sections],
        },
    }


def _whole(kept: dict[str, Any]) -> Serial:
    known, latents = kept["encoded"], kept["latents"]
    return Serial(kept["start"], latents, tuple(Conditioning(**one) for one in kept["said"]), None if known is None else Encoded(
        latents=latents, stills=known["stills"], pictures=known["pictures"],
        truths=tuple(Truth(**truth) for truth in known["truths"]), sections=tuple(Section(**each) for each in known["sections"]),
    ))


def _table(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
