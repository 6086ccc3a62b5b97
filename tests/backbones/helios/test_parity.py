"""Ours and diffusers' stock Helios pipelines: same weights, same noise, the same latents and frames bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.helios.backbone import HeliosBackbone
from studio.backbones.helios.codec import WanCodec
from studio.backbones.helios.conditioner import NEGATIVE, HeliosConditioner
from studio.backbones.helios.sampler import Variant
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.memory.framepack import empty_history
from studio.memory.snapshot import Snapshot
from tests.backbones.helios.stock import SIZE, TOKENS, WINDOW, Draws, plain_pipeline, pyramid_pipeline, without_ftfy

PROMPT = "a  dance in the rain &amp; snow"
SECTIONS = 3
CASES: dict[str, dict[str, Any]] = {
    "distilled": {"distilled": True, "guidance_scale": 1.0, "steps": [2, 2, 2], "is_amplify_first_chunk": True},
    "mid": {"zero_star": True, "guidance_scale": 5.0, "steps": [3, 2, 2]},
    "mid, Euler": {"zero_star": True, "guidance_scale": 4.7, "steps": [3, 3, 3], "kind": "euler"},
    "plain guidance": {"guidance_scale": 2.5, "steps": [2, 2, 2]},
    "without guidance": {"zero_star": True, "guidance_scale": 1.0, "steps": [2, 2, 2]},
    "base": {"guidance_scale": 5.0, "steps": [4]},
}


def stock(pipe: Any, case: dict[str, Any], draws: Draws, **image: Any) -> Tensor:
    """The latents [1, C, T, h, w] of the pipeline's film."""
    draws.give_to(pipe)
    steps: dict[str, Any] = {"num_inference_steps": case["steps"][0]}
    if len(case["steps"]) > 1:
        steps = {"pyramid_num_inference_steps_list": case["steps"],
                 "is_amplify_first_chunk": case.get("is_amplify_first_chunk", False)}
    film: Tensor = pipe(
        prompt=PROMPT, negative_prompt=NEGATIVE, height=SIZE, width=SIZE, num_frames=33 * SECTIONS, output_type="latent",
        max_sequence_length=TOKENS, guidance_scale=case["guidance_scale"], **steps, **image,
    ).frames
    return film


def ours(pipe: Any, case: dict[str, Any], draws: Draws, snapshot: Snapshot) -> Tensor:
    """The latents [1, C, T, h, w] of our film with the pipeline's parts."""
    variant = Variant(case.get("distilled", False), case.get("zero_star", False))
    backbone = HeliosBackbone(pipe.transformer, pipe.scheduler, variant)
    conditioner = HeliosConditioner(pipe.tokenizer, pipe.text_encoder, TOKENS, not variant.distilled)
    conditioning = conditioner(PROMPT, torch.zeros(1, 3, 8, 8))
    latents = []
    for section in range(SECTIONS):
        seed = draws.section_seed(section)
        noise = flow.noise((1, 4, WINDOW, SIZE // 8, SIZE // 8), seed)
        sampling = Sampling(sum(case["steps"]), case["guidance_scale"], WINDOW, seed=seed)
        *steps, last = denoise_section(backbone, snapshot, conditioning, noise, sampling)
        assert isinstance(last, SectionResult)
        amplified = case.get("is_amplify_first_chunk", False) and section == 0
        assert len(steps) == sum(case["steps"]) * (2 if amplified else 1)
        snapshot = last.snapshot
        latents.append(last.latents)
    return torch.cat(latents, dim=2)


def decoded(pipe: Any) -> list[Tensor]:
    """Keeps the frames [1, 3, 33, H, W] of every section that the pipeline decodes from now on."""
    frames: list[Tensor] = []
    decode = type(pipe.vae).decode

    def kept(*arguments: Any, **options: Any) -> Any:
        made = decode(pipe.vae, *arguments, **options)
        frames.append(made[0])
        return made

    pipe.vae.decode = kept
    return frames


def show_nothing(pipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pipeline decode nothing, where only latents are compared."""
    monkeypatch.setattr(pipe.vae, "decode", lambda *_, **__: [torch.zeros(1, 3, 33, SIZE, SIZE)])


def pipeline(case: dict[str, Any]) -> Any:
    if len(case["steps"]) == 1:
        return plain_pipeline()
    return pyramid_pipeline(case.get("distilled", False), case.get("zero_star", False), case.get("kind", "unipc"))


@pytest.mark.parametrize("name", CASES)
def test_latents_equal_the_stock_pipelines(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_ftfy(monkeypatch)
    case, pipe = CASES[name], pipeline(CASES[name])
    start, newest = (torch.randn(1, 4, 1, SIZE // 8, SIZE // 8, generator=torch.Generator().manual_seed(at)) for at in (1, 2))
    show_nothing(pipe, monkeypatch)
    theirs = stock(pipe, case, Draws(), image_latents=start, fake_image_latents=newest, add_noise_to_image_latents=False)
    latents = ours(pipe, case, Draws(), Snapshot.initial(start, newest=newest))
    # Their film's first latent is the one that stands for the newest frame at the beginning.
    assert theirs.shape[2] == 1 + WINDOW * SECTIONS and torch.equal(theirs[:, :, :1], newest)
    assert torch.equal(latents, theirs[:, :, 1:])


@pytest.mark.parametrize("name", ["distilled", "mid", "base"])
def test_latents_of_a_film_from_words_alone_do_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its prefix is zeros in the first section, and that section's first latent in all others."""
    without_ftfy(monkeypatch)
    case, pipe = CASES[name], pipeline(CASES[name])
    show_nothing(pipe, monkeypatch)
    theirs = stock(pipe, case, Draws())
    assert theirs.shape[2] == WINDOW * SECTIONS
    assert torch.equal(ours(pipe, case, Draws(), Snapshot.empty(4, (SIZE // 8, SIZE // 8))), theirs)


@pytest.mark.parametrize("pictured", [True, False], ids=["picture", "words"])
@pytest.mark.parametrize("name", ["distilled", pytest.param("base", marks=pytest.mark.slow)])
def test_a_film_from_its_beginning_to_frames(name: str, pictured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both draw the noise that is mixed into a picture's latents from a generator of the same seed."""
    without_ftfy(monkeypatch)
    case, picture = CASES[name], tiny.picture(size=SIZE)
    pipe = pipeline(case)
    shown = decoded(pipe)
    image = {"image": picture, "generator": torch.Generator().manual_seed(5)} if pictured else {}
    theirs = stock(pipe, case, Draws(), **image)
    codec, pixels = WanCodec(pipe.vae, WINDOW), pipe.video_processor.preprocess(picture, height=SIZE, width=SIZE)
    snapshot, whole = Snapshot.empty(4, codec.latent_size(SIZE, SIZE)), torch.cat(shown, dim=2)
    if pictured:
        with torch.no_grad():
            start, newest = codec.begin_with(pixels, torch.Generator().manual_seed(5))
        snapshot = Snapshot.initial(start, newest=newest)
        assert torch.equal(theirs[:, :, :1], newest)
    latents = ours(pipe, case, Draws(), snapshot)
    assert torch.equal(latents, theirs[:, :, 1:] if pictured else theirs)
    stream = codec.stream(snapshot.recent, 0)
    with torch.no_grad():
        frames = torch.cat([stream.push(section) for section in latents.split(WINDOW, dim=2)], dim=2)
    assert frames.shape[2] == 33 * SECTIONS and torch.equal(frames, whole)


def test_in_bfloat16_ours_rounds_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not equal there: the pipeline rounds its prediction after every step, and noise between stages, to the network's precision.

    Ours stay in float32. So the two differ by no more than the pipeline differs from itself in float32, twice.
    """
    without_ftfy(monkeypatch)
    case, films = {**CASES["distilled"], "is_amplify_first_chunk": False}, list[Tensor]()
    start = torch.randn(1, 4, 1, SIZE // 8, SIZE // 8, generator=torch.Generator().manual_seed(1))
    for kind in (torch.float32, torch.bfloat16):
        pipe = pipeline(case)
        pipe.transformer.to(kind)
        show_nothing(pipe, monkeypatch)
        films.append(stock(pipe, case, Draws(), image_latents=start, fake_image_latents=start, add_noise_to_image_latents=False))
    halves = ours(pipe, case, Draws(), Snapshot(start, empty_history(start), sections=1))
    exact, rounded = (film[:, :, 1:] for film in films)
    assert not torch.equal(halves, rounded)
    assert (halves - rounded).norm() <= 2 * (rounded - exact).norm()
