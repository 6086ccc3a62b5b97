"""Films in order: kept and found again, at a model's own frame rate, and held apart from those that are measured on."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.backbones.load import load
from studio.catalogue.cards import read_card
from studio.lab.train import film_store
from studio.lab.train.animatic_learner import AnimaticLearner
from studio.lab.train.caption_files import FootageError
from studio.lab.train.captioned_frames import frames_at
from studio.lab.train.coarse import CoarseCodec
from studio.lab.train.encoding import Truth
from studio.lab.train.families.family import FIRST
from studio.lab.train.film_store import HELD_OUT, held_out_films, load_or_make_films
from studio.lab.world import film
from studio.media.clip import write_clip
from tests import folders
from tests.bases import of_colours
from tests.lab.train.toys import animatic_film, animatic_model, conditioner, velocity

SIZE = (64, 32)


def moving(path: Path, fps: int = 24, seconds: int = 5) -> np.ndarray:
    """A clip of noise that slides to the right; returns its frames."""
    rng = np.random.default_rng(0)
    strip = np.kron(rng.integers(0, 255, (4, 200, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
    frames = np.stack([strip[:, 4 * n : 4 * n + 64] for n in range(fps * seconds)])
    write_clip(path, frames, fps)
    return frames


def test_films_are_made_once_and_come_back_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_or_make_films(animatic_model(), tmp_path, [0, 3], SIZE, 2)
    monkeypatch.setattr(film_store, "training_family", lambda _: pytest.fail("made again"))
    again = load_or_make_films(animatic_model(), tmp_path, [0, 3], SIZE, 2)
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one.start, other.start) and torch.equal(one.latents, other.latents)
        assert one.encoded is not None and other.encoded is not None
        assert one.encoded.sections == other.encoded.sections
        for truth, same in zip(one.encoded.truths, other.encoded.truths, strict=True):
            assert all(torch.equal(getattr(truth, f.name), getattr(same, f.name)) for f in fields(Truth))
    assert not torch.equal(first[0].latents, first[1].latents)
    assert torch.equal(first[0].latents, animatic_film(0).latents)
    with pytest.raises(pytest.fail.Exception, match="made again"):
        load_or_make_films(animatic_model(), tmp_path, [0], SIZE, 1)                       # other films


def test_a_films_start_is_what_the_studio_begins_with() -> None:
    """All channels of the first picture, and the state; its coarse channels are those of the true latents."""
    each, learner = animatic_film(0), AnimaticLearner(animatic_model())
    assert each.encoded is not None
    picture = film(FIRST, *SIZE, 2).scene[:1].float().movedim(1, 0)[None] / 127.5 - 1
    assert torch.allclose(each.start[:48], of_colours(4).encode(picture)[0], atol=1e-5)
    assert torch.equal(each.start[-10:], each.encoded.stills[-10:, :1].float())
    assert learner.truth([each], 1).shape == (1, 58, 9, 2, 4)
    assert torch.equal(learner.truth([each], 1)[0, -10:], each.latents[-10:, 10:19].float())


def test_a_velocity_models_film_is_its_codecs_latents(tmp_path: Path) -> None:
    """Of the large kind, too: sections of 12 frames, each with what is said of it."""
    model = load(read_card(folders.large(tmp_path / "large").folder), "cpu")
    each = load_or_make_films(model, tmp_path / "films", [1], SIZE, 4)[0]
    assert each.start.shape == (4, 1, 4, 8) and each.latents.shape == (4, 12, 4, 8) and len(each.conditioning) == 4
    true = film(FIRST + 1, *SIZE, 2)
    picture = true.frames()[:1].float() / 127.5 - 1
    assert torch.allclose(each.start, model.codec.encode(picture)[0], atol=1e-5)
    wanted = [model.conditioner(true.sections[n * 12 // 36].caption, picture) for n in range(4)]
    assert all(torch.allclose(one.text, other.text, atol=1e-5) for one, other in zip(each.conditioning, wanted, strict=True))


def test_frames_are_what_is_on_screen_at_the_models_rate(tmp_path: Path) -> None:
    frames = moving(tmp_path / "clip.mp4")
    for rate, begin in ((30, 0.0), (12, 1.0), (24, 2.0)):
        found = list(frames_at(tmp_path / "clip.mp4", begin, 20, rate, 64, 32))
        nearest = [int(np.abs(frames.astype(int) - each).mean(axis=(1, 2, 3)).argmin()) for each in found]
        assert nearest == [int((begin + k / rate) * 24 + 1e-2) for k in range(20)]
    assert len(list(frames_at(tmp_path / "clip.mp4", 4.5, 30, 24, 64, 32))) == 12


def test_footage_is_read_with_its_captions_and_held_apart(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    moving(folder / "a.mp4", seconds=8)
    (folder / "captions.toml").write_text(
        '[["a.mp4"]]\nfrom = 0\nto = 3\ncaption = "pan left"\n[["a.mp4"]]\nfrom = 3\nto = 9\ncaption = "pan right"\n'
    )
    model = replace(velocity().model, conditioner=conditioner(), codec=CoarseCodec(of_colours(4), 4))
    films = load_or_make_films(model, tmp_path / "films", [0], SIZE, 4, str(folder))
    assert films[0].latents.shape == (4, 12, 2, 4) and len(films[0].conditioning) == 4     # of 12 frames at 12 a second
    said = {
        name: model.conditioner(text, torch.zeros(1, 3, 32, 64)).text for name, text in (("l", "pan left"), ("r", "pan right"))
    }
    assert any(torch.equal(films[0].conditioning[0].text, text) for text in said.values())
    with pytest.raises(FootageError, match="too few for 5 to learn from and 1 held out"):
        held_out_films(model, tmp_path / "films", 5, 1, SIZE, 1, str(folder))
    held = held_out_films(model, tmp_path / "films", 0, 1, SIZE, 1, str(folder))
    assert held[0].frames.shape == (13, 3, 32, 64) and held[0].pose is None


def test_held_out_films_are_none_that_are_learned_from(tmp_path: Path) -> None:
    one = held_out_films(animatic_model(), tmp_path, 5, 1, SIZE, 1)[0]
    true = film(HELD_OUT, *SIZE, 1)
    assert torch.equal(one.frames, true.frames()) and one.pose is not None and not one.pose[0].any()
    assert torch.equal(held_out_films(animatic_model(), tmp_path, 5, 1, SIZE, 1)[0].frames, one.frames)
    assert not torch.equal(true.scene, film(FIRST, *SIZE, 1).scene)
    assert held_out_films(animatic_model(), tmp_path, 5, 0, SIZE, 1) == []
