"""DINO, CLIP and SigLIP from folders as their makers save them: which consistency they tell, and by which features."""

from __future__ import annotations

import json
from pathlib import Path

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
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    ViTConfig,
    ViTImageProcessor,
    ViTModel,
)

from studio.lab.measure import consistency
from studio.lab.measure.consistency import BACKGROUND, SUBJECT

SIZES = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 1, "num_attention_heads": 4}
SEEN = {**SIZES, "image_size": 32, "patch_size": 8}
FRAMES = torch.rand(3, 3, 48, 80, generator=torch.Generator().manual_seed(0))


def saved(folder: Path, kind: str) -> Path:
    """A model of random weights in a folder, with its image processor."""
    torch.manual_seed(0)
    folder = folder / kind
    if kind == "dinov2":
        Dinov2Model(Dinov2Config(**SIZES, image_size=70, patch_size=14)).save_pretrained(folder)
        BitImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 56, "width": 56}).save_pretrained(folder)
    elif kind == "vit":          # as DINO's first ones are published: without a pooler
        ViTModel(ViTConfig(**SEEN), add_pooling_layer=False).save_pretrained(folder)
        ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    elif kind == "clip":
        text = {**SIZES, "vocab_size": 99}
        CLIPModel(CLIPConfig(text_config=text, vision_config=SEEN, projection_dim=16)).save_pretrained(folder)
        CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    else:
        SiglipModel(SiglipConfig(text_config={**SIZES, "vocab_size": 99}, vision_config=SEEN)).save_pretrained(folder)
        SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("kind", "measures", "width"), [
    ("dinov2", SUBJECT, 32), ("vit", SUBJECT, 32), ("clip", BACKGROUND, 16), ("siglip", BACKGROUND, 32),
])
def test_an_encoder_measures_what_vbench_measures_with_it(tmp_path: Path, kind: str, measures: str, width: int) -> None:
    folder = saved(tmp_path, kind)
    encoder = consistency.load_encoder(folder)
    assert (encoder.measures, encoder.kind) == (measures, kind)
    found = encoder.features(FRAMES)
    assert found.shape == (3, width) and not torch.allclose(found[0], found[1], atol=1e-4)
    assert torch.equal(consistency.load_encoder(folder).features(FRAMES), found)        # nothing of it is made up anew on loading
    assert consistency.consistency(FRAMES[:1].expand(4, -1, -1, -1), encoder.features) == pytest.approx(1, abs=1e-5)
    assert consistency.consistency(FRAMES, encoder.features) < 0.9999


def test_features_are_the_class_token_and_the_image_embedding(tmp_path: Path) -> None:
    """Held against transformers' own calls, on frames that are square already and of the right size."""
    frames = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    clip = saved(tmp_path, "clip")
    look = json.loads((clip / "preprocessor_config.json").read_text())
    mean, deviation = (torch.tensor(look[key]).view(1, 3, 1, 1) for key in ("image_mean", "image_std"))
    with torch.no_grad():
        wanted = CLIPModel.from_pretrained(clip).get_image_features(pixel_values=(frames - mean) / deviation).pooler_output
        vit = ViTModel.from_pretrained(saved(tmp_path, "vit"), add_pooling_layer=False)
        token = vit(pixel_values=(frames - 0.5) / 0.5).last_hidden_state[:, 0]
    assert torch.allclose(consistency.load_encoder(clip).features(frames), wanted, atol=1e-5)
    assert torch.allclose(consistency.load_encoder(tmp_path / "vit").features(frames), token, atol=1e-5)


def test_there_is_one_of_each(tmp_path: Path) -> None:
    dino, clip, siglip = (saved(tmp_path, kind) for kind in ("dinov2", "clip", "siglip"))
    assert list(consistency.load_encoders([clip, dino])) == [BACKGROUND, SUBJECT]
    assert consistency.load_encoders([]) == {}
    with pytest.raises(ValueError, match="siglip is the second encoder for the background consistency"):
        consistency.load_encoders([clip, siglip])
    LlamaConfig().save_pretrained(tmp_path / "llama")
    (tmp_path / "llama" / "preprocessor_config.json").write_text((clip / "preprocessor_config.json").read_text())
    with pytest.raises(ValueError, match="of the kind 'llama', which cannot be used"):
        consistency.load_encoder(tmp_path / "llama")
