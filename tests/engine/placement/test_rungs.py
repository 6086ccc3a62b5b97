"""The way down: what becomes leaner first, what is left to the artist, and that the card is taken for what it proved to be."""

from __future__ import annotations

from dataclasses import replace

from studio.engine.placement.laid import Plan
from studio.engine.placement.machine import imagine
from studio.engine.placement.plan import Doing, plan
from studio.engine.placement.profile import PROFILES, read_profile
from studio.engine.placement.rungs import NoRungError, descend, told
from studio.engine.placement.sizes import framepack_f1

F1 = framepack_f1()


def down(laid: Plan, doing: Doing) -> tuple[list[Plan], str]:
    """Every plan on the way, and what is said at its end."""
    plans = [laid]
    while True:
        try:
            plans.append(descend(plans[-1], doing))
        except NoRungError as error:
            return plans, f"{error} {error.remedy}"


def test_decoding_gives_up_tiles_and_then_blocks() -> None:
    plans, _ = down(plan(imagine(12, 32, "Linux"), F1, (640, 640)), "decoding")
    assert [laid.profile.vae_tile for laid in plans[:3]] == [256, 192, 128]
    assert plans[2].profile.resident == plans[0].profile.resident > plans[3].profile.resident
    assert told(plans[0], plans[1], "decoding") == (
        "The graphics card ran out of memory while decoding: from now on frames are decoded in tiles of 192 pixels. "
        "Nothing is lost."
    )


def test_denoising_gives_up_blocks_and_neither_tiles_nor_the_film() -> None:
    first = plan(imagine(12, 32, "Linux"), F1, (640, 640))
    plans, ended = down(first, "denoising")
    assert {(laid.profile.vae_tile, laid.profile.weights, laid.size) for laid in plans} == {(256, "int8", (640, 640))}
    residents = [laid.profile.resident for laid in plans]
    assert residents == sorted(set(residents), reverse=True) and residents[-1] == 0
    assert "even with 0 of 60 blocks on it" in ended and ended.endswith("or choose the size 608 x 608 or a smaller one.")
    assert "of 60 blocks stay on the card, and the others are streamed from memory" in told(plans[0], plans[1], "denoising")


def test_reading_gives_up_the_text_encoders_place_and_then_blocks() -> None:
    first = plan(imagine(24, 64, "Linux"), F1, (640, 640))
    plans, ended = down(first, "reading")
    assert [laid.profile.text_encoder for laid in plans[:4]] == ["gpu", "streamed", "cpu", "cpu"]
    assert [laid.profile.resident for laid in plans[:4]] == [60, 60, 60, 45] and plans[-1].profile.resident == 0
    assert plans[1].text_peak < first.text_peak and not plans[2].text_peak
    assert told(plans[0], plans[1], "reading") == (
        "The graphics card ran out of memory while reading the prompt and the picture: from now on the text encoder passes "
        "through the card layer by layer, from disk. Nothing is lost."
    )
    assert "prompts are read on the processor" in told(plans[1], plans[2], "reading")
    assert "choose a profile with int8 weights, or choose the size 608 x 608 or a smaller one" in ended


def test_text_does_not_move_to_a_memory_that_has_no_room_for_it() -> None:
    lean = replace(read_profile(PROFILES / "card-12gb.toml"), resident=60, text_weights="bf16")
    first = plan(imagine(16, 12, "Linux"), F1, (640, 640), override=lean)
    assert first.profile.text_encoder == "streamed"
    lower = descend(first, "reading")
    assert (lower.profile.text_encoder, lower.profile.resident) == ("streamed", 45)


def test_other_weights_are_the_artists_choice() -> None:
    plans, ended = down(plan(imagine(24, 64, "Linux"), F1, (640, 640)), "denoising")
    assert {laid.profile.weights for laid in plans} == {"bf16"} and "choose a profile with int8 weights" in ended


def test_where_no_film_is_smaller_another_card_is_the_remedy() -> None:
    laid = plan(imagine(6, 32, "Linux"), F1, (256, 256))
    assert "use a card with more memory" in down(laid, "denoising")[1]


def test_the_card_is_as_large_as_it_proved_to_be() -> None:
    first = plan(imagine(12, 32, "Linux"), F1, (640, 640))
    lower = descend(first, "denoising")
    assert lower.fits and lower.budget == lower.peak < first.peak
    again = plan(lower.machine, F1, (640, 640))
    assert again.peak <= lower.peak
    assert plan(replace(first.machine), F1, (640, 640)).peak > lower.peak
