"""Drift: what is right has no error, what goes wrong has it where it goes wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from studio.backbones.animatic.state import split_latents
from studio.lab.train import endurance
from studio.lab.train.coarse import CoarseCodec
from studio.lab.train.film_store import HeldOutFilm
from studio.lab.world import Section, film, shoot
from tests.bases import of_colours
from tests.lab.train.toys import animatic_film, animatic_model, conditioner, velocity


def held(sections: int = 2) -> HeldOutFilm:
    true = film(600_000_000, 64, 32, sections)
    pose = torch.cat([(true.pose[:, :2] - true.pose[:1, :2]) / 16, true.pose[:, 2:]], dim=1).float()
    return HeldOutFilm(true.frames(), tuple(s.caption for s in true.sections), pose, true.light)


def test_the_true_film_has_no_error_and_a_wrong_section_has_its_own() -> None:
    model, one, known = animatic_model(), held(), animatic_film(0)
    latents = list(known.latents[None, :, 1:].float().split(9, dim=2))
    frames = one.frames.float() / 255
    found = endurance.section_errors(model, one, frames, latents)
    assert found["psnr"] == [99.0, 99.0] and max(found["light"]) == 0
    assert max(found["way"] + found["place"]) < 1e-2 and max(found["gain"]) < 1e-2
    dark = frames.clone()
    dark[37:] *= 0.5
    moved = [latents[0], latents[1].clone()]
    moved[1][:, -10] += 2.0                                              # two cells to the right
    moved[1][:, -7:-4] += 0.5                                            # half a logarithm brighter
    wrong = endurance.section_errors(model, one, dark, moved)
    assert wrong["psnr"][0] == 99.0 and wrong["psnr"][1] < 40
    assert wrong["light"][0] == 0 and wrong["light"][1] == pytest.approx(0.693, abs=0.02)
    assert wrong["way"][0] < 1e-2 and wrong["way"][1] == pytest.approx(2, abs=0.02)
    assert wrong["gain"][1] == pytest.approx(0.5, abs=0.02)


def test_a_place_adds_up_and_a_way_does_not() -> None:
    one = held(3)
    assert one.pose is not None and one.light is not None
    latents = film_latents(3)
    for n in range(3):
        latents[n] = latents[n].clone()
        latents[n][:, -10] += n + 1.0                                    # one cell more each section
    states = [split_latents(each)[1] for each in latents]
    found = endurance._state_errors(one.pose, one.light, states, 36)
    assert found["place"] == pytest.approx([1, 2, 3], abs=0.02)
    assert found["way"] == pytest.approx([1, 1, 1], abs=0.02)


def film_latents(sections: int) -> list[torch.Tensor]:
    return list(animatic_film(0, sections).latents[None, :, 1:].float().split(9, dim=2))


def test_films_are_shot_as_captioned_and_the_same_noise_gives_the_same(tmp_path: Path) -> None:
    model = animatic_model()
    one = HeldOutFilm(held().frames, ("the camera pans left", "night falls"), None, None)
    row, again = (endurance.measure(model, [one, one], 1) for _ in range(2))
    assert row == again and {"psnr", "light", "spread"} == set(row["curve"])
    assert len(row["films"]["psnr"]) == 2 and row["films"]["psnr"][0] != row["films"]["psnr"][1]
    assert row["drift"]["psnr"]["change"] == pytest.approx(row["curve"]["psnr"][1] - row["curve"]["psnr"][0])
    assert endurance.measure(model, [one], 2)["films"] != endurance.measure(model, [one], 1)["films"]
    results = [{"arm": "a", "seed": 1, **row}, {"arm": "b", "seed": 1, **again}]
    endurance.plot_drift(results, tmp_path / "plots" / "drift.png")
    assert Image.open(tmp_path / "plots" / "drift.png").size == (840, 2 * 240 + 48)
    assert endurance.summary(row).startswith("psnr ")


def test_a_velocity_model_is_measured_by_its_frames_alone() -> None:
    """One that cannot say anything yet: its film is measured, nothing is known of its camera."""
    model = velocity(text_embed_dim=32, pooled_projection_dim=32).model
    model = replace(model, conditioner=conditioner(), codec=CoarseCodec(of_colours(4), 4), memory=None)
    true = shoot([Section()], 64, 32, 3)
    one = HeldOutFilm(true.frames()[:25], ("hold", "hold"), torch.zeros(25, 3), torch.zeros(25, 3, 2, 4))
    found = endurance.measure(model, [one], 1, steps=2)
    assert set(found["curve"]) == {"psnr", "light", "spread"} and len(found["curve"]["psnr"]) == 2
    assert found["curve"]["psnr"][0] < 30
