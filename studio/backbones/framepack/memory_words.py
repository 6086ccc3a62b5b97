"""Says which long-term memory a FramePack model has, and how many tokens the past costs it, from the memory file's header alone.

Imports no torch.
"""

from __future__ import annotations

import json
import math
from typing import Any

from studio.catalogue.cards import ADAPTER, ModelCard
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.header import read_header
from studio.placement.sizes import Size

PIXELS_PER_LATENT = 8
ENCODER, PACK = "memorypack-frame-preservation", "memorypack-semantic-pack"


def memory_words(card: ModelCard, size: Size) -> str:
    """What the memory is in films of width x height pixels, to stand after "it keeps"; "a memory" where its file cannot be read."""
    try:
        kind, config = _memory(card)
        section = (card.window, size[1] // PIXELS_PER_LATENT, size[0] // PIXELS_PER_LATENT)
        if kind == ENCODER:
            return f"the tokens of its history encoder, {_encoder_tokens(config, section):,} more with each section"
        if kind == PACK and config.get("readable"):
            return f"SemanticPack’s psi of every section, of which it reads {int(config['readable']):,} tokens"
        if kind == PACK:
            return f"SemanticPack’s psi, {_pack_tokens(config, section):,} tokens in films of any length"
    except (LoraError, ValueError, TypeError, KeyError, AttributeError):
        pass                                        # loading the model says what is wrong with the file
    return "a memory"


def selects_sections(card: ModelCard) -> bool:
    """Whether the memory is a SemanticPack that keeps and reads the psi of every section; False where its file cannot be read."""
    try:
        kind, config = _memory(card) if card.has_memory else ("", {})
        return kind == PACK and bool(config.get("readable"))
    except (LoraError, ValueError, TypeError, AttributeError):
        return False


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


def _pack_tokens(config: dict[str, Any], section: tuple[int, int, int]) -> int:
    """Tokens of psi after a section of (latent frames, rows, columns), as `Memorize.tokens` counts them."""
    sides = zip(section, config["patch"], config["window"], strict=True)
    return math.prod(-(-side // (patch * window)) for side, patch, window in sides) * math.prod(config["keep"])
