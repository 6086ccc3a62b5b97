"""Profiles: those in presets/profiles, and the messages about wrong ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.placement.machine import GB
from studio.placement.profile import ALL, FIT, PROFILES, ProfileError, find_profiles, gpu_budget, read_profile, write_profile

GOOD = (PROFILES / "card-12gb.toml").read_text("utf-8")


def test_there_is_one_for_each_usual_card_and_one_without() -> None:
    profiles = {profile.name: profile for profile in find_profiles()}
    assert {profile.card for profile in profiles.values()} == {0, 6, 8, 12, 16, 24}
    assert profiles["card-6gb"].resident == FIT and profiles["card-16gb"].resident == ALL
    assert {name for name, profile in profiles.items() if profile.weights == "bf16"} == {"card-24gb"}
    assert profiles["cpu"].device == "cpu" and all(len(profile.description) > 20 for profile in profiles.values())


@pytest.mark.parametrize("resident", [FIT, ALL, 0, 17])
def test_what_is_written_is_read(tmp_path: Path, resident: int) -> None:
    path = tmp_path / "mine.toml"
    profile = replace(
        read_profile(PROFILES / "card-8gb.toml"), name="mine", title='My "own" \\ card — 8', resident=resident, vram_budget=5.5
    )
    write_profile(profile, path)
    assert read_profile(path) == profile


@pytest.mark.parametrize(("text", "message"), [
    (GOOD + "colour = 1", "unknown key 'colour'"),
    (GOOD.replace("\nweights =", "\nwieghts ="), "unknown key 'wieghts'"),
    (GOOD.replace('"int8"\nresident', '"int4"\nresident'), "'weights' must be fp32, bf16 or int8"),
    (GOOD.replace('weights = "int8"\nresident', "resident"), "'weights' is missing: it must be"),
    (GOOD.replace('"fit"', "-1"), "'resident' must be a number of blocks, 'fit' or 'all'"),
    (GOOD.replace('"fit"', "true"), "'resident'"),
    (GOOD.replace('"fit"', "[3]"), "'resident'"),
    (GOOD.replace("adaln_table = true", "adaln_table = 1"), "'adaln_table' must be true or false"),
    (GOOD.replace("256", "100"), "'vae_tile'"),
    (GOOD.replace('device = "cuda"', 'device = "tpu"'), "'device' must be cuda or cpu"),
    (GOOD.replace("card = 12", 'card = "12"'), "'card'"),
    (GOOD.replace('"ram"', '"tape"'), "'stream' must be ram or disk"),
    (GOOD.replace('cache = "none"', 'cache = "tea"'), "'cache'"),
    (GOOD + "vram_budget = nan", "'vram_budget'"),
    ("title = ", "cannot be read"),
])
def test_wrong_profiles_are_told_by_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=message) as error:
        read_profile(path)
    assert str(path) in str(error.value)


def test_no_profiles_at_all(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no profiles"):
        find_profiles(tmp_path)


def test_the_budget_is_what_is_free_less_a_margin_or_what_the_profile_says() -> None:
    profile = read_profile(PROFILES / "card-8gb.toml")
    assert gpu_budget(profile, 7 * GB, GB) == 6 * GB
    assert gpu_budget(profile, GB // 2, GB) == 0
    assert gpu_budget(replace(profile, vram_budget=5.0), 7 * GB, GB) == 5 * GB
    assert gpu_budget(replace(profile, vram_budget=9.0), 7 * GB, GB) == 7 * GB
