"""Counts the parameters of a model's networks from their configs, without building the networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]
STEP_CHANNELS = 256
"""Width of diffusers' sinusoidal embedding of the timestep."""


@dataclass(frozen=True)
class Part:
    """Parameters of one part of a model. Parts can be added, and multiplied by a number of equal parts."""

    matrix: int = 0
    """Weights of Linear layers, which int8 stores in one byte each."""
    rows: int = 0
    """Rows of these weights: int8 stores one scale for each."""
    rest: int = 0
    """Parameters that stay in floating point."""

    @property
    def parameters(self) -> int:
        """All parameters of the part."""
        return self.matrix + self.rest

    def __add__(self, other: Part) -> Part:
        """Both parts together."""
        return Part(self.matrix + other.matrix, self.rows + other.rows, self.rest + other.rest)

    def __mul__(self, times: int) -> Part:
        """So many equal parts together."""
        return Part(times * self.matrix, times * self.rows, times * self.rest)

    def unquantized(self) -> Part:
        """This part with all parameters counted as unquantized."""
        return Part(rest=self.parameters)


def linear(inputs: int, outputs: int) -> Part:
    """A Linear layer with a bias."""
    return Part(matrix=inputs * outputs, rows=outputs, rest=outputs)


@dataclass(frozen=True)
class Transformer:
    """FramePack's transformer. `double` and `single` are one block of each kind, without its AdaLN layers."""

    width: int
    head: int
    """Width of an attention head."""
    mlp: float
    """Width of the feed-forward layer, in widths of the transformer."""
    doubles: int
    singles: int
    """Numbers of double and single blocks."""
    double: Part
    single: Part
    double_adaln: Part
    single_adaln: Part
    """AdaLN layers of one block."""
    out_adaln: Part
    """The AdaLN layer before the output."""
    outside: Part
    """Everything outside the blocks except `out_adaln`."""
    patch: int
    """Latent pixels along an edge of a token."""

    @property
    def blocks(self) -> int:
        """Number of blocks of both kinds."""
        return self.doubles + self.singles

    @property
    def adaln(self) -> Part:
        """All AdaLN layers. Only timestep and pooled prompt enter them, so a table can replace them."""
        return self.double_adaln * self.doubles + self.single_adaln * self.singles + self.out_adaln

    @property
    def total(self) -> Part:
        """All parameters of the transformer."""
        return self.double * self.doubles + self.single * self.singles + self.outside + self.adaln


def transformer(config: Config) -> Transformer:
    """HunyuanVideoFramepackTransformer3DModel with this config.

    Raises:
        KeyError: the config lacks a key.
    """
    head = config["attention_head_dim"]
    width = config["num_attention_heads"] * head
    wide = int(width * config["mlp_ratio"])
    square = linear(width, width)
    feed = linear(width, wide) + linear(wide, width)
    norms = Part(rest=2 * head if config["qk_norm"] else 0)
    return Transformer(
        width=width, head=head, mlp=config["mlp_ratio"], doubles=config["num_layers"], singles=config["num_single_layers"],
        double=(square * 4 + feed + norms) * 2,              # once for the film's tokens and once for the context's
        single=square * 3 + norms + linear(width, wide) + linear(width + wide, width),
        double_adaln=(linear(width, 6 * width) * 2).unquantized(),
        single_adaln=linear(width, 3 * width).unquantized(),
        out_adaln=linear(width, 2 * width).unquantized(),
        outside=_outside(config, width).unquantized(),
        patch=config["patch_size"],
    )


def _outside(config: Config, width: int) -> Part:
    """Embedders and the output layer, which every step needs besides the blocks."""
    volume = config["patch_size_t"] * config["patch_size"] ** 2
    step = linear(STEP_CHANNELS, width) + linear(width, width)
    text = linear(config["text_embed_dim"], width)
    refiner = linear(width, width) * 4 + linear(width, 4 * width) + linear(4 * width, width) + linear(width, 2 * width)
    parts = linear(config["in_channels"] * volume, width)                                              # x_embedder
    parts += step + text + linear(width, width) + text                                                 # context_embedder
    parts += (refiner + Part(rest=4 * width)) * config["num_refiner_layers"]
    parts += step + linear(config["pooled_projection_dim"], width) + linear(width, width)              # time_text_embed
    parts += step if config["guidance_embeds"] else Part()
    parts += linear(width, volume * config["out_channels"])                                            # proj_out
    if config["has_clean_x_embedder"]:
        for kernel in (1 * 2 * 2, 2 * 4 * 4, 4 * 8 * 8):
            parts += linear(config["in_channels"] * kernel, width)
    if config["has_image_proj"]:
        parts += linear(config["image_proj_dim"], 3 * width) + linear(3 * width, width)
    return parts


def llama(config: Config) -> Part:
    """LlamaModel, which has no output head. Its token table is no Linear layer, so it stays in floating point."""
    width, wide = config["hidden_size"], config["intermediate_size"]
    keys = width * config["num_key_value_heads"] // config["num_attention_heads"]
    layer = Part(2 * width * width + 2 * width * keys + 3 * width * wide, 3 * width + 2 * keys + 2 * wide, 2 * width)
    return layer * config["num_hidden_layers"] + Part(rest=config["vocab_size"] * width + width)


def clip_text(config: Config) -> Part:
    """CLIPTextModel with this config."""
    width = config["hidden_size"]
    tables = (config["vocab_size"] + config["max_position_embeddings"]) * width
    return _encoder(config) * config["num_hidden_layers"] + Part(rest=tables + 2 * width)


def siglip(config: Config) -> Part:
    """SiglipVisionModel with its pooling head."""
    width, patch = config["hidden_size"], config["patch_size"]
    positions = (config["image_size"] // patch) ** 2
    tables = config["num_channels"] * patch**2 * width + width + positions * width + 2 * width
    head = _encoder(config) + Part(rest=-width)                  # it has one norm instead of two, and a probe
    return _encoder(config) * config["num_hidden_layers"] + Part(rest=tables) + head.unquantized()


def _encoder(config: Config) -> Part:
    """One layer of CLIP or SigLIP."""
    width, wide = config["hidden_size"], config["intermediate_size"]
    return linear(width, width) * 4 + linear(width, wide) + linear(wide, width) + Part(rest=4 * width)


def vae(config: Config) -> Part:
    """AutoencoderKLHunyuanVideo. Its convolutions are never int8."""
    channels, layers, latent = config["block_out_channels"], config["layers_per_block"], config["latent_channels"]
    top, last = channels[-1], len(channels) - 1
    middle = 2 * _residual(top, top) + 2 * top + 4 * (top * top + top)
    down, up = 0, 0
    for at, out in enumerate(channels):
        before = channels[max(0, at - 1)]
        down += _residual(before, out) + (layers - 1) * _residual(out, out) + (_convolution(out, out) if at < last else 0)
    for at, out in enumerate(reversed(channels)):
        before = channels[min(last, last - at + 1)]
        up += _residual(before, out) + layers * _residual(out, out) + (_convolution(out, out) if at < last else 0)
    encoder = _convolution(config["in_channels"], channels[0]) + down + middle + 2 * top + _convolution(top, 2 * latent)
    decoder = _convolution(latent, top) + middle + up + 2 * channels[0] + _convolution(channels[0], config["out_channels"])
    quant = (2 * latent) ** 2 + 2 * latent + latent**2 + latent
    return Part(rest=encoder + decoder + quant)


def _convolution(wide: int, out: int) -> int:
    return 27 * wide * out + out


def _residual(wide: int, out: int) -> int:
    shortcut = wide * out + out if wide != out else 0
    return 2 * wide + _convolution(wide, out) + 2 * out + _convolution(out, out) + shortcut
