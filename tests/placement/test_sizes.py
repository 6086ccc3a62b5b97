"""Calculated sizes: equal to those of models on the meta device, of tensors that are alive there, and to figures measured once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLHunyuanVideo, HunyuanVideoFramepackTransformer3DModel
from diffusers.models.transformers.transformer_hunyuan_video import (
    HunyuanVideoSingleTransformerBlock,
    HunyuanVideoTransformerBlock,
)
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPTextConfig, CLIPTextModel, LlamaConfig, LlamaModel, SiglipVisionConfig, SiglipVisionModel

from studio.backbones.framepack import sizes as framepack_sizes
from studio.backbones.framepack.conditioner import drop_unused_layers
from studio.backbones.framepack.sizes import published_configs, published_sizes
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import ModelError, read_card
from studio.placement import counts, sizes
from studio.placement.device import int8
from studio.placement.device.copies import HostCopies
from studio.placement.device.streamer import Streamer
from tests import folders
from tests.placement.live import Live

GB = 2**30
F1 = published_sizes()
CONFIGS = published_configs()
SMALL = {
    **CONFIGS["transformer"], "num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 1, "num_single_layers": 2,
    "num_refiner_layers": 1, "guidance_embeds": False, "has_clean_x_embedder": False, "has_image_proj": False, "text_embed_dim": 24,
}
# film size: GiB of a single and of a double block with 790 context tokens, and TFLOP a step, as measured before this was written
MEASURED = {
    (512, 512): (1.27, 0.84, 277), (832, 480): (1.92, 1.27, 504), (640, 640): (1.96, 1.30, 522), (960, 544): (2.49, 1.65, 754),
    (1280, 720): (4.36, 2.91, 1881),
}


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def bytes_in(module: torch.nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in module.parameters())


@pytest.fixture(scope="module")
def transformer() -> HunyuanVideoFramepackTransformer3DModel:
    with torch.device("meta"):
        return HunyuanVideoFramepackTransformer3DModel(**CONFIGS["transformer"])


def test_the_13b_transformer_is_counted_exactly(transformer: HunyuanVideoFramepackTransformer3DModel) -> None:
    t = F1.transformer
    assert t.total.parameters == parameters(transformer) == 12_874_314_816
    norms = {"norm", "norm1", "norm1_context", "norm_out"}
    adaln = [module for name, module in transformer.named_modules()
             if name.endswith("linear") and name.split(".")[-2] in norms and not name.startswith("context_embedder")]
    assert t.adaln.parameters == sum(map(parameters, adaln)) and len(adaln) == 81
    assert round(t.adaln.parameters / 1e9, 3) == 3.417
    assert (t.double + t.double_adaln).parameters == parameters(transformer.transformer_blocks[0])
    assert (t.single + t.single_adaln).parameters == parameters(transformer.single_transformer_blocks[0])


@pytest.mark.parametrize("config", [
    SMALL, {**SMALL, "guidance_embeds": True, "has_image_proj": True, "mlp_ratio": 3.0}, {**SMALL, "has_clean_x_embedder": True},
])
def test_other_configs_are_counted_too(config: dict[str, object]) -> None:
    with torch.device("meta"):
        built = HunyuanVideoFramepackTransformer3DModel(**config)
    assert counts.transformer(config).total.parameters == parameters(built)


def test_the_other_parts_are_counted_exactly() -> None:
    with torch.device("meta"):
        built = {
            counts.llama(CONFIGS["text_encoder"]): LlamaModel(LlamaConfig(**CONFIGS["text_encoder"])),
            F1.text_encoder: drop_unused_layers(LlamaModel(LlamaConfig(**CONFIGS["text_encoder"]))),
            counts.clip_text(CONFIGS["text_encoder_2"]): CLIPTextModel(CLIPTextConfig(**CONFIGS["text_encoder_2"])),
            counts.siglip(CONFIGS["image_encoder"]): SiglipVisionModel(SiglipVisionConfig(**CONFIGS["image_encoder"])),
            counts.vae(CONFIGS["vae"]): AutoencoderKLHunyuanVideo(),
        }
    for part, module in built.items():
        assert part.parameters == parameters(module), type(module)


def test_int8_has_the_bytes_of_quantized_blocks() -> None:
    with torch.device("meta"):
        built = HunyuanVideoFramepackTransformer3DModel(**SMALL).to(torch.bfloat16)
    int8.quantize(built)
    t = counts.transformer(SMALL)
    found = [bytes_in(block) for block in (*built.transformer_blocks, *built.single_transformer_blocks)]
    assert sizes.block_bytes(t, "int8", adaln_table=False) == found
    assert sizes.bytes_of(t.outside, "bf16") + sizes.bytes_of(t.out_adaln, "bf16") == bytes_in(built) - sum(found)


def test_whole_figures_are_those_known() -> None:
    t = F1.transformer
    bare = sum(sizes.block_bytes(t, "bf16", True)) + sizes.bytes_of(t.outside, "bf16")
    assert bare / GB == pytest.approx(17.61, abs=0.01)
    assert (sum(sizes.block_bytes(t, "int8", True)) + sizes.bytes_of(t.outside, "bf16")) / GB == pytest.approx(9.18, abs=0.02)
    assert sizes.bytes_of(F1.text_encoder, "bf16") / GB == pytest.approx(13.17, abs=0.01)
    assert framepack_sizes.UNUSED_LAYERS == 2
    assert sizes.bytes_of(F1.vae, "bf16") / GB == pytest.approx(0.46, abs=0.01)


@pytest.mark.parametrize("size", MEASURED)
def test_peaks_and_operations_are_those_measured(size: sizes.Size) -> None:
    single, double, tflop = MEASURED[size]
    t, tokens = F1.transformer, F1.tokens(size)
    assert sizes.single_block_peak(t, tokens, 790) / GB == pytest.approx(single, abs=0.006)
    assert sizes.double_block_peak(t, tokens, 790) / GB == pytest.approx(double, abs=0.006)
    # The older count left the context out of the layers, and had fewer text tokens.
    assert tflop < F1.step_flops(size) / 1e12 < 1.1 * tflop


@pytest.mark.parametrize(("size", "tokens"), [((320, 320), 4600), ((640, 640), 18400), ((832, 480), 17966), ((1280, 720), 41480)])
def test_tokens(size: sizes.Size, tokens: int) -> None:
    assert F1.tokens(size) == tokens


@pytest.mark.parametrize("kind", [HunyuanVideoSingleTransformerBlock, HunyuanVideoTransformerBlock])
@pytest.mark.parametrize(("film", "context"), [(4600, 790), (18400, 985)])
def test_a_blocks_peak_is_that_of_its_tensors(
    kind: type[torch.nn.Module], film: int, context: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Attention as flash does it: nothing but its output. A meta tensor would take the path that makes the whole square.
    monkeypatch.setattr(F, "scaled_dot_product_attention", lambda query, **_: torch.empty_like(query))
    t = F1.transformer
    with torch.device("meta"), torch.no_grad():
        block = kind(t.width // t.head, t.head, mlp_ratio=t.mlp).to(torch.bfloat16)
        with Live(block) as live:
            tokens = (torch.empty(1, count, t.width, dtype=torch.bfloat16) for count in (film, context))
            rotary = (torch.empty(film, t.head), torch.empty(film, t.head))
            block(*tokens, torch.empty(1, t.width, dtype=torch.bfloat16), None, rotary)
    peak = sizes.single_block_peak if kind is HunyuanVideoSingleTransformerBlock else sizes.double_block_peak
    assert live.peak == pytest.approx(peak(t, film, context), rel=0.002)


def test_a_step_has_the_operations_of_its_blocks() -> None:
    t = F1.transformer
    with torch.device("meta"), torch.no_grad():
        block = HunyuanVideoSingleTransformerBlock(t.width // t.head, t.head, mlp_ratio=t.mlp)
        with FlopCounterMode(display=False) as counter:
            block(torch.empty(1, F1.tokens((320, 320)), t.width), torch.empty(1, F1.context, t.width), torch.empty(1, t.width))
    assert counter.get_total_flops() * t.blocks == pytest.approx(F1.step_flops((320, 320)), rel=0.001)


@pytest.mark.parametrize(("tile", "measured"), [(256, 2.41), (192, 1.36), (128, 0.60)])
def test_a_tiles_peak_is_linear_in_its_area(tile: int, measured: float) -> None:
    assert sizes.tile_peak(tile, 128) / GB == pytest.approx(measured, abs=0.02)


def test_a_tiles_peak_and_operations_are_those_of_its_tensors() -> None:
    with torch.device("meta"), torch.no_grad():
        autoencoder = AutoencoderKLHunyuanVideo().to(torch.float16)
        latents = torch.empty(1, 16, 5, 16, 16, dtype=torch.float16)
        with Live(autoencoder) as live:
            autoencoder.decoder(latents)
        with FlopCounterMode(display=False) as counter:
            autoencoder.decoder(latents)
    assert live.peak == pytest.approx(sizes.tile_peak(128, 128), rel=0.01)
    assert counter.get_total_flops() / (128 * 128 * 17) == pytest.approx(sizes.TILE_FLOPS, rel=0.01)


@pytest.mark.parametrize("resident", [0, 1, 7, 30, 59, 60, 99])
def test_the_same_blocks_stay_as_in_the_streamer(resident: int) -> None:
    streamer = Streamer([torch.nn.Linear(1, 1, bias=False) for _ in range(60)], HostCopies(), resident)
    assert sizes.resident_blocks(60, resident) == set(range(60)) - set(streamer._streamed)


def test_the_embedded_model_is_counted_from_its_folder() -> None:
    mini = sizes_of(read_card(Path(__file__).parents[2] / "models" / "memorypack-mini"))
    assert not mini.large and 15e6 < mini.transformer.total.parameters < 20e6
    flops = mini.steps * mini.step_flops((320, 192))
    assert 80e9 < flops < 120e9, "106 GFLOP were measured"


def test_a_folders_own_config_counts(tmp_path: Path) -> None:
    folder = folders.small(tmp_path / "small")
    card = read_card(tmp_path / "small")
    assert sizes_of(card).transformer.total.parameters > 0, folder
    (card.folder / "transformer" / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="attention_head_dim"):
        sizes_of(card)
    (card.folder / "transformer" / "config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        sizes_of(card)
    (card.folder / "transformer" / "config.json").unlink()
    with pytest.raises(ModelError, match="missing"):
        sizes_of(card)
