"""The artist's own image encoder: found in a folder, used for features, and left aside with a sentence where it cannot be used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import accelerate
import numpy as np
import pytest
import torch
from transformers import (
    BitImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    Dinov2Config,
    Dinov2Model,
    LlamaConfig,
)

from studio.backbones.load import LOADING
from studio.engine.identity import VARIABLE, Identity
from studio.engine.image_encoder import load_image_encoder
from studio.media.look import cosine

SIZES = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 1, "num_attention_heads": 4}
RANDOM = np.random.default_rng(0)
FRAMES = [RANDOM.integers(0, 256, (48, 80, 3), np.uint8) for _ in range(3)]


def dino(folder: Path) -> Path:
    torch.manual_seed(0)
    Dinov2Model(Dinov2Config(**SIZES, image_size=70, patch_size=14)).save_pretrained(folder)
    BitImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 56, "width": 56}).save_pretrained(folder)
    return folder


def clip(folder: Path) -> Path:
    torch.manual_seed(0)
    seen = {**SIZES, "image_size": 32, "patch_size": 8}
    CLIPModel(CLIPConfig(text_config={**SIZES, "vocab_size": 99}, vision_config=seen, projection_dim=16)).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def test_the_folder_that_the_variable_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(dino(tmp_path / "my-dino")))
    identity = Identity([tmp_path / "nowhere"])
    found = identity.features(FRAMES)
    assert (identity.name, identity.problem, len(found)) == ("my-dino", "", 32)
    assert cosine(found, identity.features(FRAMES)) == pytest.approx(1)
    dark = identity.features([np.zeros_like(frame) for frame in FRAMES])
    assert (cosine(found, dark) or 0) < 0.999


def test_loading_one_never_changes_the_default_type_of_other_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dino(tmp_path)
    config = (tmp_path / "config.json").read_text()
    assert '"float32"' in config
    (tmp_path / "config.json").write_text(config.replace('"float32"', '"bfloat16"'))
    types = list[torch.dtype]()
    monkeypatch.setattr(torch, "set_default_dtype", types.append)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    identity = Identity()
    assert identity.features(FRAMES) and identity.problem == "" and set(types) <= {torch.float32}


def test_loading_one_waits_while_a_model_is_built(tmp_path: Path) -> None:
    """Diffusers' loader has all threads build their modules without weights meanwhile."""
    dino(tmp_path)
    with ThreadPoolExecutor() as pool:
        with LOADING, accelerate.init_empty_weights():
            encoder = pool.submit(load_image_encoder, tmp_path)
            assert wait([encoder], timeout=0.3).not_done
        features = encoder.result().features(torch.zeros(1, 3, 70, 70))
    assert not features.is_meta and features.isfinite().all()


def test_a_folder_among_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    clip(tmp_path / "a-film-model")
    (tmp_path / "a-film-model" / "model.toml").write_text("")
    (tmp_path / "empty").mkdir()
    assert Identity([tmp_path]).name == "", "a model of films is no encoder"
    clip(tmp_path / "clip")
    identity = Identity([tmp_path])
    assert identity.name == "clip" and len(identity.features(FRAMES)) == 16


def test_without_one_there_are_no_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    identity = Identity([tmp_path, tmp_path / "gone"])
    assert (identity.features(FRAMES), identity.name, identity.problem) == ((), "", "")


@pytest.mark.parametrize(("content", "words"), [
    (None, "holds no image encoder"), ("{}", "does not say image_mean"), ("nonsense", "does not say image_mean"),
])
def test_a_folder_that_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
        (tmp_path / "preprocessor_config.json").write_text(content)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    identity = Identity()
    assert identity.features(FRAMES) == () and identity.name == ""
    assert words in identity.problem and "Edges are compared instead; nothing was lost." in identity.problem


def test_a_model_of_another_kind_and_damaged_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dino(tmp_path / "dino")
    (folder / "model.safetensors").write_bytes(b"cut short")
    monkeypatch.setenv(VARIABLE, str(folder))
    identity = Identity()
    assert identity.name == "" and "cannot be loaded" in identity.problem
    LlamaConfig().save_pretrained(folder)
    identity = Identity()
    assert identity.name == "" and "of the kind 'llama', which cannot be used" in identity.problem
