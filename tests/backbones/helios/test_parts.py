"""Helios' codec, conditioner and folder: what a film begins with, what is read of a prompt, and folders that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.backbones.helios.backbone import HeliosConditioning
from studio.backbones.helios.codec import NOISE, WanCodec
from studio.backbones.helios.conditioner import HeliosConditioner, clean_prompt
from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, ModelError, read_card
from studio.diffusion.blend import mix
from studio.diffusion.codec import BeginsFilms, Codec, EncodesVideo
from studio.lab import tiny
from tests import folders

PICTURE = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.helios(tmp_path_factory.mktemp("models") / "helios")


@torch.no_grad()
def test_the_same_picture_always_gives_the_same_beginning() -> None:
    codec: Codec = WanCodec(tiny.wan_autoencoder(), 3)
    assert isinstance(codec, BeginsFilms) and not isinstance(codec, EncodesVideo)
    start, newest = codec.begin(PICTURE)
    codec.set_tile_size(16)                                                          # type: ignore[attr-defined]
    again, newest_again = codec.begin(PICTURE)
    assert torch.equal(start, again) and torch.equal(newest, newest_again) and torch.equal(codec.encode(PICTURE), start)
    assert start.shape == newest.shape == (1, 4, 1, 4, 4) and not torch.equal(start, newest)
    assert not torch.equal(codec.begin(-PICTURE)[0], start) and NOISE[0] < NOISE[1] < 0.2


@torch.no_grad()
def test_sections_are_decoded_by_themselves_and_previews_learn_from_them() -> None:
    learned: list[tuple[torch.Size, torch.Size]] = []

    class Previews:
        description = "as they are"

        def __call__(self, latents: torch.Tensor) -> torch.Tensor:
            return latents[0, :3].movedim(1, 0)

        def learn(self, latents: torch.Tensor, frames: torch.Tensor) -> None:
            learned.append((latents.shape, frames.shape))

    codec = WanCodec(tiny.wan_autoencoder(), 3, Previews())
    latents = torch.randn(1, 4, 6, 4, 4)
    stream = codec.stream(latents, 2)
    first, second = (stream.push(section) for section in latents.split(3, dim=2))
    assert first.shape == (1, 3, 9, 32, 32) == (1, 3, codec.section_frames, 32, 32)
    assert torch.equal(second, codec.stream(torch.zeros(1, 4, 19, 4, 4), 0).push(latents[:, :, 3:]))
    assert learned[0] == ((1, 4, 3, 4, 4), (1, 3, 12, 32, 32))
    assert codec.preview(torch.randn(1, 4, 3, 2, 2)).shape == (3, 3, 2, 2), "of a smaller stage, too"


@pytest.mark.parametrize(("written", "read"), [
    ("a  dance\n in “the” rain", 'a dance in "the" rain'), ("fish &amp;amp; chips’ &lt;3", "fish & chips' <3"), (" é ", "é"),
])
def test_prompts_are_read_as_in_training(written: str, read: str) -> None:
    assert clean_prompt(written) == read


def test_embeddings_end_in_zeros_and_guidance_reads_the_negative_prompt() -> None:
    def conditioner(guided: bool) -> HeliosConditioner:
        return HeliosConditioner(tiny.tokenizer("<s>", "</s>", "<pad>", 32), tiny.umt5(), 24, guided)

    guided, plain = conditioner(True)("rain", PICTURE), conditioner(False)("rain", PICTURE)
    assert torch.equal(guided.text, plain.text) and guided.text.shape == (1, 24, 16)
    length = int(guided.mask.sum())
    assert 0 < length < 24 and not guided.text[:, length:].any() and bool(guided.text[:, :length].any())
    assert guided.negative.shape == (1, 24, 16) and plain.negative.shape == (1, 0, 16)
    assert not torch.equal(conditioner(True)("snow", PICTURE).text, guided.text)


def test_two_prompts_are_mixed_and_guidance_stays() -> None:
    """A blend of two segments: the mixed text is as wide as both, and is led away from the same."""
    read = HeliosConditioner(tiny.tokenizer("<s>", "</s>", "<pad>", 32), tiny.umt5(), 24, True)
    before, after = read("noon", PICTURE), read("a rainy night", PICTURE)
    half = mix(before, after, 0.5)
    assert isinstance(half, HeliosConditioning) and torch.equal(half.negative, after.negative)
    assert half.text.shape == after.text.shape
    assert torch.equal(mix(before, after, 1.0).text, after.text) and torch.equal(mix(before, after, 0.0).text, before.text)
    assert not torch.equal(half.text, after.text)


def test_a_folder_is_loaded(card: ModelCard) -> None:
    model = load(card, "cpu")
    assert model.channels == 4 and model.fingerprint.startswith("helios:") and model.memory is None
    # What must be exact stays in float32 whatever the rest is.
    half = load(card, "cpu", torch.bfloat16)
    kinds = {name: weight.dtype for name, weight in half.backbone.transformer.named_parameters()}          # type: ignore[attr-defined]
    exact = [name for name, kind in kinds.items() if kind == torch.float32]
    assert half.backbone.dtype == torch.bfloat16 and "blocks.0.scale_shift_table" in exact and "blocks.1.norm2.weight" in exact
    assert "condition_embedder.time_embedder.linear_1.weight" in exact
    # The scale of the history's keys is not: attention wants keys of the queries' type.
    assert kinds["blocks.0.attn1.history_key_scale"] == kinds["blocks.0.attn1.to_q.weight"] == torch.bfloat16


def changed(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize(("change", "said"), [
    (lambda folder: changed(folder / "scheduler/scheduler_config.json", _class_name="Other"), "names the scheduler 'Other'"),
    (lambda folder: changed(folder / "pipeline/model_index.json", is_distilled=True), "do not belong together"),
    (lambda folder: (folder / "pipeline/model_index.json").write_text("{"), "model_index.json cannot be read"),
])
def test_folders_that_cannot_be_used(tmp_path: Path, change: Callable[[Path], object], said: str) -> None:
    folders.helios(tmp_path / "helios")
    change(tmp_path / "helios")
    card = replace(read_card(tmp_path / "helios"), files=())
    with pytest.raises(ModelError, match=f"{said}.*projects are not affected"):
        load(card, "cpu")


def test_a_card_must_state_the_frames_that_are_decoded(card: ModelCard) -> None:
    with pytest.raises(ModelError, match=r"sections of 3 latents have 9 frames, not 12. Correct section_frames"):
        load(replace(card, section_frames=12), "cpu")


def test_clock_and_frames_of_a_card_are_those_of_sections_decoded_apart(card: ModelCard) -> None:
    whole = replace(card, window=9, section_frames=33, fps=24)
    size = whole.sizes[0]
    assert whole.clock(size) == (24, 33) and whole.frames_of_latent(size) == 4
    shows = [0] + [1 + at // 4 for at in range(32)]                 # the latent of a section that each frame belongs to
    newest = 8 - torch.tensor(shows * 2).flip(0)[:33]
    assert [whole.latents_back(size, back) for back in range(33)] == newest.tolist()
    assert [whole.latents_back(size, back) for back in (33, 65, 66)] == [9, 17, 18]
    assert whole.frames_back(size, 19) == 2 * 33 + 4
    f1 = replace(card, window=9, section_frames=36)
    assert all(f1.latents_back(size, back) == back // 4 for back in range(100)) and f1.frames_back(size, 19) == 76


def test_the_tokenizer_pads_on_the_right() -> None:
    """Zeros stand after the last token; a tokenizer that pads before it would lose the prompt's beginning."""
    mask = HeliosConditioner(tiny.tokenizer("<s>", "</s>", "<pad>", 32), tiny.umt5(), 24, False)("a", PICTURE).mask
    assert mask[0, 0] == 1 and mask[0, -1] == 0
