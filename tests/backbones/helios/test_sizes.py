"""Helios' sizes: equal to those of models on the meta device, and of tensors that are alive there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKLWan, HeliosTransformer3DModel
from diffusers.models.transformers import transformer_helios
from torch.utils.flop_counter import FlopCounterMode
from transformers import UMT5Config, UMT5EncoderModel

from studio.backbones.helios.configs import published_configs
from studio.backbones.helios.mapped_weights import SKIP, is_exact
from studio.backbones.helios.sizes import autoencoder, published_sizes, sizes_of, transformer, umt5
from studio.backbones.registry import FAMILIES, size_unit
from studio.catalogue.cards import ModelError
from studio.lab import tiny
from studio.placement import sizes
from studio.placement.choose import PlanError, alternative_sizes, choose_plan
from studio.placement.description import describe
from studio.placement.device import int8
from studio.placement.machine import imagine_machine
from studio.project import edits
from studio.project.edits import EditError
from studio.project.model import Clock, RenderSettings
from studio.session.models import set_model, set_size
from tests import folders
from tests.fake_engine import card
from tests.placement.live import Live

CONFIGS, HELIOS = published_configs(), published_sizes()
SIZE = (640, 384)


def test_sizes_that_the_pyramid_cannot_halve_are_refused_when_they_are_chosen() -> None:
    odd = (832, 480)
    large = card("wide", title="Helios", kind="helios", sizes=(odd, (832, 448)), steps=60, guidance=5.0)
    assert (HELIOS.unit, replace(HELIOS, stages=1).unit, size_unit(large), size_unit(card())) == (64, 16, 64, 1)
    with pytest.raises(PlanError, match="multiples of 64 pixels"):
        choose_plan(imagine_machine(24, 64, "Linux"), HELIOS, odd)
    assert all(edge % 64 == 0 for size in alternative_sizes(HELIOS, (1280, 704)) for edge in size)
    film = edits.new("Sea", "tiny", (64, 48), Clock(), RenderSettings())
    with pytest.raises(EditError, match=r"no films of 832×480 pixels.*multiples of 64. The nearest is 832×512"):
        set_model(film, large, None)
    assert set_size(film, large, (832, 448)).size == (832, 448)


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_the_published_parts_are_counted_exactly() -> None:
    with torch.device("meta"):
        network = HeliosTransformer3DModel(**CONFIGS["transformer"])
        vae = AutoencoderKLWan(**CONFIGS["vae"])
        text = UMT5EncoderModel(UMT5Config(**CONFIGS["text_encoder"], feed_forward_proj="gated-gelu"))
    counted = HELIOS.transformer
    assert counted.total.parameters == parameters(network) == 14_312_427_584
    assert counted.single.parameters == parameters(network.blocks[0]) and counted.blocks == 40 and not counted.adaln.parameters
    assert autoencoder(CONFIGS["vae"]).parameters == parameters(vae) and HELIOS.vae == autoencoder(CONFIGS["vae"]) * 2
    assert umt5(CONFIGS["text_encoder"]).parameters == parameters(text)
    blocks = sizes.block_bytes(counted, "bf16", adaln_table=True)
    assert sum(blocks) / 2**30 == pytest.approx(26.2, abs=0.05), "as it was counted before"
    defaults = HeliosTransformer3DModel(**tiny.helios().config)              # what the published config leaves out is the default
    assert set(CONFIGS["transformer"]) <= set(defaults.config)


@pytest.mark.parametrize("changes", [{}, {"is_amplify_history": False, "cross_attn_norm": False}, {"num_layers": 3, "ffn_dim": 40}])
def test_other_configs_are_counted_too(changes: dict[str, object]) -> None:
    network = tiny.helios(**changes)
    assert transformer(network.config).total.parameters == parameters(network)
    assert autoencoder(tiny.wan_autoencoder().config).parameters == parameters(tiny.wan_autoencoder())
    assert umt5(tiny.umt5().config.to_dict()).parameters == parameters(tiny.umt5())


def test_int8_has_the_bytes_of_quantized_blocks_but_for_what_stays_in_float32() -> None:
    network = tiny.helios().to(torch.bfloat16)
    int8.quantize(network, SKIP)
    for name, weight in network.named_parameters():
        weight.data = weight.data.float() if is_exact(name) else weight.data
    exact = sum(2 * weight.numel() for name, weight in network.blocks[0].named_parameters() if is_exact(name))
    found = sum(weight.nbytes for weight in network.blocks[0].parameters())
    assert sizes.block_bytes(transformer(network.config), "int8", adaln_table=True) == [found - exact] * 2


def test_tokens() -> None:
    assert HELIOS.tokens(SIZE) == 9 * 960 + 2 * 960 + 240 + 4 * 60 and HELIOS.context_tokens(SIZE) == 512


@pytest.mark.parametrize(("new", "past"), [(8640, 2400), (540, 2400)])
def test_a_blocks_peak_is_that_of_its_tensors(new: int, past: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformer_helios, "dispatch_attention_fn", lambda query, *_, **__: torch.empty_like(query))
    width = HELIOS.transformer.width
    with torch.device("meta"):
        block = HeliosTransformer3DModel(**{**CONFIGS["transformer"], "num_layers": 1}).blocks[0].to(torch.bfloat16)
    with torch.device("meta"), torch.no_grad(), Live(block) as live:
        tokens, text = (torch.empty(1, count, width, dtype=torch.bfloat16) for count in (new + past, 512))
        modulation = torch.empty(1, 6, new + past, width, dtype=torch.bfloat16).permute(0, 2, 1, 3)
        block(tokens, text, modulation, torch.empty(1, new + past, 256), new)
    assert live.peak == pytest.approx(HELIOS.block_peak(SIZE) * (new + past) / HELIOS.tokens(SIZE), rel=0.01)


def test_a_steps_operations_are_those_of_its_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the blocks, whose operations are all but a hundredth; the mean over the three stages of a section."""
    config = {**CONFIGS["transformer"], "num_layers": 2}
    with torch.device("meta"):
        network = HeliosTransformer3DModel(**config)
    monkeypatch.setattr(network.rope, "forward", lambda frame_indices, height, width, device: torch.empty(
        1, 256, frame_indices.shape[1], height, width, device="meta"))
    total, (width, height) = 0, (edge // 8 for edge in SIZE)
    for halvings in range(3):
        h, w = height >> halvings, width >> halvings
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(
                torch.empty(1, 16, 9, h, w, device="meta"), torch.zeros(1, device="meta"), torch.empty(1, 512, 4096, device="meta"),
                *(torch.zeros(1, count, device="meta") for count in (9, 2, 2, 16)),
                *(torch.empty(1, 16, count, height, width, device="meta") for count in (2, 2, 16)),
            )
        total += counter.get_total_flops()
    counted = replace(HELIOS, transformer=transformer(config))
    assert counted.step_flops(SIZE) == pytest.approx(total / 3, rel=0.03)
    assert replace(counted, passes=2).step_flops(SIZE) == 2 * counted.step_flops(SIZE)


def test_decoding_a_tile() -> None:
    with torch.device("meta"):
        vae = AutoencoderKLWan(**CONFIGS["vae"]).eval()
    latents = torch.empty(1, 16, 3, 16, 16, device="meta")
    with torch.no_grad(), Live(vae) as live:
        vae.decode(latents)
    assert sizes.tile_peak(128, HELIOS.vae_width) == pytest.approx(live.peak, rel=0.04)


@pytest.mark.parametrize(("vram", "ram"), [(6, 32), (12, 32), (24, 64), (80, 128)])
def test_it_is_planned_for_cards_from_6_gb(vram: int, ram: int) -> None:
    plan = choose_plan(imagine_machine(vram, ram, "Linux"), HELIOS, SIZE)
    assert plan.fits and (plan.profile.resident == 40) == (vram >= 24)
    assert plan.profile.weights == ("int8" if vram < 40 else "bf16")
    assert not any("A table stands" in sentence for sentence in describe(plan)), "it has no AdaLN layers that a table could replace"


def test_a_folder_is_counted_from_its_own_configs(tmp_path: Path) -> None:
    card = folders.helios(tmp_path / "helios")
    counted = sizes_of(card)
    assert (counted.stages, counted.passes, counted.transformer.blocks) == (2, 2, 2)
    assert sizes_of(folders.helios(tmp_path / "distilled", distilled=True, stages=3)).passes == 1
    (card.folder / "vae" / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"cannot be read.*Get the folder helios again"):
        sizes_of(card)
    config = card.folder / "transformer" / "config.json"
    config.write_text(json.dumps({"num_layers": 2}))
    (card.folder / "vae" / "config.json").unlink()
    with pytest.raises(KeyError):
        FAMILIES["helios"].sizes(card)
