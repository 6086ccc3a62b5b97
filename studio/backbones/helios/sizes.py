"""Bytes and operations of Helios, counted from its configs before any weight is read. Imports no torch.

The peaks of activations were found as those of `placement.sizes`; tests find them again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from studio.backbones.helios.configs import published_configs
from studio.backbones.large_memory_words import psi_counter
from studio.backbones.network_config import Configs, read_config
from studio.catalogue.cards import ADAPTER, ModelCard, ModelError
from studio.catalogue.step_ratios import MAGNITUDE
from studio.placement.counts import Config, Part, Transformer, linear
from studio.placement.sizes import TILE_FRAMES, TILE_MAPS, ModelSizes, Size

BLOCK_VALUES = 62.5
"""Bytes that are alive at a block's peak for each token and each value of the width: the modulation of every token by itself (six
vectors, once in bfloat16, twice in float32), which the block adds up before all else."""
TILE_BYTES = 19_950
"""Bytes that are alive at the decoder's peak for each pixel of a tile: Wan's decoder makes four frames at a time, in float32."""
TILE_FLOPS = 8.52e6
"""Operations of the decoder for a pixel of a frame, with Wan's widths."""
FIRST_STAGES = 3
"""Stages of the published models' pyramid."""


@dataclass(frozen=True)
class HeliosSizes(ModelSizes):
    """Everything about a Helios that a plan depends on."""

    stages: int = FIRST_STAGES     # of the pyramid; 1: all steps are at full size
    passes: int = 1                # of the network in a step: 2 with guidance

    @property
    def unit(self) -> int:
        """Pixels of which a film's width and height are multiples: the pyramid's first stage needs whole tokens."""
        return super().unit * 2 ** (self.stages - 1)

    def tokens(self, size: Size) -> int:
        """Tokens of the film: a section, its packed history, and all of psi, which joins the history whatever memory it is of."""
        return super().tokens(size) + self.psi_tokens(size).context

    def context_tokens(self, size: Size) -> int:
        """Tokens of the text."""
        return self.context

    def _new_tokens(self, size: Size, halvings: int = 0) -> int:
        """Tokens of the section that is denoised, in a stage at half the size so many times."""
        height, width = (edge // self.compression // 2**halvings // 2 for edge in reversed(size))
        return self.window * height * width

    def step_flops(self, size: Size) -> float:
        """Operations of a denoising step, as the mean over the stages: only the section's own tokens attend to the text."""
        t, history = self.transformer, self.tokens(size) - self._new_tokens(size)
        total, text = 0.0, self.context_tokens(size)
        for halvings in range(self.stages):
            new = self._new_tokens(size, halvings)
            every = new + history
            layers = 2 * t.width**2 * ((4 + 2 * t.mlp) * every + 2 * new + 2 * text)
            total += t.blocks * (layers + 4 * t.width * (every**2 + new * text))
        return self.passes * total / self.stages

    def block_peak(self, size: Size) -> int:
        """Bytes of activations of a block at its peak, in bfloat16, without weights, in the last stage."""
        return round(BLOCK_VALUES * self.transformer.width * self.tokens(size))

    def decode_flops(self, size: Size, tile: int) -> float:
        """Operations of decoding one section, in overlapping tiles. Every section is decoded by itself."""
        area = math.prod(sum(min(tile, edge - at) + 2 * self.compression for at in range(0, edge, tile * 3 // 4)) for edge in size)
        return self.frames * area * TILE_FLOPS

    def frames_bytes(self, size: Size) -> int:
        """Bytes of a section's decoded frames on the GPU: as tiles and joined, in float32."""
        return self.section_frames(size) * 3 * math.prod(size) * (4 + 4)


def published_sizes() -> HeliosSizes:
    """Bytes and operations of the published Helios-Distilled, to plan with before it is fetched."""
    sizes = ((640, 384), (384, 640))
    return _counted("helios-distilled", "Helios-Distilled", sizes, 6, 9, 33, 512, 0, published_configs())


def sizes_of(card: ModelCard) -> HeliosSizes:
    """Bytes and operations of a model, from the configs in its folder; the published configs stand in for those not fetched yet.

    Raises:
        ModelError: a config cannot be read. KeyError: it lacks a key.
    """
    configs = {part: read_config(card, f"{part}/config.json") or config for part, config in published_configs().items()}
    memory = sum(file.size for file in card.files if file.path == ADAPTER)
    scheduler = read_config(card, "scheduler/scheduler_config.json") or {}
    guided = has_guidance(card, scheduler)
    return _counted(
        card.name, card.title, card.sizes, card.steps, card.window, card.section_frames, card.prompt_tokens, memory, configs,
        psi=psi_counter(card), stages=int(scheduler.get("stages", FIRST_STAGES)), passes=2 if guided else 1,
    )


def has_guidance(card: ModelCard, scheduler: Config) -> bool:
    """Whether the model has guidance, by its scheduler's config; where that is not there yet, by its card."""
    return scheduler.get("_class_name") != "HeliosDMDScheduler" if scheduler else card.guidance > 1


def step_caches(card: ModelCard) -> tuple[str, ...]:
    """The rules by which the model can leave out steps. A distilled one takes two in a stage, and each of them is needed."""
    try:
        guided = has_guidance(card, read_config(card, "scheduler/scheduler_config.json") or {})
    except ModelError:
        return ()
    return (MAGNITUDE,) if guided else ()


def _counted(
    name: str, title: str, sizes: tuple[Size, ...], steps: int, window: int, frames: int, prompt: int, memory: int,
    configs: Configs, **more: Any,
) -> HeliosSizes:
    """The sizes of networks with these configs."""
    # Plans count autoencoders in 16 bits, and this one is in float32.
    return HeliosSizes(
        name, title, True, sizes, steps, window, frames, compression=8, context=prompt,
        transformer=transformer(configs["transformer"]), text_encoder=umt5(configs["text_encoder"]), small_encoders=Part(),
        vae=autoencoder(configs["vae"]) * 2, vae_width=decoder_width(configs["vae"]), memory_bytes=memory, **more,
    )


def transformer(config: Config) -> Transformer:
    """HeliosTransformer3DModel with this config. It has no large AdaLN layers: the time is projected once for all blocks.

    Raises:
        KeyError: the config lacks a key.
    """
    head = config["attention_head_dim"]
    width, wide = config["num_attention_heads"] * head, config["ffn_dim"]
    attention = linear(width, width) * 4 + Part(rest=2 * width)
    # The few that stay in float32; their bytes are counted as in 16 bits: 80 kB too few for a block of the published model.
    exact = 6 * width + (2 * width if config["cross_attn_norm"] else 0)
    exact += config["num_attention_heads"] if config.get("is_amplify_history") else 0
    block = attention * 2 + linear(width, wide) + linear(wide, width) + Part(rest=exact)
    nothing = Part()
    return Transformer(
        width=width, head=head, mlp=wide / width, doubles=0, singles=config["num_layers"], double=nothing, single=block,
        double_adaln=nothing, single_adaln=nothing, out_adaln=nothing, outside=_outside(config, width).unquantized(),
        patch=config["patch_size"][1],
    )


def _outside(config: Config, width: int) -> Part:
    """Embedders and the output layer, which every step needs besides the blocks."""
    volume = math.prod(config["patch_size"])
    parts = linear(config["in_channels"] * volume, width)                                              # patch_embedding
    if config["has_multi_term_memory_patch"]:
        for times in (1, 8, 64):                                                                       # patch_short, _mid, _long
            parts += linear(config["in_channels"] * volume * times, width)
    parts += linear(config["freq_dim"], width) + linear(width, width)                                  # time_embedder
    parts += linear(width, 6 * width) + linear(config["text_dim"], width) + linear(width, width)       # time_proj, text_embedder
    return parts + Part(rest=2 * width) + linear(width, volume * config["out_channels"])               # norm_out, proj_out


def umt5(config: Config) -> Part:
    """UMT5EncoderModel with this config. Every layer has a table of relative positions of its own."""
    width, wide, inner = config["d_model"], config["d_ff"], config["num_heads"] * config["d_kv"]
    positions = config["relative_attention_num_buckets"] * config["num_heads"]
    layer = Part(4 * width * inner + 3 * width * wide, 3 * inner + 2 * width + 2 * wide, 2 * width + positions)
    return layer * config["num_layers"] + Part(rest=config["vocab_size"] * width + width)


def autoencoder(config: Config) -> Part:
    """AutoencoderKLWan with this config. Its convolutions are never int8."""
    base, factors, layers, latent = config["base_dim"], config["dim_mult"], config["num_res_blocks"], config["z_dim"]
    down, up = [base * u for u in (1, *factors)], [base * u for u in (factors[-1], *reversed(factors))]
    later = config["temperal_downsample"]
    encoder = _convolution(config["in_channels"], down[0])
    for at, (before, out) in enumerate(pairwise(down)):
        encoder += _residual(before, out) + (layers - 1) * _residual(out, out)
        if at < len(factors) - 1:
            encoder += 9 * out * out + out + (3 * out * out + out if later[at] else 0)
    top = down[-1]
    encoder += _middle(top) + top + _convolution(top, 2 * latent)
    top = up[0]
    decoder = _convolution(latent, top) + _middle(top)
    for at, (before, out) in enumerate(pairwise(up)):
        ins = before if at == 0 else before // 2                     # the upsampling before halves the channels
        decoder += _residual(ins, out) + layers * _residual(out, out)
        if at < len(factors) - 1:
            half = out // 2
            decoder += 9 * out * half + half + (3 * out * 2 * out + 2 * out if later[::-1][at] else 0)
    decoder += up[-1] + _convolution(up[-1], config["out_channels"])
    return Part(rest=encoder + decoder + (2 * latent) ** 2 + 2 * latent + latent**2 + latent)


def decoder_width(config: Config) -> int:
    """Channels of HunyuanVideo's decoder, which plans know, whose peak is that of Wan's with this config."""
    return round(TILE_BYTES * config["base_dim"] / 96 / (TILE_MAPS * TILE_FRAMES * 2))


def _convolution(wide: int, out: int) -> int:
    return 27 * wide * out + out


def _residual(wide: int, out: int) -> int:
    shortcut = wide * out + out if wide != out else 0
    return wide + _convolution(wide, out) + out + _convolution(out, out) + shortcut


def _middle(width: int) -> int:
    """Two residual layers and an attention between them."""
    return 2 * _residual(width, width) + width + 4 * width * width + 4 * width
