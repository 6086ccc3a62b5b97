"""Previews of a large model's steps: by TAEHV where its weights lie in the model folder, else by a linear map measured on the way.

The map learns from the first sections that are decoded, and is kept beside the weights (`prepared/preview.safetensors`). Before
that the look is a rough one. No film fails for want of a preview. It does not know takes, nor how pictures reach the page.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.backbones.framepack.hunyuan import rough_preview
from studio.backbones.framepack.latent_map import LatentMap
from studio.backbones.framepack.taehv import TaehvError, TinyDecoder, load_taehv
from studio.catalogue.cards import PREPARED, ModelCard
from studio.catalogue.fingerprint import part_checksums
from studio.memory.tensors import write_tensors

TAEHV = ("taehv.safetensors", "taehv.pth")
"""Beside the weights, or beside the card."""
MAP = "preview.safetensors"
KIND = "memorypack-preview"
SECTIONS = 12
"""That the map learns from: other scenes tell it more, and then no more."""


class LatentPreviews:
    """The looks at one model's latents. For one thread."""

    def __init__(self, path: Path, autoencoder: str, channels: int, decoder: TinyDecoder | None = None, trouble: str = "") -> None:
        """What was learned before is read.

        Args:
            path: where the map is kept.
            autoencoder: names the weights that it belongs to; a map of others is not used.
            channels: of the latents.
            decoder: TAEHV's, if it is there.
            trouble: why it is not, if it should be.
        """
        self._path, self._autoencoder = path, autoencoder
        self._decoder, self._trouble = decoder, trouble
        self._map = _read_map(path, autoencoder, channels)

    @property
    def description(self) -> str:
        """How previews are made, for whoever wonders what they see."""
        known = self._map
        if self._decoder is not None:
            now = "by TAEHV"
        elif known.sections:
            share = f"{known.explained_variance:.0%}"
            now = f"by a linear map, measured on {known.sections} of this model's sections: {share} of their colours"
        else:
            now = "rough, until a first section is decoded and a linear map can be measured on it"
        return f"Previews: {now}.{f' {self._trouble}' if self._trouble else ''}"

    def __call__(self, latents: Tensor) -> Tensor:
        """A look at latents [1, C, n, h, w]: [n, 3, ., .] in [-1, 1]."""
        if self._decoder is not None:
            try:
                precision = torch.float16 if latents.device.type == "cuda" else torch.float32
                return self._decoder.to(latents.device, precision).preview(latents)
            except torch.OutOfMemoryError:
                self._decoder = None
                self._trouble = "There was no room for TAEHV on the card."
        return self._map(latents) if self._map.sections else rough_preview(latents)

    def learn(self, latents: Tensor, frames: Tensor) -> None:
        """Latents [1, C, n, h, w] became frames [1, 3, 4 n, H, W]: the first such sections teach the map."""
        if self._map.sections >= SECTIONS or not bool(torch.isfinite(frames).all()):
            return
        self._map = self._map.add_section(latents, frames)
        facts = {"kind": KIND, "autoencoder": self._autoencoder, "sections": str(self._map.sections)}
        sums = {"gram": self._map.gram, "cross": self._map.cross, "square": self._map.square}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_tensors(sums, self._path, facts)
        except OSError:          # it is measured again the next time
            return


def load_previews(card: ModelCard, channels: int) -> LatentPreviews:
    """The looks at latents of the model in a folder."""
    path = (card.weights or card.folder) / PREPARED / MAP
    return LatentPreviews(path, ":".join(part_checksums(card, "vae")), channels, *find_taehv(card, channels))


def find_taehv(card: ModelCard, channels: int) -> tuple[TinyDecoder | None, str]:
    """TAEHV's decoder if its weights are in the model's folder, and what is wrong with a file that cannot be used."""
    places = [folder / name for folder in (card.weights, card.folder) if folder is not None for name in TAEHV]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return None, ""
    try:
        return load_taehv(path, channels), ""
    except TaehvError as error:
        return None, f"{error} Get the file again, or take it away."


def _read_map(path: Path, autoencoder: str, channels: int) -> LatentMap:
    """The map at `path`, or one that has learned nothing where there is none, or it is damaged, or of other weights."""
    nothing = LatentMap.empty(channels)
    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            sums = [file.get_tensor(name) for name in ("gram", "cross", "square")]
            made = LatentMap(sums[0], sums[1], sums[2], int(facts.get("sections", "")))
    except (OSError, ValueError, SafetensorError):
        return nothing
    same = all(
        ours.shape == theirs.shape and ours.dtype == theirs.dtype and bool(torch.isfinite(theirs).all())
        for ours, theirs in ((nothing.gram, made.gram), (nothing.cross, made.cross), (nothing.square, made.square))
    )
    ours = facts.get("kind") == KIND and facts.get("autoencoder") == autoencoder and made.sections > 0
    return made if same and ours else nothing
