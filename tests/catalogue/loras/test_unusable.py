"""LoRA files that cannot be used are refused when they are put on, with a sentence; large headers are read."""

from __future__ import annotations

import json
import os
import struct
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import inspect, inspect_whole
from studio.catalogue.loras.header import LARGEST, PARTS, Header, TensorEntry, read_header
from studio.catalogue.loras.names import sort_names
from studio.lab import tiny
from tests.catalogue.loras.files import config, kohya, pairs, peft, randn, written
from tests.catalogue.loras.test_contents import F1, held, raw, said, shaped

LAYERS = FramePackLayers(config(tiny.transformer()))
MADE = pairs(LAYERS, lambda name: name.endswith("to_q"))
KEY = "transformer.transformer_blocks.0.attn.to_q.lora_A.weight"


def refused(path: Path) -> str:
    with pytest.raises(LoraError) as error:
        inspect_whole(path, LAYERS, "Small")
    return str(error.value)


def table(content: bytes) -> tuple[dict[str, Any], bytes]:
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def test_tensors_that_do_not_fill_the_file_are_damage(tmp_path: Path) -> None:
    """As safetensors itself demands; it would refuse them when the take is rendered."""
    whole = save(peft(MADE))
    header, data = table(whole)
    last = max(header.values(), key=lambda entry: entry["data_offsets"][1])
    first = header[KEY]
    size = first["data_offsets"][1] - first["data_offsets"][0]

    def moved(entry: dict[str, Any], by: int) -> dict[str, Any]:
        return {**entry, "data_offsets": [place + by for place in entry["data_offsets"]]}

    shifted = {name: moved(entry, 4) for name, entry in header.items()}
    overlapping = {**header, "extra": {**first, "data_offsets": [4, 4 + size]}}
    gap = {name: moved(entry, 4) if entry is last else entry for name, entry in header.items()}
    for tensors, content, what in (
        (header, data + b"\0\0", "2 bytes follow after its last tensor"),
        (header, data + whole, "bytes follow after its last tensor"),
        (shifted, b"\0" * 4 + data, "its tensors overlap, or there are gaps"),
        (gap, data + b"\0" * 4, "there are gaps between them"),
        (overlapping, data, "its tensors overlap"), (header, data[:-1], "is cut short"),
        ({**header, "outside": {**first, "data_offsets": [len(data), len(data) + size]}}, data, "is cut short"),
    ):
        path = raw(tmp_path / "x.safetensors", json.dumps(tensors).encode(), content)
        text = refused(path)
        assert what in text and "Get the file again" in text, text
        with pytest.raises(SafetensorError):
            load_file(path)


TYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.float8_e4m3fn)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_values_that_are_no_numbers_are_found_in_every_precision(tmp_path: Path, dtype: torch.dtype) -> None:
    good = {name: tensor.to(dtype) for name, tensor in peft(MADE).items()}
    assert inspect_whole(written(tmp_path / "x.safetensors", good), LAYERS, "Small").pairs
    largest = torch.full_like(good[KEY].float(), min(torch.finfo(dtype).max, 3e38)).to(dtype)
    assert inspect_whole(written(tmp_path / "x.safetensors", {**good, KEY: largest}), LAYERS, "Small").pairs
    for value in (torch.nan, torch.inf, -torch.inf)[: 1 if dtype == torch.float8_e4m3fn else 3]:
        for place in (0, -1):
            bad = good[KEY].float().clone()
            bad.view(-1)[place] = value
            path = written(tmp_path / "x.safetensors", {**good, KEY: bad.to(dtype)})
            assert "holds values that are not numbers (in transformer_blocks.0.attn.to_q): its training has failed" in refused(path)
            assert inspect(path, LAYERS, "Small"), "the header alone does not tell"


def test_an_alpha_that_is_no_number_is_found(tmp_path: Path) -> None:
    name, *_ = MADE
    for alpha in (torch.tensor(torch.nan), torch.tensor(torch.inf), torch.tensor([1.0, 2.0]), torch.zeros(0)):
        made = kohya(MADE, 1.0) | {f"lora_unet_{name.replace('.', '_')}.alpha": alpha}
        assert "not numbers" in refused(written(tmp_path / "x.safetensors", made))
    made = kohya(MADE) | {f"lora_unet_{name.replace('.', '_')}.alpha": torch.tensor([8])}
    assert inspect_whole(written(tmp_path / "x.safetensors", made), LAYERS, "Small").pairs


def test_what_is_not_used_may_hold_anything(tmp_path: Path) -> None:
    bad = {"lora_te_text_model_x.lora_down.weight": torch.full((2, 2), torch.nan)}
    assert len(inspect_whole(written(tmp_path / "x.safetensors", kohya(MADE) | bad), LAYERS, "Small").unused) == 1


@pytest.mark.parametrize("large", [9 * 2**20, 40 * 2**20])
def test_long_training_notes_are_read(tmp_path: Path, large: int) -> None:
    notes = {"ss_tag_frequency": json.dumps({f'caption "{k}" [a, b], {{c}}\\': k for k in range(2000)}), "captions": "x" * large}
    path = written(tmp_path / "x.safetensors", peft(MADE), **notes)
    began = time.monotonic()
    assert len(held(path).pairs) == len(MADE) and read_header(path).notes.keys() == notes.keys()
    assert time.monotonic() - began < 30, "also on a busy machine"


@pytest.mark.parametrize("unit", [b"[],", b"0,", b'"a":"",', b'"\\"'])
def test_a_hostile_long_header_takes_neither_memory_nor_time(tmp_path: Path, unit: bytes) -> None:
    content = b'{"a":[' + unit * (20 * 2**20 // len(unit))
    began = time.monotonic()
    with pytest.raises(LoraError, match="is damaged: its header cannot be read"):
        read_header(raw(tmp_path / "x.safetensors", content))
    assert time.monotonic() - began < 5 and PARTS < 10**6 < LARGEST


def test_two_loras_in_one_file_are_not_mixed(tmp_path: Path) -> None:
    both: dict[str, Tensor] = {}
    for style in ("ink", "oil"):
        both |= {name.replace(".weight", f".{style}.weight"): tensor.clone() for name, tensor in peft(MADE).items()}
    text = refused(written(tmp_path / "x.safetensors", both))
    assert text.startswith("x.safetensors holds more than one LoRA: ") and "lora_A.ink.weight and .lora_A.oil.weight" in text


@pytest.mark.parametrize(("ending", "what"), [
    ("lora_magnitude_vector.my-style.weight", "a DoRA"), ("dora_scale", "a DoRA"), ("hada_t1", "a LoHa"), ("lokr_t2", "a LoKr"),
    ("lora_E", "an AdaLoRA"), ("vera_lambda_b", "a VeRA"), ("oft_R.my-style.weight", "an OFT"),
    ("fourierft_spectrum.x", "another kind"),
    ("lora_A.scale_weight", "a LoRA whose weights are quantized"), ("lora_up.weight.absmax", "a LoRA whose weights are quantized"),
])
def test_kinds_that_are_no_plain_lora_are_named(ending: str, what: str) -> None:
    good = shaped({"double_blocks.0.img_attn_qkv": (3072, 9216)}).tensors
    text = said(Header({**good, f"double_blocks.0.img_attn_qkv.{ending}": TensorEntry("BF16", (4, 4))}))
    assert text.startswith("x.safetensors is ") and what in text and "plain LoRAs only" in text


def test_text_encoders_of_onetrainer_are_known() -> None:
    for name in ("lora_te1.layers.0.mlp", "lora_te2_text_model_x", "llama.model.layers.0.mlp", "lora_llama_model_x", "clip_l.x",
                 "pipe.text_encoder.layers.0.mlp"):
        assert "changes a text encoder alone" in said(shaped({name: (768, 768)})), name


def test_names_are_sorted_by_layer() -> None:
    names = ["module.a.b.lora_A.my-style.weight", "a.b.lora_B.weight", "a.b.alpha", "a.b.base_layer.weight", "modules.c.x"]
    found = sort_names(names)
    assert found.layers == ["a.b"] and not found.repeated
    assert (found.down["a.b"], found.alpha["a.b"]) == ("module.a.b.lora_A.my-style.weight", "a.b.alpha")


def test_flux_of_onetrainer_is_told_apart() -> None:
    flux = {f"lora_transformer_transformer_blocks_{i}_attn_to_q": (3072, 3072) for i in range(19)}
    assert "a LoRA of FLUX.1" in said(shaped(flux), F1)


def test_a_file_whose_name_is_no_text_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe4\xff.safetensors")
    try:
        path.write_bytes(save(peft(MADE)))
    except OSError:
        pytest.skip("this disk takes no such names")
    assert inspect_whole(path, LAYERS, "Small").pairs
    path.write_bytes(save({"a": randn(2)}))
    text = refused(path)
    assert text.startswith("??.safetensors is no LoRA") and text.encode()
    path.unlink()
    assert "is not there any more" in refused(path) and refused(path).encode()
