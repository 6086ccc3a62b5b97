"""Weights of LoRA files: every trainer's names give the same change of the network, errors are reported, weights are cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.framepack.lora_layers import FramePackLayers, _other_names
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import checksum
from studio.diffusion import lora_files as module
from studio.diffusion.lora_branches import NO_LORAS, ActiveLoras
from studio.engine.events import LoraFile
from studio.engine.lora_weights import LoraWeights
from studio.lab import tiny
from tests.catalogue.loras.files import config, in_blocks, kohya, pairs, peft, randn, written

SMALL = config(tiny.transformer(num_layers=2, num_single_layers=2))
LAYERS = FramePackLayers(SMALL)


def asked(path: Path, strength: float = 1.0) -> LoraFile:
    return LoraFile(path.name, path, checksum(path), strength)


def changes(loras: ActiveLoras) -> dict[str, Tensor]:
    """What is added to each layer's weight."""
    return {
        name: torch.stack([low.scale * low.up.float() @ low.down.float() for low in some]).sum(0)
        for name, some in loras.layers.items()
    }


def fused(made: Mapping[str, tuple[Tensor, Tensor]], style: int) -> dict[str, tuple[Tensor, Tensor]]:
    """The same changes by HunyuanVideo's (0) or ComfyUI's (-1) names: layers in one get a matrix of all their ranks."""
    theirs = {}
    for names, targets in _other_names(SMALL):
        downs, ups = zip(*(made[target] for target in targets), strict=True)
        up = torch.block_diag(*ups)
        if "final_layer.adaLN" in names[0]:
            up = torch.cat(up.chunk(2)[::-1])
        theirs[names[style]] = torch.cat(downs), up
    return theirs


def test_every_trainers_names_are_the_same_change(tmp_path: Path) -> None:
    made = pairs(LAYERS)
    exact = {name: up @ down for name, (down, up) in made.items()}
    shared = {name: change for name, change in exact.items() if "image_projection" not in name}
    for number, (tensors, wanted) in enumerate([
        (peft(made), exact), (kohya(made), exact),
        ({k: v.half() for k, v in peft(made).items()}, exact),
        (kohya(made, alpha=2.0), exact), (kohya(made, alpha=1.0), {name: change / 2 for name, change in exact.items()}),
        (kohya(made, alpha=0.0), exact),
        (kohya(fused(made, 0)), shared), (peft(fused(made, 0), ""), shared), (peft(fused(made, -1), "diffusion_model."), shared),
    ]):
        loras = LoraWeights(LAYERS, "Small").active([asked(written(tmp_path / f"{number}.safetensors", tensors))])
        found = changes(loras)
        assert found.keys() == wanted.keys(), number
        for name, change in wanted.items():
            assert torch.allclose(found[name], change, atol=2e-3), (number, name)


def test_strengths_scale_and_none_is_none(tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", peft(pairs(LAYERS, in_blocks)))
    other = written(tmp_path / "b.safetensors", peft({"proj_out": (randn(3, 20), randn(16, 3))}))
    shelf = LoraWeights(LAYERS, "Small")
    one, half = changes(shelf.active([asked(path)])), changes(shelf.active([asked(path, -0.5)]))
    assert all(torch.allclose(half[name], -0.5 * one[name]) for name in one)
    assert shelf.active([asked(path, 0.0)]) is NO_LORAS and shelf.active([]) is NO_LORAS
    both = shelf.active([asked(path), asked(other, 2.0), asked(path, 0.0)])
    assert both.layers.keys() == {*one, "proj_out"}
    keys = {shelf.active(files).key for files in ([asked(path)], [asked(path, 0.5)], [asked(other)], [asked(path), asked(other)])}
    assert len(keys) == 4 and NO_LORAS.key not in keys


def test_files_are_read_once_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = module.read_weights

    def counted(path: Path, *arguments: Any) -> Any:
        read.append(path.name)
        return real(path, *arguments)

    monkeypatch.setattr(module, "read_weights", counted)
    shelf = LoraWeights(LAYERS, "Small")
    made = [peft({"proj_out": (randn(1, 20, seed=k), randn(16, 1))}) for k in range(6)]
    files = [asked(written(tmp_path / f"{k}.safetensors", tensors)) for k, tensors in enumerate(made)]
    shelf.active(files[:1])
    shelf.active([replace(files[0], strength=0.3)])
    assert read == ["0.safetensors"]
    for file in files:
        shelf.active([file])
    shelf.active(files[-1:])
    assert len(read) == 6
    shelf.active(files[:1])
    assert len(read) == 7, "only so many are kept"


def test_broken_weights_are_reported(tmp_path: Path) -> None:
    shelf, path = LoraWeights(LAYERS, "Small"), tmp_path / "x.safetensors"
    good = peft({"proj_out": (randn(2, 20), randn(16, 2))})

    def message(file: LoraFile) -> str:
        with pytest.raises(LoraError) as refused:
            shelf.active([file])
        return str(refused.value)

    written(path, {**good, "transformer.proj_out.lora_B.weight": torch.full((16, 2), torch.nan)})
    assert "holds values that are not numbers (in proj_out)" in message(asked(path))
    written(path, {**good, "transformer.proj_out.alpha": torch.tensor([1.0, 2.0])})
    assert "not numbers" in message(asked(path))
    written(path, good)
    assert "is not the file any more that was added" in message(replace(asked(path), sha256="0" * 64))
    assert "wrong is not there any more" in message(LoraFile("wrong", tmp_path / "no", "0", 1.0))
    written(path, {"transformer.proj_out.lora_A.weight": randn(2, 8), "transformer.proj_out.lora_B.weight": randn(16, 2)})
    assert "does not fit Small: proj_out is 20 to 16 wide there, and 8 to 16 in the LoRA" in message(asked(path))
    whole = written(path, good).read_bytes()
    path.write_bytes(whole[:-4])
    assert "is cut short" in message(asked(path))
    header = whole.replace(b'"data_offsets":[0,', b'"data_offsets":[1,', 1)
    path.write_bytes(header)
    assert "is damaged" in message(asked(path))
    assert changes(shelf.active([asked(written(path, good))]))
