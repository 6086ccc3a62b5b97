"""Which long-term memory a large model has, and how many tokens the past costs it, from the memory file's header alone.

Imports no torch.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from studio.catalogue.cards import ADAPTER, ModelCard
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.header import read_header
from studio.language import sentence
from studio.placement.sizes import CountsPsi, PsiTokens, Size, no_psi

PIXELS_PER_LATENT = 8
ENCODER, PACK = "memorypack-frame-preservation", "memorypack-semantic-pack"


def memory_words(card: ModelCard, size: Size) -> str:
    """What the memory is in films of width x height pixels, to stand after "it keeps"; "a memory" where its file cannot be read."""
    try:
        kind, config = _memory(card)
        section = (card.window, size[1] // PIXELS_PER_LATENT, size[0] // PIXELS_PER_LATENT)
        if kind == ENCODER:
            return sentence(
                "the tokens of its history encoder, {tokens:,} more with each section", tokens=_encoder_tokens(config, section))
        if kind == PACK and config.get("readable"):
            return sentence(
                "SemanticPack’s psi of every section, of which it reads {tokens:,} tokens", tokens=int(config["readable"]))
        if kind == PACK:
            return sentence(
                "SemanticPack’s psi, {tokens:,} tokens in films of any length", tokens=_pack_tokens(config, section))
    except (LoraError, ValueError, TypeError, KeyError, AttributeError):
        pass                                        # loading the model says what is wrong with the file
    return sentence("a memory")


def selects_sections(card: ModelCard) -> bool:
    """Whether the memory is a SemanticPack that keeps and reads the psi of every section; False where its file cannot be read."""
    try:
        kind, config = _memory(card) if card.has_memory else ("", {})
        return kind == PACK and bool(config.get("readable"))
    except (LoraError, ValueError, TypeError, AttributeError):
        return False


@dataclass(frozen=True)
class CountedPsi:
    """Counts psi by the memory file's config, see `CountsPsi`."""

    encodes: bool                   # a history encoder, else a SemanticPack
    config: dict[str, Any]
    window: int                     # latent frames of a section

    def __call__(self, size: Size, sections: int) -> PsiTokens:
        """psi in a film of this size after so many finished sections."""
        section = (self.window, size[1] // PIXELS_PER_LATENT, size[0] // PIXELS_PER_LATENT)
        if self.encodes:
            tokens = sections * _encoder_tokens(self.config, section) + (_window_tokens(self.config, section) if sections else 0)
            inside = self.config.get("stream", "history") == "history"
            return PsiTokens(tokens, tokens if inside else 0, 0 if inside else tokens)
        first, each = self.config["text_tokens"] + self.config["image_side"] ** 2, _pack_tokens(self.config, section)
        if self.config.get("readable"):
            stored, most = first + sections * each, self.config.get("most", 0)
            asked = min(stored, first + (most - 1) * each) if most else stored
            return PsiTokens(stored, context=self.config["readable"], asked=asked)
        tokens = each if sections and self.config["structure"] == "A" else first
        return PsiTokens(tokens, context=tokens)


def psi_counter(card: ModelCard) -> CountsPsi:
    """Counts a model's psi; without a memory, or with one whose file cannot be read, there is none."""
    try:
        kind, config = _memory(card) if card.has_memory else ("", {})
        counted = CountedPsi(kind == ENCODER, config, card.window)
        if kind in (ENCODER, PACK):
            counted(card.sizes[0], 1)
            return counted
    except (LoraError, ValueError, TypeError, KeyError, AttributeError):
        pass                                        # loading the model says what is wrong with the file
    return no_psi


def _memory(card: ModelCard) -> tuple[str | None, dict[str, Any]]:
    """Kind and config of the memory file. Raises LoraError or ValueError: it cannot be read."""
    notes = read_header(card.path(ADAPTER), ADAPTER).notes
    return notes.get("kind"), json.loads(notes.get("config", "{}"))


def _encoder_tokens(config: dict[str, Any], section: tuple[int, int, int]) -> int:
    """Tokens that a section of (latent frames, rows, columns) adds, as `FramePreservationConfig.tokens` counts them."""
    rates = [config["rate"], *([config["second_rate"]] if config.get("second_rate") else [])]
    patch, (frames, height, width) = config["patch"], section
    return sum(
        -(-frames // time) * max(1, height // (patch * rows)) * max(1, width // (patch * columns)) for rows, columns, time in rates
    )


def _window_tokens(config: dict[str, Any], section: tuple[int, int, int]) -> int:
    """Tokens of the newest frames, which psi holds unreduced, as `FramePreservationConfig.window_tokens` counts them."""
    patch, (frames, height, width) = config["patch"], section
    return min(int(config.get("window", 0)), frames) * max(1, height // patch) * max(1, width // patch)


def _pack_tokens(config: dict[str, Any], section: tuple[int, int, int]) -> int:
    """Tokens of psi after a section of (latent frames, rows, columns), as `Memorize.tokens` counts them."""
    sides = zip(section, config["patch"], config["window"], strict=True)
    return math.prod(-(-side // (patch * window)) for side, patch, window in sides) * math.prod(config["keep"])
