"""A LoRA file is read whatever its trainer called things; a wrong file says what it is."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.backbones.registry import lora_layers
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import Contents, parse_contents
from studio.catalogue.loras.header import LARGEST, Header, TensorEntry, read_header
from studio.lab import tiny
from tests.catalogue.loras.files import config, in_blocks, kohya, pairs, peft, randn, written
from tests.catalogue.loras.test_layers import F1
from tests.fake_engine import card

SMALL = config(tiny.transformer())


def shaped(names: Mapping[str, tuple[int, int]], rank: int = 16, kind: str = "kohya") -> Header:
    """The header of a LoRA on layers of these inputs and outputs; no weights are made."""
    ends = {"kohya": (".lora_down.weight", ".lora_up.weight"), "peft": (".lora_A.weight", ".lora_B.weight")}[kind]
    tensors = {}
    for name, (ins, outs) in names.items():
        tensors |= {f"{name}{ends[0]}": TensorEntry("BF16", (rank, ins)), f"{name}{ends[1]}": TensorEntry("BF16", (outs, rank))}
    return Header(tensors)


def plain(*names: str) -> Header:
    return Header({name: TensorEntry("BF16", (4, 4)) for name in names})


def said(header: Header, of: Mapping[str, Any] = F1, model: str = "FramePack-F1") -> str:
    with pytest.raises(LoraError) as refused:
        parse_contents(header, FramePackLayers(of), model, "x.safetensors")
    return str(refused.value)


def held(path: Path) -> Contents:
    return parse_contents(read_header(path), FramePackLayers(SMALL), "Small", path.name)


def test_all_trainers_names_are_read(tmp_path: Path) -> None:
    made = pairs(FramePackLayers(SMALL))
    for name, tensors in {
        "ours": peft(made), "bare": peft(made, ""), "peft": peft(made, "base_model.model."), "kohya": kohya(made),
        "alpha": kohya(made, 1.0),
        "old": {k.replace(".lora_A.", "_lora.down.").replace(".lora_B.", "_lora.up."): v for k, v in peft(made).items()},
        "named": {k.replace(".weight", ".default.weight"): v for k, v in peft(made).items()},
    }.items():
        found = held(written(tmp_path / f"{name}.safetensors", tensors))
        assert {pair.layer.name for pair in found.pairs} == set(made) and not found.unused, name
        assert found.summary == f"rank 2, {len(made)} layers"
        assert all((pair.alpha is not None) == (name == "alpha") for pair in found.pairs)


def test_what_is_not_used_is_counted_and_told(tmp_path: Path) -> None:
    made = kohya(pairs(FramePackLayers(SMALL), in_blocks))
    path = written(tmp_path / "x.safetensors", made | {
        "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": torch.ones(2, 4),
        "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight": torch.ones(4, 2),
    })
    assert held(path).summary.endswith("layers; 2 of its tensors are not used (they are a text encoder's)")
    path = written(path, made | {"byt5_in.fc1.lora_A.weight": torch.ones(2, 4), "byt5_in.fc1.lora_B.weight": torch.ones(4, 2)})
    assert held(path).summary.endswith("layers; 2 of its tensors are not used, such as byt5_in.fc1.lora_A.weight")


def test_peft_notes_scale(tmp_path: Path) -> None:
    made = peft(pairs(FramePackLayers(SMALL), in_blocks))
    def scales(**notes: Any) -> set[float]:
        note = json.dumps({f"transformer.{key}": value for key, value in notes.items()})
        return {pair.scale for pair in held(written(tmp_path / "x.safetensors", made, lora_adapter_metadata=note)).pairs}

    assert scales() == {1.0} and scales(lora_alpha=8) == {4.0}
    assert scales(lora_alpha=8, use_rslora=True) == {8 / 2**0.5}
    assert scales(lora_alpha=8, alpha_pattern={"attn.to_q": 1}) == {4.0, 0.5}
    for broken in ("{", "[]", "7", '{"transformer.lora_alpha": "a lot"}', "[" * 100_000):
        found = held(written(tmp_path / "x.safetensors", made, lora_adapter_metadata=broken))
        assert {pair.scale for pair in found.pairs} == {1.0}


UNET = "lora_unet_{}_1_attentions_0_transformer_blocks_0_attn2_to_k"
OTHERS = {
    "Stable Diffusion 1.5": shaped({UNET.format("down_blocks"): (768, 320)}),
    "Stable Diffusion 2": shaped({UNET.format("up_blocks"): (1024, 320)}),
    "SDXL": shaped({"lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k": (2048, 640),
                    "lora_te1_text_model_encoder_layers_0_mlp_fc1": (768, 3072)}),
    "Stable Diffusion 3": shaped({"diffusion_model.joint_blocks.0.x_block.attn.qkv": (1536, 4608)}, kind="peft"),
    "Wan": shaped({"diffusion_model.blocks.0.cross_attn.k": (5120, 5120)}, kind="peft"),
    "Qwen-Image": shaped({"transformer_blocks.0.attn.to_q": (3072, 3072), "transformer_blocks.0.img_mlp.net.2": (12288, 3072)}),
    "LTX-Video, CogVideoX or PixArt": shaped({"transformer.transformer_blocks.0.attn1.to_q": (2048, 2048)}, kind="peft"),
    "AnimateDiff": shaped({"down_blocks.0.motion_modules.0.to_q": (320, 320)}),
    "Chroma": shaped({"lora_unet_distilled_guidance_layer_in_proj": (64, 5120)}),
    "FLUX.2": shaped({"transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj": (6144, 9)}, kind="peft"),
    "Z-Image or Lumina": shaped({"diffusion_model.layers.0.attention.to_q": (3840, 3840)}, kind="peft"),
}


@pytest.mark.parametrize("title", OTHERS)
def test_another_networks_lora_says_whose_it_is(title: str) -> None:
    text = said(OTHERS[title])
    assert text.startswith(f"x.safetensors is a LoRA of {title}, and does not fit FramePack-F1."), text
    assert "LoRAs made for HunyuanVideo or FramePack fit FramePack-F1." in text


def test_flux_has_hunyuans_names_and_widths_and_is_told_apart() -> None:
    qkv, out, fused = (3072, 9216), (3072, 3072), (3072, 21504)
    flux = {f"transformer.transformer_blocks.{i}.attn.to_q": out for i in range(19)}
    flux |= {f"transformer.single_transformer_blocks.{i}.proj_mlp": (3072, 12288) for i in range(38)}
    assert "a LoRA of FLUX.1" in said(shaped(flux, kind="peft"))
    for name in ("lora_unet_double_blocks_0_img_mlp_0", "lora_unet_double_blocks_7_txt_mlp_0"):
        assert "a LoRA of FLUX.1" in said(shaped({"lora_unet_double_blocks_0_img_attn_qkv": qkv, name: (3072, 12288)}))
    few = shaped({"lora_unet_single_blocks_7_linear1": fused})
    assert "a LoRA of FLUX.1" in said(Header(few.tensors, {"modelspec.architecture": "flux-1-dev/lora"}))
    assert len(parse_contents(few, FramePackLayers(F1), "FramePack-F1", "x").pairs) == 1
    last = {"transformer.transformer_blocks.19.attn.to_q": out, "transformer.single_transformer_blocks.39.proj_mlp": (3072, 12288)}
    hunyuan = flux | last
    assert len(parse_contents(shaped(hunyuan, kind="peft"), FramePackLayers(F1), "FramePack-F1", "x").pairs) == 59
    told = Header(shaped(flux, kind="peft").tensors, {"modelspec.architecture": "hunyuan-video/lora"})
    assert len(parse_contents(told, FramePackLayers(F1), "FramePack-F1", "x").pairs) == 57, "its trainer says what it is"


def test_what_is_no_lora_says_what_it_is() -> None:
    for what, header in {
        "a whole checkpoint of Stable Diffusion": plain("model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.x"),
        "a whole checkpoint of a network": plain("double_blocks.0.img_attn_qkv.weight", "img_in.proj.weight"),
        "an autoencoder (VAE)": plain("decoder.conv_in.conv.weight", "encoder.down_blocks.0.resnets.0.conv1.weight"),
        "a file of differences between whole weights": plain("diffusion_model.double_blocks.0.img_attn.qkv.diff"),
        "a text encoder": plain("model.layers.0.self_attn.q_proj.weight", "model.embed_tokens.weight"),
        "an image encoder": plain("vision_model.embeddings.patch_embedding.weight"),
        "an embedding (a textual inversion)": plain("emb_params"),
        "a memory adapter of this studio": plain("memorize.blocks.0.attention.key.weight"),
        "a safetensors file of something else (its first tensor is strange.thing)": plain("strange.thing"),
        "its first tensor is nothing at all": Header({}),
    }.items():
        text = said(header)
        assert text.startswith("x.safetensors is no LoRA: it is ") and what in text, text


@pytest.mark.parametrize(("ending", "what"), [
    ("lokr_w1", "a LoKr"), ("lokr_w2_a", "a LoKr"), ("hada_w1_a", "a LoHa"), ("dora_scale", "a DoRA"),
    ("lora_magnitude_vector.weight", "a DoRA"), ("oft_blocks", "an OFT adapter"), ("lora_mid.weight", "a LoCon"),
    ("processor.qkv_lora1.down.weight", "a LoRA of FLUX.1 as XLabs wrote them"),
])
def test_other_adapters_say_what_they_are(ending: str, what: str) -> None:
    good = shaped({"lora_unet_double_blocks_0_img_attn_qkv": (3072, 9216)}).tensors
    text = said(Header({**good, f"lora_unet_double_blocks_0_img_attn_qkv.{ending}": TensorEntry("BF16", (4, 4))}))
    assert text.startswith(f"x.safetensors is {what}") and "plain LoRAs only" in text


def test_a_text_encoders_lora_says_so() -> None:
    for name in ("lora_te_text_model_encoder_layers_0_mlp_fc1", "text_encoder.layers.0.mlp", "lora_te1_text_model_x"):
        assert "changes a text encoder alone" in said(shaped({name: (768, 768)}))


def test_shapes_that_do_not_fit_name_the_layer_and_both_sizes() -> None:
    hunyuan = shaped({"lora_unet_double_blocks_0_img_attn_qkv": (3072, 9216)})
    assert said(hunyuan, SMALL, "MemoryPack mini") == (
        "x.safetensors does not fit MemoryPack mini: double_blocks.0.img_attn.qkv is 20 to 60 wide there, and 3072 to 9216 in "
        "the LoRA. LoRAs made for HunyuanVideo or FramePack fit FramePack-F1."
    )
    text = said(shaped({"transformer_blocks.0.attn.to_q": (2048, 2048)}))
    assert "transformer_blocks.0.attn.to_q is 3072 to 3072 wide there, and 2048 to 2048 in the LoRA" in text
    text = said(shaped({f"transformer_blocks.{block}.attn.to_q": (3072, 3072) for block in (0, 59)}))
    assert "names the layer transformer_blocks.59.attn.to_q, and FramePack-F1 has 20 double and 40 single blocks" in text
    assert "of a network that this studio does not know: its first layer is brain.0" in said(shaped({"brain.0": (8, 8)}))


def test_models_that_take_none_say_so(tmp_path: Path) -> None:
    odd = card(folder=tmp_path)
    (tmp_path / "transformer").mkdir()
    (tmp_path / "transformer" / "config.json").write_text("{}")
    with pytest.raises(LoraError, match="Tiny takes no LoRAs: its transformer's config lacks"):
        lora_layers(odd)
    with pytest.raises(LoraError, match="Tiny takes no LoRAs"):
        lora_layers(card(kind="panorama"))
    with pytest.raises(LoraError, match=r"Tiny takes no LoRA: .*config\.json cannot be read"):
        lora_layers(card())
    f1 = lora_layers(card(kind="framepack"))
    assert isinstance(f1, FramePackLayers) and f1.doubles == 20, "to plan with before it is fetched"


def test_pairs_that_are_none_are_damage() -> None:
    good = shaped({"transformer_blocks.0.attn.to_q": (3072, 3072)}).tensors
    down, up = good
    assert "one of the two matrices of transformer_blocks.0.attn.to_q is missing" in said(Header({down: good[down]}))
    assert "have ranks 16 and 8" in said(Header({**good, up: TensorEntry("BF16", (3072, 8))}))
    assert "keeps weights as whole numbers (I8)" in said(Header({**good, up: TensorEntry("I8", (3072, 16))}))
    assert "0 to 3072 in the LoRA" in said(Header({**good, down: TensorEntry("BF16", (16, 3072, 3, 3))}))
    assert "changes transformer_blocks.0.attn.to_q twice" in said(Header(
        {**good, **{f"transformer.{key}": entry for key, entry in good.items()}}))
    assert parse_contents(Header({**good, down: TensorEntry("F16", (16, 3072, 1, 1))}), FramePackLayers(F1), "F1", "x").rank == 16


@pytest.mark.parametrize(("content", "what"), [
    (b"", "is empty"),
    (b"PK\x03\x04" + b"0" * 40, "a ZIP archive or a PyTorch checkpoint"),
    (b"\x80\x02}q" * 9, "a PyTorch checkpoint"),
    (b"\x89PNG\r\n\x1a\n" + b"0" * 40, "a picture"), (b"<!DOCTYPE html><html>" * 9, "a page of the web"),
    (b"GGUF" * 9, "a GGUF model"),
    (b"version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS"), (b"hello", "is not a safetensors file"),
    (struct.pack("<Q", 2**40) + b"{" * 40, "its header says that it is 1,099,511,627,776 bytes long"),
    (struct.pack("<Q", 100) + b'{"a":', "is cut short: 13 bytes are not even its header"),
])
def test_a_file_of_another_kind_says_what_it_looks_like(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(LoraError, match=r"^x\.safetensors is ") as refused:
        read_header(path)
    assert what in str(refused.value)


def test_a_file_cut_short_says_how_much_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"a": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(LoraError, match=r"cut short: 350 of 400 bytes of its weights are there\. Get the file again"):
        read_header(path)
    with pytest.raises(LoraError, match=r"none is not there any more.*take the LoRA off"):
        read_header(tmp_path / "none")


def raw(path: Path, header: bytes, rest: bytes = b"") -> Path:
    path.write_bytes(struct.pack("<Q", len(header)) + header + rest)
    return path


HOSTILE = {
    "nested": b'{"a":' + b"[" * 1_000_000, "no end": b'{"a', "list": b'{"a":[1,2]}', "null": b'{"a":null}', "text": b'{"a":"b"}',
    "shapeless": b'{"a":{"dtype":"F32","shape":4,"data_offsets":[0,16]}}',
    "backwards": b'{"a":{"dtype":"F32","shape":[],"data_offsets":[4,0]}}',
    "negative": b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[4,0]}}',
    "true": b'{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}}',
    "vast": b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}',
    "float": b'{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', "notes": b'{"__metadata__":[]}',
    "short": b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}',
    "one": b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}',
    "listed": b'{"a":{"dtype":["F32"],"shape":[1],"data_offsets":[0,4]}}', "bytes": b'{"\xff\xfe":1}',
    "named": b'{"' + b"n" * 1000 + b'":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers_are_damage_and_nothing_worse(tmp_path: Path, name: str) -> None:
    began = time.monotonic()
    with pytest.raises(LoraError, match="is damaged: its header cannot be read"):
        read_header(raw(tmp_path / "x.safetensors", HOSTILE[name], b"0000"))
    assert time.monotonic() - began < 2


def test_headers_are_read_up_to_a_size_and_a_number(tmp_path: Path) -> None:
    many = b"{" + b",".join(b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % k for k in range(21_000)) + b"}"
    with pytest.raises(LoraError, match="it holds 21,000 tensors"):
        read_header(raw(tmp_path / "many", many))
    path = tmp_path / "long"
    path.write_bytes(struct.pack("<Q", LARGEST + 1) + b"{")
    with pytest.raises(LoraError, match="bytes long"):
        read_header(path)
    with pytest.raises(LoraError, match="keeps its weights as F4"):
        read_header(raw(tmp_path / "four", b'{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}', b"0000"))


def test_names_from_outside_are_put_into_sentences_safely(tmp_path: Path) -> None:
    tensors: dict[str, Tensor] = {"a\n\x1b[31m" + "b" * 300 + ".lora_A.weight": randn(2, 2), "c.lora_B.weight": randn(2, 2)}
    path = written(tmp_path / "x.safetensors", tensors)
    with pytest.raises(LoraError) as refused:
        held(path)
    assert "\n" not in str(refused.value) and "\x1b" not in str(refused.value) and len(str(refused.value)) < 400
