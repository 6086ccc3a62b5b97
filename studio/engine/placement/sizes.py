"""Bytes and operations of a model before any weight is read: its parts, and what a film size needs on top. It knows no machine.

The peaks are linear in tokens, or in the area of a tile. They were found by following every tensor of a block (and of the decoder)
without computing it; a test does that again. What CUDA's libraries take beside is not in them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from studio.engine.cards import ADAPTER, ModelCard, ModelError
from studio.engine.placement import counts
from studio.engine.placement.counts import Part, Transformer

Weights = Literal["fp32", "bf16", "int8"]
Size = tuple[int, int]
"""Width and height in pixels."""

FRAMEPACK = Path(__file__).parent / "framepack_f1.json"
"""The configs of FramePack-F1's networks, to plan with before anything is fetched."""
UNREAD = 2
"""Llama's last layers, which are not read and not loaded: `hunyuan.UNREAD`, without importing torch. A test holds them equal."""
TILES = (256, 192, 128)
"""Edges of the autoencoder's tiles that are planned with, in pixels."""
TILE_FRAMES = 17
TILE_MAPS = 9.13
"""Maps of the decoder's first width, at the tile's full size, that are alive at its peak: when the last upsampling joins, pads and
convolves twice that width. They are 9.07 at 256 pixels and 9.13 at 128, where the padding weighs more."""
TILE_FLOPS = 17.54e6
"""Operations of the decoder a pixel and frame, with HunyuanVideo's widths."""


@dataclass(frozen=True)
class ModelSizes:
    """A model as a plan sees it."""

    name: str
    title: str
    large: bool                    # placed part by part; a small one lies where it computes
    sizes: tuple[Size, ...]
    steps: int
    window: int                    # latent frames a section
    frames: int                    # pixel frames a section
    compression: int               # pixels along an edge of a latent
    context: int                   # tokens of text, image and psi
    transformer: Transformer
    text_encoder: Part
    image_side: Part               # CLIP and SigLIP
    vae: Part
    vae_width: int                 # channels at full size
    memory: int = 0                # bytes of SemanticPack
    loras: int = 0                 # bytes of the branches that are worn

    def tokens(self, size: Size) -> int:
        """Tokens of the film's stream: a section, its start and the packed history 1, 2 and 16."""
        height, width = (edge // self.compression for edge in reversed(size))
        full = math.ceil(height / 2) * math.ceil(width / 2)
        quarter = math.ceil(height / 4) * math.ceil(width / 4)
        return (self.window + 2) * full + quarter + 4 * math.ceil(height / 8) * math.ceil(width / 8)

    def step_flops(self, size: Size) -> float:
        """Of one denoising step: every block's layers, which see each token once, and attention between all of them."""
        t, tokens = self.transformer, self.tokens(size) + self.context
        return t.blocks * (2 * (4 + 2 * t.mlp) * t.width**2 * tokens + 4 * tokens**2 * t.width)

    def block_peak(self, size: Size) -> int:
        """Activations of the block that needs most, in bfloat16, without weights."""
        t, tokens = self.transformer, self.tokens(size)
        return max(single_peak(t, tokens, self.context), double_peak(t, tokens, self.context))

    def decode_flops(self, size: Size, tile: int) -> float:
        """Of one section's frames: three new tiles in time and the one before, each cut into overlapping tiles of `tile` pixels.

        Every tile pads its edges as it goes, which is counted as a latent (8 pixels) on each side.
        """
        area = math.prod(sum(min(tile, edge - at) + 2 * self.compression for at in range(0, edge, tile * 3 // 4)) for edge in size)
        return 4 * TILE_FRAMES * area * TILE_FLOPS

    def frames_bytes(self, size: Size) -> int:
        """A section's decoded frames on the device: as tiles and joined in float16, and once in float32."""
        return self.frames * 3 * math.prod(size) * (2 + 2 + 4)


def bytes_of(part: Part, weights: Weights) -> int:
    """int8 has a float32 scale for each row, and bfloat16 for what is no Linear layer."""
    if weights == "int8":
        return part.matrix + 4 * part.rows + 2 * part.rest
    return part.parameters * (4 if weights == "fp32" else 2)


def single_peak(t: Transformer, tokens: int, context: int) -> int:
    """Bytes of a single block at its fullest, which is the query's RoPE; its weights are not in it.

    Per film token, in widths of two bytes: 3 of input, joined input and normed; 3 of query, key and value; the MLP's inner layer;
    8 of RoPE in float32. Of the context, which is not turned, 3, 3, the inner layer and the query joined again. Beside it the
    cosines and sines, float32.
    """
    film = 2 * t.width * (14 + t.mlp) + 8 * t.head
    return round(film * tokens + 2 * t.width * (7 + t.mlp) * context)


def double_peak(t: Transformer, tokens: int, context: int) -> int:
    """Bytes of a double block, at the same moment: it has no joined input and no MLP yet, and less of the context."""
    return round((2 * t.width * 12 + 8 * t.head) * tokens + 2 * t.width * 4 * context)


def tile_peak(tile: int, width: int) -> int:
    """Bytes of decoding a tile of `tile` pixels and 17 frames in float16, without weights; `width`: channels at full size."""
    return round(TILE_MAPS * width * TILE_FRAMES * tile**2 * 2)


def resident_blocks(count: int, resident: int) -> frozenset[int]:
    """Which of `count` blocks stay on the device: evenly spread, as the streamer does it (a test holds them equal)."""
    resident = min(resident, count)
    return frozenset((2 * i + 1) * count // (2 * resident) for i in range(resident))


def block_bytes(t: Transformer, weights: Weights, adaln_table: bool) -> list[int]:
    """Each block's bytes, in the order they run. AdaLN's layers are never int8."""
    double, single = bytes_of(t.double, weights), bytes_of(t.single, weights)
    floating: Weights = "fp32" if weights == "fp32" else "bf16"
    if not adaln_table:
        double += bytes_of(t.double_adaln, floating)
        single += bytes_of(t.single_adaln, floating)
    return [double] * t.doubles + [single] * t.singles


def sizes_of(card: ModelCard) -> ModelSizes:
    """Sizes of the model in a folder, from its configs; FramePack-F1's own stand in for those not fetched yet.

    Raises:
        ModelError: a config cannot be read, or lacks a key; or sizes of this kind of model cannot be counted.
    """
    if card.kind not in KINDS:
        raise ModelError(f"{card.folder.name}: sizes are counted of the kinds {', '.join(KINDS)}, not of '{card.kind}'.")
    try:
        return KINDS[card.kind](card)
    except KeyError as error:
        raise ModelError(f"A config in {card.folder} has no {error}: its sizes cannot be counted. Get the folder again.") from None


def framepack_f1() -> ModelSizes:
    """FramePack-F1 as it is published, for planning without its folder."""
    known = _known()
    return _large("framepack-f1", "FramePack-F1", ((640, 640), (832, 480), (480, 832)), 25, 9, 36, 256, 0, known)


def _framepack(card: ModelCard) -> ModelSizes:
    configs = {part: _config(card, part) or config for part, config in _known().items()}
    return _large(
        card.name, card.title, card.sizes, card.steps, card.window, card.section_frames, card.prompt_tokens, _adapter(card), configs
    )


def _large(
    name: str, title: str, sizes: tuple[Size, ...], steps: int, window: int, frames: int, prompt: int, memory: int,
    configs: dict[str, dict[str, Any]],
) -> ModelSizes:
    picture, text = configs["image_encoder"], configs["text_encoder"]
    return ModelSizes(
        name, title, True, sizes, steps, window, frames, compression=8,
        context=prompt + (picture["image_size"] // picture["patch_size"]) ** 2,
        transformer=counts.transformer(configs["transformer"]),
        text_encoder=counts.llama({**text, "num_hidden_layers": max(0, text["num_hidden_layers"] - UNREAD)}),
        image_side=counts.clip_text(configs["text_encoder_2"]) + counts.siglip(picture),
        vae=counts.vae(configs["vae"]), vae_width=configs["vae"]["block_out_channels"][0], memory=memory,
    )


def _animatic(card: ModelCard) -> ModelSizes:
    """The embedded kind: its files hold float16; the transformer is counted as any, the rest by its files."""
    config = _config(card, "transformer")
    if config is None:
        raise ModelError(f"{card.folder / 'transformer/config.json'} is missing. Get the folder {card.name} again.")
    stored = {file.path.split("/")[0]: file.size // 2 for file in card.files if file.path.endswith(".safetensors")}
    return ModelSizes(
        card.name, card.title, False, card.sizes, card.steps, card.window, card.section_frames, compression=16,
        context=card.prompt_tokens + 36, transformer=counts.transformer(config),
        text_encoder=Part(rest=stored.get("text_encoder", 0)), image_side=Part(rest=stored.get("image_encoder", 0)),
        vae=Part(rest=stored.get("vae", 0) + stored.get("weather", 0)), vae_width=0, memory=_adapter(card),
    )


KINDS: dict[str, Callable[[ModelCard], ModelSizes]] = {"animatic": _animatic, "framepack": _framepack}
"""How each kind of model is counted."""


def _adapter(card: ModelCard) -> int:
    return sum(file.size for file in card.files if file.path == ADAPTER)


def _known() -> dict[str, dict[str, Any]]:
    return json.loads(FRAMEPACK.read_text("utf-8"))


def _config(card: ModelCard, part: str) -> dict[str, Any] | None:
    path = card.path(f"{part}/config.json")
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Get the folder {card.name} again.") from None
