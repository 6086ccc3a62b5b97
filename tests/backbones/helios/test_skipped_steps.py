"""Helios with the step cache by magnitudes: diffusers' hook on the stock pipeline, each stage and each text by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from diffusers import MagCacheConfig
from diffusers.hooks._helpers import TransformerBlockMetadata, TransformerBlockRegistry
from diffusers.models.transformers.transformer_helios import HeliosTransformerBlock

from studio.backbones.helios.backbone import HeliosBackbone
from studio.backbones.helios.conditioner import HeliosConditioner
from studio.backbones.helios.sampler import Variant
from studio.backbones.registry import step_caches
from studio.catalogue.step_ratios import MAGNITUDE
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.memory.framepack import empty_history
from studio.memory.snapshot import Snapshot
from tests import folders
from tests.backbones.helios.stock import SIZE, TOKENS, WINDOW, Draws, plain_pipeline, pyramid_pipeline, without_ftfy
from tests.backbones.helios.test_parity import PROMPT, SECTIONS, stock

RATIOS = (1.0, 1.3, 1.02, 0.99, 1.01, 0.9)
STEPS, THRESHOLD = len(RATIOS), 0.06


@pytest.fixture()
def _known_to_diffusers() -> Iterator[None]:
    """diffusers does not list Helios' blocks among those that its caches know."""
    TransformerBlockRegistry.register(HeliosTransformerBlock, TransformerBlockMetadata(return_hidden_states_index=0))
    yield
    TransformerBlockRegistry._registry.pop(HeliosTransformerBlock)


def start() -> torch.Tensor:
    return torch.randn(1, 4, 1, SIZE // 8, SIZE // 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.usefixtures("_known_to_diffusers")
def test_a_film_is_that_of_the_stock_pipeline_with_its_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    without_ftfy(monkeypatch)
    pipe, case = plain_pipeline(), {"guidance_scale": 5.0, "steps": [STEPS]}
    monkeypatch.setattr(pipe.vae, "decode", lambda *_, **__: [torch.zeros(1, 3, 33, SIZE, SIZE)])
    pipe.transformer.enable_cache(MagCacheConfig(THRESHOLD, num_inference_steps=STEPS, mag_ratios=list(RATIOS)))
    picture = {"image_latents": start(), "fake_image_latents": start(), "add_noise_to_image_latents": False}
    theirs = stock(pipe, case, Draws(), **picture)
    pipe.transformer.disable_cache()
    backbone, draws = HeliosBackbone(pipe.transformer, pipe.scheduler, Variant()), Draws()
    conditioning = HeliosConditioner(pipe.tokenizer, pipe.text_encoder, TOKENS, True)(PROMPT, torch.zeros(1, 3, 8, 8))
    snapshot, latents, calls = Snapshot(start(), empty_history(start()), sections=1), [], [0]
    pipe.transformer.blocks[0].register_forward_pre_hook(lambda *_: calls.__setitem__(0, calls[0] + 1))
    for section in range(SECTIONS):
        seed = draws.section_seed(section)
        noise = flow.noise((1, 4, WINDOW, SIZE // 8, SIZE // 8), seed)
        sampling = Sampling(STEPS, 5.0, WINDOW, cache=THRESHOLD, ratios=(RATIOS,), seed=seed)
        *_, last = denoise_section(backbone, snapshot, conditioning, noise, sampling)
        assert isinstance(last, SectionResult)
        snapshot = last.snapshot
        latents.append(last.latents)
    assert torch.equal(torch.cat(latents, dim=2), theirs[:, :, 1:])
    assert calls[0] == 2 * SECTIONS * (STEPS - 3), "two texts a step, of which three are left out"


def test_in_a_pyramid_every_stage_begins_anew() -> None:
    pipe = pyramid_pipeline(False, True)
    backbone = HeliosBackbone(pipe.transformer, pipe.scheduler, Variant(zero_star=True))
    conditioning = HeliosConditioner(pipe.tokenizer, pipe.text_encoder, TOKENS, True)(PROMPT, torch.zeros(1, 3, 8, 8))
    shapes = list[int]()
    pipe.transformer.blocks[0].register_forward_pre_hook(lambda _, given: shapes.append(given[0].shape[1]))
    noise = flow.noise((1, 4, WINDOW, SIZE // 8, SIZE // 8), 3)
    films = []
    for ratios in ((), ((1.0,) * 4,) * 3, ((1.0,) * 4,) * 3):
        sampling = Sampling(12, 5.0, WINDOW, cache=0.06 if ratios else 0, ratios=ratios, seed=3)
        shapes.clear()
        *_, last = denoise_section(backbone, Snapshot.initial(start()), conditioning, noise, sampling)
        assert isinstance(last, SectionResult) and torch.isfinite(last.latents).all()
        films.append(last.latents)
        assert len(set(shapes)) == 3 and len(shapes) == (2 * 3 if ratios else 2 * (12 - 2)), "CFG-Zero* asks nothing in two steps"
    assert torch.equal(films[1], films[2]) and not torch.equal(films[0], films[1])


def test_a_distilled_model_leaves_out_nothing(tmp_path: Path) -> None:
    assert step_caches(folders.helios(tmp_path / "mid")) == (MAGNITUDE,)
    assert step_caches(folders.helios(tmp_path / "distilled", distilled=True)) == ()
