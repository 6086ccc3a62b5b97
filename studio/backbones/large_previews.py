"""Previews of a large model's denoising steps.

By TAEHV where its weights are in the model folder, else by a linear map from latents to colours. The map is measured on the first
sections that are decoded, and stored next to the weights (`prepared/preview.safetensors`); before the first one previews are rough.
A problem with previews never makes a film fail.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.backbones.large_codec import rough_preview
from studio.backbones.large_latent_map import LatentMap
from studio.backbones.large_taehv import TaehvError, TinyDecoder, load_taehv
from studio.catalogue.cards import PREPARED, ModelCard
from studio.catalogue.fingerprint import part_checksums
from studio.language import join, sentence
from studio.memory.tensors import write_tensors

TAEHV = ("taehv.safetensors", "taehv.pth")
"""Names of TAEHV's weights, in the folder of the weights or of the card."""
MAP = "preview.safetensors"
KIND = "memorypack-preview"
SECTIONS = 12
"""Number of sections that the map learns from; more of them no longer improve it."""


class LatentPreviews:
    """A `PreviewMethod` for one model. Not thread-safe."""

    def __init__(self, path: Path, autoencoder: str, channels: int, decoder: TinyDecoder | None = None, problem: str = "") -> None:
        """Read the map that is stored, if there is one.

        Args:
            path: of the stored map.
            autoencoder: identifies the weights that the map was measured with; a map of other weights is ignored.
            channels: of the latents.
            decoder: TAEHV's, if its weights are there.
            problem: why TAEHV cannot be used though its file is there, as a sentence.
        """
        self._path, self._autoencoder = path, autoencoder
        self._decoder, self._problem = decoder, problem
        self._map = _read_map(path, autoencoder, channels)

    @property
    def description(self) -> str:
        """How previews are made, as a sentence for people."""
        if self._decoder is not None:
            method = sentence("by TAEHV")
        elif self._map.sections:
            method = sentence(
                "by a linear map, measured on {sections} of this model's sections: {share:.0%} of their colours",
                sections=self._map.sections, share=self._map.explained_variance)
        else:
            method = sentence("rough, until a first section is decoded and a linear map can be measured on it")
        return join(sentence("Previews: {method}.", method=method), self._problem)

    def __call__(self, latents: Tensor) -> Tensor:
        """Preview [n, 3, ., .] in [-1, 1] of latents [1, C, n, h, w]."""
        if self._decoder is not None:
            try:
                precision = torch.float16 if latents.device.type == "cuda" else torch.float32
                return self._decoder.to(latents.device, precision).preview(latents)
            except torch.OutOfMemoryError:
                self._decoder = None
                self._problem = sentence("There was no room for TAEHV on the card.")
        return self._map(latents) if self._map.sections else rough_preview(latents)

    def learn(self, latents: Tensor, frames: Tensor) -> None:
        """Latents [1, C, n, h, w] were decoded to frames [1, 3, 4 n, H, W]: the first such sections are added to the map."""
        if self._map.sections >= SECTIONS or not bool(torch.isfinite(frames).all()):
            return
        self._map = self._map.add_section(latents, frames)
        facts = {"kind": KIND, "autoencoder": self._autoencoder, "sections": str(self._map.sections)}
        sums = {"gram": self._map.gram, "cross": self._map.cross, "square": self._map.square}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_tensors(sums, self._path, facts)
        except OSError:          # the map is measured again the next time
            return


def load_previews(card: ModelCard, channels: int) -> LatentPreviews:
    """The previews of a model, with what is stored in its folder."""
    path = (card.weights or card.folder) / PREPARED / MAP
    return LatentPreviews(path, ":".join(part_checksums(card, "vae")), channels, *find_taehv(card, channels))


def find_taehv(card: ModelCard, channels: int) -> tuple[TinyDecoder | None, str]:
    """TAEHV's decoder, or None if its weights are not in the model's folder or cannot be used; and why they cannot be used."""
    places = [folder / name for folder in (card.weights, card.folder) if folder is not None for name in TAEHV]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return None, ""
    try:
        return load_taehv(path, channels), ""
    except TaehvError as error:
        return None, join(str(error), sentence("Get the file again, or take it away."))


def _read_map(path: Path, autoencoder: str, channels: int) -> LatentMap:
    """The map at `path`; an empty one if there is none, it is damaged, or it belongs to other weights."""
    empty = LatentMap.empty(channels)
    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            sums = [file.get_tensor(name) for name in ("gram", "cross", "square")]
            stored = LatentMap(sums[0], sums[1], sums[2], int(facts.get("sections", "")))
    except (OSError, ValueError, RuntimeError, SafetensorError):
        return empty
    same = all(
        wanted.shape == found.shape and wanted.dtype == found.dtype and bool(torch.isfinite(found).all())
        for wanted, found in ((empty.gram, stored.gram), (empty.cross, stored.cross), (empty.square, stored.square))
    )
    ours = facts.get("kind") == KIND and facts.get("autoencoder") == autoencoder and stored.sections > 0
    return stored if same and ours else empty
