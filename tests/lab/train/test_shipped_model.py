"""The model folder that ships: complete, small, true to photographs it has never seen, and it does what its phrases say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import torch
from skimage.metrics import structural_similarity
from skimage.registration import phase_cross_correlation
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.state import split_latents, with_neutral_state
from studio.backbones.film_model import FilmModel
from studio.backbones.load import load
from studio.catalogue.cards import check, read_card
from studio.diffusion.flow import noise
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab import photographs
from studio.lab.psnr import psnr as unit_psnr
from studio.memory.snapshot import Snapshot

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[3] / "models" / "memorypack-mini"
PARTS = ("transformer", "vae", "weather", "text_encoder", "image_encoder", "tokenizer")
SIZE = (192, 128)
"""Of the films, for they take a second each; it is one of those that the model was trained at."""
NAMES = tuple(name for name in photographs.NAMES if name != "motorcycle")


def photograph(name: str, width: int, height: int) -> Tensor:
    """A photograph [3, H, W] in [-1, 1], as the model takes it."""
    return photographs.photograph(name, width, height) * 2 - 1


def psnr(made: Tensor, true: Tensor) -> float:
    """Decibels of pictures in [-1, 1]."""
    return unit_psnr((made + 1) / 2, (true + 1) / 2)


@cache
def model() -> FilmModel:
    torch.set_num_threads(1)
    return load(read_card(FOLDER), "cpu")


@cache
def autoencoder() -> LappedAutoencoder:
    made: LappedAutoencoder = LappedAutoencoder.from_pretrained(FOLDER / "vae", torch_dtype=torch.float32)
    return made.eval().requires_grad_(False)


@cache
def latents(prompt: str, name: str = "astronaut", sections: int = 1) -> Tensor:
    """The start and so many sections of a prompt on a photograph, as the engine makes them, [1, C, 1 + 9 n, h, w]."""
    made, picture = model(), photograph(name, *SIZE)[None]
    snapshot = Snapshot.initial(made.codec.encode(picture), made.fingerprint)
    sampling = Sampling(made.card.steps, made.card.guidance, made.card.window, made.card.shift)
    parts = [snapshot.start]
    for number in range(sections):
        drawn = noise((1, made.channels, made.card.window, *snapshot.start.shape[3:]), number + 1)
        *_, done = denoise_section(made.backbone, snapshot, made.conditioner(prompt, picture), drawn, sampling)
        assert isinstance(done, SectionResult)
        parts.append(done.latents)
        snapshot = done.snapshot
    return torch.cat(parts, dim=2)


@cache
def film(prompt: str, name: str = "astronaut", sections: int = 1) -> Tensor:
    """Its frames [3, 1 + 36 n, H, W] in [-1, 1]."""
    parts = latents(prompt, name, sections)
    stream = model().codec.stream(parts[:, :, :1].expand(-1, -1, 19, -1, -1), 0)
    opening = stream.push(parts[:, :, :1])[:, :, -1:]
    return torch.cat([opening, stream.push(parts[:, :, 1:])], dim=2)[0]


def moved(before: Tensor, after: Tensor) -> tuple[float, float]:
    """Pixels by which the camera went right and down between two frames [3, H, W], by phase correlation."""
    window = torch.hann_window(before.shape[1])[:, None] * torch.hann_window(before.shape[2])[None]
    down, right = phase_cross_correlation(
        (before.mean(0) * window).numpy(), (after.mean(0) * window).numpy(), upsample_factor=4
    )[0]
    return float(right), float(down)


def test_it_is_complete_and_small() -> None:
    card = read_card(FOLDER)
    check(card, thorough=True)
    listed = {file.path for file in card.files}
    for part in PARTS:
        assert any(path.startswith(f"{part}/") for path in listed)
    assert {"deviation.safetensors", "semantic_pack.safetensors", "recall.safetensors"} <= listed
    there = [path for path in FOLDER.rglob("*") if path.is_file()]
    beside = {"model.toml", "README.md", "REPORT.md"}
    assert {path.relative_to(FOLDER).as_posix() for path in there} - listed <= beside
    assert sum(path.stat().st_size for path in there) < 50_000_000


def test_photographs_survive() -> None:
    """Still, at the size films have at first: mean PSNR and SSIM of all photographs, and none is spoiled."""
    decibels, likeness = [], []
    for name in NAMES:
        true = photograph(name, 320, 192)
        made = autoencoder().decode(autoencoder().encode(true[None, :, None]))[0, :, 0].clamp(-1, 1)
        decibels.append(psnr(made, true))
        likeness.append(structural_similarity(made.numpy(), true.numpy(), channel_axis=0, data_range=2.0))
    assert sum(decibels) / len(decibels) >= 28.0
    assert sum(likeness) / len(likeness) >= 0.85
    assert min(decibels) >= 23.0


@pytest.mark.parametrize("pace", [2, 4])
def test_photographs_survive_moving(pace: int) -> None:
    """Panned over by so many pixels a frame: nine frames of each, mean PSNR of all but the first."""
    decibels = []
    for name in NAMES:
        wide = photograph(name, 320 + 8 * pace, 192)
        frames = torch.stack([wide[:, :, pace * at : pace * at + 320] for at in range(9)], dim=1)
        made = autoencoder().decode(autoencoder().encode(frames[None]))[0]
        decibels.append(psnr(made[:, 1:], frames[:, 1:]))
    assert sum(decibels) / len(decibels) >= 28.0


def test_streaming_is_exact_with_the_shipped_weights() -> None:
    parts, codec = latents("it starts to snow"), model().codec
    pieces = [codec.stream(parts[:, :, at - 1 : at], 0).push(parts[:, :, at : at + 1]) for at in range(1, 10)]
    assert torch.equal(film("it starts to snow")[None, :, 1:], torch.cat(pieces, dim=2))


@pytest.mark.parametrize(("prompt", "sign"), [("the camera pans right", 1), ("the camera pans left", -1)])
@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_it_pans(prompt: str, sign: int, name: str) -> None:
    """4 pixels a frame is a normal pan, 2 a slow and 8 a fast one; up and down nothing moves."""
    frames = film(prompt, name)
    for begin in (6, 20):
        right, down = moved(frames[:, begin], frames[:, begin + 6])
        assert 6 * 1.5 <= sign * right <= 6 * 8.5
        assert abs(down) <= 3


def test_it_zooms_in() -> None:
    """The last frame is most like the first one's middle, grown by 1.12 (a slow zoom) to 1.5 (a fast one)."""
    frames = film("the camera zooms in")
    first, last = frames[:, :1].movedim(1, 0), frames[:, -1]
    scales = [0.7 + 0.02 * step for step in range(51)]
    likeness = [_correlation(_grown(first, scale)[0], last) for scale in scales]
    best = max(range(len(scales)), key=likeness.__getitem__)
    assert 1.08 <= scales[best] <= 1.6
    assert likeness[best] > 0.9


def _grown(frame: Tensor, scale: float) -> Tensor:
    """A frame [1, 3, H, W] about its middle."""
    grid = F.affine_grid(torch.tensor([[[1 / scale, 0, 0], [0, 1 / scale, 0]]]), list(frame.shape), align_corners=False)
    return F.grid_sample(frame, grid, mode="bicubic", padding_mode="border", align_corners=False)


def _correlation(one: Tensor, other: Tensor) -> float:
    inner = (slice(None), slice(24, -24), slice(32, -32))
    return float(torch.corrcoef(torch.stack([one[inner].flatten(), other[inner].flatten()]))[0, 1])


@pytest.mark.parametrize("prompt", ["the camera holds still", ""])
def test_it_holds_still(prompt: str) -> None:
    frames = film(prompt, sections=2)
    assert psnr(frames[:, -1], frames[:, 0]) >= 34.0
    assert psnr(frames[:, 36], frames[:, 37]) >= 40.0      # and no step shows between sections


def test_night_falls() -> None:
    """It gets dark, red goes more than blue, it does so gradually, and the scene underneath stays: the day can come back."""
    frames = (film("night falls") + 1) / 2
    brightness = frames.mean(dim=(0, 2, 3))
    assert brightness[-1] < 0.65 * brightness[0]
    assert brightness[18] < brightness[0]
    assert brightness.diff().abs().max() < 0.15 * brightness[0]
    red, _, blue = (frames[:, -1].mean(dim=(1, 2)) / frames[:, 0].mean(dim=(1, 2))).tolist()
    assert red < 0.9 * blue
    scene = split_latents(latents("night falls"))[0]
    codec = model().codec
    day = codec.stream(with_neutral_state(scene[:, :, -2:-1]), 0).push(with_neutral_state(scene[:, :, -1:]))[0, :, -1]
    assert psnr(day, film("night falls")[:, 0]) > 26


def test_it_starts_to_snow() -> None:
    """Bright specks over the scene that were not there at first and are elsewhere in the next frame; neither rain nor fog."""
    parts = latents("it starts to snow")
    scene, state = split_latents(parts)
    clear = model().codec.stream(with_neutral_state(scene[:, :, -2:-1]), 0).push(with_neutral_state(scene[:, :, -1:]))[0]
    flakes = film("it starts to snow")[:, -4:] - clear
    white = flakes.mean(0) > 0.3
    assert 0.005 < white.float().mean() < 0.6
    assert flakes.mean() > 0.005
    assert (white[0] & white[-1]).float().mean() < 0.7 * white[0].float().mean()
    snow, rain, fog = state.weather[0, -1].tolist()
    assert snow > 0.5
    assert max(rain, fog) < 0.25
    assert not state.weather[0, 0].any()


def test_it_pans_at_the_size_films_have_at_first() -> None:
    made, picture = model(), photograph("astronaut", 320, 192)[None]
    snapshot = Snapshot.initial(made.codec.encode(picture))
    sampling = Sampling(made.card.steps, made.card.guidance, made.card.window, made.card.shift)
    drawn = noise((1, made.channels, 9, 12, 20), 1)
    *_, done = denoise_section(made.backbone, snapshot, made.conditioner("the camera pans right", picture), drawn, sampling)
    assert isinstance(done, SectionResult)
    x = split_latents(done.latents)[1].pose[0, :, 0]
    assert 36 * 1.5 / 16 <= x[-1] <= 36 * 8.5 / 16
    assert (x.diff() > 0).all()


def test_any_text_becomes_tokens_and_case_does_not_matter() -> None:
    from transformers import PreTrainedTokenizerFast

    words = PreTrainedTokenizerFast.from_pretrained(FOLDER / "tokenizer")
    assert words("The camera PANS left").input_ids == words("the camera pans left").input_ids
    for text in ("", "żółw, 東西 🐢", "a" * 1000):
        tokens = words(text, truncation=True, max_length=64).input_ids
        assert len(tokens) <= 64
        assert words.unk_token_id not in tokens
        assert tokens[0] == words.bos_token_id
        assert tokens[-1] == words.eos_token_id
